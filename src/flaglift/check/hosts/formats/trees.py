"""Parse trees of source code: parsing once per document, and queries on nodes."""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from importlib import import_module
from itertools import chain, count, pairwise
from math import inf

from tree_sitter import Language, Node, Parser, Point, Tree, TreeCursor

from flaglift.check.hosts.base import Comment, Literal
from flaglift.check.hosts.documents import per_document
from flaglift.check.hosts.formats.codec import stripped
from flaglift.check.hosts.patience import TooLongError, check_patience, is_over, parsing
from flaglift.check.hosts.prefilter import may_hold_flags
from flaglift.lossless.spans import Span, changed

_LARGE = 4_000
"""In bytes. Smaller documents take no second, in whatever way the parser recovers from errors."""

_CHUNK = 1 << 9
"""In bytes. The text of every node is read in chunks, too, each of them as a whole."""

_DEEPEST = 1 << 16
_STEP = 1 << 14


@lru_cache(maxsize=16)
def _language(module: str, function: str) -> Language:
    return Language(getattr(import_module(module), function)())


_EARLIER: dict[bytes, Tree] = {}
"""What remains of an earlier document's tree, for use in the next parse."""


def parse(data: bytes, module: str, function: str = "language") -> Tree:
    """Return the parse tree of a document; there is one for any content.

    Raises `ModuleNotFoundError` if the language's package is not installed, and `TooLongError`.
    """
    return _parse(data, module, function)  # normalizes the arguments for the cache


@per_document(8)
def _parse(data: bytes, module: str, function: str) -> Tree:
    parser = Parser(_language(module, function))
    earlier = _EARLIER.pop(data, None)
    if len(data) < _LARGE:
        return parser.parse(data, earlier) if earlier else parser.parse(data)
    read = partial(_chunk, data)
    with parsing(len(data)):
        try:
            if earlier:
                return parser.parse(read, earlier, progress_callback=lambda *_: is_over())
            return parser.parse(read, progress_callback=lambda *_: is_over())
        except ValueError:
            check_patience(at_once=True)
            raise


def _chunk(data: bytes, start: int, _: Point) -> bytes:
    return data[start : start + _CHUNK]


def follow(old: bytes, data: bytes, module: str, function: str = "language") -> list[Span]:
    """Parse the new version of a document; return the ranges where the trees differ."""
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


def nodes(
    data: bytes,
    kinds: tuple[str, ...],
    module: str,
    function: str = "language",
    part: Span | None = None,
) -> Iterator[Node]:
    """Yield the nodes of these kinds in a document, or a part of it, in order of their starts.

    Raises `TooLongError`.
    """
    root = parse(data, module, function).root_node
    if _is_too_deep(root):
        raise TooLongError("is nested too deep to read, so it is not checked")
    inside = part or Span(0, len(data) + 1)
    wanted = frozenset(kinds)
    for node in _walk(root, inside):
        if node.type in wanted and node.is_named and inside.start <= node.start_byte:
            yield node


def _walk(root: Node, part: Span) -> Iterator[Node]:
    """Yield the nodes that overlap a part, each before those in it.

    A query would be quadratic in the number of a node's children after an error, such as backticks.
    """
    cursor = root.walk()
    numbers = count(1)
    ahead = True
    while ahead:
        node = cursor.node or root
        if node.start_byte >= part.end:
            return
        yield node
        if next(numbers) % _STEP == 0:
            check_patience(at_once=True)
        inside = cursor.goto_first_child_for_byte(part.start) is not None
        ahead = inside or _goto_next(cursor)


def _goto_next(cursor: TreeCursor) -> bool:
    """Go to the next node that is not in this one; return whether there is one."""
    while not cursor.goto_next_sibling():
        if not cursor.goto_parent():
            return False
    return True


def _is_too_deep(root: Node) -> bool:
    """Return whether what looks upwards from nodes may be too slow: from 65,536 levels on.

    From one node to the next the depth grows by at most one, so a sample of the nodes is enough.
    """
    cursor = root.walk()
    for number in range(_STEP, root.descendant_count, _STEP):
        cursor.goto_descendant(number)
        if cursor.depth >= _DEEPEST - _STEP:
            return True
    return False


