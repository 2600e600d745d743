"""What the hosts of source code have in common: string literals in a parse tree.

A language says which nodes are string literals and how each is read (`Language.part`); strings that
stand side by side, or with `+` between them, are one literal, and what else is added is a hole.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from tree_sitter import Node

from flaglift.check.hosts.base import HOLE, Around, Comment, Form, Kind, Literal, Piece, Siblings
from flaglift.check.hosts.formats.codec import Scanned, stripped
from flaglift.check.hosts.formats.origins import Shape, origin_of
from flaglift.check.hosts.formats.trees import BROKEN, is_broken, nodes
from flaglift.lossless.spans import Span


class Part(NamedTuple):
    """One string literal as the language writes it."""

    form: Form
    place: Span
    inside: int
    scanned: Scanned


@dataclass(frozen=True, eq=False)
class Joined:
    """Several literals that mean one string; each keeps its form."""

    parts: tuple[Part, ...]

    @property
    def name(self) -> str:
        """Those of the parts."""
        return " and ".join(dict.fromkeys(part.form.name for part in self.parts))

    def encode(self, text: str, literal: Literal, at: int) -> bytes | None:
        """Return the text as the part that holds the place writes it."""
        part = [part for part in self.parts if part.inside <= at][-1]
        return part.form.encode(text, literal, at)

    def place_between(self, low: int, high: int) -> int:
        """Return the inside of the part behind a hole."""
        return next((part.inside for part in self.parts if part.inside >= low), high)


class CodeHost(ABC):
    """A host whose files are parsed into a tree."""

    module: str
    """The package of the grammar."""
    function: str = "language"
    kinds: tuple[str, ...]
    """The types of the nodes that are string literals."""
    joins: frozenset[str] = frozenset()
    """The types of nodes whose children are strings side by side."""
    adds: str = ""
    """The type of an operation; with `+` it joins strings."""
    comment_kinds: tuple[str, ...] = ("comment",)
    shape: Shape

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def part(self, node: Node, data: bytes) -> Part | None:
        """Return how a literal reads; None for what is no text, such as bytes."""

    @abstractmethod
    def beside(self, node: Node, data: bytes) -> tuple[Mapping[str, Any], Siblings | None]:
        """Return the fields next to a literal, and where more can be added."""

    def literals(self, data: bytes) -> list[Literal]:
        """Return the string literals of a document, in order."""
        found = []
        seen: set[int] = set()
        for node in nodes(data, self.kinds, self.module, self.function):
            whole = self._whole(node)
            if whole.id in seen:
                continue
            seen.add(whole.id)
            operands = list(self._operands(whole))
            literal = self._literal(whole, operands, data)
            if literal:
                found.append(literal)
            for each in operands:  # strings in what is added are literals of their own
                seen.add(each.id)
        return sorted(found, key=lambda literal: literal.start)

    def _whole(self, node: Node) -> Node:
        """Return the largest node that joins a string with others."""
        above = node.parent
        while above is not None and self._is_joining(above):
            node, above = above, above.parent
        return node

    def _is_joining(self, node: Node) -> bool:
        return node.type in self.joins or (node.type == self.adds and is_addition(node))

    def _operands(self, node: Node) -> Iterator[Node]:
        if not self._is_joining(node):
            yield node
            return
        for child in node.named_children:
            if child.type not in self.comment_kinds:
                yield from self._operands(child)

    def _literal(self, whole: Node, operands: Sequence[Node], data: bytes) -> Literal | None:
        parts: list[Part] = []
        pieces: list[Piece] = []
        unclear = ""
        for node in operands:
            if node.type not in self.kinds:
                pieces.append(Piece(Kind.HOLE, node.start_byte, node.end_byte, HOLE))
                continue
            part = self.part(node, data)
            if part is None:
                return None
            parts.append(part)
            pieces += part.scanned.pieces
            unclear = unclear or part.scanned.unclear
        place = parts[0].place if len(operands) == 1 else Span(whole.start_byte, whole.end_byte)
        return Literal(
            host=self.name,
            form=parts[0].form if len(parts) == 1 else Joined(tuple(parts)),
            start=place.start,
            end=place.end,
            inside=parts[0].inside,
            pieces=tuple(pieces),
            look=partial(self._look, whole, data),
            source=data,
            unclear=unclear,
        )

    def _look(self, whole: Node, data: bytes) -> Around:
        locked = BROKEN if is_broken(whole) else ""
        return Around(origin_of(whole, self.shape), locked, *self.beside(whole, data))

    def comments(self, data: bytes) -> list[Comment]:
        """Return the comments, in order."""
        return comments_in(data, self.module, self.function, self.comment_kinds)


def is_addition(node: Node) -> bool:
    """Tell whether an operation is written with `+`."""
    operator = node.child_by_field_name("operator")
    return operator is not None and operator.type == "+"


def comments_in(
    data: bytes,
    module: str,
    function: str = "language",
    kinds: tuple[str, ...] = ("comment",),
) -> list[Comment]:
    """Return the comments of a document, in order."""
    return [
        Comment(node.start_byte, node.end_byte, stripped(data[node.start_byte : node.end_byte]))
        for node in nodes(data, kinds, module, function)
    ]
