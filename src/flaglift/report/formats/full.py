"""For people: each prompt once, with its findings marked below it, and the fixed text."""

from collections.abc import Iterator, Sequence

from flaglift.diagnostics import Applicability, Severity
from flaglift.documentation import rule_link
from flaglift.lossless.spans import Edit, conflicting
from flaglift.report.escaping import visible
from flaglift.report.grouping import grouped
from flaglift.report.marking import MOST_ROWS, edited, marked
from flaglift.report.record import FindingsReport, LocatedFinding
from flaglift.report.text import STYLES, Line, plain
from flaglift.report.wrapping import folded

_MOST_PLACES = 3
_WIDE = 100
"""Columns for a prompt if the terminal's width is unknown."""
_NARROW = 30
"""The fewest columns to use, even on a narrower terminal."""


def render(report: FindingsReport) -> str:
    """Return the findings as text without colours."""
    return plain(lines(report))


def lines(report: FindingsReport, columns: int | None = None) -> Iterator[Line]:
    """Yield the lines as styled pieces.

    `columns` is the width of the terminal. If it is None, messages are not wrapped.
    """
    for number, prompt in enumerate(grouped(report.records)):
        if number:
            yield ()
        yield from view(prompt.findings, columns)
        if prompt.copies:
            shown = ", ".join(visible(place) for place in prompt.copies[:_MOST_PLACES])
            rest = len(prompt.copies) - _MOST_PLACES
            more = f" and {rest} more" if rest > 0 else ""
            also = ("  = ", ("also", "bold"), f": the same prompt at {shown}{more}")
            yield from folded(also, columns, 4)


def view(findings: Sequence[LocatedFinding], columns: int | None = None) -> Iterator[Line]:
    """Yield the lines for one prompt, or for one finding that concerns no prompt.

    The place shown above them is that of the most severe finding.
    """
    if columns is not None:
        columns = max(columns, _NARROW)
    worst_first = sorted(findings, key=lambda record: record.finding.severity.rank)
    yield ((visible(worst_first[0].place), "bold"),)
    yield from marked(findings, columns or _WIDE)
    for record in worst_first:
        yield from folded(_message(record), columns, 4)
        fix = record.finding.fix
        if fix:
            kind = fix.applicability
            note = "" if kind is Applicability.SAFE else f" ({kind.value})"
            said = ("    = ", ("fix", "bold green"), f"{note}: {visible(fix.title)}")
            yield from folded(said, columns, 6)
    yield from _fixed(findings, columns)


def _message(record: LocatedFinding) -> Line:
    finding = record.finding
    start = record.region.start
    quiet = finding.severity is Severity.INFO
    message = f": {visible(finding.message)}"
    return (
        (f"  {start.line}:{start.column} ", "dim"),
        (finding.severity.value, STYLES[finding.severity]),
        " ",
        (finding.code, f"{'dim ' if quiet else ''}link {rule_link(finding.code)}"),
        " ",
        (finding.rule, "dim"),
        (message, "dim") if quiet else message,
    )


def _fixed(findings: Sequence[LocatedFinding], columns: int | None) -> Iterator[Line]:
    """Yield the text after all of the fixes, unless it is long."""
    edits: list[Edit] = []
    for record in findings:
        fix = record.finding.fix
        if fix and fix.applicability is not Applicability.DISPLAY_ONLY:
            more = [*edits, *fix.edits]
            edits = edits if conflicting(more) else more
    if edits:
        text = edited(findings[0].frame, edits).split("\n")
        said: list[Line] = [("  = ", ("text", "bold green"), f": {text[0]}")]
        said += [("    ", line) for line in text[1:]]
        folds = [row for line in said for row in folded(line, columns or _WIDE, 4)]
        if len(folds) <= MOST_ROWS:
            yield from folds
