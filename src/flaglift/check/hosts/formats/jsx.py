"""The texts of JSX, as React joins their lines, with the expressions in them as holes."""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from tree_sitter import Node

from flaglift.check.hosts.base import HOLE, Around, Literal, Origin, Piece, PieceKind
from flaglift.check.hosts.formats.codec import DividedText, Escaped, ScannedLiteral
from flaglift.check.hosts.formats.flow import (
    BLOCKS,
    UNSEEN,
    Item,
    Passage,
    passages,
)
from flaglift.check.hosts.formats.origins import text_of
from flaglift.check.hosts.formats.trees import is_broken
from flaglift.check.hosts.pieces import BROKEN
from flaglift.lossless.spans import Span

ENTITY = rb"&(?:#[0-9]+|#[xX][0-9a-fA-F]+|[a-zA-Z][a-zA-Z0-9]*);|"

_LINES = rb"(?<![ \t])[ \t]*+\r?\n[ \t\r\n]*+"
_TEXT = Escaped(
    "JSX text",
    re.compile(ENTITY + _LINES),
    lambda raw: " " if b"\n" in raw else html.unescape(raw.decode()),
    {ord(c): f"&#{ord(c)};" for c in "{}<>&"},
    re.compile(r"[\r\n\0]"),
    universal=False,
)
_OF_TEXT = ("jsx_text", "html_character_reference", "jsx_expression")
_BLANK = re.compile(rb"\{(?:' '|\" \"|` `)\}")
"""How a blank at the end of a line is written."""


@dataclass(frozen=True)
class JsxTexts:
    """The texts in the elements of a document."""

    host: str
    data: bytes
    module: str
    grammar: str

    def literals(self, elements: Iterable[Node]) -> Iterator[Literal]:
        """Yield the texts in elements, which are in the order of the document."""
        seen: set[int] = set()
        for element in elements:
            if element.id in seen:
                continue
            texts: dict[int, ScannedLiteral] = {}
            for passage in passages(self._items(element, seen, texts)):
                if passage.text.replace(HOLE, "").strip():
                    yield self._literal(element, passage, texts)

    def _items(
        self, element: Node, seen: set[int], texts: dict[int, ScannedLiteral]
    ) -> Iterator[Item]:
        """Yield the texts and tags in an element, but not what is in blocks."""
        stack = [iter(element.children)]
        run: list[Node] = []
        end = element.start_byte
        while stack:
            child = next(stack[-1], None)
            before, end = end, child.end_byte if child is not None else end
            is_text = child is not None and child.type in _OF_TEXT
            if run and not is_text:
                yield from self._text(run, texts)
                run = []
            if child is None:
                stack.pop()
                continue
            if before < child.start_byte and not run:  # the grammar has no node for line ends
                yield Item(Span(before, child.start_byte), None, UNSEEN)
            if is_text:
                run.append(child)
                continue
            if child.type != "jsx_element":
                yield _tag(child)
                if child.type == "jsx_self_closing_element":
                    yield _tag(child)._replace(closes=True)
            elif _tag(child.children[0]).tag in BLOCKS:
                yield from map(_tag, (child.children[0], child.children[-1]))
            else:
                seen.add(child.id)
                end = child.start_byte
                stack.append(iter(child.children))

    def _text(self, run: Sequence[Node], texts: dict[int, ScannedLiteral]) -> Iterator[Item]:
        """Yield a text, and the line ends around it, which are no part of it."""
        whole = Span(run[0].start_byte, run[-1].end_byte)
        inside = _shown(self.data, whole)
        holes = [Span(e.start_byte, e.end_byte) for e in run if e.type == "jsx_expression"]
        scanned = _TEXT.pieces(self.data, inside, holes)
        scanned.pieces = [
            each._replace(kind=PieceKind.ATOM, text=" ")
            if _BLANK.fullmatch(self.data, each.start, each.end)
            else each
            for each in scanned.pieces
        ]
        texts[inside.start] = scanned
        if inside.start > whole.start:
            yield Item(Span(whole.start, inside.start), None, UNSEEN)
        yield Item(inside, "".join(piece.text for piece in scanned.pieces))
        if inside.end < whole.end:
            yield Item(Span(inside.end, whole.end), None, UNSEEN)

    def _literal(
        self, element: Node, passage: Passage, texts: dict[int, ScannedLiteral]
    ) -> Literal:
        pieces: list[Piece] = []
        unclear = ""
        for place, text, *_ in passage.items:
            scanned = texts.get(place.start, ScannedLiteral())
            pieces += scanned.pieces if text is not None else [Piece(PieceKind.ATOM, *place, "\n")]
            unclear = unclear or scanned.unclear
        start, end = passage.items[0].place.start, passage.items[-1].place.end
        broken = is_broken(element, self.data, self.module, self.grammar)
        return Literal(
            host=self.host,
            form=DividedText(_TEXT) if len(passage.items) > 1 else _TEXT,
            start=start,
            end=end,
            inside=start,
            pieces=tuple(pieces),
            look=partial(Around, Origin(passage.role), BROKEN if broken else ""),
            source=self.data,
            unclear=unclear,
        )


def _tag(node: Node) -> Item:
    """Return a tag; code that does not parse may be any."""
    name = "?" if node.is_error else text_of(node.child_by_field_name("name"))
    closes = node.type == "jsx_closing_element"
    return Item(Span(node.start_byte, node.end_byte), None, name, closes)


def _shown(data: bytes, text: Span) -> Span:
    """Return a text of JSX without the line ends around it, and the blanks next to these."""
    raw = data[slice(*text)]
    head = len(raw) - len(raw.lstrip(b" \t\r\n"))
    tail = len(raw.rstrip(b" \t\r\n"))
    start = text.start + head if b"\n" in raw[:head] else text.start
    return Span(start, max(start, text.start + tail) if b"\n" in raw[tail:] else text.end)
