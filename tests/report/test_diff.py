"""A diff is what `patch` makes the new text of."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import peers
from flaglift.report.diff import unified_diff

LINES = st.lists(
    st.sampled_from(["a", "b\r", "", " c", "\\", "-", "+x", "@@", "\x0c", "\u2028d", "--- a"]),
    max_size=7,
)
TEXTS = st.tuples(LINES, st.booleans()).map(lambda t: "\n".join(t[0]) + "\n" * t[1])


@given(TEXTS, TEXTS)
@settings(max_examples=100)
def test_patch_makes_the_new_text(
    tmp_path_factory: pytest.TempPathFactory, old: str, new: str
) -> None:
    diff = unified_diff(old, new, "f.txt")
    assert (diff == "") == (old == new)
    if not diff:
        return
    folder = tmp_path_factory.getbasetemp()
    path = folder / "f.txt"
    path.write_bytes(old.encode())
    subprocess.run(
        [peers.program("patch"), "--binary", "--silent", "f.txt"],
        input=diff.encode(),
        check=True,
        cwd=folder,
    )
    assert (path.read_bytes() if path.exists() else b"") == new.encode()


def test_names_with_blanks_end_in_a_tab() -> None:
    assert unified_diff("a\n", "b\n", "my file").startswith("--- my file\t\n+++ my file\t\n")


def test_many_lines_take_little_time() -> None:
    old = "".join(f"prompt {i} --video --video\n" for i in range(20_000))
    new = old.replace("--video --video", "--video")
    assert unified_diff(old, new, "f").count("\n") == 40_003
