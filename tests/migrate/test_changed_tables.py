"""Tables that are altered during a run: it ends, and says what was kept and how to go on."""

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
