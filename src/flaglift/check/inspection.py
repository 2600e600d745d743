"""What is to be said about one file. It loads no parser, so that the cache can give it."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from flaglift.check.file_settings import Suppression
from flaglift.report.record import Record


class Seen(NamedTuple):
    """A literal that holds a flag or a near miss, and whether it is taken for a prompt."""

    path: str
    line: int
    column: int
    """In code points, from 1."""
    host: str
    pointer: str
    fingerprint: str
    """Empty for what is no prompt."""
    excerpt: str
    taken: bool
    score: int
    reasons: list[tuple[int, str]]
    """Points for and against, each with its evidence."""
    models: list[str]
    """Those that its video prompts name."""
    flags: list[str]
    """With their dashes, in order."""
    cents: float | None
    """The price of its videos; None where it is none, or not known."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        reasons = [{"points": points, "text": text} for points, text in self.reasons]
        return {**self._asdict(), "reasons": reasons}


class Unused(NamedTuple):
    """A suppression of the configuration, and those of its rules that report nothing."""

    suppression: Suppression
    rules: tuple[str, ...]
    """As they are written."""


@dataclass
class Inspection:
    """What is to be said about a file."""

    records: list[Record] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    """Every candidate, taken for a prompt or not."""
    unused: list[Unused] = field(default_factory=list)
    """Suppressions of the configuration that suppress nothing here."""
