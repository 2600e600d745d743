"""The journal of a file: found by key, written also for sources that may only be read."""

import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cli.test_migrate_verb import call
from flaglift.errors import InputError
from flaglift.migrate.errors import UnreadableRecordError
from flaglift.migrate.files.ledger import Ledger
from flaglift.migrate.files.ledger_blocks import PackedEntries
from flaglift.migrate.records import JournalEntry
from flaglift.migrate.store import MigrationRun
from flaglift.migrate.tally import Tally
from migrate.sources import applied, undone, verified


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
        entries = [JournalEntry(0, str(i // 2), {"text": "a"}, {"text": "b"}, "") for i in range(6)]
        ledger.add(run, 0, PackedEntries.of(entries))
    assert [entry.number for entry in ledger.of_key(run, "1")] == [2, 3]
    ledger.close()
    (question,) = [text for text in asked if "FROM place" in text]
    with connect(tmp_path / "j") as db:
        plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {question}")]
    assert plan[:2] == [
        "SEARCH place USING PRIMARY KEY (hash=?)",
        "SEARCH journal USING INTEGER PRIMARY KEY (rowid=?)",
    ]


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_each_record_of_a_repeated_key_gets_its_own_text_back(tmp_path: Path, kind: str) -> None:
    """Translated, the two are the same; they are far apart, so that both are not read at once."""
    flags = " --video --video_model kling25 "
    texts = [f"a{flags}--duration 5", *["a cat"] * 10_000, f"a{flags} --duration 5"]
    rows = [{"id": "k", "text": text} for text in texts]
    path = tmp_path / f"p.{kind}"
    if kind == "jsonl":
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    else:
        pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=6000)
    before = path.read_bytes()
    options: dict[str, Any] = {"key": "id", "create_columns": True}
    assert applied(path, **options).changed == 2
    held, broken = verified(path, **options)
    assert held
    assert not broken
    applied(path, **options, replace=True)
    assert path.read_bytes() != before
    undone(path, **options)
    if kind == "jsonl":
        assert path.read_bytes() == before
    else:
        assert pq.read_table(path).to_pylist() == rows


def test_the_journal_of_a_source_that_may_only_be_read_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text('{"text": "a --video --video_model kling25"}\n')
    path.chmod(0o444)
    assert applied(path).changed == 1
    assert (tmp_path / "p.jsonl.flaglift").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("verb", ["status", "runs", "verify", "undo", "purge"])
def test_a_transaction_cut_off_by_a_kill_is_rolled_back_by_every_verb(
    verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text('{"text": "a --video --video_model kling25"}\n')
    before = path.read_bytes()
    applied(path, replace=True)
    journal = Path(f"{path}.flaglift")
    whole = journal.read_bytes()
    # With so small a cache, pages are written before the commit.
    code = (
        "import os, sqlite3, sys\n"
        "db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "db.execute('PRAGMA cache_size = 1')\n"
        "db.execute('BEGIN IMMEDIATE')\n"
        "db.execute('UPDATE run SET state = ?, info = zeroblob(1000000)', ('running',))\n"
        "db.executemany('INSERT INTO place VALUES (?, 9)', [(n,) for n in range(9999)])\n"
        "os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(journal)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert journal.read_bytes() != whole
    call(verb, str(path), *(["--all"] if verb == "purge" else []))
    assert "running" not in capsys.readouterr().out
    if verb in ("status", "runs", "verify"):
        assert journal.read_bytes() == whole
    assert (path.read_bytes() == before) == (verb == "undo")


def test_a_reader_cannot_change_a_journal(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text('{"text": "a --video --video_model kling25"}\n')
    applied(path)
    journal = Path(f"{path}.flaglift")
    reader = Ledger(journal, path.name, write=False)
    (run,) = reader.runs()
    with pytest.raises(InputError, match="readonly"), reader.saving():
        reader.save(run)
    reader.close()


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


def test_the_journal_is_smaller_than_its_source(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    prompts = (f'a cat {i} --video --video_model kling25 --video_prompt "{i}"' for i in range(5000))
    path.write_text("".join(json.dumps({"text": prompt}) + "\n" for prompt in prompts))
    assert applied(path).changed == 5000
    assert (tmp_path / "p.jsonl.flaglift").stat().st_size < path.stat().st_size


def test_what_is_taken_back_is_known_by_block(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "j", "s", write=True)
    run = MigrationRun("r", "s", "f", "running", None, Tally(), "1", "1")
    surrogate = "half \ud83d"
    with ledger.saving():
        ledger.save(run)
        for block in range(20):
            numbers = range(10 * block + 1, 10 * block + 11)
            entries = [
                JournalEntry(0, str(n % 7), {"text": surrogate}, {}, "", bytes(range(256)))
                for n in numbers
            ]
            ledger.add(run, numbers[0], PackedEntries.of(entries))
        ledger.add(run, 201, PackedEntries.of([]))

    def left() -> list[int]:
        return [entry.number for entry in ledger.entries(run, left=True)]

    every = list(range(1, 201))
    assert left() == every
    assert [e.number for e in ledger.of_key(run, "3")] == [n for n in every if n % 7 == 3]
    first = next(ledger.entries(run))
    assert (first.before, first.patch) == ({"text": surrogate}, bytes(range(256)))
    with ledger.saving():
        ledger.mark_undone(run, [n for n in every if n % 2])
    assert left() == [n for n in every if not n % 2]
    assert [e.number for e in ledger.of_key(run, "3")] == [n for n in every if n % 14 == 10]
    with ledger.saving():
        ledger.settle_undone(run, keep=False)
    assert left() == every
    with suppress(ZeroDivisionError), ledger.saving():
        ledger.mark_undone(run, [5, 199])
        raise ZeroDivisionError
    assert left() == every
    assert 199 in [e.number for e in ledger.of_key(run, str(199 % 7))]
    with ledger.saving():
        ledger.mark_undone(run, [5, 199])
        ledger.settle_undone(run, keep=True)
        ledger.settle_undone(run, keep=False)
    assert left() == [n for n in every if n not in (5, 199)]
    with ledger.saving():
        ledger.mark_all_undone(run)
    assert left() == []
    assert ledger.of_key(run, "3") == []
    ledger.close()


def test_a_journal_that_cannot_be_begun_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text('{"text": "a --video --video_model kling25"}\n')
    real = sqlite3.connect

    def full(*args: object, **options: object) -> sqlite3.Connection:
        if str(args[0]).endswith("?mode=rwc"):
            raise sqlite3.OperationalError("database or disk is full")
        connection: sqlite3.Connection = real(*args, **options)  # type: ignore[call-overload]
        return connection

    with monkeypatch.context() as patched:
        patched.setattr(sqlite3, "connect", full)
        with pytest.raises(InputError, match="the journal cannot be written: database or disk is"):
            applied(path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["p.jsonl", "p.jsonl.flaglift-lock"]
    assert applied(path).changed == 1
