"""JSON, JSON with comments, JSON5, and JSON lines: the values that are strings."""

import json
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any

from flaglift.check.hosts.base import HOLE, Around, Comment, Literal, Origin, Siblings
from flaglift.check.hosts.formats.argv import as_word, words_in
from flaglift.check.hosts.formats.codec import Escaped, stripped
from flaglift.check.hosts.formats.jsonframes import JsonFrame, JsonObjects, frame_of
from flaglift.check.hosts.formats.siblings import FIELD_KEY, TEXT_KEY, Entries, is_request_path
from flaglift.check.hosts.prefilter import may_hold_flags
from flaglift.context import field_name
from flaglift.lossless.json_members import Member, closing
from flaglift.lossless.json_reader import Container, Document, JsonString, read
from flaglift.lossless.json_tokens import decoded
from flaglift.lossless.spans import Span
from flaglift.syntax.flags import FIELD_FLAGS

_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}"
    rb"|\\x[0-9a-fA-F]{2}|\\\r\n|\\(?:[\x00-\x7f]|[\xc0-\xff][\x80-\xbf]+)"
)


_LINE_FEED = re.compile(rb"\n")
_WIDE_LINE_ENDS = ("\u2028".encode(), "\u2029".encode())


def _decode(raw: bytes) -> str | None:
    if raw[1] not in b"\"'\\/bfnrtvux0\r\n" and raw[1:] not in _WIDE_LINE_ENDS:
        return None  # JSON5 drops any other backslash; it may have been intended
    return decoded(b'"' + raw + b'"')


_WRITTEN = {
    **{code: f"\\u{code:04x}" for code in (*range(32), 127, 0x2028, 0x2029)},
    **{ord(c): f"\\{letter}" for letter, c in ("n\n", "r\r", "t\t", "b\b", "f\f", '""', "\\\\")},
}
STRING = Escaped("JSON string", _ESCAPE, _decode, _WRITTEN, universal=False)
_SINGLE = Escaped(
    "JSON5 string", _ESCAPE, _decode, _WRITTEN | {0x22: '"', 0x27: "\\'"}, universal=False
)


class JsonHost:
    """A JSON document, or one in each line."""

    is_exhaustive = True

    def __init__(self, name: str) -> None:
        self.name = name

    def literals(self, data: bytes) -> list[Literal]:
        """Return the values that are strings, in order; keys are none."""
        return self._literals(data, *self._read(data))

    def flagged(self, data: bytes) -> list[Literal]:
        """Return those of them that may hold a flag."""
        return self._literals(data, *self._read(data), every=False)

    def _read(self, data: bytes) -> tuple[Sequence[Document], bool]:
        """Return the documents, and whether their numbers are part of the paths in them."""
        documents = _documents(data, lines=self.name == "jsonl")
        return documents, self.name == "jsonl" or len(documents) > 1

    def cuts(self, data: bytes) -> Mapping[int, Hashable]:
        """Return where lines begin, if each is a document; else elements or members in lines."""
        if self.name == "jsonl":
            return dict.fromkeys(match.end() for match in _LINE_FEED.finditer(data))
        frame = frame_of(data)
        if frame is None:
            return {}
        around = data[: frame.start], data[frame.end :]
        return dict.fromkeys((0, *(each.end for each in frame.breaks)), around)

    def literals_in(self, data: bytes, part: Span) -> list[Literal] | None:
        """Return the values of some lines, elements or members; None if one is not valid alone."""
        if self.name == "jsonl":
            documents = read(data, start=part.start, end=part.end).documents
            unclear = _faulty(documents) is not None or _share_lines(data, documents)
            return None if unclear else self._literals(data, documents, True)
        frame = frame_of(data)
        if frame is None or not frame.holds(data, part):
            return None
        inside = frame.inside(part)
        source = data[: frame.start] + data[slice(*inside)] + data[frame.end :]
        documents = read(source).documents
        before, after = inside.start - frame.start, len(data) - len(source)
        end = inside.end - before
        literals = [
            each.moved(
                0 if each.start < frame.start else before if each.start < end else after, data
            )
            for each in self._literals(source, documents, False, frame)
        ]
        return [each for each in literals if part.start <= each.start < part.end]

    def follow(self, old: bytes, data: bytes) -> Sequence[Span]:  # noqa: ARG002
        """Return nothing: documents, elements and members are independent."""
        return ()

    def _literals(
        self,
        data: bytes,
        documents: Sequence[Document],
        several: bool,
        frame: JsonFrame | None = None,
        *,
        every: bool = True,
    ) -> list[Literal]:
        around = JsonObjects(data, frame)
        return [
            self._literal(text, data, (index,) if several else (), document, around)
            for index, document in enumerate(documents)
            for text in document.texts
            if every or may_hold_flags(data[text.start : text.end])
        ]

    def _literal(
        self,
        text: JsonString,
        data: bytes,
        above: tuple[int, ...],
        document: Document,
        around: JsonObjects,
    ) -> Literal:
        quote = data[text.start : text.start + 1]
        closed = text.end - 1 > text.start and data[text.end - 1 : text.end] == quote
        inside = Span(text.start + 1, text.end - closed)
        form = _SINGLE if quote == b"'" else STRING
        scanned = form.pieces(data, inside)
        return Literal(
            host=self.name,
            form=form,
            start=text.start,
            end=text.end,
            inside=inside.start,
            pieces=tuple(scanned.pieces),
            look=partial(_look, text, data, above, document, around),
            source=data,
            unclear=scanned.unclear,
        )

    def gaps(self, data: bytes) -> Sequence[Span]:
        """Return what comes after the first fault."""
        documents = _documents(data, lines=self.name == "jsonl")
        faults = [document.at for document in documents if document.fault]
        return [Span(min(faults), len(data))] if faults else []

    def comments(self, data: bytes) -> list[Comment]:
        """Return the comments of JSON with comments, in order."""
        return [
            Comment(start, end, stripped(data[start:end])) for start, end in read(data).comments
        ]

    def comments_in(self, data: bytes, part: Span) -> list[Comment]:
        """Return the comments of some lines, elements or members, in order."""
        return [each for each in self.comments(data) if part.start <= each.start < part.end]


