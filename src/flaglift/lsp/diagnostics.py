"""Findings as the protocol's diagnostics."""

from collections.abc import Iterator, Sequence
from operator import attrgetter

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
"""Findings of a document that are shown: editors show no more, and each takes its time."""

_SEVERITIES = {
    Severity.ERROR: DiagnosticSeverity.Error,
    Severity.WARNING: DiagnosticSeverity.Warning,
    Severity.INFO: DiagnosticSeverity.Information,
}

_RANKS = {severity: severity.rank for severity in Severity}


def diagnostics(current: VersionReading) -> dict[str, list[EditorDiagnostic]]:
    """Return what is shown in each part of a document, by its address; of very many, the worst."""
    shown: dict[str, list[EditorDiagnostic]] = {uri: [] for uri in current.version.versions()}
    if current.reading is None:
        return shown
    for span, severity, message in _problems(current):
        location = current.version.location(span)
        said = EditorDiagnostic(location.range, message, severity, source=SOURCE)
        shown[location.uri].append(said)
    for uri, said in _shown(current.version, current.reading):
        shown[uri].append(said)
    return shown


def _shown(
    version: DocumentVersion, reading: DocumentReading
) -> Iterator[tuple[str, EditorDiagnostic]]:
    """Yield what is shown of findings, each with the address of the part of the document."""
    parts = reading.parts
    if parts is None or not reading.is_plain:
        for each in _worst(reading.findings):
            location = version.location(each.span)
            yield location.uri, _diagnostic(location.range, each)
        return
    for number, indices in enumerate(_worst_of(parts)):
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


def _worst_of(parts: DocumentParts) -> list[Sequence[int]]:
    """Return the numbers of the findings of each part that are shown, in order."""
    if parts.count <= MOST_FINDINGS:
        return [range(len(part.findings)) for part in parts.parts]
    left = MOST_FINDINGS
    chosen: list[list[int]] = [[] for _ in parts.parts]
    for rank in sorted(_RANKS.values()):
        for number, part in enumerate(parts.parts):
            more = part.ranked.get(rank, [])[:left]
            chosen[number] += more
            left -= len(more)
    return [sorted(each) for each in chosen]


def diagnostic(version: DocumentVersion, document_finding: DocumentFinding) -> EditorDiagnostic:
    """Return what is shown of a finding."""
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


def _worst(findings: Sequence[DocumentFinding]) -> Sequence[DocumentFinding]:
    """Return as many findings as are shown, in order."""
    if len(findings) <= MOST_FINDINGS:
        return findings
    ranked = sorted(findings, key=lambda each: _RANKS[each.finding.severity])
    return sorted(ranked[:MOST_FINDINGS], key=attrgetter("span"))


def _problems(current: VersionReading) -> Iterator[tuple[Span, DiagnosticSeverity, str]]:
    """Yield what is to be said about the document as a whole, and about parts that are not read."""
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
