"""Tables that are altered during a run: it ends, and says what was kept and how to go on."""

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from flaglift.errors import InputError
from flaglift.migrate.job import Job
from migrate.conftest import Database, open_database
from migrate.sources import applied, opened, undone, verified
from migrate.test_preflight import account
from migrate.test_repeated_keys import VIDEO, apply_while

KEPT = (
    r"the database says: .*video_model.*\. Everything {} so far is kept; put that right, and run"
    " the same command again to resume"
)


def rename(database: Database, old: str = "video_model", new: str = "old") -> None:
    database.run(f"ALTER TABLE prompts RENAME COLUMN {old} TO {new}")


def undo_while(source: str, action: Callable[[], object]) -> None:
    with opened(Job(source)) as store, store.undoing(store.runs()[-1]) as undoer:
        undoer.undo(2)
        action()
        undoer.undo(2)


@pytest.mark.parametrize(("at", "written"), [(2, 0), (4, 2), (8, 6)])
def test_a_column_that_is_renamed_during_a_run(database: Database, at: int, written: int) -> None:
    source = database.prompts([VIDEO.format(i) for i in range(8)])
    before = database.rows()
    with pytest.raises(InputError, match=KEPT.format("written")):
        apply_while(source, lambda: rename(database), at)
    rows = database.rows()
    assert sum(row != old for row, old in zip(rows, before, strict=True)) == written
    rename(database, "old", "video_model")
    assert applied(source, rows=2).changed == 8
    assert verified(source)[1] == []
    assert undone(source).restored == 8
    assert database.rows() == before


def test_a_column_that_is_renamed_during_an_undo(database: Database) -> None:
    source = database.prompts([VIDEO.format(i) for i in range(4)])
    before = database.rows()
    assert applied(source).changed == 4
    with pytest.raises(InputError, match=KEPT.format("restored")):
        undo_while(source, lambda: rename(database))
    rename(database, "old", "video_model")
    assert database.rows()[2:] == before[2:]
    assert undone(source).restored == 2
    assert database.rows() == before


def test_a_column_that_is_renamed_since_a_run(database: Database) -> None:
    source = database.prompts([VIDEO.format(i) for i in range(4)])
    before = database.rows()
    assert applied(source).changed == 4
    rename(database)
    lost = r"has no column `video_model` any more, so that rows in which the run wrote it count"
    assert any(re.search(lost, sentence) for sentence in verified(source)[1])
    done = undone(source)
    assert (done.restored, len(done.edited)) == (0, 4)
    assert re.search(lost, done.notes[0])
    rename(database, "old", "video_model")
    assert verified(source)[1] == []
    assert undone(source).restored == 4
    assert database.rows() == before


def test_a_right_that_is_lost_during_a_run(tmp_path: Path) -> None:
    for database in open_database("postgresql", tmp_path):
        database.prompts([VIDEO.format(i) for i in range(8)])
        with account(database, "CREATE, USAGE ON SCHEMA public", "ALL ON prompts") as source:
            name = make_url(source).username
            lost = partial(database.run, f"REVOKE ALL ON prompts FROM {name}")
            with pytest.raises(InputError, match=r"permission denied .* so far is kept"):
                apply_while(source, lost, 4)
            database.run(f"GRANT ALL ON prompts TO {name}")
            assert applied(source).changed == 8


VERBS: dict[str, Callable[[str], object]] = {
    "verify": verified,
    "apply": partial(applied, rows=2),
    "undo": undone,
}
SHAPES = {
    "a column more": "id INTEGER, n INTEGER DEFAULT 0, {}, PRIMARY KEY (id, n)",
    "another column": "id INTEGER, n INTEGER PRIMARY KEY, {}",
    "another order": "id INTEGER, n INTEGER, {}, PRIMARY KEY (n, id)",
    "another type": "id VARCHAR(20) PRIMARY KEY, n INTEGER, {}",
    "wider numbers": "id BIGINT PRIMARY KEY, n INTEGER, {}",
}
COLUMNS = "text TEXT, video_model VARCHAR(60), video_prompt TEXT, video_duration INTEGER"
GOOD = "id INTEGER PRIMARY KEY, n INTEGER, {}"


def rebuilt(database: Database, shape: str) -> None:
    """Give a table another key, with the rows that it has."""
    database.run("ALTER TABLE prompts RENAME TO old")
    database.run(f"CREATE TABLE prompts ({shape.format(COLUMNS)})")
    key = "id" if "VARCHAR(20)" in shape else "CAST(id AS INTEGER)"
    values = "text, video_model, video_prompt, video_duration"
    database.run(f"INSERT INTO prompts (id, n, {values}) SELECT {key}, n, {values} FROM old")
    database.run("DROP TABLE old")


@pytest.mark.parametrize("shape", SHAPES)
def test_a_key_that_is_another_one_since_the_run(database: Database, shape: str) -> None:
    good = "id INTEGER, n INTEGER, {}, PRIMARY KEY (id, n)" if "order" in shape else GOOD
    database.run(f"CREATE TABLE prompts ({good.format(COLUMNS)})")
    for number in range(1, 7):
        values = f"{number}, {7 - number}, '{VIDEO.format(number)}'"
        database.run(f"INSERT INTO prompts (id, n, text) VALUES ({values})")
    before = database.rows()
    source = f"{database.url}#prompts"
    assert applied(source, limit=4).changed == 4
    written = database.rows()
    rebuilt(database, SHAPES[shape])
    if shape == "wider numbers":
        assert verified(source)[1] == []
        assert applied(source).changed == 6
        assert undone(source).restored == 6
        return
    for verb in VERBS.values():
        with pytest.raises(InputError, match=r"the primary key was .* when the run \S+ began, and"):
            verb(source)
    with opened(Job(source)) as store:
        assert [run.state for run in store.runs()] == ["running"]
    rebuilt(database, good)
    assert database.rows() == written
    assert applied(source).changed == 6
    assert undone(source).restored == 6
    assert database.rows() == before


def test_a_key_that_is_another_one_since_a_run_of_an_earlier_version(database: Database) -> None:
    database.run(f"CREATE TABLE prompts ({GOOD.format(COLUMNS)})")
    database.run(f"INSERT INTO prompts (id, n, text) VALUES (1, 2, '{VIDEO.format(1)}')")
    source = f"{database.url}#prompts"
    applied(source)
    ((info,),) = database.run("SELECT info FROM flaglift_runs")
    kept = {name: value for name, value in json.loads(info).items() if name != "key"}
    database.run("UPDATE flaglift_runs SET info = :info", info=json.dumps(kept))
    assert verified(source)[1] == []
    rebuilt(database, SHAPES["a column more"])
    for verb in (verified, undone):
        with pytest.raises(
            InputError, match=r"the primary key had 1 column when the run \S+ began"
        ):
            verb(source)
