"""What the engine asks of a store, of its watchers and of the throttle, step by step."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from flaglift.errors import InputError
from flaglift.migrate.chunks import ChunkDecider
from flaglift.migrate.control import Control, DecidedChunk
from flaglift.migrate.decision import decider_of
from flaglift.migrate.engine import Migration
from flaglift.migrate.errors import UnavailableError, UnreadableRecordError
from flaglift.migrate.own.run import OwnUndoer, OwnWriter
from flaglift.migrate.own.store import OwnStore
from flaglift.migrate.records import Chunk, Cursor
from flaglift.migrate.tally import Tally
from flaglift.migrate.throttle import Throttle
from flaglift.migrate.undoing import undo
from migrate.sources import applied, planned
from migrate.test_own import TEXT
from migrate.test_own_in_memory import Memory, Untold, store_of


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.naps: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


def cats(count: int) -> Memory:
    return Memory({f"{n:04}": {"text": TEXT} for n in range(count)})


def migration_of(store: OwnStore, control: Control) -> Migration:
    return Migration(store, decider_of(store._job, None), control)


def paced(clock: Clock, rate: float, **options: Any) -> Control:
    """Return a control that reads two records at a time and keeps to a rate."""
    throttle = Throttle(rows_per_second=rate, chunk_seconds=1e-9, clock=clock, sleep=clock.sleep)
    throttle.rows = 2
    return Control(throttle, **options)


def test_a_plan_is_watched_and_keeps_to_its_rate(here: Path) -> None:
    clock, seen = Clock(), []
    control = paced(clock, 2.0, watch=lambda tally, _: seen.append(tally.records))
    tally, whole = migration_of(store_of(cats(5)), control).plan()
    assert (tally.records, tally.translated, whole) == (5, 5, True)
    assert seen == [2, 4, 5]
    assert clock.now == pytest.approx(2.5, abs=0.5)  # less the time that the work took


def test_a_plan_ends_at_its_limit_and_when_it_is_told_to(here: Path) -> None:
    control = Control(Throttle(rows=2), limit=3)
    tally, whole = migration_of(store_of(cats(5)), control).plan()
    assert (tally.records, whole) == (3, True)
    asked = iter([False, False, True])
    control = Control(Throttle(rows=2), stopped=lambda: next(asked))
    tally, whole = migration_of(store_of(cats(9)), control).plan()
    assert not whole
    assert 0 < tally.records < 9


def test_a_limit_counts_from_where_a_run_was_left(here: Path) -> None:
    memory = cats(7)
    for expected in (3, 6, 7):
        store = store_of(memory)
        migration = migration_of(store, Control(Throttle(rows=2), limit=3))
        with store.writing(restart=False) as writer:
            assert migration.apply(writer) is (expected == 7)
            assert writer.run.tally.records == expected
        texts = [values["text"] for values in memory.records.values()]
        assert texts.count("a cat") == expected
        store.close()


def test_a_rehearsal_is_done_at_its_limit(here: Path) -> None:
    store = store_of(cats(7))
    with store.writing(restart=False) as writer:
        migration = migration_of(store, Control(Throttle(rows=2), limit=3))
        assert migration.apply(writer, rehearsal=True)
    assert migration.left is None  # there was no pass over what is left


def test_what_is_behind_the_limit_of_a_file_is_copied_and_not_decided_on(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    lines = [json.dumps({"text": TEXT}) + "\n"] * 5
    path.write_text("".join([*lines, '{"text": 7}\n']))
    assert planned(path, limit=2).records == 2
    assert applied(path, limit=2, rows=1, replace=True, keep_going=False).records == 2
    after = path.read_text().splitlines(keepends=True)
    assert after[2:] == [*lines[2:], '{"text": 7}\n']
    assert "--video" not in "".join(after[:2])


def test_parts_that_others_decided_on_are_taken_in_their_order(here: Path) -> None:
    memory = cats(5)
    store = store_of(memory)
    decide = ChunkDecider(store, decider_of(store._job, None), lambda *_: "seen")
    asked: list[tuple[Cursor | None, bool]] = []

    def ahead(cursor: Cursor | None, *, write: bool) -> Iterator[DecidedChunk]:
        asked.append((cursor, write))
        while chunk := store.read(cursor, 2):
            yield decide(chunk, write=write)
            cursor = chunk.cursor

    seen: list[Any] = []
    control = Control(watch=lambda _, looked: seen.append(looked))
    migration = Migration(store, decider_of(store._job, None), control, ahead)
    tally, whole = migration.plan()
    assert (tally.records, whole, seen) == (5, True, ["seen"] * 3)
    assert memory.records == cats(5).records
    with store.writing(restart=False) as writer:
        assert migration.apply(writer)
    assert [values["text"] for values in memory.records.values()] == ["a cat"] * 5
    assert asked == [(None, False), (None, True)]


class Busy(Untold):
    """Records beside which a client writes another one, before all others, at each end."""

    def read(self, after: str | None, count: int) -> list[tuple[str, Mapping[str, Any]]]:
        read = super().read(after, count)
        if after is not None and not read:
            self.records[f"{5000 - len(self.records):04}"] = {"text": TEXT}
        return read


def test_a_client_that_keeps_writing_flags_does_not_keep_a_run_for_ever(here: Path) -> None:
    memory = Busy({f"{6000 + n}": {"text": TEXT} for n in range(3)})
    store = store_of(memory)
    migration = migration_of(store, Control())
    with store.writing(restart=False) as writer:
        assert migration.apply(writer)
        changed = writer.run.tally.changed
    # One came at the end of the first pass, one at the end of each of twenty more.
    assert len(memory.records) == 3 + 1 + 20
    assert changed == 3 + 20
    assert migration.left is not None
    assert migration.left.translated == 1  # the last pass has still found one


class Keeping(Memory):
    """Records of which the store keeps the old form behind all others, as a record of its own."""

    def replace(self, key: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        old = self.records[key] | {}
        self.records[f"{len(self.records):06}"] = old
        return super().replace(key, before, after)


@pytest.mark.parametrize("rows", [1, 2, 200])
def test_a_store_that_keeps_flags_behind_a_run_does_not_keep_it_for_ever(
    here: Path, rows: int
) -> None:
    memory = Keeping({f"{n:06}": {"text": TEXT} for n in range(4)})
    store = store_of(memory)
    migration = migration_of(store, Control(Throttle(rows=rows)))
    with store.writing(restart=False) as writer:
        assert migration.apply(writer)
        assert writer.run.tally.changed == 4 * 21
    assert len(memory.records) == 4 * 22
    assert migration.left is not None
    assert migration.left.translated == 4


def test_last_passes_that_double_a_store_end_sooner(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flaglift.migrate.engine._SPARE", 2)
    memory = Keeping({f"{n:06}": {"text": TEXT} for n in range(4)})
    store = store_of(memory)
    migration = migration_of(store, Control())
    with store.writing(restart=False) as writer:
        assert migration.apply(writer)
        assert writer.run.tally.changed == 3 * 4
    assert migration.left is not None
    assert migration.left.translated == 4


class Filling(Memory):
    """Records behind which a client writes more at each read than are asked for."""

    reads = 0

    def read(self, after: str | None, count: int) -> list[tuple[str, Mapping[str, Any]]]:
        self.reads += 1
        assert self.reads < 500
        for _ in range(count + 1):
            self.records[f"{len(self.records):06}"] = {"text": "a dog"}
        return super().read(after, count)


def test_a_client_that_writes_faster_than_is_read_does_not_keep_a_run_for_ever(
    here: Path,
) -> None:
    memory = Filling({f"{n:06}": {"text": TEXT} for n in range(4)})
    store = store_of(memory)
    migration = migration_of(store, Control(Throttle(rows=2)))
    tally, whole = migration.plan()
    assert whole
    assert tally.translated == 4
    with store.writing(restart=False) as writer:
        assert migration.apply(writer)
        assert writer.run.tally.changed == 4
    assert migration.left is not None
    assert migration.left.translated == 0
    assert migration.survey().translated == 0


def test_a_run_that_is_resumed_takes_its_end_again(here: Path) -> None:
    memory = Memory({f"{n:06}": {"text": "a dog"} for n in range(4)})
    for asked, read in (([False, True], 2), ([False] * 20, 5)):
        store = store_of(memory)
        stopped = iter(asked)
        control = Control(Throttle(rows=2), stopped=lambda: next(stopped))  # noqa: B023
        with store.writing(restart=False) as writer:
            migration_of(store, control).apply(writer)
            assert writer.run.tally.records == read
        store.close()
        memory.records["9"] = {"text": "a dog"}


def test_a_store_that_was_empty_is_at_its_end(here: Path) -> None:
    memory = Memory({})
    store = store_of(memory)
    with store.writing(restart=False) as writer:
        memory.records["1"] = {"text": "a dog"}
        migration = migration_of(store, Control())
        migration._until = {"key": None}
        assert migration._read(None, Tally()) is None
        assert migration.apply(writer)
        assert writer.run.tally.records == 1


def test_a_store_whose_last_record_is_another_is_refused(here: Path) -> None:
    memory = Memory({f"{n}": {"text": TEXT} for n in range(4)})
    memory.last = lambda: "2"  # type: ignore[method-assign]
    with pytest.raises(InputError) as caught, store_of(memory).writing(restart=False):
        pass
    said = "`read` gives records after 2, which is the key of `last`"
    assert str(caught.value) == f"python:tests:memory: nothing was changed: {said}"


def test_a_run_stops_between_its_last_passes(here: Path) -> None:
    store = store_of(cats(4))
    asked = iter([False, False, False, False, True])
    migration = migration_of(store, Control(Throttle(rows=2), stopped=lambda: next(asked)))
    with store.writing(restart=False) as writer:
        assert not migration.apply(writer)
        assert writer.run.tally.changed == 4
    assert migration.left is None


def test_the_survey_of_a_store_counts_what_is_left(here: Path) -> None:
    memory = cats(2)
    memory.records |= {"1": {"text": "a --video"}, "2": {"text": 7}, "3": {"text": "a dog"}}
    left = migration_of(store_of(memory), Control(Throttle(rows=2))).survey()
    assert (left.translated, left.refused, left.problems) == (2, 1, 1)


class Fleeting(Memory):
    """Records that are gone when they are read by their key to be written."""

    def get(self, key: str) -> Mapping[str, Any] | None:
        if key == "0002":
            self.records.pop(key, None)
        return super().get(key)


def test_a_record_that_is_gone_is_counted(here: Path) -> None:
    store = store_of(Fleeting(cats(4).records))
    seen: list[tuple[int, int]] = []
    control = Control(look=lambda chunk, decided: seen.append((chunk.total, len(decided))))
    with store.writing(restart=False) as writer:
        assert migration_of(store, control).apply(writer)
        tally = writer.run.tally
    assert (tally.records, tally.gone, tally.raced, tally.changed) == (3, 1, 0, 3)
    assert seen[:2] == [(4, 4), (4, 3)]  # as it was read, and as it was then


def test_a_record_that_cannot_be_read_ends_a_run_where_it_stands(here: Path) -> None:
    memory = cats(4)
    memory.records["0002"]["text"] = 7
    store = store_of(memory)
    with (
        pytest.raises(UnreadableRecordError) as caught,
        store.writing(restart=False) as writer,
    ):
        migration_of(store, Control(Throttle(rows=2))).apply(writer)
    assert str(caught.value) == (
        "python:tests:memory, key 0002: `text` is int, not a text. Nothing is lost: repair it, or"
        " skip such records with --keep-going"
    )
    assert [values["text"] for values in memory.records.values()] == ["a cat", "a cat", 7, TEXT]


def away(*_: object) -> None:
    raise UnavailableError("no answer")


def test_a_store_that_stays_away_is_given_up(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory, clock = cats(4), Clock()
    store = store_of(memory)
    memory.before_write = away
    control = Control(Throttle(rows=4, sleep=clock.sleep), patience=(1.0, 3.0))
    with (
        pytest.raises(UnavailableError) as caught,
        store.writing(restart=False) as writer,
    ):
        migration_of(store, control).apply(writer)
    assert str(caught.value) == (
        "no answer; given up after 2 attempts. Everything written so far is kept; run the same"
        " command again to resume"
    )
    assert clock.naps == [1.0, 3.0]
    assert control.throttle.rows == 1  # each attempt asked for half as many
    monkeypatch.setattr(OwnWriter, "reconnect", away)
    asked = iter([False, True])
    stopping = Control(
        Throttle(sleep=clock.sleep), patience=(5.0, 7.0), stopped=lambda: next(asked)
    )
    with pytest.raises(UnavailableError), store.writing(restart=False) as writer:
        migration_of(store, stopping).apply(writer)
    assert clock.naps == [1.0, 3.0, 5.0]  # it was told to end while it waited


def test_an_undo_gives_a_store_up_that_stays_away(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, clock = cats(4), Clock()
    store = store_of(memory)
    with store.writing(restart=False) as writer:
        migration_of(store, Control()).apply(writer)
        writer.finish()
    memory.before_write = away
    control = Control(Throttle(sleep=clock.sleep), patience=(1.0, 3.0))
    with pytest.raises(UnavailableError) as caught:
        undo(store, control)
    assert str(caught.value) == (
        "no answer; given up after 2 attempts. Everything restored so far is kept; run the same"
        " command again to resume"
    )
    assert clock.naps == [1.0, 3.0]
    monkeypatch.setattr(OwnUndoer, "reconnect", away)
    asked = iter([False, True])
    control.stopped = lambda: next(asked)
    with pytest.raises(UnavailableError):
        undo(store, control)
    assert clock.naps == [1.0, 3.0, 1.0]
    memory.before_write = lambda _: None
    assert undo(store_of(memory), Control()).restored == 4
    assert all(values["text"] == TEXT for values in memory.records.values())


def test_records_behind_a_limit_are_looked_at_without_their_problems(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(json.dumps({"text": TEXT}) + '\n{"text": 7}\n')
    looked: list[tuple[Tally, Chunk]] = []
    applied(
        path, limit=1, rows=1, replace=True,
        watch=lambda tally, chunk, _: looked.append((tally, chunk)),
    )  # fmt: skip
    assert [(t.records, len(chunk.problems), chunk.columns is None) for t, chunk in looked] == [
        (1, 0, False), (1, 0, True),
    ]  # fmt: skip
