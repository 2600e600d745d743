"""GitLab's code quality report. Columns count code points; each copy of a prompt is included.

GitLab treats issues with the same fingerprint as one issue, so the fingerprint of a copy includes
its file, and its number among the copies there; it is independent of line numbers.
"""

import json
from collections import Counter
from hashlib import sha256
from typing import Any

from flaglift.diagnostics import Severity
from flaglift.report.escaping import as_json
from flaglift.report.paths import relative
from flaglift.report.record import FindingsReport, LocatedFinding

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}


def render(report: FindingsReport) -> str:
    """Return the findings as a JSON list."""
    seen: Counter[tuple[str, ...]] = Counter()
    issues = []
    for record in report.records:
        finding = record.finding
        path = relative(record.path)
        key = (path, record.fingerprint, finding.code, finding.message)
        seen[key] += 1
        identity = json.dumps([*key, seen[key]])
        issues.append(_issue(record, path, sha256(identity.encode()).hexdigest()[:32]))
    return as_json(issues, 2) + "\n"


def _issue(record: LocatedFinding, path: str, fingerprint: str) -> dict[str, Any]:
    start, end = record.region
    finding = record.finding
    return {
        "type": "issue",
        "check_name": finding.code,
        "description": f"{finding.rule}: {finding.message}",
        "categories": ["Bug Risk" if finding.severity is Severity.ERROR else "Compatibility"],
        "severity": _SEVERITIES[finding.severity],
        "fingerprint": fingerprint,
        "location": {
            "path": path,
            "positions": {
                "begin": {"line": start.line, "column": start.column},
                "end": {"line": end.line, "column": end.column},
            },
        },
    }
