"""The journal's file against a model: what was written, found again by number and by key."""

import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from flaglift.errors import InputError
from flaglift.migrate.files import ledger as module
from flaglift.migrate.files.ledger import Ledger
from flaglift.migrate.files.ledger_blocks import PackedEntries
from flaglift.migrate.records import JournalEntry
from flaglift.migrate.store import MigrationRun
from flaglift.migrate.tally import Tally

KEYS = ["1", "2", "999", "1000", "1999", "12345", "a", "", "\u732b", "\ud800", "٣"]
INFO = {"options": {}, "source_id": [], "result": "", "written": 0, "undo": None, "created": []}
RUNS = [MigrationRun(name, "s", "f", "running", None, Tally(), name, name, INFO) for name in "rq"]


class SpoiledError(Exception):
    """Ends a transaction."""


class LedgerMachine(RuleBasedStateMachine):
    """Runs on a source, whose entries are written, undone, rolled back and deleted."""

    def __init__(self) -> None:
        super().__init__()
        memory = Path("/dev/shm")  # noqa: S108
        where = memory if memory.is_dir() else None  # each step waits for a disk otherwise
        self.folder = tempfile.TemporaryDirectory(prefix="flaglift-ledger-", dir=where)
        self.ledger = self.opened()
        self.entries: dict[str, list[list[JournalEntry]]] = {run.id: [] for run in RUNS}
        self.undone: dict[str, set[int]] = defaultdict(set)
        self.pending: dict[str, set[int]] = defaultdict(set)
        with self.ledger.saving():
            for run in reversed(RUNS):
                self.ledger.save(run)

    def opened(self) -> Ledger:
        return Ledger(Path(self.folder.name) / "j", "s", write=True)

    def teardown(self) -> None:
        self.ledger.close()
        self.folder.cleanup()

    def all(self, run: MigrationRun) -> list[JournalEntry]:
        return [entry for block in self.entries[run.id] for entry in block]

    def is_left(self, run: MigrationRun, entry: JournalEntry) -> bool:
        return entry.number not in self.undone[run.id] | self.pending[run.id]

    def left(self, run: MigrationRun) -> list[JournalEntry]:
        return [entry for entry in self.all(run) if self.is_left(run, entry)]

    @contextmanager
    def transaction(self, *, kept: bool) -> Iterator[None]:
        """Write, or spoil it at the end."""
        with suppress(SpoiledError), self.ledger.saving():
            yield
            if not kept:
                raise SpoiledError

    @rule(
        run=st.sampled_from(RUNS),
        keys=st.lists(st.sampled_from(KEYS), max_size=5),
        patched=st.booleans(),
        kept=st.booleans(),
    )
    def add(self, run: MigrationRun, keys: list[str], patched: bool, kept: bool) -> None:
        first = len(self.all(run)) + 1
        numbered = bool(keys) and all(key.isdecimal() for key in keys)
        if patched:
            entries = [
                JournalEntry(first + i, key, {}, {}, f"FL{i}", b"\0\xff" + str(i).encode())
                for i, key in enumerate(keys)
            ]
            # An empty patch is no entry.
            block = PackedEntries.of_patches(
                ["none", *keys],
                ["", *(entry.codes for entry in entries)],
                [b"", *(entry.patch or b"" for entry in entries)],
                numbered=numbered,
            )
        else:
            entries = [
                JournalEntry(first + i, key, {"text": key}, {"text": i}, "", b"\xff" if i else None)
                for i, key in enumerate(keys)
            ]
            block = PackedEntries.of(entries, numbered=numbered)
        with self.transaction(kept=kept):
            self.ledger.add(run, first, block)
        if kept and entries:
            self.entries[run.id].append(entries)

    @rule(
        run=st.sampled_from(RUNS),
        drawn=st.lists(st.integers(0, 50), max_size=4),
        kept=st.booleans(),
    )
    def mark(self, run: MigrationRun, drawn: list[int], kept: bool) -> None:
        left = self.left(run)  # of the others, `of_keys` and `left_newest_first` tell nothing
        numbers = [left[each % len(left)].number for each in drawn] if left else []
        with self.transaction(kept=kept):
            self.ledger.mark_undone(run, numbers)
        if kept:
            self.pending[run.id] |= {*numbers}

    @rule(run=st.sampled_from(RUNS), keep=st.booleans(), kept=st.booleans())
    def settle(self, run: MigrationRun, keep: bool, kept: bool) -> None:
        with self.transaction(kept=kept):
            self.ledger.settle_undone(run, keep=keep)
        if kept:
            self.undone[run.id] |= self.pending[run.id] if keep else set()
            self.pending[run.id] = set()

    @rule(run=st.sampled_from(RUNS))
    def undo_all(self, run: MigrationRun) -> None:
        with self.ledger.saving():
            self.ledger.mark_all_undone(run)
        self.undone[run.id] = {entry.number for entry in self.all(run)}
        self.pending[run.id] = set()

    @rule()
    def open_again(self) -> None:
        self.ledger.close()
        self.ledger = self.opened()

    @precondition(lambda self: len(self.all(RUNS[0])) > 3)
    @rule(run=st.sampled_from(RUNS))
    def purge(self, run: MigrationRun) -> None:
        self.ledger.purge(run)
        assert [each.state for each in self.ledger.runs() if each.id == run.id] == ["purged"]
        with self.ledger.saving():
            self.ledger.save(run)
        self.entries[run.id] = []
        self.undone[run.id] = set()
        self.pending[run.id] = set()

    @invariant()
    def holds_what_was_written(self) -> None:
        assert [run.id for run in self.ledger.runs()] == ["q", "r"]
        for run in RUNS:
            every, left = self.all(run), self.left(run)
            assert [*self.ledger.entries(run)] == every
            assert [*self.ledger.entries(run, left=True)] == left
            backwards = [entry for block in self.ledger.left_newest_first(run) for entry in block]
            assert backwards == left[::-1]
            assert (self.ledger.size(run) > 0) is bool(every)
            self.ledger.check(replace(run, tally=Tally(changed=len(every))))
            with pytest.raises(InputError, match=f"all of the run's {len(every) + 1} changes"):
                self.ledger.check(replace(run, tally=Tally(changed=len(every) + 1)))

    @invariant()
    def finds_the_entries_of_keys(self) -> None:
        for run in RUNS:
            wanted = by_key(self.left(run))
            found = self.ledger.of_keys(run, [*KEYS, "other"])
            assert {key: each for key, each in found.items() if each} == wanted
            assert all(self.ledger.of_key(run, key) == wanted.get(key, []) for key in KEYS[:3])


