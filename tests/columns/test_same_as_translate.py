"""A column and `translate` say the same, row by row, field by field and code by code.

CI draws 200 columns each; HYPOTHESIS_PROFILE=long draws 20,000, some 300,000 rows a test.
"""

import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from columns.shaped import shaped_prompts
from flaglift import Context, Settings, translate
from flaglift.columns import RESULT, ColumnTranslator
from flaglift.columns.result import outcome_of
from strategies import prompts

SETTINGS = (
    Settings(),
    Settings(default_model="kling25"),
    Settings(accept_successors=True, strict=True),
    Settings(budget=20, select=("FL0", "FL4", "cost-over-budget")),
    Settings(ignore=("FL6", "legacy-syntax"), edition=datetime.date(2025, 8, 1)),
    Settings(default_model="mine", overlay=Path(__file__).parents[2] / "examples" / "overlay.toml"),
)
CONTEXTS = (
    Context(),
    Context({"num_images": 4, "video_model": "kling25"}, complete=True),
    Context({"video_prompt": "a cat"}),
)
TRANSLATORS = [
    (settings, context, ColumnTranslator(settings, context, threads=1))
    for settings in SETTINGS
    for context in CONTEXTS
]


def row(
    text: str | None, settings: Settings = SETTINGS[0], context: Context = CONTEXTS[0]
) -> dict[str, Any] | None:
    """Return what a column says of a prompt, by `translate`."""
    if text is None:
        return None
    found = outcome_of(translate(text, settings, context))
    values = {
        **found.shared.to_row(), "text": found.text, "video_prompt": found.video_prompt,
    }  # fmt: skip
    return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}


def in_arrow(text: str) -> bool:
    """Tell whether a text has no lone surrogate, which UTF-8 cannot hold."""
    return not any(0xD800 <= ord(character) < 0xE000 for character in text)


def texts() -> st.SearchStrategy[str]:
    everything = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    return st.one_of(shaped_prompts(), shaped_prompts(), prompts(), everything).filter(in_arrow)


@pytest.mark.parametrize("number", range(len(TRANSLATORS)))
@given(st.lists(st.one_of(st.none(), texts(), texts(), texts()), max_size=20))
@example(['a cat --video --video_prompt x --mask_prompt "x" --video_model kling25'])
@example([f'a --video_prompt "{v}" --video_model kling25 --video\nvideo_prompt=x' for v in "xy"])
@example([f'a --video --video_model "{v}"' for v in ("kling25", "nobodys")])
@example([f"{body} --video --video_model kling25" for body in ("<lora:1:1>", "a cat", "<lora:a")])
@example([f'a{space}-- --video_prompt "{v}" --video' for space in " \n" for v in "xy"])
def test_every_row_is_what_translate_says(number: int, column: list[str | None]) -> None:
    settings, context, translator = TRANSLATORS[number]
    done = translator(pa.array(column, pa.string()))
    assert done.type == RESULT
    done.validate(full=True)
    assert done.to_pylist() == [row(text, settings, context) for text in column]
