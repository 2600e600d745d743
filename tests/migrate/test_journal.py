"""The journal of a file: found by key, written also for sources that may only be read."""

import sqlite3
from pathlib import Path

import pytest

from flaglift.migrate.errors import UnreadableRecordError
from flaglift.migrate.files.ledger import Ledger
from flaglift.migrate.records import JournalEntry
from flaglift.migrate.store import MigrationRun
from flaglift.migrate.tally import Tally
from migrate.sources import applied, undone


def test_entries_of_a_key_are_found_by_the_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    connect = sqlite3.connect

    def watched(*args: object, **options: object) -> sqlite3.Connection:
        db: sqlite3.Connection = connect(*args, **options)  # type: ignore[call-overload]
        db.set_trace_callback(asked.append)
        return db

    monkeypatch.setattr(sqlite3, "connect", watched)
    ledger = Ledger(tmp_path / "j", "s", write=True)
    run = MigrationRun("r", "s", "f", "running", None, Tally(), "1", "1")
    with ledger.saving():
        ledger.save(run)
        ledger.add(
            run, [JournalEntry(i, str(i // 2), {"text": "a"}, {"text": "b"}, "") for i in range(6)]
        )
    assert [entry.number for entry in ledger.of_key(run, "1")] == [2, 3]
    ledger.close()
    (question,) = [text for text in asked if "AND key =" in text]
    with connect(tmp_path / "j") as db:
        plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {question}")]
    assert "journal_by_key (run=? AND key=?)" in plan[0]


def test_the_journal_of_a_source_that_may_only_be_read_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text('{"text": "a --video --video_model kling25"}\n')
    path.chmod(0o444)
    assert applied(path).changed == 1
    assert (tmp_path / "p.jsonl.flaglift").stat().st_mode & 0o777 == 0o644


def test_a_file_that_is_asked_for_after_a_replacement_is_written(tmp_path: Path) -> None:
    path, other = tmp_path / "p.jsonl", tmp_path / "new.jsonl"
    path.write_text('{"text": "a --video --video_model kling25"}\n')
    before = path.read_bytes()
    applied(path, replace=True)
    applied(path, to=other)
    assert other.read_bytes() == path.read_bytes() != before
    undone(path)
    assert path.read_bytes() == before
    assert not other.exists()


def test_lines_of_json_by_another_name_are_known(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text('{"text": "a"}\n{"text": "b"}\n')
    with pytest.raises(UnreadableRecordError, match=r"name the file \.jsonl"):
        applied(path, keep_going=False)
