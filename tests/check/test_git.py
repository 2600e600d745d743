"""What git is asked, in a repository that anybody may have made: it starts no program of theirs."""

import os
import subprocess
from pathlib import Path

import pytest

from flaglift.check import git as asking
from flaglift.check import git_process
from repositories import CLEAN, LONG, TWICE, codes, commit, git, shown_files, write
from running import flaglift, process

pytestmark = pytest.mark.usefixtures("here")

PROGRAMS = [
    "alias.ls-files", "alias.diff", "alias.rev-parse", "core.alternateRefsCommand", "core.askPass",
    "core.editor", "core.fsmonitor", "core.gitProxy", "core.pager", "core.sshCommand",
    "credential.helper", "diff.evil.command", "diff.evil.textconv", "diff.external",
    "difftool.evil.cmd", "filter.evil.clean", "filter.evil.process", "filter.evil.smudge",
    "filter.b.evil=x.clean", "gpg.program", "gpg.ssh.program", "hook.evil.command",
    "interactive.diffFilter", "merge.evil.driver", "pager.diff", "pager.ls-files",
    "pager.config", "remote.origin.uploadpack", "sequence.editor", "trailer.evil.command",
    "uploadpack.packObjectsHook",
]  # fmt: skip
"""Every key of git's configuration whose value is run as a program."""

HOOKS = ["fsmonitor-watchman", "post-checkout", "post-index-change", "pre-commit", "query-watchman"]


def armed(here: Path) -> Path:
    """A repository in which everything that can name a program names one; return its mark."""
    mark = here.parent / "ran"
    evil = here / "evil.sh"
    evil.write_text(f'#!/bin/sh\necho "$0 $*" >>{mark}\nexec cat\n')
    evil.chmod(0o755)
    for key in PROGRAMS:
        git("config", key, str(evil))
    for key, value in (
        ("hook.evil.event", "post-index-change"),
        ("remote.origin.url", f"ext::{evil}"),
        ("protocol.ext.allow", "always"),
        ("remote.origin.promisor", "true"),
        ("extensions.partialClone", "origin"),
        ("filter.evil.required", "true"),
        ("core.hooksPath", str(here / "hooks")),
        ("include.path", str(here / "included")),
    ):
        git("config", key, value)
    (here / "included").write_text(f'[filter "more"]\n\tclean = {evil}\n')
    (here / "hooks").mkdir()
    for name in HOOKS:
        (here / "hooks" / name).symlink_to(evil)
    # All of them at once would hide each other.
    (here / ".gitattributes").write_text(
        "a.txt filter=evil diff=evil merge=evil\nb.txt filter=b.evil=x\nc.txt filter=more\n"
    )
    return mark


def test_no_program_that_the_repository_names_is_run(here: Path) -> None:
    git("init", "-q")
    commit({"a.txt": LONG, "b.txt": LONG, "c.txt": LONG, "sub/d.txt": CLEAN})
    mark = armed(here)
    write({"a.txt": f"{LONG} more", "b.txt": f"{LONG} too", "c.txt": TWICE, "new.txt": TWICE})
    os.utime("sub/d.txt", (1, 1))
    expected = {
        "": ["a.txt", "b.txt", "c.txt", "evil.sh", "new.txt", "sub/d.txt"],
        "--staged": [],
        "--since=HEAD": ["a.txt", "b.txt", "c.txt", "evil.sh", "new.txt"],
    }
    for option, files in expected.items():
        arguments = ["check", *filter(None, [option])]
        assert shown_files(*arguments[1:]) == files
        for more in ([], ["--diff"], ["--statistics"]):
            run = process(*arguments, "--no-cache", *more)
            assert run.returncode == (1 if files else 0), run.stderr
            assert b"git" not in run.stderr
    assert not mark.exists()
    # That it is armed indeed: git without care runs them.
    subprocess.run(["git", "diff"], capture_output=True, check=False)
    assert "evil.sh" in mark.read_text()


