"""JavaScript and TypeScript: quoted strings, templates, attributes of JSX."""

import html
import re
from collections.abc import Iterator

from tree_sitter import Node

from flaglift.check.hosts.base import Literal
from flaglift.check.hosts.formats.code import CodeHost, Join, first_of, joined
from flaglift.check.hosts.formats.codec import CONTROLS, LINE_END, Escaped, backslashed
from flaglift.check.hosts.formats.joined import StringLiteral
from flaglift.check.hosts.formats.jsx import ENTITY, JsxTexts
from flaglift.check.hosts.formats.mappings import Beside, Mappings, beside
from flaglift.check.hosts.formats.origins import Constructs, text_of
from flaglift.check.hosts.formats.trees import nodes
from flaglift.lossless.spans import Span

_UNIT = rb"\\u(?:[0-9a-fA-F]{4}|\{[0-9a-fA-F]+\})"
_ESCAPE = (
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|"
    + _UNIT
    + rb"|\\x[0-9a-fA-F]{2}|\\(?:\r\n|\xe2\x80[\xa8\xa9]|[0-3][0-7]{0,2}|[4-7][0-7]?"
    + rb"|[\x00-\x7f]|[\xc0-\xff][\x80-\xbf]+)"
)
_SIMPLE = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_CONTINUED = ("\r", "\n", "\u2028", "\u2029")


def _decode(raw: bytes) -> str | None:
    text = raw.decode()
    if text[0] == "\r":
        return "\n"
    kind, rest = text[1], text[2:]
    if kind in _CONTINUED:
        return ""
    if kind in "01234567":
        return chr(int(kind + rest, 8))
    if kind in "xu":
        return _character(text)
    return _SIMPLE.get(kind, kind)


def _character(text: str) -> str | None:
    units = [int(unit.strip("{}"), 16) for unit in re.split(r"\\[xu]", text)[1:] if unit]
    if len(units) == 2:
        return chr(0x10000 + ((units[0] - 0xD800) << 10) + (units[1] - 0xDC00))
    return chr(units[0]) if units and units[0] < 0x110000 else None


_WRITTEN = {code: f"\\u{code:04x}" for code in CONTROLS} | backslashed(["\\\\", "r\r"])
_QUOTED = _WRITTEN | backslashed(["n\n"])
_ESCAPES = re.compile(_ESCAPE)
_FORMS = {
    quote: Escaped(
        f"JavaScript string {quote}", _ESCAPES, _decode, _QUOTED | backslashed([quote * 2])
    )
    for quote in "\"'"
}
_FORMS["`"] = Escaped(
    "JavaScript template",
    re.compile(_ESCAPE + b"|" + LINE_END),
    _decode,
    _WRITTEN | backslashed(["``", "$$"]),
)

_ATTRIBUTE = Escaped(
    "JSX attribute",
    re.compile(ENTITY + LINE_END),
    lambda raw: "\n" if raw[:1] == b"\r" else html.unescape(raw.decode()),
    {ord("&"): "&amp;", ord('"'): "&quot;", ord("'"): "&#39;"},
)
_LONGEST_TAG = 60


_MAPPINGS = Mappings(
    containers=("object",),
    quotes={quote: _FORMS[quote] for quote in "\"'"},
    words={},
)


class JavaScriptHost(CodeHost):
    """JavaScript with JSX, TypeScript, or TypeScript with JSX."""

    kinds: tuple[str, ...] = ("string", "template_string")
    patterns: tuple[str, ...] = ("regex",)
    adds = "binary_expression"
    calls: frozenset[str] = frozenset({"call_expression"})
    dependent: re.Pattern[bytes] | None = re.compile(rb"\.\s*(?:append|set)\b")
    shells: re.Pattern[str] = re.compile(
        r"(?:^|\.)(?:execSync|execaCommand(?:Sync)?)$|^(?:exec|(?:cp|child_?[pP]rocess)\.exec)$"
    )
    shape: Constructs = Constructs(
        pairs={"pair": ("key", "value")},
        calls={"call_expression": "function", "new_expression": "constructor"},
        arguments=frozenset({"arguments"}),
        assignments={
            "variable_declarator": ("name", "value"),
            "assignment_expression": ("left", "right"),
            "augmented_assignment_expression": ("left", "right"),
            "public_field_definition": ("name", "value"),
            "field_definition": ("property", "value"),
            "assignment_pattern": ("left", "right"),
        },
        operands=frozenset({"subscript_expression", "switch_case"}),
        ends=frozenset(
            {
                "function_declaration",
                "function_expression",
                "arrow_function",
                "method_definition",
                "program",
            }
        ),
        strings=frozenset({"string"}),
        options=[
            (re.compile(r"(?:^|\.)(?:option|requiredOption|argument|positional)$"), slice(2, None)),
            (re.compile(r"(?:^|\.)(?:options|parseArgs)$"), slice(0)),
        ],
    )

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.module = f"tree_sitter_{name if name == 'javascript' else 'typescript'}"
        self.has_markup: bool = name != "typescript"
        self.function: str = "language" if name == "javascript" else f"language_{name}"

    def found(self, data: bytes, part: Span | None) -> Iterator[Literal]:
        """Yield the strings, and the texts of JSX."""
        yield from super().found(data, part)
        if self.has_markup:
            elements = nodes(data, ("jsx_element",), self.module, self.grammar(data), part)
            yield from JsxTexts(self.name, data, self.module, self.grammar(data)).literals(elements)

    def beside(self, node: Node, data: bytes) -> Beside:
        """Return the fields next to a literal, and where more can be added."""
        return beside(node, data, _MAPPINGS)

    def join_of(self, node: Node) -> Join | None:
        """Return what `[a, b].join(" ")` or `"a".concat(b)` joins."""
        function, given = (node.child_by_field_name(name) for name in ("function", "arguments"))
        if function is None or function.type != "member_expression":
            return None
        receiver, name = (function.child_by_field_name(name) for name in ("object", "property"))
        if text_of(name) == "concat":
            return self.appended(receiver, given)
        return (
            joined(receiver, {"array"}, first_of(given), ",") if text_of(name) == "join" else None
        )

    def part(self, node: Node, data: bytes, above: Node | None) -> StringLiteral | None:
        """Return how a string reads; None for the name of a module."""
        place = Span(node.start_byte, node.end_byte)
        inside = Span(place.start + 1, max(place.start + 1, place.end - 1))
        kind = above.type if above is not None else ""
        if kind in ("import_statement", "export_statement"):
            return None
        form = (
            _ATTRIBUTE
            if kind == "jsx_attribute"
            else _FORMS[data[place.start : inside.start].decode()]
        )
        holes = [
            Span(child.start_byte, child.end_byte)
            for child in node.named_children
            if child.type == "template_substitution"
        ]
        scanned = form.pieces(data, inside, holes)
        if kind == "call_expression" and above is not None:
            tag = above.start_byte
            name = data[tag : min(place.start, tag + _LONGEST_TAG)].decode(errors="ignore")
            scanned.unclear = f"the function `{name}` reads its escapes"
        return StringLiteral(form, place, inside.start, scanned)


def make(name: str) -> JavaScriptHost:
    """Return the host of JavaScript, TypeScript or TSX."""
    return JavaScriptHost(name)
