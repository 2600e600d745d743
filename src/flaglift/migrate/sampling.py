"""A few prompts of each outcome, for the report that people read before they decide."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from flaglift.migrate.control import Decided
from flaglift.migrate.records import Chunk, Verdict
from flaglift.syntax import parse
from flaglift.syntax.flags import FlagName

_MODEL_CODES = ("FL301", "FL302")
"""An unknown and a retired model."""
_MOST_OF_A_NAME = 60


class Samples:
    """Keeps the first prompts of each outcome; of the refused ones, of each code."""

    def __init__(self, each: int) -> None:
        self._each = each
        self._seen: Counter[tuple[str, ...]] = Counter()
        self.prompts: list[dict[str, Any]] = []
        self.problems: list[dict[str, str]] = []
        self.models: Counter[str] = Counter()
        """The names of models for which prompts were refused."""

    def take(self, chunk: Chunk, decided: Sequence[Decided]) -> None:
        """Look at a chunk."""
        for problem in chunk.problems[: max(0, 100 - len(self.problems))]:
            self.problems.append({"key": problem.key, "problem": problem.sentence})
        for record, verdicts in decided:
            for verdict in verdicts:
                self._take_model(verdict)
                kind = (verdict.status, *(code for code, _ in verdict.refusals[:1]))
                if verdict.status != "unchanged" and self._seen[kind] < self._each:
                    self._seen[kind] += 1
                    self.prompts.append(described(record.key, verdict))

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
