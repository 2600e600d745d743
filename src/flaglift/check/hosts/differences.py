"""What changed between two texts, in whole words, so that as little as possible is written."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import pairwise

from flaglift.check.hosts.base import HOLE
from flaglift.lossless.spans import Edit

_TOKEN = re.compile(rf"{HOLE}|[ \t]+|\r?\n|[^\W]+|.", re.DOTALL)
_MOST_CELLS = 4_000_000
"""Word pairs that are compared at most; longer changes become one edit."""


def differences(
    old: str, new: str, holes: Sequence[int] = (), *, whole: bool = False
) -> list[Edit] | None:
    """Return edits that make one text into the other; none of them holds a hole.

    `holes` are the code points of the old text that are interpolations. None means that the new
    text does not hold as many. With `whole`, what differs between two holes is one edit.

    >>> differences("a cat --duration 7", "a cat --duration 5")
    [Edit(start=17, end=18, content='5')]
    """
    parts, rest = _split(old, holes), new.split(HOLE) if holes else [new]
    if len(parts) != len(rest):
        return None
    edits: list[Edit] = []
    offset = 0
    for before, after in zip(parts, rest, strict=True):
        if whole and before != after:
            edits.append(Edit(offset, offset + len(before), after))
        elif before != after:
            edits += _edits(before, after, offset)
        offset += len(before) + 1
    return edits


def _split(text: str, holes: Sequence[int]) -> list[str]:
    bounds = [-1, *holes, len(text)]
    return [text[a + 1 : b] for a, b in pairwise(bounds)]


def _edits(old: str, new: str, offset: int) -> list[Edit]:
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    before, after = before[start : len(before) - end], after[start : len(after) - end]
    offset += len("".join(_TOKEN.findall(old)[:start]))
    if len(before) * len(after) > _MOST_CELLS:
        whole = "".join(before)
        return [Edit(offset, offset + len(whole), "".join(after))]
    edits = []
    position = [0]
    for token in before:
        position.append(position[-1] + len(token))
    for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            edits.append(Edit(offset + position[i], offset + position[j], "".join(after[k:m])))
    return edits
