"""Ruby: quoted strings, `%q` and its like, here-documents."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from tree_sitter import Node

from flaglift.check.hosts.base import PieceKind
from flaglift.check.hosts.documents import per_document
from flaglift.check.hosts.formats.code import CodeHost, Join, first_of, is_addition, joined
from flaglift.check.hosts.formats.codec import (
    CONTROLS,
    LINE_END,
    Escaped,
    ScannedLiteral,
    backslashed,
    blanks_of,
    without_margins,
)
from flaglift.check.hosts.formats.joined import StringLiteral
from flaglift.check.hosts.formats.mappings import Beside, Mappings, beside
from flaglift.check.hosts.formats.origins import Constructs, text_of
from flaglift.check.hosts.formats.parents import parent_of
from flaglift.check.hosts.formats.trees import nodes
from flaglift.lossless.spans import Span

_ESCAPE = (
    rb"\\(?:u[0-9a-fA-F]{4}|u\{[0-9a-fA-F \t]+\}|x[0-9a-fA-F]{1,2}|[0-7]{1,3}|\r?\n"
    rb"|(?:C-|M-|c)[\s\S]|[\x00-\x7f]|[\xc0-\xff][\x80-\xbf]+)"
)
_SIMPLE = {
    "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "s": " ", "t": "\t",
    "v": "\v", "\n": "",
}  # fmt: skip


def _decode(raw: bytes) -> str | None:
    if raw[:1] == b"\r":
        return "\n"
    text = raw.decode().replace("\r\n", "\n")[1:]
    kind, rest = text[0], text[1:]
    if kind in "CMc" and rest:
        return None
    if kind == "u" and rest:
        numbers = [int(number, 16) for number in rest.strip("{}").split()]
        return "".join(map(chr, numbers)) if max(numbers) < 0x110000 else None
    if kind == "x" and rest:
        number = int(rest, 16)
    elif kind in "01234567":
        number = int(text, 8)
    else:
        return _SIMPLE.get(kind, kind)
    return chr(number) if number < 0x80 else None  # a byte, not a character


def _raw(raw: bytes) -> str:
    return "\n" if raw[:1] == b"\r" else raw[1:].decode()


_WRITTEN = {code: f"\\u{code:04x}" for code in CONTROLS} | backslashed(["\\\\", "##", "r\r"])
_CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">"}
_DOCUMENT = re.compile(rb"<<([~-]?)([\"'`]?)(\w+)")
CONTINUED = "its last line continues in the line that seems to end it"
WORDS = "its words cannot be told apart"
INDENTED = "its indentation cannot be followed byte by byte"


@cache
def _form(opening: str) -> Escaped:
    mark = opening[-1]
    marks = mark + _CLOSING.get(mark, "")
    name = f"Ruby string {opening}"
    quotes = {ord(c): f"\\{c}" for c in marks}
    if opening == "'" or opening.startswith("%q"):
        pattern = rb"\\[\\" + re.escape(marks.encode()) + b"]|" + LINE_END
        return Escaped(name, re.compile(pattern), _raw, {ord("\\"): "\\\\"} | quotes)
    return Escaped(name, re.compile(_ESCAPE + b"|" + LINE_END), _decode, _WRITTEN | quotes)


_VERBATIM = Escaped("Ruby here-document ''", re.compile(LINE_END), _raw)
_DOCUMENTS = Escaped("Ruby here-document", re.compile(_ESCAPE + b"|" + LINE_END), _decode, _WRITTEN)


@cache
def _word(opening: str) -> Escaped:
    if opening.startswith("%W"):
        return replace(_form(opening), forbidden=re.compile(r"\s"))
    marks = re.escape(opening[-1] + _CLOSING.get(opening[-1], ""))
    return Escaped(
        f"Ruby word of {opening}",
        re.compile(rf"\\[\\\s{marks}]".encode()),
        _raw,
        {},
        re.compile(rf"[\\\s{marks}]"),
    )


_LISTS = frozenset({"array", "string_array"})


_MAPPINGS = Mappings(
    containers=("hash", "argument_list"),
    quotes={quote: _form(quote) for quote in "\"'"},
    words={},
)


class RubyHost(CodeHost):
    """Ruby source."""

    module = "tree_sitter_ruby"
    patterns: tuple[str, ...] = ("regex",)
    kinds: tuple[str, ...] = ("string", "heredoc_beginning", "bare_string")
    dependent: re.Pattern[bytes] | None = _DOCUMENT  # the body comes after the statement
    joins: frozenset[str] = frozenset({"chained_string"})
    adds = "binary"
    commands: frozenset[str] = frozenset({"subshell"})
    calls: frozenset[str] = frozenset({"call", "binary"})
    shells: re.Pattern[str] = re.compile(
        r"^(?:Kernel\.|Process\.)?(?:system|exec|spawn)$"
        r"|^(?:IO\.popen|Open3\.(?:popen|capture|pipeline)\w{0,9})$"
    )
    shape: Constructs = Constructs(
        pairs={"pair": ("key", "value")},
        calls={"call": "method"},
        arguments=frozenset({"argument_list"}),
        assignments={
            "assignment": ("left", "right"),
            "operator_assignment": ("left", "right"),
            "keyword_parameter": ("name", "value"),
            "optional_parameter": ("name", "value"),
        },
        operands=frozenset({"element_reference", "when", "pattern"}),
        ends=frozenset({"method", "class", "module", "program", "lambda"}),
        statement="body_statement",
        options=[
            (re.compile(r"(?:^|\.)(?:on|opt|option|method_option|class_option)$"), slice(0)),
            (re.compile(r"^o(?:pts)?\.(?:array|bool|boolean|float|int|integer|string)$"), slice(0)),
        ],
    )

    def beside(self, node: Node, data: bytes) -> Beside:
        """Return the fields next to a literal, and where more can be added."""
        return beside(node, data, _MAPPINGS)

    def is_command(self, node: Node) -> bool:
        """Return whether a string, or a here-document, is a line of a shell."""
        is_document = node.type == "heredoc_beginning"
        return super().is_command(node) or (is_document and b"`" in (node.text or b""))

    def join_of(self, node: Node) -> Join | None:
        """Return what `[a, b].join(" ")`, `%w[a b] * " "` or `"a".concat(b)` joins."""
        if node.type == "binary":
            left, right = (node.child_by_field_name(name) for name in ("left", "right"))
            return joined(left, _LISTS, right, "") if is_addition(node, "*") else None
        receiver, given = (node.child_by_field_name(name) for name in ("receiver", "arguments"))
        name = text_of(node.child_by_field_name("method"))
        if name == "concat":
            return self.appended(receiver, given)
        return joined(receiver, _LISTS, first_of(given), "") if name == "join" else None

    def is_joining(self, node: Node) -> bool:
        """Return whether strings are joined; `<<` appends to a string as it would to a list."""
        if node.type != self.adds or not is_addition(node, "<<"):
            return super().is_joining(node)
        first: Node | None = node
        while first is not None and first.type == self.adds:
            first = first.child_by_field_name("left")
        return first is not None and first.type in {*self.kinds, *self.joins}

    def part(self, node: Node, data: bytes, above: Node | None) -> StringLiteral | None:  # noqa: ARG002
        """Return how a string reads; None if it is not text."""
        if node.type == "heredoc_beginning":
            return self._document(node, data)
        if node.type == "bare_string":
            return self._word(node, data)
        opening = node.children[0]
        inside = Span(opening.end_byte, max(opening.end_byte, node.end_byte - 1))
        form = _form(text_of(opening))
        scanned = form.pieces(data, inside, _holes(node))
        return StringLiteral(form, Span(node.start_byte, node.end_byte), inside.start, scanned)

    def _word(self, node: Node, data: bytes) -> StringLiteral:
        words = parent_of(node)
        opening = text_of(words.child(0)) if words is not None else ""
        form = _word(opening)
        place = Span(node.start_byte, node.end_byte)
        scanned = form.pieces(data, place, _holes(node))
        if any(re.search(r"\s", p.text) for p in scanned.pieces if p.kind is PieceKind.RUN):
            scanned.unclear = WORDS
        return StringLiteral(form, place, place.start, scanned)

    def _document(self, node: Node, data: bytes) -> StringLiteral | None:
        opening = _DOCUMENT.match(data, node.start_byte, node.end_byte)
        body = _bodies(data).get(node.start_byte)
        if opening is None or body is None:
            return None
        ending = data.rfind(b"\n", body.start_byte, body.end_byte) + 1
        start = data.find(b"\n", body.start_byte) + 1
        place = Span(start, max(start, ending))
        form = _VERBATIM if opening[2] == b"'" else _DOCUMENTS
        scanned = form.pieces(data, place, _holes(body) if form is _DOCUMENTS else [])
        if opening[1] == b"~":
            scanned = dedented(data, place, scanned)
        lines = data[slice(*place)].rstrip(b"\r\n")
        if form is _DOCUMENTS and (len(lines) - len(lines.rstrip(b"\\"))) % 2:
            scanned.unclear = CONTINUED
        return StringLiteral(form, place, place.start, scanned)


@per_document(2)
def _bodies(data: bytes) -> Mapping[int, Node]:
    """Return the bodies of here-documents, by where these begin: they come in the same order."""
    found: dict[str, list[Node]] = {"heredoc_beginning": [], "heredoc_body": []}
    for node in nodes(data, tuple(found), RubyHost.module):
        found[node.type].append(node)
    beginnings, bodies = found.values()
    if len(beginnings) != len(bodies):
        return {}
    return {a.start_byte: b for a, b in zip(beginnings, bodies, strict=True)}


def _holes(node: Node) -> list[Span]:
    return [
        Span(child.start_byte, child.end_byte)
        for child in node.named_children
        if child.type == "interpolation"
    ]


def dedented(data: bytes, place: Span, scanned: ScannedLiteral) -> ScannedLiteral:
    """Return a squiggly here-document without the indentation that all its lines have."""
    blanks = blanks_of(data, place, scanned)
    result = ScannedLiteral(unclear=scanned.unclear)
    widths = (e - s for s, e in blanks.items() if data[e : e + 1] not in (b"\n", b"\r"))
    width = min(widths, default=0)
    if any(b"\t" in data[start:end] for start, end in blanks.items()) or any(
        data[start - 2 : start] == b"\\\n" for start in [*blanks][1:]
    ):
        result.unclear = INDENTED
    margins = {start: min(start + width, end) for start, end in blanks.items()}
    result.pieces = without_margins(margins, scanned.pieces, data)
    return result


def make(name: str) -> RubyHost:
    """Return the host."""
    return RubyHost(name)
