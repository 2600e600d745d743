"""SARIF 2.1.0. Columns count UTF-16 code units, as the run's `columnKind` says.

Each copy of a prompt is a separate result: several locations of one result would mean a single
problem. The copies share a fingerprint. Findings suppressed by a comment or the configuration are
left out: most readers would show them anyway.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from importlib.metadata import version
from typing import Any

from flaglift.diagnostics import Severity
from flaglift.documentation import rule_url
from flaglift.report.escaping import as_json
from flaglift.report.paths import as_text, uri
from flaglift.report.places import Region
from flaglift.report.record import FindingsReport, LocatedFinding
from flaglift.rules import RULES
from flaglift.rules.base import Rule
from flaglift.rules.pages import sections, summary

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}

MOST = 25_000
"""The most results per run that GitHub accepts; with more, it rejects the whole file."""

_INDEX = {rule.code: number for number, rule in enumerate(RULES)}


def render(report: FindingsReport) -> str:
    """Return the findings as a SARIF log."""
    results, notes = [*_results(report.records)], list(report.notes)
    if len(results) > MOST:
        notes.append(
            f"{len(results) - MOST} of {len(results)} findings are not in this file, the least"
            f" severe ones: GitHub takes {MOST}; check fewer files at once, or fix some first"
        )
        results = _worst(results)
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
                    {"level": level, "message": {"text": as_text(text)}}
                    for level, texts in (("error", report.problems), ("note", notes))
                    for text in texts
                ],
            }
        ],
        "results": results,
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return as_json(log, 2) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    page = "\n\n".join(f"{heading}\n{text}" for heading, text in sections(rule).items())
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": summary(rule)},
        "help": {"text": page},
        "helpUri": rule_url(rule.code),
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _results(records: Iterable[LocatedFinding]) -> Iterator[dict[str, Any]]:
    seen: Counter[tuple[str, str]] = Counter()
    for record in records:
        file = uri(record.path)  # a file may be named in several ways
        identity = _identity(record)
        seen[file, identity] += 1
        yield _result(record, f"{identity}:{seen[file, identity]}")


def _worst(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return as many results as allowed, the most severe ones, in their original order."""
    levels = [*_LEVELS.values()]
    by_severity = sorted(range(len(results)), key=lambda i: levels.index(results[i]["level"]))
    return [results[i] for i in sorted(by_severity[:MOST])]


def _result(record: LocatedFinding, place: str) -> dict[str, Any]:
    finding = record.finding
    prints = {"primaryLocationLineHash": place}
    if record.fingerprint:
        prints["flagliftPrompt/v1"] = record.fingerprint
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": _INDEX[finding.code],
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.rule}: {finding.message}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": _file(record.path),
                    "region": _region(record.region),
                }
            }
        ],
        "partialFingerprints": prints,
    }
    if finding.fix and record.replacements:
        result["fixes"] = [_fix(finding.fix.title, record)]
    return result


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


def _identity(record: LocatedFinding) -> str:
    """Return an identity that survives line changes, and moving or re-quoting the prompt.

    A finding that concerns no prompt is identified by its file and message.
    """
    finding = record.finding
    about = record.fingerprint or uri(record.path)
    return sha256(json.dumps([about, finding.code, finding.message]).encode()).hexdigest()[:32]


def _fix(title: str, record: LocatedFinding) -> dict[str, Any]:
    return {
        "description": {"text": title},
        "artifactChanges": [
            {
                "artifactLocation": _file(record.path),
                "replacements": [
                    {"deletedRegion": _region(region), "insertedContent": {"text": content}}
                    for region, content in record.replacements
                ],
            }
        ],
    }
