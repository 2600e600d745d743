"""JSON, with comments where there are any, and JSON lines: the values that are strings."""

import json
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from tree_sitter import Node

from flaglift.check.hosts.base import Around, Comment, Literal, Origin, Siblings
from flaglift.check.hosts.formats.code import comments_in
from flaglift.check.hosts.formats.codec import Escaped
from flaglift.check.hosts.formats.siblings import TEXT_KEY, Entries, field_name
from flaglift.check.hosts.formats.trees import BROKEN, parse
from flaglift.lossless.spans import Span

_MODULE = "tree_sitter_json"
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}"
    rb"|\\(?:[\x00-\x7f]|[\xc0-\xff][\x80-\xbf]+)"
)


def _decode(raw: bytes) -> str | None:
    try:
        text: str = json.loads(b'"' + raw + b'"')
    except ValueError:
        return None
    return text


_WRITTEN = {
    **{code: f"\\u{code:04x}" for code in (*range(32), 127, 0x2028, 0x2029)},
    **{ord(c): f"\\{letter}" for letter, c in ("n\n", "r\r", "t\t", "b\b", "f\f", '""', "\\\\")},
}
STRING = Escaped("JSON string", _ESCAPE, _decode, _WRITTEN, universal=False)


class JsonHost:
    """A JSON document, or one in each line."""

    def __init__(self, name: str) -> None:
        self.name = name

    def literals(self, data: bytes) -> list[Literal]:
        """Return the values that are strings, in order; keys are none."""
        root = parse(data, _MODULE).root_node
        documents = [node for node in root.named_children if node.type != "comment"]
        several = self.name == "jsonl" or len(documents) > 1
        return [
            literal
            for index, node in enumerate(documents)
            for literal in self._values(node, data, (index,) if several else (), "")
        ]

    def _values(
        self, top: Node, data: bytes, path: tuple[str | int, ...], key: str
    ) -> Iterator[Literal]:
        # A stack of its own: documents may be nested deeper than Python calls go.
        stack = [(top, path, key)]
        while stack:
            node, path, key = stack.pop()
            if node.type == "string":
                yield self._literal(node, data, path, key)
            elif node.type == "pair":
                name, value = _name(node), node.child_by_field_name("value")
                stack += [(value, (*path, name), name)] if value is not None else []
            elif node.type == "object":
                stack += reversed([(child, path, key) for child in node.named_children])
            else:
                items = [child for child in node.named_children if child.type != "comment"]
                stack += reversed([(item, (*path, i), key) for i, item in enumerate(items)])

    def _literal(self, node: Node, data: bytes, path: tuple[str | int, ...], key: str) -> Literal:
        inside = Span(node.start_byte + 1, max(node.start_byte + 1, node.end_byte - 1))
        scanned = STRING.pieces(data, inside)
        return Literal(
            host=self.name,
            form=STRING,
            start=node.start_byte,
            end=node.end_byte,
            inside=inside.start,
            pieces=tuple(scanned.pieces),
            look=partial(_look, node, data, Origin("value", key, path=path)),
            source=data,
            unclear=scanned.unclear,
        )

    def comments(self, data: bytes) -> list[Comment]:
        """Return the comments of JSON with comments, in order."""
        return comments_in(data, _MODULE)


def _name(pair: Node) -> str:
    key = pair.child_by_field_name("key")
    raw = key.text if key is not None and key.text else b""
    return _decode(raw[1:-1]) or raw.decode()


def _look(node: Node, data: bytes, origin: Origin) -> Around:
    return Around(
        origin,
        BROKEN if parse(data, _MODULE).root_node.has_error else "",
        *_beside(node, origin.key, data),
    )


def _beside(node: Node, key: str, data: bytes) -> tuple[dict[str, Any], Siblings | None]:
    """Return the other fields of the object that holds a prompt's text, and where more can go."""
    pair = node.parent
    above = pair.parent if pair is not None else None
    name = pair.child_by_field_name("key") if pair is not None else None
    if pair is None or above is None or name is None or not TEXT_KEY.search(key):
        return {}, None
    others = [child for child in above.named_children if child.type == "pair" and child != pair]
    values = {field_name(_name(other)): _value(other) for other in others}
    held = {key: value for key, value in values.items() if value is not _UNKNOWN}
    siblings = Entries(
        data=data,
        pair=Span(pair.start_byte, pair.end_byte),
        key=Span(name.start_byte, name.end_byte),
        value=Span(node.start_byte, node.end_byte),
        close=above.end_byte - 1,
        taken=frozenset(values),
        write=lambda value: json.dumps(value, ensure_ascii=False).encode(),
    )
    return held, siblings


_UNKNOWN = object()


def _value(pair: Node) -> Any:
    value = pair.child_by_field_name("value")
    if value is None or value.type in ("object", "array"):
        return _UNKNOWN
    try:
        return json.loads(value.text or b"")
    except ValueError:
        return _UNKNOWN


def make(name: str) -> JsonHost:
    """Return the host of JSON or JSON lines."""
    return JsonHost(name)
