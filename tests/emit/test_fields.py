"""Fields as values, and as a form carries them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from flaglift.emit.fields import Fields, typed
from flaglift.emit.form import form_value
from flaglift.emit.request import form_pairs

SCALARS = [name for name in Fields.model_fields if typed(name, "true") is True]
TEXTS = [name for name in Fields.model_fields if typed(name, "5") == "5"]
WRITTEN = st.one_of(
    st.text(max_size=6),
    st.integers().map(str),
    st.floats().map(str),
    st.text("0123456789+-._e ", max_size=6),
    st.sampled_from(["true", "false", "True", "TRUE", "1_0", "٥", "9" * 5000, "inf", "nan", "-0"]),
)


@given(st.sampled_from(list(Fields.model_fields)), WRITTEN)
def test_a_setting_written_again_is_the_same_text(name: str, written: str) -> None:
    assert form_value(typed(name, written)) == written


@given(st.sampled_from(SCALARS), st.one_of(st.integers(), st.booleans()))
def test_a_value_read_again_is_the_same_value(name: str, value: int | bool) -> None:
    again = typed(name, form_value(value))
    assert (type(again), again) == (type(value), value)


@given(st.sampled_from(SCALARS), st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_read_again_is_the_same_number(name: str, value: float) -> None:
    again = typed(name, form_value(value))
    assert (type(again), again) == (float, value)


@given(st.sampled_from(TEXTS), WRITTEN)
def test_a_text_stays_a_text(name: str, written: str) -> None:
    assert typed(name, written) == written


def test_the_kinds_of_fields() -> None:
    assert {*Fields.model_fields} - {*SCALARS, *TEXTS} == {"video_duration"}
    written = ["5", "-5", "05", "5.0", "true", "abc"]
    assert [typed("video_duration", each) for each in written] == [5, -5, *written[2:]]
    assert {"text", "video_prompt", "style", "negative_prompt", "aspect_ratio"} <= set(TEXTS)
    assert {"num_images", "seed", "w", "cfg_scale", "video_audio", "tune_id"} <= set(SCALARS)


def test_fields_are_closed_and_frozen() -> None:
    with pytest.raises(ValidationError, match="input_video"):
        Fields(input_video="a")
    with pytest.raises(ValidationError, match="frozen"):
        Fields(text="a").text = "b"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="video_duration"):
        Fields(video_duration=5.5)


def test_pairs() -> None:
    assert form_pairs({"text": "@a", "video_audio": True, "w": 0.5}) == [
        ("prompt[text]", "@a"),
        ("prompt[video_audio]", "true"),
        ("prompt[w]", "0.5"),
    ]
    assert form_pairs({}) == []
