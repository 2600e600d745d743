"""The interface of hosts: literals with exact positions, and the information on each.

A host finds the string literals of a file. The entry points of this package, in order of use:

    encoding.decode(raw, suffix) -> Decoded         the file as UTF-8, and `restore` back from it
    prefilter.may_hold_flags(data) -> bool          whether any literal can contain a flag
    registry.host_for(path) -> Host | None          by the file's name; `host_named(name)` by name
    finding.candidates(data, host) -> [Candidate]   literals with flags, including nested ones,
                                                    each with the classifier's decision
    unread.unread(data, host) -> [UnreadPlace]      what looks like a prompt but was not read
    finding.comments(data, host) -> [Comment]       for suppressions, including nested hosts'
    checking.lint_literal(literal, settings) -> [Diagnostic]
    checking.fix_literal(literal, settings, unsafe=...) -> FixedLiteral
    lifting.lift_literal(literal, settings) -> LiteralChange | str   moves the flags to sibling
                                                    fields; a string says why it cannot
    rewriting.rewrite(data, host, [LiteralChange]) -> Rewritten   every change proved or reverted

`data` is always UTF-8 without a byte order mark. Offsets into it are bytes; offsets into a decoded
text, and so those of diagnostics, are code points: `literal.locate(span)` gives the file's bytes.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from flaglift.check.hosts.literal import Literal, LiteralForm
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
]


class Comment(NamedTuple):
    """A comment of the host, or of a host nested in it."""

    start: int
    """First byte in the file, markers included."""
    end: int
    text: str
    """Its text, without markers and the whitespace next to them."""


class Evidence(NamedTuple):
    """One piece of evidence that a literal is a prompt (positive) or is not (negative)."""

    points: int
    text: str


class Decision(NamedTuple):
    """The classifier's verdict on a literal. It is a prompt if the points add up to 2 or more."""

    taken: bool
    score: int
    reasons: tuple[Evidence, ...]


class Candidate(NamedTuple):
    """A literal that contains something like a flag, and whether it is a prompt."""

    literal: Literal
    decision: Decision


class LiteralChange(NamedTuple):
    """The intended change of a literal: a new text, and fields next to it."""

    literal: Literal
    text: str
    """With `HOLE` for every interpolation, all of them and in order."""
    fields: Mapping[str, Any] = {}
    """Fields to add as siblings."""


class Refused(NamedTuple):
    """A change that was not made, and the reason."""

    change: LiteralChange
    reason: str


class Rewritten(NamedTuple):
    """A document after its changes."""

    data: bytes
    refused: tuple[Refused, ...]


class UnreadPlace(NamedTuple):
    """A place that may contain a prompt but was not read."""

    start: int
    """A byte of the file."""
    reason: str


@runtime_checkable
class PartialHost(Protocol):
    """A host whose parser may give up, or go astray, before the end of a file."""

    def gaps(self, data: bytes) -> Sequence[Span]:
        """Return the parts of a document in which bytes outside of literals may be text."""


@runtime_checkable
class WordHost(Protocol):
    """A host whose texts may stand without quotes: what is torn out of a text still parses."""

    def has_error(self, data: bytes) -> bool:
        """Return whether a document does not parse."""


@runtime_checkable
class DividedForm(Protocol):
    """A form with something other than text between its pieces, which no edit may reach across."""

    is_divided: bool


@runtime_checkable
class ExhaustiveHost(Protocol):
    """A host that classifies every byte: only keys and recorded output are outside of literals."""

    is_exhaustive: bool


@runtime_checkable
class PatternHost(Protocol):
    """A host of code that compares texts with patterns: these look like prompts and are not."""

    def patterns_in(self, data: bytes, part: Span) -> Iterable[Span]:
        """Return the regular expressions, symbols and patterns of a part."""


class Use(NamedTuple):
    """A place where code uses a field of a request apart from the prompt's text."""

    line: int
    field: str
    is_text: bool

    def doubt(self, where: str = "") -> str:
        """Return what is said of the use; it is in a line of the code, or somewhere else."""
        what = "may expect flags in it" if self.is_text else "may give it another value"
        place = where or f"line {self.line} of the code"
        field = f"{self.field}...]" if self.field.endswith("[") else self.field
        return f"{place} uses `{field}` too, and {what}"


@runtime_checkable
class UsingHost(Protocol):
    """A host of code that may use what it has put into a request."""

    def uses(self, data: bytes) -> Mapping[str, Use]:
        """Return the keys of texts whose fields the code uses, each with the use."""


@runtime_checkable
class SelectiveHost(Protocol):
    """A host of data, of which a file may hold a million literals, nearly all without a flag."""

    def flagged(self, data: bytes) -> list[Literal]:
        """Return those of a document's literals whose bytes may hold a flag, in order."""


@runtime_checkable
class YieldingHost(Protocol):
    """A host that need not hold all literals at once."""

    def found(self, data: bytes, part: Span | None) -> Iterator[Literal]:
        """Yield the literals of a document, or of a part between two cuts, in no order."""


@runtime_checkable
class DivisibleHost(Protocol):
    """A host that can read a part of a document, given its context."""

    def cuts(self, data: bytes) -> Mapping[int, Hashable]:
        """Return the offsets at which parts may begin, in order, with the context of each.

        The context of a part is everything outside of it that its reading depends on. There are
        none if the document can only be read as a whole, as when it has an error.
        """

    def literals_in(self, data: bytes, part: Span) -> list[Literal] | None:
        """Return the literals of a part between two cuts; None if it cannot be read on its own.

        The numbers in their paths count from the beginning of the part.
        """

    def comments_in(self, data: bytes, part: Span) -> list[Comment]:
        """Return the comments that begin in a part, in order; asked after `literals_in`."""

    def follow(self, old: bytes, data: bytes) -> Sequence[Span]:
        """Prepare to read the new version of a document; return the ranges that read differently.

        The ranges are bytes of `data`; edited bytes need not be included.
        """


class Host(Hashable, Protocol):
    """A kind of file."""

    @property
    def name(self) -> str:
        """Its name in options and output: `python`, `yaml`."""

    def literals(self, data: bytes) -> list[Literal]:
        """Return the string literals of a document, in order; never raises for its content.

        Only those whose bytes may contain a flag need to be included.
        """

    def comments(self, data: bytes) -> list[Comment]:
        """Return the comments, in order; none if the host has no comments."""
