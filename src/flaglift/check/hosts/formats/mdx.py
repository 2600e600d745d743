"""MDX: Markdown with imports and exports, tags of JSX and expressions in braces."""

import re
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from tree_sitter import Node

from flaglift.check.hosts.base import Around, Literal, Origin, Piece, PieceKind
from flaglift.check.hosts.formats.codec import Escaped
from flaglift.check.hosts.formats.markdown import MarkdownHost
from flaglift.check.hosts.formats.parents import ancestors
from flaglift.check.hosts.formats.trees import nodes, parse
from flaglift.lossless.spans import Span

_MODULE = "tree_sitter_markdown"
_CODE = Escaped("MDX code", re.compile(rb"(?!)"), lambda _: None, universal=False)
_MODULE_START = re.compile(rb"(?:import|export)\b")
_OPENING = re.compile(rb"`+|<(?P<name>[A-Za-z_][\w.:-]*)|\{")
_INNER = re.compile(rb"\"[^\"]*\"|'[^'\n]*'|`(?:\\[\s\S]|[^`\\])*`|/\*[\s\S]*?\*/|[{}>]")
_BLANK_LINE = re.compile(rb"\n[ \t]*\r?\n")
_MOST_BLOCKS = 50
_MOST_BYTES = 20_000
"""Of one tag or expression."""


class MdxHost(MarkdownHost):
    """An MDX document."""

    name = "mdx"

    def found(self, data: bytes, part: Span | None) -> Iterator[Literal]:
        """Yield the pieces of code in a document, and its front matter."""
        code, _ = self._read(data)
        yield from code
        for each in super().found(data, part):
            if not any(other.start <= each.start < other.end for other in code):
                yield each

    def units(self, root: Node, data: bytes) -> Iterator[tuple[int, Hashable]]:  # noqa: ARG002
        """Yield nothing: a tag or an expression may continue in other blocks."""
        return iter(())

    def _read(self, data: bytes) -> tuple[list[Literal], list[Span]]:
        """Return the modules, tags and expressions, and where one begins that does not end."""
        modules = list(_modules(data))
        expressions = list(self._expressions(data, modules))
        code = [self._code(data, module, b"", b"") for module in modules]
        code += [each for each in expressions if isinstance(each, Literal)]
        return code, [each for each in expressions if isinstance(each, Span)]

    def _expressions(self, data: bytes, modules: list[Span]) -> Iterator[Literal | Span]:
        """Yield the tags and the expressions in texts; not those in code within them.

        The rest of a text in which one does not end is a `Span`: no compiler takes it, and a search
        for the ends of many would take quadratic time.
        """
        position = 0
        for node in nodes(data, ("inline", "html_block", "pipe_table_cell"), _MODULE):
            position = max(position, node.start_byte)
            if any(module.start <= position < module.end for module in modules):
                continue
            quoted = any(above.type == "block_quote" for above in ancestors(node))
            while opening := _OPENING.search(data, position, node.end_byte):
                position = opening.end()
                if opening[0][:1] == b"`":
                    closing = data.find(opening[0], position, node.end_byte)
                    position = closing + len(opening[0]) if closing >= 0 else position
                    continue
                close = _close(data, opening)
                if close < 0:
                    yield Span(opening.start(), node.end_byte)
                    break
                place, position = Span(opening.start(), close), close
                before, behind = _around(opening, data[close - 2 : close])
                literal = self._code(data, place, before, behind)
                several = quoted and b"\n" in data[slice(*place)]
                yield replace(literal, unclear=MARKS) if several else literal

    def gaps(self, data: bytes) -> Sequence[Span]:
        """Return the texts with tags or expressions that do not end."""
        return self._read(data)[1]

    def _code(self, data: bytes, place: Span, before: bytes, behind: bytes) -> Literal:
        """Return a literal of TypeScript, with what makes it a whole that can be parsed."""
        pieces = [*_CODE.pieces(data, place).pieces]
        if before:
            pieces.insert(0, Piece(PieceKind.ATOM, place.start, place.start, before.decode()))
        if behind:
            pieces.append(Piece(PieceKind.ATOM, place.end, place.end, behind.decode()))
        return Literal(
            host=self.name,
            form=_CODE,
            start=place.start,
            end=place.end,
            inside=place.start,
            pieces=tuple(pieces),
            look=partial(Around, Origin("code", "tsx")),
            source=data,
        )


MARKS = "its lines begin with the marks of a quote"


def _around(opening: re.Match[bytes], end: bytes) -> tuple[bytes, bytes]:
    """Return what makes an expression or a tag a whole that can be parsed."""
    if opening[0] == b"{":
        return b"return <>", b"</>"
    return b"", b"" if end == b"/>" else b"</%s>" % opening["name"]


def _close(data: bytes, opening: re.Match[bytes]) -> int:
    """Return where a tag or an expression ends; -1 if it does not."""
    depth = int(opening[0] == b"{")
    last = b"}" if depth else b">"
    position = opening.end()
    end = position + _MOST_BYTES
    while match := _INNER.search(data, position, end):
        position = match.end()
        depth += {b"{": 1, b"}": -1}.get(match[0], 0)
        if depth <= 0 and match[0] == last:
            return position
    return -1


def _modules(data: bytes) -> Iterator[Span]:
    """Yield imports and exports: each from a line that begins so to the blank line that ends it.

    A blank line where the code so far does not parse is part of it.
    """
    reach = 0
    for node in nodes(data, ("paragraph",), _MODULE):
        start = node.start_byte
        above = node.parent
        top = above is not None and above.type in ("section", "document")
        if start < reach or not top or not _MODULE_START.match(data, start):
            continue
        reach = start
        for _ in range(_MOST_BLOCKS):
            blank = _BLANK_LINE.search(data, reach)
            reach = blank.end() if blank else len(data)
            if (
                not blank
                or not parse(
                    data[start:reach], "tree_sitter_typescript", "language_tsx"
                ).root_node.has_error
            ):
                break
        yield Span(start, reach)


def make(name: str) -> MdxHost:  # noqa: ARG001
    """Return the host."""
    return MdxHost()
