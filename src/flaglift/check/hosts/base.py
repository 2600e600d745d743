"""What every host is made of: literals with exact positions, and what is known of each.

A host finds the string literals of a file. The doors of this room, in the order of use:

    encoding.decode(raw, suffix) -> Decoded         the file as UTF-8, and `restore` back from it
    prefilter.may_hold_flags(data) -> bool          whether any literal of the file can hold a flag
    registry.host_for(path) -> Host | None          by the file's name; `host_named(name)` by name
    finding.candidates(data, host) -> [Candidate]   literals that hold flags, nested ones included,
                                                    each with the classifier's decision
    unread.unread(data, host) -> [UnreadPlace]      what reads as a prompt and was not read
    finding.comments(data, host) -> [Comment]       for suppressions, nested hosts' included
    checking.lint_literal(literal, settings) -> [Diagnostic]
    checking.fix_literal(literal, settings, unsafe=...) -> FixedLiteral
    lifting.lift_literal(literal, settings) -> LiteralChange | str   moves the flags to sibling
                                                    fields; a string says why it cannot
    rewriting.rewrite(data, host, [LiteralChange]) -> Rewritten   every change proved or taken back

`data` is always UTF-8 without a byte order mark. Offsets into it are bytes; offsets into a decoded
text, and so those of diagnostics, are code points: `literal.locate(span)` gives the file's bytes.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from flaglift.check.hosts.literal import Literal, LiteralForm, code_points
from flaglift.check.hosts.pieces import (
    HOLE,
    HOLES,
    Around,
    ByteEdit,
    Hole,
    Origin,
    Piece,
    PieceKind,
    Siblings,
)
from flaglift.lossless.spans import Span

__all__ = [
    "HOLE",
    "HOLES",
    "Around",
    "ByteEdit",
    "Candidate",
    "Comment",
    "Decision",
    "DivisibleHost",
    "Evidence",
    "Hole",
    "Host",
    "Literal",
    "LiteralChange",
    "LiteralForm",
    "Origin",
    "PartialHost",
    "Piece",
    "PieceKind",
    "Refused",
    "Rewritten",
    "Siblings",
    "UnreadPlace",
    "code_points",
]


class Comment(NamedTuple):
    """A comment of the host, or of a host nested in it."""

    start: int
    """First byte in the file, markers included."""
    end: int
    text: str
    """What it says, without markers and the whitespace next to them."""


class Evidence(NamedTuple):
    """One piece of evidence that a literal is a prompt (positive) or is not (negative)."""

    points: int
    text: str


class Decision(NamedTuple):
    """What the classifier says of a literal. It is a prompt if the points add up to 2 or more."""

    taken: bool
    score: int
    reasons: tuple[Evidence, ...]


class Candidate(NamedTuple):
    """A literal that holds something like a flag, and whether it is a prompt."""

    literal: Literal
    decision: Decision


class LiteralChange(NamedTuple):
    """What a literal shall become: another text, and fields next to it."""

    literal: Literal
    text: str
    """With `HOLE` for every interpolation, all of them and in order."""
    fields: Mapping[str, Any] = {}
    """Fields to add as siblings."""


class Refused(NamedTuple):
    """A change that is not made, and why."""

    change: LiteralChange
    reason: str


class Rewritten(NamedTuple):
    """A document after its changes."""

    data: bytes
    refused: tuple[Refused, ...]


class UnreadPlace(NamedTuple):
    """A place that may hold a prompt and was not read."""

    start: int
    """A byte of the file."""
    reason: str


@runtime_checkable
class PartialHost(Protocol):
    """A host whose reader may give up, or lose its way, before the end of a file."""

    def gaps(self, data: bytes) -> Sequence[Span]:
        """Return the parts of a document in which bytes that are in no literal may be text."""


@runtime_checkable
class ExhaustiveHost(Protocol):
    """A host that knows what each byte is: only keys and recorded output are in no literal."""

    is_exhaustive: bool


@runtime_checkable
class PatternHost(Protocol):
    """A host of code that compares texts with patterns: these look like prompts and are not."""

    def patterns_in(self, data: bytes, part: Span) -> Iterable[Span]:
        """Return the regular expressions, symbols and patterns of a part."""


@runtime_checkable
class SelectiveHost(Protocol):
    """A host of data, of which a file may hold a million literals, nearly all without a flag."""

    def flagged(self, data: bytes) -> list[Literal]:
        """Return those of a document's literals whose bytes may hold a flag, in order."""


@runtime_checkable
class DivisibleHost(Protocol):
    """A host that can read a part of a document, with what the whole document says of it."""

    def cuts(self, data: bytes) -> Mapping[int, Hashable]:
        """Return the bytes at which parts may begin, in order, and what is around each.

        What is around a part is all that its reading depends on and that is not in it. There are
        none where the document can only be read as a whole: where it has a fault, too.
        """

    def literals_in(self, data: bytes, part: Span) -> list[Literal] | None:
        """Return the literals of a part between two cuts; None if it cannot be read on its own.

        The numbers in their paths count from the beginning of the part.
        """

    def comments_in(self, data: bytes, part: Span) -> list[Comment]:
        """Return the comments that begin in a part, in order; asked after `literals_in`."""

    def follow(self, old: bytes, data: bytes) -> Sequence[Span]:
        """Prepare to read a document that another one became; return what reads otherwise.

        The ranges are bytes of `data`; those that are not as they were need not be among them.
        """


class Host(Hashable, Protocol):
    """A kind of file."""

    @property
    def name(self) -> str:
        """What it is called in options and output: `python`, `yaml`."""

    def literals(self, data: bytes) -> list[Literal]:
        """Return the string literals of a document, in order; never raises for its content.

        Only those whose bytes may hold a flag need to be there.
        """

    def comments(self, data: bytes) -> list[Comment]:
        """Return the comments, in order; none where the host has no comments."""
