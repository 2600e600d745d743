"""Tables, on real servers: keys of every kind, other writers, lost connections, denied rights."""

import datetime
import json
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from flaglift import Settings, translate
from flaglift.errors import InputError
from flaglift.migrate.control import Control
from flaglift.migrate.decision import Decider
from flaglift.migrate.engine import Migration
from flaglift.migrate.errors import LockedError, UnavailableError, UnreadableRecordError
from flaglift.migrate.job import Job
from flaglift.migrate.records import StoredRecord
from flaglift.migrate.sql import comparing
from flaglift.migrate.sql import undo as module
from flaglift.migrate.sql.changes import TableChanges
from flaglift.migrate.sql.keys import key_of, key_text
from flaglift.migrate.sql.step import SqlStep
from flaglift.migrate.sql.writer import SqlWriter
from flaglift.migrate.throttle import Throttle
from flaglift.migrate.undoing import undo
from migrate.conftest import PROMPTS, Database, open_database
from migrate.sources import applied, control, opened, planned, undone, verified

VIDEO = "cat {} --video --video_model kling25 --duration 5"


def test_a_migration_there_and_back(database: Database) -> None:
    source = database.prompts([*PROMPTS, None, ""])
    before = database.rows()
    tally = applied(source, rows=2)
    assert (tally.records, tally.changed, tally.refused, tally.without) == (8, 4, 1, 1)
    rows = database.rows()
    assert rows[0] == (1, "a cat", "kling25", "a cat", 5)
    assert rows[1] == before[1]
    assert rows[2][1:4] == ('é "tall" cat', "seedance_v15_720p", 'it"s \\ 猫')
    assert rows[3] == before[3]
    assert applied(source).changed == 0
    held, broken = verified(source)
    assert held
    assert not broken
    done = undone(source, rows=3)
    assert done.restored == 4
    assert database.rows() == before


def test_a_plan_writes_nothing(database: Database) -> None:
    source = database.prompts(PROMPTS)
    assert planned(source).changed == 4
    with opened(Job(source), write=False) as store:
        assert store.total() is None or store.total() == ("records", 6)
        assert store.runs() == []
        with pytest.raises(InputError, match=r"read-only|readonly|READ ONLY"):
            store.writing(restart=False).__enter__()
    assert database.rows()[0][1] == PROMPTS[0]


KEYS: dict[str, tuple[str, Callable[[int], tuple[Any, ...]]]] = {
    "composite": ("a VARCHAR(20), b INTEGER", lambda i: (f"k{i % 3}", i)),
    "text": ("a VARCHAR(60)", lambda i: (f"{'aAéZ zß'[i % 7]}{i} '%:{{\"",)),
    "negative": ("a BIGINT", lambda i: (i * 10**15 - 10**16,)),
    "three": (
        "a INTEGER, b INTEGER, c VARCHAR(5)",
        lambda i: (i % 2, i % 5, f"c{i}"),
    ),
}


@pytest.mark.parametrize("kind", [*KEYS])
def test_keys(database: Database, kind: str) -> None:
    columns, make = KEYS[kind]
    check_keys(database, columns, [make(i) for i in range(23)])


def check_keys(database: Database, columns: str, keys: Sequence[tuple[Any, ...]]) -> None:
    names = "abc"[: len(keys[0])]
    database.run(
        f"CREATE TABLE prompts ({columns}, text TEXT, video_model VARCHAR(60),"
        f" video_prompt TEXT, video_duration INTEGER, PRIMARY KEY ({', '.join(names)}))"
    )
    with database.engine.begin() as connection:
        for i, key in enumerate(keys):
            values = dict(zip(names, key, strict=True))
            marks = ", ".join(f":{n}" for n in names)
            connection.execute(
                text(f"INSERT INTO prompts ({', '.join(names)}, text) VALUES ({marks}, :t)"),
                {**values, "t": VIDEO.format(i)},
            )
    source = f"{database.url}#prompts"
    before = database.rows(order=", ".join(names))
    assert applied(source, rows=2).changed == len(keys)
    assert {row[len(names)] for row in database.rows(order="text")} == {
        f"cat {i}" for i in range(len(keys))
    }
    assert undone(source, rows=2).restored == len(keys)
    assert database.rows(order=", ".join(names)) == before


