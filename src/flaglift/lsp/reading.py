"""The findings on a document, the same ones that `flaglift check` reports for the file."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from flaglift.check.directives import (
    MARK,
    UNREAD,
    Directive,
    Reach,
    code_of,
    directives,
    judged,
    passing,
    settle,
    unread_spot,
)
from flaglift.check.hosts.base import Host, Literal, UnreadPlace
from flaglift.check.hosts.patience import patience
from flaglift.check.hosts.registry import host_named, missing
from flaglift.check.hosts.unread import not_read
from flaglift.check.job import FileJob
from flaglift.check.selecting import concerns
from flaglift.check.unused import unused_records
from flaglift.errors import InputError
from flaglift.lossless.spans import Span
from flaglift.lsp.dividing import PartReader
from flaglift.lsp.parts import DocumentFinding, DocumentParts, DocumentPrompt
from flaglift.report.places import LineIndex, Point
from flaglift.rules import UNUSED_SUPPRESSION


class ReadingProblem(NamedTuple):
    """Why a document, or a part of it, was not checked."""

    start: int
    """A byte of the document."""
    message: str


@dataclass
class DocumentReading:
    """The result of checking one version of a document."""

    job: FileJob
    host: Host | None = None
    """None if the document could not be read."""
    parts: DocumentParts | None = None
    directives: Sequence[Directive] = ()
    problems: list[ReadingProblem] = field(default_factory=list)

    @property
    def data(self) -> bytes:
        """The document, in UTF-8 without a byte order mark."""
        return self.job.raw

    @cached_property
    def lines(self) -> LineIndex:
        """Its lines, numbered as by `flaglift check`."""
        return LineIndex(self.data)

    @cached_property
    def prompts(self) -> Sequence[DocumentPrompt]:
        """Its prompts, in order."""
        return list(self.parts.prompts(range(len(self.parts.parts)))) if self.parts else []

    @cached_property
    def shown(self) -> Sequence[Sequence[int]]:
        """For each part, the numbers of the findings that are not suppressed."""
        if self.parts is None:
            return []
        shown: list[Sequence[int]] = [range(len(part.findings)) for part in self.parts.parts]
        for number, near in _concerned(self, self.parts).items():
            silent = {}
            for prompt in self.parts.prompts([number]):
                codes = suppressed(prompt, self, near)
                silent[prompt.root.number, prompt.facts.number] = codes
                for _, finding in prompt.findings:
                    for directive in codes.get(finding.code, ()):
                        directive.used.add(finding.code)
            shown[number] = [
                index
                for index, each in enumerate(self.parts.parts[number].findings)
                if each.finding.code not in silent[each.root.number, each.facts.number]
            ]
        return shown

    @cached_property
    def unused(self) -> Sequence[DocumentFinding]:
        """The findings on suppressions, in order."""
        return sorted(_unused(self)) if self.shown else []

    @cached_property
    def findings(self) -> Sequence[DocumentFinding]:
        """The findings, in order, without those that are suppressed or accepted."""
        return self._findings(range(len(self.shown)))

    @property
    def count(self) -> int:
        """The number of findings."""
        return sum(map(len, self.shown)) + len(self.unused)

    def _findings(self, numbers: Iterable[int]) -> list[DocumentFinding]:
        """Return the findings of some parts and on suppressions, in order."""
        if self.parts is None:
            return []
        said = [each for n in numbers for each in self.parts.chosen(n, self.shown[n])]
        return sorted([*said, *self.unused], key=lambda each: (each.span, each.finding))

    def findings_in(self, place: Span) -> list[DocumentFinding]:
        """Return the findings that overlap or touch a range."""
        near = self.parts.around(place) if self.parts else ()
        return [
            each
            for each in self._findings(near)
            if each.span.start <= place.end and place.start <= each.span.end
        ]

    def prompts_in(self, place: Span) -> list[DocumentPrompt]:
        """Return the prompts that overlap or touch a range."""
        near = self.parts.prompts(self.parts.around(place)) if self.parts else ()
        return [
            each for each in near if each.place.start <= place.end and place.start <= each.place.end
        ]

    def literals_around(self, offset: int) -> Iterator[Literal]:
        """Yield the file's literals in the parts around a byte, whether they are prompts or not."""
        if self.parts:
            for number in self.parts.around(Span(offset, offset)):
                yield from self.parts.literals(number)

    def prompt_at(self, offset: int) -> DocumentPrompt | None:
        """Return the prompt that contains a byte, or ends there."""
        prompts = self.prompts_in(Span(offset, offset))
        return max(prompts, key=lambda each: each.place.start, default=None)


