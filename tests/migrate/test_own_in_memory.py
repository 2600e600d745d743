"""An engine with a store in memory, which others change at every moment."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaglift.api import translate
from flaglift.errors import InputError
from flaglift.migrate.control import Control
from flaglift.migrate.decision import decider_of
from flaglift.migrate.engine import Migration
from flaglift.migrate.errors import UnavailableError
from flaglift.migrate.job import Job
from flaglift.migrate.own.store import OwnStore
from flaglift.migrate.undoing import undo
from migrate.test_own import TEXT, Records


class Untold:
    """Records in memory; a test may have it do something before a write."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.before_write: Callable[[str], None] = lambda _: None
        self.wrong: dict[str, Any] = {}

    def read(self, after: str | None, count: int) -> list[tuple[str, Mapping[str, Any]]]:
        keys = [key for key in sorted(self.records) if after is None or key > after]
        read = [(key, dict(self.records[key])) for key in keys[:count]]
        return list(self.wrong.get("read", read))

    def get(self, key: str) -> Mapping[str, Any] | None:
        values: Mapping[str, Any] | None = self.wrong.get("get", self.records.get(key))
        return None if values is None else dict(values)

    def replace(self, key: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        self.before_write(key)
        current = self.records.get(key)
        if current is None or any(current.get(name) != before[name] for name in before):
            return False
        current.update(after)
        return True


class Memory(Untold):
    """The same, and the store tells which record is the last."""

    def last(self) -> str | None:
        return max(self.records, default=None)


def store_of(memory: Untold, **options: Any) -> OwnStore:
    return OwnStore(Job("python:tests:memory", **options), memory)


def migrated(memory: Memory, **options: Any) -> Migration:
    store = store_of(memory, **options)
    migration = Migration(store, decider_of(store._job, None), Control(patience=(0.0, 0.0)))
    with store.writing(restart=False) as writer:
        assert migration.apply(writer)
        writer.finish()
    return migration


def test_two_runs_exclude_each_other(here: Path) -> None:
    with store_of(Memory({"1": {"text": TEXT}})).writing(restart=False):
        locked = store_of(Memory({"1": {"text": TEXT}}))
        assert locked.is_held()
        with pytest.raises(InputError, match="another run"), locked.writing(restart=False):
            pass
    assert not locked.is_held()


def test_what_others_write_meanwhile_is_theirs(here: Path) -> None:
    memory = Memory({f"{n}": {"text": TEXT} for n in range(5)})

    def meanwhile(key: str) -> None:
        memory.before_write = meanwhile if key < "4" else lambda _: None
        if key == "2":
            memory.records["2"]["text"] = "theirs"
            del memory.records["3"]
        if key == "4":
            memory.records["1"]["text"] = TEXT.replace("cat", "cow")

    memory.before_write = meanwhile
    migration = migrated(memory)
    assert memory.records["2"]["text"] == "theirs"
    assert "3" not in memory.records
    assert memory.records["1"]["text"] == "a cow"
    (run,) = migration.store.runs()
    held, broken = migration.store.verify(run)
    assert not broken
    assert "3 records are as the run wrote them" in held[0]


class Changing(Memory):
    """Records that somebody changes after they are read, and before they are written."""

    changes: ClassVar[Records] = {
        "1": {"text": f"{TEXT} "},
        "2": {"text": ["no", "text"]},
        "3": {"text": "a dog"},
    }

    def get(self, key: str) -> Mapping[str, Any] | None:
        if key in self.changes and self.records[key]["text"] == TEXT:
            self.records[key] = dict(self.changes[key])
        return super().get(key)


def test_what_others_changed_since_it_was_read_is_decided_again(here: Path) -> None:
    memory = Changing({f"{n}": {"text": TEXT} for n in range(5)})
    migration = migrated(memory)
    assert {key: values["text"] for key, values in memory.records.items()} == {
        "0": "a cat",
        "1": "a cat",
        "2": ["no", "text"],
        "3": "a dog",
        "4": "a cat",
    }
    (run,) = migration.store.runs()
    assert (run.tally.raced, run.tally.refusals) == (2, {"not-written": 1})
    assert migration.store.verify(run)[1] == []


def test_an_undo_that_was_stopped_is_finished_first(here: Path) -> None:
    memory = Memory({f"{n}": {"text": TEXT} for n in range(6)})
    store = store_of(memory)
    assert (store.notes(), store.total(), dict(store.pressure())) == ([], None, {})
    assert not store.is_held()
    control = Control(patience=())
    control.throttle.rows = 2
    migration = Migration(store, decider_of(store._job, None), control)
    with store.writing(restart=False) as writer:
        assert migration.apply(writer)
        writer.finish()
    assert len(list(store.entries(store.runs()[0]))) == 6
    failures = iter([False] * 5 + [True])

    def fail(key: str) -> None:
        if next(failures):
            raise UnavailableError("no answer")

    memory.before_write = fail
    with pytest.raises(UnavailableError):
        undo(store, control)
    with pytest.raises(InputError, match="an undo is unfinished"), store.writing(restart=False):
        pass
    memory.before_write = lambda _: None
    undo(store, control)
    assert all(values["text"] == TEXT for values in memory.records.values())
    with store.writing(restart=False) as writer:
        assert migration.apply(writer)
    assert [run.state for run in store.runs()] == ["undone", "running"]
    with pytest.raises(InputError, match="--rehearse is for databases"):
        store.rehearsing()


def test_a_store_that_does_not_answer_is_asked_again(here: Path) -> None:
    memory = Memory({f"{n}": {"text": TEXT} for n in range(5)})
    failures = iter([True, False, False, True] + [False] * 99)

    def fail(key: str) -> None:
        if next(failures):
            raise UnavailableError("no answer")

    memory.before_write = fail
    migration = migrated(memory)
    assert all(values["text"] == "a cat" for values in memory.records.values())
    failures = iter([False, False, True] + [False] * 99)
    done = undo(migration.store, Control(patience=(0.0, 0.0)))
    assert [run.state for run in migration.store.runs()] == ["undone"]
    assert done.restored == 5
    assert all(values["text"] == TEXT for values in memory.records.values())


@given(
    st.lists(
        st.sampled_from([TEXT, "a dog", "a cat --duration 5s --video", None, 7, "--video", ""]),
        max_size=12,
    ),
    st.integers(1, 5),
)
def test_every_record_becomes_what_translate_says(texts: list[Any], rows: int) -> None:
    memory = Memory({f"{n:02}": {"text": text, "other": n} for n, text in enumerate(texts)})
    store = store_of(memory, journal=Path(os.devnull).parent / "shm" / f"own{os.getpid()}")
    control = Control(keep_going=True)
    control.throttle.rows = rows
    try:
        migration = Migration(store, decider_of(store._job, None), control)
        with store.writing(restart=False) as writer:
            assert migration.apply(writer)
            writer.finish()
        for n, text in enumerate(texts):
            expected = {"text": text, "other": n}
            result = translate(text) if isinstance(text, str) else None
            if result and result.status == "translated":
                expected |= {"text": "", **result.values}
            held = memory.records[f"{n:02}"]
            assert {k: v for k, v in held.items() if v is not None or k == "text"} == expected
        undo(store, Control())
        assert [values["text"] for values in memory.records.values()] == texts
    finally:
        store.close()
        for path in store._journal.parent.glob(f"{store._journal.name}*"):
            path.unlink()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("get", None, "`get` does not give the record 1 as `read` does"),
        ("get", {"text": "other"}, "`get` does not give the record 1"),
        ("read", [("1", {"text": TEXT})], "`read` after 1 does not give the record that came next"),
    ],
)
def test_a_store_that_does_not_behave_is_refused(
    here: Path, name: str, value: Any, sentence: str
) -> None:
    memory = Memory({"1": {"text": TEXT}, "2": {"text": TEXT}})
    memory.wrong[name] = value
    store = store_of(memory)
    with pytest.raises(InputError, match=sentence), store.writing(restart=False):
        pass
    assert memory.records["2"]["text"] == TEXT
    with pytest.raises(InputError, match="gives a record again"):
        store.read({"key": "1"}, 5) if name == "read" else store_of(Again(memory.records)).read(
            None, 5
        )


class Again(Memory):
    def read(self, after: str | None, count: int) -> list[tuple[str, Mapping[str, Any]]]:
        return super().read(after, count) * 2
