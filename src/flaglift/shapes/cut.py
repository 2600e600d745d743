"""Cuts a prompt into its flags and the words that many prompts differ in."""

import re
from functools import cache
from itertools import chain
from typing import NamedTuple

from flaglift.syntax.concern import FLAG_NAME, looks_typographic
from flaglift.syntax.entities import ENTITY
from flaglift.syntax.flags import FlagName
from flaglift.syntax.grammar import expression, pattern
from flaglift.syntax.words import WHITESPACE

_dashed = re.compile(rf'-(?:"*+-|{FLAG_NAME}|(?<![^{WHITESPACE}"]-)"*+h)').search
"""Finds what is a flag, or looks like one, however it is quoted; the help of the reader (2.12)."""


Position = tuple[int, int]
"""So many code points behind an origin, and which. With flags that come last, they are the first
flag, and as far behind it as if the quoted value were not there; with others, both ends of each."""

Places = dict[str, tuple[Position, Position]]
"""Where flags begin and end, by how they are written, in the order of the text."""


class Flags(NamedTuple):
    """A prompt by its flags, each with its value, and the words between them."""

    spans: dict[str, tuple[int, int]]
    """Where the flags stand, in the order of the text."""
    written: dict[str, str]
    """How they are written, less the dashes and the words of the quoted value."""
    words: list[tuple[int, int]]
    """Where other words stand. The first is in front of all flags, and may be blank."""
    value: tuple[int, int] | None
    """Where the words of the quoted value stand."""

    @property
    def places(self) -> Places:
        """Where the flags stand, from their own ends: the same wherever they are in a text."""
        return {flag: ((2 * i, 0), (2 * i + 1, 0)) for i, flag in enumerate(self.written.values())}

    @property
    def origins(self) -> tuple[int, ...]:
        """Both ends of each flag."""
        return tuple(chain.from_iterable(self.spans.values()))

    def has_body(self, text: str) -> bool:
        """Tell whether there are any other words."""
        return len(self.words) > 1 or bool(text[: self.words[0][1]].strip(WHITESPACE))


def cut_at_first_flag(text: str) -> tuple[str, str, str, int] | None:
    """Cut a prompt whose flags come last, which is how most are written.

    Return its tail, which is all from the first flag on, less two dashes and the quoted value; the
    words before it; the value, empty where none is quoted; and where the tail begins.

    None for any other, and where the value is empty. What the tail holds besides flags,
    `flags_of_tail` tells.

    >>> cut_at_first_flag('a cat --video --video_prompt "it yawns"')
    ('video --video_prompt ""', 'a cat', 'it yawns', 6)
    """
    at = text.find("--")
    if at <= 0:
        return None
    body = text[:at].rstrip(WHITESPACE)
    if not body or len(body) == at:
        return None
    opening = text.find('"', at) + 1
    if not opening:
        return text[at + 2 :], body, "", at
    closing = text.find('"', opening)
    if text.find("\\", opening, closing) >= 0:
        group = expression("GROUP").match(text, opening - 1)
        closing = group.end() - 1 if group else -1
    if closing <= opening:
        return None
    return text[at + 2 : opening] + text[closing:], body, text[opening:closing], at


def flags_of_tail(tail: str) -> Places | None:
    """Return what stands in a tail between dashes and blanks: flags, if they are known.

    None where there is no blank before the dashes of one, and where two are the same.

    >>> flags_of_tail('video --video_prompt ""')
    {'video': ((0, 0), (0, 7)), 'video_prompt ""': ((0, 8), (1, 25))}
    """
    places: Places = {}
    origin = start = 0
    for piece in tail.split("--"):
        flag = piece.rstrip(WHITESPACE)
        if flag in places:
            return None
        first = origin, start
        if '"' in flag:  # only the value is quoted, where the flags are those of a known prompt
            origin = 1
        places[flag] = first, (origin, start + 2 + len(flag))
        start += 2 + len(piece)
        if len(flag) == len(piece) and start <= len(tail):
            return None
    return places


def cut_at_all_flags(text: str) -> Flags | None:
    """Cut a prompt whose flags may stand anywhere in it, each with its value.

    None where it holds any other two dashes, a flag twice, or two quoted values.

    >>> flags = cut_at_all_flags('--video a cat --video_prompt "it yawns" on a mat')
    >>> flags.written, flags.words, flags.value
    ({'VIDEO': 'video', 'VIDEO_PROMPT': 'video_prompt ""'}, [(0, 0), (7, 14), (39, 48)], (30, 38))
    """
    spans: dict[str, tuple[int, int]] = {}
    written: dict[str, str] = {}
    words: list[tuple[int, int]] = []
    match_at = _flags().match
    value, end, start = None, 0, text.find("--")
    while start >= 0:
        flag = match_at(text, start)
        name = flag.lastgroup if flag else None
        if flag is None or name is None or name in spans:
            return None
        if start and text[start - 1] not in WHITESPACE:
            return None
        if not words or text[end:start].strip(WHITESPACE):
            words.append((end, start))
        end = flag.end()
        opening = text.find('"', start, end) + 1
        if opening:
            if value:
                return None
            value = opening, end - 1
            written[name] = text[start + 2 : opening] + '"'
        else:
            written[name] = text[start + 2 : end]
        spans[name] = start, end
        start = text.find("--", end)
    if not spans or len(spans) != text.count("--"):
        return None
    if text[end:].strip(WHITESPACE):
        words.append((end, len(text)))
    return Flags(spans, written, words, value)


@cache
def _flags() -> re.Pattern[str]:
    """Return the expression of a flag with its value, made of the grammar's terminals."""
    switches, others = (
        "|".join(
            f"(?P<{flag.name}>{pattern(flag.name)})"
            for flag in FlagName
            if flag.takes_value is takes_value
        )
        for takes_value in (False, True)
    )
    assign, gap, quoted, bare = map(pattern, ("ASSIGN", "GAP", "QUOTED", "BARE"))
    value = f"(?:{assign}|{gap})(?:{quoted}|{bare})"
    return re.compile(f"(?:{switches})(?!{assign})|(?:{others}){value}")


def is_plain_body(text: str) -> bool:
    """Tell whether words are such that they change the reading of nothing around them."""
    if "\\" in text or ('"' in text and text.count('"') % 2):
        return False
    if "-" in text and _dashed(text):
        return False
    if "&" in text and ENTITY.search(text):
        return False
    return text.isascii() or not looks_typographic(text)


def is_plain_value(text: str) -> bool:
    """Tell the same of what stands in quotes as a video prompt.

    Angle brackets and blank values are what rules speak of.
    """
    if "<" in text or not text.strip():
        return False
    if "--" in text or ("\n" in text and "=" in text):  # another segment, a settings block
        return False
    if "&" in text and ENTITY.search(text):
        return False
    return text.isascii() or not looks_typographic(text)
