"""Findings of one prompt as text: place, marked prompt, message, and fix."""

import sys
from collections.abc import Sequence

from flaglift.diagnostics import Diagnostic
from flaglift.lossless.spans import Span
from flaglift.report.formats.full import view
from flaglift.report.places import LineIndex
from flaglift.report.record import Frame, record_at
from flaglift.report.terminal import say
from flaglift.report.text import columns_of


def print_findings(findings: Sequence[Diagnostic], prompt: str) -> None:
    """Print the findings of a prompt to standard error."""
    if not findings:
        return
    lines = LineIndex(prompt.encode())
    records = []
    for finding in findings:
        start = len(prompt[: finding.start].encode())
        span = Span(start, start + len(prompt[finding.start : finding.end].encode()))
        frame = Frame(prompt, finding.start, finding.end - finding.start)
        records.append(record_at("prompt", lines, span, finding, frame))
    for line in view(records, columns_of(sys.stderr)):
        say(*line, error=True)
