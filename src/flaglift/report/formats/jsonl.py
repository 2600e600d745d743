"""One finding a line, each an object of the JSON format's list."""

import json

from flaglift.report.record import FindingsReport


def render(report: FindingsReport) -> str:
    """Return the findings as lines of JSON."""
    records = (record.to_dict() for record in report.records)
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in records)
