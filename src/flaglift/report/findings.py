"""Findings as text: where, what, the line with a mark under it, and the fix."""

from dataclasses import dataclass
from typing import Any

from flaglift.diagnostics import Applicability, Diagnostic, Severity
from flaglift.report.positions import Positions
from flaglift.report.terminal import say
from flaglift.report.text import visible, width

_STYLES = {
    Severity.ERROR: "bold red",
    Severity.WARNING: "bold yellow",
    Severity.INFO: "bold blue",
}
_MOST_COLUMNS = 100


@dataclass(frozen=True)
class Source:
    """The text that a prompt stands in, and where."""

    name: str
    """What the user calls it: a path, or `prompt`."""
    positions: Positions
    offset: int = 0
    """Where the prompt begins, in code points."""


def print_finding(
    finding: Diagnostic, source: Source, *, frame: bool = True, error: bool = False
) -> None:
    """Print one finding, with the line it is about unless told otherwise."""
    line, column = source.positions.line_and_column(finding.start + source.offset)
    say(
        (f"{visible(source.name)}:{line}:{column}: ", "bold"),
        (finding.severity.value, _STYLES[finding.severity]),
        f" {finding.code} ",
        (finding.rule, "dim"),
        f": {visible(finding.message)}",
        error=error,
    )
    if not frame:
        return
    begin, text = source.positions.line(line)
    shown, before = _window(text, max(0, finding.start + source.offset - begin))
    marked = shown[before : before + finding.end - finding.start]
    mark = "^" * max(1, width(visible(marked)))
    # A finding may begin behind the line's text, at its end.
    indent = " " * (width(visible(shown[:before])) + max(0, before - len(shown)))
    say("  │ ", visible(shown), error=error)
    say("  │ ", indent, (mark, _STYLES[finding.severity]), error=error)
    if finding.fix:
        kind = finding.fix.applicability
        note = "" if kind is Applicability.SAFE else f" ({kind.value})"
        say("  = ", ("fix", "bold green"), f"{note}: {visible(finding.fix.title)}", error=error)


def as_dict(finding: Diagnostic, source: Source) -> dict[str, Any]:
    """Return a finding in a file as JSON-ready values.

    `start`, `end` and the fix's edits are code points of the prompt, `offset` is where the prompt
    begins in the file; lines and columns are those of the file, from 1.
    """
    line, column = source.positions.line_and_column(finding.start + source.offset)
    end_line, end_column = source.positions.line_and_column(finding.end + source.offset)
    place = {"line": line, "column": column, "end_line": end_line, "end_column": end_column}
    return {"path": source.name, **place, "offset": source.offset, **finding.to_dict()}


def _window(text: str, column: int) -> tuple[str, int]:
    """Cut a long line to what surrounds the finding; return it with the finding's column in it."""
    if len(text) <= _MOST_COLUMNS:
        return text, column
    begin = max(0, min(column - _MOST_COLUMNS // 3, len(text) - _MOST_COLUMNS))
    end = begin + _MOST_COLUMNS
    head, tail = "…" if begin else "", "…" if end < len(text) else ""
    return f"{head}{text[begin:end]}{tail}", column - begin + len(head)
