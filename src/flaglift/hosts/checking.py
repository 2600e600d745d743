"""Lints and fixes the prompts of a file."""

from typing import NamedTuple

from flaglift.api import fix, lint
from flaglift.config import Settings
from flaglift.diagnostics import Diagnostic
from flaglift.hosts.text import Form, prompts, rewrite


class Finding(NamedTuple):
    """A finding and where its prompt begins in the file, in code points."""

    offset: int
    diagnostic: Diagnostic


def lint_file(text: str, form: Form, settings: Settings) -> list[Finding]:
    """Return the findings of all prompts in a file, in order."""
    return [
        Finding(prompt.start, diagnostic)
        for prompt in prompts(text, form)
        for diagnostic in lint(prompt.text, settings)
    ]


class Fixed(NamedTuple):
    """A file's text after fixing, and how many of its prompts are others now."""

    text: str
    changed: int


def fix_file(text: str, form: Form, settings: Settings, *, unsafe: bool) -> Fixed:
    """Return the file with the prompts fixed; nothing else in it moves."""
    new = rewrite(text, form, lambda prompt: fix(prompt, settings, unsafe=unsafe).text)
    pairs = zip(prompts(text, form), prompts(new, form), strict=True)
    return Fixed(new, sum(before.text != after.text for before, after in pairs))
