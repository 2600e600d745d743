"""What a run found, counted: by rule, model and flag, and what the videos cost."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from flaglift.check.inspection import Seen
from flaglift.report.record import Record
from flaglift.report.text import Line, counted


@dataclass
class Statistics:
    """Counts of a run."""

    rules: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Findings, by code and name."""
    models: Counter[str] = field(default_factory=Counter)
    """Video prompts, by the model that they name."""
    flags: Counter[str] = field(default_factory=Counter)
    prompts: int = 0
    skipped: int = 0
    """Candidates that are not taken for prompts."""
    cents: float = 0
    """What the videos whose price is known cost, once each."""
    priced: int = 0
    """Prompts whose price is known."""

    def add(self, records: Iterable[Record], seen: Iterable[Seen]) -> None:
        """Count what was found in a file."""
        self.rules.update((each.finding.code, each.finding.rule) for each in records)
        for each in seen:
            if not each.taken:
                self.skipped += 1
                continue
            self.prompts += 1
            self.models.update(each.models)
            self.flags.update(each.flags)
            if each.cents is not None:
                self.cents += each.cents
                self.priced += 1

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON-ready values; the price in cents."""
        return {
            "rules": [
                {"code": code, "rule": rule, "count": count}
                for (code, rule), count in _ranked(self.rules)
            ],
            "models": [{"model": name, "count": count} for name, count in _ranked(self.models)],
            "flags": [{"flag": name, "count": count} for name, count in _ranked(self.flags)],
            "prompts": self.prompts,
            "skipped": self.skipped,
            "price": {"cents": round(self.cents, 2), "prompts": self.priced},
        }

    def lines(self) -> Iterator[Line]:
        """Yield the counts as text."""
        rules: Counter[str] = Counter()
        for (code, rule), count in self.rules.items():
            rules[f"{code} {rule}"] = count
        for title, counts in (("rule", rules), ("model", self.models), ("flag", self.flags)):
            for number, (name, count) in enumerate(_ranked(counts)):
                head = title if number == 0 else ""
                yield ((f"{head:7}", "bold"), f"{count:6}  {name}")
        left_out = f"  ({counted(self.skipped, 'look-alike')} left out)"
        yield (("prompts", "bold"), f"{self.prompts:6}", left_out)
        from flaglift.rules.base import cents  # noqa: PLC0415 (most runs print no counts)

        cost = f"{cents(self.cents):>8}"
        yield (("price  ", "bold"), cost, f" for the {self.priced} whose price is known")


def _ranked(counts: Counter[Any]) -> list[tuple[Any, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
