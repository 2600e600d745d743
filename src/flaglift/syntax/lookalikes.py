"""Text that looks like a flag but is not one, and the flag that it resembles (section 6)."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Flag as Flags
from enum import auto
from functools import lru_cache

from flaglift.lossless.spans import Span
from flaglift.spelling import nearest
from flaglift.syntax.flags import NAMES, FlagName
from flaglift.syntax.nodes import FlagLike, Node
from flaglift.syntax.tree import parse_markup
from flaglift.syntax.words import is_escaped, split_words

DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63\uff0d"
"""Hyphens, dashes and minus signs; all but the first are typographic."""

INVISIBLE = "\u00a0\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
"""Characters displayed as nothing or as a space that do not separate words (1.1)."""

WIDE = (
    "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u202f\u205f\u3000"
)
"""Spaces that do not separate words (1.1)."""

ZERO_WIDTH = (
    "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff"
)
"""Characters that display as nothing, including directional marks and rare line ends."""

UNSEEN = WIDE + ZERO_WIDTH
"""All invisible characters that do not separate words."""

_LONG = "\u2014\u2015"  # writing software replaces two hyphens with these


def flag_like(start: int, raw: str, before: str) -> FlagLike | None:
    """Return the flag that a run of dashes and the name after it look like, if any.

    `before` is the preceding character, empty at the start of the text. A single dash inside a word
    is a hyphen, and so is one before a name that does not match a flag's exactly.

    >>> flag_like(0, "\u2014video", " ")
    FlagLike(start=0, raw='—video', name=<FlagName.VIDEO: 'video'>)
    >>> flag_like(5, "-video", "e") is None
    True
    """
    bare = raw.lstrip(DASHES + INVISIBLE)
    run = raw[: len(raw) - len(bare)]
    dashes = sum(2 if c in _LONG else 1 for c in run if c in DASHES)
    inside_word = before not in ("", " ", "\t", "\r", "\n") and run[0] not in INVISIBLE
    name = _plain(bare)
    if not dashes or (inside_word and (dashes == 1 or run[0] in _LONG) and "_" not in name):
        return None
    if name in NAMES:
        return FlagLike(start, raw, NAMES[name])
    if dashes == 1 or inside_word:
        return None
    close = _nearest(name)
    return FlagLike(start, raw, NAMES[close]) if close else None


def flag_likes(start: int, raw: str, before: str) -> Iterator[FlagLike]:
    """Yield the results of `flag_like` for a run of dashes and the name after it.

    If there is none, flags may be joined: `--video--duration` looks like two.

    >>> [like.raw for like in flag_likes(0, "--video--duration", "")]
    ['--video', '--duration']
    """
    whole = flag_like(start, raw, before)
    pieces = [whole] if whole or "--" not in raw[2:] else _apart(start, raw, before)
    yield from (piece for piece in pieces if piece)


def _apart(start: int, raw: str, before: str) -> Iterator[FlagLike | None]:
    for piece in _STUCK.finditer(raw):
        at = piece.start()
        yield flag_like(start + at, piece[0], raw[at - 1] if at else before)


_STUCK = re.compile(rf"[{DASHES}{INVISIBLE}]++(?:[^\-]|-(?!-))*+")


@lru_cache(maxsize=4096)
def _nearest(name: str) -> str | None:
    return nearest(name, FlagName)


def _plain(name: str) -> str:
    kept = "".join("_" if c in DASHES else c for c in name if c not in INVISIBLE)
    return kept.strip("_").lower()


_FILE = re.compile(r"[./][A-Za-z0-9]")


def names_file(text: str, position: int = 0) -> bool:
    """Return whether the name continues as in `clip--video.mp4`, which is not meant as a flag."""
    return _FILE.match(text, position) is not None


_NEAR = 80
"""The most code points of a word to examine on either side of a flag."""


class Defect(Flags):
    """What distinguishes a word from the flag that it looks like (6)."""

    DASH = auto()
    """A typographic dash before the name, or a typographic hyphen in it."""
    DASH_COUNT = auto()
    """Only hyphens, but not two of them."""
    UNSEEN = auto()
    """An invisible character in the flag or next to it."""
    MISSPELT = auto()
    """The name is none of the four, even regardless of case and hyphens."""
    CASE = auto()
    """The name is one of the four in different case."""
    HYPHEN = auto()
    """The name is one of the four with hyphens in place of underscores."""
    ATTACHED_BEFORE = auto()
    """Other text is attached before it."""
    ATTACHED_AFTER = auto()
    """Other text is attached after it, except a value with `=`."""


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A word, or a part of one, that looks like a flag but is text."""

    start: int
    """The start of its dashes, or of the invisible characters before them."""
    name: FlagName
    """The flag that it resembles."""
    dashes: str
    written: str
    """The name as written, without any text after it."""
    word_start: int
    word: str
    """The whole word that it is part of, as written."""

    @property
    def name_start(self) -> int:
        """The start of the name."""
        return self.start + len(self.dashes)

    @property
    def end(self) -> int:
        """The end of the name."""
        return self.name_start + len(self.written)

    @property
    def word_end(self) -> int:
        """The end of the word."""
        return self.word_start + len(self.word)

    @property
    def span(self) -> Span:
        """The span of the dashes and the name."""
        return Span(self.start, self.end)

    @property
    def before(self) -> str:
        """The part of the word before it, limited in length."""
        offset = self.start - self.word_start
        return self.word[max(0, offset - _NEAR) : offset]

    @property
    def after(self) -> str:
        """The part of the word after the name, limited in length."""
        offset = self.end - self.word_start
        return self.word[offset : offset + _NEAR]

    @property
    def defects(self) -> Defect:
        """All of its differences from a flag."""
        return _defects(self.name, self.dashes, self.written, self.before, self.after)


