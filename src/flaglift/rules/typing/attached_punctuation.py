"""Punctuation that is stuck to a flag, and taking it away (dialect section 6)."""

import re
from dataclasses import dataclass

from flaglift.lossless.spans import Edit, Span
from flaglift.syntax.entities import ENTITY
from flaglift.syntax.lookalikes import DASHES, NearMiss, near_misses_in

PUNCTUATION = ",.;:!?\u2026\u3001\u3002\uff0c\uff1b\uff1a\uff01\uff1f"
"""What ends a part of a sentence; next to a flag it says nothing."""

_PAIRS = dict(zip("([{<\u201c\u2018\u00ab`*'", ")]}>\u201d\u2019\u00bb`*'", strict=True))
_CLOSING = "".join(_PAIRS.values())
_SIGNS = re.escape("".join(_PAIRS) + _CLOSING) + PUNCTUATION
_FRONT = re.compile(rf"(?<![{_SIGNS}])[{_SIGNS}]*+\Z")
_BACK = re.compile(rf"[{re.escape(DASHES)}_]*[{re.escape(_CLOSING)}{PUNCTUATION}]*")
_SEPARATES = ",;:"
_ENTITY_END = re.compile(rf"{ENTITY.pattern}\Z")
_MOST = 60
"""More marks than this are decoration, and nobody's slip."""


@dataclass(frozen=True, slots=True)
class AttachedMarks:
    """The punctuation at a flag, and how it is parted from it."""

    marks: str
    """What stands in front and what stands after."""
    span: Span
    edits: tuple[Edit, ...]
    """None where it is not clear what was meant."""


def attached_marks(miss: NearMiss, earlier_end: int = -1) -> AttachedMarks | None:
    r"""Return the punctuation that is stuck to a flag.

    Pairs go, and so do commas and their like. Half of a pair stays, after a space. None where
    there is none, or where something else is stuck to the flag too. `earlier_end` is where the
    flag before it ends: what stands between two flags in a word is the earlier one's.

    >>> from flaglift.lossless.spans import apply_edits
    >>> words = "(--video,)", "--video.)", "--duration:5"
    >>> [apply_edits(w, attached_marks(near_misses_in(w)[0]).edits) for w in words]
    ['--video', '--video )', '--duration 5']
    """
    front, back = _first(_FRONT, miss.before), _first(_BACK, miss.after)
    rest = miss.after[len(back) :]
    if rest and (back or rest[0] != "=") and not _is_parted(back, rest):
        return None
    if _is_between_flags(miss, earlier_end) or _ENTITY_END.search(miss.before):
        front = ""
    elif miss.start - len(front) > miss.word_start and (
        not front or any(c in _PAIRS and c not in _CLOSING for c in front)
    ):
        return None
    if not front + back or max(len(front), len(back)) > _MOST:
        return None
    span = Span(miss.start - len(front), miss.end + len(back))
    return AttachedMarks(front + back, span, _edits(miss, front, back, rest))


def _is_between_flags(miss: NearMiss, earlier_end: int) -> bool:
    """Tell whether nothing but punctuation stands between a flag and one before it."""
    low, high = earlier_end - miss.word_start, miss.start - miss.word_start
    return 0 < low < high <= low + _MOST and bool(_BACK.fullmatch(miss.word, low, high))


def _is_parted(back: str, rest: str) -> bool:
    """Tell whether punctuation in the middle of a word is where it should end."""
    if rest[0] in DASHES:
        misses = near_misses_in(back + rest)
        halves = any(c in _CLOSING for c in back)
        return not halves and bool(misses) and misses[0].start == len(back)
    return back.strip(_SEPARATES) == "" != back and (rest[0].isalnum() or rest[0] == '"')


def _first(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[0] if match else ""


def _edits(miss: NearMiss, front: str, back: str, rest: str) -> tuple[Edit, ...]:
    edits = []
    closing = [c for c in back if c in _CLOSING]
    first = miss.start - len(front)
    if front and first > miss.word_start:
        edits.append(Edit(miss.start, miss.start, " "))
    elif front:
        opening = [c for c in front if c in _PAIRS]
        while opening and closing and _PAIRS[opening[-1]] == closing[0]:
            opening.pop()
            closing.pop(0)
        edits.append(Edit(first, miss.start, "".join([*opening, *(" " if opening else "")])))
    if closing and miss.name.takes_value:
        return ()  # it would become the value
    if back:
        apart = "".join([" ", *closing]) if rest or closing else ""
        edits.append(Edit(miss.end, miss.end + len(back), apart))
    return tuple(edits)
