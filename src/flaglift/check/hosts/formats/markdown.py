"""Markdown: fenced and indented code, code in a line, and the front matter."""

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from tree_sitter import Node

from flaglift.check.hosts.base import Around, Comment, Literal, Origin, PieceKind
from flaglift.check.hosts.formats.codec import Escaped, ScannedLiteral, stripped
from flaglift.check.hosts.formats.parents import ancestors
from flaglift.check.hosts.formats.trees import TreeParts, nodes
from flaglift.check.hosts.prefilter import may_hold_flags
from flaglift.lossless.spans import Span

_MODULE = "tree_sitter_markdown"
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_FRONT_KINDS = {"minus_metadata": "yaml", "plus_metadata": "toml"}
_BLOCKS = ("fenced_code_block", "indented_code_block", "paragraph", "atx_heading", "pipe_table",
           "html_block")  # fmt: skip
TABS = "its indentation has tabs, which cannot be followed byte by byte"
NESTED = "indented code in a list or quote cannot be followed byte by byte"


class MarkdownBlock(Escaped):
    """The form of code in whole lines, each after the prefix of the enclosing blocks."""

    def encode(self, text: str, literal: Literal, at: int) -> bytes | None:
        """Return the text; new lines get the prefix of the others."""
        written = super().encode(text, literal, at)
        ends = [literal.source[p.start : p.end] for p in literal.pieces if p.kind is PieceKind.ATOM]
        if written is None or b"\n" not in written or not ends:
            return written
        return written.replace(b"\n", b"\n" + max((e.partition(b"\n")[2] for e in ends), key=len))


BLOCK = MarkdownBlock(
    "Markdown code block", re.compile(rb"(?!)"), lambda _: None, {}, re.compile("[\r\0]")
)
INLINE = Escaped(
    "Markdown code in a line", re.compile(rb"(?!)"), lambda _: None, {}, re.compile("[`\r\n\0]")
)
ADDRESS = Escaped("Markdown address", re.compile(rb"\\[\x00-\x7f]"), lambda _: None)
"""An escape in one leaves it unclear: it is rare."""
_ADDRESSES = ("link_destination", "uri_autolink")


class MarkdownHost(TreeParts):
    """A Markdown document."""

    module = _MODULE
    name = "markdown"

    def units(self, root: Node, data: bytes) -> Iterator[tuple[int, Hashable]]:  # noqa: ARG002
        """Yield where blocks begin."""
        yield from ((node.start_byte, None) for node in nodes(data, _BLOCKS, _MODULE))

    def found(self, data: bytes, part: Span | None) -> Iterator[Literal]:
        """Yield the pieces of code in a document, and its front matter."""
        yield from self._blocks(data, part)
        yield from self._inline(data, part)

    def comments_in(self, data: bytes, part: Span) -> list[Comment]:
        """Return the comments of some blocks, in order; those within a line too."""
        found = [
            (node.start_byte, node.text or b"")
            for node in nodes(data, ("html_block",), _MODULE, part=part)
        ]
        for node in nodes(data, ("inline", "pipe_table_cell"), _MODULE, part=part):
            raw = node.text or b""
            if b"<!--" in raw:
                tags = nodes(raw, ("html_tag",), _MODULE, "inline_language")
                found += [(node.start_byte + tag.start_byte, tag.text or b"") for tag in tags]
        return sorted(
            Comment(place + match.start(), place + match.end(), stripped(match[0]))
            for place, text in found
            for match in _COMMENT.finditer(text)
        )

    def _blocks(self, data: bytes, part: Span | None) -> Iterator[Literal]:
        for node in nodes(data, ("code_fence_content",), _MODULE, part=part):
            fence = Span(node.start_byte, node.end_byte)
            prefixes = {child.start_byte: child.end_byte for child in node.named_children}
            scanned = _lines(data, fence, prefixes, re.compile(b" {0,%d}" % _indent(node)))
            if any(b"\t" in data[start:end] for start, end in prefixes.items()):
                scanned.unclear = TABS
            yield self._literal(BLOCK, data, fence, scanned, Origin("code", _language(node)))
        for node in nodes(data, ("html_block",), _MODULE, part=part):
            prefixes = {child.start_byte: child.end_byte for child in node.named_children}
            place = Span(node.start_byte, node.end_byte)
            scanned = _lines(data, place, prefixes, re.compile(b""))
            yield self._literal(BLOCK, data, place, scanned, Origin("code", "html"))
        for node in nodes(data, ("indented_code_block",), _MODULE, part=part):
            above = node.parent
            top = above is None or above.type in ("section", "document")
            ending = len((node.text or b"").rstrip(b" \t\r\n"))
            line = data.find(b"\n", node.start_byte + ending)
            place = Span(node.start_byte, node.end_byte if line < 0 else line + 1)
            margin = rb" {0,3}\t| {0,4}" if top else rb"[ \t>]*"
            scanned = _lines(data, place, {}, re.compile(margin))
            scanned.unclear = "" if top else NESTED
            yield self._literal(BLOCK, data, place, scanned, Origin("code"))
        for node in nodes(data, tuple(_FRONT_KINDS), _MODULE, part=part):
            yield from self._front(node, data)

    def _front(self, node: Node, data: bytes) -> Iterator[Literal]:
        start = data.find(b"\n", node.start_byte) + 1
        end = data.rfind(b"\n", node.start_byte, len(data[: node.end_byte].rstrip())) + 1
        if 0 < start < end:
            place = Span(start, end)
            scanned = _lines(data, place, {}, re.compile(b""))
            yield self._literal(
                BLOCK, data, place, scanned, Origin("code", _FRONT_KINDS[node.type])
            )

    def _inline(self, data: bytes, part: Span | None) -> Iterator[Literal]:
        for node in nodes(data, ("inline", "pipe_table_cell"), _MODULE, part=part):
            raw = node.text or b""
            if not may_hold_flags(raw):
                continue
            for code in nodes(raw, ("code_span", *_ADDRESSES), _MODULE, "inline_language"):
                place = Span(node.start_byte + code.start_byte, node.start_byte + code.end_byte)
                if code.type != "code_span":
                    yield self._address(data, place)
                    continue
                inside = _code_span(data, place)
                scanned = INLINE.pieces(data, inside)
                if b"\n" in data[slice(*inside)] or b"|" in data[slice(*inside)]:
                    scanned.unclear = "it continues in another line or cell"
                literal = self._literal(INLINE, data, place, scanned, Origin("inline"))
                yield replace(literal, look=partial(_look_inline, node))

        for node in nodes(data, _ADDRESSES[:1], _MODULE, part=part):  # those of references
            yield self._address(data, Span(node.start_byte, node.end_byte))

    def _address(self, data: bytes, place: Span) -> Literal:
        """Return the address of a link, with or without angle brackets."""
        bracket = data[place.start : place.start + 1] == b"<"
        inside = Span(place.start + bracket, place.end - bracket)
        scanned = ADDRESS.pieces(data, inside)
        return self._literal(ADDRESS, data, place, scanned, Origin("value", "address"))

    def _literal(
        self, form: Escaped, data: bytes, place: Span, scanned: ScannedLiteral, origin: Origin
    ) -> Literal:
        pieces = tuple(scanned.pieces)
        return Literal(
            host=self.name,
            form=form,
            start=place.start,
            end=place.end,
            inside=pieces[0].start if pieces else place.start,
            pieces=pieces,
            look=partial(Around, origin),
            source=data,
            unclear=scanned.unclear,
        )


