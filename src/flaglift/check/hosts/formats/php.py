"""PHP: strings in quotes, here-documents and now-documents."""

import re
from collections.abc import Hashable, Iterator
from functools import partial
from itertools import pairwise

from tree_sitter import Node

from flaglift.check.hosts.base import Around, Literal, Origin
from flaglift.check.hosts.formats.code import CodeHost, Join, constant
from flaglift.check.hosts.formats.codec import (
    Escaped,
    ScannedLiteral,
    backslashed,
    blanks_of,
    character,
    without_margins,
)
from flaglift.check.hosts.formats.joined import StringLiteral
from flaglift.check.hosts.formats.mappings import Beside, Mappings, beside
from flaglift.check.hosts.formats.origins import Constructs, text_of
from flaglift.check.hosts.formats.trees import nodes, parse
from flaglift.check.hosts.pieces import BROKEN
from flaglift.lossless.spans import Span

INDENTED = "not all of its lines are indented like its end"
_CARRIAGE_RETURN = re.compile(rb"\r(?!\n)")
"""Ends a line for PHP, which removes the indentation after it, too."""
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "v": "\v", "e": "\x1b", "f": "\f"}
_ESCAPE = rb"\\(?:[0-7]{1,3}|x[0-9a-fA-F]{1,2}|u\{[0-9a-fA-F]+\}|[ntrvef\\$\"])"


def _decode(raw: bytes) -> str | None:
    text = raw.decode()[1:]
    if text[0] == "u":
        return character(text[2:-1])
    if text[0] == "x" or text[0].isdigit():
        number = int(text[1:], 16) if text[0] == "x" else int(text, 8) & 0xFF
        return chr(number) if number < 0x80 else None  # a byte, not a character
    return _SIMPLE.get(text, text)


_SINGLE = Escaped(
    "PHP string '",
    re.compile(rb"\\[\\']"),
    lambda raw: raw[1:].decode(),
    backslashed(["''", "\\\\"]),
    universal=False,
)
_DOUBLE = Escaped(
    'PHP string "',
    re.compile(_ESCAPE),
    _decode,
    backslashed(['""', "\\\\", "$$", "r\r"]) | {ord("{"): "\\x7b"},
    universal=False,
)
_HEREDOC = Escaped(
    "PHP here-document",
    re.compile(_ESCAPE.replace(b'\\"', b"")),
    _decode,
    backslashed(["\\\\", "$$", "r\r"]) | {ord("{"): "\\x7b"},
    universal=False,
)
_NOWDOC = Escaped("PHP now-document", re.compile(rb"(?!)"), lambda _: None, universal=False)


_COMMAND = Escaped(
    "PHP command",
    re.compile(_ESCAPE.replace(b'\\"', b"`")),
    _decode,
    backslashed(["``", "\\\\", "$$", "r\r"]) | {ord("{"): "\\x7b"},
    universal=False,
)
_FORMS = {"'": _SINGLE, '"': _DOUBLE, "`": _COMMAND}


_MAPPINGS = Mappings(
    containers=("array_creation_expression",), quotes={"'": _SINGLE, '"': _DOUBLE}, words={}
)


class PhpHost(CodeHost):
    """PHP in a page, or without the tags around it."""

    module = "tree_sitter_php"
    function = "language_php"
    kinds: tuple[str, ...] = ("string", "encapsed_string", "heredoc", "nowdoc")
    adds = "binary_expression"
    sign = "."
    commands: frozenset[str] = frozenset({"shell_command_expression"})
    calls: frozenset[str] = frozenset({"function_call_expression"})
    shells: re.Pattern[str] = re.compile(r"^(?:shell_exec|exec|system|passthru|popen|proc_open)$")
    shape: Constructs = Constructs(
        pairs={"array_element_initializer": ("", "")},
        calls={
            "function_call_expression": "function",
            "member_call_expression": "name",
            "scoped_call_expression": "name",
            "object_creation_expression": "",
        },
        arguments=frozenset({"arguments"}),
        assignments={
            "assignment_expression": ("left", "right"),
            "augmented_assignment_expression": ("left", "right"),
            "const_element": ("", ""),
            "property_element": ("name", "default_value"),
        },
        operands=frozenset({"subscript_expression", "case_statement", "match_condition_list"}),
        ends=frozenset(
            {"function_definition", "method_declaration", "class_declaration", "program"}
        ),
        strings=frozenset({"argument"}),
        options=[
            (re.compile(r"(?:^|\\)(?:addOption|InputOption)$"), slice(4, 5)),
            (re.compile(r"(?:^|\\)(?:addArgument|InputArgument)$"), slice(3, 4)),
        ],
    )

    def grammar(self, data: bytes) -> str:
        """Return the grammar of pages, or that of code alone, as in a block or a string."""
        return self.function if b"<?" in data else "language_php_only"

    def found(self, data: bytes, part: Span | None) -> Iterator[Literal]:
        """Yield the strings, and the page around the code as one text of HTML."""
        yield from super().found(data, part)
        if part is None:
            yield from _page(data)

    def units(self, root: Node, data: bytes) -> Iterator[tuple[int, Hashable]]:
        """Yield where statements begin; there are none in a page, which is one text."""
        if not _pages(data):
            yield from super().units(root, data)

    def beside(self, node: Node, data: bytes) -> Beside:
        """Return the fields next to a literal, and where more can be added."""
        return beside(node, data, _MAPPINGS)

    def join_of(self, node: Node) -> Join | None:
        """Return what `implode(" ", [a, b])` joins."""
        given = node.child_by_field_name("arguments")
        if text_of(node.child_by_field_name("function")) not in ("implode", "join") or not given:
            return None
        values = [each.named_children[-1] for each in given.named_children if each.named_children]
        if len(values) != 2 or values[1].type != "array_creation_expression":
            return None
        separator = constant(values[0])
        items = [c for c in values[1].named_children if c.type == "array_element_initializer"]
        if separator is None or any(item.named_child_count != 1 for item in items):
            return None
        return Join([item.named_children[0] for item in items], separator)

    def part(self, node: Node, data: bytes, above: Node | None) -> StringLiteral | None:  # noqa: ARG002
        """Return how a string reads; None for a string of bytes."""
        if node.type in ("heredoc", "nowdoc"):
            return self._document(node, data)
        opening = node.children[0]
        if len(text_of(opening)) != 1:
            return None
        form = _FORMS[text_of(opening)]
        inside = Span(opening.end_byte, max(opening.end_byte, node.end_byte - 1))
        scanned = form.pieces(data, inside, _holes(node, data))
        return StringLiteral(form, Span(node.start_byte, node.end_byte), inside.start, scanned)

    def _document(self, node: Node, data: bytes) -> StringLiteral | None:
        end = node.named_children[-1]
        start = data.find(b"\n", node.start_byte, end.start_byte) + 1
        line = data.rfind(b"\n", start - 1, end.start_byte)
        if not start:
            return None
        stop = max(start, line - (data[line - 1 : line] == b"\r"))
        form = _HEREDOC if node.type == "heredoc" else _NOWDOC
        body = node.child_by_field_name("value")
        holes = list(_holes(body, data)) if body is not None and form is _HEREDOC else []
        if form is _HEREDOC:
            # The grammar takes a last line with a number sign or slashes for a comment.
            ends = [child for child in node.named_children if child.type == "comment"]
            holes += [hole for each in ends for hole in _holes_in(data, each)]
        place = Span(start, stop)
        scanned = form.pieces(data, place, holes)
        margin = data[line + 1 : end.start_byte]
        if margin:
            _remove(margin, data, place, scanned)
        return StringLiteral(form, place, start, scanned)


