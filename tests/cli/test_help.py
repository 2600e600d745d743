"""What the help shows is true: every example in it runs."""

import io
import runpy
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from flaglift.cli import main
from running import flaglift, process

VERBS = ("translate", "check", "parse", "models", "rule")
PROMPT = 'a cat --video --video_model kling25 --video_prompt "it yawns"'
FILES = {
    "prompt.txt": PROMPT,
    "prompts.txt": f"{PROMPT}\n\na cat\n",
    "gallery.txt": f"{PROMPT}\nar=16:9\n\n{PROMPT}\nseed=5\n",
    "page.md": f"# Cats\n\n```text\n{PROMPT}\n```\n",
    "src/prompts.txt": PROMPT,
}


def examples(*verb: str) -> list[str]:
    run = flaglift(*verb, "--help")
    assert run.returncode == 0
    assert run.stderr == ""
    lines = run.stdout.splitlines()
    start = lines.index("  Examples:") + 1
    return [line.strip() for line in lines[start : lines.index("", start)]]


@pytest.mark.parametrize("verb", [(), *((verb,) for verb in VERBS)], ids=" ".join)
def test_every_example_runs(
    verb: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("src").mkdir()
    for name, text in FILES.items():
        Path(name).write_text(text)
    author = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for args in (["init", "-q", "-b", "main"], ["add", "."], [*author, "commit", "-qm", "files"]):
        subprocess.run(["git", *args], check=True)
    shown = examples(*verb)
    assert len(shown) >= 2
    for example in shown:
        assert len(example) <= 88
        program, *words = shlex.split(example)
        assert program == "flaglift"
        stdin = b""
        if "<" in words:
            stdin = Path(words.pop()).read_bytes()
            words.remove("<")
        run = flaglift(*words, stdin=stdin)
        assert run.returncode == 0, (example, run.stderr)
        assert run.stdout or words[0] == "check"


def test_each_verb_is_listed_and_says_its_exit_codes() -> None:
    shown = flaglift("--help").stdout
    for verb in VERBS:
        assert f"\n  {verb} " in shown
    for args in ((), ("translate",), ("check",)):
        assert "Exit codes: 0 " in flaglift(*args, "--help").stdout
    assert flaglift("-h").stdout == shown


def test_version() -> None:
    assert flaglift("--version").stdout == f"flaglift {version('flaglift')}\n"
    run = process("--version")
    assert (run.returncode, run.stdout.decode()) == (0, f"flaglift {version('flaglift')}\n")


def test_the_script_is_the_module() -> None:
    script = Path(sys.executable).parent / "flaglift"
    run = subprocess.run([script, "--version"], capture_output=True, check=True, text=True)
    assert run.stdout == flaglift("--version").stdout


@pytest.mark.parametrize(
    ("words", "number", "expected"),
    [
        ("flaglift transl", "1", "plain,translate"),
        ("flaglift pars", "1", "plain,parse"),
        ("flaglift translate --keyf", "2", "plain,--keyframes"),
        ("flaglift zap x", "2", ""),
    ],
)
def test_a_shell_can_complete(
    words: str, number: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_FLAGLIFT_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", number)
    run = flaglift()
    assert (run.stdout.strip(), run.stderr) == (expected, "")


def test_the_module_can_be_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["flaglift", "--version"])
    with pytest.raises(SystemExit) as leaving:
        runpy.run_module("flaglift", run_name="__main__")
    assert not leaving.value.code
    assert capsys.readouterr().out == flaglift("--version").stdout


def test_another_program_may_hold_the_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    # As notebooks do: a stream without bytes beneath.
    held = io.StringIO()
    monkeypatch.setattr(sys, "stdout", held)
    monkeypatch.setattr(sys, "argv", ["flaglift", "--version"])
    with pytest.raises(SystemExit):
        main()
    assert held.getvalue() == flaglift("--version").stdout
