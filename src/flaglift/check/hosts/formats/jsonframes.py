"""The long list or object of a JSON document in whose lines edits happen, and its surroundings.

Indentation shows where its elements or members begin. That may be wrong; each is read by
itself, and if it is a valid element or member, it is one in the document.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from flaglift.check.hosts.documents import per_document
from flaglift.check.hosts.formats.argv import is_command
from flaglift.check.hosts.formats.siblings import TEXT_KEY
from flaglift.lossless.json_members import Member, members
from flaglift.lossless.json_reader import read
from flaglift.lossless.spans import Span

_OPENING = re.compile(rb"([\[{])[ \t]*+\r?\n([ \t]++)(?=[^ \t\r\n\]}])")
"""The beginning of a list or object with lines of its own, and their indentation."""
_TOP = re.compile(rb"[ \t\r\n]*+")
_KEY = re.compile(rb'"([^"\\\n]*)"[ \t]*:')

_NAME = re.compile(rb'"([^"\\\n]*)"[ \t]*:[ \t\r\n]*\Z')
_LONGEST_NAME = 100
"""In bytes; the key of a list is looked for before its bracket."""


class JsonFrame(NamedTuple):
    """A list or an object with an element or a member in each line, or in some lines each."""

    start: int
    """Where the first of them begins."""
    end: int
    """Where the last one ends."""
    opening: int
    """Where its bracket is."""
    breaks: Sequence[Span]
    """The commas and blanks between them."""
    is_object: bool

    def inside(self, part: Span) -> Span:
        """Return its overlap with a part of the document."""
        return Span(max(part.start, self.start), max(self.start, min(part.end, self.end)))

    def holds(self, data: bytes, part: Span) -> bool:
        """Return whether everything in a part is an element or a member by itself."""
        return all(self._is_one(data[slice(*each)]) for each in self._units(self.inside(part)))

    def _units(self, inside: Span) -> Iterator[Span]:
        breaks = [each for each in self.breaks if inside.start < each.end <= inside.end]
        edges = [Span(inside.start, inside.start), *breaks]
        if not breaks or breaks[-1].end < inside.end:
            edges.append(Span(inside.end, inside.end))
        for before, after in pairwise(edges):
            yield Span(before.end, after.start)

    def _is_one(self, raw: bytes) -> bool:
        before = b"{" if self.is_object else b""
        whole = before + raw + (b"\n}" if self.is_object else b"\n")
        documents, comments = read(whole)
        if len(documents) != 1 or documents[0].fault:
            return False
        if comments and comments[-1].end == len(before + raw):
            return False  # the comma after it may be part of the comment
        return not self.is_object or len(members(whole, 0)) == 1

    def is_apart(self, data: bytes) -> bool:
        """Return whether members are independent of each other."""
        if not self.is_object:
            name = _NAME.search(data, max(0, self.opening - _LONGEST_NAME), self.opening)
            return name is None or not is_command(name[1].decode(errors="replace"))
        matches = [_KEY.match(data, at) for at in (self.start, *(each.end for each in self.breaks))]
        keys = [match[1].decode() for match in matches if match]
        apart = len(keys) == len(matches) == len(set(keys))
        return apart and not any(TEXT_KEY.search(key) or is_command(key) for key in keys)


@per_document(2)
def frame_of(data: bytes) -> JsonFrame | None:
    """Return the longest list or object, at the top or deep inside; None if it cannot be cut."""
    best: JsonFrame | None = None
    blanks = _TOP.match(data)
    opening = _OPENING.match(data, blanks.end() if blanks else 0)
    end = len(data)
    while opening:
        frame = _frame(data, opening, end)
        if frame is None:
            break
        if len(frame.breaks) > (len(best.breaks) if best else 0) and frame.is_apart(data):
            best = frame
        ends = (Span(frame.start, frame.start), *frame.breaks, Span(frame.end, frame.end))
        units = [Span(a.end, b.start) for a, b in pairwise(ends)]
        longest = max(units, key=lambda each: each.end - each.start)
        if 2 * (longest.end - longest.start) < frame.end - frame.start:
            break
        opening, end = _OPENING.search(data, *longest), longest.end
    return best if best and _is_framed(data, best) else None


def _frame(data: bytes, opening: re.Match[bytes], end: int) -> JsonFrame | None:
    """Return the list or object of a bracket that ends a line; None if it does not end."""
    line = data[data.rfind(b"\n", 0, opening.start()) + 1 : opening.start()]
    indent = line[: len(line) - len(line.lstrip(b" \t"))]
    closing = re.compile(rb"\r?\n" + indent + rb"[\]}]").search(data, opening.end(), end)
    if closing is None:
        return None
    between = re.compile(rb",[ \t]*+\r?\n" + opening[2] + rb"(?![ \t\r\n\]}])")
    breaks = [Span(*each.span()) for each in between.finditer(data, opening.end(), closing.start())]
    is_object = opening[1] == b"{"
    return JsonFrame(opening.end(), closing.start(), opening.start(), breaks, is_object)


def _is_framed(data: bytes, frame: JsonFrame) -> bool:
    """Return whether what is around a list or object is a document, and its bracket is one."""
    documents, comments = read(data[: frame.start] + data[frame.end :])
    is_said = any(each.start <= frame.opening < each.end for each in comments)
    return len(documents) == 1 and not documents[0].fault and not is_said


class JsonObjects:
    """The members of the objects around texts, each read once."""

    def __init__(self, data: bytes, frame: JsonFrame | None) -> None:
        self._data = data
        self._frame = frame
        self._members: dict[int, list[Member]] = {}

    def is_around(self, at: int) -> bool:
        """Return whether a bracket or key is around all that can be read in parts."""
        frame = self._frame or frame_of(self._data)
        return frame is not None and at < frame.start

    def at(self, opening: int) -> Sequence[Member]:
        """Return the members of the object whose bracket is at a byte."""
        if opening not in self._members:
            self._members[opening] = members(self._data, opening)
        return self._members[opening]
