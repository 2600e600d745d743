"""The nodes of the AST: immutable, each with its position and its text as written.

Positions are code points of the whole prompt. Section numbers refer to `grammar/DIALECT.md`.
Subclasses that add nothing to `Node` are not dataclasses: creating one takes a millisecond.
"""

from dataclasses import dataclass
from enum import StrEnum

from flaglift.lossless.spans import Span
from flaglift.syntax.flags import FlagName


class Quoting(StrEnum):
    """How a value is written (1.2, 1.3)."""

    NONE = "none"
    """As is: no quote, no backslash."""
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
        """The node's place in the prompt."""
        return Span(self.start, self.start + len(self.raw))

    def __str__(self) -> str:
        return self.raw


class Text(Node):
    """Words that are not flags, and the whitespace around them: the body of the prompt."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Value(Node):
    """The value of a flag: as written, and unquoted."""

    text: str
    quoting: Quoting


@dataclass(frozen=True, slots=True)
class Flag(Node):
    """One of the four flags, with its value (2.1 to 2.7)."""

    name: FlagName
    value: Value | None
    """None if there is no value: correct for `--video`, an error for the others (2.4, 2.5)."""

    @property
    def name_span(self) -> Span:
        """Where the name stands, dashes included."""
        return Span(self.start, self.start + 2 + len(self.name))


@dataclass(frozen=True, slots=True)
class OtherFlag(Node):
    """A flag of the service that is still in use, with the words that belong to it (2.11)."""

    name: str
    """With its dashes."""
    open: bool
    """Whether it would take a following word."""


class DoubleDash(Node):
    """A bare `--`: what follows is text (2.9)."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Abbreviation(Node):
    """The beginning of a flag's name, which the service's parser completes (2.8)."""

    candidates: tuple[FlagName, ...]
    """The flags it may stand for; if there are several, the parser fails."""

    @property
    def name(self) -> str:
        """The part of the name that is written, without dashes."""
        return self.raw[2:].partition("=")[0]


@dataclass(frozen=True, slots=True)
class QuotedFlag(Node):
    """A word that is a flag, or `--`, only after quotes and backslashes are removed (2.10)."""

    text: str


class HelpFlag(Node):
    """A word that the service's parser takes for a request for help, and fails (2.12)."""

    __slots__ = ()


class UnknownFlag(Node):
    """A word that begins with two dashes and is not a known flag (2.11)."""

    __slots__ = ()


class Unclosed(Node):
    """An unclosed quote, or a trailing backslash: the prompt is unreadable (1.4)."""

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
        """The place of the value."""
        start = self.start + len(self.key) + 1
        return Span(start, start + len(self.value))


@dataclass(frozen=True, slots=True)
class Reference(Node):
    """`<lora:ID:WEIGHT>` or `<faceid:ID:WEIGHT>` (5.1)."""

    kind: str
    id: str
    weight: float | None
    """None if it is missing or not a number."""


@dataclass(frozen=True, slots=True)
class FlagLike(Node):
    """Text to the service, although it looks like one of the four flags (6)."""

    name: FlagName
    """The flag that it resembles."""
