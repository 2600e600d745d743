"""Chooses the rules for a prompt and runs them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

from flaglift.catalog import Catalog, load_catalog
from flaglift.context import Context
from flaglift.diagnostics import PLACE, Applicability, Diagnostic, Fix
from flaglift.errors import ConfigError
from flaglift.rules import RULES, UNUSED_SUPPRESSION, Rule
from flaglift.rules.subject import Subject
from flaglift.settings import Settings
from flaglift.spelling import nearest
from flaglift.syntax import Feature, Prompt, parse
from flaglift.syntax.block import read_block
from flaglift.syntax.flags import FIELD_FLAGS


def find_rule(selector: str) -> Rule:
    """Return the rule with a code or a name.

    Raises `ConfigError` for any other word, and suggests the closest one.
    """
    for rule in RULES:
        if selector in (rule.code, rule.name):
            return rule
    raise _unknown_rule(selector)


@lru_cache(maxsize=64)
def selected(select: tuple[str, ...], ignore: tuple[str, ...]) -> frozenset[str]:
    """Return the codes of the rules to report: the selected ones, less the ignored ones.

    A selector is a code, a name, or a prefix of codes such as `FL4`. Raises `ConfigError` for a
    selector that matches no rule.
    """
    wanted = {code for selector in select for code in _codes(selector)}
    unwanted = {code for selector in ignore for code in _codes(selector)}
    return frozenset((wanted or {rule.code for rule in RULES}) - unwanted)


def _codes(selector: str) -> list[str]:
    codes = [
        rule.code
        for rule in RULES
        if rule.name == selector or (selector[:2] == "FL" and rule.code.startswith(selector))
    ]
    if not codes:
        raise _unknown_rule(selector)
    return codes


def _unknown_rule(selector: str) -> ConfigError:
    known = [word for rule in RULES for word in (rule.code, rule.name)]
    close = nearest(selector, known)
    hint = f"did you mean `{close}`?" if close else "`flaglift rule` lists them"
    return ConfigError(f"there is no rule `{selector}`; {hint}")


def fields_beside(text: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return those of the fields next to a text that matter to the rules.

    Unless the text may have a settings block, fields such as a seed do not matter. They differ from
    prompt to prompt, and would prevent one prompt's result from being reused for others.
    """
    if not given or ("\n" in text and "=" in text):
        return given
    return {name: value for name, value in given.items() if name in _fields_of_rules()}


@cache
def _fields_of_rules() -> frozenset[str]:
    """Return the fields that rules check whatever the text."""
    return frozenset((*FIELD_FLAGS, *(name for rule in RULES for name in rule.request_fields)))


def _rules_for(subject: Subject) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    return triggered(subject.prompt.features, holds_anything(subject.request))


def holds_anything(request: Context) -> bool:
    """Return whether a request is known to contain any field besides the text."""
    return bool(request.given) and request.has(*request.given) is True


@lru_cache(maxsize=4096)
def triggered(features: int, requested: bool) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    """Return the rules for a prompt with these features: those per segment, and those per prompt.

    `requested` is whether the request is known to contain anything besides the text.
    """
    if not features & Feature.CONCERNED.value:
        return (), ()
    known = requested or bool(features & Feature.SETTING.value)
    rules = [r for r in RULES if r.trigger.value & features and (known or not r.needs_request)]
    return tuple(r for r in rules if not r.once), tuple(r for r in rules if r.once)


def subjects_of(
    text: str,
    prompt: Prompt,
    settings: Settings,
    context: Context,
    catalog: Catalog | None = None,
) -> tuple[Subject, ...]:
    """Return the subjects of the rules: one for each segment of the prompt.

    The catalog is the one that the settings name, unless it is given. Raises `ConfigError` or
    `CatalogError` if the settings name no usable one.
    """
    catalog = catalog or load_catalog(settings.edition, settings.overlay)
    block, lines = read_block(prompt)
    return tuple(
        Subject(text, prompt, segment, catalog, settings, context, block, lines)
        for segment in prompt.segments
    )


def diagnose(subjects: Sequence[Subject]) -> list[Diagnostic]:
    """Return the findings of all rules on a prompt, selected or not, by place and code."""
    each, once = _rules_for(subjects[0])
    findings = [finding for subject in subjects for rule in each for finding in rule.check(subject)]
    for rule in once:
        findings += rule.check(subjects[0])
    if len(subjects) > 1:  # fixes may not change keyframes (5.3): they are only shown
        findings = [_display_only(finding) for finding in findings]
    findings.sort(key=PLACE)
    return findings


def _display_only(finding: Diagnostic) -> Diagnostic:
    fix = finding.fix
    if fix is None or fix.applicability is Applicability.DISPLAY_ONLY:
        return finding
    return replace(finding, fix=Fix(fix.title, Applicability.DISPLAY_ONLY, fix.edits))


@dataclass(frozen=True, slots=True)
class Examination:
    """A parsed prompt with the findings of all rules."""

    prompt: Prompt
    subjects: tuple[Subject, ...]
    """One for each segment."""
    diagnostics: list[Diagnostic]
    """The findings of all rules, selected or not, by place and code."""


def examine(
    text: str,
    settings: Settings,
    context: Context,
    catalog: Catalog | None = None,
    prompt: Prompt | None = None,
) -> Examination:
    """Run the rules on a prompt, parsed here unless it is given. Raises as `subjects_of` does."""
    prompt = prompt or parse(text)
    subjects = subjects_of(text, prompt, settings, context, catalog)
    return Examination(prompt, subjects, diagnose(subjects))


def diagnose_segment(subject: Subject) -> list[Diagnostic]:
    """Return the findings of all rules on a single keyframe."""
    each, _ = _rules_for(subject)
    return sorted((finding for rule in each for finding in rule.check(subject)), key=PLACE)


def reported(diagnostics: Iterable[Diagnostic], settings: Settings) -> list[Diagnostic]:
    """Return the findings of the selected rules."""
    if not settings.select and not settings.ignore:
        return list(diagnostics)
    codes = selected(settings.select, settings.ignore)
    return [finding for finding in diagnostics if finding.code in codes]


def suppress(
    diagnostics: Iterable[Diagnostic], suppressed: Collection[str], subject: Subject
) -> list[Diagnostic]:
    """Remove the findings of rules that the host suppresses, by code or name.

    A suppression without effect is itself a finding. Raises `ConfigError` for an unknown rule.
    """
    codes = {find_rule(selector).code for selector in suppressed}
    findings = list(diagnostics)
    unused = sorted(codes - {finding.code for finding in findings})
    kept = [finding for finding in findings if finding.code not in codes]
    kept += UNUSED_SUPPRESSION.check(replace(subject, unused_suppressions=tuple(unused)))
    return sorted(kept)
