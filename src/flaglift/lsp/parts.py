"""A document in parts that are read separately, so that a keystroke re-reads only one of them.

A part is a few lines or statements, or the whole document (`flaglift.lsp.dividing`).
Nothing in a part depends on its position.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from lsprotocol.types import Diagnostic as EditorDiagnostic

from flaglift.check.baseline import BaselineKey
from flaglift.check.directives import PlacedLiteral
from flaglift.check.hosts.base import Comment, DivisibleHost, Host, Literal, UnreadPlace
from flaglift.check.hosts.finding import comments, leaves, literals_of, with_nested
from flaglift.check.hosts.unread import unread
from flaglift.check.nearby import Holders
from flaglift.diagnostics import Diagnostic
from flaglift.lossless.spans import Span
from flaglift.lsp.prompts import (
    Enclosure,
    PartFacts,
    PromptFacts,
    RootFacts,
)


class PartFinding(NamedTuple):
    """A finding of a part; byte offsets are relative to the part."""

    span: Span
    finding: Diagnostic
    root: RootFacts
    facts: PromptFacts


@dataclass(eq=False)
class Part:
    """A part of a document, independent of its position."""

    length: int
    facts: PartFacts
    accepted: Collection[BaselineKey]
    around: Hashable = None
    """The part's context in the document, as far as it matters."""
    passed_over: Sequence[UnreadPlace] = ()
    """Places between its literals that were not read; byte offsets are relative to the part."""
    comments: Sequence[Comment] | None = None
    """Its comments, in order, by offsets relative to the part; None until first requested."""
    shown: dict[int, tuple[str, int, EditorDiagnostic]] = field(default_factory=dict)
    """The diagnostics of findings, by number, each with the line at which the part began then."""

    @cached_property
    def findings(self) -> list[PartFinding]:
        """The findings on its prompts, in order, without those that the baseline accepts."""
        findings = [
            PartFinding(span.shifted(root.start), finding, root, facts)
            for root in self.facts.roots
            for facts in root.facts
            for span, finding in facts.findings
            if BaselineKey(facts.fingerprint, finding.code) not in self.accepted
        ]
        return sorted(findings, key=lambda each: each[:2])

    @cached_property
    def unread(self) -> list[UnreadPlace]:
        """The places that were not read, in order; byte offsets are relative to the part."""
        inside = (
            UnreadPlace(root.start + place, reason)
            for root in self.facts.roots
            for place, reason in root.unread
        )
        return sorted([*self.passed_over, *inside])

    @cached_property
    def ranked(self) -> dict[int, list[int]]:
        """The numbers of its findings, by severity rank."""
        ranks: dict[int, list[int]] = {}
        for number, each in enumerate(self.findings):
            ranks.setdefault(each.finding.severity.rank, []).append(number)
        return ranks


