"""Cases that a user meets once: in each the data stays whole, and the sentence says what to do."""

import gzip
import json
import os
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from sqlalchemy import Connection, exc

from flaglift.errors import InputError
from flaglift.lossless.json_members import parse_path
from flaglift.lossless.json_tokens import encoded
from flaglift.migrate.decision import decider_of
from flaglift.migrate.engine import Migration
from flaglift.migrate.errors import UnavailableError
from flaglift.migrate.files import output
from flaglift.migrate.files.compression import ByteSource
from flaglift.migrate.files.parquet_writer import ParquetResult
from flaglift.migrate.files.undo import FileUndoer
from flaglift.migrate.files.writer import FileWriter
from flaglift.migrate.job import Job
from flaglift.migrate.records import Stored, StoredRecord, Verdict
from flaglift.migrate.sql.messages import translated_errors
from flaglift.migrate.sql.session import Session
from flaglift.migrate.store import MigrationRun
from flaglift.migrate.tally import Tally
from flaglift.migrate.undoing import open_runs, undo
from migrate.conftest import PROMPTS, Database, open_database
from migrate.sources import applied, control, opened, planned, undone, verified
from migrate.test_files import VIDEO, left, lines
from migrate.test_kill import content


def test_notes_on_missing_columns(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("text\na\n")
    pq.write_table(pa.table({"text": ["a"]}), tmp_path / "p.parquet")
    for name in ("p.csv", "p.parquet"):
        for create, said in ((True, "apply will add the columns"), (False, "there is no column")):
            job = Job(str(tmp_path / name), create_columns=create)
            with opened(job, write=False) as store:
                (note,) = store.notes()
                assert said in note
                assert store.total() is not None
    (tmp_path / "p.csv").write_bytes(content("p.csv", PROMPTS))
    with opened(Job(str(tmp_path / "p.csv")), write=False) as store:
        assert store.notes() == []


def test_a_table_notes_what_an_update_sets(tmp_path: Path) -> None:
    for database in open_database("mysql", tmp_path):
        source = database.prompts(PROMPTS)
        database.run("ALTER TABLE prompts DROP COLUMN video_prompt")
        database.run(
            "ALTER TABLE prompts ADD COLUMN changed TIMESTAMP DEFAULT CURRENT_TIMESTAMP"
            " ON UPDATE CURRENT_TIMESTAMP"
        )
        with opened(Job(source, where="id > 1"), write=False) as store:
            assert store.total() is None
            assert any("is set by every update" in note for note in store.notes())
            assert any("there is no column video_prompt" in note for note in store.notes())


def test_a_number_column_that_takes_no_text(database: Database) -> None:
    source = database.prompts([VIDEO])
    tally = applied(source, targets={"video_model": "video_duration"})
    assert tally.refusals == {"no-target": 1}
    targets = {"video_model": "video_model", "video_duration": "video_prompt"}
    assert applied(source, targets={**targets, "video_prompt": "video_duration"}).refusals == {
        "does-not-fit": 1
    }


def test_an_enumeration(tmp_path: Path) -> None:
    for database in open_database("mysql", tmp_path):
        source = database.prompts([VIDEO, VIDEO.replace("kling25", "wan26_720p")])
        database.run("ALTER TABLE prompts MODIFY video_model ENUM('wan26_720p', 'other')")
        tally = applied(source)
        assert tally.refusals == {"does-not-fit": 1}
        assert tally.changed == 1


def test_a_parquet_column_that_takes_no_text(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    columns: dict[str, Any] = {"text": [VIDEO], "video_model": pa.array([None], pa.int64())}
    pq.write_table(pa.table(columns), path)
    assert planned(path, create_columns=True).refusals == {"does-not-fit": 1}


def test_a_parquet_file_of_string_views(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    table = pa.table({"text": pa.array([VIDEO, None, "plain"], pa.string_view())})
    pq.write_table(table, path)
    before = path.read_bytes()
    applied(path, replace=True, create_columns=True)
    new = pq.read_table(path)
    assert new.schema.field("text").type == pa.string_view()
    assert new.column("text").to_pylist() == ["cat {}", None, "plain"]
    undone(path)
    assert path.read_bytes() == before


def test_a_parquet_run_goes_on_from_its_journal(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    path.write_bytes(content("p.parquet", PROMPTS * 2))
    whole = tmp_path / "whole.parquet"
    applied(path, to=whole, journal=tmp_path / "other")
    asked = iter([False, False, False, True])
    applied(path, rows=2, stopped=lambda: next(asked))
    decided = applied(path, rows=2)
    assert decided.changed == 8
    assert pq.read_table(tmp_path / "p.migrated.parquet").equals(pq.read_table(whole))


def test_a_parquet_file_with_added_columns_is_restored_row_by_row(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    table = pa.table({"text": PROMPTS, "id": range(6)})
    pq.write_table(table, path, row_group_size=4)
    applied(path, replace=True, create_columns=True)
    (tmp_path / "p.original.parquet").unlink()
    _, broken = verified(path)
    assert "cannot be compared without the original" in broken[0]
    assert undone(path, rows=2).restored == 4
    assert pq.read_table(path).equals(table)


def test_a_verify_finds_what_no_journal_explains(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    path.write_bytes(content("p.parquet", PROMPTS))
    applied(path, replace=True)
    table = pq.read_table(path)
    pq.write_table(table.set_column(0, "id", pa.array([9] * 6)), path, row_group_size=4)
    _, broken = verified(path)
    assert any("differs from the original by more" in sentence for sentence in broken)
    path.with_name("p.original.parquet").write_bytes(content("p.parquet", PROMPTS[:3]))
    _, broken = verified(path)
    assert any("p.original.parquet: is no longer as the run read it" in s for s in broken)


def test_a_line_without_an_end_that_is_too_long(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_bytes(b"x" * 3_000)
    assert planned(path, most_bytes=1024).problems == 1
    path.write_bytes(b'{"text": "a"}\n' + b"x" * 3_000)
    assert applied(path, most_bytes=1024).problems == 1
    assert (tmp_path / "p.migrated.jsonl").read_bytes() == path.read_bytes()


def test_a_long_element_behind_a_short_one(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text(json.dumps([{"text": VIDEO}, {"text": "y" * 3_000_000 + " " + VIDEO}, 12345]))
    tally = applied(path, replace=True, rows=1)
    assert (tally.changed, tally.problems) == (2, 1)


def test_lone_surrogates_and_nested_lists() -> None:
    assert encoded("a\ud800", ascii_only=False) == b'"a\\ud800"'
    assert parse_path("[].text") == ["[]", "text"]
    assert parse_path("a[][].text") == ["a", "[]", "[]", "text"]


def test_an_error_in_a_condition_and_in_a_path(database: Database) -> None:
    source = database.prompts(PROMPTS)
    with pytest.raises(InputError, match="the database says"):
        planned(source, where="no_such_column = 1")
    with pytest.raises(InputError, match="is not a path"):
        planned(source, json_column="text", text="a[]")


def test_a_wrong_password_is_said_at_once(tmp_path: Path) -> None:
    for database in open_database("mysql", tmp_path):
        wrong = database.url.replace("root@", "nobody:s3cret@")
        with pytest.raises(InputError, match="denied") as caught:
            planned(f"{wrong}#prompts")
        assert "s3cret" not in str(caught.value)


def test_a_driver_that_is_chosen(tmp_path: Path) -> None:
    for database in open_database("sqlite", tmp_path):
        source = database.prompts(PROMPTS)
        assert planned(source.replace("sqlite:", "sqlite+pysqlite:")).changed == 4


def test_a_journal_that_lacks_an_entry(database: Database) -> None:
    source = database.prompts(PROMPTS)
    applied(source, rows=2)
    database.run("DELETE FROM flaglift_journal WHERE first = 2")
    _, broken = verified(source)
    assert "4 changes, but 1 journal entries" in broken[0]


def test_a_plan_can_be_stopped(tmp_path: Path) -> None:
    path = lines(tmp_path / "p.jsonl")
    asked = iter([False, True])
    assert planned(path, rows=2, stopped=lambda: next(asked)).records == 2


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    yield from open_database("sqlite", tmp_path)


def test_a_stop_while_the_database_is_away(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = sqlite.prompts(PROMPTS)
    real = Session.begin
    lost: list[str] = []

    def away(self: Session, *, write: bool = False) -> Any:
        if lost:
            raise UnavailableError("away")
        return real(self, write=write)

    def stopped() -> bool:
        lost.append("x")
        return len(lost) > 1

    with monkeypatch.context() as patch:
        patch.setattr(Session, "begin", away)
        with pytest.raises(UnavailableError, match="the same command again to resume"):
            applied(source, stopped=stopped, patience=(0.01,) * 9)
    assert applied(source).changed == 4


class Ended:
    """Ends the session of one transaction, after it has begun or before it is committed."""

    def __init__(self, database: Database, *, at_end: bool) -> None:
        self.at: int | None = None
        self.count = 0
        self._database = database
        self._at_end = at_end
        self._begin = Session.begin

    def method(self) -> Any:
        """Return what takes the place of `Session.begin`."""

        @contextmanager
        def begin(session: Session, *, write: bool = False) -> Iterator[Connection]:
            with self._within(session, write=write) as connection:
                yield connection

        return begin

    @contextmanager
    def _within(self, session: Session, *, write: bool) -> Iterator[Connection]:
        self.count += 1
        meant = self.count == self.at
        with self._begin(session, write=write) as connection:
            if meant and not self._at_end:
                self._end(connection)
            yield connection
            if meant and self._at_end:
                self._end(connection)

    def _end(self, connection: Connection) -> None:
        if self._database.kind == "postgresql":
            number = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
            self._database.run(f"SELECT pg_terminate_backend({number}, 5000)")
        else:
            number = connection.exec_driver_sql("SELECT connection_id()").scalar()
            self._database.run(f"KILL {number}")

    @contextmanager
    def once(self, at: int) -> Iterator[None]:
        """End the session of a transaction of the block, counted from 1."""
        self.count, self.at = 0, at
        yield
        self.at = None


@pytest.fixture(params=["postgresql", "mysql"])
def on_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    yield from open_database(request.param, tmp_path)


@pytest.mark.parametrize("at_end", [False, True])
def test_a_connection_that_is_lost_in_any_transaction(
    on_server: Database, at_end: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = Ended(on_server, at_end=at_end)
    job = Job(on_server.prompts(PROMPTS))
    first = on_server.rows()
    with opened(job) as store:
        monkeypatch.setattr(Session, "begin", ended.method())
        for at in range(1, 50):
            run = control()
            with store.writing(restart=False) as writer, ended.once(at):
                migration = Migration(store, decider_of(job, store.fields), run)
                assert migration.apply(writer)
                migration.finish(writer)
                written = ended.count
            (newest,) = open_runs(store)
            assert (newest.state, newest.tally.changed) == ("finished", 4)
            assert store.verify(newest)[1] == []
            with monkeypatch.context() as patch:
                undoing = store.undoing

                @contextmanager
                def begun(newest: MigrationRun, at: int = at, undoing: Any = undoing) -> Any:
                    with undoing(newest) as undoer, ended.once(at):
                        yield undoer

                patch.setattr(store, "undoing", begun)
                assert undo(store, control()).restored == 4  # not with the chunks made smaller
            assert on_server.rows() == first
            if at > max(written, ended.count):
                return


def test_a_file_that_cannot_be_read_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = lines(tmp_path / "p.jsonl")
    with opened(Job(str(path)), write=False) as store:
        path.unlink()
        path.mkdir()
        with pytest.raises(InputError, match="is a directory"):
            store.read(None, 10)
    path.rmdir()
    with pytest.raises(InputError, match="no such file"):
        output.sha256(path)
    output.sync_folder(tmp_path / "none")  # a system that opens no folders


def test_a_source_that_goes_away(tmp_path: Path) -> None:
    path = lines(tmp_path / "p.jsonl")

    def meddle(*args: object) -> None:
        path.unlink()

    with pytest.raises(InputError, match="no such file"):
        applied(path, watch=meddle)


def test_replacing_after_the_source_or_the_result_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = lines(tmp_path / "p.jsonl")

    def changed(self: FileWriter, path: Path, which: str) -> bool:
        return False

    with monkeypatch.context() as patch:
        patch.setattr(FileWriter, "_holds", changed)
        with pytest.raises(InputError, match="was changed since it was read"):
            applied(path, replace=True)
    with monkeypatch.context() as patch:
        patch.setattr(FileWriter, "_move_in_place", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            applied(path, replace=True)
    (tmp_path / "p.migrated.jsonl").unlink()
    with pytest.raises(InputError, match="the result is gone"):
        applied(path, replace=True)
    assert applied(path, replace=True, restart=True).changed == 6
    assert left(tmp_path) == ["p.jsonl"]


def test_a_failing_chunk_of_a_file_keeps_the_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p.parquet"
    path.write_bytes(content("p.parquet", PROMPTS))
    with monkeypatch.context() as patch:
        patch.setattr(ParquetResult, "append", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            applied(path)
    with sqlite3.connect(f"{path}.flaglift") as db:
        assert db.execute("SELECT count(*) FROM journal").fetchone() == (0,)
    db.close()
    assert applied(path).changed == 4


class CrashError(Exception):
    """Stands for the end of the process."""


@pytest.mark.parametrize("moment", ["finished", "replaced"])
def test_a_crash_behind_a_rename(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    path = lines(tmp_path / "p.jsonl")
    real = FileWriter._save

    def save(self: FileWriter, state: str, **info: object) -> None:
        if state == moment:
            raise CrashError
        real(self, state, **info)

    with monkeypatch.context() as patch:
        patch.setattr(FileWriter, "_save", save)
        with pytest.raises(CrashError):
            applied(path, replace=True)
    assert applied(path, replace=True).changed == 6
    assert left(tmp_path) == ["p.jsonl"]
    assert "--video" not in path.read_text()


def test_a_crash_behind_the_rename_of_an_undo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = lines(tmp_path / "p.jsonl")
    applied(path, replace=True)
    path.write_text(path.read_text().replace("cat 1", "my cat", 1))
    real = FileUndoer._save

    def save(self: FileUndoer, state: str, undo: Any) -> None:
        if state == "partly undone":
            raise CrashError
        real(self, state, undo)

    with monkeypatch.context() as patch:
        patch.setattr(FileUndoer, "_save", save)
        with pytest.raises(CrashError):
            undone(path)
    restored = path.read_text()
    assert restored.count("--video ") == 5
    undone(path)
    assert path.read_text() == restored


def test_a_compressed_run_goes_on(tmp_path: Path) -> None:
    for name in ("p.jsonl.gz", "p.jsonl.zst"):
        path = tmp_path / name
        inner = content("p.jsonl", PROMPTS)
        path.write_bytes(gzip.compress(inner) if name.endswith("gz") else zstandard.compress(inner))
        asked = iter([False, True])
        assert applied(path, rows=2, stopped=lambda asked=asked: next(asked)).records == 2
        assert applied(path).records == 6


def test_a_file_without_row_groups(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    pq.ParquetWriter(path, pa.schema([("text", pa.string())])).close()
    assert applied(path, create_columns=True).records == 0
    assert pq.ParquetFile(tmp_path / "p.migrated.parquet").metadata.num_row_groups == 0


def test_a_value_that_an_encoding_does_not_have(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_bytes(content("p.csv", ["a"]))
    with opened(Job(str(tmp_path / "p.csv"), encoding="ascii"), write=False) as store:
        assert "does not have" in (store.fits("video_model", "modèle") or "")
        assert store.fits("video_model", "kling25") is None


def test_what_the_system_and_the_library_say() -> None:
    source = ByteSource(Path("/proc/self/mem"))
    with pytest.raises(InputError, match="input/output error"):
        source.read(10)
    source.close()
    with pytest.raises(InputError, match="x: too early"), translated_errors("x"):
        raise exc.InvalidRequestError("too early")
    sink = output.HashSink()
    sink.append(b"")
    assert sink.sync() == 0
    sink.close()


def test_a_prompt_without_a_price_is_counted() -> None:
    tally = Tally()
    stored = Stored("", "a", {})
    tally.add(StoredRecord("1", (stored,)), [Verdict(stored, "translated", model="m")])
    assert (tally.translated, tally.priced) == (1, 0)


@pytest.mark.parametrize(
    ("package", "source", "extra"),
    [
        ("zstandard", "p.jsonl.zst", "zstd"),
        ("pyarrow", "p.parquet", "parquet"),
        ("sqlalchemy", "sqlite:///p.db#t", "sql"),
        ("pymysql", "mysql://root@127.0.0.1/test#t", "sql"),
    ],
)
def test_an_extra_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str, source: str, extra: str
) -> None:
    for name in list(sys.modules):
        if name.startswith(("flaglift.migrate.files.parquet", "flaglift.migrate.sql.")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    if "://" not in source:
        (tmp_path / source).write_bytes(b"x")
        source = str(tmp_path / source)
    with pytest.raises(InputError, match=re.escape(f"pip install 'flaglift[{extra}]'")):
        planned(source)


def test_a_file_that_changes_while_it_is_restored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = lines(tmp_path / "p.jsonl")
    before = path.read_bytes()
    applied(path, replace=True)
    real = FileUndoer.undo

    def undo(self: FileUndoer, rows: int) -> bool:
        more = real(self, rows)
        os.utime(path, (1, 1))
        return more

    with monkeypatch.context() as patch:
        patch.setattr(FileUndoer, "undo", undo)
        with pytest.raises(InputError, match="was changed meanwhile; run undo again"):
            undone(path)
    assert undone(path).restored == 6
    assert path.read_bytes() == before


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return how many records each chunk of an undo is to have, where it takes no time."""
    asked: list[int] = []
    real = FileUndoer.undo

    def undo(self: FileUndoer, rows: int) -> bool:
        asked.append(rows)
        return real(self, rows)

    monkeypatch.setattr(FileUndoer, "undo", undo)
    monkeypatch.setattr("flaglift.migrate.undoing.time.monotonic", lambda: 0.0)
    return asked


@pytest.mark.parametrize("suffix", ["jsonl", "json", "csv"])
def test_chunks_of_a_file_grow_while_it_is_restored(
    suffix: str, tmp_path: Path, asked: list[int]
) -> None:
    """Also where most of what is read has no change to take back."""
    path = tmp_path / f"p.{suffix}"
    texts = ["a --video --video_model kling25", *(f"plain {n}" for n in range(9))] * 1000
    path.write_bytes(content(path.name, texts))
    before = path.read_bytes()
    assert applied(path, replace=True).changed == 1000
    assert undone(path).restored == 1000
    assert path.read_bytes() == before
    assert asked == [200, 400, 800, 1600, 3200, 6400, 12800]


def test_chunks_of_a_file_of_long_lines_stay_small_while_it_is_restored(
    tmp_path: Path, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flaglift.migrate.throttle._MOST_BYTES", 300_000)
    path = tmp_path / "p.jsonl"
    line = json.dumps({"text": f"{'a' * 1000} --video --video_model kling25"}) + "\n"
    path.write_text(line * 1500)
    assert applied(path, replace=True).changed == 1500
    assert undone(path).restored == 1500
    assert asked[0] == 200
    assert all(100 < rows < 200 for rows in asked[1:])  # the prompt stands twice in each line


def test_rows_with_cells_that_are_too_long_for_python_are_written_and_restored(
    tmp_path: Path,
) -> None:
    path = tmp_path / "p.csv"
    words = "x" * 200_000
    header = "text,video_model,video_prompt,video_duration"
    texts = [f"{start} --video --video_model kling25" for start in ("cat", words, "dog")]
    path.write_text("\n".join([header, *(f"{text},,," for text in texts), ""]))
    before = path.read_bytes()
    assert applied(path, replace=True).changed == 3
    assert f"\n{words},kling25,{words},\ndog,kling25,dog,\n" in path.read_text()
    undone(path)
    assert path.read_bytes() == before


def test_entries_are_found_by_keys_that_are_no_characters(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    line = '{"id": "%s", "text": "a --video --video_model kling25"}\n'
    path.write_text(line % "\\ud800" + line % "\\\\ud800")
    before = path.read_bytes()
    assert applied(path, replace=True, key="id").changed == 2
    assert undone(path, key="id").restored == 2
    assert path.read_bytes() == before
