"""A finding as people see it: the place, the line, and the mark right under what it is about."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaglift import Diagnostic, Edit, Fix, Severity
from flaglift.diagnostics import Applicability
from flaglift.report.findings import Source, as_dict, print_finding
from flaglift.report.positions import Positions
from flaglift.report.text import visible, width
from running import captured


def shown(text: str, start: int, end: int, *, offset: int = 0, fix: Fix | None = None) -> list[str]:
    finding = Diagnostic(start, end, "FL402", "a-rule", "it is so", Severity.ERROR, fix)
    source = Source("f.txt", Positions(text), offset)
    with captured() as (out, _):
        print_finding(finding, source)
    return out().splitlines()


def test_the_frame() -> None:
    assert shown("plain\r\na cat --video\r\n", 2, 5, offset=7) == [
        "f.txt:2:3: error FL402 a-rule: it is so",
        "  │ a cat --video",
        "  │   ^^^",
    ]


def test_the_fix() -> None:
    for kind, note in (
        (Applicability.SAFE, ""),
        (Applicability.UNSAFE, " (unsafe)"),
        (Applicability.DISPLAY_ONLY, " (display-only)"),
    ):
        fix = Fix("take it out", kind, (Edit(0, 1, ""),))
        assert shown("abc", 0, 1, fix=fix)[-1] == f"  = fix{note}: take it out"


@pytest.mark.parametrize(
    ("start", "end", "mark"),
    [
        (0, 0, "^"),
        (3, 3, "   ^"),
        (0, 3, "^^^"),
        (1, 6, " ^^"),  # over the line's end
        (3, 4, "   ^"),  # the CR
        (4, 5, "    ^"),  # the LF
        (5, 8, "^^^"),
        (8, 8, "   ^"),
    ],
)
def test_a_mark_stays_in_its_line(start: int, end: int, mark: str) -> None:
    lines = shown("abc\r\ndef", start, end)
    assert lines[2] == f"  │ {mark}"


def test_a_line_too_long_is_cut_around_the_mark() -> None:
    for column in (0, 1, 50, 99, 100, 500, 900, 950, 999):
        text = "a" * column + "X" + "b" * (999 - column)
        _, line, mark = shown(text, column, column + 1)
        assert len(line) <= 4 + 102
        assert line[mark.index("^")] == "X"
        assert (line[4] == "…") == (not text.startswith(line[4:10]))
        assert (line[-1] == "…") == (not text.endswith(line[-6:]))
    _, line, mark = shown("a" * 1000, 500, 1000)
    assert len(mark) <= len(line)
    _, line, mark = shown("a" * 100, 0, 100)
    assert line == "  │ " + "a" * 100


def test_what_would_command_a_terminal_is_shown() -> None:
    _first, line, mark = shown("a\x1b[31m\t\u200b\u202e\u00a0\u2028\x85\U000e0001b", 13, 14)
    assert line == "  │ a·[31m ··␣···b"
    assert mark == "  │              ^"
    with captured() as (out, _):
        finding = Diagnostic(0, 1, "FL402", "r", "m", Severity.INFO)
        print_finding(finding, Source("f\x1b\n", Positions("a")), frame=False)
    assert out() == "f··:1:1: info FL402 r: m\n"


@given(st.text(st.characters(exclude_categories=["Cs"])), st.data())
def test_the_mark_stands_where_the_finding_is(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    head, line, mark = shown(text, start, end)
    before = (
        text[:start].rpartition("\n")[2].removeprefix("\ufeff" if "\n" not in text[:start] else "")
    )
    number = text.count("\n", 0, start) + 1
    assert head.startswith(f"f.txt:{number}:{len(before) + 1}: ")
    if len(before) < 60:
        assert mark.index("^") == 4 + width(visible(before))
    assert all(c.isprintable() for c in line + mark)


@given(st.text())
def test_visible_text_is_visible_and_as_long(text: str) -> None:
    seen = visible(text)
    assert len(seen) == len(text)
    assert not any(unicodedata.category(c)[0] == "C" for c in seen)
    assert visible(seen) == seen


def test_as_values() -> None:
    text = "plain\na cat\nsits"
    finding = Diagnostic(2, 7, "FL402", "a-rule", "m", Severity.ERROR)
    assert as_dict(finding, Source("f.txt", Positions(text), 6)) == {
        "path": "f.txt",
        "line": 2,
        "column": 3,
        "end_line": 3,
        "end_column": 2,
        "offset": 6,
        **finding.to_dict(),
    }


def test_to_standard_error() -> None:
    with captured() as (out, err):
        finding = Diagnostic(0, 1, "FL402", "r", "m", Severity.WARNING)
        print_finding(finding, Source("f", Positions("a")), error=True)
    assert out() == ""
    assert err().startswith("f:1:1: warning FL402 r: m\n")


# Positions.


@given(st.text("a\r\n\ufeffé", max_size=12), st.data())
def test_lines_and_columns(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    body = text.removeprefix("\ufeff")
    inside = max(0, offset - (len(text) - len(body)))
    before = body[:inside]
    number, column = Positions(text).line_and_column(offset)
    assert number == before.count("\n") + 1
    assert column == len(before.rpartition("\n")[2]) + 1
    start, line = Positions(text).line(number)
    assert line == body.split("\n")[number - 1].removesuffix("\r") or number == 1 + body.count("\n")
    assert text[start:].startswith(line)


def test_a_mark_at_the_very_beginning_is_in_no_line() -> None:
    assert Positions("\ufeffa").line_and_column(1) == (1, 1)
    assert Positions("\ufeffa").line(1) == (1, "a")
