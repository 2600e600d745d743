"""Findings of one prompt stand together, and copies of a prompt are shown once."""

from collections.abc import Iterable
from typing import NamedTuple

from flaglift.report.record import LocatedFinding


class PromptFindings(NamedTuple):
    """What is said of one prompt."""

    findings: list[LocatedFinding]
    """In order of place; just one if it is about no prompt."""
    copies: list[str]
    """Where the first of them is in each copy of the prompt."""


def grouped(records: Iterable[LocatedFinding]) -> list[PromptFindings]:
    """Return the records by prompt, in the order of their first records.

    Prompts are copies if just the same is said of both.
    """
    prompts: dict[object, list[LocatedFinding]] = {}
    for number, record in enumerate(records):
        prompt = (record.path, record.offset) if record.fingerprint else number
        prompts.setdefault(prompt, []).append(record)
    groups: dict[object, PromptFindings] = {}
    for number, findings in enumerate(prompts.values()):
        first = findings[0]
        said = tuple((each.finding.code, each.finding.message) for each in findings)
        key = (first.fingerprint, said) if first.fingerprint else number
        if key in groups:
            groups[key].copies.append(first.place)
        else:
            groups[key] = PromptFindings(findings, [])
    return list(groups.values())
