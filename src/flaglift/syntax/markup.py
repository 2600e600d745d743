"""What lies across the words: references, and what looks like a flag (dialect sections 5.1, 6)."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache

from flaglift.syntax.lookalikes import DASHES, INVISIBLE, flag_like
from flaglift.syntax.nodes import FlagLike, Node, Reference, Text, UnknownFlag
from flaglift.syntax.prompt import Segment
from flaglift.syntax.tokens import terminals, tokens

# So many digits are a number that a float can hold.
_WEIGHT = re.compile(r"[+-]?(?:[0-9]{1,99}(?:\.[0-9]{0,99})?|\.[0-9]{1,99})")

_TYPOGRAPHIC = re.compile(f"[{DASHES[1:]}{INVISIBLE}]")

_BEGINNING = re.compile(r"-[-vVdD]")
"""Without typographic dashes, what looks like one of the four flags begins like this."""


def references_and_suspects(
    text: str, segments: Sequence[Segment]
) -> tuple[tuple[Reference, ...], tuple[FlagLike, ...]]:
    """Return the references of a text, and the words in it that look like flags and are text."""
    nodes = [node for segment in segments for node in segment.nodes]
    plain = text.isascii() or not _TYPOGRAPHIC.search(text)
    if plain and not _may_hold_suspect(nodes):
        return _references(text), ()
    starts = [node.start for node in nodes]
    references: list[Reference] = []
    suspects: list[FlagLike] = []
    position = 0
    for terminal, raw in tokens(text, "markup"):
        if terminal == "REFERENCE":
            references.append(_reference(position, raw))
        elif terminal == "FLAG_LIKE":
            index = bisect_right(starts, position) - 1
            if index >= 0 and isinstance(nodes[index], Text | UnknownFlag):
                before = text[position - 1 : position]
                suspect = flag_like(position, raw, before)
                suspects += [suspect] if suspect else []
        position += len(raw)
    return tuple(references), tuple(suspects)


def _may_hold_suspect(nodes: Sequence[Node]) -> bool:
    return any(
        isinstance(node, UnknownFlag)
        or (isinstance(node, Text) and "-" in node.raw and _BEGINNING.search(node.raw))
        for node in nodes
    )


def _references(text: str) -> tuple[Reference, ...]:
    if "<" not in text:
        return ()
    return tuple(_reference(found.start(), found[0]) for found in _pattern().finditer(text))


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(terminals("markup")["REFERENCE"])


def _reference(start: int, raw: str) -> Reference:
    kind, _, rest = raw[1:-1].partition(":")
    name, _, weight = rest.partition(":")
    return Reference(start, raw, kind, name, _number(weight))


def _number(weight: str) -> float | None:
    return float(weight) if _WEIGHT.fullmatch(weight) else None