def test_binary_keys(database: Database) -> None:
    kind = {"postgresql": "BYTEA", "sqlite": "BLOB", "mysql": "VARBINARY(8)"}[database.kind]
    check_keys(database, f"a {kind}", [(bytes([255 - i, 0, i]),) for i in range(9)])


def test_uuid_and_fixed_width_keys(tmp_path: Path) -> None:
    for database in open_database("postgresql", tmp_path):
        keys = [(uuid.uuid4(),) for _ in range(9)]
        check_keys(database, "a UUID", keys)
        database.run("DROP TABLE prompts")
        database.run("DROP TABLE flaglift_runs, flaglift_journal")
        check_keys(database, "a CHAR(8)", [(f"k{i}".ljust(8),) for i in range(9)])
        database.run("DROP TABLE prompts")
        database.run("DROP TABLE flaglift_runs, flaglift_journal")
        check_keys(database, "a TIMESTAMPTZ", [(f"2026-01-0{i + 1}",) for i in range(9)])


def test_a_collation_that_is_blind_to_case(tmp_path: Path) -> None:
    for database in open_database("mysql", tmp_path):
        columns = "a VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_general_ci"
        check_keys(database, columns, [(f"{'aBcD'[i % 4]}é{i}",) for i in range(17)])


def test_rows_without_a_key_are_left_out(tmp_path: Path) -> None:
    for database in open_database("sqlite", tmp_path):
        source = database.prompts([VIDEO] * 3, key="id TEXT PRIMARY KEY")
        database.run("INSERT INTO prompts (id, text) VALUES (NULL, :t)", t=VIDEO)
        assert applied(source, rows=1).changed == 3


def test_odd_names(database: Database) -> None:
    quote = "`" if database.kind == "mysql" else '"'

    def q(name: str) -> str:
        return f"{quote}{name}{quote}"

    with database.engine.begin() as connection:
        connection.exec_driver_sql(
            f"CREATE TABLE {q('my prompts')} ({q('Key 1')} INTEGER PRIMARY KEY,"
            f" {q('select')} TEXT, {q('Model:x')} TEXT, {q('v p')} TEXT, {q('v%%d')} VARCHAR(9))"
        )
        connection.exec_driver_sql(
            f"INSERT INTO {q('my prompts')} ({q('Key 1')}, {q('select')}) VALUES (1,"
            f" '{VIDEO.format(1)}')"
        )
    percent = "v%d" if database.kind != "sqlite" else "v%%d"
    targets = {"video_model": "Model:x", "video_prompt": "v p", "video_duration": percent}
    source = f"{database.url}#my prompts"
    assert applied(source, text="select", targets=targets).changed == 1
    assert database.run(f"SELECT * FROM {q('my prompts')}") == [
        (1, "cat 1", "kling25", "cat 1", "5")
    ]


def test_columns_are_created_on_request(database: Database) -> None:
    database.run("CREATE TABLE prompts (id INTEGER PRIMARY KEY, text TEXT)")
    database.run("INSERT INTO prompts VALUES (1, :t)", t=VIDEO.format(1))
    source = f"{database.url}#prompts"
    assert planned(source).changed == 1
    with pytest.raises(InputError, match="there is no column video_duration, video_model"):
        applied(source)
    with opened(Job(source, create_columns=True), write=False) as store:
        assert store.notes() == [
            "apply will add the columns video_duration, video_model, video_prompt"
        ]
    assert applied(source, create_columns=True).changed == 1
    assert sorted(map(str, database.rows()[0])) == ["1", "5", "cat 1", "cat 1", "kling25"]
    (note,) = undone(source, create_columns=True).notes
    assert "were added by the run and still exist" in note


