"""SARIF 2.1.0. Columns count UTF-16 code units, as the run's `columnKind` says.

Copies of a prompt are one result with many locations, and one fix for all of them. Findings that a
comment or the configuration suppresses are not there: most readers would show them all the same.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from hashlib import sha256
from importlib.metadata import version
from typing import Any

from flaglift.diagnostics import Severity
from flaglift.report.grouping import grouped
from flaglift.report.paths import uri
from flaglift.report.places import Region
from flaglift.report.record import FindingsReport, LocatedFinding
from flaglift.rules import RULES
from flaglift.rules.base import Rule
from flaglift.rules.pages import sections, summary

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render(report: FindingsReport) -> str:
    """Return the findings as a SARIF log."""
    run = {
        "tool": {
            "driver": {
                "name": "flaglift",
                "version": version("flaglift"),
                "rules": [_rule(rule) for rule in RULES],
            }
        },
        "columnKind": "utf16CodeUnits",
        "invocations": [
            {
                "executionSuccessful": not report.problems,
                "toolExecutionNotifications": [
                    {"level": level, "message": {"text": text}}
                    for level, texts in (("error", report.problems), ("note", report.notes))
                    for text in texts
                ],
            }
        ],
        "results": [_result(records) for records in grouped(report.records)],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, ensure_ascii=False, indent=2) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    page = "\n\n".join(f"{heading}\n{text}" for heading, text in sections(rule).items())
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": summary(rule)},
        "help": {"text": page},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(records: Sequence[LocatedFinding]) -> dict[str, Any]:
    first = records[0]
    finding = first.finding
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": next(i for i, rule in enumerate(RULES) if rule.code == finding.code),
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.rule}: {finding.message}"},
        "locations": [{"physicalLocation": _place(record)} for record in records],
        "partialFingerprints": _fingerprints(first),
    }
    if finding.fix and any(record.replacements for record in records):
        result["fixes"] = [_fix(finding.fix.title, records)]
    return result


def _place(record: LocatedFinding) -> dict[str, Any]:
    return {"artifactLocation": _file(record.path), "region": _region(record.region)}


def _file(path: str) -> dict[str, str]:
    location = uri(path)
    return {"uri": location} | ({} if ":" in location else {"uriBaseId": "%SRCROOT%"})


def _region(region: Region) -> dict[str, int]:
    start, end = region
    return {
        "startLine": start.line,
        "startColumn": start.utf16,
        "endLine": end.line,
        "endColumn": end.utf16,
    }


def _fingerprints(record: LocatedFinding) -> dict[str, str]:
    """Return what stays the same when lines come and go, and when a prompt moves or is re-quoted.

    A finding that is about no prompt is known by its file and what it says.
    """
    finding = record.finding
    about = record.fingerprint or record.path
    identity = sha256(json.dumps([about, finding.code, finding.message]).encode()).hexdigest()[:32]
    prints = {"primaryLocationLineHash": f"{identity}:1"}
    return prints | ({"flagliftPrompt/v1": record.fingerprint} if record.fingerprint else {})


def _fix(title: str, records: Sequence[LocatedFinding]) -> dict[str, Any]:
    files: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in records:
        files[record.path] += [
            {"deletedRegion": _region(region), "insertedContent": {"text": content}}
            for region, content in record.replacements
        ]
    return {
        "description": {"text": title},
        "artifactChanges": [
            {"artifactLocation": _file(path), "replacements": replacements}
            for path, replacements in files.items()
            if replacements
        ],
    }
