"""Plans and applies a migration: chunk by chunk, the same for every store."""

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from flaglift.migrate.decision import OUT_OF_PLACE, Decider, refused
from flaglift.migrate.errors import UnavailableError, UnreadableRecordError
from flaglift.migrate.pace import Pace
from flaglift.migrate.records import Change, Chunk, Cursor, Record, Verdict
from flaglift.migrate.store import Step, Store, Writer
from flaglift.migrate.tally import Tally

Decided = tuple[Record, tuple[Verdict, ...]]
Watch = Callable[[Tally, Chunk, Sequence[Decided]], None]

_PATIENCE = (0.1, 0.3, 1.0, 3.0, 10.0, 20.0)
"""Seconds between attempts to reach a store that does not answer."""


def _nothing(tally: Tally, chunk: Chunk, decided: Sequence[Decided]) -> None:
    pass


@dataclass
class Control:
    """How a run goes, and who watches it."""

    pace: Pace = field(default_factory=Pace)
    stopped: Callable[[], bool] = lambda: False
    watch: Watch = _nothing
    """Called behind each chunk with the counts so far; what it raises stops the run."""
    limit: int | None = None
    """The most records to decide on."""
    keep_going: bool = False
    """Pass by records that cannot be read, instead of stopping there."""
    patience: Sequence[float] = _PATIENCE


class Migration:
    """One store, one way to decide."""

    def __init__(self, store: Store, decide: Decider, control: Control) -> None:
        self.store = store
        self.control = control
        self._decide = decide
        self._begun = 0
        """The records that do not count for the limit: those of earlier calls."""

    def plan(self) -> tuple[Tally, bool]:
        """Read everything and write nothing; return the counts, and whether the end was reached."""
        tally = Tally()
        cursor: Cursor | None = None
        while (chunk := self._read(cursor, tally)) is not None:
            if self.control.stopped():
                return tally, False
            started = time.monotonic()
            decided = self._decided(chunk.records)
            self._count(tally, chunk, decided)
            cursor = chunk.cursor
            self._after(tally, chunk, decided, started)
            if self._behind_limit(tally):
                break
        return tally, True

    def apply(self, writer: Writer) -> bool:
        """Write a run to its end; return whether it got there or was stopped.

        Raises `UnreadableRecordError`, and `UnavailableError` when the store does not come back.
        """
        self._begun = 0 if self.store.passes_on else writer.run.tally.records
        while True:
            if self.control.stopped():
                return False
            limited = self._behind_limit(writer.run.tally)
            if limited and not self.store.passes_on:
                return False
            if self._patiently(writer, limited=limited) is None:
                return True

    def _step(self, writer: Writer, *, limited: bool) -> Chunk | None:
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
            decided = self._meanwhile(step, decided, tally)
            changes = [Change(record, v) for record, v in decided if any(x.writes for x in v)]
            step.write(chunk, changes)
            if not limited:
                self._count(tally, chunk, decided)
            step.checkpoint(chunk.cursor, tally)
        self._after(tally, chunk, decided, started)
        return chunk

    def _read(self, cursor: Cursor | None, tally: Tally) -> Chunk | None:
        rows = self.control.pace.rows
        if self.control.limit is not None and not self._behind_limit(tally):
            rows = min(rows, self.control.limit + self._begun - tally.records)
        return self.store.read(cursor, rows)

    def _decided(self, records: Sequence[Record]) -> list[Decided]:
        verdicts = iter(self._decide.all([s for record in records for s in record.prompts]))
        return [
            (record, tuple(self._fitting(next(verdicts)) for _ in record.prompts))
            for record in records
        ]

    def _fitting(self, verdict: Verdict) -> Verdict:
        for name, value in verdict.writes.items():
            reason = self.store.fits(name, value)
            if reason:
                return refused(verdict.stored, verdict.codes, OUT_OF_PLACE, reason)
        return verdict

    def _meanwhile(self, step: Step, decided: list[Decided], tally: Tally) -> list[Decided]:
        """Decide again on records that somebody changed since they were read."""
        changes = [Change(record, v) for record, v in decided if any(x.writes for x in v)]
        moved = step.moved(changes)
        if not moved:
            return decided
        fresh: list[Decided] = []
        for record, verdicts in decided:
            current = moved.get(record.key, record)
            if current is None:
                tally.gone += 1
            elif current is record:
                fresh.append((record, verdicts))
            else:
                tally.raced += 1
                fresh += self._decided([current])
        return fresh

    def _count(self, tally: Tally, chunk: Chunk, decided: Sequence[Decided]) -> None:
        tally.bytes += chunk.size
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
        pace = self.control.pace
        pace.learn(len(chunk.records), chunk.size, seconds)
        self.control.watch(tally, chunk, decided)
        pace.wait(len(chunk.records), seconds, self.control.stopped)

    def _patiently(self, writer: Writer, *, limited: bool) -> Chunk | None:
        """Try a chunk until the store answers; what was written counts by its checkpoint."""
        waits = iter(self.control.patience)
        while True:
            try:
                return self._step(writer, limited=limited)
            except UnavailableError as error:
                self._find_again(writer, waits, error)

    def _find_again(self, writer: Writer, waits: Iterator[float], error: UnavailableError) -> None:
        for seconds in waits:
            self.control.pace.sleep(seconds)
            try:
                writer.reconnect()
            except UnavailableError as newer:
                error = newer
            else:
                return
            if self.control.stopped():
                break
        raise UnavailableError(
            f"{error}; given up after {len(self.control.patience)} attempts. All that was written"
            " is kept, and the same command goes on from there"
        )
