"""The input of every format: a finding with its place in a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from flaglift.diagnostics import Applicability, Diagnostic, Fix, Severity
from flaglift.lossless.spans import Edit, Span
from flaglift.report.paths import as_text
from flaglift.report.places import LineIndex, Point, Region

_MOST_COLUMNS = 100


class Frame(NamedTuple):
    """The prompt of a finding; for other findings, the surrounding text of the line."""

    text: str
    start: int
    """The first code point of the finding."""
    length: int
    holes: tuple[tuple[int, str], ...] = ()
    """The code points that represent unknown values, each with its source in the file."""


class Replacement(NamedTuple):
    """The new text that a fix puts in place of a region of the file."""

    region: Region
    content: str


@dataclass(frozen=True, slots=True)
class LocatedFinding:
    """One finding in one place of a file."""

    path: str
    region: Region
    finding: Diagnostic
    """Its positions, and those of its fix, are relative to the prompt, in code points."""
    frame: Frame
    offset: int = 0
    """The start of the prompt in the file, in code points."""
    replacements: tuple[Replacement, ...] = ()
    """The changes that the fix makes to the file; empty without a fix, or if not requested."""
    fingerprint: str = ""
    """That of the prompt; empty for findings that concern no prompt."""
    host: str = ""
    """The hosts that the prompt is nested in, the file's first: `markdown > bash`."""
    pointer: str = ""
    """A JSON pointer to the prompt, in structured hosts."""

    @property
    def place(self) -> str:
        """Its place, as `path:line:column`."""
        return f"{self.path}:{self.region.start.line}:{self.region.start.column}"

    def to_dict(self) -> dict[str, Any]:
        """Return the record as JSON-ready values; lines and columns are those of the file."""
        start, end = self.region
        return {
            "path": as_text(self.path),
            "line": start.line,
            "column": start.column,
            "end_line": end.line,
            "end_column": end.column,
            "offset": self.offset,
            "host": self.host,
            "pointer": self.pointer,
            "fingerprint": self.fingerprint,
            **self.finding.to_dict(),
        }


class FindingsReport(NamedTuple):
    """The result of a run, as input for the formats."""

    records: Sequence[LocatedFinding]
    """In order of file, place and code."""
    problems: Sequence[str]
    """One sentence for each file that could not be checked."""
    notes: Sequence[str] = ()
    """Things that were not checked and need not be."""


def _frame_of(lines: LineIndex, start: int, region: Region) -> Frame:
    """Return the part of a line around a region that starts at a byte of it."""
    # A code point takes at most four bytes; of a long line, no more is read than can be shown.
    before, behind = lines.around(start, 5 * _MOST_COLUMNS)
    line, at = before + behind, len(before)
    length = len(behind)
    if region.start.line == region.end.line:
        length = min(length, region.end.column - region.start.column)
    if len(line) <= _MOST_COLUMNS:
        return Frame(line, at, length)
    begin = max(0, min(at - _MOST_COLUMNS // 3, len(line) - _MOST_COLUMNS))
    cut = begin + _MOST_COLUMNS
    head, tail = "…" if begin else "", "…" if cut < len(line) else ""
    return Frame(f"{head}{line[begin:cut]}{tail}", at - begin + len(head), min(length, cut - at))


def record_at(
    path: str,
    lines: LineIndex,
    span: Span,
    finding: Diagnostic,
    frame: Frame | None = None,
    **more: Any,
) -> LocatedFinding:
    """Return a record of a finding on a range of bytes; it shows their line, or `frame`."""
    region = lines.region(span)
    frame = frame or _frame_of(lines, span.start, region)
    return LocatedFinding(path, region, finding, frame, **more)


def to_plain(record: LocatedFinding) -> list[Any]:
    """Return a record, without its path, as JSON values that `from_plain` reads."""
    finding = record.finding
    fix = finding.fix
    return [
        record.region,
        [finding.start, finding.end, finding.code, finding.rule, finding.message, finding.severity],
        fix and [fix.title, fix.applicability, fix.edits],
        record.frame,
        record.offset,
        record.replacements,
        record.fingerprint,
        record.host,
        record.pointer,
    ]


def from_plain(path: str, values: list[Any]) -> LocatedFinding:
    """Return the record for JSON values; raises `ValueError` or `TypeError` for other values."""
    region, finding, fix, frame, offset, replacements, *names = values
    begin, end, code, rule, message, severity = finding
    if fix:
        title, applicability, edits = fix
        fix = Fix(title, Applicability(applicability), tuple(Edit(*edit) for edit in edits))
    return LocatedFinding(
        path,
        _region(region),
        Diagnostic(begin, end, code, rule, message, Severity(severity), fix),
        _frame(*frame),
        offset,
        tuple(Replacement(_region(place), content) for place, content in replacements),
        *names,
    )


def _frame(text: str, start: int, length: int, holes: list[list[Any]]) -> Frame:
    return Frame(text, start, length, tuple((at, source) for at, source in holes))


def _region(values: list[list[int]]) -> Region:
    start, end = values
    return Region(Point(*start), Point(*end))
