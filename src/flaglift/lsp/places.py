"""Maps a byte of a document to the literal, code point and node there."""

from collections.abc import Iterator
from typing import NamedTuple

from flaglift.check.hosts.base import Literal, PieceKind
from flaglift.check.hosts.finding import leaves
from flaglift.lsp.reading import DocumentReading
from flaglift.rules.subject import Subject
from flaglift.syntax.nodes import Flag, Node


class TextPlace(NamedTuple):
    """A place in the decoded text of a literal."""

    literal: Literal
    at: int
    """A code point of its text, or the end of the text."""


def place_in(reading: DocumentReading, offset: int) -> TextPlace | None:
    """Return the innermost literal at a byte of a document, whether it is a prompt or not."""
    if reading.host is None:
        return None
    for root in reading.literals_around(offset):
        if root.start <= offset <= root.end:
            around = [
                each
                for each in leaves([root], every=True)
                if each.place.start <= offset <= each.place.end
            ]
            for literal in sorted(around, key=lambda each: -each.place.start):
                return TextPlace(literal, code_point_at(literal, offset))
    return None


def code_point_at(literal: Literal, offset: int) -> int:
    """Return the code point of a literal's text that a byte of the file encodes.

    Between two code points it is the second, but never past text that may be inserted there at run
    time; outside of the text it is the nearest end.
    """
    if literal.outer:
        before = literal.outer.text[: code_point_at(literal.outer, offset)]
        offset = len(before.encode())
    for begin, piece in zip(literal.begins, literal.pieces, strict=False):
        if offset <= piece.start:
            return begin
        if offset < piece.end:
            if piece.kind is PieceKind.RUN:
                return begin + len(literal.source[piece.start : offset].decode(errors="ignore"))
            return begin
    return len(literal.text)


def node_at(literal: Literal, at: int) -> Node | None:
    """Return the flag or reference of a prompt at a code point; a value counts as its flag."""
    flags: Iterator[Node] = (
        node
        for segment in literal.prompt.segments
        for node in segment.nodes
        if isinstance(node, Flag)
    )
    for node in (*flags, *literal.prompt.references):
        if node.start <= at <= node.end:
            return node
    return None


def is_in(node: Node | None, at: int) -> bool:
    """Return whether a code point is in a node, or at its end."""
    return node is not None and node.start <= at <= node.end


def subject_at(subjects: tuple[Subject, ...], at: int) -> Subject:
    """Return the keyframe of a prompt at a code point; the last one at the end."""
    return next((each for each in subjects if at <= each.segment.end), subjects[-1])
