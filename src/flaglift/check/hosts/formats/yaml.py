"""YAML: the scalars that are values, in their five styles, as PyYAML's events give them."""

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial

import yaml

from flaglift.check.hosts.base import (
    HOLE,
    Comment,
    Literal,
    LiteralForm,
    Origin,
    Piece,
    PieceKind,
    Siblings,
)
from flaglift.check.hosts.encoding import ByteOffsets
from flaglift.check.hosts.formats.siblings import TEXT_KEY, Entries, LinePairs
from flaglift.check.hosts.formats.yamlblocks import Level, begins_of, cuts_of_block, keys_at_top
from flaglift.check.hosts.formats.yamlscalars import (
    FOLDED,
    FORMS,
    LITERAL,
    bare_key,
    block_pieces,
    comments_in,
    is_text,
    writer,
)
from flaglift.check.hosts.formats.yamlscripts import look
from flaglift.context import field_name
from flaglift.lossless.spans import Span

SYNTAX = "the file is not valid YAML"

LINE_END = "the file has line ends that not all versions of YAML know"

_OTHER_LINE_END = re.compile(rb"\xc2\x85|\xe2\x80[\xa8\xa9]|\r(?!\n)")
"""Characters that are line ends in YAML 1.1 but not in 1.2, or the other way round."""


class YamlHost:
    """A stream of YAML documents."""

    name = "yaml"
    is_exhaustive = True

    def literals(self, data: bytes) -> list[Literal]:
        """Return the scalars that are values, in order, up to the first error."""
        literals, is_valid = _read(data)[1:]
        if not is_valid:  # the last keys may be keys of an open bracket only
            values = [literal for literal in literals if literal.origin.role != "bare key"]
            return [replace(literal, unclear=SYNTAX) for literal in values]
        if _OTHER_LINE_END.search(data):
            return [replace(literal, unclear=LINE_END) for literal in literals]
        return list(literals)

    def cuts(self, data: bytes) -> Mapping[int, Hashable]:
        """Return the starts of the document's top-level list items or keys.

        A line may look like one inside another construct; the part then does not parse by itself.
        """
        return {} if _OTHER_LINE_END.search(data) else cuts_of_block(data)

    def literals_in(self, data: bytes, part: Span) -> list[Literal] | None:
        """Return the scalars of some items or keys; None if these are not a complete document."""
        source = data[slice(*part)]
        reader, literals, is_valid = _read(source)
        if not is_valid or not reader.is_block:
            return None
        top = reader.top
        if top and top.mapping and keys_at_top(source) != top.keys.total():
            return None
        return [literal.moved(part.start, data) for literal in literals]

    def follow(self, old: bytes, data: bytes) -> Sequence[Span]:  # noqa: ARG002
        """Return nothing: items do not depend on each other."""
        return ()

    def gaps(self, data: bytes) -> Sequence[Span]:
        """Return everything after the first error, or after the open bracket before it."""
        reader, _, is_valid = _read(data)
        return [] if is_valid else [Span(reader.sure, len(data))]

    def comments(self, data: bytes) -> list[Comment]:
        """Return the comments, in order, up to the first error."""
        return self.comments_in(data, Span(0, len(data)))

    def comments_in(self, data: bytes, part: Span) -> list[Comment]:
        """Return the comments of some items or keys, in order."""
        source = data[slice(*part)]
        reader = _read(source)[0]
        return [
            Comment(part.start + start, part.start + end, text)
            for start, end, text in comments_in(source, reader.end, reader.scalars)
        ]


@lru_cache(maxsize=2)
def _read(data: bytes) -> tuple["Reader", Sequence[Literal], bool]:
    """Read a document once for all queries; return its content, and whether it is valid."""
    reader = Reader(data)
    literals: list[Literal] = []
    try:
        for event in reader.events():
            literal = reader.follow(event)
            literals += [literal] if literal else []
    except yaml.YAMLError:
        return reader, literals, False
    return reader, literals, True


