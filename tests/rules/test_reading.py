"""The rules about reading (1xx), and about what a duration is, on prompts of every kind."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flaglift.api import lint, translate
from flaglift.diagnostics import Applicability, Diagnostic
from flaglift.emit.translation import TranslationStatus
from flaglift.lossless.spans import apply_edits
from flaglift.rules import RULES
from flaglift.syntax import Feature, parse
from flaglift.syntax.nodes import UnknownFlag

CODES = {rule.code for rule in RULES if rule.code[:3] in ("FL1", "FL4")} - {"FL101", "FL402"}

# `␣` is a space inside a fragment, `·` a zero-width one.
FLAGS = r"""
    --video --video_model --video_prompt --duration --video_model=kling25 --duration=5
    --video= --video=true --video="yes" --video=no --video_prompt= --video_model=--
    --duration=5s --duration=5.0, --duration="10␣Seconds" --duration=five
    --vid --video_m --dur=5 --d --=x --v
    "--video" \--video "--video_model=kling25" "--" "--video_prompt=it␣sits" "--vid"
    --vidoe --video_modle=x -video ---video ---vidoe -VIDEO woman--video "woman"--vidoe
    woman--video_prompt=x "a--video" "a␣--video" --videoé --video"x" --video, --VIDEO
    --video-model (--video) a\--video —video –duration ·--video -·video -·vidoe —vidoe
    --loras --loras=a --mask_prompt --fill --lora_weights --input_faceid --ar --unheard_of=1
    -- --- ---- - -soft -5 -0.5
"""
WORDS = r"""
    a cat smiles 5 5s ar=1:1 w= <lora:1:1> <faceid:2> it's it\'s \' \' 'now' “now” &quot; 6"
    " "" \ \" "it␣sits" "a␣'b" kling25 a"b
"""
UNSEEN = str.maketrans("␣·", " \u200b")
BETWEEN = [" "] * 6 + ["", "  ", "\t", "\n", "\r\n", "\r", "\r\n---\r\n", "\n---\n", "\nar=1:1\nw="]

prompts = st.lists(
    st.tuples(
        st.sampled_from(f"{FLAGS}{FLAGS}{WORDS}".split()).map(lambda raw: raw.translate(UNSEEN)),
        st.sampled_from(BETWEEN),
    ),
    max_size=9,
).map(lambda pairs: "".join(word + blank for word, blank in pairs))


def ours(text: str) -> list[Diagnostic]:
    return [finding for finding in lint(text) if finding.code in CODES]


@given(prompts)
@example("--- --duration\n--video")
@example("-- a cat -- --video_prompt x y -- --loras -- b --video")
@example("--loras a --video --loras b --video c")
def test_every_fix_takes_its_finding_away_and_touches_nothing_else(text: str) -> None:
    found = ours(text)
    for finding in found:
        assert 0 <= finding.start < finding.end <= len(text)
        assert "\n" not in finding.message
        if finding.fix is None:
            continue
        is_shown_only = finding.fix.applicability is Applicability.DISPLAY_ONLY
        assert is_shown_only == parse(text).is_keyframes  # which are never rewritten
        fixed = apply_edits(text, finding.fix.edits)
        before = [f for f in found if f.code == finding.code]
        after = [f for f in ours(fixed) if f.code == finding.code]
        assert len(after) < len(before), (finding, fixed)
        if finding.fix.applicability is Applicability.SAFE:
            old, new = translate(text), translate(fixed)
            if old.status is TranslationStatus.TRANSLATED:
                assert (old.status, old.values) == (new.status, new.values)


@given(prompts)
def test_what_no_reader_reads_alike_is_refused(text: str) -> None:
    prompt = parse(text)
    doubtful = Feature.UNREADABLE | Feature.ABBREVIATION | Feature.QUOTED_FLAG | Feature.HOLDS_APART
    if prompt.has(Feature.FLAG) and prompt.has(doubtful):
        assert translate(text).status is TranslationStatus.REFUSED


@given(prompts)
def test_what_is_lifted_stays_lifted(text: str) -> None:
    translation = translate(text)
    if translation.status is TranslationStatus.TRANSLATED and "text" in translation.values:
        lifted = parse(translation.values["text"])
        assert not lifted.flags
        assert not lifted.is_keyframes
        words = [node.raw for node in parse(text).nodes if type(node).__name__ == "OtherFlag"]
        assert [n.raw for n in lifted.nodes if type(n).__name__ == "OtherFlag"] == words


@given(prompts)
def test_no_unknown_flag_is_passed_over(text: str) -> None:
    prompt = parse(text)
    # What an open quote is stuck to is the open quote's business.
    if not prompt.has(Feature.CONCERNED) or prompt.has(Feature.UNCLOSED):
        return
    spoken_of = [range(f.start, f.end) for f in lint(text) if f.code[:3] in ("FL1", "FL2")]
    for segment in prompt.segments:
        for node in segment.read:
            if isinstance(node, UnknownFlag) and any(map(str.isalnum, node.raw.partition("=")[0])):
                assert any(set(place) & set(range(node.start, node.end)) for place in spoken_of)


@pytest.mark.parametrize(
    "text",
    [
        "a cat --ar 16:9 --v 6 --style raw",
        "a cat --d",
        "a cat --=x",
        "a -- b --vid",
        'a -- b "--video"',
        "a cat --unheard_of",
        "a cat --loras a b",
        "it\\'s a cat",
    ],
)
def test_silent_without_a_flag_or_a_near_miss(text: str) -> None:
    assert lint(text) == []
    assert translate(text).status is TranslationStatus.UNCHANGED


def test_an_escaped_apostrophe_in_the_settings_block_is_no_word_of_the_prompt() -> None:
    text = "a cat --video --video_model kling25\nnegative_prompt=it\\'s"
    assert translate(text).status is TranslationStatus.TRANSLATED


def test_what_is_behind_a_bare_double_dash_does_not_keep_a_prompt_from_being_translated() -> None:
    text = 'a cat --video --video_model kling25 -- "--video" --vid'
    assert translate(text).status is TranslationStatus.TRANSLATED
    assert ours(text) == []


def test_the_line_ends_of_separators_and_settings_stay() -> None:
    text = "a cat --video --video_model kling25 --duration\r\n---\r\na dog --video_prompt\nar=1:1"
    first, second = (f.fix for f in ours(text) if f.code == "FL102")
    assert first
    assert second
    assert apply_edits(text, [*first.edits, *second.edits]) == (
        "a cat --video --video_model kling25\r\n---\r\na dog\nar=1:1"
    )
