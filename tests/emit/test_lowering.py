"""Fields back to legacy text: what translates into them again, or a reason why none does."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flaglift import Fields, LoweringError, Settings, lower, translate
from flaglift.emit.translation import TranslationStatus
from flaglift.syntax import Feature, parse
from strategies import prompts, texts

MODELS = st.sampled_from(["kling25", "seedance2_720p", "seedance_v15_720p", "wan30_720p"])
LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), min_size=1)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "text": prompts(),
        "video_model": MODELS,
        "video_prompt": texts(),
        "video_duration": st.integers(),
        "aspect_ratio": st.sampled_from(["16:9", "", "x"]),
        "seed": st.one_of(st.integers(), st.booleans(), st.floats(), LINE),
        "style": LINE,
    },
)


def fields_of(values: dict[str, Any]) -> Fields:
    return Fields(**values)


@given(VALUES.map(fields_of), st.sampled_from([Settings(), Settings(strict=True)]))
@example(Fields(), Settings())
@example(Fields(text="", style=""), Settings())
def test_a_lowered_text_translates_into_the_fields(fields: Fields, settings: Settings) -> None:
    try:
        text = lower(fields, settings)
    except LoweringError as error:
        message = str(error)
        assert message.startswith("the dialect cannot express these fields: ")
        assert not message.endswith(": ")
        assert not message.endswith(":  would read differently")
        return
    assert translate(text, settings).fields == fields


@given(prompts())
def test_what_was_translated_can_be_lowered(text: str) -> None:
    first = translate(text)
    # Without a flag that asks for a video, no rule looks at the model of the settings block.
    if first.status is not TranslationStatus.TRANSLATED or not parse(text).has(Feature.VIDEO):
        return
    try:
        lowered = lower(first.fields)
    except LoweringError:
        # What is left of the text would be read with other words behind it, or before it.
        rest = first.values.get("text", "")
        assert any(sign in rest for sign in ('"', "\\", "--", "---")), (text, first.values)
        return
    second = translate(lowered)
    assert (second.status, second.values) == (first.status, first.values)


PLAIN_WORD = st.one_of(
    st.sampled_from(
        ["a", "cat", "it's", "6'", "a=b", "-5", "- ", "x-y", "<lora:1:0.5>", "ünï", "猫"]
    ),
    st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=5),
)
PLAIN_TEXT = st.lists(PLAIN_WORD, min_size=1, max_size=6).map(" ".join).map(str.strip)
ANY_PROMPT = st.text(
    st.one_of(st.sampled_from("\"'\\-= \n\r\t"), st.characters(exclude_categories=["Cs"])),
    max_size=20,
)
SETTING_LINE = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9).filter(
    lambda line: not {"\r", "\n"} & set(line) and " --" not in line and "\t--" not in line
)


@given(
    st.fixed_dictionaries(
        {"text": PLAIN_TEXT, "video_model": MODELS, "video_prompt": ANY_PROMPT},
        optional={
            "video_duration": st.integers(),
            "seed": st.integers(),
            "cfg_scale": st.floats(allow_nan=False, allow_infinity=False),
            "hires_fix": st.booleans(),
            "style": SETTING_LINE,
            "scheduler": SETTING_LINE,
        },
    ).map(fields_of)
)
@example(Fields(text="a", video_model="kling25", video_prompt="--"))
@example(Fields(text="a", video_model="kling25", video_prompt="a\n---\nb", seed=5))
@example(Fields(text="a", video_model="kling25", video_prompt="-\r\nseed=1\n---\n\n", seed=5))
@example(Fields(text="a", video_model="kling25", video_prompt='--video "x" \\', seed=5))
def test_plain_texts_with_any_video_prompt_and_settings_can_be_lowered(fields: Fields) -> None:
    assert translate(lower(fields)).fields == fields


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        (Fields(text=""), ""),
        (Fields(text="a cat"), "a cat"),
        (Fields(text='a 6" heel'), 'a 6" heel'),
        (
            Fields(text="a cat", video_model="kling25", video_duration=5, video_prompt="it yawns"),
            'a cat --video --video_model kling25 --duration 5 --video_prompt "it yawns"',
        ),
        (
            Fields(video_model="kling25", video_prompt="-x", aspect_ratio="16:9", seed=5),
            '--video --video_model kling25 --video_prompt="-x"\nar=16:9\nseed=5',
        ),
        (
            Fields(text="a -- b", video_model="kling25", video_prompt="c"),
            "--video --video_model kling25 --video_prompt c a -- b",
        ),
        (
            Fields(text="a ", video_model="kling25", video_prompt="c"),
            "--video --video_model kling25 --video_prompt c a ",
        ),
        (
            Fields(text=" a b\n", video_model="kling25", video_prompt="c"),
            " a --video --video_model kling25 --video_prompt c b\n",
        ),
    ],
)
def test_what_a_lowered_text_looks_like(fields: Fields, text: str) -> None:
    assert lower(fields) == text


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        # 4.1: nothing is left around a text, and a text that is empty is left out.
        (Fields(), "text would read differently"),
        (
            Fields(text=" a ", video_model="kling25", video_prompt="b"),
            "text would read differently",
        ),
        (Fields(text="", video_model="kling25", video_prompt="b"), "text would read differently"),
        # 3.2 and 3.3: a video has a model and a prompt.
        (Fields(text="a", video_prompt="b"), "no model is named"),
        (Fields(text="a", video_model="kling25"), "video_prompt would read differently"),
        (Fields(video_model="kling25"), "no `--video_prompt` is read and no words are left"),
        # 1.4: flags in an unreadable text are not read, wherever they stand.
        (Fields(text='6"', video_model="kling25", video_prompt="b"), "this quote is never closed"),
        (Fields(text="a\\", video_model="kling25", video_prompt="b"), "read"),
        # 2.9: flags after a bare `--` are text, which is no reason; the other orders have one.
        (Fields(text="-- a\\", video_model="kling25", video_prompt="b"), "follows this backslash"),
        (Fields(text=" -- ", video_model="kling25", video_prompt="b"), "text would read"),
        # 4.3: a text that would read as flags.
        (Fields(text="a --video"), "no model is named"),
        (
            Fields(text="a --video --video_model kling25"),
            "text, video_model, video_prompt would read differently",
        ),
        (
            Fields(text="a --duration 5", video_model="kling25", video_prompt="b"),
            "text, video_duration would read differently",
        ),
        # 4.5: an unknown model.
        (Fields(text="a", video_model="kling", video_prompt="b"), "`kling` is not in the model"),
        # 5.2: an empty setting is left out, a line is a line, and a block belongs to a video.
        (Fields(text="a", video_model="kling25", video_prompt="b", style=""), "style would read"),
        (Fields(text="a", video_model="kling25", video_prompt="b", style="a\nb"), "style"),
        (Fields(text="a", seed=5), "seed, text would read differently"),
        (Fields(text="a", video_model="kling25", video_prompt="b", seed="5"), "seed would read"),
        # 5.3: one prompt is one segment.
        (Fields(text="a\n---\nb", video_model="kling25", video_prompt="c"), "keyframes"),
    ],
)
def test_why_fields_cannot_be_said(fields: Fields, reason: str) -> None:
    with pytest.raises(LoweringError) as caught:
        lower(fields)
    assert str(caught.value).startswith("the dialect cannot express these fields: ")
    assert reason in str(caught.value)


def test_the_strict_mode_says_what_it_refuses_for() -> None:
    strict = Settings(strict=True)
    fields = Fields(text="a", video_model="kling25", video_duration=7, video_prompt="b")
    assert translate(lower(fields)).fields == fields
    with pytest.raises(LoweringError, match="`kling25` supports 5 or 10 s, not 7 s"):
        lower(fields, strict)
    text = Fields(text="a --video --video_model kling25 --duration 7")
    with pytest.raises(LoweringError, match="not 7 s"):
        lower(text, strict)
