"""Plain text: one prompt a line, one prompt a file, or prompts with blank lines between them."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import NamedTuple

from flaglift.spans import Edit, apply_edits


class Form(StrEnum):
    """How a text file holds its prompts."""

    LINES = "lines"
    """One prompt a line; blank lines are none."""
    WHOLE = "whole"
    """The whole file is one prompt, its last line end apart."""
    BLOCKS = "blocks"
    """Blank lines between prompts, each with its settings block below it (dialect section 5.2)."""


class Located(NamedTuple):
    """A prompt and where it begins in the file, in code points."""

    start: int
    text: str


_BOM = "\ufeff"


def prompts(text: str, form: Form) -> list[Located]:
    r"""Return the prompts of a text file; a byte order mark is part of none.

    >>> prompts("a --video\r\n\r\nb", Form.LINES)
    [Located(start=0, text='a --video'), Located(start=13, text='b')]
    >>> prompts("a\nar=1:1\n\nb\n", Form.BLOCKS)
    [Located(start=0, text='a\nar=1:1'), Located(start=10, text='b')]
    """
    start = len(_BOM) if text.startswith(_BOM) else 0
    if form is Form.WHOLE:
        body = _without_line_end(text[start:])
        return [Located(start, body)] if body.strip() else []
    found: list[Located] = []
    open_since: int | None = None
    for begin, line in _lines(text, start):
        if not line.strip():
            open_since = None
        elif form is Form.LINES or open_since is None:
            found.append(Located(begin, line))
            open_since = begin
        else:
            found[-1] = Located(open_since, text[open_since : begin + len(line)])
    return found


def _lines(text: str, start: int) -> Iterator[tuple[int, str]]:
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield start, _without_line_end(text[start:end])
        start = end


def _without_line_end(text: str) -> str:
    return text[:-1].removesuffix("\r") if text.endswith("\n") else text


def rewrite(text: str, form: Form, change: Callable[[str], str]) -> str:
    """Return the file with each prompt changed; nothing else in it moves.

    A change that the form cannot hold, such as a second line in a file of one prompt a line, is
    left out: the result holds the prompts intended, no more and no fewer.
    """
    edits = []
    for start, old in prompts(text, form):
        new = change(old)
        if new == old:
            continue
        end = start + len(old)
        before = text[max(0, start - 1) : start]
        after = text[end : text.find("\n", end) + 1]
        # It must be found again as it is between what stands before it and its line end.
        if prompts(f"{before}{new}{after}", form) == [Located(len(before), new)]:
            edits.append(Edit(start, end, new))
    return apply_edits(text, edits)
