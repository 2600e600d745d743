"""Python: string literals with their prefixes, implicit concatenation, f-strings."""

import re
import unicodedata
from dataclasses import replace
from functools import cache

from tree_sitter import Node

from flaglift.check.hosts.formats.code import CodeHost, Join, constant
from flaglift.check.hosts.formats.codec import CONTROLS, LINE_END, Escaped, backslashed, character
from flaglift.check.hosts.formats.joined import StringLiteral
from flaglift.check.hosts.formats.mappings import Beside, Mappings, beside
from flaglift.check.hosts.formats.origins import Constructs, text_of
from flaglift.lossless.spans import Span

_ESCAPE = (
    rb"\\(?:\r\n|[\n\r\\'\"abfnrtv]|[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}"
    rb"|U[0-9a-fA-F]{8}|N\{[^}]*\})"
)
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def _decode(raw: bytes) -> str | None:
    if raw[:1] == b"\r":
        return "\n"
    if raw[:1] in (b"{", b"}"):
        return raw[:1].decode()
    kind, rest = chr(raw[1]), raw[2:].decode()
    if kind in "\r\n":
        return ""
    if kind == "N":
        return _named(rest[1:-1])
    if kind in "01234567":
        return chr(int(kind + rest, 8))
    return character(rest) if kind in "xuU" else _SIMPLE.get(kind, kind)


def _named(name: str) -> str | None:
    try:
        return unicodedata.lookup(name)
    except KeyError:
        return None


_WRITTEN = {code: f"\\x{code:02x}" for code in CONTROLS if code < 256} | {
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}
_BRACES = {ord("{"): "{{", ord("}"): "}}"}


def _byte(raw: bytes) -> str | None:
    if raw[:1] == b"\\" and raw[1:2] in b"uUN":
        return raw.decode()  # no escape in bytes
    text = _decode(raw)
    return text if text is not None and text.isascii() else None


@cache
def _form(prefix: str, quote: str) -> Escaped:
    if "b" in prefix:
        form = _form(prefix.replace("b", ""), quote)
        others = form.forbidden.pattern + "|" if form.forbidden else ""
        name = form.name.replace("string ", "bytes b")
        ascii_only = re.compile(others + r"[^\0-\x7f]")
        return replace(form, name=name, decode=_byte, forbidden=ascii_only)
    formatted, long = "f" in prefix, len(quote) == 3
    name = f"Python string {prefix}{quote}"
    doubled = rb"|\{\{|\}\}" if formatted else b""
    braces = _BRACES if formatted else {}
    if "r" in prefix:
        refused = re.compile(rf"{quote[0]}|\\\Z|\r" + ("" if long else r"|\n"))
        return Escaped(name, re.compile(LINE_END + doubled), _decode, braces, refused)
    ends = ["r\r"] if long else ["r\r", "n\n"]
    written = _WRITTEN | backslashed([quote[0] * 2, "\\\\", *ends]) | braces
    return Escaped(name, re.compile(_ESCAPE + b"|" + LINE_END + doubled), _decode, written)


_START = re.compile(rb"([a-zA-Z]*)(\"\"\"|'''|\"|')")


_MAPPINGS = Mappings(
    containers=("dictionary", "argument_list"),
    quotes={quote: _form("", quote) for quote in "\"'"},
    words={"true": "True", "false": "False"},
)


class PythonHost(CodeHost):
    """Python source."""

    module = "tree_sitter_python"
    kinds: tuple[str, ...] = ("string",)
    joins: frozenset[str] = frozenset({"concatenated_string"})
    adds = "binary_operator"
    calls: frozenset[str] = frozenset({"call"})
    shells: re.Pattern[str] = re.compile(
        r"^os\.(?:system|popen)$|(?:^|\.)(?:getoutput|getstatusoutput|create_subprocess_shell)$"
    )
    shape: Constructs = Constructs(
        pairs={"pair": ("key", "value"), "keyword_argument": ("name", "value")},
        calls={"call": "function"},
        arguments=frozenset({"argument_list"}),
        assignments={
            "assignment": ("left", "right"),
            "augmented_assignment": ("left", "right"),
            "default_parameter": ("name", "value"),
            "typed_default_parameter": ("name", "value"),
            "named_expression": ("name", "value"),
        },
        operands=frozenset({"comparison_operator", "subscript", "case_pattern"}),
        ends=frozenset({"function_definition", "class_definition", "lambda", "module"}),
        options=[
            (re.compile(r"(?:^|\.)(?:add_argument|add_option|option|argument)$"), slice(0)),
            (re.compile(r"(?:^|\.)(?:Option|Argument)$"), slice(1)),  # Typer's
            (re.compile(r"(?:^|\.)DEFINE_[a-z]{1,20}$"), slice(1, 2)),  # Abseil's
        ],
    )

    def beside(self, node: Node, data: bytes) -> Beside:
        """Return the fields next to a literal, and where more can be added."""
        return beside(node, data, _MAPPINGS)

    def join_of(self, node: Node) -> Join | None:
        """Return what `" ".join([a, b])` joins."""
        function, given = (node.child_by_field_name(name) for name in ("function", "arguments"))
        if function is None or function.type != "attribute" or given is None:
            return None
        separator = constant(function.child_by_field_name("object"))
        if text_of(function.child_by_field_name("attribute")) != "join" or separator is None:
            return None
        elements = next(iter(given.named_children), None)
        if elements is None or elements.type not in ("list", "tuple"):
            return None
        return Join([c for c in elements.named_children if c.type != "comment"], separator)

    def part(self, node: Node, data: bytes, above: Node | None) -> StringLiteral | None:  # noqa: ARG002
        """Return how a string reads, or ASCII in bytes."""
        place = Span(node.start_byte, node.end_byte)
        start = _START.match(data, *place)
        if start is None:
            return None
        prefix, quote = start[1].decode().lower(), start[2].decode()
        inside = Span(start.end(), max(start.end(), place.end - len(quote)))
        holes = [
            Span(child.start_byte, child.end_byte)
            for child in node.named_children
            if child.type == "interpolation"
        ]
        form = _form("".join(sorted(set(prefix) & set("bfr"))), quote)
        return StringLiteral(form, place, inside.start, form.pieces(data, inside, holes))


def make(name: str) -> PythonHost:
    """Return the host."""
    return PythonHost(name)
