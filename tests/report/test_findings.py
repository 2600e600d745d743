"""A finding as people see it: the place, the line, and the mark right under what it is about."""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from running import flaglift

FLAGS = " --video --video_model kling25"


def shown(before: str, after: str = "") -> list[str]:
    """Return what is printed of the finding about a quote that nothing closes."""
    run = flaglift("translate", "--select", "FL101", "-", stdin=f'{before}" {after}{FLAGS}\n')
    assert run.returncode == 1
    lines = run.stderr.splitlines()
    assert lines[0].startswith("prompt:")
    return lines


def marked(lines: list[str]) -> tuple[str, str]:
    """Return the one row with a mark, and the mark under it."""
    ((row, mark),) = [
        pair for pair in pairwise(lines) if pair[1].startswith("  │ ") and set(pair[1]) == {*" │^"}
    ]
    return row, mark


def place(head: str) -> tuple[int, int]:
    _, line, column = head.split(":")
    return int(line), int(column)


def columns(text: str) -> int:
    """Count terminal columns, as the Unicode database has them."""
    narrow = [c for c in text if unicodedata.category(c) not in ("Mn", "Me")]
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in narrow)


def test_the_frame() -> None:
    head, before, line, mark, said, fix, *_ = shown('one "group"\r\na 6')
    assert place(head) == (2, 4)
    assert before == '  │ one "group"'
    assert line == f'  │ a 6" {FLAGS}'
    assert mark == "  │    ^"
    assert said.startswith("  2:4 error FL101 unclosed-quote: ")
    assert fix.startswith("    = fix (unsafe): ")


@pytest.mark.parametrize(
    ("before", "seen"),
    [
        ("", 0),
        ("a", 1),
        ("a\t", 2),
        ("猫", 2),
        ("e\u0301", 1),
        ("\u200b", 1),
        ("\u202e", 1),
        ("\x1b[31m", 5),
        ("\u00a0", 1),
        ("\u2028", 1),
        ("\x85", 1),
        ("\U0001f600", 2),
        ("a\r", 2),
        ("a\n猫\n", 0),
    ],
)
def test_the_mark_is_under_the_place(before: str, seen: int) -> None:
    head, *rest = shown(before)
    line, mark = marked(rest)
    assert place(head) == (before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)
    assert mark == "  │ " + " " * seen + "^"
    assert columns(line[: line.index('"')]) == 4 + seen
    assert all(c.isprintable() for c in head + line + mark)


@pytest.mark.parametrize("column", [0, 1, 50, 95, 96, 97, 500, 5000])
@pytest.mark.parametrize("rest", [0, 30, 70, 5000])
def test_a_long_line_is_wrapped_and_shown_around_the_mark(column: int, rest: int) -> None:
    head, *lines = shown("a" * column, "b" * rest)
    assert place(head) == (1, column + 1)
    line, mark = marked(lines)
    assert line[mark.index("^")] == '"'
    frame = [each for each in lines if each.startswith(("  │", "  ⋮"))]
    assert max(map(len, frame)) <= 100
    assert len(frame) <= 14
    whole = f'{"a" * column}" {"b" * rest}{FLAGS}'
    left_out = "  ⋮" in frame
    texts = [each[4:] for each in frame if each not in (mark, "  ⋮")]
    assert ("".join(texts).replace(" ", "") == whole.replace(" ", "")) is not left_out
    assert left_out == (len(whole) > 12 * 96)


LINES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters='"\\-'), max_size=30)


@given(LINES, LINES)
@example("a\r\n", "\r\n")
def test_the_mark_stands_where_the_finding_is(before: str, after: str) -> None:
    before = before.removeprefix("\ufeff")
    head, *rest = shown(before, after)
    line, mark = marked(rest)
    assert place(head) == (before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)
    assert mark.strip(" │") == "^"
    assert columns(line[: line.index('"')]) == mark.index("^")
    assert all(c.isprintable() for c in line)


def test_a_mark_is_as_long_as_what_it_is_about() -> None:
    text = "a cat --video --video_model klng25 --video_prompt yawn"
    run = flaglift("translate", "--select", "FL301", text)
    _, line, mark, *_ = run.stderr.splitlines()
    assert mark[line.index("klng25") :] == "^^^^^^"
    assert mark[: line.index("klng25")] == "  │".ljust(line.index("klng25"))


def test_a_finding_over_several_lines_is_marked_in_each() -> None:
    text = 'a cat --video --video_model "klng\n25" --video_prompt yawn'
    run = flaglift("translate", "--select", "FL301", text)
    head, *lines = run.stderr.splitlines()
    assert place(head) == (1, text.index('"') + 1)
    assert lines[:4] == [
        '  │ a cat --video --video_model "klng',
        "  │                             ^^^^^",
        '  │ 25" --video_prompt yawn',
        "  │ ^^^",
    ]
