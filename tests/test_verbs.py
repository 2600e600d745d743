"""Choosing rules, suppressing findings, and applying fixes."""

import datetime

import pytest

from flaglift import (
    Applicability,
    CatalogError,
    ConfigError,
    Diagnostic,
    Edit,
    Fix,
    Settings,
    Severity,
    TranslationStatus,
)
from flaglift.api import fix, lint, lower, translate, translate_keyframes
from flaglift.emit.fields import Fields
from flaglift.linting.engine import find_rule, selected
from flaglift.linting.fixing import Assessment, fix_text
from flaglift.rules import RULES

SEVEN_SECONDS = "a cat --video --video_model kling25 --duration 7"


def codes(text: str, settings: Settings) -> list[str]:
    return [finding.code for finding in lint(text, settings)]


def test_a_rule_is_found_by_code_and_by_name() -> None:
    assert find_rule("FL402") is find_rule("duration-out-of-range")


@pytest.mark.parametrize(
    ("selector", "sentence"),
    [
        ("FL492", "there is no rule `FL492`; `flaglift rule` lists them"),
        ("duration-out-of-rage", "did you mean `duration-out-of-range`?"),
        ("", "there is no rule ``"),
    ],
)
def test_an_unknown_rule_is_an_error_that_names_the_close_one(selector: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match="there is no rule") as error:
        find_rule(selector)
    assert sentence in str(error.value)


def test_selectors_are_codes_beginnings_of_codes_and_names() -> None:
    assert selected(("FL402",), ()) == {"FL402"}
    assert selected(("FL4",), ("malformed-duration",)) == {"FL402", "FL403"}
    assert selected((), ("FL",)) == frozenset()
    assert selected((), ()) == {rule.code for rule in RULES}
    with pytest.raises(ConfigError, match="there is no rule `FL9x`"):
        selected((), ("FL9x",))


def test_only_selected_rules_report() -> None:
    assert codes(SEVEN_SECONDS, Settings(select=("FL4",))) == ["FL402"]
    assert "FL402" not in codes(SEVEN_SECONDS, Settings(ignore=("duration-out-of-range",)))


def test_suppressing_hides_a_finding_and_reports_what_hides_nothing() -> None:
    only_durations = Settings(select=("FL4",))
    assert lint(SEVEN_SECONDS, only_durations, suppressed=["FL402"]) == []
    found = lint("a cat", only_durations, suppressed=["duration-out-of-range"])
    assert [finding.rule for finding in found] == ["unused-suppression"]
    with pytest.raises(ConfigError, match="did you mean `repeated-flag`"):
        lint(SEVEN_SECONDS, suppressed=["repeated-flags"])


def test_the_edition_of_a_day_decides() -> None:
    text = "a cat --video --video_model seedance2_4k"
    newer = lint(text, Settings(edition=datetime.date(2026, 4, 29)))
    assert "model-newer-than-catalog" in {finding.rule for finding in newer}
    with pytest.raises(CatalogError, match="2025-03-25"):
        lint(text, Settings(edition=datetime.date(2024, 1, 1)))


def test_a_refused_prompt_says_why_even_if_the_rule_is_ignored() -> None:
    translation = translate('a 6" heel --video', Settings(ignore=("FL1",)))
    assert translation.status == "refused"
    assert [finding.code for finding in translation.diagnostics] == ["FL101"]


def test_strict_refuses_any_error() -> None:
    assert translate(SEVEN_SECONDS).status == "translated"
    strict = translate(SEVEN_SECONDS, Settings(strict=True, select=("FL1",)))
    assert strict.status == "refused"
    assert [finding.severity for finding in strict.diagnostics] == [Severity.ERROR]


def test_a_near_miss_alone_is_unchanged_and_reported() -> None:
    translation = translate("a cat \u2014video")
    assert translation.status == "unchanged"
    assert [finding.rule for finding in translation.diagnostics] == ["typographic-dash"]


def test_keyframes_are_translated_by_themselves_and_never_rewritten() -> None:
    frames = "a cat --video --video_model kling25 --duration 7\r\n---\r\na dog\nar=1:1"
    assert translate(frames).status == "refused"
    first, second = translate_keyframes(frames)
    assert first.fields.text == "a cat"
    assert first.fields.aspect_ratio == "1:1"
    assert second.status == "unchanged"
    assert fix(frames, unsafe=True).text == frames


def test_fixes_that_conflict_are_applied_one_after_the_other() -> None:
    result = fix("a cat --VIDEO-MODEL kling25 --video", unsafe=True)
    assert result.text == "a cat --video_model kling25 --video"
    assert {finding.code for finding in result.fixed} >= {"FL208", "FL209"}
    assert all(not f.fix or f.fix.applicability == "display-only" for f in result.remaining)


def test_a_fix_that_would_lose_a_translation_is_left_out() -> None:
    # With the dash made two hyphens the value would be gone; whatever is done, it still translates.
    text = "a cat --video --video_model kling25 --video_prompt \u2014video"
    result = fix(text, unsafe=True)
    assert translate(result.text).status == "translated"


def test_the_accepted_successor_is_what_the_fields_name() -> None:
    text = "a cat --video --video_model kling25_10s"
    assert translate(text).status == "refused"
    fields = translate(text, Settings(accept_successors=True)).fields
    assert (fields.video_model, fields.video_duration) == ("kling25", 10)
    other_length = translate(text + " --duration 5", Settings(accept_successors=True))
    assert other_length.status == "refused"


def test_lowering_writes_the_flags_in_front_of_a_bare_double_dash() -> None:
    fields = Fields(text="a cat -- asleep", video_model="kling25", video_prompt="it wakes")
    text = lower(fields)
    assert text == '--video --video_model kling25 --video_prompt "it wakes" a cat -- asleep'
    assert translate(text).fields == fields


def test_fixes_that_bring_each_other_back_come_to_an_end() -> None:
    def read(text: str) -> Assessment:
        fix = Fix("append", Applicability.UNSAFE, (Edit(len(text), len(text), "x"),))
        code = f"FL{len(text) % 2}"
        finding = Diagnostic(0, 0, code, "x", "x", Severity.WARNING, fix)
        return Assessment([finding], TranslationStatus.UNCHANGED, None, {})

    result = fix_text("", unsafe=True, read=read)
    assert (result.text, result.fixed) == ("", ())
