"""Files outside a tree are neither looked at nor fixed because the tree's own git says so."""

import hashlib
import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from repositories import CLEAN, TWICE, codes, commit, git, shown_files, write
from running import flaglift

pytestmark = [pytest.mark.usefixtures("here"), pytest.mark.timeout(60)]


def by_configuration(inner: Path) -> None:
    git("config", "core.worktree", "../..")


def by_a_file_that_names_the_repository(inner: Path) -> None:
    git("config", "core.worktree", "../..")
    os.rename(".git", "elsewhere")
    (inner / ".git").write_text("gitdir: elsewhere\n")


def by_a_folder_that_is_a_repository(inner: Path) -> None:
    git("config", "core.worktree", "..")
    for path in (inner / ".git").iterdir():
        path.rename(inner / path.name)
    (inner / ".git").rmdir()


def by_a_link(inner: Path) -> None:
    git("config", "core.worktree", str(inner / "up"))
    (inner / "up").symlink_to("..")


@pytest.mark.parametrize("option", ["--since=HEAD", "--staged"])
@pytest.mark.parametrize(
    "arrange",
    [
        by_configuration,
        by_a_file_that_names_the_repository,
        by_a_folder_that_is_a_repository,
        by_a_link,
    ],
)
def test_a_working_tree_that_is_elsewhere(
    here: Path, monkeypatch: pytest.MonkeyPatch, arrange: Callable[[Path], None], option: str
) -> None:
    if arrange is not by_a_folder_that_is_a_repository:  # which would be a part of this one
        git("init", "-q")
        commit({"victim.txt": CLEAN})
    inner = here / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    git("init", "-q")
    commit({"victim.txt": CLEAN, "own.txt": CLEAN})
    write({"victim.txt": TWICE})
    git("add", "-A")
    write({"../victim.txt": TWICE, "victim.txt": CLEAN, "own.txt": TWICE})
    arrange(inner)
    run = flaglift("check", option, "--unsafe-fixes")
    assert run.returncode == 2
    said = f"the repository says that its files are in {here}, which is outside {inner}"
    name = option.partition("=")[0]
    assert run.stderr == f"flaglift: {name}: {said}; if so, set GIT_WORK_TREE\n"
    flaglift("check", "--fix")
    assert Path("../victim.txt").read_text() == TWICE
    assert Path("own.txt").read_text() == CLEAN


def test_an_included_file_tells_no_working_tree(here: Path) -> None:
    git("init", "-q", "inner")
    os.chdir("inner")
    commit({"victim.txt": CLEAN, "own.txt": CLEAN})
    write({"../victim.txt": TWICE, "own.txt": TWICE, "more": "[core]\n\tworktree = ../..\n"})
    git("config", "include.path", "../more")
    assert shown_files("--since=HEAD") == ["own.txt"]


