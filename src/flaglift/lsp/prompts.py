"""The prompts of a document: what is known of each, wherever in the document it stands.

An edit leaves most literals as they are, or moves them. What a literal says depends on its bytes,
on how they read, and on what stands around it; what was found for these is found once.
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
    """What a video that a prompt asks for costs."""

    seconds: int | None
    """Its length; None if that is not known."""
    cents: Decimal | None
    """None where the price is not known."""
    is_assumed: bool
    """Whether the price is an assumption, as below the base length."""


class Enclosure(NamedTuple):
    """A literal that a prompt is, or is nested in; it answers the questions of suppressions."""

    place: Span
    extent: Span
    outer: "Enclosure | None"

    def shifted(self, offset: int) -> "Enclosure":
        """Return where it is if the literal of the file begins elsewhere."""
        outer = self.outer.shifted(offset) if self.outer else None
        return Enclosure(self.place.shifted(offset), self.extent.shifted(offset), outer)


class PromptFacts(NamedTuple):
    """What is known of a prompt; bytes count from the first one of the literal of the file."""

    number: int
    """Which of the leaves of that literal it is."""
    enclosure: Enclosure
    pointer: str
    """A JSON pointer from that literal; empty if it is not structured."""
    fingerprint: str
    findings: tuple[tuple[Span, Diagnostic], ...]
    videos: tuple[VideoPrice, ...]


class RootFacts(NamedTuple):
    """What is known of a literal of a file, with those that are nested in it."""

    number: int
    """Which of the literals of its part it is."""
    start: int
    """Its first byte, in the part of the document that it is in."""
    facts: tuple[PromptFacts, ...]
    unread: tuple[UnreadPlace, ...]
    """Where it was not read; bytes count from its first one."""


class LiteralFacts(NamedTuple):
    """What is known of a literal of a file, wherever it stands."""

    prompts: tuple[PromptFacts, ...]
    unread: tuple[UnreadPlace, ...]


@dataclass(frozen=True)
class PromptReader:
    """Looks at literals that are new, and knows what it was told of others."""

    settings: Settings
    known: Mapping[Hashable, LiteralFacts]
    flagged: Mapping[str, bool]
    """Whether a text may hold flags."""

    def read(self, literals: Iterable[Literal], start: int) -> "PartFacts":
        """Return what is known of the literals of a part of a file that begins at a byte."""
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
    """What is known of a part of a document, wherever it stands."""

    roots: tuple[RootFacts, ...]
    known: Mapping[Hashable, LiteralFacts]
    flagged: Mapping[str, bool]


def _enclosure(literal: Literal) -> Enclosure:
    outer = _enclosure(literal.outer) if literal.outer else None
    return Enclosure(literal.place, literal.extent, outer)


def _key(literal: Literal) -> Hashable:
    """Return all that what is said of a literal depends on, wherever it stands.

    Indices on the way to it are left out: another element before it changes nothing.
    """
    start = literal.start
    origin = literal.origin
    path = tuple(None if isinstance(part, int) else part for part in origin.path)
    return (
        literal.source[start : literal.end],
        tuple((p.kind, p.start - start, p.end - start, p.text, p.spelt) for p in literal.pieces),
        (origin.role, origin.key, origin.call, path),
        repr(dict(literal.beside)) if literal.beside else "",
        literal.siblings is None,
        literal.doubt,
        literal.extent.start - start,
    )
