"""For people and editors: one line per finding. Columns count code points."""

from collections.abc import Iterator

from flaglift.documentation import rule_link
from flaglift.report.record import FindingsReport, LocatedFinding
from flaglift.report.text import STYLES, Line, plain


def render(report: FindingsReport) -> str:
    """Return the findings as text without colours."""
    return plain(lines(report))


def lines(report: FindingsReport, columns: int | None = None) -> Iterator[Line]:  # noqa: ARG001
    """Yield the lines as styled pieces; editors parse them, so none is wrapped or cut."""
    return map(head, report.records)


def head(record: LocatedFinding) -> Line:
    """Return the place and the message of a finding."""
    finding = record.finding
    return (
        (f"{record.place}: ", "bold"),
        (finding.severity.value, STYLES[finding.severity]),
        " ",
        (finding.code, f"link {rule_link(finding.code)}"),
        " ",
        (finding.rule, "dim"),
        f": {finding.message}",
    )
