"""One finding per line, each an object as in the list of the JSON format."""

import json

from flaglift.report.record import FindingsReport


def render(report: FindingsReport) -> str:
    """Return the findings as JSON lines."""
    records = (record.to_dict() for record in report.records)
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in records)
