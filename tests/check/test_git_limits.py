"""What a repository can do to keep git, and so the command, from its end: pipes, devices, size."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from flaglift.check import git_process
from repositories import CLEAN, LONG, codes, commit, git, write
from running import flaglift

pytestmark = [pytest.mark.usefixtures("here"), pytest.mark.timeout(60)]

LATE = "git did not answer in 0.4 seconds"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_process, "PATIENCE", 0.4)


def object_of(name: str) -> Path:
    """The file of an object, by a name that git understands."""
    number = git("rev-parse", name).strip()
    return Path(".git/objects", number[:2], number[2:])


def make_pipe(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    os.mkfifo(path)


@pytest.mark.usefixtures("impatient")
def test_a_pipe_in_place_of_a_staged_file() -> None:
    git("init", "-q")
    write({"a.txt": LONG, "b.txt": f"dog {LONG}", "c.txt": f"cow {LONG}", "d.png": "--video"})
    git("add", "-A")
    make_pipe(object_of(":b.txt"))
    run = flaglift("check", "--staged", "--select", "FL402")
    assert run.returncode == 2
    assert run.stdout.startswith("a.txt:1:")
    rest = "so what is staged of it and of the files after it is not checked"
    assert run.stderr.splitlines()[0] == f"flaglift: b.txt: {LATE}, {rest}"
    assert run.stderr.count(LATE) == 1
    make_pipe(object_of(":d.png"))
    run = flaglift("check", "--staged", "--show-files")
    assert run.returncode == 0  # d.png would only be counted
    assert run.stdout.splitlines() == ["a.txt", "b.txt", "c.txt"]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "place",
    [
        "HEAD", "commondir", "config", "index", "info/attributes", "info/exclude",
        "objects/info/alternates", "objects/info/commit-graph", "packed-refs", "refs/heads/main",
        "shallow", "pack", "HEAD^{commit}", "HEAD^{tree}", ":a.txt",
    ],
)  # fmt: skip
def test_a_pipe_anywhere_in_the_repository(place: str) -> None:
    git("init", "-q")
    commit({"a.txt": CLEAN})
    write({"a.txt": LONG})
    git("add", "-A")
    if place == "pack":
        git("repack", "-adq")
        make_pipe(next(Path(".git/objects/pack").glob("*.idx")))
    elif place[0] == ":" or "^" in place:
        make_pipe(object_of(place))
    else:
        make_pipe(Path(".git", place))
    for option in ([], ["--since=HEAD"], ["--staged"]):
        run = flaglift("check", "--select", "FL402", *option)
        if run.returncode == 1:
            assert run.stdout.startswith("a.txt:1:")
        else:
            assert option
            assert (run.returncode, run.stderr.count(LATE)) == (2, 1), run.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="others do not limit another process")
@pytest.mark.parametrize("place", ["commondir", "refs/heads/main", "objects/info/alternates"])
def test_git_takes_a_part_of_the_memory(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    git("init", "-q")
    commit({"a.txt": LONG})
    Path(".git", place).unlink(missing_ok=True)
    Path(".git", place).symlink_to("/dev/zero")
    monkeypatch.setattr(git_process, "MOST_MEMORY", 50_000_000)
    run = flaglift("check", "--staged")
    assert run.returncode == 2
    assert run.stderr.startswith("flaglift: --staged: ")
    assert "fatal: Out of memory" in run.stderr
    assert run.stderr.endswith(" (git may take 50000000 bytes)\n")


def test_what_git_prints_is_read_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    git("init", "-q")
    commit({"a.txt": CLEAN})
    write({f"{number}.txt": LONG for number in range(20)})
    git("add", "-A")
    monkeypatch.setattr(git_process, "MOST_OUTPUT", 100)
    said = "git printed more than 100 bytes"
    for option, what in (("--staged", "git diff"), ("--since=HEAD", "git config")):
        run = flaglift("check", option)
        assert run.returncode == 2
        assert run.stderr == f"flaglift: {option.partition('=')[0]}: {what}: {said}\n"
    run = flaglift("check")
    assert run.returncode == 1
    assert f"flaglift: .: {said}; its files are listed without git\n" in run.stderr


def test_what_git_warns_of_is_read_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    git("init", "-q")
    write({"a.txt": LONG})
    Path(".gitignore").symlink_to("a.txt")
    assert "git: warning: unable to access '.gitignore'" in flaglift("check").stderr
    monkeypatch.setattr(git_process, "_MOST_MESSAGES", 10)
    assert "flaglift: .: git printed more than 10 bytes; its" in flaglift("check").stderr


@pytest.mark.usefixtures("impatient")
def test_systems_without_groups_and_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    git("init", "-q")
    write({"a.txt": LONG})
    git("add", "-A")
    make_pipe(object_of(":a.txt"))
    monkeypatch.delattr(os, "killpg")
    monkeypatch.setattr(git_process, "_resource", None)
    assert flaglift("check", "--staged").stderr.startswith(f"flaglift: a.txt: {LATE}, so what")


@pytest.mark.parametrize("count", ["x", "-1", "1_0", " 1", "١", "9" * 5000])
def test_a_count_of_settings_that_is_none(count: str, monkeypatch: pytest.MonkeyPatch) -> None:
    git("init", "-q")
    monkeypatch.setenv("GIT_CONFIG_COUNT", count)
    for option in ([], ["--staged"], ["--since=HEAD"]):
        run = flaglift("check", *option)
        assert run.returncode == 2
        said = "the environment variable GIT_CONFIG_COUNT is not a number"
        assert run.stderr == f"flaglift: {said}: {count}\n"


def test_settings_of_the_environment_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    git("init", "-q")
    write({"a.txt": LONG, "b.txt": LONG, "../ignored": "a.txt\n"})
    for count, files in (("", ["a.txt", "b.txt"]), ("1", ["b.txt"])):
        monkeypatch.setenv("GIT_CONFIG_COUNT", count)
        monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.excludesFile")
        monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(Path("../ignored").resolve()))
        assert [path for path, _, _ in codes()] == files


# A git that ends, or answers something else.


@pytest.fixture
def fake(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A script that does what git is asked to, unless lines are put before the last one."""
    path = here.parent / "bin" / "git"
    path.parent.mkdir()
    path.write_text(f'#!/bin/sh\nexec {shutil.which("git")} "$@"\n')
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(path.parent), prepend=os.pathsep)
    return path