def test_documents(database: Database) -> None:
    kind = {"postgresql": "JSONB", "sqlite": "JSON", "mysql": "JSON"}[database.kind]
    check_documents(database, kind)


def test_documents_as_text(database: Database) -> None:
    check_documents(database, {"postgresql": "JSON"}.get(database.kind, "TEXT"))


def check_documents(database: Database, kind: str) -> None:
    database.run(f"CREATE TABLE prompts (id INTEGER PRIMARY KEY, data {kind})")
    documents = [
        f'{{"n": 1.50,  "prompts": [{{"text": "{VIDEO.format(1)}"}}, {{"text": "plain"}},'
        f' {{"text": "{VIDEO.format(2)}"}}]}}',
        '{"prompts": null}',
        '{"prompts": [{"text": 3}]}',
    ]
    for i, document in enumerate(documents):
        with database.engine.begin() as connection:
            connection.exec_driver_sql(f"INSERT INTO prompts VALUES ({i}, '{document}')")
    database.run("INSERT INTO prompts VALUES (9, NULL)")
    source = f"{database.url}#prompts"
    cast = "CAST(data AS TEXT)" if database.kind == "postgresql" else "data"
    before = database.run(f"SELECT id, {cast} FROM prompts ORDER BY id")
    options: dict[str, Any] = {"json_column": "data", "text": "prompts[].text"}
    tally = applied(source, **options)
    assert (tally.changed, tally.translated, tally.problems, tally.without) == (1, 2, 1, 2)
    new = json.loads(database.run(f"SELECT {cast} FROM prompts WHERE id = 0")[0][0])
    assert new["prompts"][2] == {
        "text": "cat 2",
        "video_model": "kling25",
        "video_prompt": "cat 2",
        "video_duration": 5,
    }
    assert verified(source, **options)[1] == []
    assert undone(source, **options).restored == 1
    assert database.run(f"SELECT id, {cast} FROM prompts ORDER BY id") == before


def test_a_value_that_does_not_fit_is_refused(database: Database) -> None:
    database.run(
        "CREATE TABLE prompts (id INTEGER PRIMARY KEY, text TEXT, video_model VARCHAR(4),"
        " video_prompt TEXT, video_duration INTEGER)"
    )
    database.run("INSERT INTO prompts (id, text) VALUES (1, :t)", t=VIDEO.format(1))
    tally = applied(f"{database.url}#prompts")
    assert tally.refusals == {"does-not-fit": 1}
    assert database.rows()[0][1] == VIDEO.format(1)


def test_a_field_without_a_column_is_refused(database: Database) -> None:
    source = database.prompts([VIDEO.format(1) + "\nnum_images=4"])
    tally = applied(source)
    assert tally.refusals == {"no-target": 1}


def test_a_condition_and_a_limit(database: Database) -> None:
    source = database.prompts([VIDEO.format(i) for i in range(10)])
    assert applied(source, where="id > 4 AND text <> ':x' -- new", limit=2).changed == 2
    assert [bool(row[2]) for row in database.rows()] == [False] * 4 + [True] * 2 + [False] * 4
    # The next call goes on behind them.
    assert applied(source, where="id > 4 AND text <> ':x' -- new").changed == 6


def test_another_job_does_not_go_on_with_a_run(database: Database) -> None:
    source = database.prompts([VIDEO.format(i) for i in range(4)])
    applied(source, limit=2)
    with pytest.raises(InputError, match="was begun with other options"):
        applied(source, settings=Settings(strict=True))
    assert applied(source, settings=Settings(strict=True), restart=True).changed == 2
    with opened(Job(source)) as store:
        assert [run.state for run in store.runs()] == ["stopped", "finished"]
    assert undone(source).restored == 4


