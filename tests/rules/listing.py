"""All that is said of every example of every rule, as text that a review of a change can read.

    python tests/rules/listing.py

writes `findings.txt` anew, which `test_listing.py` compares.
"""

from collections.abc import Iterator
from pathlib import Path

from flaglift.api import lint
from flaglift.diagnostics import Diagnostic
from flaglift.lossless.spans import apply_edits
from flaglift.rules import RULES, Rule
from flaglift.rules.base import Invalid, Valid

LISTING = Path(__file__).with_name("findings.txt")


def listing() -> str:
    """Return the findings of all rules in all examples: places, severities, messages, fixes."""
    lines = [
        line
        for rule in RULES
        for example in _examples(rule)
        for line in ["", f"{rule.code} {example.why}", *_lines(example)]
    ]
    return "\n".join(lines[1:]) + "\n"


def _examples(rule: Rule) -> list[Valid | Invalid]:
    return [*rule.INVALID, *rule.VALID]


def _lines(example: Valid | Invalid) -> Iterator[str]:
    yield f"    {example.text!r}"
    for finding in lint(example.text, example.settings, example.context, example.suppressed):
        yield from _finding(example.text, finding)


def _finding(text: str, finding: Diagnostic) -> Iterator[str]:
    refuses = ", refuses" if finding.refuses else ""
    yield (
        f"  {finding.code} {finding.severity}{refuses} {finding.start}-{finding.end}"
        f" {finding.span.of(text)!r}: {finding.message}"
    )
    if finding.fix:
        fixed = apply_edits(text, finding.fix.edits)
        yield f"    {finding.fix.applicability}, {finding.fix.title}: {fixed!r}"


if __name__ == "__main__":
    LISTING.write_text(listing(), encoding="utf-8")