def read_document(
    job: FileJob, reader: PartReader, last: DocumentParts | None = None
) -> DocumentReading:
    """Return the result of checking a document; parts shared with `last` are not read again.

    Raises `ConfigError` or `CatalogError` for unusable settings, but never for the content.
    """
    reading = DocumentReading(job)
    if b"\0" in job.raw:
        reading.problems.append(ReadingProblem(0, "is binary, so it is not read"))
        return reading
    if not concerns(job.raw):
        return reading
    try:
        reading.host = host_named(job.host)
        with patience(len(job.raw)):
            _read(reading, reading.host, reader, last)
    except ModuleNotFoundError as error:
        reading.problems.append(ReadingProblem(0, missing(job.host, error)))
    except InputError as error:
        reading.problems.append(ReadingProblem(0, str(error)))
    return reading


def _read(
    reading: DocumentReading, host: Host, reader: PartReader, last: DocumentParts | None
) -> None:
    job, data = reading.job, reading.data
    reading.parts = reader.read(data, host, last, divide=not job.suppressions)
    if MARK in data:
        reading.directives = directives(
            reading.parts.comments, data, reading.lines, require_reason=job.require_reason
        )
        _settle(reading.directives, reading.parts, reading.lines)
    missed = [place for place in reading.parts.unread if not _passes(place, reading, reading.parts)]
    if missed:
        reading.problems.append(ReadingProblem(missed[0].start, not_read(missed)))


def _passes(place: UnreadPlace, reading: DocumentReading, parts: DocumentParts) -> bool:
    """Return whether it is suppressed that a place was not read."""
    if not (reading.directives or reading.job.suppressions):
        return False
    spot = unread_spot(place.start, parts.holder(place.start))
    passing_it = passing(spot, reading.directives, reading.job.suppressions, reading.lines)
    for each in passing_it:
        if isinstance(each, Directive):
            each.used.add(UNREAD)
    return bool(passing_it)


def _settle(directives: Sequence[Directive], parts: DocumentParts, lines: LineIndex) -> None:
    """Note which comments have a line in common with a prompt."""
    near: set[int] = set()
    for directive in directives:
        reach = directive.reach_in(lines) if directive.reach is Reach.IGNORE else None
        near.update(parts.around(reach) if reach else ())
    settle(directives, (prompt.place for prompt in parts.prompts(near)), lines)


def _concerned(reading: DocumentReading, parts: DocumentParts) -> dict[int, list[Directive]]:
    """Return the suppression comments by the numbers of the parts that they may apply to."""
    every = range(len(parts.parts))
    concerned: dict[int, list[Directive]] = {}
    if reading.job.suppressions:
        concerned.update((number, []) for number in every)
    for directive in reading.directives:
        reach = directive.reach_in(reading.lines)
        for number in parts.around(reach) if reach else ():
            concerned.setdefault(number, []).append(directive)
    return concerned


def suppressed(
    prompt: DocumentPrompt, reading: DocumentReading, near: Iterable[Directive]
) -> dict[str, list[Directive]]:
    """Return the codes that are suppressed for a prompt, each with the comments that do so."""
    silenced: dict[str, list[Directive]] = {}
    for directive in near:
        for code in directive.codes_for(prompt.enclosure, reading.lines):
            silenced.setdefault(code, []).append(directive)
    if reading.job.suppressions:
        line = reading.lines.line_of(prompt.place.start)
        for suppression in reading.job.suppressions:
            here = suppression.at in (None, line, prompt.pointer)
            if here and suppression.prompt in (None, prompt.facts.fingerprint):
                for rule in suppression.rules:
                    silenced.setdefault(code_of(rule), [])
    silenced.pop(UNREAD, None)  # it is no rule
    return silenced


def _unused(reading: DocumentReading) -> Iterator[DocumentFinding]:
    job = reading.job
    codes = judged(job.settings)
    if UNUSED_SUPPRESSION.code in codes:
        records = unused_records(reading.directives, codes, job.shown, reading.data, reading.lines)
        for record in records:
            start, end = (_offset(point, reading.lines) for point in record.region)
            yield DocumentFinding(Span(start, end), record.finding, None)


def _offset(point: Point, lines: LineIndex) -> int:
    return lines.span_of(point.line).start + point.utf8 - 1
