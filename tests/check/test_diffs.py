"""`check --diff` prints what `git apply` makes the same bytes of as `check --fix`."""

import codecs
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from flaglift.check.job import FileJob, Task, Wanted
from flaglift.check.working import work
from flaglift.settings import DEFAULT
from peers import program
from repositories import CLEAN, TWICE, git, write
from running import flaglift

pytestmark = pytest.mark.usefixtures("here")

NAMES = st.binary(min_size=1, max_size=6).map(lambda name: name.replace(b"\0", b"n")) | st.text(
    st.sampled_from("a \n\t\"'\\é猫\x07\x0b\x0c\r\x7f\xa0-+@"), min_size=1, max_size=6
).map(str.encode)
LINES = st.lists(
    st.sampled_from(
        [
            TWICE,
            f"{TWICE}\x0c",
            f"\x0c{TWICE}",
            f"{TWICE}\u2028{TWICE}",
            CLEAN,
            "é 猫",
            "",
            "ਊĊ",
            "-- a",
        ]
    ),
    max_size=12,
)
ENDS = st.sampled_from(["\n", "\r\n"])
ENCODINGS = {
    "utf-8": b"",
    "utf-8-sig": b"",
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
}


def apply(diff: bytes) -> None:
    subprocess.run(["git", "apply", "-"], input=diff, check=True)


def patch(diff: bytes) -> None:
    subprocess.run([program("patch"), "-p1", "--binary", "--silent"], input=diff, check=True)


def diff_of(*paths: str) -> bytes:
    run = flaglift("check", "--fix", "--diff", *paths)
    assert run.returncode == 1, run.stderr
    return run.stdout.encode("utf-8", "surrogateescape")


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(NAMES, LINES, ENDS, st.booleans(), st.sampled_from(sorted(ENCODINGS)))
@example(b'\n\t"\\\xc3\xa9\xff', [TWICE], "\n", True, "utf-8")
@example(b"a ", ["ਊĊ", TWICE, "ਊĊ"], "\r\n", False, "utf-16-le")
def test_the_diff_makes_what_the_fix_makes(
    name: bytes, lines: list[str], end: str, ended: bool, encoding: str
) -> None:
    content = end.join([*lines, TWICE]) + end * ended
    raw = ENCODINGS[encoding] + content.encode(encoding)
    path = Path("sub", os.fsdecode(name.replace(b"/", b"_") + b".txt"))
    path.parent.mkdir(exist_ok=True)
    made = []
    diff = b""
    for change in (apply, patch, None):
        path.write_bytes(raw)
        if change:
            diff = diff or diff_of(str(path))
            change(diff)
        else:
            flaglift("check", "--fix", path)
        made.append(path.read_bytes())
    path.unlink()
    assert made[0] != raw
    assert made == made[:1] * 3


def test_a_name_is_quoted_as_git_does() -> None:
    write({'a"\n\u00e9.txt': TWICE})
    diff = diff_of(".")
    assert diff.startswith(b'--- "a/a\\"\\n\\303\\251.txt"\n+++ "b/a\\"\\n\\303\\251.txt"\n')
    apply(diff)
    assert Path('a"\n\u00e9.txt').read_text() == CLEAN


def test_a_declared_encoding() -> None:
    raw = f'# coding: latin-1\nx = "é {TWICE}"\n'.encode("latin-1")
    write({"a.py": raw})
    diff = diff_of("a.py")
    apply(diff)
    assert Path("a.py").read_bytes() == raw.replace(b"--video --video ", b"--video ")


@pytest.mark.parametrize(
    "form", ["./src/a b.txt", "{here}/src/a b.txt", "src/../src/a b.txt", "src"]
)
@pytest.mark.parametrize("repository", ["", ".", ".."])
def test_a_file_named_otherwise(here: Path, form: str, repository: str) -> None:
    if repository:
        git("init", "-q", repository)
    for change in (apply, patch):
        write({"src/a b.txt": TWICE, "b.txt": TWICE})
        diff = diff_of(form.format(here=here), "b.txt")
        change(diff)
        assert Path("src/a b.txt").read_text() == Path("b.txt").read_text() == CLEAN


def test_a_folder_named_like_the_one_that_it_is_in(here: Path) -> None:
    git("init", "-q", "..")
    write({"tree/a.txt": TWICE, "b.txt": TWICE, "tree/\u00e9.txt": TWICE})
    apply(diff_of("."))
    assert [path.read_text() for path in sorted(here.rglob("*.txt"))] == [CLEAN] * 3


def test_a_link_stands_for_its_target() -> None:
    write({"src/a.txt": TWICE})
    Path("link.txt").symlink_to("src/a.txt")
    Path("lib").symlink_to("src")
    for name in ("link.txt", "lib/a.txt"):
        diff = diff_of(name)
        assert diff.startswith(b"--- a/src/a.txt\n")


def test_there_is_no_diff_of_a_file_elsewhere(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write({"a.txt": TWICE, "sub/b.txt": TWICE})
    monkeypatch.chdir("sub")
    run = flaglift("check", "--fix", "--diff", "../a.txt", "b.txt")
    assert run.returncode == 2
    assert run.stdout.startswith("--- a/b.txt\n")
    assert run.stdout.count("--- ") == 1
    assert run.stderr.startswith(
        "flaglift: ../a.txt: is outside of the current folder, where `git apply` writes nothing; "
        "run this in a folder above it to have a diff\n"
    )
    apply(run.stdout.encode())
    assert (here / "sub/b.txt").read_text() == CLEAN


def test_there_is_no_diff_of_a_file_that_was_changed_meanwhile(here: Path) -> None:
    raw = TWICE.encode()
    job = FileJob("a.txt", "a.txt", raw, "lines", DEFAULT)
    task = Task(Wanted(safe=True), diff=True)
    write({"a.txt": TWICE, "../b.txt": f"{TWICE} now"})
    assert work(job, task).diff.startswith("--- a/a.txt\n")
    Path("a.txt").unlink()
    Path("a.txt").symlink_to("../b.txt")
    outcome = work(job, task)
    assert outcome.diff == ""
    assert outcome.problem == "a.txt: was changed meanwhile, so there is no diff of it"
    write({"../b.txt": TWICE})
    there = (here.parent / "b.txt").resolve()
    said = f"a.txt: leads to {there}, which is outside of the current folder"
    assert work(job, task).problem.startswith(said)
    staged = replace(job, path="b.txt", shown="b.txt", staged=True)
    assert work(staged, task).diff.startswith("--- a/b.txt\n")
