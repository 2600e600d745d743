"""Several rows of one key: nothing is written by such a key, and no run ends as finished."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from flaglift.errors import InputError
from flaglift.migrate.control import Control
from flaglift.migrate.decision import decider_of
from flaglift.migrate.engine import Migration
from flaglift.migrate.job import Job
from flaglift.migrate.sql.fetching import repeated_key
from flaglift.migrate.throttle import Throttle
from migrate.conftest import Database, open_database
from migrate.sources import applied, opened, undone, verified
from running import flaglift

VIDEO = "cat {} --video --video_model kling25 --duration 5"
DROPPED = {
    "postgresql": "ALTER TABLE prompts DROP CONSTRAINT prompts_pkey",
    "mysql": "ALTER TABLE prompts MODIFY id INTEGER, DROP PRIMARY KEY",
}


@pytest.fixture(params=[*DROPPED])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    yield from open_database(request.param, tmp_path)


def once(action: Callable[[], object], at: int) -> Callable[..., Any]:
    """Return what does something when the chunk with a key was read, and is not yet written."""
    done: list[object] = []

    def look(chunk: Any, decided: Any) -> Any:
        if not done and chunk.cursor["key"] == f"[{at}]":
            done.append(action())
        return chunk, decided

    return look


def repeat(database: Database, *keys: int, text: str = "a dog") -> None:
    """Insert rows with keys that others have."""
    database.run(DROPPED[database.kind])
    for key in keys:
        database.run("INSERT INTO prompts (id, text) VALUES (:k, :t)", k=key, t=text)


def apply_while(source: str, action: Callable[[], object], at: int) -> None:
    with opened(Job(source)) as store, store.writing(restart=False) as writer:
        throttle = Throttle(rows_per_second=2, clock=count().__next__, sleep=lambda _: None)
        pace = Control(throttle, look=once(action, at))
        Migration(store, decider_of(store._job, store.fields), pace).apply(writer)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("keys", "at", "named", "written"),
    [
        ((4,), 4, 4, 2),  # in the chunk about to be written
        ((6,), 4, 6, 4),  # in the next one: the last of its rows, and the first one behind it
        ((7,), 4, 7, 6),  # within one that comes later
        ((1,), 4, 1, 8),  # behind the cursor, so that the last pass comes upon it
        (tuple(range(1, 9)), 4, 3, 2),  # all of them
    ],
)
@pytest.mark.parametrize("text", ["a dog", VIDEO.format(0)])
def test_rows_that_are_repeated_during_a_run(
    server: Database, text: str, keys: tuple[int, ...], at: int, named: int, written: int
) -> None:
    source = server.prompts([VIDEO.format(i) for i in range(1, 9)])
    before = server.rows()
    with pytest.raises(InputError, match=rf"several rows have the key \[{named}\]"):
        apply_while(source, lambda: repeat(server, *keys, text=text), at)
    assert len(server.run("SELECT id FROM prompts WHERE video_model IS NOT NULL")) == written
    server.run("DELETE FROM prompts WHERE video_model IS NULL")
    rows = server.run("SELECT id FROM prompts")
    server.run("ALTER TABLE prompts ADD PRIMARY KEY (id)")
    for row in before:
        if (row[0],) not in rows:
            server.run("INSERT INTO prompts (id, text) VALUES (:i, :t)", i=row[0], t=row[1])
    assert applied(source, rows=2).changed == 8
    assert verified(source)[1] == []
    assert undone(source).restored == 8
    assert server.rows() == before


def test_a_row_that_is_repeated_while_it_is_written(tmp_path: Path) -> None:
    """Its key names two rows from then on, of which one is not as it was to be."""
    for database in open_database("postgresql", tmp_path):
        source = database.prompts([VIDEO.format(i) for i in range(4)])
        before = database.rows()
        database.run(
            "CREATE FUNCTION doubles() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN"
            " INSERT INTO prompts (id, text) VALUES (NEW.id, 'b'); RETURN NEW; END$$"
        )
        database.run(
            "CREATE TRIGGER doubles BEFORE UPDATE ON prompts FOR EACH ROW WHEN (NEW.id = 3)"
            " EXECUTE FUNCTION doubles()"
        )
        with pytest.raises(InputError, match=r"several rows have the key \[3\]"):
            apply_while(source, partial(database.run, DROPPED["postgresql"]), 2)
        assert database.rows()[2:] == before[2:]


PERIOD = "PERIOD FOR p (s, e)"
BEGINS = "DATE NOT NULL DEFAULT '2020-01-01'"
ENDS = "DATE NOT NULL DEFAULT '2021-01-01'"
WHOLE = "PRIMARY KEY (id, p WITHOUT OVERLAPS)"


def test_a_repeated_key_is_neither_taken_back_nor_verified(tmp_path: Path) -> None:
    for database in open_database("mysql", tmp_path):
        source = database.prompts([VIDEO.format(i) for i in range(1, 301)])
        assert applied(source).changed == 300
        database.run(
            f"ALTER TABLE prompts ADD s {BEGINS}, ADD e {ENDS}, ADD {PERIOD}, DROP PRIMARY KEY,"
            f" ADD {WHOLE}"
        )
        assert verified(source)[1] == []
        values = "INSERT INTO prompts (id, text, s, e) VALUES (150, 'a dog', :s, :e)"
        database.run(values, s="2021-01-01", e="2022-01-01")
        written = database.run("SELECT * FROM prompts WHERE id = 150 ORDER BY s")
        for verb in ("undo", "verify"):
            result = flaglift("migrate", verb, source)
            assert result.returncode == 2
            assert "several rows have the key [150]" in result.stderr
        assert database.run("SELECT * FROM prompts WHERE id = 150 ORDER BY s") == written
        database.run("DELETE FROM prompts WHERE text = 'a dog'")
        undone(source)
        texts = [(VIDEO.format(i),) for i in range(1, 301)]
        assert database.run("SELECT text FROM prompts ORDER BY id") == texts


def test_a_row_that_is_repeated_during_an_undo(server: Database) -> None:
    source = server.prompts([VIDEO.format(i) for i in range(4)])
    before = server.rows()
    assert applied(source).changed == 4
    with opened(Job(source)) as store, store.undoing(store.runs()[-1]) as undoer:
        undoer.undo(2)
        repeat(server, 2)
        with pytest.raises(InputError, match=r"several rows have the key \[2\]"):
            undoer.undo(2)
        server.run("DELETE FROM prompts WHERE text = 'a dog'")
        assert [row == old for row, old in zip(server.rows(), before, strict=True)] == [
            False, False, True, True,
        ]  # fmt: skip
        while undoer.undo(2):
            pass
    assert server.rows() == before


@pytest.mark.parametrize("text", ["DOG second", VIDEO.format("second")])
def test_a_key_with_a_period_is_refused(tmp_path: Path, text: str) -> None:
    """What is reflected of it is its other columns, which name a row for each of the periods."""
    for database in open_database("mysql", tmp_path):
        database.run(
            "CREATE TABLE prompts (id INTEGER, text TEXT, video_model TEXT, video_prompt TEXT,"
            f" video_duration INTEGER, s {BEGINS}, e {ENDS}, {PERIOD}, {WHOLE})"
        )
        source = f"{database.url}#prompts"
        values = "INSERT INTO prompts (id, text, s, e) VALUES (:i, :t, :s, :e)"
        for number in range(1, 4):
            prompt = VIDEO.format(number)
            database.run(values, i=number, t=prompt, s="2020-01-01", e="2021-01-01")
        database.run(values, i=3, t=text, s="2021-01-01", e="2022-01-01")
        before = database.rows()
        for verb in ("plan", "apply"):
            result = flaglift("migrate", verb, source, "-q")
            assert result.returncode == 2
            assert "the primary key also counts `e`, `s`, as a period" in result.stderr
        assert database.rows() == before


def test_the_first_key_of_several_rows() -> None:
    rows = [(1, 1, "a"), (1, 2, "a"), (2, 2, "a"), (2, 2, "b"), (1, 2, "c")]
    assert repeated_key(rows, 2) == "[2, 2]"
    assert repeated_key(rows[:3], 2) is None
