"""For lists of texts, such as the chunks of a store: which of them are read like which others."""

from collections.abc import Collection, Sequence
from itertools import compress
from typing import NamedTuple

from flaglift.api import translate
from flaglift.columns.arrow import pa, pc
from flaglift.columns.patterns import CONCERNED
from flaglift.columns.representatives import Plain, stands_for_its_shape
from flaglift.columns.shapes import shapes_of
from flaglift.context import Context
from flaglift.settings import Settings

_FEWEST = 100
"""Fewer texts are read sooner one by one than Arrow's kernels are ready for them."""

_MOST_SHAPES = 100_000


class Alike(NamedTuple):
    """What is known of a prompt without reading it."""

    shape: str | None
    """Prompts of one shape have all in common but the rest; None if no rule says anything of it."""
    text: str
    """The text, if it is translated."""
    video_prompt: str | None
    """The video prompt, if it is translated; None for that of all prompts of the shape."""


class Likeness:
    """Finds prompts that are read alike, with one choice of settings, where nothing is beside them.

    `held` names fields that the requests are known not to hold.
    """

    def __init__(self, settings: Settings, held: Collection[str]) -> None:
        self._settings = settings
        self._context = Context(dict.fromkeys(held))
        self._stands: dict[str, bool] = {}

    def __call__(self, texts: Sequence[str]) -> list[Alike | None]:
        """Return what is known of each text; None where that is nothing.

        >>> known = Likeness(Settings(), ())(["a cat --video --video_model kling25", "a dog"] * 50)
        >>> [alike.text for alike in known[:2]]
        ['a cat', 'a dog']
        """
        found: list[Alike | None] = [None] * len(texts)
        if len(texts) < _FEWEST:
            return found
        column = _column(texts)
        concerned = pc.match_substring_regex(column, CONCERNED)
        for row, flagged in enumerate(concerned.to_pylist()):
            if flagged is False:
                found[row] = Alike(None, texts[row], None)
        rows = list(compress(range(len(texts)), pc.fill_null(concerned, False).to_pylist()))
        if len(self._stands) > _MOST_SHAPES:
            self._stands.clear()
        for shapes in shapes_of(column.filter(concerned)) if rows else ():
            columns = (column.to_pylist() for column in (shapes.shape, shapes.body, shapes.value))
            for row, *parts in zip(compress(rows, shapes.mask.to_pylist()), *columns, strict=True):
                plain = Plain(*parts)
                if self._stand(texts[row], plain):
                    found[row] = Alike(*plain)
        return found

    def _stand(self, text: str, plain: Plain) -> bool:
        stands = self._stands.get(plain.shape)
        if stands is None:
            translation = translate(text, self._settings, self._context)
            stands = self._stands[plain.shape] = stands_for_its_shape(translation, plain)
        return stands


def _column(texts: Sequence[str]) -> pa.StringArray:
    try:
        return pa.array(texts, pa.string())
    except UnicodeEncodeError:  # a lone surrogate, which Python can hold and Arrow cannot
        return pa.array([None if _broken(text) else text for text in texts], pa.string())


def _broken(text: str) -> bool:
    return not text.isascii() and any(0xD800 <= ord(character) < 0xE000 for character in text)
