"""What is not read is said: kinds of files, folders, and files in which something goes wrong."""

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from flaglift.check import reading, selecting, working
from flaglift.check.hosts.registry import NAMES, host_named
from flaglift.cli.check import FORMATS
from repositories import CLEAN, LONG, TWICE, git, write
from running import flaglift, process

CODE = f"let q = `{LONG}`;\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return tmp_path


# Kinds.

UNKNOWN = ["a.go", "a.zig", "a.rs", "a.xml", "a.kt", "notes", "Makefile"]


@pytest.mark.parametrize("name", [name for name in UNKNOWN if not name.endswith(".go")])
def test_a_named_file_of_an_unknown_kind_is_not_taken_for_lines(name: str) -> None:
    write({name: CODE, "b.txt": LONG})
    for fix in ([], ["--fix"], ["--unsafe-fixes"], ["--diff"], ["--statistics"]):
        run = flaglift("check", *fix, name)
        assert run.returncode == 2
        assert run.stderr.splitlines()[0].startswith(f"flaglift: {name}: ")
        assert "; --lines, --whole or --blocks say how it holds prompts, or `hosts` in the" in (
            run.stderr
        )
        assert Path(name).read_text() == CODE
    run = flaglift("check", "--select", "FL402", name, "b.txt")
    assert (run.returncode, run.stdout[:8]) == (2, "b.txt:1:")


def test_the_kind_of_a_file_can_be_said() -> None:
    write({"a.zig": LONG, "b.zig": f"x\n{TWICE}\n"})
    for form in ("--lines", "--whole", "--blocks"):
        assert flaglift("check", form, "--select", "FL402", "a.zig").returncode == 1
    assert flaglift("check", "--lines", "--fix", "b.zig").returncode == 0
    assert Path("b.zig").read_text() == f"x\n{CLEAN}\n"
    assert flaglift("check", "-", stdin=LONG).returncode == 1
    assert flaglift("check", "--stdin-filename", "notes", "-", stdin=LONG).returncode == 1
    run = flaglift("check", "--stdin-filename", "a.zig", "--fix", "-", stdin=CODE)
    assert (run.returncode, run.stdout) == (2, CODE)
    assert "a.zig: .zig files are not read" in run.stderr
    write({"flaglift.toml": 'hosts = { "*.zig" = "lines" }'})
    assert flaglift("check", "--select", "FL402", "a.zig").returncode == 1


def test_a_named_file_without_any_flag_is_clean() -> None:
    write({"a.zig": "const std;", "LICENSE": "as is"})
    run = flaglift("check", "a.zig", "LICENSE")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


@pytest.mark.parametrize("repository", [True, False])
def test_flags_in_files_of_kinds_that_are_not_read_are_counted(repository: bool) -> None:
    files: dict[str, str | bytes] = {f"{n}.rs": "fn main() {}" for n in range(8)}
    write(files | {"a.rs": CODE, "b.rs": CODE, "c.zig": CODE, "d.kt": "x", "e.txt": "plain"})
    write({"v.bin": b"\0" + CODE.encode(), "w.lock": "--videos", "Dockerfile": CODE})
    if repository:
        git("init", "-q")
    line = "flaglift: not read: 10 .rs, 1 .zig, 1 Dockerfile (4 hold flag spellings); --show-files "
    for form in FORMATS:
        run = flaglift("check", "--output-format", form)
        assert (run.returncode, run.stderr) == (0, f"{line}lists them\n")
    assert flaglift("check", "--fail-on-unread").returncode == 2
    write({"e.txt": LONG})
    run = flaglift("check", "--fail-on-unread")
    assert run.returncode == 2
    assert run.stderr.endswith(f"{line}lists them\n")
    assert flaglift("check").returncode == 1
    run = flaglift("check", "--show-files")
    assert run.stdout == "e.txt\n"
    assert run.stderr.splitlines() == [
        f"not read, and holds flag spellings: {name}"
        for name in ("Dockerfile", "a.rs", "b.rs", "c.zig")
    ]
    (log,) = json.loads(flaglift("check", "--output-format", "sarif").stdout)["runs"]
    (note,) = log["invocations"][0]["toolExecutionNotifications"]
    assert note["level"] == "note"
    assert note["message"]["text"].startswith("not read: 10 .rs")
    assert "::notice title=flaglift::not read: 10 .rs" in (
        flaglift("check", "--output-format", "github").stdout
    )
    write({"flaglift.toml": 'exclude = ["*.rs", "*.zig"]'})
    assert "not read: 1 Dockerfile (1 holds flag spellings)" in flaglift("check").stderr


def test_many_kinds_that_are_not_read_are_one_line() -> None:
    write({f"a.{letter}x": CODE for letter in "abcdefg"})
    err = flaglift("check").stderr
    assert "1 .ax, 1 .bx, 1 .cx, 1 .dx, 1 .ex, 2 more kinds (7 hold flag spellings)" in err


def test_what_a_hook_names_and_is_not_read_is_counted() -> None:
    write({"a.rs": CODE})
    run = flaglift("check", "--force-exclude", "a.rs")
    assert (run.returncode, run.stderr[:34]) == (0, "flaglift: not read: 1 .rs (1 holds")
    assert flaglift("check", "--force-exclude", "--fail-on-unread", "a.rs").returncode == 2


