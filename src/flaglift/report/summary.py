"""The last line of a run: the numbers of findings and fixes."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from flaglift.diagnostics import Applicability, Severity
from flaglift.report.record import LocatedFinding
from flaglift.report.text import counted

_MANY = 10
"""The number of info findings from which on a hint is shown."""


@dataclass
class Summary:
    """The counts for the last line of a run."""

    severities: Counter[Severity] = field(default_factory=Counter)
    by_rule: dict[str, Counter[Severity]] = field(default_factory=lambda: defaultdict(Counter))
    fixable: Counter[Applicability] = field(default_factory=Counter)
    accepted: int = 0
    unchanged: int = 0
    """Findings that exist with another edition of the catalog too."""
    fixed: int = 0
    moved: int = 0
    taken_out: int = 0

    def add_record(self, record: LocatedFinding) -> None:
        """Count a finding."""
        self.severities[record.finding.severity] += 1
        self.by_rule[record.finding.code][record.finding.severity] += 1
        if record.finding.fix:
            self.fixable[record.finding.fix.applicability] += 1

    def text(self, *, would: bool, fix: bool, unsafe: bool) -> str:
        """Return the last line; empty if there is nothing to report.

        `would` is set if changes are only shown; `fix` and `unsafe` say which fixes were applied.
        """
        changes = [
            f"would {verb} {counted(count, what)}{where}"
            if would
            else f"{done} {counted(count, what)}{where}"
            for count, verb, done, what, where in (
                (self.fixed, "fix", "fixed", "prompt", ""),
                (self.moved, "move", "moved", "prompt", " to fields"),
                (self.taken_out, "remove", "removed", "suppression", ""),
            )
            if count
        ]
        counts = [] if would else [self._counts(), self._hint(fix, unsafe)]
        accepted = [f"{self.accepted} in the baseline"] if self.accepted and not would else []
        same = [f"{self.unchanged} the same in the other edition"] if self.unchanged else []
        return "; ".join(filter(None, [", ".join(changes), *counts, *accepted, *same]))

    def hiding(self) -> str:
        """Return a hint on how to hide info findings if there are many; otherwise nothing."""
        quiet = {
            code: counts[Severity.INFO]
            for code, counts in sorted(self.by_rule.items())
            if set(counts) == {Severity.INFO}
        }
        count = sum(quiet.values())
        if count < _MANY:
            return ""
        return f"`--ignore {','.join(quiet)}` hides {count} info findings"

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