def test_rows_edited_since_are_not_undone(database: Database) -> None:
    source = database.prompts([VIDEO.format(i) for i in range(5)])
    applied(source)
    database.run("UPDATE prompts SET text = 'mine' WHERE id = 2")
    database.run("UPDATE prompts SET video_model = NULL WHERE id = 3")
    database.run("DELETE FROM prompts WHERE id = 4")
    _, broken = verified(source)
    assert "2 rows were edited since: [2], [3]" in broken[0]
    assert "1 rows were deleted since: [4]" in broken[1]
    done = undone(source)
    assert done.restored == 2
    with opened(Job(source)) as store:
        (run,) = store.runs()
        assert run.state == "partly undone"
        assert [entry.key for entry in store.entries(run, left=True)] == ["[2]", "[3]", "[4]"]
        assert len(list(store.entries(run))) == 5
    assert database.rows()[1][1] == "mine"


def test_triggers_and_generated_columns_are_noticed(database: Database) -> None:
    source = database.prompts(PROMPTS)
    body = {
        "sqlite": "BEGIN SELECT 1; END",
        "mysql": "FOR EACH ROW SET @x = 1",
        "postgresql": "FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    }[database.kind]
    timing = "AFTER" if database.kind == "sqlite" else "BEFORE"
    database.run(f"CREATE TRIGGER audit {timing} UPDATE ON prompts {body}")
    kind = "VIRTUAL" if database.kind == "sqlite" else "STORED"
    database.run(
        f"ALTER TABLE prompts ADD COLUMN size INTEGER GENERATED ALWAYS AS (length(text)) {kind}"
    )
    with opened(Job(source), write=False) as store:
        notes = store.notes()
    assert "the trigger `audit` fires on every update" in notes
    assert "the generated column `size` follows what is written" in notes
    with pytest.raises(InputError, match="`size` is generated"):
        planned(source, targets={"video_duration": "size"})


def test_a_row_that_a_trigger_holds_back_is_refused(tmp_path: Path) -> None:
    for database in open_database("postgresql", tmp_path):
        source = database.prompts([VIDEO.format(1)])
        database.run(
            "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
        )
        database.run(
            "CREATE TRIGGER no BEFORE UPDATE ON prompts FOR EACH ROW EXECUTE FUNCTION no()"
        )
        assert applied(source).refusals == {"refused-by-database": 1}
        assert database.rows()[0][1] == VIDEO.format(1)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("DROP TABLE prompts", "there is no table `prompts`"),
        ("ALTER TABLE prompts RENAME TO prompt", "did you mean `prompt`"),
        ("ALTER TABLE prompts RENAME COLUMN text TO texts", "did you mean `texts`"),
    ],
)
def test_what_is_missing_is_said(database: Database, change: str, reason: str) -> None:
    source = database.prompts(PROMPTS)
    database.run(change)
    with pytest.raises(InputError, match=reason):
        planned(source)


def test_a_table_without_a_primary_key(database: Database) -> None:
    database.run("CREATE TABLE prompts (text TEXT)")
    with pytest.raises(InputError, match="has no primary key"):
        planned(f"{database.url}#prompts")


def test_a_column_cannot_take_two_fields_or_be_the_key(database: Database) -> None:
    source = database.prompts(PROMPTS)
    with pytest.raises(InputError, match="would take two fields"):
        planned(source, targets={"video_model": "video_prompt", "video_prompt": "video_prompt"})
    with pytest.raises(InputError, match="part of the primary key"):
        planned(source, targets={"video_duration": "id"})


