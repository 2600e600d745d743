"""Which rules run on a prompt, what of their findings is reported, and in which order."""

import datetime
from pathlib import Path

import pytest

from flaglift import ConfigError, Context, Settings
from flaglift.catalog import load_catalog
from flaglift.diagnostics import Applicability, Diagnostic
from flaglift.linting.engine import (
    diagnose_segment,
    examine,
    fields_beside,
    find_rule,
    holds_anything,
    reported,
    selected,
    subjects_of,
    suppress,
)
from flaglift.linting.fixing import fix_prompt
from flaglift.rules import RULES
from flaglift.syntax import parse

TEXT = "a cat --video --video_model kling25 --duration 7"
CODES = ["FL001", "FL601", "FL402"]


def codes(found: list[Diagnostic]) -> list[str]:
    return [each.code for each in found]


def test_a_rule_has_a_code_and_a_name() -> None:
    for rule in RULES:
        assert find_rule(rule.code) is find_rule(rule.name) is rule


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("FL4022", "did you mean `FL402`?"),
        ("legacy-syntx", "did you mean `legacy-syntax`?"),
        ("xyz", "`flaglift rule` lists them"),
    ],
)
def test_a_rule_that_is_not_there(word: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        find_rule(word)
    assert str(caught.value) == f"there is no rule `{word}`; {hint}"


def test_what_selects_no_rule() -> None:
    with pytest.raises(ConfigError, match="there is no rule `legacy`;"):
        selected(("legacy",), ())
    with pytest.raises(ConfigError, match="there is no rule `4`;"):
        selected((), ("4",))


def test_what_is_selected() -> None:
    every = {rule.code for rule in RULES}
    assert selected((), ()) == every
    assert selected(("legacy-syntax",), ()) == {"FL001"}
    assert selected(("FL402", "FL001"), ()) == {"FL001", "FL402"}
    assert selected(("FL4",), ()) == {code for code in every if code.startswith("FL4")}
    assert selected(("FL4",), ("FL402",)) == selected(("FL4",), ()) - {"FL402"}
    assert selected((), ("FL4",)) == every - selected(("FL4",), ())


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        (Settings(), CODES),
        (Settings(select=("FL4", "FL001")), ["FL001", "FL402"]),
        (Settings(ignore=("FL4",)), ["FL001", "FL601"]),
        (Settings(select=("FL4", "FL6"), ignore=("FL402",)), ["FL601"]),
    ],
)
def test_what_is_reported(settings: Settings, left: list[str]) -> None:
    examined = examine(TEXT, settings, Context())
    assert codes(examined.diagnostics) == CODES
    assert codes(reported(examined.diagnostics, settings)) == left


def test_a_host_suppresses_rules_and_hears_of_what_it_need_not() -> None:
    examined = examine(TEXT, Settings(), Context())
    [subject] = examined.subjects
    found = examined.diagnostics
    assert codes(suppress(found, [], subject)) == CODES
    assert codes(suppress(found, ["FL402", "legacy-syntax"], subject)) == ["FL601"]
    left = suppress(found, ["FL402", "FL503", "FL101"], subject)
    assert left == sorted(left)
    assert set(codes(left)) - {"FL001", "FL601"} == {find_rule("unused-suppression").code}
    said = " ".join(each.message for each in left)
    assert "FL503" in said
    assert "FL101" in said
    assert "FL402" not in said
    with pytest.raises(ConfigError, match="there is no rule `nobodys`"):
        suppress(found, ["nobodys"], subject)


def test_the_fields_beside_a_text_that_matter() -> None:
    given = {"video_model": "kling25", "seed": 5, "video_audio": True}
    mattering = {"video_model": "kling25", "video_audio": True}
    assert fields_beside("a cat", given) == mattering
    assert fields_beside("a = cat", given) == mattering
    assert fields_beside("a\ncat", given) == mattering
    assert fields_beside("a cat\nseed=5", given) == given
    assert fields_beside("a cat\nseed=5", {}) == {}


