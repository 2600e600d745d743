"""The rules about models, content, keyframes and cost, on prompts made of awkward pieces."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaglift.api import lint, translate, translate_keyframes
from flaglift.context import Context
from flaglift.diagnostics import Applicability, Diagnostic
from flaglift.emit.translation import TranslationStatus
from flaglift.lossless.spans import apply_edits
from flaglift.rules import RULES
from flaglift.rules.base import Reads, cents, excerpt
from flaglift.settings import DEFAULT, Settings

CODES = {
    *("FL001", "FL301", "FL302", "FL303", "FL304", "FL601", "FL602", "FL603", "FL604"),
    *("FL701", "FL702", "FL703", "FL704", "FL801"),
}

FLAGS = [
    *("--video", "--video_model", "--video_prompt", "--duration", "--dur 5", '"--video"', "--"),
    *("--video_model kling25", "--video_model=kling25_5s", '--video_model "kling25_10s"'),
    *("--video_model klng25", "--video_model=KLING25,", '--video_model kling"30"_prro'),
    *("--video_model=", "--video_model\nseedance_720p", "--video_model infinitetalk_480p"),
    *('--video_prompt ""', "--video_prompt=", '--video_prompt " \t"', "--video_prompt yawns"),
    *('--video_prompt "<lora:1:1>"', '--video_prompt="it\r\nyawns"', "--duration 5"),
    *("--duration=10", "--duration +5", "--duration 5s", "--fill", "--mask_prompt", "--loras a b"),
]
WORDS = [
    *("a cat", "<lora:1:1>", '"', '\\"', "\\", "it's", "\\'", "\u2014video", "--Video,", "---"),
    *("\u00a0", "w=5", "w=6\nw=7", "ar=1:1", "video_model=kling25", "video_model=kling25_5s"),
    *("video_prompt= ", "video_duration=5", "callback=https://example.com", "\ud800"),
]
SPACES = [" ", "", "  ", "\t", "\n", "\r\n", "\r", "\n---\n", "\r\n---\r\n", "\n\n"]

# Most prompts should read well, so spaces and flags come up more often than oddities.
_pieces = st.tuples(
    st.sampled_from([*FLAGS, *FLAGS, *WORDS]), st.sampled_from([" ", " ", "\n", *SPACES])
)
prompts = st.lists(_pieces, min_size=1, max_size=8).map(
    lambda pairs: "".join(piece + space for piece, space in pairs)
)
SETTINGS = [
    DEFAULT,
    Settings(accept_successors=True),
    Settings(accept_successors=True, default_model="kling25_5s", budget=20),
    Settings(default_model="klng25"),
]
CONTEXTS = [
    Context(),
    Context({"video_model": "kling25", "video_duration": "5", "w": 5}),
    Context({"video_model": "kling25_5s", "video_duration": "soon"}),
    Context({"video_prompt": "it\nyawns", "video_model": None}),
]
situations = st.tuples(prompts, st.sampled_from(SETTINGS), st.sampled_from(CONTEXTS))
Situation = tuple[str, Settings, Context]


def of_code(code: str, *situation: object) -> list[Diagnostic]:
    return [d for d in lint(*situation) if d.code == code]  # type: ignore[arg-type]


@given(situations)
def test_findings_lie_in_the_text_and_are_one_line(situation: Situation) -> None:
    text = situation[0]
    for finding in lint(*situation):
        if finding.code in CODES:
            assert 0 <= finding.start <= finding.end <= len(text)
            assert finding.message.isprintable()
            assert not finding.message.endswith(".")


@given(situations)
def test_a_fix_removes_its_finding(situation: Situation) -> None:
    text, settings, context = situation
    before = translate(*situation)
    for finding in lint(*situation):
        if finding.code not in CODES or not finding.fix:
            continue
        fixed = apply_edits(text, finding.fix.edits)
        left = of_code(finding.code, fixed, settings, context)
        assert len(left) < len(of_code(finding.code, *situation))
        if finding.fix.applicability is Applicability.SAFE:
            after = translate(fixed, settings, context)
            assert after.status is before.status
            if before.status is TranslationStatus.TRANSLATED:
                assert after.values == before.values


@given(situations)
def test_what_is_translated_names_a_model_and_a_video_prompt(situation: Situation) -> None:
    for translation in [translate(*situation), *translate_keyframes(*situation)]:
        if translation.status is TranslationStatus.TRANSLATED and "FL001" in {
            finding.code for finding in translation.diagnostics
        }:
            assert translation.values["video_model"]
            assert translation.values["video_prompt"] is not None


def test_every_keyframe_shares_the_conflicts_of_the_settings_block() -> None:
    frame = "a cat --video --video_model kling25 --video_prompt yawns\r\n---\r\n"
    text = f"{frame}{frame}a dog --video --video_model kling25\nw=5\nw=5\nw=6\nw=7\nw=5"
    findings = of_code("FL604", text)
    assert [finding.span.of(text) for finding in findings] == ["w=6"] * 3
    translations = translate_keyframes(text)
    assert {translation.status for translation in translations} == {TranslationStatus.REFUSED}


def test_the_words_of_a_video_prompt_matter_for_conflicts_beside_another_one_only() -> None:
    (rule,) = [rule for rule in RULES if rule.code == "FL604"]
    assert rule.reads_with(Context({"video_prompt": "it yawns"})) == rule.reads
    assert rule.reads & Reads.VALUE
    for request in (Context(), Context({"video_prompt": "", "video_model": "ovi"})):
        assert rule.reads_with(request) == rule.reads & ~Reads.VALUE


def test_a_price_above_a_budget_needs_a_length_that_is_known() -> None:
    text = "a cat --video --video_model kling25"
    settings = Settings(budget=1)
    assert of_code("FL801", text, settings)
    assert not of_code("FL801", text, settings, Context({"video_duration": "soon"}))


def test_the_price_of_a_model_of_the_users_own(tmp_path: Path) -> None:
    overlay = tmp_path / "models.toml"
    overlay.write_text(
        '[[models]]\nname = "own"\nbase_cost_cents = 10\nbase_seconds = 3\n', encoding="utf-8"
    )
    settings = Settings(budget=100, overlay=overlay)
    assert not of_code("FL801", "a cat --video --video_model own", settings)
    (finding,) = of_code("FL801", "a cat --video --video_model own --duration 40", settings)
    assert finding.message.startswith("a video of 40 s with `own` costs 133.33 ¢,")
    huge = f"a cat --video --video_model own --duration {'9' * 4000}"
    assert len(of_code("FL801", huge, settings)[0].message) < 200


@pytest.mark.parametrize("code", ["FL001", "FL601", "FL301", "FL604"])
def test_long_values_are_shortened(code: str) -> None:
    text = f"{'cat ' * 50} --video --video_model {'k' * 500}"
    context = Context({"video_model": "m" * 500})
    (finding,) = of_code(code, text, DEFAULT, context)
    assert len(finding.message) < 300


def test_values_are_shown_in_one_line() -> None:
    assert excerpt("a\u200b\x1b\ud800\n") == "a\\u200b\\x1b\\ud800\\n"
    assert cents(0.5) == "0.5 ¢"
