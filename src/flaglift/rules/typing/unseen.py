"""Taking out what nobody sees in flags, around them and around their values (dialect section 6)."""

import re

from flaglift.lossless.spans import Edit
from flaglift.syntax.flags import FlagName
from flaglift.syntax.lookalikes import DASHES, UNSEEN, Defect, NearMiss, near_misses_in
from flaglift.syntax.nodes import Quoting
from flaglift.syntax.words import is_escaped, quoting

_RUN = re.compile(f"[{UNSEEN}]++")
_ANY = re.compile(f"[{UNSEEN}]*+")
_NAMES = "|".join(sorted(FlagName, key=len, reverse=True))
_SPLIT = re.compile(rf"({_NAMES})([{UNSEEN}]++).", re.IGNORECASE)

_JOINED = "=,.;:!?)"
"""What belongs to the flag in front of it, or to nothing: no space is put between."""


def holds_unseen(word: str) -> bool:
    """Tell whether there is anything invisible in a word."""
    return _RUN.search(word) is not None


def unseen_edits(start: int, word: str, owner: FlagName | None = None) -> list[Edit]:
    r"""Return the edits that leave nothing unseen in the flags of a word, or next to them.

    A space is put where the character separates words. `owner` is the flag that the word is the
    value of, if it is one; then its ends are looked at too.

    >>> unseen_edits(0, "woman\u00a0--vi\u200bdeo")
    [Edit(start=5, end=6, content=' '), Edit(start=10, end=11, content='')]
    >>> unseen_edits(0, "kling25\u200b", FlagName.VIDEO_MODEL)
    [Edit(start=7, end=8, content='')]
    """
    if not holds_unseen(word):
        return []
    edits: list[Edit] = []
    misses = near_misses_in(word, start)
    for miss, later in zip(misses, [*misses[1:], None], strict=False):
        edits += _around(miss, later)
    if owner and not misses:
        edits = _trimmed(start, word)
    elif owner and _end_of_run(word, 0) < misses[0].start - start:
        edits = [*_cut(start, word, 0, _end_of_run(word, 0)), *edits]
    return edits


def wanted(word: str, owner: FlagName | None = None) -> FlagName | None:
    """Return the flag at the end of a word that takes the next word as its value, if one does.

    Of a value that is nothing but unseen it is the flag that the value belongs to.
    """
    if not word.strip(UNSEEN):
        return owner
    misses = near_misses_in(word)
    if not misses or not misses[-1].name.takes_value:
        return None
    last = misses[-1]
    return last.name if _end_of_run(word, last.end) == len(word) else None


def _end_of_run(word: str, position: int) -> int:
    match = _ANY.match(word, position)
    return match.end() if match else position


def _around(miss: NearMiss, later: NearMiss | None) -> list[Edit]:
    word, start = miss.word, miss.word_start
    low = miss.start - start
    high = _end_of_run(word, low)
    while low and word[low - 1] in UNSEEN:
        low -= 1
    edits = [*_cut(start, word, low, high, " " if low else ""), *_inside(miss, high)]
    end = miss.end - start
    high = _end_of_run(word, end)
    if later and later.start - start <= high:
        return edits  # what stands between two flags is the later one's
    following = word[high : high + 1]
    if not following or following not in DASHES:  # a dash there is not known to begin a flag
        edits += _cut(start, word, end, high, "" if following in _JOINED else " ")
    value = high + (following == "=")
    if later is None and following and miss.name.takes_value:
        edits += _trimmed(start + value, word[value:])
    elif later and value > high and _end_of_run(word, value) < later.start - start:
        edits += _cut(start, word, value, _end_of_run(word, value))
    return edits


def _inside(miss: NearMiss, first: int) -> list[Edit]:
    start = miss.word_start
    name = miss.name_start - start
    split = _SPLIT.match(miss.written)
    at = -1
    if split and split[1].lower() == miss.name and Defect.MISSPELT in miss.defects:
        at = name + split.start(2)
    edits = []
    for match in _RUN.finditer(miss.word, first, miss.end - start):
        content = " " if match.start() == at else ""
        edits += _cut(start, miss.word, match.start(), match.end(), content)
    return edits


def _trimmed(start: int, word: str) -> list[Edit]:
    """Return the edits that take out what is unseen at the ends of a value, quoted or not."""
    low, high = _end_of_run(word, 0), len(word)
    end = max(low, len(word.rstrip(UNSEEN)))
    edits = [*_cut(start, word, 0, low), *_cut(start, word, end, high)]
    bare = word[low:end]
    if quoting(bare) is Quoting.QUOTED:
        inside = bare[1:-1]
        first = _end_of_run(inside, 0)
        last = max(first, len(inside.rstrip(UNSEEN)))
        edits += _cut(start + low + 1, inside, 0, first)
        edits += _cut(start + low + 1, inside, last, len(inside))
    return sorted(edits)


def _cut(start: int, word: str, low: int, high: int, content: str = "") -> list[Edit]:
    if low >= high or is_escaped(word, low):
        return []
    return [Edit(start + low, start + high, content)]
