"""Parse trees of source code: one parse for a document, and questions about its nodes."""

from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module
from math import inf

from tree_sitter import Language, Node, Parser, Query, QueryCursor, Tree

from flaglift.lossless.spans import Span


@lru_cache(maxsize=16)
def _language(module: str, function: str) -> Language:
    return Language(getattr(import_module(module), function)())


@lru_cache(maxsize=8)
def parse(data: bytes, module: str, function: str = "language") -> Tree:
    """Return the parse tree of a document; there is one whatever the document holds.

    Raises `ModuleNotFoundError` where the language's package is not installed.
    """
    return Parser(_language(module, function)).parse(data)


@lru_cache(maxsize=16)
def _query(module: str, function: str, kinds: tuple[str, ...]) -> Query:
    pattern = "[" + " ".join(f"({kind})" for kind in kinds) + "] @found"
    return Query(_language(module, function), pattern)


def nodes(
    data: bytes, kinds: tuple[str, ...], module: str, function: str = "language"
) -> list[Node]:
    """Return the nodes of these kinds in a document, in order of their first bytes."""
    tree = parse(data, module, function)
    captured = QueryCursor(_query(module, function, kinds)).captures(tree.root_node)
    return sorted(captured.get("found", ()), key=lambda node: (node.start_byte, -node.end_byte))


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
    """Tell whether the parser gave up in the statement around a node, or in one before it.

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
        yield above
        above = above.parent