def by_key(entries: Iterable[JournalEntry]) -> dict[str, list[JournalEntry]]:
    found = defaultdict(list)
    for entry in entries:
        found[entry.key].append(entry)
    return dict(found)


class SmallLedgerMachine(LedgerMachine):
    """The same, with bounds that are met."""

    def __init__(self) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(module, "_MOST_OPEN", 1)
        self.patch.setattr(module, "_MOST_ASKED", 2)
        super().__init__()

    def teardown(self) -> None:
        self.patch.undo()
        super().teardown()


TestLedger = LedgerMachine.TestCase
TestLedger.settings = settings(stateful_step_count=12)
TestSmallLedger = SmallLedgerMachine.TestCase
TestSmallLedger.settings = settings(stateful_step_count=12)


def test_runs_of_other_sources_are_not_seen(tmp_path: Path) -> None:
    ours = Ledger(tmp_path / "j", "s", write=True)
    assert ours.is_empty()
    with ours.saving():
        ours.save(RUNS[0])
    other = Ledger(tmp_path / "j", "t", write=False)
    assert (ours.is_empty(), other.is_empty(), other.runs()) == (False, False, [])
    with (
        pytest.raises(InputError, match=r"the journal cannot be written: .*readonly"),
        other.saving(),
    ):
        other.save(RUNS[1])
    assert ours.runs() == [RUNS[0]]
    ours.close()
    other.close()


def test_a_journal_that_cannot_be_made_leaves_no_file(tmp_path: Path) -> None:
    like = tmp_path / "p.jsonl"
    like.touch(mode=0o640)
    ledger = Ledger(tmp_path / "j", "s", write=True, like=like)
    ledger.close()
    assert (tmp_path / "j").stat().st_mode & 0o777 == 0o640
    with pytest.raises(InputError, match=r"cannot be read: .*; --journal PATH puts it elsewhere"):
        Ledger(tmp_path / "k", "s", write=False)
    with pytest.raises(
        InputError, match=r"cannot be written: .*; --journal PATH puts it elsewhere"
    ):
        Ledger(tmp_path / "no" / "k", "s", write=True)
    (tmp_path / "text").write_text("no database, and too short for one")
    with pytest.raises(InputError, match=r"cannot be written: file is not a database"):
        Ledger(tmp_path / "text", "s", write=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["j", "p.jsonl", "text"]


def test_a_purged_run_gives_its_room_back(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "j", "s", write=True)
    entries = [JournalEntry(i, f"{i}", {"t": f"{i * 7919:x}"}, {}, "") for i in range(1, 20_000)]
    with ledger.saving():
        ledger.save(RUNS[0])
        ledger.add(RUNS[0], 1, PackedEntries.of(entries))
    full, kept = (tmp_path / "j").stat().st_size, ledger.size(RUNS[0])
    assert kept > 50_000
    ledger.purge(RUNS[0])
    assert (tmp_path / "j").stat().st_size < full - kept
    ledger.close()
    with sqlite3.connect(tmp_path / "j") as db:
        assert db.execute("SELECT count(*) FROM place").fetchall() == [(0,)]
    db.close()
