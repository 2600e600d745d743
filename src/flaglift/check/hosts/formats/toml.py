"""TOML: the string values, in their four forms."""

import re
import tomllib
from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import islice, takewhile
from typing import Any

from tree_sitter import Node

from flaglift.check.hosts.base import Around, Literal, Origin, Siblings
from flaglift.check.hosts.documents import per_document
from flaglift.check.hosts.formats.argv import as_word, words_in
from flaglift.check.hosts.formats.codec import Escaped, character
from flaglift.check.hosts.formats.others import OtherFields
from flaglift.check.hosts.formats.parents import ancestors, parent_of
from flaglift.check.hosts.formats.siblings import FIELD_KEY, TEXT_KEY, Entries, LinePairs, Write
from flaglift.check.hosts.formats.tomlpaths import Link, Path, indexed, keys_of
from flaglift.check.hosts.formats.trees import TreeParts, broken_from, nodes, parse
from flaglift.check.hosts.pieces import BROKEN
from flaglift.context import field_name
from flaglift.emit.form import form_value
from flaglift.lossless.spans import Span

_MODULE = "tree_sitter_toml"
_SIMPLE = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\", "e": "\x1b"}
_ESCAPE = rb"\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|[ \t]*\r?\n[ \t\r\n]*|[^\n])"
_CONTROLS = [*range(9), 11, 12, *range(14, 32), 127]


def _decode(raw: bytes) -> str | None:
    if raw == b"\r\n":
        return "\n"
    text = raw.decode(errors="replace")[1:]
    if not text.strip(" \t\r\n"):
        return ""
    if text[0] in "uUx" and len(text) > 1:
        return character(text[1:])
    return _SIMPLE.get(text)


_WRITTEN = {code: f"\\u{code:04x}" for code in [*_CONTROLS, 13]} | {ord("\\"): "\\\\", 34: '\\"'}
_REFUSED = r"[\x00-\x08\x0b-\x1f\x7f]"


class _Long(Escaped):
    """The form of multi-line strings: a line end right after the opening quotes is dropped."""

    def encode(self, text: str, literal: Literal, at: int) -> bytes | None:
        """Return the encoded text; a leading line end is doubled where it would be dropped."""
        first = at == literal.inside and text.startswith("\n")
        if first and literal.source[at - 1 : at] != b"\n":
            text = "\n" + text
        return super().encode(text, literal, at)


_FORMS = {
    b'"': Escaped('TOML string "', re.compile(_ESCAPE), _decode, _WRITTEN | {10: "\\n"}),
    b"'": Escaped(
        "TOML string '", re.compile(rb"(?!)"), _decode, {}, re.compile(_REFUSED + r"|['\n]")
    ),
    b'"""': _Long('TOML string """', re.compile(_ESCAPE + rb"|\r\n"), _decode, _WRITTEN),
    b"'''": _Long(
        "TOML string '''", re.compile(rb"\r\n"), _decode, {}, re.compile(_REFUSED + "|'")
    ),
}
_GOES_ON = re.compile(rb"(?<!\\)\\++(?=[ \t]*\r?\n)")
"""Backslashes at a line end; the grammar lacks blanks and blank lines after an odd number."""
_START = re.compile(rb"(\"\"\"|''')(?:\r?\n)?|\"|'")
_TABLES = ("table", "table_array_element")
_TEXT_PAIR = re.compile(rb"(?:text\]?|command|entry[pP]oint)[\"']?[ \t]*=")
"""A pair, or something like one, whose neighboring pairs are its siblings."""


@lru_cache(maxsize=2)
def _tree(data: bytes) -> Node:
    """Return a document's tree, parsed once for all its strings, with positions in the document."""
    return parse(TomlHost().parsed(data), _MODULE).root_node


