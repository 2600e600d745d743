"""A journal that is not as it was written restores nothing, and says where the good one may be."""

import sqlite3
from pathlib import Path

import pytest

from cli.test_migrate_verb import call
from flaglift.errors import InputError
from migrate.conftest import Database
from migrate.sources import applied, undone
from migrate.test_files import lines

_EDITED = "is not as this version of flaglift writes it"
_DAMAGED = "is not as it was written, so nothing is restored from it"
_LESS = "does not hold all of the run's 9 changes, so nothing is restored"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = lines(tmp_path / "p.jsonl", 9)
    applied(path, rows=3, replace=True)
    return path


def _edit(path: Path, *statements: str) -> None:
    with sqlite3.connect(f"{path}.flaglift") as journal:
        for statement in statements:
            journal.execute(statement)
    journal.close()


@pytest.mark.parametrize(
    ("statement", "verbs", "said"),
    [
        ("UPDATE run SET tally = 'none'", ("status", "verify", "undo", "apply"), _EDITED),
        ("UPDATE run SET tally = '{\"new\": 1}'", ("status", "verify", "undo", "apply"), _EDITED),
        ("UPDATE run SET tally = '[]'", ("runs",), _EDITED),
        ("UPDATE run SET info = '{}'", ("status", "verify", "undo", "apply"), _EDITED),
        ("UPDATE run SET info = '3'", ("status",), _EDITED),
        ("UPDATE run SET cursor = ''", ("purge",), _EDITED),
        ("UPDATE journal SET entries = x'00' WHERE first = 4", ("verify", "undo"), _DAMAGED),
        ("UPDATE journal SET entries = zeroblob(99)", ("verify", "undo"), _DAMAGED),
        ("UPDATE journal SET entries = 'text'", ("undo",), _DAMAGED),
        ("UPDATE journal SET undone = 'x'", ("verify", "undo"), _DAMAGED),
        ("DELETE FROM journal WHERE first = 1", ("undo",), _LESS),
        ("DELETE FROM journal WHERE first = 4", ("undo",), _LESS),
        ("DELETE FROM journal", ("undo",), _LESS),
        ("DROP TABLE place", ("verify",), "the journal cannot be read: no such table: place"),
    ],
)
def test_an_edited_journal(statement: str, verbs: tuple[str, ...], said: str, path: Path) -> None:
    _edit(path, statement)
    before = path.read_bytes()
    for verb in verbs:
        with pytest.raises(InputError, match=said):
            call(verb, str(path), *(["--all"] if verb == "purge" else []))
    assert path.read_bytes() == before
    assert {each.name for each in path.parent.iterdir()} == {
        "p.jsonl",
        "p.jsonl.flaglift",
        "p.jsonl.flaglift-lock",
    }


def test_a_page_of_the_journal_is_damaged(path: Path) -> None:
    before = path.read_bytes()
    with sqlite3.connect(f"{path}.flaglift") as journal:
        (page,) = journal.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'journal'"
        ).fetchone()
        (size,) = journal.execute("PRAGMA page_size").fetchone()
    journal.close()
    data = bytearray(Path(f"{path}.flaglift").read_bytes())
    data[(page - 1) * size : page * size] = b"\x55" * size
    Path(f"{path}.flaglift").write_bytes(data)
    for verb in ("verify", "undo", "runs", "purge"):
        options = ["--all"] if verb == "purge" else []
        with pytest.raises(InputError, match="the journal cannot be read: database disk image is"):
            call(verb, str(path), *options)
    assert path.read_bytes() == before


def test_a_lock_file_that_is_none(path: Path) -> None:
    Path(f"{path}.flaglift-lock").write_bytes(b"no database" * 99)
    with pytest.raises(InputError, match="the lock file cannot be written: file is not a database"):
        undone(path)


@pytest.mark.parametrize("first", [1, 4])
def test_a_block_of_a_table_is_missing(first: int, database: Database) -> None:
    texts = [f"{i} --video --video_model kling25" for i in range(9)]
    source = database.prompts(texts)
    applied(source, rows=3)
    after = database.rows()
    database.run("DELETE FROM flaglift_journal WHERE first = :first", first=first)
    with pytest.raises(InputError, match=f"flaglift_journal: the journal {_LESS}"):
        undone(source)
    assert database.rows() == after
