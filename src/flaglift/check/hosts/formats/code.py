"""The common base of source code hosts: string literals in a parse tree.

A language defines which nodes are string literals and how each is read (`Language.part`); strings
stand side by side, or with `+` between them, are one literal, and what else is added is a hole.
"""

import re
from abc import abstractmethod
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from tree_sitter import Node

from flaglift.check.hosts.base import HOLE, Around, Literal, Origin, Piece, PieceKind, Use
from flaglift.check.hosts.formats.arguments import in_command
from flaglift.check.hosts.formats.changes import changes
from flaglift.check.hosts.formats.joined import Joined, StringLiteral
from flaglift.check.hosts.formats.mappings import Beside
from flaglift.check.hosts.formats.origins import (
    Constructs,
    begins_of,
    name_in,
    origin_of,
    text_of,
)
from flaglift.check.hosts.formats.siblings import Entries
from flaglift.check.hosts.formats.transforms import transformed
from flaglift.check.hosts.formats.trees import (
    TreeParts,
    broken_from,
    children_of,
    is_broken,
    nodes,
    parse,
)
from flaglift.check.hosts.formats.uses import uses
from flaglift.check.hosts.patience import check_patience
from flaglift.check.hosts.pieces import BROKEN
from flaglift.lossless.spans import Span


class Join(NamedTuple):
    """The elements of a list that a call joins to one string."""

    elements: Sequence[Node]
    separator: str