def test_what_a_request_is_known_to_hold() -> None:
    assert holds_anything(Context({"seed": 5}))
    assert holds_anything(Context({"seed": 5}, complete=True))
    assert not holds_anything(Context())
    assert not holds_anything(Context({"seed": ""}))
    assert not holds_anything(Context({}, complete=True))


def test_the_catalog_is_the_given_one_or_that_of_the_settings(tmp_path: Path) -> None:
    overlay = tmp_path / "models.toml"
    overlay.write_text('[[models]]\nname = "ours"\ndurations = [5]\n')
    edition = datetime.date(2026, 4, 1)
    given = load_catalog(None, overlay)
    for settings, catalog, expected in (
        (Settings(), given, given),
        (Settings(), None, load_catalog()),
        (Settings(edition=edition), None, load_catalog(edition)),
        (Settings(overlay=overlay), None, given),
    ):
        prompt = parse(TEXT)
        [subject] = subjects_of(TEXT, prompt, settings, Context(), catalog)
        assert subject.catalog == expected
        [subject] = examine(TEXT, settings, Context(), catalog).subjects
        assert subject.catalog == expected


def test_findings_are_in_the_order_of_their_places() -> None:
    text = "a cat --vidoe --duration 7 --video_model kling25 --video --duration 7\nseed="
    for found in (
        examine(text, Settings(), Context()).diagnostics,
        diagnose_segment(examine(text, Settings(), Context()).subjects[0]),
    ):
        assert len(found) > 3
        assert [each.start for each in found] == sorted(each.start for each in found)


def test_fixes_of_keyframes_are_only_shown() -> None:
    text = f"{TEXT}\n---\n{TEXT}"
    examined = examine(text, Settings(), Context())
    fixes = {each.fix.title: each.fix for each in examined.diagnostics if each.fix}
    assert {fix.applicability for fix in fixes.values()} == {Applicability.DISPLAY_ONLY}
    alone = examine(TEXT, Settings(), Context()).diagnostics
    [nearest] = [each.fix for each in alone if each.code == "FL402"]
    assert nearest
    assert nearest.title in fixes


def test_a_keyframe_alone_has_the_findings_of_its_own_rules() -> None:
    examined = examine(f"{TEXT}\n---\n{TEXT}", Settings(), Context())
    first, second = examined.subjects
    assert codes(diagnose_segment(first)) == codes(diagnose_segment(second))
    assert "FL402" in codes(diagnose_segment(first))
    places = [each.start + len(TEXT) + len("\n---\n") for each in diagnose_segment(first)]
    assert places == [each.start for each in diagnose_segment(second)]


@pytest.mark.parametrize(
    ("unsafe", "text"),
    [
        (False, TEXT),
        ((), TEXT),
        (["FL101"], TEXT),
        (["FL4"], TEXT.replace("7", "5")),
        (("duration-out-of-range",), TEXT.replace("7", "5")),
        (True, TEXT.replace("7", "5")),
    ],
)
def test_unsafe_fixes_are_those_of_the_named_rules(unsafe: bool | list[str], text: str) -> None:
    assert fix_prompt(TEXT, Settings(), Context(), unsafe=unsafe).text == text


def test_a_prompt_that_is_parsed_is_not_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    prompt = parse(TEXT)
    monkeypatch.setattr("flaglift.linting.engine.parse", None)
    assert fix_prompt(TEXT, Settings(), Context(), unsafe=False, prompt=prompt).text == TEXT


def test_a_settings_block_speaks_for_the_request() -> None:
    text = "a cat --video --duration 7"
    assert codes(examine(text, Settings(), Context()).diagnostics) == ["FL001", "FL303", "FL601"]
    named = f"{text}\nvideo_model=kling25"
    assert codes(examine(named, Settings(), Context()).diagnostics) == CODES


def test_what_was_parsed_is_the_prompt_before_it_is_fixed_only() -> None:
    alone = fix_prompt(TEXT, Settings(), Context(), unsafe=True)
    assert alone.text == TEXT.replace("7", "5")
    assert fix_prompt(TEXT, Settings(), Context(), unsafe=True, prompt=parse(TEXT)) == alone
