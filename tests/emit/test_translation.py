"""What is in a translation."""

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaglift import (
    Fields,
    Settings,
    Translation,
    TranslationStatus,
    translate,
    translate_keyframes,
)
from flaglift.context import UNSTATED, Context
from strategies import prompts

BLOCKS = st.lists(
    st.sampled_from(
        [
            "video_duration=5",
            "video_duration=abc",
            "video_duration=5.0",
            "video_duration=true",
            "video_duration=1_0",
            "video_duration=٥",
            "video_duration=" + "9" * 5000,
            "video_model=kling25",
            "video_model=",
            "video_prompt=x",
            "video_prompt=--",
            "seed=" + "9" * 5000,
            "seed=1e400",
            "w=nan",
            "steps=true",
            "tune_id=7",
            "style=5",
            "ar=16:9",
            "aspect_ratio=1:1",
        ]
    ),
    max_size=4,
).map(lambda lines: "".join(f"\n{line}" for line in lines))
SETTINGS = st.builds(
    Settings,
    default_model=st.sampled_from([None, "kling25"]),
    accept_successors=st.booleans(),
    strict=st.booleans(),
)


def check(translation: Translation) -> None:
    fields = translation.fields
    assert isinstance(fields, Fields)
    assert fields.model_dump(exclude_none=True) == translation.values
    document = translation.to_dict()
    assert document["fields"] == translation.values
    assert json.loads(json.dumps(document, allow_nan=False)) == document


@given(prompts(), BLOCKS, SETTINGS)
def test_the_fields_are_the_values(text: str, block: str, settings: Settings) -> None:
    translation = translate(text + block, settings)
    assert translation.text == text + block
    check(translation)


@given(prompts(), prompts(), BLOCKS, SETTINGS)
def test_the_fields_of_keyframes_are_the_values(
    first: str, second: str, block: str, settings: Settings
) -> None:
    frames = translate_keyframes(f"{first}\r\n---\r\n{second}{block}", settings)
    for frame in frames:
        check(frame)


@given(prompts(), BLOCKS, SETTINGS)
def test_a_translation_has_a_model_and_a_prompt(text: str, block: str, settings: Settings) -> None:
    translation = translate(text + block, settings)
    if translation.status is TranslationStatus.TRANSLATED:
        assert translation.values["video_model"]
        assert translation.values["video_prompt"] is not None
        assert translation.values.get("text", "x")


def test_fields_are_made_once() -> None:
    translation = translate("a cat --video --video_model kling25")
    assert translation.fields is translation.fields
    assert translation.fields == Fields(text="a cat", video_model="kling25", video_prompt="a cat")


def test_what_the_request_holds_and_does_not_state_is_left_to_it() -> None:
    context = Context(dict.fromkeys(("video_model", "video_prompt", "video_duration"), UNSTATED))
    translation = translate("a cat --video", Settings(default_model="kling25"), context)
    assert translation.values == {"text": "a cat"}
    assert [each.code for each in translation.diagnostics] == ["FL001"]
    refused = translate("a cat --video --video_model kling25", context=context)
    assert refused.status is TranslationStatus.REFUSED


def test_nothing_else_is_made_on_demand() -> None:
    translation = translate("a cat --video --video_model kling25")
    assert not hasattr(translation, "nothing")
    [finding, *_] = translation.diagnostics
    assert not hasattr(finding, "nothing")


def test_a_translation_can_be_pickled_before_anybody_looks_at_it() -> None:
    texts = [f"a {who} --video --video_model kling25" for who in ("cat", "dog")]
    translate(texts[0])
    copied = pickle.loads(pickle.dumps(translate(texts[1])))  # noqa: S301
    assert copied == translate(texts[1])
    assert copied.diagnostics[1].message.endswith("`a dog`")


def test_a_translation_as_json() -> None:
    translation = translate("a cat --video --video_model kling25 --video_prompt x")
    [finding] = translation.diagnostics
    assert translation.to_dict() == {
        "status": "translated",
        "fields": {"text": "a cat", "video_model": "kling25", "video_prompt": "x"},
        "diagnostics": [finding.to_dict()],
    }


def test_findings_are_made_once_and_their_codes_are_known_before() -> None:
    texts = [f"a {who} --video --video_model kling25 --duration 7" for who in ("cat", "dog")]
    translate(texts[0])
    for text in texts:
        translation = translate(text)
        assert translation.codes == ("FL001", "FL601", "FL402")
        assert translation.diagnostics is translation.diagnostics
    codes = Translation(texts[0], TranslationStatus.REFUSED, {}, pytest.fail, ("FL402",)).codes
    assert codes == ("FL402",)
    with pytest.raises(AttributeError, match=r"^only a translation has diagnostics$"):
        _ = Translation.diagnostics


def test_strict_refuses_for_errors_and_for_nothing_less() -> None:
    strict = Settings(strict=True)
    assert translate("a cat --video --video_model kling25", strict).status == "translated"
    refused = translate("a cat --video --video_model kling25 --duration 7", strict)
    assert (refused.status, refused.values) == ("refused", {"text": refused.text})
    assert [each.code for each in refused.diagnostics if each.severity == "error"] == ["FL402"]
