"""Rules and their pages, as text and as JSON-ready values."""

from collections.abc import Sequence
from textwrap import wrap
from typing import Any

from flaglift.report.terminal import say
from flaglift.rules.base import Rule
from flaglift.rules.pages import fix_kind, sections, summary


def as_dict(rule: Rule) -> dict[str, Any]:
    """Return a rule as JSON-ready values."""
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity.value,
        "refuses": rule.refuses,
        "fix": fix_kind(rule) or None,
        "page": sections(rule),
    }


def print_rules(rules: Sequence[Rule]) -> None:
    """Print the rules, each followed by its summary, in lines that fit any terminal."""
    for rule in rules:
        kind = fix_kind(rule)
        note = f"  ({rule.severity}{f', fix: {kind}' if kind else ''})"
        say((f"{rule.code}  {rule.name}", "bold"), note)
        for line in wrap(summary(rule).replace("`", ""), 72):
            say(" " * 7, line)


def print_page(rule: Rule) -> None:
    """Print a rule's page."""
    say((f"{rule.code} {rule.name}", "bold"), f"  ({rule.severity.value})")
    for heading, body in sections(rule).items():
        say()
        say((heading, "bold"))
        for line in body.splitlines():
            say(f"  {line}")