def pretend(fake: Path, command: str, script: str) -> None:
    """Let a script answer one of git's commands; its arguments begin with `-C folder`."""
    first, _, last = fake.read_text().partition("\n")
    condition = f'case " $* " in *" {command} "*)'
    fake.write_text(f"{first}\n{condition} {script};; esac\n{last}")


ENDS = {
    "at once": "exit 3",
    "instead of an answer": "read x; exit 0",
    "within a file": "read x; printf '%s blob 90\\nabc' $x; exit 0",
    "within a large file": "read x; printf '%s blob 9000000\\nabc' $x; exit 0",
    "at the end of a file": "read x; printf '%s blob 3\\nabc' $x; exit 0",
    "after something else": "read x; printf '%s tree 3\\nabc\\n' $x",
}


@pytest.mark.parametrize("script", ENDS.values(), ids=ENDS.keys())
def test_git_ends_while_it_reads_a_staged_file(here: Path, fake: Path, script: str) -> None:
    git("init", "-q")
    write({"flaglift.toml": "max-file-size = 1000000", "a.txt": CLEAN, "b.txt": LONG})
    git("add", "-A")
    once = here.parent / "once"
    once.touch()
    pretend(fake, "cat-file", f"if rm {once} 2>/dev/null; then {script}; fi")
    run = flaglift("check", "--staged", "--select", "FL402")
    assert run.returncode == 2
    blob = git("rev-parse", ":a.txt")[:12]
    assert f"flaglift: a.txt: git cannot read what is staged of it ({blob})\n" in run.stderr
    assert run.stdout.startswith("b.txt:1:")


def test_what_is_staged_may_be_no_file() -> None:
    git("init", "-q")
    commit({"sub/a.txt": CLEAN})
    tree = git("rev-parse", "HEAD^{tree}").strip()
    write({"b.txt": LONG})
    git("add", "-A")
    git("update-index", "--add", "--cacheinfo", f"100644,{tree},a.txt")
    run = flaglift("check", "--staged", "--select", "FL402")
    assert run.returncode == 2
    assert f"a.txt: git cannot read what is staged of it ({tree[:12]})" in run.stderr
    assert run.stdout.startswith("b.txt:1:")


def test_git_that_is_ended_is_not_taken_for_none(fake: Path) -> None:
    git("init", "-q")
    write({"a.txt": LONG})
    pretend(fake, "ls-files", "kill -9 $$")
    run = flaglift("check", "--select", "FL402")
    assert "flaglift: .: git was ended by signal 9; its files are listed without git" in run.stderr
    assert run.stdout.startswith("a.txt:1:")


@pytest.mark.usefixtures("impatient")
def test_what_git_starts_ends_with_it(fake: Path) -> None:
    git("init", "-q")
    write({"a.txt": LONG})
    pretend(fake, "ls-files", "sleep 100; exit")
    assert f"flaglift: .: {LATE}" in flaglift("check").stderr


def test_git_cannot_tell_whether_a_folder_is_ignored(fake: Path) -> None:
    git("init", "-q")
    Path("empty").mkdir()
    assert codes("empty") == []
    write({".gitignore": "sub", "sub/a.txt": LONG})
    assert [path for path, _, _ in codes("sub")] == ["sub/a.txt"]
    pretend(fake, "check-ignore", "echo fatal: no luck >&2; exit 128")
    run = flaglift("check", "--select", "FL402", "sub")
    assert "flaglift: sub: fatal: no luck; its files are listed without git" in run.stderr
    assert run.stdout.startswith("sub/a.txt:1:")
