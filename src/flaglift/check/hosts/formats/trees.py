"""Parse trees of source code: one parse for a document, and questions about its nodes."""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from importlib import import_module
from math import inf

from tree_sitter import Language, Node, Parser, Point, Query, QueryCursor, Tree

from flaglift.check.hosts.base import Comment
from flaglift.check.hosts.formats.codec import stripped
from flaglift.check.hosts.patience import TooLongError, check_patience, is_over, parsing
from flaglift.lossless.spans import Span, changed

_LARGE = 50_000
"""Bytes. Smaller documents take no time that is worth watching."""

_CHUNK = 1 << 16
_DEEPEST = 1 << 16
_STEP = 1 << 14


@lru_cache(maxsize=16)
def _language(module: str, function: str) -> Language:
    return Language(getattr(import_module(module), function)())


_EARLIER: dict[bytes, Tree] = {}
"""What is left of the tree of an earlier document, for the one that is parsed next."""


def parse(data: bytes, module: str, function: str = "language") -> Tree:
    """Return the parse tree of a document; there is one whatever the document holds.

    Raises `ModuleNotFoundError` if the language's package is not installed, and `TooLongError`.
    """
    return _parse(data, module, function)  # with one spelling of the arguments, for the cache


@lru_cache(maxsize=8)
def _parse(data: bytes, module: str, function: str) -> Tree:
    parser = Parser(_language(module, function))
    earlier = _EARLIER.pop(data, None)
    if len(data) >= _LARGE:
        earlier = _watched(parser, data, earlier)
    return parser.parse(data, earlier) if earlier else parser.parse(data)


def _watched(parser: Parser, data: bytes, earlier: Tree | None) -> Tree:
    """Return a tree that knows no text, with which a parser takes no time for the same document.

    Raises `TooLongError`.
    """
    read = partial(_chunk, data)
    with parsing(len(data)):
        try:
            if earlier:
                return parser.parse(read, earlier, progress_callback=lambda *_: is_over())
            return parser.parse(read, progress_callback=lambda *_: is_over())
        except ValueError:
            check_patience()
            raise


def _chunk(data: bytes, start: int, _: Point) -> bytes:
    return data[start : start + _CHUNK]


def follow(old: bytes, data: bytes, module: str, function: str = "language") -> list[Span]:
    """Parse a document that another one became; return the bytes that the tree reads otherwise."""
    change = changed(old, data)
    before = parse(old, module, function).copy()
    end = change.end + len(old) - len(data)
    begin = _point(data, change.start)
    before.edit(change.start, end, change.end, begin, _point(old, end), _point(data, change.end))
    _EARLIER[data] = before
    tree = parse(data, module, function)
    _EARLIER.pop(data, None)
    ranges = before.changed_ranges(tree)
    return [change, *(Span(each.start_byte, each.end_byte) for each in ranges)]


def _point(data: bytes, at: int) -> Point:
    return Point(data.count(b"\n", 0, at), at - data.rfind(b"\n", 0, at) - 1)


@lru_cache(maxsize=16)
def _query(module: str, function: str, kinds: tuple[str, ...]) -> Query:
    pattern = "[" + " ".join(f"({kind})" for kind in kinds) + "] @found"
    return Query(_language(module, function), pattern)


def nodes(
    data: bytes,
    kinds: tuple[str, ...],
    module: str,
    function: str = "language",
    part: Span | None = None,
) -> list[Node]:
    """Return the nodes of these kinds in a document, or a part, in order of their first bytes."""
    cursor = QueryCursor(_query(module, function, kinds))
    if part:
        cursor.set_byte_range(*part)
    root = parse(data, module, function).root_node
    if _is_too_deep(root):
        raise TooLongError("is nested too deep to read, so it is not checked")
    captured = cursor.captures(root).get("found", ())
    inside = [each for each in captured if part is None or part.start <= each.start_byte < part.end]
    return sorted(inside, key=lambda node: (node.start_byte, -node.end_byte))


def _is_too_deep(root: Node) -> bool:
    """Tell whether a query of the tree may take the square of its depth: from 65,536 levels on.

    Of nodes in order each is one level deeper than the one before at most, so some are enough.
    """
    cursor = root.walk()
    for number in range(_STEP, root.descendant_count, _STEP):
        cursor.goto_descendant(number)
        if cursor.depth >= _DEEPEST - _STEP:
            return True
    return False


class TreeParts(ABC):
    """The parts of documents of which a parser makes trees: a key stroke changes some nodes."""

    module: str
    """The package of the grammar."""
    function: str = "language"
    patterns: tuple[str, ...] = ()
    """The types of the nodes with which the code compares texts."""

    def grammar(self, data: bytes) -> str:  # noqa: ARG002
        """Return the function of the package that gives the grammar of a document."""
        return self.function

    def parsed(self, data: bytes) -> bytes:
        """Return what the parser is given, of the same length."""
        return data

    @abstractmethod
    def units(self, root: Node, data: bytes) -> Iterator[tuple[int, Hashable]]:
        """Yield where parts may begin in a tree without errors, in order, and what is around."""

    def cuts(self, data: bytes) -> Mapping[int, Hashable]:
        """Return where parts may begin, if the parser could read all of the document."""
        root = parse(self.parsed(data), self.module, self.grammar(data)).root_node
        return {} if root.has_error else dict(self.units(root, data))

    def comments(self, data: bytes) -> list[Comment]:
        """Return the comments, in order."""
        return self.comments_in(data, Span(0, len(data)))

    def comments_in(self, data: bytes, part: Span) -> list[Comment]:
        """Return the comments of a part, in order."""
        comments = nodes(
            self.parsed(data), ("comment",), self.module, self.grammar(data), part=part
        )
        return [
            Comment(node.start_byte, node.end_byte, stripped(data[node.start_byte : node.end_byte]))
            for node in comments
        ]

    def patterns_in(self, data: bytes, part: Span) -> list[Span]:
        """Return the regular expressions, symbols and patterns of a part, in order."""
        if not self.patterns:
            return []
        found = nodes(self.parsed(data), self.patterns, self.module, self.grammar(data), part)
        return [Span(node.start_byte, node.end_byte) for node in found]

    def follow(self, old: bytes, data: bytes) -> Sequence[Span]:
        """Parse a document with what is left of another one's tree; return where they differ."""
        if self.grammar(old) != self.grammar(data):
            return [Span(0, len(data))]
        return follow(self.parsed(old), self.parsed(data), self.module, self.grammar(data))


def broken_from(root: Node) -> list[Span]:
    """Return the part of a document from the first byte that the parser could not place."""
    node = root if root.has_error else None
    while node is not None and not node.is_error:
        inner = next((c for c in node.children if c.has_error or c.is_missing), None)
        if inner is None:
            break
        node = inner
    return [Span(node.start_byte, root.end_byte)] if node is not None else []


def is_broken(node: Node, data: bytes, module: str, function: str = "language") -> bool:
    """Return whether the parser gave up in the statement around a node, or in one before it.

    A quote that is not closed makes strings of code and code of strings, down to the end.
    """
    return _first_broken(data, module, function) < node.end_byte


@lru_cache(maxsize=8)
def _first_broken(data: bytes, module: str, function: str) -> float:
    """Return where the first statement begins in which the parser gave up."""
    children = parse(data, module, function).root_node.children
    return min((child.start_byte for child in children if child.has_error), default=inf)


def ancestors(node: Node) -> Iterator[Node]:
    """Yield the nodes around a node, the nearest first."""
    above = node.parent
    while above is not None:
        check_patience()
        yield above
        above = above.parent
