"""A prompt with holes, read as each of several texts that it may expand to.

The value of an interpolation is unknown, but its position tells its kind: a model, a number of
seconds, words, or a part of something. A reading fills every hole with one value of its kind.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, lru_cache
from itertools import cycle, islice

from flaglift.catalog import Catalog
from flaglift.check.hosts.base import HOLE, Literal
from flaglift.check.hosts.edits import differences
from flaglift.check.hosts.pieces import PromptText
from flaglift.lossless.spans import Edit, Span, apply_edits
from flaglift.syntax import FlagName, Prompt
from flaglift.syntax.words import WHITESPACE

MARK = "▢"
"""A word that no prompt contains; in messages it is replaced with the hole's source."""

_SECONDS = ("5", "10", "8", "6", "4")
_MODEL = "kling25"


class HoleKind(Enum):
    """The kind of value that an interpolation stands for, as far as its position tells."""

    MODEL = "the value of --video_model"
    SECONDS = "the value of --duration"
    WORDS = "words, or the flags that the text lacks"
    PART = "a part of a word or of a quoted value"


@dataclass(frozen=True)
class FilledTemplate(PromptText):
    """One of the texts that a prompt with holes may expand to."""

    template: str
    values: tuple[tuple[int, str], ...]
    """The position of each hole in the template, and its value."""
    complete: bool = False
    """Whether one hole is filled with all the flags that the template lacks."""

    @cached_property
    def text(self) -> str:
        """The template with the values filled in."""
        parts = []
        position = 0
        for at, value in self.values:
            parts += [self.template[position:at], value]
            position = at + 1
        return "".join([*parts, self.template[position:]])

    @cached_property
    def _origins(self) -> list[int]:
        """For each code point of the text, its origin in the template."""
        held = dict(self.values)
        origins = [i for i, c in enumerate(self.template) for _ in held.get(i, c)]
        return [*origins, len(self.template)]

    def back(self, start: int, end: int) -> Span:
        """Map a range of the text to the template; a hole's value maps to the hole."""
        first = self._origins[start]
        return Span(first, first if start == end else self._origins[end - 1] + 1)


@lru_cache(maxsize=8)
def readings(literal: Literal, catalog: Catalog) -> tuple[FilledTemplate, ...]:
    """Return the readings of a literal with holes, the plainest first.

    With models in the holes there are as many as models in the catalog. They are cached for other
    callers that need the same literal right after, so that each is parsed only once.
    """
    kinds = [(hole.at, kind_of(literal.prompt, hole.at)) for hole in literal.holes]
    models = [model.name for model in catalog.models]
    columns = [_values(kind, models) for _, kind in kinds]
    count = max(map(len, columns))
    rows = islice(zip(*map(cycle, columns), strict=True), count)
    filled = [
        FilledTemplate(
            literal.text, tuple((at, value) for (at, _), value in zip(kinds, row, strict=True))
        )
        for row in rows
    ]
    return (*filled, *_complete(filled[0], kinds))


def kind_of(prompt: Prompt, at: int) -> HoleKind:
    """Return the kind of the hole at a code point of a template.

    >>> from flaglift import parse
    >>> text = f"a {HOLE} --video_model {HOLE} --video_prompt {HOLE}s --duration {HOLE}s"
    >>> [kind_of(parse(text), i).name for i, c in enumerate(text) if c == HOLE]
    ['WORDS', 'MODEL', 'PART', 'SECONDS']
    """
    for flag in prompt.flags:
        if flag.value is None or at not in range(*flag.value.span):
            continue
        if flag.name is FlagName.DURATION and is_number(flag.value.text):
            return HoleKind.SECONDS
        if flag.value.text == HOLE:
            return HoleKind.MODEL if flag.name is FlagName.VIDEO_MODEL else HoleKind.PART
    template = str(prompt)
    alone = all(side in WHITESPACE for side in (template[:at][-1:], template[at + 1 :][:1]))
    quoted = template.count('"', 0, at) % 2
    return HoleKind.WORDS if alone and not quoted else HoleKind.PART


_NUMBER = re.compile(rf"{HOLE}(?:[.,;:!?]*+[A-Za-z]\w*+|[.,;:!?]\d*+)?")


def is_number(value: str) -> bool:
    """Return whether a hole is a number, perhaps with a unit, as far as the value around it tells.

    >>> is_number(HOLE), is_number(f"{HOLE}s"), is_number(f"{HOLE}{HOLE}")
    (True, True, False)
    """
    return _NUMBER.fullmatch(value) is not None


def may_end_flags(template: str) -> bool:
    """Return whether a hole is attached to two dashes, which end the flags if it is empty (2.9).

    >>> may_end_flags(f"a {HOLE}-- --video"), may_end_flags(f"a {HOLE}--video")
    (True, False)
    """
    return any(HOLE in word and word.replace(HOLE, "") == "--" for word in template.split())


def _values(kind: HoleKind, models: list[str]) -> list[str]:
    if kind is HoleKind.MODEL:
        return models
    if kind is HoleKind.SECONDS:
        return list(_SECONDS)
    return [MARK, f"{MARK} {MARK}"] if kind is HoleKind.WORDS else [MARK]


def _complete(plain: FilledTemplate, kinds: list[tuple[int, HoleKind]]) -> Iterator[FilledTemplate]:
    """Yield the reading in which the first hole for words contains the missing flags."""
    words = [at for at, kind in kinds if kind is HoleKind.WORDS]
    missing = _missing(plain.prompt)
    if words and missing:
        values = tuple((at, missing if at == words[0] else value) for at, value in plain.values)
        yield FilledTemplate(plain.template, values, complete=True)


def _missing(prompt: Prompt) -> str:
    there = {flag.name for flag in prompt.flags}
    wanted = {
        FlagName.VIDEO: FlagName.VIDEO.word,
        FlagName.VIDEO_MODEL: f"{FlagName.VIDEO_MODEL.word} {_MODEL}",
        FlagName.VIDEO_PROMPT: f'{FlagName.VIDEO_PROMPT.word} "{MARK}"',
    }
    return " ".join(text for name, text in wanted.items() if name not in there)


def template(reading: FilledTemplate, new: str) -> str | None:
    """Return the template after a fix of a reading; None if the fix changed a hole."""
    edits = []
    holes = {at for at, _ in reading.values}
    for start, end, content in differences(reading.text, new) or ():
        span = reading.back(start, end)
        if holes.intersection(range(*span)) or MARK in content:
            return None
        edits.append(Edit(*span, content))
    return apply_edits(reading.template, edits)