def test_a_working_tree_that_the_user_names(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git("init", "-q")
    commit({"a.txt": CLEAN})
    write({"a.txt": TWICE})
    os.rename(".git", "../store")
    monkeypatch.setenv("GIT_DIR", str(here.parent / "store"))
    assert shown_files("--since=HEAD") == ["a.txt"]
    git("config", "core.worktree", str(here.parent))
    assert flaglift("check", "--since=HEAD").returncode == 2
    monkeypatch.setenv("GIT_WORK_TREE", str(here))
    assert shown_files("--since=HEAD") == ["a.txt"]


def test_other_working_trees_and_submodules(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git("init", "-q")
    commit({"a.txt": CLEAN, "sub/b.txt": CLEAN})
    git("worktree", "add", "-q", "../linked")
    git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(here), "module")
    git("config", "core.worktree", str(here))  # as some tools do
    for place in (here, here.parent / "linked", here / "module"):
        monkeypatch.chdir(place)
        write({"sub/b.txt": TWICE})
        git("add", "sub")
        for option in ("--since=HEAD", "--staged"):
            monkeypatch.chdir(place)
            assert "sub/b.txt" in shown_files(option)
            monkeypatch.chdir("sub")
            assert "b.txt" in shown_files(option)
            assert {path for path, _, _ in codes(option)} == {"b.txt"}
        flaglift("check", "--since=HEAD", "--fix")
        assert Path("b.txt").read_text() == CLEAN


def write_index(*names: str) -> None:
    """Write an index with names that git itself would not add, all with the content `TWICE`."""
    write({"../content": TWICE})
    blob = bytes.fromhex(git("hash-object", "-w", "../content").strip())
    entries = b""
    for name in sorted(names):
        entry = struct.pack(">10I", *[0] * 6, 0o100644, 0, 0, 0) + blob
        entry += struct.pack(">H", min(len(name), 0xFFF)) + name.encode()
        entries += entry + b"\0" * (8 - len(entry) % 8)
    index = b"DIRC" + struct.pack(">II", 2, len(names)) + entries
    Path(".git/index").write_bytes(index + hashlib.sha1(index).digest())  # noqa: S324 (as git does)


def test_names_that_lead_out_of_the_tree(here: Path) -> None:
    git("init", "-q")
    commit({"own.txt": CLEAN})
    outside = here.parent / "outside"
    victims = [here.parent / "victim.txt", outside / "victim.txt"]
    write({"own.txt": TWICE, **{str(victim): TWICE for victim in victims}})
    Path("link").symlink_to("../outside")
    names = ["../victim.txt", str(victims[1]), "link/victim.txt", "own.txt", "d/" * 2000 + "x.txt"]
    write_index(*names)
    assert "../victim.txt" in git("ls-files")
    for option in ([], ["--since=HEAD"]):
        assert shown_files(*option) == ["own.txt"]
    assert shown_files("--staged") == [names[4], "link/victim.txt", "own.txt"]
    run = flaglift("check", "--staged", "--fix")
    problem = "flaglift: link/victim.txt: is not what is staged of it, so it is not fixed\n"
    assert problem in run.stderr
    for option in ([], ["--since=HEAD"]):
        flaglift("check", "--unsafe-fixes", *option)
    assert [victim.read_text() for victim in victims] == [TWICE, TWICE]
    assert Path("own.txt").read_text() == CLEAN


def test_a_staged_file_that_became_a_link(here: Path) -> None:
    git("init", "-q")
    victim = here.parent / "victim.txt"
    write({"a.txt": TWICE, str(victim): TWICE})
    git("add", "-A")
    Path("a.txt").unlink()
    Path("a.txt").symlink_to(victim)
    run = flaglift("check", "--staged", "--fix")
    assert run.returncode == 2
    assert "flaglift: a.txt: is not what is staged of it, so it is not fixed\n" in run.stderr
    assert victim.read_text() == TWICE


@pytest.mark.parametrize("option", ["--staged", "--since=HEAD", "."])
def test_what_git_traces_is_no_unread_file(option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    git("init", "-q")
    commit({"a.txt": CLEAN})
    write({"a.txt": TWICE})
    git("add", "-A")
    for name in ("GIT_TRACE", "GIT_TRACE_SETUP", "GIT_TRACE2", "GIT_TRACE2_PERF", "GIT_CONFIG"):
        monkeypatch.setenv(name, "1")
    run = flaglift("check", option)
    assert run.returncode == 1
    assert run.stderr == "1 warning, 1 info; 1 fixable with --fix\n"


@pytest.mark.parametrize("option", ["--staged", "--since=HEAD"])
def test_a_working_tree_that_does_not_hold_its_repository(
    option: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("init", "-q", "inner")
    monkeypatch.chdir("inner")
    commit({"a.txt": CLEAN})
    write({"a.txt": TWICE})
    git("add", "-A")
    os.rename("a.txt", "../a.txt")
    monkeypatch.setenv("GIT_WORK_TREE", str(here))
    assert shown_files(option) == ["../a.txt"]
    monkeypatch.setenv("GIT_WORK_TREE", "..")
    monkeypatch.setenv("GIT_DIR", ".git")
    assert shown_files(option) == ["../a.txt"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("GIT_WORK_TREE", "/nowhere", "git diff: fatal: cannot change to '/nowhere'"),
        ("GIT_DIR", "/nowhere", "fatal: not a git repository: '/nowhere'"),
        ("GIT_INDEX_FILE", "a.txt", "git diff: error: bad signature"),
    ],
)
def test_a_variable_that_does_not_fit_is_named(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("init", "-q")
    commit({"a.txt": TWICE})
    monkeypatch.setenv(name, value)
    run = flaglift("check", "--staged")
    assert run.returncode == 2
    assert run.stderr.startswith(f"flaglift: --staged: {said}")
    assert run.stderr.endswith(f" (the environment sets {name}={value})\n")
    run = flaglift("check")
    assert run.returncode == 1
    assert name == "GIT_WORK_TREE" or f"{name}={value}); its files are listed" in run.stderr


@pytest.mark.parametrize("option", ["--staged", "--since=HEAD"])
def test_an_index_that_is_not_there_is_not_taken_for_an_empty_one(
    option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("init", "-q")
    commit({"a.txt": CLEAN})
    write({"a.txt": TWICE})
    git("add", "-A")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/gone")
    run = flaglift("check", option)
    assert run.returncode == 2
    name = option.partition("=")[0]
    said = "the environment variable GIT_INDEX_FILE names .git/gone, which does not exist"
    assert run.stderr == f"flaglift: {name}: {said}\n"
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    assert shown_files(option) == ["a.txt"]
