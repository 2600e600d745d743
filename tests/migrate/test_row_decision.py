"""Rows decided on by columns get what each of them gets when it is decided on by itself."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from flaglift.migrate.job import Job
from flaglift.migrate.sql import store as module
from migrate.conftest import Database, open_database
from migrate.sources import applied, opened, undone, verified

MODEL = "--video --video_model kling25"
TEXTS = (
    f'a cat {MODEL} --duration 5 --video_prompt "it yawns"',
    f'an été {MODEL} --video_prompt "elle rit"',
    f"a dog {MODEL}",
    f"a dog {MODEL} --duration 10",
    f'{MODEL} --video_prompt "no body"',
    f'a sign "and quotes" {MODEL} --video_prompt "a \\"sign\\""',
    f"a bird {MODEL} --video_prompt sings",
    "a fish --video --video_model seedance_v15_720p",
    "a plain cat",
    "un été",
    "a cat --video --video_model none_such",
    "a cat -- asleep",
    "a cat --video --video_model kling25 --duration 5s",
    f"on two\nlines {MODEL}",
    f"a cat {MODEL}\nnum_images=2",
    f'a cat {MODEL} --video_prompt "{"it yawns " * 9}"',
    None,
)
HELD = (
    (None, None, None, None),
    (None, None, None, None),  # again: the first prompt of a shape is examined by itself
    ("kling25", None, None, None),
    (None, None, 5, None),
    (None, "", None, None),
    (None, None, None, 4),
)
SCHEMAS = {
    "texts": "text TEXT, video_model VARCHAR(60), video_prompt TEXT, video_duration INTEGER",
    "short": "text TEXT, video_model VARCHAR(7), video_prompt VARCHAR(40), video_duration BIGINT",
    "numeric": "text TEXT, video_duration NUMERIC(6, 2), video_prompt TEXT, video_model CHAR(20)",
}


class Outcome(NamedTuple):
    rows: list[tuple[Any, ...]]
    counts: dict[str, Any]
    entries: list[tuple[Any, ...]]
    proof: tuple[list[str], list[str]]


def outcome(database: Database, schema: str, by_columns: bool) -> Outcome:
    for table in ("prompts", "flaglift_runs", "flaglift_journal", "flaglift_leases"):
        database.run(f"DROP TABLE IF EXISTS {table}")
    database.run(f"CREATE TABLE prompts (id INTEGER PRIMARY KEY, {schema}, num_images INTEGER)")
    for number, (text, held) in enumerate((text, held) for held in HELD for text in TEXTS):
        model, prompt, seconds, images = held
        database.run(
            "INSERT INTO prompts (id, text, video_model, video_prompt, video_duration, num_images)"
            " VALUES (:i, :t, :m, :p, :s, :n)",
            i=number, t=text, m=model, p=prompt, s=seconds, n=images,
        )  # fmt: skip
    before = database.rows()
    source = f"{database.url}#prompts"
    seen = 0

    def count(store: Any, chunk: Any, changes: Any) -> Any:
        nonlocal seen
        seen += chunk.columns.total if chunk.columns else 0
        return made(store, chunk, changes)

    made = module.TableStore.made
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module.TableStore, "made", count)
        if not by_columns:
            patch.setattr(module, "row_decider", lambda _: None)
        counts = applied(source, rows=20).to_dict()
    assert bool(seen) == by_columns
    rows = database.rows()
    with opened(Job(source), write=False) as store:
        kept = [tuple(entry._replace(number=0)) for entry in store.entries(store.runs()[-1])]
        numbers = [entry.number for entry in store.entries(store.runs()[-1])]
    assert numbers == list(range(1, len(kept) + 1))
    proof = verified(source)
    undone(source)
    assert database.rows() == before
    return Outcome(rows, counts, sorted(kept), proof)


@pytest.mark.parametrize("schema", [*SCHEMAS])
@pytest.mark.no_cover
def test_columns_and_single_rows_have_the_same_outcome(database: Database, schema: str) -> None:
    one_by_one, by_columns = (outcome(database, SCHEMAS[schema], each) for each in (False, True))
    assert by_columns == one_by_one
    assert not by_columns.proof[1]
    assert by_columns.counts["changed"] > 10


def test_without_a_column_for_the_video_prompt_each_row_is_decided_on(tmp_path: Path) -> None:
    for database in open_database("sqlite", tmp_path):
        source = database.prompts([TEXTS[0], TEXTS[2]])
        targets = {"video_model": "video_model", "video_duration": "video_duration"}
        assert applied(source, targets=targets).refusals == {"no-target": 2}


def test_a_change_that_is_refused_takes_no_other_with_it(database: Database) -> None:
    source = database.prompts([f"cat {i} {MODEL}" for i in range(9)])
    if database.kind == "sqlite":
        database.run("ALTER TABLE prompts RENAME TO old")
        database.run(
            "CREATE TABLE prompts (id INTEGER PRIMARY KEY, text TEXT CHECK (text <> 'cat 4'),"
            " video_model TEXT, video_prompt TEXT, video_duration INTEGER)"
        )
        database.run("INSERT INTO prompts SELECT * FROM old")
    else:
        database.run("ALTER TABLE prompts ADD CONSTRAINT no_four CHECK (text <> 'cat 4')")
    tally = applied(source)
    assert (tally.changed, tally.refusals) == (8, {"refused-by-database": 1})
    held = [row for row in database.rows() if row[2] is None]
    assert held == [(5, f"cat 4 {MODEL}", None, None, None)]
    assert undone(source).restored == 8


def test_rows_of_mysql_with_texts_as_keys(tmp_path: Path) -> None:
    for database in open_database("mysql", tmp_path):
        database.run(
            f"CREATE TABLE prompts (id VARCHAR(9) PRIMARY KEY, {SCHEMAS['texts']})"
            " CHARACTER SET utf8mb4"
        )
        for number in range(60):
            text = f"cat {number} {MODEL}"
            database.run("INSERT INTO prompts (id, text) VALUES (:i, :t)", i=f"k{number}", t=text)
        assert applied(f"{database.url}#prompts").changed == 60
        assert database.rows()[1] == ("k1", "cat 1", "kling25", "cat 1", None)


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_another_client_changes_a_row_of_sqlite_meanwhile(tmp_path: Path, mode: str) -> None:
    made = module.TableStore.made
    for database in open_database("sqlite", tmp_path):
        database.run(f"PRAGMA journal_mode = {mode}")
        source = database.prompts([f"cat {i} {MODEL}" for i in range(9)])
        changes = ["UPDATE prompts SET text = upper(text) WHERE id = 3"]

        def between(*args: Any, changes: list[str] = changes, database: Any = database) -> Any:
            if changes:
                database.run(changes.pop())
            return made(*args)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module.TableStore, "made", between)
            tally = applied(source, rows=4)
        assert (tally.changed, tally.raced) == (8, 1)
        assert database.rows()[2] == (3, f"cat 2 {MODEL}".upper(), None, None, None)