def test_a_large_file_of_an_unknown_kind_is_left_alone() -> None:
    write({"flaglift.toml": "max-file-size = 10", "a.rs": CODE})
    assert flaglift("check").stderr == ""


def test_standard_input_has_a_name_only_if_it_is_read() -> None:
    run = flaglift("check", "--stdin-filename", "x.md", "a.txt")
    assert run.returncode == 2
    assert "--stdin-filename names standard input: give `-` as a path too." in run.stderr


# Folders and files.


def without_override(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command without root's power to read everything, if root runs the tests."""

    def drop() -> None:
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            ctypes.CDLL(None).prctl(24, capability)  # PR_CAPBSET_DROP

    return subprocess.run(
        [sys.executable, "-m", "flaglift", "check", "--no-cache", *arguments],
        capture_output=True, text=True, check=False, preexec_fn=drop,
    )  # fmt: skip


def test_a_folder_without_permission_is_said(here: Path) -> None:
    write({"a.txt": LONG, "sub/b.txt": LONG, "np/c.txt": LONG})
    (here / "np").chmod(0)
    try:
        for arguments, sentence in (
            ([], "flaglift: ./np: permission denied, so it is not looked into\n"),
            (["np"], "flaglift: np: permission denied, so it is not looked into\n"),
            (["np/c.txt"], "flaglift: np/c.txt: permission denied\n"),
            (["--show-files"], "flaglift: ./np: permission denied"),
        ):
            run = without_override(*arguments)
            assert run.returncode == 2, run.stderr
            assert sentence in run.stderr
        assert "a.txt:1:" in without_override().stdout
        git("init", "-q")
        run = without_override()
        assert run.returncode == 2
        assert "flaglift: .: git: warning: could not open directory 'np/': Permission " in (
            run.stderr
        )
        assert "sub/b.txt:1:" in run.stdout
    finally:
        (here / "np").chmod(0o755)


def test_pipes_and_devices_let_nothing_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    write({"a.txt": LONG, "sub/b.txt": LONG})
    os.mkfifo(".gitignore")
    os.mkfifo("sub/flaglift.toml")
    os.mkfifo("pipe.txt")
    os.mkfifo("overlay")
    waiting = process("check", "--no-cache", "--select", "FL402")
    assert waiting.returncode == 1
    assert waiting.stdout.startswith(b"a.txt:1:")
    assert b"./.gitignore: not a regular file, so nothing is ignored by it\n" in waiting.stderr
    monkeypatch.setattr(reading, "_PATIENCE", 0.2)
    run = flaglift("check", "pipe.txt")
    assert (run.returncode, run.stderr) == (
        2,
        "flaglift: pipe.txt: nobody writes into this pipe, for 0.2 seconds\n",
    )
    for key in ("overlay", "extend", "baseline"):
        for path in ("overlay", "/dev/zero"):
            write({"flaglift.toml": f'{key} = "{path}"'})
            run = flaglift("check")
            assert run.returncode == 2
            assert run.stderr.count("\n") == 1
            assert "ot a regular file" in run.stderr
    write({"flaglift.toml": "max-file-size = 100000"})
    Path("zero.txt").symlink_to("/dev/zero")
    run = flaglift("check", "zero.txt")
    assert (run.returncode, run.stderr) == (2, "flaglift: zero.txt: more than 100000 bytes\n")


# One file never takes the others with it.


class BrokenHost:
    """A reader with a fault."""

    def __init__(self, name: str, error: BaseException) -> None:
        self.name = name
        self.error = error

    def literals(self, _: bytes) -> list[object]:
        raise self.error

    comments = literals


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("error", [RecursionError("too deep"), MemoryError(), ValueError("a\nb")])
def test_a_reader_that_fails_is_one_line_and_the_rest_is_checked(
    name: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = "lines" if name != "lines" else "whole"
    write({"flaglift.toml": f'hosts = {{ "bad*" = "{name}", "*.txt" = "{host}" }}'})
    write({"a.txt": LONG, "bad": TWICE, "z.txt": f"dog {LONG}"})
    write({f"{number:03}.txt": "plain" for number in range(100)})

    def broken(asked: str) -> object:
        return BrokenHost(asked, error) if asked == name else host_named(asked)

    monkeypatch.setattr(working, "host_named", broken)
    for form in ("concise", "json", "sarif"):
        for fix in ([], ["--fix"]):
            run = flaglift("check", "--output-format", form, "--select", "FL402", *fix)
            assert run.returncode == 2
            words = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")
            assert f"flaglift: bad: cannot be checked: {words}\n" in run.stderr
            assert run.stdout.count("a.txt") == run.stdout.count("z.txt") >= 1
            assert Path("bad").read_text() == TWICE


def test_what_fails_while_choosing_files_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    write({"a.txt": LONG, "b.txt": LONG})
    real = selecting.__dict__["may_hold_flags"]
    calls: list[bytes] = []

    def failing(data: bytes) -> bool:
        calls.append(data)
        if len(calls) == 1:
            raise RecursionError
        return bool(real(data))

    monkeypatch.setattr(selecting, "may_hold_flags", failing)
    run = flaglift("check", "--select", "FL402")
    assert run.returncode == 2
    assert run.stderr.startswith("flaglift: a.txt: cannot be checked: RecursionError\n")
    assert run.stdout.startswith("b.txt:1:")
