"""For people: each finding with its line and its fix; copies of a prompt are one finding."""

from collections.abc import Iterator

from flaglift.diagnostics import Applicability
from flaglift.report.formats.concise import head
from flaglift.report.grouping import grouped
from flaglift.report.record import FindingsReport, LocatedFinding
from flaglift.report.text import STYLES, Line, plain, visible, width

_MOST_PLACES = 3


def render(report: FindingsReport) -> str:
    """Return the findings as text without colours."""
    return plain(lines(report))


def lines(report: FindingsReport) -> Iterator[Line]:
    """Yield the lines, each made of pieces with their styles."""
    for first, *copies in grouped(report.records):
        yield head(first)
        yield from details(first)
        if copies:
            shown = ", ".join(visible(copy.place) for copy in copies[:_MOST_PLACES])
            rest = len(copies) - _MOST_PLACES
            more = f" and {rest} more" if rest > 0 else ""
            yield ("  = ", ("also", "bold"), f": the same prompt at {shown}{more}")


def details(record: LocatedFinding) -> Iterator[Line]:
    """Yield the line that a finding is about, with a mark under it, and the fix."""
    text, start, length = record.frame
    shown = visible(text)
    mark = "^" * max(1, width(shown[start : start + length]))
    yield ("  │ ", shown)
    yield ("  │ ", " " * width(shown[:start]), (mark, STYLES[record.finding.severity]))
    fix = record.finding.fix
    if fix:
        kind = fix.applicability
        note = "" if kind is Applicability.SAFE else f" ({kind.value})"
        yield ("  = ", ("fix", "bold green"), f"{note}: {fix.title}")
