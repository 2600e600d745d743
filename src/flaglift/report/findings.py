"""Findings of one prompt as text: where, what, the line with a mark under it, and the fix."""

from flaglift.diagnostics import Diagnostic
from flaglift.lossless.spans import Span
from flaglift.report.formats.concise import head
from flaglift.report.formats.full import details
from flaglift.report.places import LineIndex
from flaglift.report.record import record_at
from flaglift.report.terminal import say


def print_finding(finding: Diagnostic, prompt: str) -> None:
    """Print one finding of a prompt to standard error."""
    start = len(prompt[: finding.start].encode())
    span = Span(start, start + len(prompt[finding.start : finding.end].encode()))
    record = record_at("prompt", LineIndex(prompt.encode()), span, finding)
    for line in (head(record), *details(record)):
        say(*line, error=True)
