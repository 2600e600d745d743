"""The hooks, run by a real pre-commit on a repository made here."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from repositories import CLEAN, LONG, SHORT, TWICE, commit, git, write

ROOT = Path(__file__).parents[2]
PROJECT = (".pre-commit-hooks.yaml", "pyproject.toml", "README.md", "LICENSE", "src", "grammar")


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This project as a repository of hooks."""
    folder = tmp_path_factory.mktemp("hooks")
    for name in PROJECT:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        git("init", "-q")
        git("add", "-A")
        git("commit", "-qm", "all")
    return folder


@pytest.fixture
def here(tmp_path: Path, hooks: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PRE_COMMIT_HOME", str(hooks.parent / "pre-commit"))
    git("init", "-q")
    commit({".pre-commit-config.yaml": configuration(hooks, "flaglift-fix", "flaglift")})
    return tmp_path


def configuration(hooks: Path, *ids: str) -> str:
    revision = subprocess.check_output(["git", "-C", hooks, "rev-parse", "HEAD"], text=True).strip()
    listed = "".join(f"      - id: {name}\n" for name in ids)
    return f"repos:\n  - repo: {hooks}\n    rev: {revision}\n    hooks:\n{listed}"


def pre_commit(*args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pre_commit", *args]
    # What pip installs for a hook would be compiled whole, and hardly any of it is used.
    variables = {**os.environ, "PRE_COMMIT_COLOR": "never", "PIP_NO_COMPILE": "1"}
    return subprocess.run(command, capture_output=True, check=False, text=True, env=variables)


def test_both_hooks_fix_once_and_are_green_the_second_time(here: Path) -> None:
    files: dict[str, str | bytes] = {f"prompts/{n:02}.txt": f"{n} {TWICE}\n" for n in range(12)}
    files |= {
        "page.md": f"```text\n{TWICE}\n```\n",
        "code.py": f'text = "{TWICE}"\n',
        "run": f"#!/usr/bin/env bash\ncurl -F 'prompt[text]={TWICE}' https://example.org\n",
        "Makefile": "train:\n\tpython t.py --video --video --video_model kling25 --duration x\n",
        "picture.png": b"\x89PNG\0 --video --video",
        "vendor/a.txt": TWICE,
        "flaglift.toml": 'exclude = ["vendor/"]\n',
    }
    write(files)
    Path("run").chmod(0o755)
    git("add", "-A")
    first = pre_commit("run", "--all-files")
    assert first.returncode == 1, first.stdout + first.stderr
    assert "files were modified by this hook" in first.stdout
    batches = first.stdout.count("fixed ")
    assert batches > 1  # each says so, side by side
    for number in range(12):
        assert Path(f"prompts/{number:02}.txt").read_text() == f"{number} {CLEAN}\n"
    for name in ("page.md", "code.py", "run"):
        assert Path(name).read_text() == str(files[name]).replace(TWICE, CLEAN)
    for name in ("Makefile", "vendor/a.txt", "picture.png"):
        content = files[name]
        assert Path(name).read_bytes() == (
            content.encode() if isinstance(content, str) else content
        )
    git("add", "-A")
    second = pre_commit("run", "--all-files")
    assert second.returncode == 0, second.stdout + second.stderr
    assert second.stdout.count("Passed") == 2


def test_a_commit_with_an_error_does_not_come_about(here: Path) -> None:
    assert pre_commit("install").returncode == 0
    write({"a.txt": f"{LONG}\n"})
    git("add", "a.txt")
    with pytest.raises(subprocess.CalledProcessError) as caught:
        git("commit", "-m", "bad")
    said = caught.value.stdout + caught.value.stderr
    assert "a.txt:1:48\n" in said
    assert "1:48 error FL402 duration-out-of-range" in said
    assert Path("a.txt").read_text() == f"{LONG}\n"
    write({"a.txt": f"{SHORT}\n"})
    git("add", "a.txt")
    git("commit", "-m", "good")
    git("rm", "-q", "a.txt")
    git("commit", "-m", "gone")


def test_the_hooks_can_be_tried(here: Path, hooks: Path) -> None:
    commit({"a.txt": f"{LONG}\n"})
    run = pre_commit("try-repo", str(hooks), "--all-files")
    assert run.returncode == 1
    assert run.stdout.count("1:48 error FL402") == 2  # one of each hook