class DocumentParts:
    """The parts of one version of a document."""

    def __init__(
        self,
        data: bytes,
        host: Host,
        parts: Sequence[Part],
        accepted: Collection[BaselineKey],
        *,
        divided: bool,
    ) -> None:
        self.data = data
        self.host = host
        self.parts = parts
        self.accepted = accepted
        self.divided = divided
        """Whether each was read separately."""
        self.starts: list[int] = list(accumulate((each.length for each in parts), initial=0))
        self._roots: dict[int, Sequence[Literal]] = {}
        self._holders: dict[int, Holders] = {}

    @property
    def unread(self) -> list[UnreadPlace]:
        """Return the places that may contain prompts but were not read, in order."""
        if not self.divided:
            return unread(self.data, self.host)
        return [
            UnreadPlace(start + place, reason)
            for start, part in zip(self.starts, self.parts, strict=False)
            for place, reason in part.unread
        ]

    def around(self, span: Span) -> range:
        """Return the numbers of the parts that overlap or touch a range."""
        first = max(0, bisect_left(self.starts, span.start) - 1)
        return range(first, min(len(self.parts), bisect_right(self.starts, span.end)))

    def literals(self, number: int) -> Sequence[Literal]:
        """Return the literals of a part; each is made once, and shared by all callers."""
        if number not in self._roots:
            literals = None
            if self.divided and isinstance(self.host, DivisibleHost):
                place = Span(self.starts[number], self.starts[number + 1])
                literals = self.host.literals_in(self.data, place)
            self._roots[number] = (
                literals_of(self.host, self.data) if literals is None else literals
            )
        return self._roots[number]

    def holder(self, at: int) -> PlacedLiteral | None:
        """Return the first literal that contains a byte; None if there is none."""
        number = self.around(Span(at, at))[-1]
        if number not in self._holders:
            self._holders[number] = Holders(self.literals(number))
        return self._holders[number].of(at)

    @property
    def comments(self) -> list[Comment]:
        """Return the comments of the document and of the code nested in it, in order."""
        if not self.divided or not isinstance(self.host, DivisibleHost):
            return comments(self.data, self.host)
        return [
            Comment(start + each.start, start + each.end, each.text)
            for number, start in enumerate(self.starts[:-1])
            for each in self._comments(number, self.host)
        ]

    def _comments(self, number: int, host: DivisibleHost) -> Sequence[Comment]:
        """Return the comments of a part, by offsets relative to it; they are searched for once."""
        part = self.parts[number]
        if part.comments is None:
            start = self.starts[number]
            own = host.comments_in(self.data, Span(start, start + part.length))
            part.comments = [
                Comment(each.start - start, each.end - start, each.text)
                for each in with_nested(own, self.literals(number))
            ]
        return part.comments

    def chosen(self, number: int, findings: Iterable[int]) -> Iterator["DocumentFinding"]:
        """Yield some findings of a part, by number; the findings of a prompt share it."""
        prompts: dict[tuple[int, int], DocumentPrompt] = {}
        for index in findings:
            span, finding, root, facts = self.parts[number].findings[index]
            key = root.number, facts.number
            if key not in prompts:
                prompts[key] = DocumentPrompt(self, number, root, facts)
            place = span.shifted(self.starts[number])
            yield DocumentFinding(place, finding, prompts[key])

    def prompts(self, numbers: Iterable[int]) -> Iterator["DocumentPrompt"]:
        """Yield the prompts of some parts."""
        for number in numbers:
            for root in self.parts[number].facts.roots:
                for facts in root.facts:
                    yield DocumentPrompt(self, number, root, facts)


@dataclass(frozen=True)
class DocumentPrompt:
    """A prompt of a document."""

    parts: DocumentParts = field(repr=False, compare=False)
    part: int
    root: RootFacts
    """The file's literal that it is, or is nested in."""
    facts: PromptFacts

    @property
    def start(self) -> int:
        """The first byte of that literal."""
        return self.parts.starts[self.part] + self.root.start

    @property
    def enclosure(self) -> Enclosure:
        """Its place in the document, in bytes."""
        return self.facts.enclosure.shifted(self.start)

    @property
    def place(self) -> Span:
        """The bytes of the document that it covers, delimiters included."""
        return self.facts.enclosure.place.shifted(self.start)

    @property
    def _literal(self) -> Literal:
        return self.parts.literals(self.part)[self.root.number]

    @property
    def pointer(self) -> str:
        """A JSON pointer to it if the host is structured, otherwise empty."""
        return self._literal.pointer + self.facts.pointer

    @cached_property
    def literal(self) -> Literal:
        """The literal itself, read from the document."""
        return list(leaves([self._literal]))[self.facts.number]

    @property
    def findings(self) -> Iterator[tuple[Span, Diagnostic]]:
        """The findings on it, suppressed ones included, each with its bytes in the document."""
        return ((span.shifted(self.start), said) for span, said in self.facts.findings)


class DocumentFinding(NamedTuple):
    """A finding and its place."""

    span: Span
    """Bytes of the document."""
    finding: Diagnostic
    prompt: DocumentPrompt | None
    """The prompt it is on; None for a finding on a suppression."""