def test_what_a_partial_clone_lacks_is_not_fetched(here: Path) -> None:
    git("init", "-q")
    commit({"a.txt": CLEAN})
    write({"a.txt": LONG})
    git("add", "a.txt")
    mark = armed(here)
    blob = subprocess.run(
        ["git", "-c", "core.fsmonitor=false", "rev-parse", ":a.txt"],
        capture_output=True, check=True, text=True,
    ).stdout.strip()  # fmt: skip
    mark.unlink(missing_ok=True)
    (here / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    run = flaglift("check", "--staged")
    assert run.returncode == 2
    assert run.stderr == f"flaglift: a.txt: git does not hold what is staged of it ({blob[:12]})\n"
    assert not mark.exists()


def test_a_repository_that_lets_git_wait_is_walked(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("init", "-q")
    write({"a.txt": LONG})
    os.mkfifo("pipe")
    git("config", "include.path", str(here / "pipe"))
    monkeypatch.setattr(git_process, "PATIENCE", 0.5)
    run = flaglift("check", "--select", "FL402")
    assert run.returncode == 1
    assert "flaglift: .: git did not answer in 0.5 seconds; its files are listed without" in (
        run.stderr
    )
    assert run.stdout.startswith("a.txt:1:")
    run = flaglift("check", "--staged")
    assert (run.returncode, run.stderr) == (
        2,
        "flaglift: --staged: git did not answer in 0.5 seconds\n",
    )


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_git_says_itself_why_it_refuses(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git("init", "-q")
    write({"a.txt": LONG})
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    run = flaglift("check", "--staged")
    assert run.returncode == 2
    assert run.stderr.startswith("flaglift: --staged: fatal: detected dubious ownership in repos")
    assert "git config --global --add safe.directory" in run.stderr
    run = flaglift("check", "--select", "FL402")
    assert run.returncode == 1
    assert "dubious ownership" in run.stderr
    assert run.stdout.startswith("a.txt:1:")


# What is staged.


def test_what_is_staged_is_read_and_not_the_working_tree() -> None:
    git("init", "-q")
    commit({"a.txt": CLEAN, "sub/b.txt": CLEAN, "gone.txt": CLEAN, "same.txt": CLEAN})
    write({"a.txt": LONG, "sub/b.txt": f"dog {CLEAN}", "gone.txt": LONG})
    git("add", "-A")
    write({"a.txt": CLEAN, "sub/b.txt": LONG})
    Path("gone.txt").unlink()
    assert codes("--staged") == [("a.txt", 1, "FL402"), ("gone.txt", 1, "FL402")]
    assert flaglift("check", "--staged", "sub").returncode == 0
    git("add", "-A")
    assert codes("--staged") == [("sub/b.txt", 1, "FL402")]


def test_a_fix_is_for_files_that_hold_what_is_staged() -> None:
    git("init", "-q")
    write({"a.txt": TWICE, "b.txt": TWICE, "c.txt": TWICE})
    git("add", "-A")
    write({"b.txt": f"{TWICE} dog"})
    Path("c.txt").unlink()
    run = flaglift("check", "--staged", "--fix")
    assert run.returncode == 2
    assert "flaglift: b.txt: is not what is staged of it, so it is not fixed\n" in run.stderr
    assert "flaglift: c.txt: no such file or directory\n" in run.stderr
    assert Path("a.txt").read_text() == CLEAN
    assert Path("b.txt").read_text() == f"{TWICE} dog"
    assert not Path("c.txt").exists()


def test_what_is_fixed_and_not_staged_is_no_clean_run() -> None:
    git("init", "-q")
    write({"a.txt": TWICE})
    git("add", "-A")
    run = flaglift("check", "--staged", "--fix")
    assert run.returncode == 1
    assert "flaglift: a.txt: fixed, but not staged; `git add` it\n" in run.stderr
    git("add", "-A")
    assert flaglift("check", "--staged", "--fix").returncode == 0


def test_links_and_folders_beside_are_told_apart() -> None:
    git("init", "-q")
    write({"src/a.txt": LONG, "src2/b.txt": LONG, "srcs.txt": LONG})
    Path("link.txt").symlink_to("src/a.txt")
    git("add", "-A")
    assert shown_files("--staged") == ["src/a.txt", "src2/b.txt", "srcs.txt"]
    assert shown_files("--staged", "src") == ["src/a.txt"]
    assert [path for path, _, _ in codes("--staged", "src")] == ["src/a.txt"]
    git("commit", "-qm", "all")
    write({"src/a.txt": f"{LONG} x", "src2/b.txt": f"{LONG} x"})
    assert shown_files("--since", "HEAD", "src") == ["src/a.txt"]


@pytest.mark.parametrize("option", ["--staged", "--since=HEAD"])
def test_what_git_does_not_look_at_is_said(here: Path, option: str) -> None:
    git("init", "-q")
    commit({"a.txt": LONG, "gone.txt": LONG, "sub/b.txt": CLEAN})
    write({"../outside/c.txt": LONG, "sub/b.txt": LONG})
    git("add", "-A")
    Path("gone.txt").unlink()
    git("init", "-q", "inner")
    write({"inner/d/e.txt": LONG})
    elsewhere = f"is not in {here}, the repository of the current folder, so it is not looked at"
    within = f"is in another repository, {here / 'inner'}, so it is not looked at; run this there"
    for path, problem in (
        ("nothere", "no such file or directory"),
        ("gone.txt", "no such file or directory"),
        ("a.txt/x", "not a directory"),
        ("../outside", elsewhere),
        ("../outside/c.txt", elsewhere),
        ("..", elsewhere),
        ("inner", within),
        ("inner/d/e.txt", within),
    ):
        for more in ([], ["--show-files"], ["--output-format=json"]):
            run = flaglift("check", option, path, *more)
            assert run.returncode == 2
            assert f"flaglift: {path}: {problem}\n" in run.stderr
    assert shown_files(option, "a.txt") == []
    assert codes(option, ".") == codes(option, "sub", "a.txt") == [("sub/b.txt", 1, "FL402")]


def test_a_file_that_is_staged_and_gone_is_looked_at() -> None:
    git("init", "-q")
    write({"a.txt": LONG, "sub/b.txt": LONG})
    git("add", "-A")
    Path("a.txt").unlink()
    Path("sub/b.txt").unlink()
    Path("sub").rmdir()
    assert codes("--staged", "a.txt", "sub") == [("a.txt", 1, "FL402"), ("sub/b.txt", 1, "FL402")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--staged", "-"], "--staged and --since name files, so `-` cannot be one of them."),
        (["--since", "x", "-"], "--staged and --since name files, so `-` cannot be one of them."),
        (["--staged", "--since", "x"], "--staged and --since cannot be combined."),
    ],
)
def test_options_that_would_be_ignored(arguments: list[str], message: str) -> None:
    run = flaglift("check", *arguments)
    assert run.returncode == 2
    assert message in run.stderr


def test_staged_files_over_the_limit() -> None:
    git("init", "-q")
    write(
        {
            "flaglift.toml": "max-file-size = 1500000",
            "a.txt": "x" * 3_000_000 + " --video",
            "b.txt": LONG,
        }
    )
    git("add", "-A")
    run = flaglift("check", "--staged", "--select", "FL402")
    assert run.returncode == 2
    assert "a.txt: 3000008 bytes are more than `max-file-size` allows (1500000)" in run.stderr
    assert run.stdout.startswith("b.txt:1:")


def test_a_staged_file_may_be_as_large_as_allowed() -> None:
    git("init", "-q")
    size = len(LONG.encode())
    for most, code in ((size, 1), (size - 1, 2)):
        write({"flaglift.toml": f"max-file-size = {most}", "a.txt": LONG})
        git("add", "-A")
        run = flaglift("check", "--staged", "--select", "FL402", "a.txt")
        assert run.returncode == code, run.stderr


def test_a_broken_answer_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    git("init", "-q")
    write({"a.txt": LONG})
    git("add", "-A")
    real = git_process.run_git

    def refused(folder: str, *arguments: str, **more: object) -> object:
        if "diff" in arguments:
            return git_process.GitRefusal("fatal: index file corrupt")
        return real(folder, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(asking, "run_git", refused)
    run = flaglift("check", "--staged")
    assert run.returncode == 2
    assert run.stderr == "flaglift: --staged: git diff: fatal: index file corrupt\n"