def _look_inline(node: Node) -> Around:
    """Return the surroundings of inline code; a table counts as one, from its first row."""
    table = next((above for above in ancestors(node) if above.type == "pipe_table"), None)
    return Around(Origin("inline"), opener=table.start_byte if table is not None else None)


def _lines(
    data: bytes, place: Span, prefixes: Mapping[int, int], margin: re.Pattern[bytes]
) -> ScannedLiteral:
    """Return the lines of a block, each without the prefix of the enclosing blocks."""
    scanned = ScannedLiteral()
    position = place.start
    ending = -1
    while position < place.end:
        start = prefixes.get(position, position)
        indent = margin.match(data, start, place.end)
        start = indent.end() if indent else start
        if ending >= 0:
            scanned.atom(Span(ending, start), "\n")
        end = data.find(b"\n", start, place.end)
        end = place.end if end < 0 else end
        ending = end - 1 if data[start:end].endswith(b"\r") else end
        scanned.run(data, Span(start, ending))
        position = end + 1
    if 0 <= ending < place.end:
        scanned.atom(Span(ending, place.end), "\n")
    return scanned


def _indent(content: Node) -> int:
    """Return by how many spaces a fence is indented; its lines may be by as many."""
    fence = content.prev_named_sibling
    while fence is not None and fence.type != "fenced_code_block_delimiter":
        fence = fence.prev_named_sibling
    raw = (fence.text or b"") if fence is not None else b""
    return len(raw) - len(raw.lstrip(b" "))


def _language(content: Node) -> str:
    above = content.parent
    for child in above.named_children if above is not None else ():
        if child.type == "info_string":
            words = (child.text or b"").decode().split()
            return words[0].strip("{}.").lower() if words else ""
    return ""


def _code_span(data: bytes, place: Span) -> Span:
    """Return the text of a code span: without its backticks, and a space on either side."""
    raw = data[slice(*place)]
    ticks = len(raw) - len(raw.lstrip(b"`"))
    start, end = place.start + ticks, place.end - ticks
    inner = data[start:end]
    if inner.startswith(b" ") and inner.endswith(b" ") and inner.strip(b" "):
        return Span(start + 1, end - 1)
    return Span(start, end)


def make(name: str) -> MarkdownHost:  # noqa: ARG001
    """Return the host."""
    return MarkdownHost()