def test_an_account_that_may_only_read(tmp_path: Path) -> None:
    for kind in ("postgresql", "mysql"):
        for database in open_database(kind, tmp_path):
            source = database.prompts(PROMPTS)
            name = f"reader_{kind[:2]}{os.getpid()}"
            host = "" if kind == "postgresql" else "@'%'"
            database.run(
                f"DROP ROLE IF EXISTS {name}" if not host else f"DROP USER IF EXISTS {name}{host}"
            )
            database.run(
                f"CREATE USER {name}{host}"
                + (" PASSWORD 's3cret'" if not host else " IDENTIFIED BY 's3cret'")
            )
            database.run(f"GRANT SELECT ON prompts TO {name}{host}")
            try:
                at = source.index("://") + 3
                reader = source[:at] + f"{name}:s3cret@" + source[source.index("@") + 1 :]
                assert planned(reader).changed == 4
                with pytest.raises(InputError, match="apply needs the right to select and update"):
                    applied(reader)
                with opened(Job(reader), write=False) as store:
                    assert "s3cret" not in store.name
                database.run(f"GRANT UPDATE ON prompts TO {name}{host}")
                with pytest.raises(InputError, match=r"(?s)may not create .*CREATE TABLE"):
                    applied(reader)
            finally:
                if not host:
                    database.run(f"DROP OWNED BY {name}")
                database.run(f"DROP USER {name}{host}")


def test_a_busy_database_file_is_waited_for(tmp_path: Path) -> None:
    for database in open_database("sqlite", tmp_path):
        source = database.prompts(PROMPTS)
        with database.engine.connect() as other:
            other.exec_driver_sql("BEGIN IMMEDIATE")
            threading.Timer(0.3, other.rollback).start()
            assert applied(source).changed == 4


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("postgresql://x@127.0.0.1:1/none#t", "does not answer"),
        ("mysql://x@127.0.0.1:1/none#t", "does not answer"),
        ("postgresql://127.0.0.1/none", "name the table after a #"),
        ("oracle://127.0.0.1/none#t", "not a database that is known"),
        ("://#t", "a database is named like"),
        ("sqlite:////nowhere/x.db#t", "there is no such database file"),
    ],
)
def test_addresses_that_lead_nowhere(source: str, reason: str) -> None:
    with pytest.raises((InputError, UnavailableError), match=reason):
        planned(source)


def test_a_second_run_is_kept_away(database: Database) -> None:
    source = database.prompts(PROMPTS)
    with opened(Job(source)) as one, one.writing(restart=False), opened(Job(source)) as other:
        with pytest.raises(LockedError, match="another run is working on it"):
            other.writing(restart=False).__enter__()
        assert [run.state for run in other.runs()] == ["running"]
    assert applied(source).changed == 4


