"""Divides a document into parts, and reads the parts that its previous version did not have.

If the host can be divided (`DivisibleHost`), a part is a few lines or statements; otherwise it
is the whole document.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from flaglift.check.baseline import BaselineKey
from flaglift.check.hosts.base import DivisibleHost, Host, UnreadPlace
from flaglift.check.hosts.finding import literals_of
from flaglift.check.hosts.unread import needs_whole, unread_in_part
from flaglift.lossless.spans import Span, changed
from flaglift.lsp.parts import DocumentParts, Part
from flaglift.lsp.prompts import LiteralFacts, PromptReader
from flaglift.settings import Settings

_UNITS = 32
"""Lines or statements per part; a part may have up to twice as many."""


@dataclass(frozen=True)
class PartReader:
    """Reads documents under one configuration."""

    settings: Settings
    accepted: Collection[BaselineKey] = ()
    """The content of the baseline."""

    def read(
        self, data: bytes, host: Host, last: DocumentParts | None, *, divide: bool
    ) -> DocumentParts:
        """Return the parts of a document; parts shared with `last` are not read again.

        Unless `divide`, it is read as a whole, so that literals have their paths in the document.
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
        """Return the parts; None if the document, or one of them, can only be read as a whole."""
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
        read = []  # read all of them first: if one cannot be read, analyzing any is wasted
        for part in _pieces(middle, cuts):
            literals = host.literals_in(data, part)
            if literals is None or needs_whole(host, literals):
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
        """Return a reader that has the known facts of some parts."""
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
    """Return how many parts are kept at the beginning, and the first one kept at the end.

    A part is kept if its bytes, the way they read, and its context are unchanged, and if it may
    still end at the same place.
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
    """Yield the pieces of a range, each a few lines or statements with the same context."""
    if place.start == place.end:
        return  # there may be no cut there
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
