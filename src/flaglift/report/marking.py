"""A prompt in rows, with marks under what its findings are about."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from flaglift.diagnostics import Diagnostic
from flaglift.lossless.spans import Edit, Span
from flaglift.report.record import Frame, LocatedFinding
from flaglift.report.text import STYLES, Line, visible, width
from flaglift.report.wrapping import rows

MOST_ROWS = 12
"""A longer prompt is shown around its marks."""

_LEFT_OUT: Line = ("  ⋮",)
_EDGE = "  │ "
_NAME = len(" FL000")


class _Mark(NamedTuple):
    begin: int
    """Its first column."""
    end: int
    findings: Sequence[Diagnostic]
    """Those that are about just this place."""


def marked(findings: Sequence[LocatedFinding], columns: int) -> Iterator[Line]:
    """Yield the rows of a prompt, in so many columns, each with its marks.

    Where there are several findings, each mark has their codes behind it.
    """
    cells = cells_of(findings[0].frame)
    text = "".join(cells)
    at = [0, *accumulate(map(len, cells))]
    named = len(findings) > 1
    places: dict[Span, list[Diagnostic]] = {}
    for record in findings:
        start = at[record.frame.start]
        end = at[min(record.frame.start + record.frame.length, len(cells))]
        places.setdefault(Span(start, max(end, start + 1)), []).append(record.finding)
    spans = list(rows(text, columns - len(_EDGE) - (_NAME if named else 0)))
    ends = [start for start, _ in spans[1:]] + [len(text) + 1]
    marks = [list(_marks(text, span, end, places)) for span, end in zip(spans, ends, strict=True)]
    shown = [*_shown([bool(each) for each in marks]), len(spans)]
    for before, number in pairwise([-1, *shown]):
        if number > before + 1:
            yield _LEFT_OUT
        if number < len(spans):
            yield (_EDGE, spans[number].of(text).rstrip(" "))
            yield from ((_EDGE, *line) for line in _under(marks[number], named=named))


def cells_of(frame: Frame) -> list[str]:
    """Return what is shown for each code point; for a hole, what the file says there."""
    cells = _visible(frame.text)
    for position, source in frame.holes:
        cells[position] = visible(source)
    return cells


def edited(frame: Frame, edits: Sequence[Edit]) -> str:
    """Return what is shown of the text after edits that do not overlap."""
    cells = cells_of(frame)
    for start, end, content in sorted(edits, reverse=True):
        cells[start:end] = _visible(content)
    return "".join(cells)


def _visible(text: str) -> list[str]:
    cells = [character if character == "\n" else visible(character) for character in text]
    for position, (first, second) in enumerate(pairwise(text)):
        if first + second == "\r\n":
            cells[position] = ""
    return cells


def _shown(has_marks: Sequence[bool]) -> Sequence[int]:
    """Return which rows to show: all of few; of many those with marks and their neighbours."""
    count = len(has_marks)
    if count <= MOST_ROWS:
        return range(count)
    return [number for number in range(count) if any(has_marks[max(0, number - 1) : number + 2])]


def _marks(
    text: str, row: Span, next_row: int, places: Mapping[Span, Sequence[Diagnostic]]
) -> Iterator[_Mark]:
    """Yield the marks under a row; what is at its line end is marked behind its last column."""
    for place, findings in places.items():
        start, end = max(place.start, row.start), min(place.end, next_row)
        if start < end:
            begin = width(text[row.start : start])
            yield _Mark(begin, max(begin + 1, width(text[row.start : end].rstrip("\n"))), findings)


def _under(marks: Sequence[_Mark], *, named: bool) -> Iterator[Line]:
    """Yield lines of marks; those that would overlap another, or its name, come below."""
    rest = sorted(marks)
    while rest:
        line: list[str | tuple[str, str]] = []
        used = 0
        later = []
        for mark in rest:
            if mark.begin < used or (line and mark.begin == used):
                later.append(mark)
                continue
            codes = list(dict.fromkeys(each.code for each in mark.findings)) if named else []
            style = STYLES[min((each.severity for each in mark.findings), key=lambda s: s.rank)]
            label = " ".join(["^" * (mark.end - mark.begin), *codes])
            line += (" " * (mark.begin - used), (label, style))
            used = mark.begin + len(label)
        yield tuple(line)
        rest = later