class TreeParts(ABC):
    """The parts of documents that are parsed to trees: a keystroke changes only some nodes."""

    module: str
    """The Python package of the grammar."""
    function: str = "language"
    patterns: tuple[str, ...] = ()
    """The types of the nodes that the code compares texts with."""

    def grammar(self, data: bytes) -> str:  # noqa: ARG002
        """Return the name of the package's function that returns the grammar for a document."""
        return self.function

    def parsed(self, data: bytes) -> bytes:
        """Return the bytes to parse, of the same length as the document."""
        return data

    @abstractmethod
    def units(self, root: Node, data: bytes) -> Iterator[tuple[int, Hashable]]:
        """Yield where parts may begin in a tree without errors, in order, with their contexts."""

    @abstractmethod
    def found(self, data: bytes, part: Span | None) -> Iterator[Literal]:
        """Yield the literals of a document, or of some units of it, in no particular order."""

    def literals(self, data: bytes) -> list[Literal]:
        """Return the literals of a document, in order."""
        return in_order(self.found(data, None))

    def flagged(self, data: bytes) -> list[Literal]:
        """Return those of them that may hold a flag, in order."""
        return in_order(filter(_is_flagged, self.found(data, None)))

    def literals_in(self, data: bytes, part: Span) -> list[Literal] | None:
        """Return the literals of some units that may hold a flag, in order."""
        return in_order(filter(_is_flagged, self.found(data, part)))

    def cuts(self, data: bytes) -> Mapping[int, Hashable]:
        """Return where parts may begin, if the whole document could be parsed."""
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
        """Parse a document, reusing the old version's tree; return the ranges that differ."""
        if self.grammar(old) != self.grammar(data):
            return [Span(0, len(data))]
        return follow(self.parsed(old), self.parsed(data), self.module, self.grammar(data))


def in_order(literals: Iterable[Literal]) -> list[Literal]:
    """Return literals by where they start."""
    return sorted(literals, key=lambda literal: literal.start)


def _is_flagged(literal: Literal) -> bool:
    """Return whether a literal may hold a flag, as written or as decoded."""
    written = b" ".join(literal.source[start:end] for start, end in literal.read_bytes())
    return may_hold_flags(written) or may_hold_flags(literal.text.encode())


def broken_from(root: Node) -> list[Span]:
    """Return the part of a document after the first byte that the parser could not place."""
    node = root if root.has_error else None
    while node is not None and not node.is_error:
        inner = next((c for c in node.children if c.has_error or c.is_missing), None)
        if inner is None:
            break
        node = inner
    return [Span(node.start_byte, root.end_byte)] if node is not None else []


def is_broken(node: Node, data: bytes, module: str, function: str = "language") -> bool:
    """Return whether the parser failed in the statement or line of a node, or before it.

    An unclosed quote turns strings into code, and code into strings, to the end of the file.
    """
    return _first_broken(data, module, function) < node.end_byte


@per_document(8)
def _first_broken(data: bytes, module: str, function: str) -> float:
    """Return where the first statement on the line of the first failure begins.

    What stands there before the failure may be the part that the parser could place.
    """
    root = parse(data, module, function).root_node
    if not root.has_error:
        return inf
    children = (child for child in children_of(root) if not child.is_extra or child.has_error)
    starts = (b.start_byte for a, b in pairwise(chain([root], children)) if _is_failed(a, b, data))
    line = data.rfind(b"\n", 0, next(starts, 0)) + 1
    first = root.first_child_for_byte(line) or root
    return min(line, first.start_byte)


def _is_failed(before: Node, statement: Node, data: bytes) -> bool:
    """Return whether the parser failed in a statement, or invented the line end before it.

    The tree has no node for such a line end.
    """
    return statement.has_error or (
        before.type.endswith(("_statement", "_declaration"))
        and statement.is_named
        and data[before.end_byte - 1] not in b";}\n"
        and b"\n" not in data[before.end_byte : statement.start_byte]
    )


def children_of(node: Node) -> Iterator[Node]:
    """Yield the children of a node; a list of them stays in memory as long as the node does."""
    cursor = node.walk()
    ahead = cursor.goto_first_child()
    while ahead:
        yield cursor.node or node
        ahead = cursor.goto_next_sibling()
