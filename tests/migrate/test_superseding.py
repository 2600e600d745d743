"""Verify takes later runs back in thought: what they changed was edited by nobody else."""

import json
from typing import Any

import pytest

from cli.test_migrate_verb import call
from flaglift.migrate.mending import Mending
from migrate.conftest import Database
from migrate.sources import applied, undone
from migrate.test_sql import VIDEO

_OLD = "b --video --video_model gone --duration 5"
_COLUMN = {"json_column": "doc"}
_RUNS: dict[str, tuple[dict[str, Any], ...]] = {
    "two steps": (
        {**_COLUMN, "text": "a[].text", "step": "expand"},
        {**_COLUMN, "text": "a[].text", "step": "contract"},
    ),
    "a renamed model": (
        {**_COLUMN, "text": "a[].text"},
        {**_COLUMN, "text": "a[].text", "mending": {"models": {"gone": "kling25"}}},
    ),
    "two places": ({**_COLUMN, "text": "a[].text"}, {**_COLUMN, "text": "b.text"}),
    "three places": (
        {**_COLUMN, "text": "a[].text"},
        {**_COLUMN, "text": "b.text"},
        {**_COLUMN, "text": "c.text"},
    ),
}


def _applied(source: str, options: dict[str, Any]) -> int:
    mending = Mending(**options.get("mending", {}))
    return applied(source, rows=2, **{**options, "mending": mending}).changed


def _documents(database: Database) -> str:
    kind = {"postgresql": "JSONB", "mysql": "JSON", "sqlite": "TEXT"}[database.kind]
    database.run(f"CREATE TABLE prompts (id INTEGER PRIMARY KEY, doc {kind})")
    for i in range(5):
        text = {"text": VIDEO.format(i)}
        document = {"a": [text, {"text": _OLD}], "b": text, "c": text, "n": 1.50}
        database.run("INSERT INTO prompts VALUES (:i, :d)", i=i, d=json.dumps(document))
    return f"{database.url}#prompts"


@pytest.mark.parametrize("kind", _RUNS)
def test_documents_that_two_runs_changed(
    kind: str, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    source = _documents(database)
    before = database.rows()
    for options in _RUNS[kind]:
        assert _applied(source, options) == 5
    assert call("verify", source) == 0, capsys.readouterr().out
    runs = len(_RUNS[kind])
    assert capsys.readouterr().out.count("5 rows are as the run wrote them") == runs

    edited = json.dumps({"a": [{"text": "mine"}]})
    database.run("UPDATE prompts SET doc = :d WHERE id = 3", d=edited)
    assert call("verify", source) == 1
    said = capsys.readouterr().out
    assert said.count("4 rows are as the run wrote them") == runs
    assert said.count("1 rows were edited since: [3]") == runs
    undone(source)
    left = [row for row in database.rows() if row[0] != 3]
    assert left == [row for row in before if row[0] != 3]


def test_a_later_run_hides_no_edit(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    source = database.prompts([VIDEO.format(i) for i in range(4)])
    _applied(source, {"step": "expand"})
    database.run("UPDATE prompts SET text = :t WHERE id = 2", t=VIDEO.format("new"))
    database.run("UPDATE prompts SET video_prompt = :t WHERE id = 2", t="")
    database.run("UPDATE prompts SET text = :t WHERE id = 3", t=f"more of {VIDEO.format(2)}")
    _applied(source, {"step": "expand"})
    assert call("verify", source) == 1
    assert "1 rows were edited since: [2]" in capsys.readouterr().out
    database.run("UPDATE prompts SET video_model = 'mine' WHERE id = 1")
    assert call("verify", source) == 1
    assert "2 rows were edited since: [1], [2]" in capsys.readouterr().out


def test_a_run_that_was_taken_back_counts_no_more(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    source = _documents(database)
    first, second = _RUNS["two places"]
    _applied(source, first)
    _applied(source, second)
    call("runs", source, "--format", "json")
    newest = max(run["run"] for run in json.loads(capsys.readouterr().out))
    assert call("undo", source, "--run", newest) == 0
    assert call("verify", source) == 0
    assert "5 rows are as the run wrote them" in capsys.readouterr().out
    database.run("DELETE FROM prompts WHERE id = 4")
    _applied(source, second)
    assert call("verify", source) == 1
    said = capsys.readouterr().out
    assert said.count("4 rows are as the run wrote them") == 2
    assert "1 rows were deleted since: [4]" in said