def _remove(margin: bytes, data: bytes, place: Span, scanned: ScannedLiteral) -> None:
    """Remove the indentation of a document's end, which all lines with more than blanks have."""
    blanks = blanks_of(data, place, scanned)
    ends = {start: min(start + len(margin), end) for start, end in blanks.items()}
    is_even = all(
        data.startswith(margin, at)
        or (margin.startswith(data[at:end]) and data[end : end + 1] in (b"\n", b"\r"))
        for at, end in ends.items()
    )
    if not is_even or _CARRIAGE_RETURN.search(data, *place):
        scanned.unclear = INDENTED
    scanned.pieces = without_margins(ends, scanned.pieces, data)


_PAGE = Escaped("PHP page", re.compile(rb"(?!)"), lambda _: None, {}, re.compile(r"<\?|\0"),
                universal=False)  # fmt: skip


def _pages(data: bytes) -> list[Node]:
    """Return the text outside of the code in a file, unless blank."""
    if b"<?" not in data:
        return []
    texts = list(nodes(data, ("text",), PhpHost.module, PhpHost.function))
    return texts if any((text.text or b"").strip() for text in texts) else []


def _page(data: bytes) -> Iterator[Literal]:
    """Yield the text outside of the code, with the code as holes."""
    texts = _pages(data)
    if not texts:
        return
    whole = Span(texts[0].start_byte, texts[-1].end_byte)
    code = (Span(a.end_byte, b.start_byte) for a, b in pairwise(texts))
    root = parse(data, PhpHost.module, PhpHost.function).root_node
    yield Literal(
        host="php",
        form=_PAGE,
        start=whole.start,
        end=whole.end,
        inside=whole.start,
        pieces=tuple(_PAGE.pieces(data, whole, code).pieces),
        look=partial(Around, Origin("code", "html"), BROKEN if root.has_error else ""),
        source=data,
    )


_INTERPOLATION = re.compile(
    rb"\\[\s\S]|(?P<hole>\{\$[^{}]*\}|\$\{[^{}]*\}"
    rb"|\$[A-Za-z_\x80-\xff][\w\x80-\xff]*(?:\[[^\]\s]*\]|->[A-Za-z_]\w*)?)"
)


def _holes_in(data: bytes, node: Node) -> Iterator[Span]:
    """Yield the interpolations in a line that the grammar does not look into."""
    for match in _INTERPOLATION.finditer(data, node.start_byte, node.end_byte):
        if match["hole"]:
            yield Span(*match.span("hole"))


_REST_OF_NAME = re.compile(rb"[\w\x80-\xff]*+")


def _holes(node: Node, data: bytes) -> Iterator[Span]:
    """Yield the interpolations, with the braces around them."""
    children = node.children
    for index, child in enumerate(children):
        if not child.is_named or child.type in ("string_content", "escape_sequence", "comment"):
            continue
        if index and children[index - 1].type == "{":
            # Blanks and comments may stand before the brace that closes it.
            behind = (each for each in children[index + 1 :] if each.type != "comment")
            closing = next(behind, child)
            end = closing.end_byte if closing.type == "}" else child.end_byte + 1
            yield Span(children[index - 1].start_byte, end)
            continue
        end = child.end_byte
        if child.type in ("variable_name", "member_access_expression"):
            # Every byte above ASCII belongs to a name; the grammar does not know all characters.
            end = _REST_OF_NAME.match(data, end).end()  # type: ignore[union-attr]  # may be empty
        yield Span(child.start_byte, end)


def make(name: str) -> PhpHost:
    """Return the host."""
    return PhpHost(name)