@lru_cache(maxsize=2)
def _documents(data: bytes, *, lines: bool) -> Sequence[Document]:
    """Return the documents, each with its fault, or with that of what it cannot do without."""
    whole = read(data).documents
    if lines and (_faulty(whole) or _share_lines(data, whole)):
        return [document for line in _lines(data) for document in line]
    return _sharing(whole, _faulty(whole))


def _faulty(documents: Sequence[Document]) -> Document | None:
    return next((document for document in documents if document.fault), None)


def _sharing(documents: Sequence[Document], faulty: Document | None) -> Sequence[Document]:
    """Return documents that are read together or not at all, sharing the fault of any."""
    if faulty is None:
        return documents
    return [replace(each, fault=faulty.fault, at=faulty.at) for each in documents]


def _share_lines(data: bytes, documents: Sequence[Document]) -> bool:
    """Return whether a line has the end of one document and the beginning of another."""
    return any(data.find(b"\n", one.end, other.start) < 0 for one, other in pairwise(documents))


def _lines(data: bytes) -> Iterator[Sequence[Document]]:
    """Yield the documents of each line: a fault in one does not affect the others."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        documents = read(data, start=start, end=end).documents
        for second in documents[1:]:
            second.fault, second.at = "more than one value in a line", second.start
        yield _sharing(documents, _faulty(documents))
        start = end + 1


def _look(
    text: JsonString,
    data: bytes,
    above: tuple[int, ...],
    document: Document,
    around: JsonObjects,
) -> Around:
    key = text.nearest_key(data)
    origin = Origin("value", key, path=(*above, *text.path(data)), counted=bool(above))
    if document.fault:
        line = data.count(b"\n", 0, document.at) + 1
        return Around(origin, f"this is not valid JSON: {document.fault} (line {line})")
    if text.container is None or text.key is None:
        return Around(_in_list(origin, text, data, around))
    begins = _begins(text.key, text.container, around)
    inside = around.at(text.container.opening)
    if sum(member.key == key for member in inside) > 1:
        return Around(origin, f"the key `{key}` is there twice", begins=begins)
    beside, siblings = _beside(key, data, inside)
    is_request = is_request_path(origin.path) and not _is_answer(text.container, around)
    return Around(origin, "", beside, siblings, is_request, begins=begins)


def _begins(key: Span, record: Container, around: JsonObjects) -> tuple[int, ...]:
    """Return where a string's member begins, its object, and the member whose value this is."""
    starts = (record.opening, *(record.name or ())[:1])
    return (key.start, *(at for at in starts if not around.is_around(at)))


def _in_list(origin: Origin, text: JsonString, data: bytes, around: JsonObjects) -> Origin:
    """Return the origin of a text in a list, which may be a word of a command."""
    inside = text.container
    if inside is None or inside.above is None:
        return origin
    opening, inner = inside.above.opening, Span(inside.opening, text.end)

    def given(key: str) -> Sequence[str]:
        values = (data[pair.value : pair.end] for pair in around.at(opening) if pair.key == key)
        return words_in(next(values, b""), json.loads)

    return as_word(origin, lambda: words_in(data[slice(*inner)] + b"]", json.loads), given)


_ANSWERED = frozenset(["id", "created_at", "updated_at", "trained_at", "started_training_at"])
"""Fields of a prompt or tune that only the service sends."""


def _is_answer(container: Container | None, around: JsonObjects) -> bool:
    """Return whether an object is, or is directly part of, a response of the service."""
    for _ in range(3):  # itself, its list, and the parent of that
        if container is None:
            return False
        if container.is_object and not _ANSWERED.isdisjoint(
            member.key for member in around.at(container.opening)
        ):
            return True
        container = container.above
    return False


def _beside(
    key: str, data: bytes, inside: Sequence[Member]
) -> tuple[Mapping[str, Any], Siblings | None]:
    """Return the other fields of a prompt's object, and where more can be added."""
    if not FIELD_KEY.search(key):
        return {}, None
    values = {field_name(other.key): _value(data, other) for other in inside if other.key != key}
    pair = next(member for member in inside if member.key == key)
    siblings = Entries(
        data=data,
        pair=Span(pair.start, pair.end),
        key=Span(pair.start, pair.key_end),
        value=Span(pair.value, pair.end),
        close=closing(data, inside),
        taken=frozenset(values),
        write=lambda value: json.dumps(value, ensure_ascii=False).encode(),
    )
    # A list is not a video prompt: fields with one are left alone.
    held = {n: value for n, value in values.items() if value != HOLE or n not in FIELD_FLAGS}
    return held, siblings if TEXT_KEY.search(key) else None


def _value(data: bytes, member: Member) -> Any:
    """Return the value of a member as Python reads it; for a list, only whether it is empty."""
    raw = data[member.value : member.end]
    if raw[:1] in (b"{", b"["):
        return HOLE if raw[1:-1].strip() else None
    try:
        return json.loads(raw)
    except ValueError:
        return decoded(raw) if raw[:1] in (b"'", b'"') else HOLE


def make(name: str) -> JsonHost:
    """Return the host of JSON or JSON lines."""
    return JsonHost(name)
