"""Values in quotes that are not quotes to the service (dialect section 6), and where they close."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from flaglift.lossless.spans import Span
from flaglift.syntax.lookalikes import NearMiss
from flaglift.syntax.nodes import Flag, Quoting, Text, Value
from flaglift.syntax.prompt import Segment
from flaglift.syntax.words import group, quoting, split_words, unescape, unquote

ENDS = r"[,.;:!?]*+\Z"
"""Punctuation that may stand between a closing quote and the end of its word."""


@dataclass(frozen=True, slots=True)
class Misquote:
    """A flag's value that begins with something meant as a quote."""

    flag: Flag
    value: Value
    opening: str
    inner: str | None
    """What stands up to the closing quote, as written; None where nothing closes it."""
    end: int
    """After the closing quote, or after the value where there is none."""
    goes_on: bool
    """Whether words after the value belong to it, or would if it were closed."""
    is_last: bool
    """Whether the closing quote stands right in front of the next flag or the end."""
    is_only: bool
    """Whether nothing else after it could be the closing quote."""

    @property
    def span(self) -> Span:
        """From the opening quote to the closing one."""
        return Span(self.value.start, self.end)

    @property
    def grouped(self) -> str | None:
        """What stands in the quotes, in quotes that group; None where it cannot be a value."""
        if self.inner is None:
            return None
        quoted = quoting(self.inner) is Quoting.QUOTED
        grouped = self.inner if quoted else group(unescape(self.inner))
        return None if unquote(grouped) == "--" else grouped


class Marks(NamedTuple):
    """What is meant as a quote, at the beginning of a word and at the end of one."""

    opening: re.Pattern[str]
    closing: Callable[[str], re.Pattern[str]]
    """From what opens, the pattern of what closes it: its group 1, `ENDS` after it."""


def misquotes(segment: Segment, misses: Iterable[NearMiss], marks: Marks) -> Iterator[Misquote]:
    """Yield the values of flags that begin with such a mark.

    What opens again inside is closed first. Nothing after the next flag, or after what looks like
    one, counts.
    """
    values = [flag.value.raw for flag in segment.flags if flag.value]
    if not any(map(marks.opening.match, values)):
        return
    for flag, value, after in _values(segment, misses):
        if marks.opening.match(value.raw):
            yield _misquote(flag, value, value.raw + after, marks)


def _misquote(flag: Flag, value: Value, text: str, marks: Marks) -> Misquote:
    match = marks.opening.match(text)
    opening = match[0] if match else ""
    closing = marks.closing(opening)
    words = split_words(text)
    depth = 1
    for index, (offset, word) in enumerate(words):
        depth += 1 if index and word.startswith(opening) else 0
        closed = closing.search(word, 0 if index else len(opening))
        depth -= 1 if closed else 0
        if closed and not depth:
            return Misquote(
                flag=flag,
                value=value,
                opening=opening,
                inner=text[len(opening) : offset + closed.start(1)],
                end=value.start + offset + closed.end(1),
                goes_on=index > 0,
                is_last=index == len(words) - 1,
                is_only=not any(
                    closing.search(later) and not later.startswith(opening)
                    for _, later in words[index + 1 :]
                ),
            )
    return Misquote(flag, value, opening, None, value.end, len(words) > 1, False, False)


def _values(segment: Segment, misses: Iterable[NearMiss]) -> Iterator[tuple[Flag, Value, str]]:
    """Yield the flags that take a value with it, and the text between it and the next flag."""
    stops = iter([*(miss.word_start for miss in misses), segment.end])
    stop = next(stops)
    flag: Flag | None = None
    after: list[str] = []
    for node in (*segment.read, None):
        if isinstance(node, Text):
            after.append(node.raw)
            continue
        if flag and flag.value and flag.name.takes_value:
            while stop < flag.end:
                stop = next(stops)
            yield flag, flag.value, "".join(after)[: stop - flag.end]
        flag = node if isinstance(node, Flag) else None
        after = []
