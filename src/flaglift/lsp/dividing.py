"""Divides a document into parts, and reads those that another version of it did not have.

Where a host can (`DivisibleHost`), a part is some lines or statements; else it is the document.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from flaglift.check.baseline import BaselineKey
from flaglift.check.hosts.base import DivisibleHost, Host, UnreadPlace
from flaglift.check.hosts.finding import literals_of
from flaglift.check.hosts.unread import may_be_code, unread_in_part
from flaglift.lossless.spans import Span, changed
from flaglift.lsp.parts import DocumentParts, Part
from flaglift.lsp.prompts import LiteralFacts, PromptReader
from flaglift.settings import Settings

_UNITS = 32
"""Lines or statements of a part; it may have up to twice as many."""


@dataclass(frozen=True)
class PartReader:
    """Reads documents under one configuration."""

    settings: Settings
    accepted: Collection[BaselineKey] = ()
    """What the baseline holds."""

    def read(
        self, data: bytes, host: Host, last: DocumentParts | None, *, divide: bool
    ) -> DocumentParts:
        """Return the parts of a document; those that another one had are not read again.

        Unless `divide`, it is read as a whole, so that the paths of its literals are its own.
        """
        last = last if last and last.host is host else None
        if divide and isinstance(host, DivisibleHost):
            parts = self._divided(data, host, last)
            if parts is not None:
                return DocumentParts(data, host, parts, self.accepted, divided=True)
        reader = self._reader(last.parts if last else ())
        whole = Part(len(data), reader.read(literals_of(host, data), 0), self.accepted)
        return DocumentParts(data, host, [whole], self.accepted, divided=False)

    def _divided(
        self, data: bytes, host: DivisibleHost, last: DocumentParts | None
    ) -> list[Part] | None:
        """Return the parts of a document; None if it, or one of them, can only be read whole."""
        change = changed(last.data, data) if last else Span(0, len(data))
        others = host.follow(last.data, data) if last else ()
        cuts = host.cuts(data)
        if not cuts:
            return None
        cuts = {0: None, **cuts}
        before, after = _kept(last, len(data), change, cuts, others)
        kept = last.parts if last else ()
        middle = Span(
            sum(each.length for each in kept[:before]),
            len(data) - sum(each.length for each in kept[after:]),
        )
        read = []  # all of them first: where one cannot be read, nothing is looked into in vain
        for part in _pieces(middle, cuts):
            literals = host.literals_in(data, part)
            if literals is None or any(map(may_be_code, literals)):
                return None
            read.append((part, literals))
        reader = self._reader(kept[before:after])
        made = []
        for part, literals in read:
            facts = reader.read(literals, part.start)
            length = part.end - part.start
            passed = unread_in_part(data, host, part, literals)
            made.append(
                Part(
                    length,
                    facts,
                    self.accepted,
                    cuts[part.start],
                    [UnreadPlace(place - part.start, reason) for place, reason in passed],
                )
            )
        return [*kept[:before], *made, *kept[after:]]

    def _reader(self, parts: Iterable[Part]) -> PromptReader:
        """Return what knows what is known of some parts."""
        known: dict[Hashable, LiteralFacts] = {}
        flagged: dict[str, bool] = {}
        for part in parts:
            known.update(part.facts.known)
            flagged.update(part.facts.flagged)
        return PromptReader(self.settings, known, flagged)


def _kept(
    last: DocumentParts | None,
    length: int,
    change: Span,
    cuts: Mapping[int, Hashable],
    others: Sequence[Span],
) -> tuple[int, int]:
    """Return how many parts stay at the beginning of a document, and the first that stays behind.

    A part stays if neither its bytes changed, nor how they read, nor what is around them, and if it
    may still end there.
    """
    if last is None or not last.divided:
        return 0, len(last.parts) if last else 0

    def stays(number: int, start: int) -> bool:
        end = start + last.parts[number].length
        apart = all(other.end <= start or end <= other.start for other in others)
        edges = start in cuts and (end in cuts or end == length)
        return apart and edges and last.parts[number].around == cuts[start]

    starts, moved = last.starts, length - len(last.data)
    before, after = 0, len(last.parts)
    while before < after and starts[before + 1] <= change.start and stays(before, starts[before]):
        before += 1
    while (
        after > before
        and starts[after - 1] + moved >= change.end
        and stays(after - 1, starts[after - 1] + moved)
    ):
        after -= 1
    return before, after


def _pieces(place: Span, cuts: Mapping[int, Hashable]) -> Iterator[Span]:
    """Yield parts of a range, each of some lines or statements with the same around them."""
    if place.start == place.end:
        return  # where there may be no cut
    known = list(cuts)
    inside = known[bisect_right(known, place.start) : bisect_left(known, place.end)]
    chosen: list[int] = []
    for _, run in groupby([place.start, *inside], cuts.__getitem__):
        units = list(run)
        count = max(1, len(units) // _UNITS)
        chosen += [units[len(units) * number // count] for number in range(count)]
    for start, end in pairwise([*chosen, place.end]):
        if start < end:
            yield Span(start, end)
