"""What `flaglift check` prints, where it goes, and what it counts."""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flaglift.check.inspection import Seen
from flaglift.check.job import Fixed
from flaglift.diagnostics import Applicability, Severity
from flaglift.errors import InputError, reason
from flaglift.report.formats import renderer, text_lines
from flaglift.report.record import Record, Report
from flaglift.report.text import Line, counted, may_be_coloured, plain, visible, write


def print_report(report: Report, form: str, *, error: bool = False) -> None:
    """Print findings in a format, for people with colours where they can be seen."""
    lines = text_lines(form)
    if lines is None:
        write(sys.stderr if error else sys.stdout, renderer(form)(report))
    else:
        print_lines(lines(report), error=error)


def print_lines(lines: Iterable[Line], values: Any = None, *, error: bool = False) -> None:
    """Print lines, or the values that they stand for as JSON."""
    stream = sys.stderr if error else sys.stdout
    if values is not None:
        write(stream, json.dumps(values, ensure_ascii=False, indent=2) + "\n")
    elif may_be_coloured(stream):
        from flaglift.report.terminal import say

        for line in lines:
            say(*line, error=error)
    else:
        write(stream, plain(lines))


def write_report(report: Report, form: str, path: str) -> None:
    """Write findings to a file in a format; raises `InputError` where that fails."""
    try:
        Path(path).write_text(renderer(form)(report), encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {reason(error)}") from None


def seen_lines(seen: Sequence[Seen]) -> Iterator[Line]:
    """Yield every candidate with the reasons for and against it."""
    for each in seen:
        verdict = ("prompt", "bold green") if each.taken else ("not a prompt", "dim")
        where = visible(f"{each.path}:{each.line}:{each.column}: ")
        yield ((where, "bold"), verdict, f" ({each.score:+d})  {visible(each.excerpt)}")
        names = (each.host, each.pointer, each.fingerprint)
        yield ("  = ", "  ".join(visible(name) for name in names if name))
        for points, text in each.reasons:
            yield (f"  {points:+3d}  ", visible(text))


@dataclass
class Tally:
    """What a run counts for its last line."""

    severities: Counter[Severity] = field(default_factory=Counter)
    fixable: Counter[Applicability] = field(default_factory=Counter)
    accepted: int = 0
    fixed: int = 0
    moved: int = 0
    taken_out: int = 0

    def add_record(self, record: Record) -> None:
        """Count a finding."""
        self.severities[record.finding.severity] += 1
        if record.finding.fix:
            self.fixable[record.finding.fix.applicability] += 1

    def add_fixed(self, fixed: Fixed) -> None:
        """Count what was changed in a file."""
        self.fixed += fixed.fixed
        self.moved += fixed.moved
        self.taken_out += fixed.taken_out

    def summary(self, *, would: bool, fix: bool, unsafe: bool) -> str:
        """Return the last line; empty where there is nothing to say.

        `would` is for changes that are only shown, and `fix` and `unsafe` for what was applied.
        """
        changes = [
            f"would {verb} {counted(count, what)}{where}"
            if would
            else f"{done} {counted(count, what)}{where}"
            for count, verb, done, what, where in (
                (self.fixed, "fix", "fixed", "prompt", ""),
                (self.moved, "move", "moved", "prompt", " to fields"),
                (self.taken_out, "take out", "took out", "suppression", ""),
            )
            if count
        ]
        counts = [] if would else [self._counts(), self._hint(fix, unsafe)]
        accepted = [f"{self.accepted} in the baseline"] if self.accepted and not would else []
        return "; ".join(filter(None, [", ".join(changes), *counts, *accepted]))

    def _counts(self) -> str:
        return ", ".join(
            f"{count} info" if severity is Severity.INFO else counted(count, severity.value)
            for severity in Severity
            if (count := self.severities[severity])
        )

    def _hint(self, fix: bool, unsafe: bool) -> str:
        """Return which options would fix something."""
        kinds = [(Applicability.SAFE, "--fix"), (Applicability.UNSAFE, "--unsafe-fixes")]
        return ", ".join(
            f"{count} fixable with {option}"
            for kind, option in kinds[2 if unsafe else int(fix) :]
            if (count := self.fixable[kind])
        )
