"""Plans and applies a migration: chunk by chunk, the same for every store."""

import copy
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from flaglift.migrate.control import Control, Decided
from flaglift.migrate.decision import OUT_OF_PLACE, Decider, refused, refused_by
from flaglift.migrate.errors import UnavailableError, UnreadableRecordError
from flaglift.migrate.records import Chunk, Cursor, RecordChange, Stored, StoredRecord, Verdict
from flaglift.migrate.store import ChangeRefusal, RunWriter, Step, Store, refuse_failed
from flaglift.migrate.tally import Tally

_MOST_PASSES = 20
"""Over what others write while a run ends; who writes flags faster is to be stopped first."""


def _writes(decided: Decided) -> bool:
    for verdict in decided[1]:  # noqa: SIM110 (for each record: a generator takes its time)
        if verdict.writes:
            return True
    return False


class Migration:
    """One store, one way to decide."""

    def __init__(self, store: Store, decide: Decider, control: Control) -> None:
        self.store = store
        self.control = control
        self._decide = decide
        self.left: Tally | None = None
        """What the last pass over the source found to hold flags still; None without one."""
        self._begun = 0
        """The records that do not count for the limit: those of earlier calls."""

    def plan(self) -> tuple[Tally, bool]:
        """Read everything and write nothing; return the counts, and whether the end was reached.

        Raises `InputError` where the store was seen not to behave as the code relies on.
        """
        refuse_failed(self.store.name, self.store.checks())
        tally = Tally()
        cursor: Cursor | None = None
        while (chunk := self._read(cursor, tally)) is not None:
            if self.control.ends():
                return tally, False
            started = time.monotonic()
            decided = self._decided(chunk.records)
            self._count(tally, chunk, decided)
            cursor = chunk.cursor
            self._after(tally, chunk, decided, started)
            if self._behind_limit(tally):
                break
        return tally, True

    def apply(self, writer: RunWriter, *, rehearsal: bool = False) -> bool:
        """Write a run to its end; return whether it got there or was stopped.

        A rehearsal ends at its limit, and has written nothing that could be counted at the end.
        Raises `UnreadableRecordError`, and `UnavailableError` when the store does not come back.
        """
        self._begun = 0 if self.store.passes_on else writer.run.tally.records
        while True:
            if self.control.ends():
                return False
            limited = self._behind_limit(writer.run.tally)
            if limited and not self.store.passes_on:
                return rehearsal
            if self._patiently(writer, partial(self._step, writer, limited=limited)) is None:
                return self.store.passes_on or rehearsal or self._finish_late(writer)

    def _finish_late(self, writer: RunWriter) -> bool:
        """Pass over what still holds flags until nothing of it can be translated.

        Rows come in behind the cursor while a run goes on; the counts of the last pass, over the
        source itself, are the proof that all is done.
        """
        for _ in range(_MOST_PASSES):
            written = writer.run.tally.changed
            left = Tally()
            cursor: Cursor | None = None
            while True:
                if self.control.ends():
                    return False
                step = partial(self._late_step, writer, cursor, left)
                chunk = self._patiently(writer, step)
                if chunk is None:
                    break
                cursor = chunk.cursor
            late = writer.run.tally.changed - written
            if not late:
                break
        left.translated += late
        left.without = self.store.unreachable()
        self.left = left
        return True

    def survey(self) -> Tally:
        """Return what still holds flags; what is translated among it was not done."""
        left = Tally()
        cursor: Cursor | None = None
        while (chunk := self.store.read_left(cursor, self.control.throttle.rows)) is not None:
            for record, verdicts in self._decided(chunk.records):
                left.add(record, [verdict for verdict in verdicts if not verdict.is_done])
            left.add_problems(chunk.problems)
            cursor = chunk.cursor
        left.without = self.store.unreachable()
        return left

    def _late_step(self, writer: RunWriter, cursor: Cursor | None, left: Tally) -> Chunk | None:
        """Read, decide on and write one chunk of what still holds flags."""
        chunk = self.store.read_left(cursor, self.control.throttle.rows)
        if chunk is None:
            return None
        decided = self._decided(chunk.records)
        if any(map(_writes, decided)):
            with writer.step() as step:
                tally = copy.deepcopy(writer.run.tally)
                decided = self._written(step, chunk, decided, tally)
                for record, verdicts in filter(_writes, decided):
                    tally.add(record, verdicts)
                step.checkpoint(writer.run.cursor or {}, tally)
        for record, verdicts in decided:
            if not _writes((record, verdicts)):
                left.add(record, [verdict for verdict in verdicts if not verdict.is_done])
        left.add_problems(chunk.problems)
        return chunk

    def _step(self, writer: RunWriter, *, limited: bool) -> Chunk | None:
        """Read, decide on and write one chunk; return it, or None at the end."""
        started = time.monotonic()
        before = writer.run.tally
        chunk = self._read(writer.run.cursor, before)
        if chunk is None:
            return None
        if chunk.problems and not limited and not self.control.keep_going:
            first = chunk.problems[0]
            raise UnreadableRecordError(
                f"{self.store.name}, {self.store.unit} {first.key}: {first.sentence}. Nothing is"
                " lost: repair it, or pass such records by with --keep-going"
            )
        decided = [] if limited else self._decided(chunk.records)
        with writer.step() as step:
            tally = copy.deepcopy(before)
            decided = self._written(step, chunk, decided, tally)
            if not limited:
                self._count(tally, chunk, decided)
            step.checkpoint(chunk.cursor, tally)
        self._after(tally, chunk, decided, started)
        return chunk

    def _read(self, cursor: Cursor | None, tally: Tally) -> Chunk | None:
        rows = self.control.throttle.rows
        if self.control.limit is not None and not self._behind_limit(tally):
            rows = min(rows, self.control.limit + self._begun - tally.records)
        return self.store.read(cursor, rows)

    def _decided(self, records: Sequence[StoredRecord]) -> list[Decided]:
        stored = [one for record in records for one in record.prompts]
        decided = self._decide.all([self._without_empty(one) for one in stored])
        verdicts = [
            self._fitting(verdict if verdict.stored is one else verdict._replace(stored=one))
            for verdict, one in zip(decided, stored, strict=True)
        ]
        found: list[Decided] = []
        start = 0
        for record in records:
            end = start + len(record.prompts)
            found.append((record, tuple(verdicts[start:end])))
            start = end
        return found

    def _without_empty(self, stored: Stored) -> Stored:
        """Return a prompt less the values beside it that stand for none."""
        held, context = self._filled(stored.held), self._filled(stored.context)
        if held is stored.held and context is stored.context:
            return stored
        return stored._replace(held=held, context=context)

    def _filled(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return values with None for those that stand for none."""
        filled = values
        for name, value in values.items():
            if value is not None and self.store.is_empty(name, value):
                filled = {**filled, name: None}
        return filled

    def _fitting(self, verdict: Verdict) -> Verdict:
        for name, value in verdict.writes.items():
            reason = self.store.fits(name, value)
            if reason:
                return refused(verdict.stored, verdict.codes, OUT_OF_PLACE, reason)
        return verdict

    def _written(
        self, step: Step, chunk: Chunk, decided: list[Decided], tally: Tally
    ) -> list[Decided]:
        """Write what was decided; return it with what others and the store made of it."""
        changes = [RecordChange(record, v) for record, v in filter(_writes, decided)]
        moved = step.moved(changes)
        if moved:
            decided = self._meanwhile(moved, decided, tally)
            changes = [RecordChange(record, v) for record, v in filter(_writes, decided)]
        refusals = step.write(chunk, changes) or {}
        if not refusals:
            return decided
        return [
            (record, refused_by(refusals[record.key], verdicts))
            if record.key in refusals
            else (record, verdicts)
            for record, verdicts in decided
        ]

    def _meanwhile(
        self,
        moved: Mapping[str, StoredRecord | ChangeRefusal | None],
        decided: list[Decided],
        tally: Tally,
    ) -> list[Decided]:
        """Decide again on records that somebody changed since they were read."""
        fresh: list[Decided] = []
        for record, verdicts in decided:
            current = moved.get(record.key, record)
            if current is None:
                tally.gone += 1
            elif current is record:
                fresh.append((record, verdicts))
            elif isinstance(current, ChangeRefusal):
                fresh.append((record, refused_by(current, verdicts)))
            else:
                tally.raced += 1
                fresh += self._decided([current])
        return fresh

    def _count(self, tally: Tally, chunk: Chunk, decided: Sequence[Decided]) -> None:
        tally.bytes += chunk.size
        tally.add_plain(chunk.plain)
        for record, verdicts in decided:
            tally.add(record, verdicts)
        tally.add_problems(chunk.problems)

    def _behind_limit(self, tally: Tally) -> bool:
        limit = self.control.limit
        return limit is not None and tally.records - self._begun >= limit

    def _after(
        self, tally: Tally, chunk: Chunk, decided: Sequence[Decided], started: float
    ) -> None:
        seconds = time.monotonic() - started
        throttle = self.control.throttle
        records = len(chunk.records) + chunk.plain
        throttle.learn(records, chunk.size, seconds)
        self.control.watch(tally, chunk, decided)
        throttle.wait(records, seconds, self.control.ends)

    def _patiently(self, writer: RunWriter, step: Callable[[], Chunk | None]) -> Chunk | None:
        """Try a chunk until the store answers; what was written counts by its checkpoint.

        Each attempt is at fewer records: it may have taken longer than the store allows.
        """
        waits = iter(self.control.patience)
        while True:
            try:
                return step()
            except UnavailableError as error:
                self.control.throttle.shrink()
                self._find_again(writer, waits, error)

    def _find_again(
        self, writer: RunWriter, waits: Iterator[float], error: UnavailableError
    ) -> None:
        for seconds in waits:
            self.control.throttle.sleep(seconds)
            try:
                writer.reconnect()
            except UnavailableError as newer:
                error = newer
            else:
                return
            if self.control.ends():
                break
        raise UnavailableError(
            f"{error}; given up after {len(self.control.patience)} attempts. All that was written"
            " is kept; run the same command again to resume"
        )
