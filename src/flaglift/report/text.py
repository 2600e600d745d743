"""Text for people: lines of styled pieces, with every character made visible when printed."""

import os
import unicodedata
from collections.abc import Iterable
from shutil import get_terminal_size
from typing import TextIO

from flaglift.diagnostics import Severity
from flaglift.report.escaping import visible

Line = tuple[str | tuple[str, str], ...]
"""Pieces of text, styled or not."""

_PIECE = 1024
"""In code points: few enough that a pipe accepts all of their bytes, or none."""

STYLES = {
    Severity.ERROR: "bold red",
    Severity.WARNING: "bold yellow",
    Severity.INFO: "dim",
}


def text_of(line: Line) -> str:
    """Return a line without its styles."""
    return "".join(piece if isinstance(piece, str) else piece[0] for piece in line)


def plain(lines: Iterable[Line]) -> str:
    r"""Return lines as text without styles, and with every character visible.

    >>> plain([("a ", ("b", "bold"))])
    'a b\n'
    """
    return "".join(f"{visible(text_of(line))}\n" for line in lines)


def counted(count: int, what: str) -> str:
    """Return a count with its noun.

    >>> counted(1, "prompt"), counted(0, "prompt")
    ('1 prompt', '0 prompts')
    """
    return f"{count} {what}{'' if count == 1 else 's'}"


def write(stream: TextIO, text: str) -> None:
    """Write a text of any length piece by piece.

    If Python does not buffer, a long piece of which a closing pipe took only a part would seem to
    have been written in full.
    """
    stream.writelines(text[start : start + _PIECE] for start in range(0, len(text), _PIECE))


def may_be_coloured(stream: TextIO) -> bool:
    """Return whether a stream is a terminal, or the user forces colours elsewhere."""
    return stream.isatty() or bool(os.environ.get("FORCE_COLOR"))


def columns_of(stream: TextIO) -> int | None:
    """Return how many columns lines may take; None if the stream is not a terminal."""
    return get_terminal_size().columns if may_be_coloured(stream) else None


def width(text: str) -> int:
    r"""Return how many terminal columns a text takes, if all of it is visible.

    >>> width("猫"), width("e\u0301"), width("cat")
    (2, 1, 3)
    """
    return sum(map(_width, text))


def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
