"""Reports text that looks like a prompt but is outside of everything that hosts read."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple
from urllib.parse import unquote_plus

from flaglift.check.hosts.base import (
    Around,
    DivisibleHost,
    ExhaustiveHost,
    Host,
    Literal,
    Origin,
    PartialHost,
    PatternHost,
    UnreadPlace,
    WordHost,
)
from flaglift.check.hosts.classifier import classify
from flaglift.check.hosts.finding import MOST_NESTED, judged, literals_of, nested
from flaglift.check.hosts.pieces import BROKEN, DEEP, NOT_READ, OUTSIDE, UNREAD
from flaglift.check.hosts.prefilter import lookalikes, may_hold_flags
from flaglift.check.hosts.registry import host_named
from flaglift.lossless.spans import Span
from flaglift.report.text import counted

_QUOTES = (b'"', b"'", b"`")


def unread(data: bytes, host: Host) -> list[UnreadPlace]:
    """Return the look-alikes that no literal, comment or key covers and that may be in a prompt.

    Hosts of nested code are included. The content of such a place is unknown; that there are no
    findings on it does not mean that it is correct.
    """
    return _unread(data, host, literals_of(host, data), 1)


def not_read(places: Sequence[UnreadPlace]) -> str:
    """Return a sentence on places that were not read."""
    return f"not read: {places[0].reason}; it holds {counted(len(places), 'flag spelling')}"


def unread_in(literal: Literal) -> tuple[UnreadPlace, ...]:
    """Return the unread places in the code that a literal contains."""
    return tuple(_unread_inside([literal], 1))


def _unread(data: bytes, host: Host, literals: Sequence[Literal], depth: int) -> list[UnreadPlace]:
    return sorted([*_uncovered(data, host, literals), *_unread_inside(literals, depth)])


def _unread_inside(literals: Iterable[Literal], depth: int) -> Iterator[UnreadPlace]:
    """Yield the unread places in literals that contain code, of another host or of none."""
    for outer in literals:
        data = outer.text.encode()
        if not may_hold_flags(data):
            continue
        inner = nested(outer)
        places: Iterable[UnreadPlace] = ()
        if inner is None and outer.origin.role == "code":
            places = _passed_over(data, _bare(data, Span(0, len(data)), ()), is_code=True)
        elif inner is not None and depth > MOST_NESTED:
            yield UnreadPlace(outer.start, DEEP)
        elif inner is not None:
            places = _unread(data, inner, inner.literals(data), depth + 1)
        position = length = 0
        for start, reason in places:
            length += len(data[position:start].decode())
            position = start
            yield UnreadPlace(outer.locate(Span(length, length)).start, reason)


def _uncovered(data: bytes, host: Host, literals: Sequence[Literal]) -> list[UnreadPlace]:
    """Return the look-alikes of one document that its host does not cover.

    Where it does not parse, lines may be code that was parsed as a string, even before the error:
    such a string covers its content only if it is a prompt.
    """
    gaps = host.gaps(data) if isinstance(host, PartialHost) else ()
    if not gaps and isinstance(host, ExhaustiveHost):
        return [*_divided(data, literals)]
    doubted = [*_doubted(data, host, literals, has_gaps=bool(gaps))]
    prompts = {e.root.place for e, said in judged(doubted) if said.taken and not e.unclear}
    alone = {each.place for each in literals if gaps and _stands_alone(each)}
    doubtful = {each.place for each in doubted} - prompts | alone
    covered = [
        *(Span(each.start, each.end) for each in host.comments(data)),
        *_read_bytes(literals, doubtful),
    ]
    whole = Span(0, len(data))
    kept = {each.start for each in _bare(data, whole, [*covered, *gaps, *alone])}
    lost = {each.start for each in _bare(data, whole, covered)} - kept
    known = _bare(data, whole, [*covered, *_patterns(host, data, whole)])
    return [
        *(UnreadPlace(start, BROKEN) for start in sorted(lost)),
        *_passed_over(data, [each for each in known if each.start not in lost]),
        *_divided(data, literals),
    ]


def unread_in_part(
    data: bytes, host: DivisibleHost, part: Span, literals: Sequence[Literal]
) -> list[UnreadPlace]:
    """Return the unread places between the literals of a part that is read separately."""
    if isinstance(host, ExhaustiveHost):
        return [*_divided(data, literals)]
    covered = [*_read_bytes(literals, ())]
    bare = _bare(data, part, covered)
    if bare:
        comments = host.comments_in(data, part)
        covered += [Span(each.start, each.end) for each in comments]
        bare = _bare(data, part, [*covered, *_patterns(host, data, part)])
    return [*_passed_over(data, bare), *_divided(data, literals)]


def _patterns(host: object, data: bytes, part: Span) -> Iterable[Span]:
    """Return the patterns that the code matches texts against."""
    return host.patterns_in(data, part) if isinstance(host, PatternHost) else ()


class _Bare(NamedTuple):
    """A look-alike that is not covered."""

    start: int
    after: int
    """The end of the covered range before it."""
    before: int
    """The start of the covered range after it."""


def _read_bytes(literals: Iterable[Literal], but: Collection[Span]) -> Iterator[Span]:
    for each in literals:
        if each.place not in but:
            yield from each.read_bytes()


def _bare(data: bytes, part: Span, covered: Iterable[Span]) -> list[_Bare]:
    """Return the look-alikes in a part of a document that are not covered."""
    spans = sorted(covered, reverse=True)
    bare = []
    reach = part.start
    for start in lookalikes(data[slice(*part)]):
        place = part.start + start
        while spans and spans[-1].start <= place:
            reach = max(reach, spans.pop().end)
        if reach <= place:
            bare.append(_Bare(place, reach, spans[-1].start if spans else part.end))
    return bare


def _passed_over(
    data: bytes, bare: Iterable[_Bare], *, is_code: bool = False
) -> Iterator[UnreadPlace]:
    """Yield those in text that reads like a prompt, which excludes decrements and the like."""
    end = 0
    is_prompt = False
    for start, after, before in bare:
        if start >= end:  # in the text judged last
            begin = max(after, data.rfind(b"\n", after, start) + 1)
            end = data.find(b"\n", start, before) + 1 or before
            texts = set(_beginnings(data[begin:end]))
            is_prompt = any(_reads_as_prompt(text, is_code=is_code) for text in texts)
        if is_prompt:
            yield UnreadPlace(start, UNREAD if is_code else OUTSIDE)


def _divided(data: bytes, literals: Iterable[Literal]) -> Iterator[UnreadPlace]:
    """Yield the texts that are not read, but would be prompts without what divides them."""
    divided: dict[str, list[Literal]] = {}
    for each in literals:
        if each.origin.role in NOT_READ:
            divided.setdefault(each.origin.role, []).append(_in_prose(each))
    for role, texts in divided.items():
        for literal, said in judged(texts):
            if said.taken:
                flag = next(lookalikes(data[literal.start : literal.end]), 0)
                yield UnreadPlace(literal.start + flag, NOT_READ[role])


def _in_prose(literal: Literal) -> Literal:
    return replace(literal, look=partial(Around, literal.origin._replace(role="prose")))


def _reads_as_prompt(raw: bytes, *, is_code: bool) -> bool:
    text = raw.decode(errors="replace")
    look = partial(Around, Origin("inline" if is_code else "prose"))
    return any(
        classify(replace(literal, look=look)).taken
        for each in {text, unquote_plus(text)}  # addresses are text, too
        for literal in host_named("whole").literals(each.encode())
    )


def needs_whole(host: object, literals: Sequence[Literal]) -> bool:
    """Return whether the literals of a part may be no such thing, as the whole document shows."""
    flagged = [each for each in literals if may_hold_flags(each.text.encode())]
    if isinstance(host, WordHost) and any(map(_has_lines, literals)):
        return any(not _is_sure(each) for each in flagged)
    return any(each.is_broken for each in flagged)


def _stands_alone(literal: Literal) -> bool:
    """Return whether a prompt stands alone in a line, as what an error behind it leaves of code."""
    is_alone = literal.origin.role == "statement" and not _has_lines(literal)
    return is_alone and _reads_as_prompt(literal.text.encode(), is_code=False)


def _has_lines(literal: Literal) -> bool:
    return literal.source.find(b"\n", literal.start, literal.end) >= 0


def _doubted(
    data: bytes, host: Host, literals: Iterable[Literal], *, has_gaps: bool
) -> Iterator[Literal]:
    """Yield the texts of several lines, and the words, that may be no such thing.

    Code in a sentence that goes on in another line may be a fence that lost a backtick.

    A shell's parser may be content with a script that shells refuse: a text that ends in a later
    line may be two that lost a quote each, with words of others between them.
    """
    if not has_gaps:
        yield from (each for each in literals if each.origin.role == "inline" and _has_lines(each))
        return
    is_content = isinstance(host, WordHost) and not host.has_error(data)
    for each in filter(_has_lines, literals):
        if may_hold_flags(each.text.encode()) and not (is_content and _is_sure(each)):
            yield each
    lines = None
    if is_content:
        texts = filter(_has_lines, host.literals(data))
        lines = {_line(data, at).start for each in texts for at in each.place}
    yield from _torn(data, literals, lines)


def _is_sure(literal: Literal) -> bool:
    """Return whether a text of a script without an error is all that it seems to be."""
    return not literal.is_broken and (literal.origin.role == "document" or bool(nested(literal)))


def _torn(
    data: bytes, words: Iterable[Literal], lines: Collection[int] | None
) -> Iterator[Literal]:
    """Yield the words without quotes that may be parts of a text, by the line that they stand in.

    In `gen "a 6" heel --video"` the text ends at the second quote, for the parser; a quote in an
    earlier line, or a here-document without its operator, makes words of whole texts; so does the
    `%w[` of Ruby.
    """
    start = end = 0
    is_like = False
    for word in filter(_is_word, words):
        if word.start >= end:
            start, end = _line(data, word.start)
            is_like = (lines is None or start in lines) and _has_text(data[start:end])
        if is_like and not (lines and _has_lines(word)):
            yield word


def _is_word(literal: Literal) -> bool:
    if literal.host == "bash":
        return True
    return literal.is_broken and literal.source[literal.start : literal.start + 1] not in _QUOTES


def _line(data: bytes, at: int) -> Span:
    return Span(data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at) + 1 or len(data))


def _has_text(line: bytes) -> bool:
    """Return whether a line of a shell reads like a prompt, whatever its quotes are."""
    without = line.translate(None, b"".join(_QUOTES))
    texts = {*_beginnings(line), *_beginnings(without)}
    return any(_reads_as_prompt(text, is_code=False) for text in texts)


def _beginnings(line: bytes) -> Iterator[bytes]:
    """Yield a line, and the value that may hold its first flag: behind a quote or an equals sign.

    What stands before that may be a command, as in `export PROMPT=a cat --video`.
    """
    flag = next(lookalikes(line), len(line))
    yield line
    yield line[max(line.rfind(mark, 0, flag) for mark in _QUOTES) + 1 :]
    yield line[line.rfind(b"=", 0, flag) + 1 :]
