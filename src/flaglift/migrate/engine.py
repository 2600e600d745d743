"""Plans and applies a migration: chunk by chunk, the same for every store."""

import time
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Protocol

from flaglift.migrate.chunks import ChunkDecider, writes_any
from flaglift.migrate.control import Control, Decided, DecidedChunk
from flaglift.migrate.decision import Decider, refused_by
from flaglift.migrate.errors import UnreadableRecordError
from flaglift.migrate.patience import Patience
from flaglift.migrate.records import Chunk, Cursor, StoredRecord
from flaglift.migrate.store import ChangeRefusal, RunWriter, Step, Store, refuse_failed
from flaglift.migrate.tally import Tally

_MOST_PASSES = 20
"""Passes over rows that others write while a run ends; a client that keeps writing flags faster
has to be stopped first."""
_SPARE = 10_000
"""Rows that these passes may translate beyond as many as the run had translated before them: a
trigger may insert a row for each one that is changed, and each pass would double the table."""


class Ahead(Protocol):
    """Decides on a file's chunks ahead of the writer."""

    def __call__(self, cursor: Cursor | None, *, write: bool) -> Iterator[DecidedChunk]:
        """Return the parts of the source from a cursor onward, in order."""


class Migration:
    """A migration of one store with one decider."""

    def __init__(
        self, store: Store, decide: Decider, control: Control, ahead: Ahead | None = None
    ) -> None:
        """`ahead` returns the parts of a source as other processes decide on them, in order."""
        self.store = store
        self.control = control
        self._chunks = ChunkDecider(store, decide, control.look)
        self._ahead = ahead
        self._parts: Iterator[DecidedChunk] | None = None
        self.left: Tally | None = None
        """The counts of records with flags left at the last pass; None if there was none."""
        self.hidden: str = ""
        """What the last pass could not see of the store."""
        self._patiently = Patience(control)
        self._until: Cursor | None = None
        """Where the pass ends: what others write behind it is left to the last passes."""
        self._begun = 0
        """Records that do not count toward the limit: those of earlier calls."""

    def plan(self) -> tuple[Tally, bool]:
        """Read everything and write nothing; return the counts, and whether the end was reached.

        Raises `InputError` if a check shows that the store does not behave as the code assumes.
        """
        refuse_failed(self.store.name, self.store.checks())
        tally = Tally()
        cursor: Cursor | None = None
        self.control.wait_to_begin()
        self._until = self.store.last()
        if self._ahead is not None:
            self._parts = self._ahead(cursor, write=False)
        while (part := self._next(cursor, tally, write=False)) is not None:
            if self.control.ends():
                return tally, False
            tally = tally.plus(part.tally)
            cursor = part.chunk.cursor
            self._after(tally, part, part.seconds)
            if self._behind_limit(tally):
                break
        return tally, True

    def apply(self, writer: RunWriter, *, rehearsal: bool = False) -> bool:
        """Write a run to its end; return whether it got there or was stopped.

        A rehearsal ends at its limit, without a final pass: it has written nothing to count.
        Raises `UnreadableRecordError`, and `UnavailableError` when the store does not come back.
        """
        self._begun = 0 if self.store.passes_on else writer.run.tally.records
        self.control.wait_to_begin()
        if self._ahead is not None:
            self._parts = self._ahead(writer.run.cursor, write=True)
        self._until = self._patiently(writer, self.store.last)
        while True:
            if self.control.ends():
                return False
            limited = self._behind_limit(writer.run.tally)
            if limited and not self.store.passes_on:
                return rehearsal
            if self._patiently(writer, partial(self._step, writer, limited=limited)) is None:
                return self.store.passes_on or rehearsal or self._finish_late(writer)

    def finish(self, writer: RunWriter) -> list[str]:
        """Complete a run that got to its end; return what the user should know."""
        return self._patiently(writer, writer.finish)

    def _finish_late(self, writer: RunWriter) -> bool:
        """Repeat over the records that still contain flags until none can be translated.

        Rows may be inserted before the cursor during a run; the counts of the last pass, over the
        source itself, prove that the migration is complete.
        """
        throttle = self.control.throttle
        most = 2 * writer.run.tally.changed + _SPARE
        for _ in range(_MOST_PASSES):
            written = writer.run.tally.changed
            left = Tally()
            cursor: Cursor | None = None
            self._until = self._patiently(writer, self.store.last)
            while True:
                if self.control.ends():
                    return False
                step = partial(self._late_step, writer, cursor, left)
                started = time.monotonic()
                chunk = self._patiently(writer, step)
                if chunk is None:
                    break
                cursor = chunk.cursor
                seconds = time.monotonic() - started
                throttle.wait(chunk.total, seconds, self.control.ends)
            late = writer.run.tally.changed - written
            if not late or writer.run.tally.changed > most:
                break
        left.translated += late
        left.without = self._patiently(writer, self.store.unreachable)
        self.hidden = self._patiently(writer, self.store.hidden)
        self.left = left
        return True

    def survey(self) -> Tally:
        """Return the counts of records that still contain flags; translatable ones were missed."""
        left = Tally()
        cursor: Cursor | None = None
        rows, until = self.control.throttle.rows, self.store.last()
        while (chunk := self.store.read_left(cursor, rows, until)) is not None:
            for record, verdicts in self._chunks.decided(chunk.records):
                left.add(record, [verdict for verdict in verdicts if not verdict.is_done])
            left.add_problems(chunk.problems)
            cursor = chunk.cursor
        left.without = self.store.unreachable()
        return left

    def _late_step(self, writer: RunWriter, cursor: Cursor | None, left: Tally) -> Chunk | None:
        """Read, decide on and write one chunk of the records that still contain flags."""
        chunk = self.store.read_left(cursor, self.control.throttle.rows, self._until)
        if chunk is None:
            return None
        decided = self._chunks.decided(chunk.records)
        done = [each for each in decided if not writes_any(each)]
        writing = [each for each in decided if writes_any(each)]
        most = self.control.throttle.rows
        for start in range(0, len(writing), most):
            done += self._written_late(writer, chunk, writing[start : start + most])
        for record, verdicts in done:
            left.add(record, [verdict for verdict in verdicts if not verdict.is_done])
        left.add_problems(chunk.problems)
        self.control.keep_late(self.control.look(chunk, done), writer.run.tally.listed)
        return chunk

    def _written_late(
        self, writer: RunWriter, chunk: Chunk, writing: list[Decided]
    ) -> list[Decided]:
        """Write some records of a chunk; return those that were not written after all."""
        self._patiently.taken = len(writing)
        with writer.step() as step:
            part = self._written(step, self._chunks.of(chunk, writing, write=True))
            late = Tally(raced=part.tally.raced, gone=part.tally.gone)
            for record, verdicts in filter(writes_any, part.decided):
                late.add(record, verdicts)
            step.checkpoint(writer.run.cursor or {}, writer.run.tally.plus(late))
        return [each for each in part.decided if not writes_any(each)]

    def _step(self, writer: RunWriter, *, limited: bool) -> Chunk | None:
        """Read, decide on and write one chunk; return it, or None at the end."""
        before = writer.run.tally
        part = self._next(writer.run.cursor, before, write=True, limited=limited)
        if part is None:
            return None
        started = time.monotonic()
        if part.chunk.problems and not limited and not self.control.keep_going:
            first = part.chunk.problems[0]
            raise UnreadableRecordError(
                f"{self.store.name}, {self.store.unit} {first.key}: {first.sentence}. Nothing is"
                " lost: repair it, or skip such records with --keep-going"
            )
        with writer.step() as step:
            part = self._written(step, part)
            tally = before.plus(part.tally)
            tally.listed = self.control.keep(part.seen, before.listed)
            step.checkpoint(part.chunk.cursor, tally)
        self._after(tally, part, part.seconds + time.monotonic() - started)
        return part.chunk

    def _next(
        self, cursor: Cursor | None, tally: Tally, *, write: bool, limited: bool = False
    ) -> DecidedChunk | None:
        """Return the next chunk, decided on; None at the end."""
        if self._parts is not None:
            return next(self._parts, None)
        started = time.monotonic()
        chunk = self._read(cursor, tally)
        if chunk is None:
            return None
        if limited:
            # Copied, not decided on: the report has nothing to tell about these records.
            chunk = chunk._replace(columns=None)
            seen = self.control.look(chunk._replace(problems=()), ())
            return DecidedChunk(chunk, (), Tally(), seen, self.store.made(chunk, ()))
        part = self._chunks(chunk, write=write)
        return part._replace(seconds=time.monotonic() - started)

    def _read(self, cursor: Cursor | None, tally: Tally) -> Chunk | None:
        rows = self.control.throttle.rows
        if self.control.limit is not None and not self._behind_limit(tally):
            rows = min(rows, self.control.limit + self._begun - tally.records)
        chunk = self.store.read(cursor, rows, self._until)
        self._patiently.taken = 0 if chunk is None else chunk.total
        return chunk

    def _written(self, step: Step, part: DecidedChunk) -> DecidedChunk:
        """Write the decisions; return them, updated for concurrent changes and refusals."""
        moved = step.moved(part.made)
        if moved:
            part = self._meanwhile(moved, self._chunks.one_by_one(part))
        refusals = step.write(part.made)
        if refusals:
            part = self._chunks.one_by_one(part)
            decided = [
                (record, refused_by(refusals[record.key], verdicts))
                if record.key in refusals
                else (record, verdicts)
                for record, verdicts in part.decided
            ]
            tally = part.tally
            part = self._again(part, decided, raced=tally.raced, gone=tally.gone)
        return part

    def _again(
        self, part: DecidedChunk, decided: list[Decided], *, raced: int, gone: int
    ) -> DecidedChunk:
        """Return a part with the decisions made since."""
        fresh = self._chunks.of(part.chunk, decided, write=True, raced=raced, gone=gone)
        seen = self.control.look(part.chunk, decided)
        return fresh._replace(seen=seen, seconds=part.seconds)

    def _meanwhile(
        self, moved: Mapping[str, StoredRecord | ChangeRefusal | None], part: DecidedChunk
    ) -> DecidedChunk:
        """Decide again on records that somebody changed since they were read."""
        fresh: list[Decided] = []
        raced = gone = 0
        for record, verdicts in part.decided:
            current = moved.get(record.key, record)
            if current is None:
                gone += 1
            elif current is record:
                fresh.append((record, verdicts))
            elif isinstance(current, ChangeRefusal):
                fresh.append((record, refused_by(current, verdicts)))
            else:
                raced += 1
                fresh += self._chunks.decided([current])
        return self._again(part, fresh, raced=raced, gone=gone)

    def _behind_limit(self, tally: Tally) -> bool:
        limit = self.control.limit
        return limit is not None and tally.records - self._begun >= limit

    def _after(self, tally: Tally, part: DecidedChunk, seconds: float) -> None:
        throttle = self.control.throttle
        records = part.tally.records or part.chunk.total
        throttle.learn(records, part.chunk.size, seconds)
        self.control.watch(tally, part.seen)
        throttle.wait(records, seconds, self.control.ends)
