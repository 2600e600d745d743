"""How far one word is from another, and which known word a misspelt one stands for."""

import re
from collections.abc import Iterable

_MOST = 3
"""A word further away than this many slips is another word, however long it is."""


def distance(a: str, b: str, *, limit: int | None = None) -> int:
    """Return the optimal string alignment distance of two words, in edits of one code point.

    An insertion, a deletion, a replacement and a swap of two neighbours count 1 each. With a
    `limit` the work ends as soon as the distance is known to be above it, and `limit + 1` is
    returned; words whose lengths alone differ by more cost nothing.

    >>> distance("duration", "duraiton")
    1
    >>> distance("kling30_pro", "kling25")
    6
    >>> distance("kling30_pro", "kling25", limit=3)
    4
    """
    bound = max(len(a), len(b)) if limit is None else limit
    if abs(len(a) - len(b)) > bound:
        return bound + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        before, previous = row, before
        # Outside a band around the diagonal the lengths alone differ by more than the bound.
        first, last = max(1, i - bound), min(len(b), i + bound)
        row = [bound + 1] * (len(b) + 1)
        row[0] = i
        for j in range(first, last + 1):
            other = b[j - 1]
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and other == a[i - 2]:
                cost = min(cost, previous[j - 2] + 1)
            row[j] = cost
        if min(row) > bound and min(before) >= bound:
            return bound + 1
    return min(row[-1], bound + 1)


def nearest(word: str, candidates: Iterable[str], *, limit: int | None = None) -> str | None:
    """Return the candidate that `word` is a misspelling of, as it is spelt, or None.

    Case does not count, and a hyphen is an underscore. None means that no candidate is within
    `limit` edits (by default a quarter of the word's length, at least 1 and at most 3), that two
    are equally near, or that the nearest one has another number: a digit too many, too few or
    swapped is a slip, a digit replaced names another version or resolution.

    >>> models = ["seedance_v15_720p", "kling30_pro", "veo31_fast_1080p", "veo31_fast_720p"]
    >>> nearest("seedance_v15_702p", models)
    'seedance_v15_720p'
    >>> nearest("Kling30-prro", models)
    'kling30_pro'
    >>> nearest("veo31_fast_1440p", models) is None
    True
    >>> nearest("wan26", ["wan25", "wan27"]) is None
    True
    """
    bound = max(1, min(_MOST, len(word) // 4)) if limit is None else limit
    plain: str | None = None
    best: str | None = None
    tied = False
    for candidate in candidates:
        if abs(len(candidate) - len(word)) > bound or candidate == best:
            continue
        plain = _plain(word) if plain is None else plain
        away = distance(plain, _plain(candidate), limit=bound)
        if away < bound or (away == bound and best is None):
            best, bound, tied = candidate, away, False
        elif away == bound:
            tied = True
    return None if best is None or tied or _renumbered(word, best) else best


def _plain(word: str) -> str:
    return word.lower().replace("-", "_")


def _renumbered(word: str, candidate: str) -> bool:
    """Tell whether a number of the word is another one in the candidate by more than a slip."""
    pairs = zip(_numbers(word), _numbers(candidate), strict=False)
    return any(a != b and (distance(a, b) > 1 or _replaced(a, b)) for a, b in pairs)


def _numbers(word: str) -> list[str]:
    return re.findall("[0-9]+", word)


def _replaced(a: str, b: str) -> bool:
    return len(a) == len(b) and sorted(a) != sorted(b)
