"""A list of findings. Columns count code points; each copy of a prompt is included."""

from flaglift.report.escaping import as_json
from flaglift.report.record import FindingsReport


def render(report: FindingsReport) -> str:
    """Return the findings as a JSON list."""
    records = [record.to_dict() for record in report.records]
    return as_json(records, 2) + "\n"