@lru_cache(maxsize=4096)  # several rules ask, and mistakes are often repeated
def _defects(name: FlagName, dashes: str, written: str, before: str, after: str) -> Defect:
    plain = _plain(written)
    bare = "".join(c for c in dashes if c not in UNSEEN)
    defects = {
        Defect.DASH: any(c in DASHES[1:] for c in dashes + written),
        Defect.DASH_COUNT: bare.strip("-") == "" and bare != "--",
        Defect.UNSEEN: any(c in UNSEEN for c in before[-1:] + dashes + written + after[:1]),
        Defect.MISSPELT: plain != name,
        Defect.CASE: plain == name and written != written.lower(),
        Defect.HYPHEN: plain == name and "-" in written,
        Defect.ATTACHED_BEFORE: before.rstrip(UNSEEN) != "",
        Defect.ATTACHED_AFTER: after.lstrip(UNSEEN)[:1] not in ("", "="),
    }
    return Defect(sum(defect.value for defect, present in defects.items() if present))


def near_misses(nodes: Sequence[Node], suspects: Sequence[FlagLike]) -> Iterator[NearMiss]:
    """Yield near misses for the suspects, in order, with the words that contain them.

    Suspects inside quotes are left out: they are not meant as flags.
    """
    first = 0
    for node in _holding(nodes, suspects):
        for offset, word in split_words(node.raw):
            start = node.start + offset
            last = first
            while last < len(suspects) and suspects[last].start < start + len(word):
                last += 1
            if last > first:
                yield from _near_misses(start, word, suspects[first:last])
                first = last


def _holding(nodes: Sequence[Node], suspects: Sequence[FlagLike]) -> Iterator[Node]:
    """Yield the nodes that contain suspects."""
    starts = [node.start for node in nodes]
    indices = (bisect_right(starts, suspect.start) - 1 for suspect in suspects)
    return (nodes[index] for index in dict.fromkeys(indices))


def _near_misses(start: int, word: str, suspects: Iterable[FlagLike]) -> Iterator[NearMiss]:
    opening, closing = word.find('"'), word.rfind('"')
    for suspect in suspects:
        offset = suspect.start - start
        if not opening < offset < closing and not is_escaped(word, offset):
            bare = suspect.raw.lstrip(DASHES + INVISIBLE)
            yield NearMiss(
                start=suspect.start,
                name=suspect.name,
                dashes=suspect.raw[: len(suspect.raw) - len(bare)],
                written=bare.rstrip(DASHES + INVISIBLE + "_"),
                word_start=start,
                word=word,
            )


def near_misses_in(word: str, start: int = 0) -> list[NearMiss]:
    """Return everything that looks like a flag in a word, whether that is text or a value.

    >>> [miss.written for miss in near_misses_in("kling25\u00a0--duration")]
    ['duration']
    """
    return list(_near_misses(start, word, flag_likes_in(word, start)))


def flag_likes_in(word: str, start: int = 0) -> Iterator[FlagLike]:
    """Yield everything that looks like a flag in a word, including inside quotes."""
    for token in parse_markup(word):
        if token.type == "FLAG_LIKE":
            offset = token.start_pos
            yield from flag_likes(start + offset, token.value, word[max(0, offset - 1) : offset])
