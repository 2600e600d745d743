"""Groups the findings of each prompt, and shows copies of a prompt only once."""

from collections.abc import Iterable
from typing import NamedTuple

from flaglift.report.record import LocatedFinding


class PromptFindings(NamedTuple):
    """The findings of one prompt."""

    findings: list[LocatedFinding]
    """In order of place; just one if it concerns no prompt."""
    copies: list[str]
    """The place of the first finding in each copy of the prompt."""


def grouped(records: Iterable[LocatedFinding]) -> list[PromptFindings]:
    """Return the records grouped by prompt, in the order of their first records.

    Prompts are copies if their findings are exactly the same.
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
