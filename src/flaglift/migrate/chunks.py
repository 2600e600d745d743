"""Decides what happens to the records of a chunk, and renders the result to write."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from flaglift.migrate.control import Decided, DecidedChunk, Look
from flaglift.migrate.decision import OUT_OF_PLACE, Decider, refused
from flaglift.migrate.records import Chunk, RecordChange, Stored, StoredRecord, Verdict
from flaglift.migrate.store import Store
from flaglift.migrate.tally import Tally


def writes_any(decided: Decided) -> bool:
    """Return whether any prompt of a record has something to write."""
    for verdict in decided[1]:  # noqa: SIM110 (runs for every record: a generator is slower)
        if verdict.writes:
            return True
    return False


_MOST_OF_A_NAME = 60
"""The longest value, in characters, whose check is cached; model names are well below it."""


class ChunkDecider:
    """Decides on chunks of one store. It depends on no state of the run."""

    def __init__(self, store: Store, decide: Decider, look: Look) -> None:
        self.store = store
        self._decide = decide
        self._look = look
        # With the types, because 1 and true are equal.
        self._kept_fits = lru_cache(maxsize=1000, typed=True)(store.fits)

    def __call__(self, chunk: Chunk, *, write: bool) -> DecidedChunk:
        """Decide on a chunk, and render what to write."""
        part = self.of(chunk, self.decided(chunk.records), write=write)
        return part._replace(seen=self._look(chunk, part.decided))

    def of(
        self, chunk: Chunk, decided: list[Decided], *, write: bool, raced: int = 0, gone: int = 0
    ) -> DecidedChunk:
        """Return a chunk together with the decisions on its records."""
        tally = Tally(raced=raced, gone=gone, bytes=chunk.size)
        tally.add_plain(chunk.plain)
        for verdict, records in chunk.columns.groups if chunk.columns else ():
            tally.add_group(verdict, records)
        for record, verdicts in decided:
            tally.add(record, verdicts)
        tally.add_problems(chunk.problems)
        made = None
        if write:
            changes = [
                RecordChange(record, [verdict for verdict in verdicts if verdict.writes])
                for record, verdicts in filter(writes_any, decided)
            ]
            made = self.store.made(chunk, changes)
        return DecidedChunk(chunk, decided, tally, made=made)

    def decided(self, records: Sequence[StoredRecord]) -> list[Decided]:
        """Return the outcomes for records, in order."""
        stored = [one for record in records for one in record.prompts]
        decided = self._decide.all([self._without_empty(one) for one in stored])
        verdicts = [
            self._fitting(verdict if verdict.stored is one else verdict._replace(stored=one))
            for verdict, one in zip(decided, stored, strict=True)
        ]
        decisions: list[Decided] = []
        start = 0
        for record in records:
            end = start + len(record.prompts)
            decisions.append((record, tuple(verdicts[start:end])))
            start = end
        return decisions

    def one_by_one(self, part: DecidedChunk) -> DecidedChunk:
        """Return a part with its records decided on one by one, including those by columns."""
        chunk = part.chunk
        if chunk.columns is None:
            return part
        decided = [*part.decided, *self.decided(chunk.columns.records())]
        return part._replace(chunk=chunk._replace(columns=None), decided=decided)

    def _without_empty(self, stored: Stored) -> Stored:
        """Return a prompt without the neighboring values that stand for an empty one."""
        held, context = self._filled(stored.held), self._filled(stored.context)
        if held is stored.held and context is stored.context:
            return stored
        pairs = ((stored.context, context), (stored.held, held))
        blank = {
            n: v for old, new in pairs for n, v in old.items() if v is not None and new[n] is None
        }
        return stored._replace(held=held, context=context, blank=blank)

    def _filled(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the values, with None in place of those that stand for an empty one."""
        filled = values
        for name, value in values.items():
            if value is not None and self.store.is_empty(name, value):
                filled = {**filled, name: None}
        return filled

    def _fitting(self, verdict: Verdict) -> Verdict:
        for name, value in verdict.writes.items():
            is_text = isinstance(value, str) and len(value) > _MOST_OF_A_NAME
            reason = (self.store.fits if is_text else self._kept_fits)(name, value)
            if reason:
                return refused(verdict.stored, verdict.codes, OUT_OF_PLACE, reason)
        return verdict
