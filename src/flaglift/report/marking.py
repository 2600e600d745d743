"""A prompt in rows, with marks under the places of its findings."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from flaglift.diagnostics import Diagnostic
from flaglift.lossless.spans import Edit, Span
from flaglift.report.escaping import visible
from flaglift.report.record import Frame, LocatedFinding
from flaglift.report.text import STYLES, Line, width
from flaglift.report.wrapping import rows

MOST_ROWS = 12
"""The most rows to show; of a longer prompt, those around its marks."""

_LEFT_OUT: Line = ("  ⋮",)
_EDGE = "  │ "
_NAME = len(" FL000")


class _Mark(NamedTuple):
    begin: int
    """Its first column."""
    end: int
    findings: Sequence[Diagnostic]
    """The findings on exactly this place."""


def marked(findings: Sequence[LocatedFinding], columns: int) -> Iterator[Line]:
    """Yield the rows of a prompt, `columns` wide, each followed by its marks.

    If there are several findings, each mark is followed by their codes.
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
    """Return the displayed text of each code point; for a hole, its source."""
    cells = _visible(frame.text)
    for position, source in frame.holes:
        cells[position] = visible(source)
    return cells


def edited(frame: Frame, edits: Sequence[Edit]) -> str:
    """Return the displayed text after edits that do not overlap."""
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
    """Return the rows to show: all if they are few; otherwise those near marks."""
    count = len(has_marks)
    if count <= MOST_ROWS:
        return range(count)
    return [number for number in range(count) if any(has_marks[max(0, number - 1) : number + 2])]


def _marks(
    text: str, row: Span, next_row: int, places: Mapping[Span, Sequence[Diagnostic]]
) -> Iterator[_Mark]:
    """Yield the marks under a row; a mark at its line end comes after its last column."""
    for place, findings in places.items():
        start, end = max(place.start, row.start), min(place.end, next_row)
        if start < end:
            begin = width(text[row.start : start])
            yield _Mark(begin, max(begin + 1, width(text[row.start : end].rstrip("\n"))), findings)


def _under(marks: Sequence[_Mark], *, named: bool) -> Iterator[Line]:
    """Yield lines of marks; those that would overlap others, or their codes, go further down."""
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
