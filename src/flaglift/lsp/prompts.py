"""The prompts of a document: the known facts on each, independent of its position.

An edit leaves most literals unchanged, or only moves them. The facts on a literal depend on its
bytes, on how they are read, and on its context; for the same three, they are computed once.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from flaglift.check.document import fingerprint
from flaglift.check.hosts.base import Literal, UnreadPlace
from flaglift.check.hosts.checking import lint_literal, request_of
from flaglift.check.hosts.finding import decision, leaves
from flaglift.check.hosts.prefilter import may_hold_flags
from flaglift.check.hosts.unread import unread_in
from flaglift.diagnostics import Diagnostic
from flaglift.linting.engine import subjects_of
from flaglift.lossless.spans import Span
from flaglift.settings import Settings
from flaglift.syntax import Feature


class VideoPrice(NamedTuple):
    """The price of a video that a prompt asks for."""

    seconds: int | None
    """Its length; None if unknown."""
    cents: Decimal | None
    """None if the price is unknown."""
    is_assumed: bool
    """Whether the price is assumed, as for a video shorter than the base length."""


class Enclosure(NamedTuple):
    """A literal that is a prompt or contains one, as the suppressions need it."""

    place: Span
    extent: Span
    openings: tuple[int, ...]
    outer: "Enclosure | None"

    def shifted(self, offset: int) -> "Enclosure":
        """Return it moved by some bytes."""
        outer = self.outer.shifted(offset) if self.outer else None
        return Enclosure(
            self.place.shifted(offset),
            self.extent.shifted(offset),
            tuple(at + offset for at in self.openings),
            outer,
        )


class PromptFacts(NamedTuple):
    """The known facts on a prompt; byte offsets are relative to the file's literal."""

    number: int
    """Its number among the leaves of that literal."""
    enclosure: Enclosure
    pointer: str
    """A JSON pointer relative to that literal; empty if the literal is not structured."""
    fingerprint: str
    findings: tuple[tuple[Span, Diagnostic], ...]
    videos: tuple[VideoPrice, ...]


class RootFacts(NamedTuple):
    """The known facts on a literal of a file, and on those nested in it."""

    number: int
    """Its number among the literals of its part."""
    start: int
    """Its first byte, relative to its part of the document."""
    facts: tuple[PromptFacts, ...]
    unread: tuple[UnreadPlace, ...]
    """The places that were not read; byte offsets are relative to the literal."""


class LiteralFacts(NamedTuple):
    """The known facts on a literal of a file, independent of its position."""

    prompts: tuple[PromptFacts, ...]
    unread: tuple[UnreadPlace, ...]


@dataclass(frozen=True)
class PromptReader:
    """Analyzes new literals, and reuses the known facts on others."""

    settings: Settings
    known: Mapping[Hashable, LiteralFacts]
    flagged: Mapping[str, bool]
    """Whether a text may contain flags."""

    def read(self, literals: Iterable[Literal], start: int) -> "PartFacts":
        """Return the facts on the literals of a part of a file; the part begins at `start`."""
        known: dict[Hashable, LiteralFacts] = {}
        flagged: dict[str, bool] = {}
        roots = []
        for number, root in enumerate(literals):
            text = root.text
            if text not in flagged:
                was = self.flagged.get(text)
                flagged[text] = may_hold_flags(text.encode()) if was is None else was
            if not flagged[text]:
                continue
            key = _key(root)
            facts = known.get(key) or self.known.get(key)
            known[key] = facts = facts or self._facts(root)
            if facts.prompts or facts.unread:
                roots.append(RootFacts(number, root.start - start, *facts))
        return PartFacts(tuple(roots), known, flagged)

    def _facts(self, root: Literal) -> LiteralFacts:
        unread = (UnreadPlace(each.start - root.start, each.reason) for each in unread_in(root))
        return LiteralFacts(tuple(self._prompts(root)), tuple(unread))

    def _prompts(self, root: Literal) -> Iterator[PromptFacts]:
        for number, literal in enumerate(leaves([root])):
            if literal.prompt.has(Feature.CONCERNED) and decision(literal).taken:
                yield PromptFacts(
                    number,
                    _enclosure(literal).shifted(-root.start),
                    literal.pointer.removeprefix(root.pointer),
                    fingerprint(literal.prompt),
                    tuple(
                        (literal.locate(said.span).shifted(-root.start), said)
                        for said in lint_literal(literal, self.settings)
                    ),
                    tuple(self._videos(literal)),
                )

    def _videos(self, literal: Literal) -> Iterator[VideoPrice]:
        subjects = subjects_of(literal.text, literal.prompt, self.settings, request_of(literal))
        for subject in subjects:
            if subject.is_clear_video:
                known = not literal.holes and not literal.doubt
                model, seconds = subject.model, subject.duration
                if model and seconds is None:
                    seconds = model.default_seconds
                yield VideoPrice(
                    seconds if known else None,
                    subject.price_cents if known else None,
                    bool(subject.price_note),
                )


class PartFacts(NamedTuple):
    """The known facts on a part of a document, independent of its position."""

    roots: tuple[RootFacts, ...]
    known: Mapping[Hashable, LiteralFacts]
    flagged: Mapping[str, bool]


def _enclosure(literal: Literal) -> Enclosure:
    outer = _enclosure(literal.outer) if literal.outer else None
    return Enclosure(literal.place, literal.extent, literal.openings, outer)


def _key(literal: Literal) -> Hashable:
    """Return everything that the facts on a literal depend on, except its position.

    Indices on the path to it are left out, so that inserting an element before it changes nothing.
    """
    start = literal.start
    origin = literal.origin
    path = tuple(0 if isinstance(part, int) else part for part in origin.path)
    return (
        literal.source[start : literal.end],
        tuple((p.kind, p.start - start, p.end - start, p.text, p.spelt) for p in literal.pieces),
        origin._replace(path=path),
        repr(dict(literal.beside)) if literal.beside else "",
        literal.siblings is None,
        literal.doubt,
        (literal.extent.start - start, literal.extent.end - start),
        tuple(at - start for at in literal.openings),
    )
