"""What is to be said about a document: the same as `flaglift check` says of the file."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from flaglift.check.baseline import BaselineKey
from flaglift.check.directives import MARK, Directive, directives
from flaglift.check.hosts.base import Host
from flaglift.check.hosts.finding import comments, unread
from flaglift.check.hosts.registry import host_named, missing
from flaglift.check.job import FileJob
from flaglift.check.selecting import concerns
from flaglift.check.unused import unused_records
from flaglift.diagnostics import Diagnostic
from flaglift.errors import InputError
from flaglift.linting.engine import find_rule, selected
from flaglift.lossless.spans import Span
from flaglift.lsp.prompts import DocumentPrompt, PromptMemory
from flaglift.report.places import LineIndex, Point
from flaglift.report.text import counted
from flaglift.rules import UNUSED_SUPPRESSION


class DocumentFinding(NamedTuple):
    """A finding, and where it is."""

    span: Span
    """Bytes of the document."""
    finding: Diagnostic
    prompt: DocumentPrompt | None
    """What it is about; None for findings that are about a suppression."""


class ReadingProblem(NamedTuple):
    """Why a document, or a part of it, was not looked at."""

    start: int
    """A byte of the document."""
    message: str


@dataclass
class DocumentReading:
    """What was found in one version of a document."""

    job: FileJob
    host: Host | None = None
    """None where the document could not be read."""
    prompts: Sequence[DocumentPrompt] = ()
    directives: Sequence[Directive] = ()
    findings: list[DocumentFinding] = field(default_factory=list)
    problems: list[ReadingProblem] = field(default_factory=list)

    @property
    def data(self) -> bytes:
        """The document, in UTF-8 without a byte order mark."""
        return self.job.raw

    @cached_property
    def lines(self) -> LineIndex:
        """Its lines, as `flaglift check` counts them."""
        return LineIndex(self.data)

    def prompt_at(self, offset: int) -> DocumentPrompt | None:
        """Return the prompt that holds a byte, or ends there."""
        found = (each for each in self.prompts if each.place.start <= offset <= each.place.end)
        return max(found, key=lambda each: each.place.start, default=None)


def read_document(
    job: FileJob, memory: PromptMemory, accepted: Collection[BaselineKey] = ()
) -> DocumentReading:
    """Return what is to be said about a document; what is `accepted`, by the baseline, is not.

    Raises `ConfigError` or `CatalogError` for unusable settings, and nothing for the content.
    """
    reading = DocumentReading(job)
    if b"\0" in job.raw:
        reading.problems.append(ReadingProblem(0, "is binary, so it is not read"))
        return reading
    if not concerns(job.raw):
        return reading
    try:
        reading.host = host_named(job.host)
        _read(reading, reading.host, memory, accepted)
    except ModuleNotFoundError as error:
        reading.problems.append(ReadingProblem(0, missing(job.host, error)))
    except InputError as error:
        reading.problems.append(ReadingProblem(0, str(error)))
    return reading


def _read(
    reading: DocumentReading, host: Host, memory: PromptMemory, accepted: Collection[BaselineKey]
) -> None:
    job, data = reading.job, reading.data
    reading.prompts = memory.prompts(host.literals(data))
    if MARK in data:
        said = comments(data, host)
        reading.directives = directives(
            said, data, reading.lines, require_reason=job.require_reason
        )
    for prompt in reading.prompts:
        silent = suppressed(prompt, reading)
        for span, finding in prompt.findings:
            if finding.code in silent:
                for directive in silent[finding.code]:
                    directive.used.add(finding.code)
            elif BaselineKey(prompt.facts.fingerprint, finding.code) not in accepted:
                reading.findings.append(DocumentFinding(span, finding, prompt))
    reading.findings += _unused(reading)
    reading.findings.sort(key=lambda each: (each.span, each.finding))
    missed = unread(data, host)
    if missed:
        message = f"not read: {missed[0].reason}; it holds {counted(len(missed), 'flag spelling')}"
        reading.problems.append(ReadingProblem(missed[0].start, message))


def suppressed(prompt: DocumentPrompt, reading: DocumentReading) -> dict[str, list[Directive]]:
    """Return the codes that are not to be reported about a prompt, each with the comments."""
    found: dict[str, list[Directive]] = {}
    for directive in reading.directives:
        for code in directive.codes_for(prompt.enclosure, reading.lines):
            found.setdefault(code, []).append(directive)
    if reading.job.suppressions:
        line = reading.lines.line_of(prompt.place.start)
        for suppression in reading.job.suppressions:
            here = suppression.at in (None, line, prompt.pointer)
            if here and suppression.prompt in (None, prompt.facts.fingerprint):
                for rule in suppression.rules:
                    found.setdefault(find_rule(rule).code, [])
    return found


def _unused(reading: DocumentReading) -> Iterator[DocumentFinding]:
    job = reading.job
    judged = selected(job.settings.select, job.settings.ignore)
    if UNUSED_SUPPRESSION.code in judged:
        records = unused_records(reading.directives, judged, job.shown, reading.data, reading.lines)
        for record in records:
            start, end = (_offset(point, reading.lines) for point in record.region)
            yield DocumentFinding(Span(start, end), record.finding, None)


def _offset(point: Point, lines: LineIndex) -> int:
    return lines.span_of(point.line).start + point.utf8 - 1
