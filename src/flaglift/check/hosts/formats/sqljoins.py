"""Strings of SQL that are put together: `'a' || b`, `a + 'b'`, `CONCAT(a, 'b')`, `'a' 'b'`."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

from flaglift.check.hosts.base import HOLE, Around, Literal, Piece, PieceKind
from flaglift.check.hosts.formats.codec import ScannedLiteral
from flaglift.check.hosts.formats.joined import Joined, StringLiteral
from flaglift.lossless.spans import Span

_GAP = re.compile(rb"(?P<operator>\|\||\+)|(?:[^\s|+]|\|(?!\|))+")
"""An operator that joins, or what else stands between words, strings and brackets."""
_COMPARES = re.compile(rb"(?<![-#])(?<![-#]>)[<>!~=]\Z")
"""The end of a comparison, but not of `->` and its like, which take a part of a value."""
_PREFIX = re.compile(rb"[@:$#.\[&-]\Z")
"""The beginning of a variable, a parameter or a name, with its name after it."""
_CONCATENATES = frozenset(["CONCAT", "CONCAT_WS"])
_KEYWORDS = frozenset(
    {
        *("SELECT", "DISTINCT", "ALL", "WHERE", "HAVING", "ON", "BY", "AS", "RETURNING", "RETURN"),
        *("AND", "OR", "NOT", "LIKE", "ILIKE", "WHEN", "THEN", "ELSE"),
    }
)
"""After these, an expression begins; before a bracket, other words name a function."""

Look = Callable[[Span], Around]
"""Returns the context of a string, or of what it is a part of, by its place."""


class SqlPart(NamedTuple):
    """A string that may be an operand of a concatenation."""

    literal: Literal
    look: Look

    @property
    def start(self) -> int:
        """Its first byte."""
        return self.literal.start

    @property
    def end(self) -> int:
        """The byte after it."""
        return self.literal.end

    def doubted(self, unclear: str) -> "SqlPart":
        """Return it with a reason why it may be read wrongly, unless it has one."""
        if not unclear or self.literal.unclear:
            return self
        return self._replace(literal=replace(self.literal, unclear=unclear))


_Operand = SqlPart | Span | Piece
"""A string, an unknown value, or a separator."""


@dataclass(slots=True)
class _Bracket:
    """What stands in a bracket, or in a `CASE`."""

    start: int = 0
    call: str | None = None
    """The name before the bracket, in upper case; empty if there is none."""
    look: Look | None = None
    """The context of the call."""
    operands: list[_Operand] = field(default_factory=list)
    """Those that are joined so far."""
    is_ended: bool = False
    """Whether the last operand may be over, so that an operator can follow."""
    glue: bytes = b""
    """What ties the next word to the last operand: a dot, a cast, another operator."""
    arguments: list[list[_Operand]] = field(default_factory=list)
    is_plain: bool = True
    """Whether there is just one expression in it."""


class SqlJoins:
    """Puts strings together as a document is read, token by token."""

    def __init__(self, data: bytes) -> None:
        self.literals: list[Literal] = []
        """The strings that are whole, in no order."""
        self._data = data
        self._brackets = [_Bracket()]
        self._behind = 0
        self._name = ""
        """The last token, if it was a name."""

    def comment(self, match: re.Match[bytes]) -> None:
        """Process a comment."""
        self._between(match.start())
        self._behind = match.end()

    def string(self, part: SqlPart) -> None:
        """Process a string."""
        self._between(part.start)
        bracket = self._brackets[-1]
        if bracket.glue:
            self.literals.append(part.literal)  # such as the key in `a ->> 'key'`
            self._tie(bracket, part.start, part.end)
        else:
            if bracket.is_ended and not isinstance(bracket.operands[-1], SqlPart):
                self._end(bracket)  # a keyword stands before it
            bracket.operands.append(part)
            bracket.is_ended = True
        self._behind, self._name = part.end, ""

    def skip(self, end: int) -> int:
        """Go on at a byte, and return it."""
        self._behind = end
        return end

    def token(self, match: re.Match[bytes], look_at: Callable[[int], Look]) -> None:
        """Process a name or a sign.

        `look_at` returns the context that a string would have in its place.
        """
        place = Span(*match.span())
        self._between(place.start)
        if match["name"]:
            self._word(match["name"].decode().upper(), place)
        else:
            self._sign(match["sign"], place, look_at)
        self._behind = place.end
        if match["sign"] == b";":
            self.end(place.end)

    def _word(self, keyword: str, place: Span) -> None:
        bracket = self._brackets[-1]
        if keyword == "END" and bracket.call == "CASE":
            self._close(place.end)
        elif keyword == "CASE":
            self._operand(place)
            self._brackets.append(_Bracket(place.start, keyword))
        elif bracket.glue:
            self._tie(bracket, *place)
        elif keyword in _KEYWORDS:
            self._end(bracket)
            keyword = ""
        else:
            self._operand(place)
        self._name = keyword

    def _sign(self, sign: bytes, place: Span, look_at: Callable[[int], Look]) -> None:
        bracket = self._brackets[-1]
        if sign == b"(":
            is_call = bool(self._name) and not bracket.glue
            name = self._name if is_call else ""
            if not is_call:
                self._operand(place)
            called = bracket.operands[-1] if bracket.operands else place
            context = look_at(place.start) if name in _CONCATENATES else None
            self._brackets.append(_Bracket(called.start, name, context))
        elif sign == b")":
            self._close(place.end)
        elif sign == b"," and bracket.call in _CONCATENATES:
            bracket.arguments.append(bracket.operands)
            self._clear(bracket)
        else:
            self._end(bracket)
        self._name = ""

    def end(self, at: int) -> None:
        """End the statement before a byte."""
        self._between(at)
        while len(self._brackets) > 1:
            self._close(at)
        self._end(self._brackets[0])

    def _between(self, at: int) -> None:
        """Process the operators before a byte, and operands that are no words."""
        if at <= self._behind or self._data[self._behind : at].isspace():
            return
        bracket = self._brackets[-1]
        self._name = ""
        for match in _GAP.finditer(self._data, self._behind, at):
            if match["operator"]:
                bracket.glue, bracket.is_ended = b"", False
            elif not bracket.is_ended:
                bracket.operands.append(Span(*match.span()))
                bracket.is_ended = True
                bracket.glue = match[0] if _PREFIX.search(match[0]) else b""
            elif _COMPARES.search(match[0]):
                self._end(bracket)
            else:
                bracket.glue = match[0]

    def _operand(self, place: Span) -> None:
        """Begin an operand that is no string; without an operator before, a new text begins."""
        bracket = self._brackets[-1]
        if bracket.is_ended:
            self._end(bracket)
        bracket.operands.append(place)
        bracket.is_ended = True

    def _tie(self, bracket: _Bracket, start: int, end: int) -> None:
        """Make something a part of the last operand, whose value is unknown then, but for casts."""
        is_cast, bracket.glue = bracket.glue == b"::", b""
        last = bracket.operands[-1]
        if isinstance(last, SqlPart) and not is_cast:
            self.literals.append(last.literal)
        if not (isinstance(last, SqlPart) and is_cast):
            bracket.operands[-1] = Span(min(last.start, start), end)

    def _clear(self, bracket: _Bracket) -> None:
        bracket.operands, bracket.is_ended, bracket.glue = [], False, b""

    def _end(self, bracket: _Bracket) -> None:
        """End an expression."""
        self.literals += _joined(bracket.operands)
        bracket.is_plain = False
        self._clear(bracket)

    def _close(self, end: int) -> None:
        """Close a bracket: it is an operand of what is around it, whose value may be known."""
        if len(self._brackets) == 1:
            self._end(self._brackets[0])
            return
        closed = self._brackets.pop()
        around = self._brackets[-1]
        if closed.call in _CONCATENATES and closed.look:
            arguments = [*closed.arguments, closed.operands]
            around.operands[-1:] = _concatenated(closed.call, arguments, closed.look)
        elif closed.call == "" and closed.is_plain and closed.operands:
            around.operands[-1:] = closed.operands
        else:
            self._end(closed)
            last = around.operands[-1] if around.operands else None
            if isinstance(last, Span):
                around.operands[-1] = Span(last.start, end)
        around.is_ended, around.glue = bool(around.operands), b""


def _concatenated(call: str, arguments: list[list[_Operand]], look: Look) -> Sequence[_Operand]:
    """Return what a call joins."""
    texts = _separator(arguments.pop(0)) if call == "CONCAT_WS" else ()
    operands: list[_Operand] = []
    for argument in filter(None, arguments):
        at = argument[0].start
        for text in texts if operands else ():
            kind = PieceKind.HOLE if text == HOLE else PieceKind.ATOM
            operands.append(Piece(kind, at, at, text))
        operands += argument
    return [SqlPart(each.literal, look) if isinstance(each, SqlPart) else each for each in operands]


def _separator(argument: Sequence[_Operand]) -> Sequence[str]:
    """Return what stands between the arguments; what is not known may well hold blanks."""
    is_known = all(isinstance(each, SqlPart) and not each.literal.holes for each in argument)
    texts = [each.literal.text for each in argument if isinstance(each, SqlPart)]
    return texts if is_known else (" ", HOLE, " ")


def _joined(operands: Sequence[_Operand]) -> Sequence[Literal]:
    """Return the string that operands make; none if no operand is a string."""
    parts = [each for each in operands if isinstance(each, SqlPart)]
    if not parts or len(operands) == 1:
        return [each.literal for each in parts]
    pieces: list[Piece] = []
    for each in operands:
        if isinstance(each, SqlPart):
            pieces += each.literal.pieces
        elif isinstance(each, Piece):
            pieces.append(each)
        else:
            pieces.append(Piece(PieceKind.HOLE, *each, HOLE))
    strings = [each.literal for each in parts]
    place = Span(operands[0].start, max(each.end for each in operands))
    starts = tuple(each.start for each in operands)
    return [
        replace(
            strings[0],
            form=Joined(tuple(map(_string, strings))) if len(strings) > 1 else strings[0].form,
            start=place.start,
            end=place.end,
            pieces=tuple(pieces),
            look=partial(_look, parts[0].look, place, starts),
            unclear=next((each.unclear for each in strings if each.unclear), ""),
        )
    ]


def _string(literal: Literal) -> StringLiteral:
    scanned = ScannedLiteral(list(literal.pieces), literal.unclear)
    return StringLiteral(literal.form, Span(literal.start, literal.end), literal.inside, scanned)


def _look(look: Look, place: Span, starts: tuple[int, ...]) -> Around:
    around = look(place)
    return around._replace(begins=(*starts, *around.begins))