class CodeHost(TreeParts):
    """A host whose files are parsed into a tree.

    Top-level statements do not affect each other's strings, except for `dependent` ones.
    """

    kinds: tuple[str, ...]
    """The types of the nodes that are string literals."""
    joins: frozenset[str] = frozenset()
    """The types of nodes whose children are strings side by side."""
    adds: str = ""
    """The type of an operation; with `+` it joins strings."""
    sign: str = "+"
    """The operator that joins strings."""
    brackets: frozenset[str] = frozenset({"parenthesized_expression", "parenthesized_statements"})
    calls: frozenset[str] = frozenset()
    """The types of calls that may join the elements of a list."""
    shape: Constructs
    shells: re.Pattern[str] = re.compile(r"(?!)")
    """The names of functions that run their first argument in a shell."""
    commands: frozenset[str] = frozenset()
    """The types of strings that are lines of a shell; their values are what these print."""
    dependent: re.Pattern[bytes] | None = None
    """A pattern for documents whose statements may affect each other."""

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def part(self, node: Node, data: bytes, above: Node | None) -> StringLiteral | None:
        """Return how a literal reads; None if it is not text, such as bytes.

        `above` is the node around it if it stands alone: to ask the tree takes as long as it is
        deep.
        """

    @abstractmethod
    def beside(self, node: Node, data: bytes) -> Beside:
        """Return the fields next to a literal, and where more can be added."""

    def is_command(self, node: Node) -> bool:
        """Return whether a string is a line of a shell."""
        return node.type in self.commands

    def join_of(self, node: Node) -> "Join | None":  # noqa: ARG002
        """Return the strings that a call joins; None for any other call."""
        return None

    def units(self, root: Node, data: bytes) -> Iterator[tuple[int, Hashable]]:
        """Yield where statements begin."""
        if self.dependent is None or not self.dependent.search(data):
            context = (*self.uses(data).items(), *self._changes(data).items())
            yield from ((child.start_byte, context) for child in children_of(root))

    def uses(self, data: bytes) -> Mapping[str, Use]:
        """Return the texts of requests whose fields the code uses itself, each with the use."""
        return uses(self.parsed(data), self.module, self.grammar(data))

    def _changes(self, data: bytes) -> Mapping[str, str]:
        return changes(self.parsed(data), self.module, self.grammar(data))

    def found(self, data: bytes, part: Span | None) -> Iterator[Literal]:
        """Yield the string literals of a document, or of some statements."""
        joining = (*self.joins, *filter(None, (self.adds,)), *self.calls)
        seen: set[int] = set()
        kinds = (*self.kinds, *self.commands, *joining)
        for node in nodes(data, kinds, self.module, self.grammar(data), part):
            if node.id in seen:
                continue
            check_patience()
            join = self.join_of(node) if node.type in self.calls else None
            tops = join.elements if join else [node]
            elements = [list(self._operands(top, seen)) for top in tops]
            literal = self._literal(node, elements, join.separator if join else "", data)
            seen.discard(node.id)
            if literal:
                yield literal

    def is_joining(self, node: Node) -> bool:
        """Return whether the children of a node are strings to be joined.

        After an error the parser may join those on both sides of other code.
        """
        if node.has_error and any(child.is_error for child in node.children):
            return False
        return node.type in self.joins or (node.type == self.adds and is_addition(node, self.sign))

    def appended(self, text: Node | None, arguments: Node | None) -> Join | None:
        """Return what a method adds to a string; None to anything else, such as a list."""
        if (
            text is None
            or arguments is None
            or not (text.type in self.kinds or self.is_joining(text))
        ):
            return None
        return Join([text, *arguments.named_children], "")

    def _operands(self, top: Node, seen: set[int]) -> Iterator[Node]:
        """Yield the joined operands, from left to right; parentheses make no difference.

        Strings inside an operand that is not a string are separate literals.
        """
        stack = [top]
        while stack:
            node = stack.pop()
            children = [c for c in node.named_children if c.type != "comment"]
            if self.is_joining(node):
                seen.add(node.id)
                stack += reversed(children)
            elif node.type in self.brackets and len(children) == 1 and node != top:
                stack += children
            else:
                if node.type in self.kinds and not self.is_command(node):
                    seen.add(node.id)
                yield node

    def _literal(
        self, whole: Node, elements: Sequence[Sequence[Node]], separator: str, data: bytes
    ) -> Literal | None:
        if not any(self._is_text(node, whole) for operands in elements for node in operands):
            return None
        parts: list[StringLiteral] = []
        pieces: list[Piece] = []
        unclear = ""
        for operands in elements:
            gap = pieces[-1].end if pieces and separator else None
            read: list[Piece] = []
            for node in operands:
                if not self._is_text(node, whole):
                    read.append(Piece(PieceKind.HOLE, node.start_byte, node.end_byte, HOLE))
                    continue
                part = self.part(node, data, node.parent if node == whole else None)
                if part is None:
                    return None
                parts.append(part)
                read += part.scanned.pieces
                unclear = unclear or part.scanned.unclear
            if gap is not None:
                start = read[0].start if read else parts[-1].inside
                pieces.append(Piece(PieceKind.ATOM, gap, start, separator))
            pieces += read
        starts = (node.start_byte for operands in elements for node in operands)
        single = len(parts) == 1 and self._is_text(whole, whole)
        place = parts[0].place if single else Span(whole.start_byte, whole.end_byte)
        return Literal(
            host=self.name,
            form=parts[0].form if single else Joined(tuple(parts)),
            start=place.start,
            end=place.end,
            inside=parts[0].inside,
            pieces=tuple(pieces),
            look=partial(self._look, whole, data, pieces, tuple(starts)),
            source=data,
            unclear=unclear,
        )

    def _is_text(self, node: Node, whole: Node) -> bool:
        """Return whether a part of a literal is a text, and not what a command prints."""
        return node == whole if self.is_command(node) else node.type in self.kinds

    def _look(
        self, whole: Node, data: bytes, pieces: Sequence[Piece], starts: tuple[int, ...]
    ) -> Around:
        if is_broken(whole, data, self.module, self.grammar(data)):
            locked = BROKEN
        else:
            locked = transformed(whole, "".join(piece.text for piece in pieces), self.shape)
        beside, siblings, is_request = self.beside(whole, data)
        if siblings is not None:
            key = name_in(data[slice(*siblings.key)].decode())
            used = self.uses(data).get(key)
            variable = siblings.variable if isinstance(siblings, Entries) else ""
            changed = self._changes(data).get(variable)
            also = [used and used.doubt(), changed]
            siblings = replace(siblings, doubts=[*siblings.doubts, *filter(None, also)])
        origin, opener = origin_of(whole, self.shape), whole.start_byte
        if self.is_command(whole):
            origin = Origin("code", "bash")
        else:
            origin = in_command(whole, origin, self.shape, self.shells, data)
        begins = (*starts, *begins_of(whole, self.shape))
        return Around(origin, locked, beside, siblings, is_request, opener=opener, begins=begins)

    def gaps(self, data: bytes) -> Sequence[Span]:
        """Return everything after the first parse error."""
        return broken_from(parse(data, self.module, self.grammar(data)).root_node)


def joined(
    elements: Node | None, kinds: Collection[str], separator: Node | None, default: str
) -> Join | None:
    """Return the joined list, with its separator; None if it is not such a list."""
    between = default if separator is None else constant(separator)
    if elements is None or elements.type not in kinds or between is None:
        return None
    return Join([child for child in elements.named_children if child.type != "comment"], between)


def first_of(arguments: Node | None) -> Node | None:
    """Return the first argument of a call; None without one."""
    return next(iter(arguments.named_children), None) if arguments is not None else None


def constant(node: Node | None) -> str | None:
    """Return the text of a plain string without escapes; None for any other expression."""
    text = text_of(node)
    plain = len(text) > 1 and text[0] in "\"'" and text[-1] == text[0] and "\\" not in text
    return text[1:-1] if plain else None


def is_addition(node: Node, sign: str) -> bool:
    """Return whether an operation has the joining operator."""
    operator = node.child_by_field_name("operator")
    return operator is not None and operator.type == sign
