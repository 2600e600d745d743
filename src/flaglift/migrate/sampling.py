"""A few prompts of each outcome, for the report that users read before they decide."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from flaglift.migrate.control import Decided
from flaglift.migrate.records import Chunk, Verdict
from flaglift.syntax import parse
from flaglift.syntax.flags import FlagName

_MODEL_CODES = ("FL301", "FL302")
"""The codes for an unknown and a retired model."""
_MOST_OF_A_NAME = 60
_MOST_PROBLEMS = 100


class Samples:
    """Keeps the first prompts of each outcome; of the refused ones, of each code."""

    def __init__(self, each: int) -> None:
        self._each = each
        self._seen: Counter[tuple[str, ...]] = Counter()
        self._kept: list[tuple[tuple[str, ...], dict[str, Any]]] = []
        self.problems: list[dict[str, str]] = []
        self.models: Counter[str] = Counter()
        """The names of models for which prompts were refused."""

    def take(self, chunk: Chunk, decided: Sequence[Decided]) -> None:
        """Look at a chunk."""
        for problem in chunk.problems[:_MOST_PROBLEMS]:
            self.problems.append({"key": problem.key, "problem": problem.sentence})
        for record, verdicts in decided:
            for verdict in verdicts:
                self._take_model(verdict)
                kind = (verdict.status, *(code for code, _ in verdict.refusals[:1]))
                if verdict.status != "unchanged" and self._seen[kind] < self._each:
                    self._keep(kind, described(record.key, verdict))

    def _keep(self, kind: tuple[str, ...], prompt: dict[str, Any]) -> None:
        self._seen[kind] += 1
        self._kept.append((kind, prompt))

    @property
    def prompts(self) -> list[dict[str, Any]]:
        """The prompts as JSON-ready values, in the order of the source."""
        return [prompt for _, prompt in self._kept]

    def add(self, other: "Samples") -> None:
        """Merge the samples of a later chunk."""
        for kind, prompt in other._kept:
            if self._seen[kind] < self._each:
                self._keep(kind, prompt)
        self.problems += other.problems[: max(0, _MOST_PROBLEMS - len(self.problems))]
        self.models += other.models

    def _take_model(self, verdict: Verdict) -> None:
        if any(code in _MODEL_CODES for code, _ in verdict.refusals):
            for segment in parse(verdict.stored.text).segments:
                name = segment.value(FlagName.VIDEO_MODEL)
                if name is not None:
                    self.models[name[:_MOST_OF_A_NAME]] += 1


def described(key: str, verdict: Verdict, *, text: bool = True) -> dict[str, Any]:
    """Return a verdict as JSON-ready values, with the prompt's text or without."""
    return {
        "key": key,
        "place": verdict.stored.place,
        "status": verdict.status,
        "codes": list(verdict.codes),
        "reasons": [
            {"code": code, **({"message": message} if text else {})}
            for code, message in verdict.refusals
        ],
        **({"before": verdict.stored.text, "after": dict(verdict.writes)} if text else {}),
    }


class Seen(NamedTuple):
    """The data that a report needs about a chunk."""

    samples: Samples | None
    refused: list[str]
    """The refused and unreadable records, each as a line of JSON."""


@dataclass(frozen=True)
class Look:
    """Looks at a chunk in the process that decided on it."""

    samples: int | None = None
    """How many prompts of each outcome are kept; None if no samples are wanted."""
    listed: bool = False
    """Whether refused and unreadable records are listed."""
    with_text: bool = False

    def __call__(self, chunk: Chunk, decided: Sequence[Decided]) -> Seen:
        """Return the data that a report needs about a chunk."""
        samples = None if self.samples is None else Samples(self.samples)
        if samples is not None:
            samples.take(chunk, decided)
        return Seen(samples, [*self._lines(chunk, decided)] if self.listed else [])

    def _lines(self, chunk: Chunk, decided: Sequence[Decided]) -> Iterator[str]:
        lines: list[dict[str, Any]] = [
            {"key": problem.key, "problem": problem.sentence} for problem in chunk.problems
        ]
        lines += [
            described(record.key, verdict, text=self.with_text)
            for record, verdicts in decided
            for verdict in verdicts
            if verdict.status == "refused"
        ]
        return (json.dumps(line, ensure_ascii=False) for line in lines)
