"""A page for each rule: its docstring, and its examples with what the rule says of them."""

import re
from collections.abc import Sequence

import flaglift
from flaglift.context import UNSTATED
from flaglift.diagnostics import Diagnostic
from flaglift.report.escaping import visible
from flaglift.rules import RULES, Rule
from flaglift.rules.base import Invalid, Valid
from flaglift.rules.pages import fix_kind, sections, summary
from generate.markdown import document, fenced, prose, table, toctree

_INTRODUCTION = """\
Each rule has a code and a name; settings and suppressions take either. `flaglift rule CODE` prints
a rule's page in the terminal.

A *safe* fix leaves the translated fields as they are; `--fix` applies it. An *unsafe* fix changes
them to what was probably meant; `--unsafe-fixes` applies it. A *display-only* fix is shown and
never applied."""


def pages() -> dict[str, str]:
    """Return the list of rules, and a page for each."""
    rows = [
        (
            f"[{r.code}]({r.code}.md)",
            f"`{r.name}`",
            r.severity,
            fix_kind(r) or "–",
            prose(summary(r)),
        )
        for r in RULES
    ]
    index = document(
        "# Rules",
        _INTRODUCTION,
        table(("code", "rule", "severity", "fix", "what it does"), rows),
        toctree(rule.code for rule in RULES),
    )
    return {"rules/index.md": index} | {f"rules/{r.code}.md": page(r) for r in RULES}


def page(rule: Rule) -> str:
    """Return the page of a rule."""
    parts = sections(rule)
    refusal = " A prompt with this finding is not translated." if rule.refuses else ""
    return document(
        f"# {rule.code} {rule.name}",
        f"Severity: **{rule.severity}**. Fix: **{fix_kind(rule) or 'none'}**.{refusal}",
        "## What it does",
        prose(parts["What it does"]),
        "## Why",
        prose(parts["Why"]),
        "## Example",
        fenced(_shown(parts["Example"])),
        "Use instead:",
        fenced(_shown(parts["Use instead"])),
        "## Fix safety",
        prose(parts["Fix safety"]),
        "## What is reported",
        *_messages(rule),
        "## What is not reported",
        *(_not_reported(example) for example in rule.VALID),
        "## Where this comes from",
        prose(parts["Ground"]),
    )


def _messages(rule: Rule) -> list[str]:
    """Return each message of a rule as a heading, with the examples that get it.

    The search weighs headings most, and people search for the message that they got.
    """
    alike: dict[str, list[str]] = {}
    for example in rule.INVALID:
        found = flaglift.lint(example.text, example.settings, example.context, example.suppressed)
        own = [finding for finding in found if finding.code == rule.code]
        message = _sentence(visible(own[0].message))
        block = alike.setdefault(_without_values(message), [f"### {prose(message)}"])
        block.append(_reported(example, own))
    return [document(*block).strip() for block in alike.values()]


def _without_values(message: str) -> str:
    """Return what messages have in common that tell of other values."""
    return re.sub(r"`[^`]*`|\d[\d.-]*", "", message)


def _reported(example: Invalid, own: Sequence[Diagnostic]) -> str:
    says = [
        f"- {finding.severity}: {prose(visible(finding.message))}"
        + (f" — {finding.fix.applicability} fix: {prose(finding.fix.title)}" if finding.fix else "")
        for finding in own
    ]
    after = () if example.fixed is None else ("After the fix:", fenced(_shown(example.fixed)))
    return document(
        _heading(example), fenced(_shown(example.text)), "\n".join(says), *after
    ).strip()


def _not_reported(example: Valid) -> str:
    return document(_heading(example), fenced(_shown(example.text))).strip()


def _heading(example: Valid | Invalid) -> str:
    """Return why an example is what it is, and what else has to be known to see it."""
    given = [
        f"`{name.replace('_', '-')} = {value}`"
        for name in flaglift.Settings.__dataclass_fields__
        if (value := getattr(example.settings, name)) != getattr(flaglift.Settings(), name)
    ]
    given += [
        f"some `{name}` in the request"
        if value is UNSTATED
        else f"`{name}={visible(str(value))}` in the request"
        for name, value in example.context.given.items()
    ]
    given += [f"`{code}` suppressed" for code in example.suppressed]
    why = prose(_sentence(example.why))
    return why + (f" (with {', '.join(given)})" if given else "") + ":"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _shown(text: str) -> str:
    """Return a prompt with visible characters for those that would not show; lines stay."""
    return "\n".join(visible(line) for line in text.replace("\r\n", "\n").split("\n")) or " "