class TomlHost(TreeParts):
    """A TOML document."""

    name = "toml"
    is_exhaustive = True
    module = _MODULE

    def found(self, data: bytes, part: Span | None) -> Iterator[Literal]:
        """Yield the string values, without keys, of a document or of some tables or pairs."""
        if part is None:
            tops: Iterator[Node] = (
                node
                for top in _tree(data).named_children
                for node in ((top, *top.named_children) if top.type in _TABLES else (top,))
            )
            return self._literals(tops, data, ())
        around: Node | None = _tree(data).descendant_for_byte_range(part.start, part.start)
        while around is not None and around.type not in _TABLES:
            around = around.parent
        prefix = keys_of(around.named_children[0]) if around is not None else ()
        pairs = nodes(self.parsed(data), (*_TABLES, "pair"), _MODULE, part=part)
        return self._literals(_outermost(pairs), data, prefix)

    def _literals(self, tops: Iterable[Node], data: bytes, prefix: Path) -> Iterator[Literal]:
        """Yield the values of pairs, given the path prefix of the tables before them."""
        arrays: dict[Path, int] = {}
        for node in tops:
            if node.type in _TABLES:
                prefix = keys_of(node.named_children[0])
                if node.type == "table_array_element":
                    arrays[prefix] = arrays.get(prefix, -1) + 1
                prefix = indexed(prefix, arrays)
            else:
                yield from self._values(node, data, prefix, "")

    def parsed(self, data: bytes) -> bytes:
        """Return the document without the constructs that the grammar lacks."""
        return _GOES_ON.sub(_without_odd, data)

    def units(self, root: Node, data: bytes) -> Iterator[tuple[int, Hashable]]:
        """Yield the starts of tables, and of pairs in tables whose pairs are independent."""
        tops = root.named_children
        first = next((top.start_byte for top in tops if top.type in _TABLES), len(data))
        is_apart = not _TEXT_PAIR.search(data, 0, first)
        for top in tops:
            if top.type not in _TABLES:
                if is_apart:
                    yield top.start_byte, None
                continue
            yield top.start_byte, None
            if not _TEXT_PAIR.search(data, top.start_byte, top.end_byte):
                header, *pairs = top.named_children
                around = data[top.start_byte : header.end_byte]
                yield from ((pair.start_byte, around) for pair in pairs)

    def _values(self, top: Node, data: bytes, prefix: Path, key: str) -> Iterator[Literal]:
        # Paths are linked lists: as tuples, deep ones would take quadratic space.
        stack = [(top, Link(None, prefix), key)]
        while stack:
            node, path, key = stack.pop()
            if node.type == "string":
                yield self._literal(node, data, path, key)
            elif node.type == "pair":
                keys, value = _sides(node)
                names = keys_of(keys)
                stack.append((value, Link(path, names), str(names[-1])))
            elif node.type in ("inline_table", "array"):
                items = [child for child in node.named_children if child.type != "comment"]
                stack += [
                    (item, path if item.type == "pair" else Link(path, (index,)), key)
                    for index, item in reversed([*enumerate(items)])
                ]

    def _literal(self, node: Node, data: bytes, path: "Link", key: str) -> Literal:
        place = Span(node.start_byte, node.end_byte)
        start = _START.match(data, *place)
        mark = (start[1] or start[0]) if start else b'"'
        opened = start.end() if start else place.start + 1
        form = _FORMS[mark]
        scanned = form.pieces(data, Span(opened, max(opened, place.end - len(mark))))
        return Literal(
            host=self.name,
            form=form,
            start=place.start,
            end=place.end,
            inside=opened,
            pieces=tuple(scanned.pieces),
            look=partial(_look, node, data, path, key),
            source=data,
            unclear=scanned.unclear,
        )

    def gaps(self, data: bytes) -> Sequence[Span]:
        """Return everything after the first parse error."""
        return broken_from(_tree(data))


def _without_odd(backslashes: re.Match[bytes]) -> bytes:
    run = backslashes[0]
    return run[:-1] + b" " if len(run) % 2 else run


