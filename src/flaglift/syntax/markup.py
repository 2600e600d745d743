"""Items that span words: references, and text that looks like a flag (dialect 5.1, 6)."""

import re
from bisect import bisect_right
from collections.abc import Sequence

from flaglift.syntax.concern import FLAG_NAME, looks_typographic
from flaglift.syntax.grammar import expression
from flaglift.syntax.lookalikes import flag_likes
from flaglift.syntax.nodes import FlagLike, Node, Reference, Text, UnknownFlag
from flaglift.syntax.prompt import Segment
from flaglift.syntax.tree import parse_markup

# A number with this many digits fits into a float.
_WEIGHT = re.compile(r"[+-]?(?:[0-9]{1,99}(?:\.[0-9]{0,99})?|\.[0-9]{1,99})")

_BEGINNING = re.compile(f"-(?:-|{FLAG_NAME})")
"""The beginning of text that looks like a flag, unless the dashes are typographic."""


def references_and_suspects(
    text: str, segments: Sequence[Segment]
) -> tuple[tuple[Reference, ...], tuple[FlagLike, ...]]:
    """Return the references of a text, and the words that look like flags but are text."""
    plain = text.isascii() or not looks_typographic(text)
    if plain and not any(_may_hold_suspect(segment.nodes) for segment in segments):
        return _references(text), ()
    nodes = [node for segment in segments for node in segment.nodes]
    starts = [node.start for node in nodes]
    references: list[Reference] = []
    suspects: list[FlagLike] = []
    for token in parse_markup(text):
        position, raw = token.start_pos, token.value
        if token.type == "REFERENCE":
            references.append(_reference(position, raw))
        elif token.type == "FLAG_LIKE":
            index = bisect_right(starts, position) - 1
            node = nodes[index] if index >= 0 else None
            # No flag is meant in the settings block (5.2), which follows the last node.
            if isinstance(node, Text | UnknownFlag) and position < node.end:
                before = text[position - 1 : position]
                suspects += flag_likes(position, raw, before)
    return tuple(references), tuple(suspects)


def _may_hold_suspect(nodes: Sequence[Node]) -> bool:
    for node in nodes:  # runs for every prompt: a generator would be slower
        kind = type(node)
        if kind is UnknownFlag or (
            kind is Text and "-" in node.raw and _BEGINNING.search(node.raw)
        ):
            return True
    return False


def _references(text: str) -> tuple[Reference, ...]:
    if "<" not in text:
        return ()
    references = expression("REFERENCE").finditer(text)
    return tuple(_reference(reference.start(), reference[0]) for reference in references)


def _reference(start: int, raw: str) -> Reference:
    kind, _, rest = raw[1:-1].partition(":")
    name, _, weight = rest.partition(":")
    return Reference(start, raw, kind, name, _number(weight))


def _number(weight: str) -> float | None:
    return float(weight) if _WEIGHT.fullmatch(weight) else None
