"""Every example of every rule is true."""

from typing import Any

import pytest

from flaglift.api import fix, lint
from flaglift.context import Context
from flaglift.diagnostics import Applicability, Diagnostic
from flaglift.linting.engine import subjects_of
from flaglift.lossless.spans import apply_edits
from flaglift.rules import RULES, Rule
from flaglift.rules.base import Invalid, Valid
from flaglift.syntax import parse
from flaglift.syntax.block import FIELD_OF_KEY
from flaglift.syntax.flags import FIELD_FLAGS

VALID = [pytest.param(r, e, id=f"{r.code}-{e.why}") for r in RULES for e in r.VALID]
INVALID = [pytest.param(r, e, id=f"{r.code}-{e.why}") for r in RULES for e in r.INVALID]


def findings(rule: Rule, example: Valid | Invalid, text: str) -> list[Diagnostic]:
    found = lint(text, example.settings, example.context, example.suppressed)
    return [finding for finding in found if finding.code == rule.code]


@pytest.mark.parametrize(("rule", "example"), VALID)
def test_valid(rule: Rule, example: Valid) -> None:
    assert findings(rule, example, example.text) == []


@pytest.mark.parametrize(("rule", "example"), INVALID)
def test_invalid(rule: Rule, example: Invalid) -> None:
    found = findings(rule, example, example.text)
    assert found
    fix = found[0].fix
    if example.fixed is None:
        assert fix is None
        return
    assert fix is not None
    assert fix.applicability is example.applicability
    fixed = apply_edits(example.text, fix.edits)
    assert fixed == example.fixed
    assert len(findings(rule, example, fixed)) < len(found)


@pytest.mark.parametrize(("rule", "example"), INVALID)
def test_a_fix_that_is_shown_is_made(rule: Rule, example: Invalid) -> None:
    if example.fixed is not None and example.applicability is not Applicability.DISPLAY_ONLY:
        unsafe = example.applicability is Applicability.UNSAFE
        result = fix(example.text, example.settings, example.context, unsafe=unsafe)
        assert findings(rule, example, example.text)[0] not in result.unfixed


@pytest.mark.parametrize(("rule", "example"), VALID + INVALID)
@pytest.mark.no_cover
def test_the_fields_that_a_rule_looks_at_are_declared(
    rule: Rule, example: Valid | Invalid, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: set[str] = set()

    def get(context: Context, name: str, given: Any = Context.get) -> Any:
        asked.add(name)
        return given(context, name)

    def has(context: Context, *names: str, given: Any = Context.has) -> Any:
        asked.update(names)
        return given(context, *names)

    prompt = parse(example.text)
    subjects = subjects_of(example.text, prompt, example.settings, example.context)
    monkeypatch.setattr(Context, "get", get)
    monkeypatch.setattr(Context, "has", has)
    for subject in subjects if prompt.has(rule.trigger) else ():
        list(rule.check(subject))
    block = {FIELD_OF_KEY.get(setting.key, setting.key) for setting in prompt.settings}
    assert asked <= {*rule.request_fields, *FIELD_FLAGS, *block}


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.code) for rule in RULES])
def test_three_examples_of_each_kind_with_reasons(rule: Rule) -> None:
    assert len(rule.VALID) >= 3
    assert len(rule.INVALID) >= 3
    reasons = [e.why for e in rule.VALID] + [e.why for e in rule.INVALID]
    assert all(reasons)
    assert len(set(reasons)) == len(reasons)
