"""A journal that is not as it was written restores nothing, and says where the good one may be."""

import json
import sqlite3
import zlib
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from cli.test_migrate_verb import call
from flaglift.errors import InputError
from migrate.conftest import Database, open_database
from migrate.sources import applied, undone
from migrate.test_files import lines

_EDITED = "is not as this version of flaglift writes it"
_DAMAGED = "is not as it was written, so nothing is restored from it"
_LESS = "does not hold all of the run's 9 changes, so nothing is restored"
_FEWER_KEYS = b"patches:" + zlib.compress(b'[["1"], ["", ""], [1, 1]]\nab')
"""A block whose head names one record for two patches."""


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
        (f"UPDATE journal SET entries = x'{_FEWER_KEYS.hex()}'", ("verify", "undo"), _DAMAGED),
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


_WRONG: tuple[Any, ...] = (None, 7, -1, True, 10**400, "x", [], [None], {}, {"x": None})


def _changes(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a document with each of its values replaced, or left out."""
    changed = [{**document, name: value} for name in document for value in _WRONG]
    return changed + [{k: v for k, v in document.items() if k != name} for name in document]


def _edits(column: str, document: Any) -> list[Any]:
    whole = [*_WRONG, *_changes(document)]
    if column != "info":
        return whole
    options = [{**document, "options": each} for each in _changes(document["options"])]
    return [*whole, *options]


def _said(verb: str, source: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what a verb says; any other exception than of an error in the input is a fault."""
    try:
        call(verb, source, *(["-q"] if verb == "apply" else []))
    except InputError as error:
        return str(error)
    return capsys.readouterr().out


@pytest.mark.parametrize("column", ["info", "tally", "cursor"])
def test_no_edit_of_a_run_of_a_file_is_a_crash(
    column: str, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = Path(f"{path}.flaglift")
    before = journal.read_bytes(), path.read_bytes()
    with sqlite3.connect(journal) as opened:
        ((saved,),) = opened.execute(f"SELECT {column} FROM run")
    opened.close()
    refused = 0
    for edited in _edits(column, json.loads(saved)):
        for verb in ("status", "verify", "undo"):
            with sqlite3.connect(journal) as opened:
                opened.execute(f"UPDATE run SET {column} = ?", (json.dumps(edited),))
            opened.close()
            said = _said(verb, str(path), capsys)
            refused += _EDITED in said or "not as this version of flaglift writes them" in said
            journal.write_bytes(before[0])
            path.write_bytes(before[1])
    assert refused > 20


@pytest.mark.parametrize("column", ["info", "tally", "cursor"])
def test_no_edit_of_a_run_of_a_table_is_a_crash(
    column: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (database,) = open_database("sqlite", tmp_path)
    source = database.prompts(["a cat --video --video_model kling25"])
    applied(source)
    ((saved,),) = database.run(f"SELECT {column} FROM flaglift_runs")
    refused = 0
    for edited in _edits(column, json.loads(saved)):
        with database.engine.begin() as connection:
            values = {"v": json.dumps(edited)}
            connection.execute(text(f"UPDATE flaglift_runs SET {column} = :v"), values)
        for verb in ("status", "verify"):
            said = _said(verb, source, capsys)
            refused += f"flaglift_runs: the run {said.split(' run ')[-1][:25]}" in said
    assert refused > 20


_OPTIONS = "the options of the run are not as this version of flaglift writes them"
_EDITS: list[dict[str, Any]] = [
    {"text": "video_prompt"},
    {"targets": {}},
    {"targets": {"video_model": "text"}},
    {"json_column": "text"},
    {"key": "id"},
]


@pytest.mark.parametrize("edit", _EDITS)
def test_options_that_were_edited_are_said_with_their_journal(
    edit: dict[str, Any], path: Path, tmp_path: Path
) -> None:
    (database,) = open_database("sqlite", tmp_path)
    source = database.prompts(["a cat --video --video_model kling25"] * 2)
    applied(source, limit=1)
    applied(source, restart=True)
    for name, table, journal in (
        (str(path), f"{path}.flaglift", f"{path}.flaglift"),
        (source, str(tmp_path / "prompts.db"), "flaglift_runs"),
    ):
        runs = "flaglift_runs" if name == source else "run"
        with sqlite3.connect(table) as opened:
            query = f"SELECT id, info FROM {runs} ORDER BY started, id LIMIT 1"
            ((run, saved),) = opened.execute(query)
            info = json.loads(saved)
            info["options"] |= edit
            opened.execute(f"UPDATE {runs} SET info = ? WHERE id = ?", (json.dumps(info), run))
        opened.close()
        for verb in ("verify", "undo"):
            with pytest.raises(InputError, match=f"{journal}: {_OPTIONS}"):
                call(verb, name)


def test_options_of_another_run_do_not_fit_its_entries(tmp_path: Path) -> None:
    (database,) = open_database("sqlite", tmp_path)
    source = database.prompts(["a cat --video --video_model kling25"] * 2)
    applied(source)
    database.prompts(["a dog --video --video_model kling25"], "others")
    applied(f"{database.url}#others", targets={"video_prompt": "video_prompt"}, keep_going=True)
    database.run(
        "UPDATE flaglift_runs SET info = (SELECT info FROM flaglift_runs WHERE source ="
        " 'main.others')"
    )
    before = database.rows()
    for verb in ("verify", "undo"):
        said = r"flaglift_journal: the block 1 of the run .* holds `video_model`, which its options"
        with pytest.raises(InputError, match=said):
            call(verb, source)
    assert database.rows() == before


def test_each_run_of_a_file_is_taken_back_with_its_own_options(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    line = '{{"id": "{}", "text": "a cat --video --video_model kling25"}}\n'
    path.write_text(line.format("a") + line.format("b"))
    applied(path, replace=True, key="id")
    with path.open("a") as file:
        file.write(line.format("c"))
    applied(path, replace=True)
    assert undone(path).restored == 3
    assert path.read_text() == "".join(map(line.format, "abc"))


@pytest.mark.parametrize("undone", ["x", "7", "[[]]", "[" * 100_000])
def test_the_marks_of_a_block_of_a_table_are_damaged(undone: str, tmp_path: Path) -> None:
    (database,) = open_database("sqlite", tmp_path)
    source = database.prompts(["a cat --video --video_model kling25"])
    applied(source)
    database.run("UPDATE flaglift_journal SET undone = :undone", undone=undone)
    with pytest.raises(InputError, match=_DAMAGED):
        call("undo", source)