class Meddler:
    """Changes rows between their being read and their being written."""

    def __init__(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        real = SqlStep.moved
        self.changes: list[str] = []

        def moved(step: SqlStep, changes: TableChanges) -> Any:
            while self.changes:
                # SQLite has locked the file by now; its other writers come later.
                database.run(self.changes.pop(0))
            return real(step, changes)

        monkeypatch.setattr(SqlStep, "moved", moved)


@pytest.fixture(params=["postgresql", "mysql"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    yield from open_database(request.param, tmp_path)


def test_a_row_changed_meanwhile_is_decided_again(
    server: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = server.prompts([VIDEO.format(i) for i in range(5)])
    Meddler(server, monkeypatch).changes = [
        "UPDATE prompts SET text = 'a Cat --video --video_model kling25' WHERE id = 1",
        "UPDATE prompts SET text = upper(text) WHERE id = 2",
        "DELETE FROM prompts WHERE id = 3",
        "UPDATE prompts SET video_model = 'wan26_720p' WHERE id = 4",
    ]
    tally = applied(source)
    assert (tally.raced, tally.gone, tally.changed) == (3, 1, 2)
    assert server.rows() == [
        (1, "a Cat", "kling25", "a Cat", None),
        (2, VIDEO.format(1).upper(), None, None, None),
        (4, VIDEO.format(3), "wan26_720p", None, None),
        (5, "cat 4", "kling25", "cat 4", 5),
    ]


def test_concurrent_writers_lose_no_update(database: Database) -> None:
    count = 400
    source = database.prompts([VIDEO.format(i) for i in range(count)])
    last: dict[int, str] = {}
    stop = threading.Event()

    def write() -> None:
        turn = 0
        with database.engine.connect() as connection:
            while not stop.is_set():
                turn += 1
                row = turn * 37 % count + 1
                new = f"{VIDEO.format(row)} turn {turn}" if turn % 3 else f"plain {turn}"
                try:
                    with connection.begin():
                        connection.execute(
                            text(
                                "UPDATE prompts SET text = :t, video_model = NULL, video_prompt ="
                                " NULL, video_duration = NULL WHERE id = :i"
                            ),
                            {"t": new, "i": row},
                        )
                except Exception:  # noqa: S112 (a busy SQLite; the update did not happen)
                    continue
                last[row] = new
                time.sleep(0.001)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        tally = applied(source, rows=20)
    finally:
        stop.set()
        writer.join()
    assert tally.records >= count  # those flagged again behind the cursor count twice
    assert last
    for row, prompt, *fields in database.rows():
        written = last.get(row, VIDEO.format(row - 1))
        values = translate(written).values
        as_written = (written, None, None, None)
        as_translated = (
            values["text"],
            values.get("video_model"),
            values.get("video_prompt"),
            values.get("video_duration"),
        )
        assert (prompt, *fields) in (as_written, as_translated)


def kill_connections(server: Database) -> None:
    with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if server.kind == "postgresql":
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <>"
                " pg_backend_pid() AND datname = current_database()"
            )
        else:
            own = connection.exec_driver_sql("SELECT connection_id()").scalar()
            found = connection.exec_driver_sql(
                "SELECT id FROM information_schema.processlist WHERE db = database()"
            )
            for (number,) in found.all():
                if number != own:
                    connection.exec_driver_sql(f"KILL {number}")


def test_a_lost_connection_is_found_again(
    server: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = server.prompts([VIDEO.format(i) for i in range(30)])
    for moment in ("moved", "write", "checkpoint"):
        real = getattr(SqlStep, moment)
        lost: list[str] = []

        def once(step: SqlStep, *args: Any, real: Any = real, lost: list[str] = lost) -> Any:
            if not lost:
                lost.append("x")
                kill_connections(server)
            return real(step, *args)

        with monkeypatch.context() as patch:
            patch.setattr(SqlStep, moment, once)
            assert applied(source, rows=7).changed == 30
        assert lost
        assert undone(source).restored == 30


def test_a_server_that_stays_away_stops_the_run(
    server: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = server.prompts([VIDEO.format(i) for i in range(4)])
    applied(source, limit=2, rows=2)
    with opened(Job(source)) as store, store.writing(restart=False) as writer:

        def away(writer: SqlWriter) -> None:
            raise UnavailableError("the database does not answer: away")

        monkeypatch.setattr(SqlWriter, "reconnect", away)
        migration = Migration(store, Decider(Settings(), store.fields), control())
        kill_connections(server)
        with pytest.raises(UnavailableError, match=r"given up after 2 attempts.*again to resume"):
            migration.apply(writer)
    monkeypatch.undo()
    assert applied(source).changed == 4


def test_an_undo_survives_a_lost_connection(
    server: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = server.prompts([VIDEO.format(i) for i in range(9)])
    applied(source, rows=4)
    real = comparing.old_values
    lost: list[str] = []

    def once(*args: Any) -> Any:
        if not lost:
            lost.append("x")
            kill_connections(server)
        return real(*args)

    monkeypatch.setattr(module, "old_values", once)
    assert undone(source).restored == 9

    applied(source, rows=4)
    real_mark = module.SqlUndoer._save
    saves: list[str] = []

    def lose(*args: Any) -> Any:
        saves.append("x")
        if len(saves) == 2:
            kill_connections(server)
        return real_mark(*args)

    with monkeypatch.context() as patch:
        patch.setattr(module.SqlUndoer, "_save", lose)
        with pytest.raises(UnavailableError, match="the same command again to resume"):
            undone(source, patience=())
    lost.append("x")
    with pytest.raises(InputError, match="an undo is unfinished"):
        applied(source)
    undone(source)
    assert server.rows()[0][1] == VIDEO.format(0)


def test_bad_utf_8_in_one_row(tmp_path: Path) -> None:
    for database in open_database("sqlite", tmp_path):
        source = database.prompts([VIDEO.format(1), VIDEO.format(2), "x"])
        database.run("UPDATE prompts SET text = CAST(x'6180' AS TEXT) WHERE id = 2")
        database.run("UPDATE prompts SET text = x'6180' WHERE id = 3")
        assert planned(source).problems == 2
        with pytest.raises(UnreadableRecordError, match=r"key \[2\]: `text` is not UTF-8"):
            applied(source, keep_going=False)
        assert applied(source).changed == 1
        rows = database.run("SELECT hex(text) FROM prompts WHERE id = 2")
        assert rows == [("6180",)]


def test_a_stop_between_chunks(database: Database) -> None:
    source = database.prompts([VIDEO.format(i) for i in range(9)])
    asked = iter([False, True])
    with opened(Job(source)) as store, store.writing(restart=False) as writer:
        run = Control(Throttle(rows=3), stopped=lambda: next(asked))
        assert not Migration(store, Decider(Settings(), store.fields), run).apply(writer)
        assert writer.run.tally.changed == 3
    assert applied(source).changed == 9


def test_keys_as_text() -> None:
    key = (
        1,
        "é",
        b"\x00\xff",
        Decimal("1.50"),
        datetime.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=datetime.UTC),
        "a\udc80",
    )
    assert key_of(key_text(key)) == key
    with pytest.raises(InputError, match="a value of the kind object"):
        key_text((object(),))


def test_a_record_that_cannot_be_read_any_more_is_left(
    server: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.run("CREATE TABLE prompts (id INTEGER PRIMARY KEY, data TEXT)")
    server.run("INSERT INTO prompts VALUES (1, :d)", d=json.dumps({"text": VIDEO}))
    Meddler(server, monkeypatch).changes = ["UPDATE prompts SET data = '{' WHERE id = 1"]
    tally = applied(f"{server.url}#prompts", json_column="data")
    assert (tally.gone, tally.changed) == (1, 0)
    assert isinstance(StoredRecord("", ()), StoredRecord)


def test_what_was_taken_back_is_not_called_edited(database: Database) -> None:
    source = database.prompts(PROMPTS)
    assert applied(source).changed == 4
    database.run("UPDATE prompts SET text = 'mine' WHERE id = 3")
    assert undone(source).restored == 3
    for _ in range(2):
        held, broken = verified(source)
        assert "0 rows are as the run wrote them" in held[0]
        assert len(broken) == 1
        assert broken[0].endswith("1 rows were edited since: [3]")
        assert undone(source).restored == 0


def test_a_condition_that_is_no_sql(database: Database) -> None:
    with pytest.raises(InputError, match=r"syntax error"):
        planned(database.prompts(PROMPTS), where="id >")


def test_a_run_whose_column_is_gone_is_named(database: Database) -> None:
    source = database.prompts(PROMPTS)
    applied(source)
    with opened(Job(source)) as store:
        first = store.runs()[0].id
    database.run("ALTER TABLE prompts RENAME COLUMN text TO words")
    database.run("UPDATE prompts SET words = 'owl --video --video_model kling25' WHERE id = 2")
    before = database.rows()
    assert applied(source, text="words").changed == 1
    said = f"no column `text`.* The run {first} needs it"
    with opened(Job(source)) as store:
        with pytest.raises(InputError, match=said):
            undo(store, control())  # the second run is taken back
        with pytest.raises(InputError, match=said):
            store.verify(store.runs()[0])
    assert database.rows() == before
