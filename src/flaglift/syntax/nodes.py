"""The nodes of the AST: immutable, each with its place and its text as written.

Positions are code points of the whole prompt. Section numbers are those of `grammar/DIALECT.md`.
A node that adds nothing to `Node` is not a dataclass of its own: making one takes a millisecond.
"""

from dataclasses import dataclass
from enum import StrEnum

from flaglift.lossless.spans import Span
from flaglift.syntax.flags import FlagName


class Quoting(StrEnum):
    """How a value is written (1.2, 1.3)."""

    NONE = "none"
    """As it is: no quote, no backslash."""
    QUOTED = "quoted"
    """The whole value in one pair of quotes."""
    MIXED = "mixed"
    """Quotes or backslashes inside the word."""


@dataclass(frozen=True, slots=True)
class Node:
    """A piece of the prompt: `raw` is its source text at `start`."""

    start: int
    raw: str

    @property
    def end(self) -> int:
        """The position after the last code point."""
        return self.start + len(self.raw)

    @property
    def span(self) -> Span:
        """Where the node stands."""
        return Span(self.start, self.start + len(self.raw))

    def __str__(self) -> str:
        return self.raw


class Text(Node):
    """Words that are not flags, and the whitespace around them: the body of the prompt."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Value(Node):
    """The value of a flag: as written, and as it reads."""

    text: str
    quoting: Quoting


@dataclass(frozen=True, slots=True)
class Flag(Node):
    """One of the four flags, with its value (2.1 to 2.7)."""

    name: FlagName
    value: Value | None
    """None where there is none: right for `--video`, an error for the others (2.4, 2.5)."""

    @property
    def name_span(self) -> Span:
        """Where the name stands, dashes included."""
        return Span(self.start, self.start + 2 + len(self.name))


@dataclass(frozen=True, slots=True)
class OtherFlag(Node):
    """A flag of the service that is still current, with the words that belong to it (2.11)."""

    name: str
    """With its dashes."""
    open: bool
    """Whether it would take a word that came next."""


class DoubleDash(Node):
    """A bare `--`: what follows is text (2.9)."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Abbreviation(Node):
    """The beginning of a flag's name, which the service's reader completes (2.8)."""

    candidates: tuple[FlagName, ...]
    """The flags it may stand for; with more than one, the reader gives up."""

    @property
    def name(self) -> str:
        """What stands of the name, without dashes."""
        return self.raw[2:].partition("=")[0]


@dataclass(frozen=True, slots=True)
class QuotedFlag(Node):
    """A word that is a flag, or `--`, only once quotes and backslashes are taken away (2.10)."""

    text: str


class HelpFlag(Node):
    """A word that the service's reader takes for its own help, and gives up (2.12)."""

    __slots__ = ()


class UnknownFlag(Node):
    """A word that begins with two dashes and is nobody's flag (2.11)."""

    __slots__ = ()


class Unclosed(Node):
    """A quote that nothing closes, or a last backslash: the prompt is unreadable (1.4)."""

    __slots__ = ()


class Separator(Node):
    """A line `---` between two keyframes, without its line ends (5.3)."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Setting(Node):
    """A line `key=value` of the settings block, with its line end (5.2)."""

    key: str
    value: str

    @property
    def value_span(self) -> Span:
        """Where the value stands."""
        start = self.start + len(self.key) + 1
        return Span(start, start + len(self.value))


@dataclass(frozen=True, slots=True)
class Reference(Node):
    """`<lora:ID:WEIGHT>` or `<faceid:ID:WEIGHT>` (5.1)."""

    kind: str
    id: str
    weight: float | None
    """None where it is missing or not a number."""


@dataclass(frozen=True, slots=True)
class FlagLike(Node):
    """What the service reads as text although it looks like one of the four flags (6)."""

    name: FlagName
    """The flag that it looks like."""
