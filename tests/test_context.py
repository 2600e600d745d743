"""What a request holds beside the text."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaglift import Context
from flaglift.context import UNSTATED, stated

NAMES = st.sampled_from(["seed", "style", "w"])
VALUES: st.SearchStrategy[object] = st.sampled_from(
    [None, "", "1", 0, 1, False, True, UNSTATED, [], {}, ["a"]]
)
CONTEXTS = st.builds(Context, st.dictionaries(NAMES, VALUES), st.booleans())


def test_unknown_is_not_absent() -> None:
    context = Context({"input_video": "clip.mp4", "seed": None, "style": ""})
    assert context.has("input_video") is True
    assert context.has("seed") is False
    assert context.has("style") is False
    assert context.has("num_images") is None
    assert context.has("num_images", "input_video") is True
    assert context.has("num_images", "seed") is None
    assert context.has("style", "seed") is False


def test_complete_knows_what_is_not_named() -> None:
    context = Context({"seed": 5}, complete=True)
    assert context.has("seed") is True
    assert context.has("num_images") is False
    assert Context(complete=True).has("seed") is False
    assert Context().has("seed") is None


def test_what_is_unstated_is_there_all_the_same() -> None:
    context = Context({"seed": UNSTATED})
    assert context.get("seed") is None
    assert context.has("seed") is True
    assert context.updated({"seed": 1}).get("seed") is None


def test_values() -> None:
    context = Context({"seed": 0, "video_audio": False, "style": ""})
    assert context.get("seed") == 0
    assert context.has("seed") is True
    assert context.get("video_audio") is False
    assert context.has("video_audio") is True
    assert context.get("style") is None
    assert context.get("w") is None


def test_an_empty_list_is_no_value() -> None:
    context = Context({"image_references": [], "seed": {}, "style": [""]})
    assert context.has("image_references") is False
    assert context.has("seed") is False
    assert context.has("style") is True
    assert context.get("image_references") is None


@pytest.mark.parametrize("value", [[], {}, b"", "", "[]", "{}", "NULL", "null", "\\N", None])
def test_what_says_that_there_is_nothing(value: object) -> None:
    assert stated(value) is None


@pytest.mark.parametrize("value", [["a"], {"a": 1}, b"a"])
def test_of_what_is_no_field_of_a_form_only_that_it_is_there(value: object) -> None:
    assert stated(value) is UNSTATED


@pytest.mark.parametrize("value", [0, False, 4, 1.5, "a", "0", "[1]"])
def test_other_values_are_stated(value: object) -> None:
    assert stated(value) is value


def test_what_is_held_stays() -> None:
    context = Context({"seed": 1, "style": ""}, complete=True)
    assert context.updated({}) is context
    updated = context.updated({"seed": 2, "style": "x", "w": 3})
    assert dict(updated.given) == {"seed": 1, "style": "x", "w": 3}
    assert updated.complete
    assert dict(context.given) == {"seed": 1, "style": ""}


@given(CONTEXTS, st.dictionaries(NAMES, VALUES.filter(bool)), NAMES)
def test_an_update_only_adds(context: Context, fields: Mapping[str, object], name: str) -> None:
    updated = context.updated(fields)
    if context.has(name):
        assert updated.get(name) == context.get(name)
    elif name in fields:
        assert updated.has(name)
        assert updated.given[name] == fields[name]
    else:
        assert updated.has(name) is context.has(name)


def test_a_context_does_not_change() -> None:
    with pytest.raises(AttributeError):
        Context().complete = True  # type: ignore[misc]
    with pytest.raises(TypeError):
        Context().given["seed"] = 1  # type: ignore[index]
