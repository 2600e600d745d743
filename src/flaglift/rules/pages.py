"""A rule's page, read from its class: the docstring's headings, and what its examples prove."""

import inspect
import re

from flaglift.rules.base import Rule

HEADINGS = ("What it does", "Why", "Example", "Use instead", "Fix safety", "Ground")
"""The headings of every rule's docstring, in order."""


def sections(rule: Rule) -> dict[str, str]:
    """Return the parts of a rule's docstring by heading.

    >>> from flaglift.rules import RULES
    >>> list(sections(RULES[0])) == list(HEADINGS)
    True
    """
    text = inspect.cleandoc(type(rule).__doc__ or "")
    parts = re.split(r"^(\S.*)$\n", text, flags=re.MULTILINE)[1:]
    return {
        heading: inspect.cleandoc("\n" + body).strip()
        for heading, body in zip(parts[::2], parts[1::2], strict=True)
    }


def fix_kind(rule: Rule) -> str:
    """Return how the rule's fixes may be applied, by its examples: `safe`, `unsafe` ... or ``."""
    kinds = {example.applicability.value for example in rule.INVALID if example.fixed is not None}
    return ", ".join(sorted(kinds))


def summary(rule: Rule) -> str:
    """Return the first sentence of what the rule does."""
    text = " ".join(sections(rule)["What it does"].split())
    return re.split(r"(?<=\.)\s", text, maxsplit=1)[0]
