"""The counts of a run. They are saved with the checkpoint, so they contain no prompt text."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from flaglift.migrate.records import Problem, StoredRecord, Verdict

_PLACES = 6
"""Decimals of a sum in cents: more than any price has, few enough for the order not to matter."""


_MOST = 2**63
"""No count of records or bytes is as large; it also leaves out NaN, and what no float holds."""


@dataclass
class Tally:
    """What was found in the records read so far. Money is in cents."""

    records: int = 0
    bytes: int = 0
    changed: int = 0
    """Records written, or to be written."""
    without: int = 0
    """Records without a prompt: a null, an empty list, no such key."""
    translated: int = 0
    mended: int = 0
    """Translated prompts that needed a fix or another model."""
    unchanged: int = 0
    refused: int = 0
    problems: int = 0
    """Records that cannot be read."""
    raced: int = 0
    """Records changed by others during the run, and decided again."""
    gone: int = 0
    """Records deleted by others during the run."""
    listed: int = 0
    """Bytes of the list of refused and unreadable records."""
    refusals: Counter[str] = field(default_factory=Counter)
    """By code; a prompt counts once for each of its codes."""
    codes: Counter[str] = field(default_factory=Counter)
    """All findings by code."""
    findings: Counter[str] = field(default_factory=Counter)
    """Findings of translated prompts, which are written despite them."""
    models: Counter[str] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)
    """Durations of the translated prompts; `default` if none is given."""
    cents_before: float = 0.0
    cents_after: float = 0.0
    priced: int = 0
    """Translated prompts whose price is known before and after."""

    def add(self, record: StoredRecord, verdicts: Iterable[Verdict]) -> None:
        """Count a record and the outcomes of its prompts."""
        self.records += 1
        changed = False
        self.without += not record.prompts
        for verdict in verdicts:
            changed |= bool(verdict.writes)
            self._add_verdict(verdict, 1)
        self.changed += changed

    def add_plain(self, records: int) -> None:
        """Count records of one prompt each, without anything like a flag."""
        self.records += records
        self.unchanged += records

    def add_group(self, verdict: Verdict, records: int) -> None:
        """Count changed records of one prompt each, which have the same outcome."""
        self.records += records
        self.changed += records
        self._add_verdict(verdict, records)

    def _add_verdict(self, verdict: Verdict, times: int) -> None:
        for code in verdict.codes:
            self.codes[code] += times
        if verdict.status == "translated":
            self.translated += times
            self.mended += verdict.mended * times
            for code in verdict.codes:
                self.findings[code] += times
            self.models[str(verdict.model)] += times
            length = "default" if verdict.seconds is None else str(verdict.seconds)
            self.seconds[length] += times
            before, after = verdict.cents
            if before is not None and after is not None:
                self.priced += times
                self.cents_before += before * times
                self.cents_after += after * times
        elif verdict.status == "refused":
            self.refused += 1
            self.refusals.update(dict.fromkeys((code for code, _ in verdict.refusals), 1))
        else:
            self.unchanged += 1

    def add_problems(self, problems: Iterable[Problem]) -> None:
        """Count records that cannot be read."""
        for _ in problems:
            self.records += 1
            self.problems += 1

    def plus(self, other: "Tally") -> "Tally":
        """Return the sum of both: the same, however records were divided between them."""
        both = Tally(
            **{
                item.name: getattr(self, item.name) + getattr(other, item.name)
                for item in fields(self)
            }
        )
        both.cents_before = round(both.cents_before, _PLACES)
        both.cents_after = round(both.cents_after, _PLACES)
        return both

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON-ready values."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {k: dict(v) if isinstance(v, Counter) else v for k, v in values.items()}

    @classmethod
    def from_dict(cls, values: Any) -> "Tally":
        """Return the tally that `to_dict` wrote. Raises `ValueError` for anything else."""
        tally = cls()
        if not isinstance(values, dict):
            raise ValueError("its counts are no object")  # noqa: TRY004 (of a file)
        for name, value in values.items():
            usual = getattr(tally, name, None)
            if isinstance(usual, Counter):
                counts = isinstance(value, dict) and all(map(is_count, value.values()))
                read: Any = Counter(value) if counts else None
            elif isinstance(usual, float):
                read = float(value) if is_count(value, float) else None
            else:
                read = value if usual is not None and is_count(value) else None
            if read is None:
                raise ValueError(f"`{name}` in its counts is not one that was counted")
            setattr(tally, name, read)
        return tally


def is_count(value: Any, *more: type) -> bool:
    """Return whether a value that was read from JSON can be a count."""
    return type(value) in (int, *more) and 0 <= value < _MOST
