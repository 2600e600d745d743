"""What a literal is made of, and what is known of the place where it stands."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from flaglift.syntax import Prompt, parse
from flaglift.syntax.parser import parse_less

HOLE = "\ufffc"
"""What stands in a decoded text for an interpolation; its value is not known."""


class PieceKind(StrEnum):
    """How a piece of a literal reads."""

    RUN = "run"
    """Each code point stands for itself."""
    ATOM = "atom"
    """All of it stands for its text: an escape, or a line end with the next line's indentation."""
    HOLE = "hole"
    """An interpolation: code that the host puts a value in place of."""
    PLACEHOLDER = "placeholder"
    """Text to the host, that some template puts a value in place of."""


BROKEN = "the code around it does not parse"
SEVERAL = "it may hold several prompts"
UNREAD = "it is code in a language that is not read"
OUTSIDE = "it stands outside the texts that are read in this kind of file"
DEEP = "the code around it is nested too deep"
QUOTED = "it may be code, in which the prompt stands in quotes"
FRAGMENT = "it is a part of a prompt that is put together elsewhere"
COMPARED = "it is compared or looked up, so that it must stay as it is"
DIVIDED = "tags divide it, and what they show between its words is not known"
TORN = "quotes in its row may hold commas together, which readers do differently"
MARKED_UP = "tags inside it would be edited"
CONDITIONAL = "statements of a template make parts of it conditional"

BARE_KEY = "it is a key without a value"

NOT_READ = {"divided": DIVIDED, "torn": TORN, "bare key": BARE_KEY}
"""Roles of literals of which nothing is known but that they hold a prompt, and why."""

HOLES = (PieceKind.HOLE, PieceKind.PLACEHOLDER)


class Piece(NamedTuple):
    """A stretch of a literal: its bytes in the document, and what they decode to."""

    kind: PieceKind
    start: int
    end: int
    text: str
    spelt: str = ""
    """What the host reads there, where that is another text: a placeholder or a statement."""


def cut(piece: Piece, marks: Sequence[int], data: bytes) -> list[Piece]:
    """Return an inner document's piece, split at the outer literal's holes: their first bytes."""
    inside = [mark for mark in marks if piece.start <= mark < piece.end]
    if not inside:
        return [piece]
    if piece.kind is not PieceKind.RUN:
        return [piece._replace(kind=PieceKind.HOLE, text=HOLE)]
    parts = []
    position = piece.start
    for mark in inside:
        end = mark + len(HOLE.encode())
        parts += [
            Piece(PieceKind.RUN, position, mark, data[position:mark].decode()),
            Piece(PieceKind.HOLE, mark, end, HOLE),
        ]
        position = end
    parts.append(Piece(PieceKind.RUN, position, piece.end, data[position : piece.end].decode()))
    return [part for part in parts if part.text]


class ByteEdit(NamedTuple):
    """Replace `data[start:end]` with `content`; an empty range inserts."""

    start: int
    end: int
    content: bytes


class Hole(NamedTuple):
    """An interpolation, as a place in the decoded text (one code point) and as it is spelt."""

    at: int
    source: str


class Siblings(Protocol):
    """The mapping, call or command that a literal is part of, where fields can be added."""

    @property
    def levels(self) -> int:
        """How far out the edits are: 0 for the literal's own document, 1 for the one around it."""

    def insert(self, fields: Mapping[str, Any]) -> Sequence[ByteEdit] | str:
        """Return the edits that add fields; a string says why there are none."""


class Origin(NamedTuple):
    """Where a literal stands: all that tells a prompt from another string."""

    role: str
    """`value`, `argument`, `word` (of a command), `element`, `text`, `cell`, `code`, `prose`.

    `shown` is a field's text in a page, in which markup is no markup.
    `divided` is a text with markup inside, of which it is not known how it reads.
    """
    key: str = ""
    """The nearest name: a key, a variable, a parameter, a form field, a column's header."""
    call: str = ""
    """What is called with it (`parser.add_argument`, `formData.append`), or the command run."""
    path: tuple[str | int, ...] = ()
    """Keys and indices from the document's root, in structured hosts."""
    counted: bool = False
    """Whether its first part counts documents, lines or rows, of which the file holds several."""


class Around(NamedTuple):
    """What is around a literal; see the properties of `Literal` for the meanings."""

    origin: Origin
    locked: str = ""
    beside: Mapping[str, Any] = {}
    siblings: Siblings | None = None
    is_request: bool = False
    """Whether the mapping, call or command is seen to be a request to the service."""
    opener: int | None = None
    """The byte at which the command, table or here-document that holds it begins, if before it."""
    closer: int | None = None
    """The byte at which the command that holds it ends, if after it."""
    begins: tuple[int, ...] = ()
    """The bytes at which code that it belongs to begins: its parts, its pair, its statement.

    A comment above one of them may be on this literal. The elements of a list do not belong
    together, and neither do the statements of a block.
    """

    def moved(self, offset: int) -> "Around":
        """Return what is around a literal that is some bytes farther on."""
        return self._replace(
            siblings=MovedSiblings(self.siblings, offset) if self.siblings else None,
            opener=None if self.opener is None else self.opener + offset,
            closer=None if self.closer is None else self.closer + offset,
            begins=tuple(each + offset for each in self.begins),
        )


@dataclass(frozen=True)
class MovedSiblings:
    """Siblings that were found in a part of a document, as siblings in the document."""

    inner: Siblings
    offset: int

    @property
    def levels(self) -> int:
        """As of those."""
        return self.inner.levels

    def insert(self, fields: Mapping[str, Any]) -> Sequence[ByteEdit] | str:
        """Return the edits that add fields; a string says why there are none."""
        edits = self.inner.insert(fields)
        if isinstance(edits, str):
            return edits
        at = self.offset
        return [ByteEdit(start + at, end + at, content) for start, end, content in edits]


class PromptText(ABC):
    """A text that may be a prompt; it is parsed once for all that ask."""

    @property
    @abstractmethod
    def text(self) -> str:
        """The text."""

    @cached_property
    def prompt(self) -> Prompt:
        """The text as it reads."""
        return parse(self.text)

    @cached_property
    def tail(self) -> str:
        """The line ends at the end of the text: they are the container's, not the prompt's."""
        return self.text[len(self.text.rstrip("\r\n")) :]

    @cached_property
    def body(self) -> Prompt:
        """The text without the line ends at its end, as it reads."""
        return parse_less(self.prompt, self.text, self.tail) if self.tail else self.prompt
