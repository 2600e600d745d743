"""The diagnostic format of reviewdog. Columns count bytes of UTF-8, as it requires."""

from typing import Any

from flaglift.diagnostics import Severity
from flaglift.documentation import rule_url
from flaglift.report.escaping import as_json
from flaglift.report.paths import relative
from flaglift.report.places import Point, Region
from flaglift.report.record import FindingsReport, LocatedFinding

_SEVERITIES = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.INFO: "INFO"}


def render(report: FindingsReport) -> str:
    """Return the findings as one JSON document."""
    document = {
        "source": {"name": "flaglift"},
        "diagnostics": [_diagnostic(record) for record in report.records],
    }
    return as_json(document, 2) + "\n"


def _diagnostic(record: LocatedFinding) -> dict[str, Any]:
    finding = record.finding
    return {
        "message": f"{finding.rule}: {finding.message}",
        "location": {"path": relative(record.path), "range": _range(record.region)},
        "severity": _SEVERITIES[finding.severity],
        "code": {"value": finding.code, "url": rule_url(finding.code)},
        "suggestions": [
            {"range": _range(region), "text": content} for region, content in record.replacements
        ],
    }


def _range(region: Region) -> dict[str, Any]:
    return {"start": _position(region.start), "end": _position(region.end)}


def _position(point: Point) -> dict[str, int]:
    return {"line": point.line, "column": point.utf8}
