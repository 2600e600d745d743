"""Renders each literal that may be a prompt, and counts all of them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from flaglift.report.paths import as_text
from flaglift.report.record import LocatedFinding
from flaglift.report.text import Line, counted


class CandidateReport(NamedTuple):
    """A literal with a flag or a near miss, and whether it is classified as a prompt."""

    path: str
    line: int
    column: int
    """In code points, from 1."""
    host: str
    pointer: str
    fingerprint: str
    """Empty if it is not a prompt."""
    excerpt: str
    taken: bool
    score: int
    reasons: list[tuple[int, str]]
    """Points for and against, each with its evidence."""
    models: list[str]
    """The models that its video prompts name."""
    flags: list[str]
    """With their dashes, in order."""
    cents: float | None
    """The price of its videos; None if it is not a video prompt, or the price is unknown."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        reasons = [{"points": points, "text": text} for points, text in self.reasons]
        return {**self._asdict(), "path": as_text(self.path), "reasons": reasons}


def candidate_lines(candidates: Sequence[CandidateReport]) -> Iterator[Line]:
    """Yield every candidate with the reasons for and against it."""
    for each in candidates:
        verdict = ("prompt", "bold green") if each.taken else ("not a prompt", "dim")
        where = f"{each.path}:{each.line}:{each.column}: "
        yield ((where, "bold"), verdict, f" ({each.score:+d})  {each.excerpt}")
        names = (each.host, each.pointer, each.fingerprint)
        yield ("  = ", "  ".join(filter(None, names)))
        for points, text in each.reasons:
            yield (f"  {points:+3d}  ", text)


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
    """Candidates not classified as prompts."""
    cents: float = 0
    """The total of the known prices, each video counted once."""
    priced: int = 0
    """Prompts whose price is known."""

    def add(self, records: Iterable[LocatedFinding], candidates: Iterable[CandidateReport]) -> None:
        """Count the findings and candidates of a file."""
        self.rules.update((each.finding.code, each.finding.rule) for each in records)
        for each in candidates:
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
        left_out = f"  ({counted(self.skipped, 'look-alike')} skipped)"
        yield (("prompts", "bold"), f"{self.prompts:6}", left_out)
        from flaglift.rules.base import cents  # noqa: PLC0415 (most runs print no counts)

        cost = f"{cents(self.cents):>8}"
        yield (("price  ", "bold"), cost, f" for the {self.priced} whose price is known")


def _ranked(counts: Counter[Any]) -> list[tuple[Any, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