def make(name: str) -> YamlHost:  # noqa: ARG001
    """Return the host."""
    return YamlHost()


NO_TEXT = "YAML may read it as a number, a date or the like"
ANCHORED = "the anchor `&{}` lets other places hold it too"
UNCLEAR = "its YAML cannot be followed byte by byte"

_PROPERTIES = re.compile(rb"(?:(?:[&!]\S*|#[^\n]*)\s+)*")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class Reader:
    """Processes the events of a stream, tracking the path of the next node."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._text = data.decode()
        self._offsets = ByteOffsets(self._text)
        self._document = -1
        self._levels: list[Level] = []
        self.scalars: list[Span] = []
        """All scalars so far, keys included."""
        self.end: int = 0
        """The position up to which the stream was read."""
        self.top: Level | None = None
        """The collection at the root of the first document."""
        self.is_block: bool = True
        """Whether the stream is just a block collection, which could be a part of a longer one."""

    def events(self) -> Iterator[yaml.Event]:
        """Yield the events of the stream. Raises `yaml.YAMLError` at the first error."""
        for event in yaml.parse(self._text, Loader=yaml.CSafeLoader):
            self.end = self._offsets[event.end_mark.index]  # type: ignore[union-attr]
            if isinstance(event, yaml.ScalarEvent):
                self.scalars.append(self._place(event))
            yield event

    def _place(self, event: yaml.NodeEvent) -> Span:
        """Return the bytes of a scalar, without tag, anchor, and blank lines after a block."""
        start, end = event.start_mark.index, event.end_mark.index  # type: ignore[union-attr]
        span = Span(self._offsets[start], self._offsets[end])
        properties = _PROPERTIES.match(self.data, *span)
        begin = properties.end() if properties else span.start
        raw = self.data[begin : span.end]
        if raw[:1] in (b"|", b">") and b"+" not in raw.partition(b"\n")[0].partition(b"#")[0]:
            blank = raw.find(b"\n", len(raw.rstrip(b" \t\r\n"))) + 1
            return Span(begin, begin + blank if blank else span.end)
        return Span(begin, span.end)

    @property
    def sure(self) -> int:
        """The position up to which keys are keys: an open bracket makes keys of other texts."""
        return next((level.begin for level in self._levels if level.flow), self.end)

    def follow(self, event: yaml.Event) -> Literal | None:
        """Process the next event; return the literal if it is a scalar value."""
        if isinstance(event, yaml.DocumentStartEvent):
            self._document += 1
            self.is_block &= self._document == 0
        elif isinstance(event, yaml.DocumentEndEvent):
            self.is_block &= self.top is not None and not event.explicit
        elif isinstance(event, yaml.CollectionEndEvent):
            closed = self._levels.pop()
            self._behind(event, is_key=closed.is_key)
        elif isinstance(event, yaml.NodeEvent):
            return self._node(event)
        return None

    def _node(self, event: yaml.NodeEvent) -> Literal | None:
        level = self._levels[-1] if self._levels else None
        is_key = level is not None and level.mapping and level.key is None
        if level is not None and is_key:
            level.key = event.value if isinstance(event, yaml.ScalarEvent) else ""
            level.key_place = self._place(event)
            level.keys[level.key] += 1
            if level.key == "<<":
                level.doubts.append("`<<` brings fields of another mapping in")
            elif not isinstance(event, yaml.ScalarEvent):
                level.doubts.append("a key of the mapping is not plain text")
        if isinstance(event, yaml.CollectionStartEvent):
            self._open(event, level, is_key=is_key)
            return None
        if is_key or any(level.is_key for level in self._levels):
            return None
        literal = self._literal(event) if isinstance(event, yaml.ScalarEvent) else None
        if literal is not None and literal.start == literal.end and level and level.key:
            literal = bare_key(self.data, level.key, level.key_place)
        self._behind(event, is_key=False)
        return literal

    def _open(self, event: yaml.CollectionStartEvent, level: Level | None, *, is_key: bool) -> None:
        """Enter a collection in another one."""
        mapping = isinstance(event, yaml.MappingStartEvent)
        above = level.doubts if level and level.is_shared else []
        shared = event.anchor is not None or bool(above)
        begin = self._offsets[event.start_mark.index]  # type: ignore[union-attr]
        opened = Level(mapping, bool(event.flow_style), is_key, begin, level, is_shared=shared)
        opened.doubts += above or [ANCHORED.format(event.anchor)] * shared
        if level is None:
            self.top = self.top or opened
            column = event.start_mark.column  # type: ignore[union-attr]
            plain = event.anchor is None and event.tag is None and not opened.flow
            self.is_block &= plain and column == 0
        elif not is_key:
            opened.name = level.part
            level.inner[str(level.part)] = opened
        self._levels.append(opened)

    def _behind(self, event: yaml.Event, *, is_key: bool) -> None:
        """Advance past a value."""
        if not self._levels or is_key:
            return
        level = self._levels[-1]
        if level.mapping and not TEXT_KEY.search(level.key or ""):
            name = field_name(level.key or "")
            level.taken.add(name)
            if isinstance(event, yaml.ScalarEvent):
                is_null = not event.style and event.value in _NULLS
                level.fields[name] = None if is_null else event.value
            elif isinstance(event, yaml.AliasEvent):
                level.fields[name] = HOLE
        elif not level.mapping:
            level.items.append(event.value if isinstance(event, yaml.ScalarEvent) else "")
        level.key = None
        level.index += 1

    def _literal(self, event: yaml.ScalarEvent) -> Literal:
        place = self._place(event)
        form, inside, pieces, unclear = self._pieces(place, event)
        prefix = (self._document,) if self._document > 0 else ()
        path = (*prefix, *(level.part for level in self._levels))
        key = next((str(part) for part in reversed(path) if isinstance(part, str)), "")
        origin = Origin("value", key, path=path, counted=bool(prefix))
        level = self._levels[-1] if self._levels else None
        doubts = [ANCHORED.format(event.anchor)] if event.anchor else level.doubts if level else ()
        siblings = self._siblings(place, event.style or "", doubts)
        if event.tag not in (None, "!", yaml.resolver.Resolver.DEFAULT_SCALAR_TAG):
            unclear = f"the tag `{event.tag}` makes something else of it"
        return Literal(
            host="yaml",
            form=form,
            start=place.start,
            end=place.end,
            inside=inside,
            pieces=tuple(pieces),
            look=partial(look, origin, event.value, level, siblings, begins_of(self._levels)),
            source=self.data,
            unclear=unclear,
        )

    def _siblings(self, place: Span, style: str, doubts: Sequence[str]) -> Siblings | None:
        level = self._levels[-1] if self._levels else None
        if level is None or level.key is None or not TEXT_KEY.search(level.key):
            return None
        quote = style if style in ("'", '"') else ""
        key, taken = level.key_place, level.taken
        if level.flow:
            whole = Span(key.start, place.end)
            write = writer(quote or '"')
            return Entries(self.data, whole, key, place, place.end, taken, write, doubts)
        return LinePairs(self.data, key, b": ", place.end, taken, writer(quote), doubts)

    def _pieces(
        self, place: Span, event: yaml.ScalarEvent
    ) -> tuple[LiteralForm, int, Sequence[Piece], str]:
        style, value = event.style or "", event.value
        if style in ("|", ">"):
            block = block_pieces(self.data, place, value)
            if block is not None:
                return *block, ""
            form: LiteralForm = LITERAL if style == "|" else FOLDED
        else:
            form = FORMS[style]
            inside = Span(place.start + len(style), place.end - len(style))
            scanned = FORMS[style].pieces(self.data, inside)
            if "".join(piece.text for piece in scanned.pieces) == value:
                unclear = scanned.unclear or ("" if style or is_text(value) else NO_TEXT)
                return form, inside.start, scanned.pieces, unclear
        whole = [Piece(PieceKind.ATOM, *place, value)] if value else []
        return form, place.start, whole, UNCLEAR
