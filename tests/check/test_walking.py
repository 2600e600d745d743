"""Which files are checked: git's, the folder's, those named, staged or changed."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

from flaglift.check.patterns import MOST_PATTERNS
from flaglift.check.reading import read_found
from flaglift.check.walking import Walk
from flaglift.errors import InputError
from repositories import CLEAN, LONG, TWICE, codes, commit, git, shown_files, write
from running import flaglift


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_below_a_folder_are_the_files_that_git_knows_or_would_take() -> None:
    git("init", "-q")
    commit({"a.txt": LONG, "deep/b.md": "x", "data.bin": "x", ".gitignore": "build/\n*.tmp.txt\n"})
    write({"new.py": "x", "build/c.txt": LONG, "d.tmp.txt": LONG, "deep/e.txt": "x"})
    assert shown_files() == ["a.txt", "deep/b.md", "deep/e.txt", "new.py"]
    assert shown_files("deep") == ["deep/b.md", "deep/e.txt"]
    assert shown_files("deep", ".", "a.txt", "./deep/b.md") == [
        "deep/b.md",
        "deep/e.txt",
        "a.txt",
        "new.py",
    ]


def test_what_git_ignores_is_checked_if_it_is_named() -> None:
    git("init", "-q")
    commit({".gitignore": "build/\nx.txt\n"})
    write({"build/c.txt": LONG, "x.txt": LONG})
    assert shown_files() == []
    assert shown_files("build", "x.txt") == ["build/c.txt", "x.txt"]


def test_without_git_the_ignore_files_count_all_the_same() -> None:
    write(
        {
            ".gitignore": "build/\n*.log.txt\n/top.txt\n",
            "top.txt": "x",
            "deep/top.txt": "x",
            "deep/a.log.txt": "x",
            "deep/.gitignore": "!b.log.txt\nsub\n",
            "deep/b.log.txt": "x",
            "deep/sub/c.txt": "x",
            "build/d.txt": "x",
            "node_modules/e.txt": "x",
            "odd/.gitignore": b"!\n",
            "odd/f.txt": "x",
        }
    )
    assert shown_files() == ["deep/b.log.txt", "deep/top.txt", "odd/f.txt"]
    Path("deep/.gitignore").unlink()
    Path("deep/.gitignore").mkdir()
    assert shown_files("deep") == [
        "deep/a.log.txt",
        "deep/b.log.txt",
        "deep/sub/c.txt",
        "deep/top.txt",
    ]


def test_the_walk_does_without_a_git_program(monkeypatch: pytest.MonkeyPatch) -> None:
    git("init", "-q")
    write({"a.txt": LONG, "b.txt": LONG, ".gitignore": "b.txt"})
    monkeypatch.setenv("PATH", os.devnull)
    assert shown_files() == ["a.txt"]
    run = flaglift("check", "--staged")
    assert run.returncode == 2
    assert "is in no git repository, or git is not installed" in run.stderr


def test_a_repository_in_another_one_is_named_and_not_looked_into(here: Path) -> None:
    git("init", "-q")
    for name in ("new", "sub.js"):
        write({f"{name}/a.txt": LONG})
        git("-C", name, "init", "-q")
        git("-C", name, "add", "-A")
        git("-C", name, "commit", "-qm", "first")
    commit_id = git("-C", "sub.js", "rev-parse", "HEAD").strip()
    git("update-index", "--add", "--cacheinfo", f"160000,{commit_id},sub.js")
    Path("link").symlink_to("new")
    assert shown_files() == []
    run = flaglift("check")
    assert run.returncode == 0
    assert run.stderr.splitlines() == [
        f"flaglift: {name}: is another repository, so it is not looked into; name it to check it"
        for name in ("new", "sub.js")
    ]
    assert [path for path, _, _ in codes("new", "sub.js")] == ["new/a.txt", "sub.js/a.txt"]
    assert flaglift("check", here / "new").stderr.count("another repository") == 0
    write({"flaglift.toml": 'exclude = ["new/", "*.js"]', "sub.js/flaglift.toml": "x = 1"})
    assert flaglift("check").stderr == ""
    # In a folder that is not checked out there is nothing to look into.
    (here / "sub.js/.git").rename(here / "elsewhere")
    write({"flaglift.toml": 'exclude = ["new/", "elsewhere/"]'})
    assert flaglift("check").stderr == ""


def test_a_file_with_several_names_is_checked_once(here: Path) -> None:
    write({"sub/a.txt": LONG, "b.txt": LONG})
    Path("link").symlink_to("sub")
    assert shown_files("sub/a.txt", here / "sub/a.txt", "link/a.txt") == ["sub/a.txt"]
    assert shown_files(here, ".", "link", "sub") == [f"{here}/b.txt", f"{here}/sub/a.txt"]
    run = flaglift("check", "--unsafe-fixes", "b.txt", here / "b.txt", here)
    assert run.stderr == "fixed 2 prompts; 2 info\n"


def test_a_link_and_its_target_are_one_file() -> None:
    write({"a.txt": LONG})
    for name in ("b.txt", "c.txt", "d", "e.md", "-"):
        Path(name).symlink_to("a.txt")
    assert shown_files("b.txt", "d", "a.txt") == ["a.txt"]
    assert shown_files("-", "a.txt") == ["-", "a.txt"]  # which is standard input
    assert [path for path, _, _ in codes("b.txt", ".")] == ["a.txt"]
    assert shown_files("b.txt", "c.txt") == ["b.txt"]
    assert shown_files("e.md", "a.txt") == ["e.md", "a.txt"]
    write({"far/x.txt": LONG, "sub/y": ""})
    for name in ("f.txt", "sub/g.txt"):
        Path(name).symlink_to(Path("far/x.txt").resolve())
    assert [path for path, _, _ in codes("sub", "f.txt")] == ["f.txt"]
    run = flaglift("check", "--unsafe-fixes", "d", "b.txt", "a.txt")
    assert run.stderr == "fixed 1 prompt; 1 info\n"
    assert run.returncode == 0
    assert Path("b.txt").is_symlink()


def test_a_folder_above_the_target_of_a_link(here: Path) -> None:
    write({"far/deep/x": "", "far/a.txt": LONG})
    Path("link").symlink_to("far/deep")
    assert [path for path, _, _ in codes("link/..")] == ["link/../a.txt"]


def test_links_are_not_followed_and_loops_do_no_harm() -> None:
    write({"a.txt": LONG, "sub/b.txt": LONG})
    Path("c.txt").symlink_to("a.txt")
    Path("sub/up").symlink_to("..")
    Path("loop.txt").symlink_to("loop.txt")
    Path("gone.txt").symlink_to("nowhere")
    assert [path for path, _, _ in codes()] == ["a.txt", "sub/b.txt"]
    for name in ("c.txt", "sub/up/a.txt"):
        assert [path for path, _, _ in codes(name)] == [name]
    run = flaglift("check")
    assert run.returncode == 1
    assert "loop" not in run.stderr
    git("init", "-q")
    commit({})
    assert [path for path, _, _ in codes()] == ["a.txt", "sub/b.txt"]


@pytest.mark.parametrize("repository", [False, True])
def test_a_tree_may_be_deeper_than_calls_may_be(here: Path, repository: bool) -> None:
    deep = "/".join(["d"] * 1500)
    subprocess.run(["mkdir", "-p", deep], check=True)
    try:
        Path(deep, "a.txt").write_text(LONG)
        Path("flaglift.toml").write_text("")
        if repository:
            git("init", "-q")
        assert [(path, code) for path, _, code in codes()] == [(f"{deep}/a.txt", "FL402")]
    finally:
        subprocess.run(["rm", "-r", "d"], check=True)  # Python's own way of it calls itself


def test_a_folder_that_cannot_be_listed_is_a_problem(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write({"a.txt": LONG, "shut/b.txt": LONG})
    scandir = os.scandir

    def refusing(path: str) -> object:
        if path == "./shut":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    walk = Walk()
    assert [each.path for each in walk.targets(["."])] == ["a.txt"]
    assert walk.problems == ["./shut: permission denied, so it is not looked into"]


def test_a_list_of_too_many_ignored_files_is_not_used() -> None:
    write({"a.txt": LONG, ".gitignore": "a.txt\n" + "b\n" * (MOST_PATTERNS - 2) + "c"})
    assert shown_files() == []
    write({".gitignore": "a.txt\n" + "b\n" * MOST_PATTERNS})
    run = flaglift("check")
    assert "has more than 4,000 patterns, so nothing is ignored by it" in run.stderr
    assert "a.txt" in run.stdout
    write({".gitignore": "a.txt\n" + "b" * 1_000_000})
    assert "more than 1,000,000 characters in its patterns" in flaglift("check").stderr


def test_what_cannot_be_read_is_one_line_and_the_rest_is_checked() -> None:
    write({"a.txt": LONG, "b.txt": f"{LONG} \xe9".encode("latin-1"), "c.txt": f"{LONG}\0".encode()})
    run = flaglift("check", "--output-format", "concise", "--select", "FL402")
    assert run.returncode == 2
    assert run.stdout.startswith("a.txt:1:")
    first, second, last = run.stderr.splitlines()
    assert first.startswith("flaglift: b.txt: not UTF-8: byte ")
    assert second == "flaglift: c.txt: is binary, so it is not read"
    assert last.startswith("1 error")
    assert flaglift("check", "b.txt").returncode == 2
    # A hook names files too: what it could not read, it did not check.
    assert flaglift("check", "--force-exclude", "b.txt").returncode == 2
    missing = flaglift("check", "--force-exclude", "gone.txt", "a.txt")
    assert missing.returncode == 2
    assert "flaglift: gone.txt: no such file or directory\n" in missing.stderr
    assert flaglift("check", "gone.txt", "a.txt").returncode == 2


def test_other_encodings_are_read_where_they_are_declared() -> None:
    cookie = "# coding: latin-1\n"
    write(
        {
            "a.py": f"{cookie}x = 'é {TWICE}'\n".encode("latin-1"),
            "b.txt": f"é {TWICE}\r\n".encode("utf-16"),
            "c.txt": f"é\n{CLEAN} \N{EM DASH}video\n".encode("utf-16"),
        }
    )
    assert ("a.py", 2, "FL104") in codes()
    assert ("b.txt", 1, "FL104") in codes()
    assert ("c.txt", 2, "FL201") in codes()
    run = flaglift("check", "--fix", "--select", "FL104")
    assert run.returncode == 0
    assert Path("a.py").read_bytes() == f"{cookie}x = 'é {CLEAN}'\n".encode("latin-1")
    assert Path("b.txt").read_bytes() == f"é {CLEAN}\r\n".encode("utf-16")


def test_files_that_are_not_there_are_not_listed() -> None:
    write({"a.txt": CLEAN})
    run = flaglift("check", "--show-files", "a.txt", "b.txt", "c")
    assert (run.returncode, run.stdout) == (2, "a.txt\n")
    for name in ("b.txt", "c"):
        assert f"flaglift: {name}: no such file or directory\n" in run.stderr


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_prompts_in_wide_characters_are_not_overlooked(encoding: str) -> None:
    other = f"{encoding}-be"  # without a mark
    long = f"{'x' * 3_000_000}\n{TWICE}"
    write({"a.txt": TWICE.encode(encoding), "flaglift.toml": "max-file-size = 5_000_000"})
    write({"b.txt": TWICE.encode(other), "c.txt": long.encode(encoding), "d.txt": b"a\0b"})
    write({"e.unknown": TWICE.encode(encoding), "f.unknown": TWICE.encode(other)})
    run = flaglift("check", "--output-format", "concise", "--select", "FL104")
    assert run.returncode == 2
    assert run.stdout.startswith("a.txt:1:")
    assert "b.txt: is binary, so it is not read\n" in run.stderr
    assert "c.txt: " in run.stderr
    assert "are more than `max-file-size` allows (5000000)" in run.stderr
    assert "d.txt" not in run.stderr
    assert "not read: 1 .unknown (1 holds flag spellings)" in run.stderr


def test_files_over_the_limit_are_reported_if_they_may_hold_flags() -> None:
    big = "plain words\n" * 200_000
    write(
        {"flaglift.toml": "max-file-size = 1000", "a.txt": big, "b.txt": big + LONG, "c.txt": LONG}
    )
    run = flaglift("check")
    size = len(big) + len(LONG)
    assert run.returncode == 2
    line = f"flaglift: b.txt: {size} bytes are more than `max-file-size` allows (1000), "
    assert f"{line}so it is not checked\n" in run.stderr
    assert "a.txt" not in run.stderr
    assert [path for path, _, _ in codes()] == ["c.txt"]
    assert flaglift("check", "b.txt").returncode == 2
    assert flaglift("check", "a.txt").returncode == 0
    write({"flaglift.toml": 'max-file-size = 1000\nexclude = ["b.txt"]'})
    assert "b.txt" not in flaglift("check").stderr


@pytest.mark.parametrize("staged", [(), ("--staged",)])
def test_large_files_of_no_known_kind_are_counted_if_they_are_text(staged: tuple[str, ...]) -> None:
    big, binary = "plain words\n" * 200_000, "\0" + "x" * 5000
    write(
        {
            "flaglift.toml": "max-file-size = 1000",
            "a.rs": big + LONG,
            "b.rs": big,
            "dump": big + LONG,
            "tool": binary + LONG,
            "c.bin": binary + LONG,
            "d.json": big,
            "e.txt": LONG,
        }
    )
    git("init", "-q")
    git("add", "-A")
    run = flaglift("check", *staged, "--select", "FL402")
    assert run.returncode == 1
    assert "not read: 1 .rs, 1 dump (2 hold flag spellings)" in run.stderr
    assert "max-file-size" not in run.stderr
    assert run.stdout.startswith("e.txt:1:")
    write({"tool": f"#!/bin/sh\n{big}{LONG}", "f.json": big + LONG, "g.txt": LONG})
    git("add", "-A")
    run = flaglift("check", *staged, "--select", "FL402")
    assert run.returncode == 2
    assert [line.split(":")[1] for line in run.stderr.splitlines()[:2]] == [" f.json", " tool"]
    assert "g.txt:1:" in run.stdout  # what git answers about files is read to its end


def test_a_flag_across_two_pieces_of_a_large_file_is_seen() -> None:
    write({"flaglift.toml": "max-file-size = 1000", "a.txt": "x" * ((1 << 20) - 4) + " " + LONG})
    assert "bytes are more than" in flaglift("check").stderr


def test_the_first_line_tells_what_a_file_without_a_suffix_is() -> None:
    code = f'x = "{LONG}"\n'
    write(
        {
            "one": f"#!/usr/bin/env python3\n{code}",
            "two": f"#!/usr/bin/env -S A=1 python3.11 -u\n{code}",
            "three": f"#!/bin/bash\ncurl -F 'prompt[text]={LONG}' https://example.org\n",
            "four": f"#!\n{code}",
            "five": f"#!/usr/bin/env unheard-of\n{code}",
            "six": code,
        }
    )
    assert shown_files() == ["one", "three", "two"]
    assert [path for path, _, _ in codes()] == ["one", "three", "two"]
    assert shown_files("six") == []
    assert shown_files("--lines", "six") == ["six"]
    assert shown_files("--force-exclude", "six", "one") == ["one"]


def test_text_files_hold_prompts_as_the_options_say() -> None:
    block = f"{TWICE}\nar=16:9\n"
    write({"a.txt": block, "b.py": f'x = """{TWICE}"""\n', "c.rst": block})
    assert codes("--blocks") == [("a.txt", 1, "FL104"), ("b.py", 1, "FL104")]
    assert codes("--blocks", "c.rst") == [("c.rst", 1, "FL104")]


@pytest.fixture
def branch(here: Path) -> Path:
    git("init", "-q")
    commit({"old.txt": LONG, "changed.txt": CLEAN, "gone.txt": LONG, "sub/deep.txt": CLEAN})
    git("checkout", "-qb", "work")
    commit({"committed.txt": LONG})
    write({"changed.txt": LONG, "new.txt": LONG, "sub/deep.txt": LONG})
    Path("gone.txt").unlink()
    git("add", "changed.txt")
    return here


def test_staged_files(branch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown_files("--staged") == ["changed.txt"]
    git("add", "-A")
    assert shown_files("--staged") == ["changed.txt", "new.txt", "sub/deep.txt"]
    assert shown_files("--staged", "sub", "new.txt") == ["new.txt", "sub/deep.txt"]
    monkeypatch.chdir("sub")
    assert shown_files("--staged") == ["../changed.txt", "../new.txt", "deep.txt"]
    assert shown_files("--staged", ".") == ["deep.txt"]


def test_files_changed_since_a_branch_was_left(branch: Path) -> None:
    expected = ["changed.txt", "committed.txt", "new.txt", "sub/deep.txt"]
    assert shown_files("--since", "main") == expected
    git("stash", "-q", "-u")
    git("checkout", "-q", "main")
    commit({"later.txt": LONG})
    git("checkout", "-q", "work")
    assert shown_files("--since", "main") == ["committed.txt"]
    assert shown_files("--since", "HEAD") == []
    assert codes("--since", "main") == [("committed.txt", 1, "FL402")]


def test_what_git_cannot_tell_is_said(branch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for args, sentence in (
        (["--since", "nowhere"], "flaglift: --since nowhere: there is no such commit\n"),
        (["--since", "--all"], "flaglift: --since --all: there is no such commit\n"),
    ):
        run = flaglift("check", *args)
        assert (run.returncode, run.stderr) == (2, sentence)
    git("checkout", "-q", "--orphan", "other")
    git("commit", "-qm", "other", "--allow-empty")
    run = flaglift("check", "--since", "main")
    assert run.returncode == 2
    assert "no ancestor in common with HEAD" in run.stderr
    outside = branch.parent / f"{branch.name}-outside"
    outside.mkdir()
    monkeypatch.chdir(outside)
    run = flaglift("check", "--staged")
    assert run.returncode == 2
    assert f"--staged: {outside} is in no git repository" in run.stderr


def test_staged_before_the_first_commit() -> None:
    git("init", "-q")
    write({"a.txt": LONG})
    git("add", "a.txt")
    assert shown_files("--staged") == ["a.txt"]


def test_a_submodule_is_its_own_business() -> None:
    write({"inner/a.txt": LONG, "inner/x": "y"})
    subprocess.run(["git", "init", "-q", "inner"], check=True)
    git("-C", "inner", "add", "-A")
    git("-C", "inner", "commit", "-qm", "inner")
    git("init", "-q")
    git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "./inner", "sub")
    write({"b.txt": LONG})
    assert [path for path, _, _ in codes()] == ["b.txt"]


def test_a_pipe_and_a_socket_are_no_files() -> None:
    write({"a.txt": LONG})
    os.mkfifo("b.txt")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("c.txt")
        run = flaglift("check", "--select", "FL402")
    assert run.returncode == 1
    assert run.stderr.startswith("1 error")


def test_what_fails_in_reading_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"^/proc/self/mem: input/output error$"):
        read_found("/proc/self/mem")
    write({"a.txt": LONG, "b.txt": LONG})
    real = os.open

    def denied(path: str, *args: int) -> int:
        if path == "a.txt":
            raise PermissionError(13, "Permission denied")
        return real(path, *args)

    monkeypatch.setattr(os, "open", denied)  # nothing is denied to root
    run = flaglift("check")
    assert run.returncode == 2
    assert run.stderr.startswith("flaglift: a.txt: permission denied\n")
    assert run.stdout.startswith("b.txt:1:")


def test_a_list_of_ignored_files_that_is_a_link_is_not_followed() -> None:
    write({"a.txt": LONG, "rules": "a.txt\n"})
    Path(".gitignore").symlink_to("rules")
    done = flaglift("check", ".")
    assert "so nothing is ignored by it" in done.stderr
    assert "a.txt" in done.stdout
