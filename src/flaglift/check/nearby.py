"""Finds the suppressions and literals that matter at a place, among many in a file."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import accumulate

from flaglift.check.directives import Directive, PlacedLiteral, Reach
from flaglift.report.places import LineIndex


class NearbyDirectives:
    """The suppressions of a file by line, so that not each is compared with each prompt."""

    def __init__(self, directives: Iterable[Directive], lines: LineIndex) -> None:
        self._lines = lines
        self._elsewhere: list[tuple[int, Directive]] = []
        """Those that apply to more than the lines next to them."""
        self._by_line: dict[int, list[tuple[int, Directive]]] = defaultdict(list)
        for numbered in enumerate(directives):
            if numbered[1].reach in (Reach.IGNORE, Reach.NEXT_LINE):
                for line in numbered[1].lines:
                    self._by_line[line].append(numbered)
            else:
                self._elsewhere.append(numbered)
        self._numbers = sorted(self._by_line)

    def of(self, literal: PlacedLiteral) -> list[Directive]:
        """Return those that can apply to a literal, in the order of the file."""
        found = dict(self._elsewhere)
        for first, last in self._ranges(literal) if self._numbers else ():
            start = bisect_left(self._numbers, first)
            for line in self._numbers[start : bisect_left(self._numbers, last + 1)]:
                found.update(self._by_line[line])
        return [found[number] for number in sorted(found)]

    def _ranges(self, literal: PlacedLiteral) -> Iterator[tuple[int, int]]:
        """Yield the first and last lines of what a suppression may be next to."""
        line_of = self._lines.line_of
        around: PlacedLiteral | None = literal
        while around:
            for start, end in (around.place, around.extent):
                yield line_of(start), line_of(max(start, end - 1))
            for opening in around.openings:
                yield line_of(opening), line_of(opening)
            around = around.outer


class Holders:
    """The literals of a file by place, so that not each is compared with each byte."""

    def __init__(self, literals: Iterable[PlacedLiteral]) -> None:
        self._literals = sorted(literals, key=lambda each: each.place.start)
        self._starts = [each.place.start for each in self._literals]
        self._reached = [*accumulate((each.place.end for each in self._literals), max)]
        """For each literal, the end of the farthest up to it."""

    def of(self, at: int) -> PlacedLiteral | None:
        """Return the first literal that contains a byte; None if there is none."""
        first = bisect_right(self._reached, at)  # it is the first that ends behind the byte
        return self._literals[first] if first < bisect_right(self._starts, at) else None