def _outermost(nested: Iterable[Node]) -> Iterator[Node]:
    """Yield tables, and pairs that are not nested in another pair."""
    end = 0
    for node in nested:
        if node.start_byte >= end:
            yield node
            end = node.end_byte if node.type == "pair" else end


def _look(node: Node, data: bytes, link: Link, key: str) -> Around:
    origin = _in_array(Origin("value", key, path=link.path()), node, data)
    locked = BROKEN if _tree(data).has_error else ""
    return Around(origin, locked, *_beside(node, key, data), begins=_begins(node))


def _in_array(origin: Origin, node: Node, data: bytes) -> Origin:
    """Return the origin of a string, which may be a word of a command in an array."""

    def words() -> Sequence[str]:
        start = node.parent.start_byte if node.parent else node.start_byte
        return words_in(data[start : node.end_byte] + b"]", _decoded)

    def given(key: str) -> Sequence[str]:
        table = next(islice(ancestors(node), 2, None), None)
        pairs = table.named_children if table is not None else ()
        sides = (_sides(pair) for pair in pairs if pair.type == "pair")
        values = (value.text or b"" for name, value in sides if keys_of(name) == (key,))
        return words_in(next(values, b""), _decoded)

    return as_word(origin, words, given)


def _begins(node: Node) -> tuple[int, ...]:
    """Return where a string's pair begins, and the inline table of that pair."""
    around = takewhile(lambda each: each.type in ("pair", "inline_table"), ancestors(node))
    return tuple(each.start_byte for each in islice(around, 3))


def _beside(node: Node, key: str, data: bytes) -> tuple[dict[str, Any], Siblings | None]:
    """Return the other fields in the table of a prompt's text, and where to add more."""
    pair = parent_of(node)
    above = parent_of(pair) if pair is not None else None
    if pair is None or above is None or pair.type != "pair" or not FIELD_KEY.search(key):
        return {}, None
    values = _fields_of(above).than(pair)
    held = {name: value for name, value in values.items() if value is not None}
    if not TEXT_KEY.search(key):
        return held, None
    name, place = _sides(pair)[0], Span(node.start_byte, node.end_byte)
    span = Span(name.start_byte, name.end_byte)
    taken, write = values.keys(), _writer(data[place.start : place.start + 1].decode())
    if above.type == "inline_table":
        whole = Span(pair.start_byte, pair.end_byte)
        return held, Entries(data, whole, span, place, above.end_byte - 1, taken, write)
    between = data[span.end : place.start]
    return held, LinePairs(data, span, between, place.end, taken, write)


@per_document(256)
def _fields_of(table: Node) -> OtherFields:
    """Return the fields of a table, each read once for all prompts in it."""
    pairs = [child for child in table.named_children if child.type == "pair"]
    return OtherFields(
        (each, field_name(str(keys_of(_sides(each)[0])[-1])), _value(each)) for each in pairs
    )


def _sides(pair: Node) -> tuple[Node, Node]:
    """Return the key and the value of a pair; its node includes a comment after the value."""
    sides = [child for child in pair.named_children if child.type != "comment"]
    return sides[0], sides[-1]


def _value(pair: Node) -> Any:
    return _decoded(_sides(pair)[1].text or b"")


def _decoded(raw: bytes) -> Any:
    """Return a value as Python reads it; None if it does not."""
    try:
        return tomllib.loads(f"x = {raw.decode()}")["x"]
    except tomllib.TOMLDecodeError:
        return None


def _writer(quote: str) -> Write:
    """Return an encoder for values; strings use the given quote if it can express them."""

    def write(value: Any) -> bytes:
        if not isinstance(value, str):
            return form_value(value).encode()
        text = _FORMS[quote.encode()].quoted(value, quote)
        return text or _FORMS[b'"'].quoted(value, '"') or b""

    return write


def make(name: str) -> TomlHost:  # noqa: ARG001
    """Return the host."""
    return TomlHost()
