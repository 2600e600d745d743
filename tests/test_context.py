"""What a request holds beside the text."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaglift import Context
from flaglift.context import UNSTATED

NAMES = st.sampled_from(["seed", "style", "w"])
VALUES = st.sampled_from([None, "", "1", 0, 1, False, True, UNSTATED])
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
