"""One finding per line, each an object as in the list of the JSON format."""

from flaglift.report.escaping import as_json
from flaglift.report.record import FindingsReport


def render(report: FindingsReport) -> str:
    """Return the findings as JSON lines."""
    records = (record.to_dict() for record in report.records)
    return "".join(as_json(each) + "\n" for each in records)
