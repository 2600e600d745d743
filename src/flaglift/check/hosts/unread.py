"""What reads as a prompt but stands in nothing that is read: said, not passed over."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from flaglift.check.hosts.base import (
    Around,
    ExhaustiveHost,
    Host,
    Literal,
    Origin,
    PartialHost,
    UnreadPlace,
)
from flaglift.check.hosts.classifier import classify
from flaglift.check.hosts.finding import MOST_NESTED, judged, literals_of, nested
from flaglift.check.hosts.pieces import BROKEN, DEEP, OUTSIDE, UNREAD
from flaglift.check.hosts.prefilter import lookalikes, may_hold_flags
from flaglift.check.hosts.registry import host_named
from flaglift.lossless.spans import Span


def unread(data: bytes, host: Host) -> list[UnreadPlace]:
    """Return the look-alikes that no literal, comment or key covers and that may be a prompt's.

    The readers of the code nested in a document are asked too. What such a place holds is not
    known; that nothing is said of it does not mean that it is right.
    """
    return _unread(data, host, literals_of(host, data), 1)


def unread_in(literal: Literal) -> tuple[UnreadPlace, ...]:
    """Return such places in the code that a literal of a document is."""
    return tuple(_unread_inside([literal], 1))


def _unread(data: bytes, host: Host, literals: Sequence[Literal], depth: int) -> list[UnreadPlace]:
    return sorted([*_uncovered(data, host, literals), *_unread_inside(literals, depth)])


def _unread_inside(literals: Iterable[Literal], depth: int) -> Iterator[UnreadPlace]:
    """Yield the places in literals that are code of another host."""
    for outer in literals:
        data = outer.text.encode()
        inner = nested(outer) if may_hold_flags(data) else None
        if inner is None:
            continue
        if depth > MOST_NESTED:
            yield UnreadPlace(outer.start, DEEP)
            continue
        position = length = 0
        for start, reason in _unread(data, inner, inner.literals(data), depth + 1):
            length += len(data[position:start].decode())
            position = start
            yield UnreadPlace(outer.locate(Span(length, length)).start, reason)


def _uncovered(data: bytes, host: Host, literals: Sequence[Literal]) -> list[UnreadPlace]:
    """Return the look-alikes of one document that its reader does not cover.

    Lines behind an error of the parser may be code that it took for a string; such a string covers
    what it holds only if it is a prompt. Where the reader did not lose its way, decrements and the
    like are not covered either, so that only what reads as a prompt counts.
    """
    gaps = host.gaps(data) if isinstance(host, PartialHost) else ()
    is_exhaustive = isinstance(host, ExhaustiveHost)
    if is_exhaustive and not gaps:
        return []
    may_be_code = [each for each in literals if gaps and _may_be_code(each)]
    prompts = {each.root.place for each, said in judged(may_be_code) if said.taken}
    foreign = {each.place for each in literals if _is_foreign(each)}
    doubtful = {each.place for each in may_be_code} - prompts | foreign
    covered = sorted(
        [
            *(Span(each.start, each.end) for each in host.comments(data)),
            *(s for each in literals if each.place not in doubtful for s in each.read_bytes()),
        ],
        reverse=True,
    )
    places = []
    reach = end = 0
    is_prompt = is_code = False
    for start in lookalikes(data):
        while covered and covered[-1].start <= start:
            reach = max(reach, covered.pop().end)
        if reach > start:
            continue
        if any(gap.start <= start < gap.end for gap in gaps):
            places.append(UnreadPlace(start, BROKEN))
            continue
        if start >= end and not is_exhaustive:  # of what was judged last
            until = covered[-1].start if covered else len(data)
            begin = max(reach, data.rfind(b"\n", reach, start) + 1)
            end = data.find(b"\n", start, until) + 1 or until
            quote = max(data.rfind(mark, begin, start) for mark in (b'"', b"'", b"`"))
            lines = data[begin:end], data[max(begin, quote + 1) : end]
            is_code = any(place.start <= start < place.end for place in foreign)
            is_prompt = any(_reads_as_prompt(line, is_code=is_code) for line in lines)
        if is_prompt:
            places.append(UnreadPlace(start, UNREAD if is_code else OUTSIDE))
    return places


def _reads_as_prompt(raw: bytes, *, is_code: bool) -> bool:
    literals = host_named("whole").literals(raw.decode(errors="replace").encode())
    look = partial(Around, Origin("inline" if is_code else "prose"))
    return any(classify(replace(each, look=look)).taken for each in literals)


def _is_foreign(literal: Literal) -> bool:
    """Tell whether a literal that may hold flags is code in a language that is not read."""
    may_hold = may_hold_flags(literal.text.encode())
    return may_hold and literal.origin.role == "code" and nested(literal) is None


def _may_be_code(literal: Literal) -> bool:
    lines = literal.source.find(b"\n", literal.start, literal.end) >= 0
    return lines and may_hold_flags(literal.text.encode()) and literal.locked == BROKEN
