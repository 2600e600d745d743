"""Annotations of GitHub Actions, as workflow commands. Columns count code points."""

from flaglift.diagnostics import Severity
from flaglift.report.escaping import harmless
from flaglift.report.paths import as_text, relative
from flaglift.report.record import FindingsReport, LocatedFinding

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: FindingsReport) -> str:
    """Return one command for each finding, and for each file that could not be checked."""
    commands = [_command(record) for record in report.records]
    problems = [f"::error title=flaglift::{_text(problem)}" for problem in report.problems]
    notes = [f"::notice title=flaglift::{_text(note)}" for note in report.notes]
    return "".join(f"{line}\n" for line in (*commands, *problems, *notes))


def _command(record: LocatedFinding) -> str:
    start, end = record.region
    finding = record.finding
    values: dict[str, object] = {
        "title": f"flaglift {finding.code}",
        "file": relative(record.path),
        "line": start.line,
        "endLine": end.line,
    }
    if start.line == end.line:  # the columns of an annotation only apply within one line
        values |= {"col": start.column, "endColumn": end.column}
    named = ",".join(f"{name}={_value(str(value))}" for name, value in values.items())
    # The log shows only the message, so that has to include the place too.
    place = f"{as_text(record.path)}:{start.line}:{start.column}"
    message = f"{place}: {finding.code} {finding.rule}: {finding.message}"
    return f"::{_COMMANDS[finding.severity]} {named}::{_text(message)}"


def _text(text: str) -> str:
    return harmless(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _value(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")
