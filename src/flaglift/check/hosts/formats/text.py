"""Plain text with one prompt per line, file or paragraph; and terminal sessions."""

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from flaglift.check.hosts.base import Around, Comment, Literal, Origin, Piece, PieceKind
from flaglift.check.hosts.formats.codec import Escaped
from flaglift.lossless.spans import Span


class TextForm(StrEnum):
    """The layout of the prompts in a text file."""

    LINES = "lines"
    """One prompt per line; blank lines are skipped."""
    WHOLE = "whole"
    """The whole file is one prompt, without its last line end."""
    BLOCKS = "blocks"
    """Blank lines between prompts, each with its settings block below it (dialect section 5.2)."""


class Located(NamedTuple):
    """A prompt and its start in the file, in code points."""

    start: int
    text: str


def prompts(text: str, form: TextForm) -> list[Located]:
    r"""Return the prompts of a text file.

    >>> prompts("a --video\r\n\r\nb", TextForm.LINES)
    [Located(start=0, text='a --video'), Located(start=13, text='b')]
    >>> prompts("a\nar=1:1\n\nb\n", TextForm.BLOCKS)
    [Located(start=0, text='a\nar=1:1'), Located(start=10, text='b')]
    """
    if form is TextForm.WHOLE:
        body = _without_line_end(text)
        return [Located(0, body)] if body.strip() else []
    located: list[Located] = []
    open_since: int | None = None
    for begin, line in _lines(text):
        if not line.strip():
            open_since = None
        elif form is TextForm.LINES or open_since is None:
            located.append(Located(begin, line))
            open_since = begin
        else:
            located[-1] = Located(open_since, text[open_since : begin + len(line)])
    return located


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield start, _without_line_end(text[start:end])
        start = end


def _without_line_end(text: str) -> str:
    return text[:-1].removesuffix("\r") if text.endswith("\n") else text


class Plain:
    """Text without any escapes."""

    def __init__(self, name: str) -> None:
        self.name = name

    def place_between(self, low: int, high: int) -> int:  # noqa: ARG002
        """Return the byte before a hole."""
        return high

    def encode(self, text: str, literal: Literal, at: int) -> bytes:  # noqa: ARG002
        """Return the text in UTF-8."""
        return text.encode()


class TextHost:
    """A text file, in one of the forms; it has no comments."""

    def __init__(self, form: TextForm) -> None:
        self.name = form.value
        self._form = form

    def literals(self, data: bytes) -> list[Literal]:
        """Return the prompts."""
        return self._literals(data, 0, data.decode())

    def cuts(self, data: bytes) -> Mapping[int, Hashable]:
        """Return the starts of lines, if each line is a prompt."""
        lines = _LINE_FEED.finditer(data) if self._form is TextForm.LINES else ()
        return dict.fromkeys(match.end() for match in lines)

    def literals_in(self, data: bytes, part: Span) -> list[Literal]:
        """Return the prompts of some lines."""
        return self._literals(data, part.start, data[part.start : part.end].decode())

    def follow(self, old: bytes, data: bytes) -> Sequence[Span]:  # noqa: ARG002
        """Return nothing: lines do not depend on each other."""
        return ()

    def _literals(self, data: bytes, byte: int, text: str) -> list[Literal]:
        literals = []
        position = 0
        for index, (start, prompt) in enumerate(prompts(text, self._form)):
            byte += len(text[position:start].encode())
            end = byte + len(prompt.encode())
            piece = Piece(PieceKind.RUN, byte, end, prompt)
            look = partial(Around, Origin("text", path=(index,)))
            literals.append(Literal(self.name, _PLAIN, byte, end, byte, (piece,), look, data))
            byte, position = end, start + len(prompt)
        return literals

    def comments(self, data: bytes) -> list[Comment]:  # noqa: ARG002
        """Return none: every line belongs to a prompt."""
        return []

    def comments_in(self, data: bytes, part: Span) -> list[Comment]:  # noqa: ARG002
        """Return none."""
        return []


_LINE_FEED = re.compile(rb"\n")
_PLAIN = Plain("text")


_COMMAND = re.compile(rb"^[ \t]*[$%][ \t]+((?:[^\n\\]|\\[\s\S])*)", re.MULTILINE)
_FORM = Escaped("command", re.compile(rb"(?!)"), lambda _: None, universal=False)


class ConsoleHost:
    """A terminal session."""

    name = "console"

    def literals(self, data: bytes) -> list[Literal]:
        """Return the commands; one that ends in a backslash continues on the next line."""
        literals = []
        for match in _COMMAND.finditer(data):
            span = Span(*match.span(1))
            scanned = _FORM.pieces(data, span)
            literals.append(
                Literal(
                    host=self.name,
                    form=_FORM,
                    start=span.start,
                    end=span.end,
                    inside=span.start,
                    pieces=tuple(scanned.pieces),
                    look=partial(Around, Origin("code", "bash")),
                    source=data,
                )
            )
        return literals

    def comments(self, data: bytes) -> list[Comment]:  # noqa: ARG002
        """Return none: a hash sign may be part of a prompt."""
        return []


def make(name: str) -> TextHost | ConsoleHost:
    """Return the host of that name: `lines`, `whole`, `blocks` or `console`."""
    return ConsoleHost() if name == "console" else TextHost(TextForm(name))
