"""Findings as the protocol's diagnostics."""

from collections.abc import Iterator, Sequence

import attrs
from lsprotocol.types import (
    CodeDescription,
    DiagnosticSeverity,
    DiagnosticTag,
    Position,
    Range,
)
from lsprotocol.types import Diagnostic as EditorDiagnostic

from flaglift.diagnostics import Severity
from flaglift.documentation import rule_link
from flaglift.lossless.spans import Span
from flaglift.lsp.documents import DocumentVersion
from flaglift.lsp.parts import DocumentFinding, DocumentParts
from flaglift.lsp.reading import DocumentReading
from flaglift.lsp.session import VersionReading
from flaglift.report.text import counted
from flaglift.rules import UNUSED_SUPPRESSION

SOURCE = "flaglift"
MOST_FINDINGS = 1000
"""The most findings to show for a document: editors show no more, and each costs time."""

_SEVERITIES = {
    Severity.ERROR: DiagnosticSeverity.Error,
    Severity.WARNING: DiagnosticSeverity.Warning,
    Severity.INFO: DiagnosticSeverity.Information,
}


def diagnostics(current: VersionReading) -> dict[str, list[EditorDiagnostic]]:
    """Return the diagnostics of each part, by its address; if too many, the most severe."""
    shown: dict[str, list[EditorDiagnostic]] = {uri: [] for uri in current.version.versions()}
    if current.reading is None:
        return shown
    for span, severity, message in _problems(current):
        location = current.version.location(span)
        said = EditorDiagnostic(location.range, message, severity, source=SOURCE)
        shown[location.uri].append(said)
    for uri, said in _shown(current.version, current.reading):
        shown[uri].append(said)
    if current.reading.unused:  # otherwise they are in order
        for each in shown.values():
            each.sort(key=lambda said: (said.range.start.line, said.range.start.character))
    return shown


def _shown(
    version: DocumentVersion, reading: DocumentReading
) -> Iterator[tuple[str, EditorDiagnostic]]:
    """Yield the diagnostics for findings, each with the address of its part of the document."""
    parts = reading.parts
    if parts is None:
        return
    chosen, unused = _worst_of(reading, parts)
    for each in unused:
        location = version.location(each.span)
        yield location.uri, _diagnostic(location.range, each)
    for number, indices in enumerate(chosen):
        line = version.line_at(parts.starts[number])
        known = parts.parts[number].shown
        for index in indices:
            if line is not None and index in known:
                uri, was, said = known[index]
                if was != line:
                    said = attrs.evolve(said, range=_moved(said.range, line - was))
                    known[index] = uri, line, said
            else:
                (each,) = parts.chosen(number, [index])
                location = version.location(each.span)
                uri, said = location.uri, _diagnostic(location.range, each)
                if line is not None:
                    known[index] = uri, line, said
            yield uri, said


def _moved(place: Range, lines: int) -> Range:
    start, end = place.start, place.end
    return Range(
        Position(start.line + lines, start.character), Position(end.line + lines, end.character)
    )


def _worst_of(
    reading: DocumentReading, parts: DocumentParts
) -> tuple[Sequence[Sequence[int]], Sequence[DocumentFinding]]:
    """Return the numbers of each part's findings to show, and the findings that have no part."""
    if reading.count <= MOST_FINDINGS:
        return reading.shown, reading.unused
    left = MOST_FINDINGS
    chosen: list[list[int]] = [[] for _ in parts.parts]
    others: list[DocumentFinding] = []
    shown = [frozenset(numbers) for numbers in reading.shown]
    for rank in sorted(severity.rank for severity in Severity):
        for number, part in enumerate(parts.parts):
            more = [each for each in part.ranked.get(rank, ()) if each in shown[number]][:left]
            chosen[number] += more
            left -= len(more)
        unused = [each for each in reading.unused if each.finding.severity.rank == rank]
        others += unused[:left]
        left -= len(unused[:left])
    return [sorted(each) for each in chosen], others


def diagnostic(version: DocumentVersion, document_finding: DocumentFinding) -> EditorDiagnostic:
    """Return the diagnostic for a finding."""
    return _diagnostic(version.location(document_finding.span).range, document_finding)


def _diagnostic(place: Range, document_finding: DocumentFinding) -> EditorDiagnostic:
    finding = document_finding.finding
    return EditorDiagnostic(
        place,
        finding.message,
        _SEVERITIES[finding.severity],
        finding.code,
        CodeDescription(rule_link(finding.code)),
        SOURCE,
        tags=[DiagnosticTag.Unnecessary] if finding.code == UNUSED_SUPPRESSION.code else None,
    )


def _problems(current: VersionReading) -> Iterator[tuple[Span, DiagnosticSeverity, str]]:
    """Yield the messages about the document as a whole, and about places that were not read."""
    if current.reading is None:
        return
    top = Span(0, 0)
    if current.resolved.problem:
        said = f"the configuration cannot be used: {current.resolved.problem}"
        yield top, DiagnosticSeverity.Error, said
    for start, message in current.reading.problems:
        yield Span(start, start), DiagnosticSeverity.Warning, message
    count = current.reading.count
    if count > MOST_FINDINGS:
        said = (
            f"the worst {MOST_FINDINGS} of {counted(count, 'finding')} are shown; "
            "`flaglift check` lists them all"
        )
        yield top, DiagnosticSeverity.Information, said
