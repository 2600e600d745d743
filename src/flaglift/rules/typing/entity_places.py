"""Where HTML entities change the reading of a prompt with flags (dialect section 6)."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from flaglift.lossless.spans import Edit, Span
from flaglift.rules.typing.misquotes import ENDS, Marks, Misquote, misquotes
from flaglift.syntax.entities import ENTITY, FLAG, decoded, first_entity
from flaglift.syntax.lookalikes import UNSEEN, NearMiss, near_misses
from flaglift.syntax.nodes import FlagLike, Quoting, Text, Value
from flaglift.syntax.prompt import Segment
from flaglift.syntax.words import WHITESPACE, group, quote

_DOUBLE = (
    r"(?:quot|ldquo|rdquo|bdquo|laquo|raquo|#0{0,4}(?:34|171|187|822[0-2])"
    r"|#[xX]0{0,3}(?:22|[aA][bB]|[bB][bB]|201[cCdDeE]))"
)
_SINGLE = r"(?:apos|lsquo|rsquo|sbquo|#0{0,4}(?:39|821[6-8])|#[xX]0{0,3}(?:27|201[89aA]))"
_LESS = r"(?:lt|LT|#0{0,4}60|#[xX]0{0,3}3[cC])"
_GREATER = r"(?:gt|GT|#0{0,4}62|#[xX]0{0,3}3[eE])"


def _encoded(name: str) -> str:
    return rf"&(?:amp;)*+{name};"


def _marks(name: str) -> Marks:
    closing = re.compile(rf"({_encoded(name)}){ENDS}")
    return Marks(re.compile(_encoded(name)), lambda _: closing)


_QUOTES = (_marks(_DOUBLE), _marks(_SINGLE))
_REFERENCE = re.compile(
    rf"{_encoded(_LESS)}(?:lora|faceid):[^<>&:\r\n]++(?::[^<>&:\r\n]*+)?(?:{_encoded(_GREATER)})?"
)
_AFTER = re.compile(rf"(?:{ENTITY.pattern})+")
_BEFORE = re.compile(rf"(?:{ENTITY.pattern})+\Z")


@dataclass(frozen=True, slots=True)
class EntityPlace:
    """A piece of a prompt that entities make another than was meant."""

    span: Span
    entity: str
    """The first of them."""
    effect: str
    """What happens because of it, in words."""
    decoded: str | None
    """The piece as it was meant; None where that is not certain."""

    @property
    def edit(self) -> Edit | None:
        """What puts the piece right."""
        return None if self.decoded is None else Edit(*self.span, self.decoded)


def entity_places(segment: Segment, suspects: Sequence[FlagLike]) -> list[EntityPlace]:
    """Return the places in a segment that entities change the reading of, in order."""
    misses = list(near_misses(segment.nodes, suspects))
    places = [*_at_values(segment, misses), *_at_flags(misses), *_of_dashes(segment)]
    taken = sorted(place.span for place in places)
    places += _references(segment, taken)
    return sorted(places, key=lambda place: place.span)


def _at_values(segment: Segment, misses: Sequence[NearMiss]) -> Iterator[EntityPlace]:
    opened = {
        misquote.value.start: misquote
        for marks in _QUOTES
        for misquote in misquotes(segment, misses, marks)
        if misquote.goes_on or misquote.inner is not None
    }
    for flag in segment.flags:
        entity = first_entity(flag.value.raw) if flag.value else None
        if flag.value and entity:
            misquote = opened.get(flag.value.start)
            effect = f"it is part of the value of `--{flag.name}`"
            if not misquote:
                yield EntityPlace(flag.value.span, entity, effect, _value(flag.value))
                continue
            if misquote.goes_on:
                effect = f"the value of `--{flag.name}` ends with the first word"
            yield EntityPlace(misquote.span, entity, effect, _quotation(misquote))


def _quotation(misquote: Misquote) -> str | None:
    inner = None if misquote.inner is None else decoded(misquote.inner)
    return replace(misquote, inner=inner).grouped if misquote.is_only else None


def _value(value: Value) -> str | None:
    if value.quoting is Quoting.MIXED:
        return None
    text = decoded(value.text)
    if text is None or value.quoting is Quoting.QUOTED:
        return text if text is None else group(text)
    words = text.strip()
    if words in ("", "--"):
        return None
    return quote(words) if '"' in words or "\\" in words else words


def _at_flags(misses: Iterable[NearMiss]) -> Iterator[EntityPlace]:
    done = 0
    for miss in misses:
        before, after = _BEFORE.search(miss.before), _AFTER.match(miss.after)
        low, high = miss.start, miss.end
        pieces = [miss.dashes + miss.written]
        if before and _is_space(before[0]) and low - len(before[0]) >= done:
            low -= len(before[0])
            pieces.insert(0, " " if low > miss.word_start else "")
        if after and _is_space(after[0]):
            high += len(after[0])
            pieces.append("" if miss.after[after.end() :][:1] in ("", "=") else " ")
        if len(pieces) > 1:
            done = high
            entity = str(first_entity(miss.word[low - miss.word_start :]))
            effect = f"`--{miss.name}` is not read as a flag"
            yield EntityPlace(Span(low, high), entity, effect, "".join(pieces))


def _of_dashes(segment: Segment) -> Iterator[EntityPlace]:
    for node in segment.nodes:
        if isinstance(node, Text) and "&" in node.raw:
            for match in FLAG.finditer(node.raw):
                flag = f"--{match['name'].lower()}"
                span = Span(*match.span()).shifted(node.start)
                entity, effect = str(first_entity(match[0])), f"`{flag}` is not read as a flag"
                yield EntityPlace(span, entity, effect, flag)


def _is_space(entities: str) -> bool:
    return not (decoded(entities) or "x").strip(UNSEEN + WHITESPACE)


def _references(segment: Segment, taken: Sequence[Span]) -> Iterator[EntityPlace]:
    for node in segment.nodes:
        if not isinstance(node, Text) or "&" not in node.raw:
            continue
        for match in _REFERENCE.finditer(node.raw):
            span = Span(match.start(), match.end()).shifted(node.start)
            index = bisect_right(taken, span)
            if not index or taken[index - 1].end <= span.start:
                entity = str(first_entity(match[0]))
                yield EntityPlace(span, entity, "the reference is not read", decoded(match[0]))
