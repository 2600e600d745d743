"""One run of `flaglift check`: files are checked or fixed, and the findings printed."""

import gc
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flaglift.check.baseline import Baseline, BaselineKey, key_of, read_baseline
from flaglift.check.job import FileOutcome, Task, Unused, Wanted
from flaglift.check.selecting import Concerned
from flaglift.cli import EXIT_FINDINGS, EXIT_UNUSABLE, tell
from flaglift.cli.check_files import CheckOptions, KnownFinding, Project
from flaglift.diagnostics import Severity
from flaglift.report.candidates import CandidateReport, Statistics, candidate_lines
from flaglift.report.output import print_json, print_lines, print_report, put, write_report
from flaglift.report.record import FindingsReport, LocatedFinding
from flaglift.report.summary import Summary

_WITH_REPLACEMENTS = ("sarif", "rdjson")
"""Formats that include the file changes of fixes."""

_BETWEEN_COLLECTIONS = 20_000
"""In objects made and not deleted."""


@dataclass
class CheckRun:
    """One run: its options, and the findings so far."""

    project: Project
    options: CheckOptions
    known: frozenset[KnownFinding] = frozenset()
    """Findings that another edition of the catalog has too."""
    records: list[LocatedFinding] = field(default_factory=list)
    candidates: list[CandidateReport] = field(default_factory=list)
    unused: list[Unused] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    baseline: Baseline = field(default_factory=lambda: Baseline({}))
    met: set[BaselineKey] = field(default_factory=set)
    """The entries of the baseline that the run has found."""
    summary: Summary = field(default_factory=Summary)
    failing: bool = False
    """Whether any finding makes the exit code 1."""

    def check(self, concerned: Sequence[Concerned], baseline: str | Path | None) -> None:
        """Check files. Raises `FlagliftError` if the whole run is useless."""
        if baseline:
            self.baseline = read_baseline(Path(baseline))
        # Few of the many small objects of a file are in cycles: looking for some took an eighth.
        gc.set_threshold(_BETWEEN_COLLECTIONS)
        answered = False
        for outcome in self.project.outcomes(concerned, self._task()):
            self._take(outcome)
            answered |= outcome.output is not None
        if self.options.fixing and not self.options.diff and not answered:
            _put(self.project.selection.stdin)  # it was not checked: output unchanged
        for note in self.project.notes:
            tell(f"flaglift: {note}")
        for problem in self.project.problems:
            self._say(problem)
        self._take_unused()
        if baseline and self.project.covers(os.path.dirname(baseline)):
            self._take_stale(Path(baseline))

    def _task(self) -> Task:
        options = self.options
        wanted = Wanted(
            safe=options.fixing or options.diff,
            unsafe=options.unsafe_fixes,
            # A diff that is not limited to safe fixes shows everything that could be done.
            moves=options.unsafe_fixes or (options.diff and not options.fix),
            accepted=self.baseline.keys,
        )
        formats = {options.output_format, *(form for form, _ in options.reports)}
        return Task(wanted, options.diff, bool(formats.intersection(_WITH_REPLACEMENTS)))

    def _take(self, outcome: FileOutcome) -> None:
        """Add the outcome for one file."""
        if outcome.problem:
            self._say(outcome.problem)
        if outcome.fixed:
            self.summary.fixed += outcome.fixed.fixed
            self.summary.moved += outcome.fixed.moved
            self.summary.taken_out += outcome.fixed.taken_out
            for note in outcome.fixed.notes:
                tell(f"flaglift: {note}")
        if outcome.is_unstaged:
            self.failing = True  # the next commit would contain the staged content
            tell(f"flaglift: {outcome.job.shown}: fixed, but not staged; `git add` it")
        if outcome.output is not None:
            _put(outcome.output)
        put(outcome.diff)
        self.failing |= bool(outcome.diff)
        self.candidates += outcome.inspection.candidates
        self.unused += outcome.inspection.unused
        self._report(outcome.inspection.records, outcome.job.settings.fail_on)

    def _report(self, records: Iterable[LocatedFinding], fail_on: str) -> None:
        """Add findings, without those in the baseline."""
        least = Severity(fail_on).rank
        for record in records:
            key = key_of(record)
            if key in self.baseline.entries:
                self.met.add(key)
                self.summary.accepted += 1
                continue
            if (key, record.finding.message) in self.known:
                self.summary.unchanged += 1
                continue
            self.records.append(record)
            self.summary.add_record(record)
            self.failing |= record.finding.severity.rank <= least and not self.options.diff

    def _say(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)
            tell(f"flaglift: {problem}")

    def _take_unused(self) -> None:
        """Remove suppressions in the configuration that have no effect, or report them.

        Those of files that are not there are only reported, where all files are checked.
        """
        used = self.project.selection.configurations.used
        whole = [e for e in used if e.source and self.project.covers(os.path.dirname(e.source))]
        lost = [each for each in whole if each.files.suppressions]
        if not (self.unused or lost):
            return
        from flaglift.check.config_suppressions import lost_records, take_out, unused_records

        if self.options.fixing and not self.options.diff:
            self.summary.taken_out += take_out(self.unused)
        else:
            self._report(unused_records(self.unused), self.project.configuration.settings.fail_on)
        self._report(lost_records(lost), self.project.configuration.settings.fail_on)

    def _take_stale(self, path: Path) -> None:
        """Report entries of the baseline that are no longer found."""
        stale = self.baseline.keys - self.met
        if stale:
            from flaglift.check.baseline import stale_records

            settings = self.project.configuration.settings
            self._report(stale_records(path, stale, settings), settings.fail_on)

    def finish(self) -> int:
        """Print the messages that come once, after all files; return the exit code."""
        options = self.options
        notes = [str(self.project.selection.unread)]
        report = FindingsReport(self.records, self.problems, [*filter(None, notes)])
        for form, path in options.reports:
            write_report(report, form, path)
        if not options.diff:
            self._print(report)
        if options.diff or options.output_format in ("full", "concise"):
            summary = self.summary.text(
                would=options.diff, fix=options.fixing, unsafe=options.unsafe_fixes
            )
            if summary:
                tell(summary)
        hint = "" if options.diff else self.summary.hiding()
        if hint and options.output_format == "full":
            tell(f"flaglift: {hint}")
        if self.project.say_unread(fail=options.fail_on_unread) or self.problems:
            return EXIT_UNUSABLE
        return EXIT_FINDINGS if self.failing and not options.exit_zero else 0

    def _print(self, report: FindingsReport) -> None:
        options = self.options
        as_json = options.output_format in ("json", "jsonl")
        if options.statistics:
            statistics = Statistics()
            statistics.add(self.records, self.candidates)
            if as_json:
                print_json(statistics.to_dict())
            else:
                print_lines(statistics.lines())
        elif options.show_prompts:
            if as_json:
                print_json([each.to_dict() for each in self.candidates])
            else:
                print_lines(candidate_lines(self.candidates))
        else:
            # The fixed text goes to standard output.
            aside = options.fixing and "-" in self.project.paths
            print_report(report, options.output_format, error=aside)


def _put(data: bytes) -> None:
    put(data.decode("utf-8", "surrogateescape"))


def findings_of(project: Project) -> frozenset[KnownFinding]:
    """Return the findings with a project's settings. Its problems are reported by another run."""
    return frozenset(
        (key_of(record), record.finding.message)
        for outcome in project.outcomes(project.concerned(), Task())
        for record in outcome.inspection.records
    )
