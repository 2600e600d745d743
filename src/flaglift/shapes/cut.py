"""Cuts a prompt into its skeleton and the words that many prompts differ in."""

import re
from functools import cache
from typing import NamedTuple

from flaglift.syntax.concern import FLAG_NAME, looks_typographic
from flaglift.syntax.entities import ENTITY
from flaglift.syntax.flags import FlagName
from flaglift.syntax.grammar import expression, pattern
from flaglift.syntax.words import WHITESPACE

HOLE = "\0"
"""Stands in a skeleton for what was taken out."""

_dashed = re.compile(rf'-(?:"*+-|{FLAG_NAME}|(?<![^{WHITESPACE}"]-)"*+h)').search
"""Finds what is a flag, or looks like one, however it is quoted; the help of the reader (2.12)."""


class Cut(NamedTuple):
    """A prompt in pieces."""

    skeleton: str
    """The text with a `HOLE` for each piece of body, and one between the quotes of the value."""
    holes: tuple[tuple[int, int], ...]
    """Where these stand. The first is in front of all flags, and blank where there is no hole."""
    value: int
    """The number of the hole that is the quoted value; -1 without one."""

    @property
    def lengths(self) -> list[int]:
        """How long the holes before each number are, all together."""
        length = 0
        lengths = [0]
        for start, end in self.holes:
            length += end - start
            lengths.append(length)
        return lengths


class Flags(NamedTuple):
    """The same by its flags, which are all that is between its words."""

    cut: Cut
    spans: dict[str, tuple[int, int]]
    """Where they stand, each with its value, in the order of the text."""
    written: dict[str, str]
    """How they are written, less the words of the value."""


def cut_at_first_flag(text: str) -> Cut | None:
    """Cut a prompt whose flags come last, which is how most are written.

    None for any other. What the skeleton holds besides flags, `cut_at_all_flags` tells.

    >>> cut_at_first_flag('a cat --video --video_prompt "it yawns"').skeleton.replace(HOLE, "*")
    '*--video --video_prompt "*"'
    """
    at = text.find("--")
    if at < 0 or HOLE in text:
        return None
    if at and text[at - 1] not in WHITESPACE:
        return None
    tail = text[at:]
    body = HOLE if text[:at].strip(WHITESPACE) else ""
    opening = tail.find('"') + 1
    if not opening:
        return Cut(body + tail, ((0, at),), -1)
    closing = tail.find('"', opening)
    if tail.find("\\", opening, closing) >= 0:
        group = expression("GROUP").match(tail, opening - 1)
        closing = group.end() - 1 if group else -1
    if closing < 0:
        return None
    skeleton = f"{body}{tail[:opening]}{HOLE}{tail[closing:]}"
    return Cut(skeleton, ((0, at), (at + opening, at + closing)), 1)


def cut_at_all_flags(text: str) -> Flags | None:
    """Cut a prompt whose flags may stand anywhere in it, each with its value.

    None where it holds any other two dashes, a flag twice, or two quoted values.

    >>> flags = cut_at_all_flags('--video a cat --video_prompt "it yawns" on a mat')
    >>> flags.cut.skeleton.replace(HOLE, "*"), flags.cut.value
    ('--video*--video_prompt "*"*', 2)
    """
    if HOLE in text:
        return None
    pieces: list[str] = []
    holes: list[tuple[int, int]] = []
    spans: dict[str, tuple[int, int]] = {}
    written: dict[str, str] = {}
    match_at = _flags().match
    value, end, start = -1, 0, text.find("--")
    while start >= 0:
        flag = match_at(text, start)
        name = flag.lastgroup if flag else None
        if flag is None or name is None or name in spans:
            return None
        if start and text[start - 1] not in WHITESPACE:
            return None
        between = text[end:start]
        if not holes or between.strip(WHITESPACE):
            holes.append((end, start))
            between = HOLE if between.strip(WHITESPACE) else ""
        end = flag.end()
        opening = text.find('"', start, end) + 1
        if opening:
            if value >= 0:
                return None
            value = len(holes)
            holes.append((opening, end - 1))
            written[name] = f'{text[start:opening]}{HOLE}"'
        else:
            written[name] = text[start:end]
        spans[name] = start, end
        pieces += (between, written[name])
        start = text.find("--", end)
    if not spans or len(spans) != text.count("--"):
        return None
    after = text[end:]
    if after.strip(WHITESPACE):
        holes.append((end, len(text)))
        after = HOLE
    pieces.append(after)
    return Flags(Cut("".join(pieces), tuple(holes), value), spans, written)


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
    """Tell the same of what stands in quotes as a video prompt."""
    if "--" in text or ("\n" in text and "=" in text):  # another segment, a settings block
        return False
    if "&" in text and ENTITY.search(text):
        return False
    return text.isascii() or not looks_typographic(text)
