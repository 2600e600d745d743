"""A diff is what `git apply` and `patch` make the new text of."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import peers
from flaglift.report.diff import unified_diff
from lossless.timing import with_effort

LINES = st.lists(
    st.sampled_from(["a", "b\r", "", " c", "\\", "-", "+x", "@@", "\x0c", "\u2028d", "--- a"]),
    max_size=7,
)
TEXTS = st.tuples(LINES, st.booleans()).map(lambda t: "\n".join(t[0]) + "\n" * t[1])


SEVERAL = st.integers(0, 120).map("gap\n".__mul__)
"""More lines than one look at them takes."""


@given(
    st.lists(TEXTS, min_size=2, max_size=2), SEVERAL, SEVERAL, st.sampled_from(["utf-8", "utf-16"])
)
@settings(max_examples=100)
def test_git_and_patch_make_the_new_text(
    tmp_path_factory: pytest.TempPathFactory,
    texts: list[str],
    more: str,
    others: str,
    encoding: str,
) -> None:
    before, after = texts
    old = (before + more + after).encode(encoding)
    new = (after + others + before).encode(encoding)
    folder = tmp_path_factory.getbasetemp()
    path = folder / "f.txt"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        diff = unified_diff(old, new, "f.txt")
    assert (diff == "") == (old == new)
    if not diff:
        return
    for command in (["git", "apply", "-"], [peers.program("patch"), "-p1", "--binary", "--silent"]):
        path.write_bytes(old)
        subprocess.run(
            command, input=diff.encode("utf-8", "surrogateescape"), check=True, cwd=folder
        )
        assert (path.read_bytes() if path.exists() else b"") == new


@pytest.mark.parametrize(
    ("old", "new", "hunks"),
    [
        ("1 2 3 4 5 6 7 8", "1 2 3 4 x 6 7 8", ["-2,7 +2,7"]),
        ("a 1 2 3 4 5 6 b", "x 1 2 3 4 5 6 y", ["-1,8 +1,8"]),
        ("a 1 2 3 4 5 6 7 b", "x 1 2 3 4 5 6 7 y", ["-1,4 +1,4", "-6,4 +6,4"]),
        ("a", "a b", ["-1 +1,2"]),
        ("", "a", ["-0,0 +1"]),
        ("a", "", ["-1 +0,0"]),
        ("1 2 3 4 5 6", "1 2 3 4 6", ["-2,5 +2,4"]),
    ],
)
def test_hunks_and_where_they_are(old: str, new: str, hunks: list[str]) -> None:
    before, after = ("".join(f"{line}\n" for line in text.split()).encode() for text in (old, new))
    lines = unified_diff(before, after, "f").splitlines()
    assert [line for line in lines if line[0] == "@"] == [f"@@ {hunk} @@" for hunk in hunks]


def test_lines_are_replaced_one_by_one_where_that_is_as_near() -> None:
    diff = unified_diff(b"a\nb\na\nb\n", b"x\nb\na\nb\n", "f")
    assert diff.split("@@\n")[1] == "-a\n+x\n b\n a\n b\n"


def test_names_with_blanks_end_in_a_tab() -> None:
    diff = unified_diff(b"a\n", b"b\n", "my file")
    assert diff.startswith("--- a/my file\t\n+++ b/my file\t\n")


@pytest.mark.parametrize("different", [150, 20_000])
@pytest.mark.parametrize("changed", [1, 3])
@pytest.mark.no_cover
def test_many_lines_take_little_time(different: int, changed: int) -> None:
    lines = [f"prompt {i % different} --video --video\n" for i in range(20_000)]
    fixed = [line[: -8 if i % changed == 0 else -1] + "\n" for i, line in enumerate(lines)]
    old, new = "".join(lines).encode(), "".join(fixed).encode()
    diff, effort = with_effort(lambda: unified_diff(old, new, "f"))
    assert effort < 200
    assert diff.count("\n+") == 1 + -(-20_000 // changed)
