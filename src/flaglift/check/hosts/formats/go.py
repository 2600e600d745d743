"""Go: interpreted and raw strings, maps, the values of forms."""

import re
from dataclasses import replace

from tree_sitter import Node

from flaglift.check.hosts.formats.code import CodeHost, Join
from flaglift.check.hosts.formats.codec import CONTROLS, Escaped, backslashed, character
from flaglift.check.hosts.formats.joined import StringLiteral
from flaglift.check.hosts.formats.mappings import Beside, Mappings, beside, pairs
from flaglift.check.hosts.formats.origins import Constructs, text_of
from flaglift.check.hosts.formats.parents import parent_of
from flaglift.lossless.spans import Span

_ESCAPE = rb"\\(?:[0-7]{3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[abfnrtv\\\"])"
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def _decode(raw: bytes) -> str | None:
    kind, rest = chr(raw[1]), raw[2:].decode()
    if kind in "uU":
        return character(rest)
    if kind == "x" or kind.isdigit():
        number = int(rest, 16) if kind == "x" else int(kind + rest, 8)
        return chr(number) if number < 0x80 else None  # a byte, not a character
    return _SIMPLE.get(kind, kind)


_INTERPRETED = Escaped(
    'Go string "',
    re.compile(_ESCAPE),
    _decode,
    {code: f"\\u{code:04x}" for code in (*CONTROLS, 0xFEFF)}
    | backslashed(['""', "\\\\", "n\n", "r\r"]),
    universal=False,
)
_RAW = Escaped(
    "Go string `",
    re.compile(rb"\r\n?"),
    lambda raw: "\n" if raw[-1:] == b"\n" else "",
    {},
    re.compile("[`\r\0\ufeff]"),
)
_VALUES = Mappings(
    containers=(),
    quotes={'"': _INTERPRETED, "`": _RAW},
    words={},
)
_STRINGS = replace(_VALUES, strings=True)
_MAPS = {"string": _STRINGS, "any": _VALUES, "interface{}": _VALUES}
_LISTS = replace(_STRINGS, around=("{", "}"))


class GoHost(CodeHost):
    """Go source."""

    module = "tree_sitter_go"
    kinds: tuple[str, ...] = ("interpreted_string_literal", "raw_string_literal")
    adds = "binary_expression"
    calls: frozenset[str] = frozenset({"call_expression"})
    shape: Constructs = Constructs(
        pairs={"keyed_element": ("key", "value")},
        calls={"call_expression": "function"},
        arguments=frozenset({"argument_list"}),
        assignments={
            "short_var_declaration": ("left", "right"),
            "assignment_statement": ("left", "right"),
            "var_spec": ("name", "value"),
            "const_spec": ("name", "value"),
        },
        operands=frozenset(
            {"index_expression", "expression_case", "import_spec", "field_declaration"}
        ),
        ends=frozenset(
            {"function_declaration", "method_declaration", "func_literal", "source_file"}
        ),
        statement="",  # is never a text alone: where the parser takes one, code around it is gone
        strings=frozenset(kinds),
        # In `flag` and `pflag`, the usage comes last and the default before it.
        options=[
            (re.compile(r"(?i:flags?|flags\(\)|\bfs)\.String(?:Var)?P?$"), slice(-2, -1)),
            (
                re.compile(
                    r"(?i:flags?|flags\(\)|\bfs)\."
                    r"(?:Bool|Count|Duration|Float|Func|Int|Text|Uint)\w{0,12}$"
                ),
                slice(0),
            ),
            (re.compile(r"\.(?:Flag|Arg)$"), slice(0)),  # Kingpin's
        ],
    )

    def beside(self, node: Node, data: bytes) -> Beside:
        """Return the fields next to a literal, and where more can be added."""
        value = parent_of(node)
        language: Mappings | None = _STRINGS
        above = parent_of(value) if value is not None else None
        if above is not None and above.type == "literal_value" and above.named_child_count == 1:
            value, language = parent_of(above), _LISTS  # `url.Values{"text": {"a cat"}}`
        pair = parent_of(value) if value is not None else None
        mapping = parent_of(pair) if pair is not None else None
        if value is None or pair is None or mapping is None or pair.type != "keyed_element":
            return beside(node, data, _STRINGS)
        whole = parent_of(mapping)
        kind = whole.child_by_field_name("type") if whole is not None else None
        if kind is not None and kind.type == "map_type":
            language = _MAPS.get(text_of(kind.child_by_field_name("value")).replace(" ", ""))
        elif language is _STRINGS or text_of(kind) != "url.Values":
            language = None
        return pairs(value, pair, mapping, data, language) if language else ({}, None, False)

    def join_of(self, node: Node) -> Join | None:
        """Return what `strings.Join([]string{a, b}, " ")` joins."""
        given = node.child_by_field_name("arguments")
        if text_of(node.child_by_field_name("function")) != "strings.Join" or given is None:
            return None
        elements = next(iter(given.named_children), None)
        body = elements.child_by_field_name("body") if elements is not None else None
        separator = given.named_children[1:2]
        if body is None or not separator or separator[0].type != self.kinds[0]:
            return None
        text = text_of(separator[0])
        if "\\" in text or any(each.type != "literal_element" for each in body.named_children):
            return None
        return Join([each.named_children[0] for each in body.named_children], text[1:-1])

    def part(self, node: Node, data: bytes, above: Node | None) -> StringLiteral:  # noqa: ARG002
        """Return how a string reads."""
        form = _RAW if node.type == "raw_string_literal" else _INTERPRETED
        place = Span(node.start_byte, node.end_byte)
        inside = Span(place.start + 1, max(place.start + 1, place.end - 1))
        return StringLiteral(form, place, inside.start, form.pieces(data, inside))


def make(name: str) -> GoHost:
    """Return the host."""
    return GoHost(name)
