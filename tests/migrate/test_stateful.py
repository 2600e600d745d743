"""Any order of runs, kills, undos and edits by others ends where a model of the rows says.

The model knows what the rows hold, and a list of changes: what a migration made of a row, and from
what. It foresees what a whole run does to every row; of one that was stopped or killed it takes
over which rows it got to, but each must have become what was foreseen.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from flaglift import Context, translate
from flaglift.errors import InputError
from flaglift.migrate.job import CONTRACT, EXPAND, WHOLE, Job
from flaglift.migrate.store import MigrationRun
from migrate.conftest import Database, open_database
from migrate.sources import applied, opened, undone, verified
from migrate.test_kill import Killer, killer

__all__ = ["killer"]

FIELDS = ("video_model", "video_prompt", "video_duration")
Row = dict[str, Any]

TEXTS = (
    "a cat --video --video_model kling25 --duration 5",
    'a dog --video --video_model kling25 --video_prompt "it yawns"',
    "a dog --video --video_model seedance_v15_720p",
    "plain",
    'a 6" heel --video --video_model kling25',
    "cat --video --video_model no_such",
    "forbidden --video --video_model kling25",
    "a cat",
    "",
)
"""Three that are translated, plain ones, two that are refused, and one that the table refuses."""
KEYS = st.integers(1, 12)
STEPS = st.sampled_from([WHOLE, WHOLE, EXPAND, CONTRACT])
LATE = st.tuples(st.integers(1, 4), st.sampled_from(TEXTS[:4]))
"""Mostly of rows that a run has passed."""
EDITS = st.tuples(KEYS, st.sampled_from(TEXTS[:6]))


@dataclass(frozen=True)
class Change:
    """What a migration wrote to a row, and what was there before."""

    key: int
    before: Row
    after: Row


def foreseen(row: Row, step: str, *, checked: bool) -> Row:
    """Return what a run writes to a row; nothing where it leaves it."""
    held = {name: row[name] for name in FIELDS}
    result = translate(row["text"], context=Context(held))
    if result.status != "translated":
        return {}
    values = {"text": "", **result.values}
    writes = {n: v for n, v in values.items() if n == "text" or str(held[n]) != str(v)}
    if step == EXPAND:
        del writes["text"]
    if step == CONTRACT and writes.keys() != {"text"}:
        return {}
    # The table's own condition.
    return {} if checked and writes.get("text") == "forbidden" else writes


class Model:
    """The rows, and what migrations made of them.

    With `by_record`, a change is only taken back from a record that is as it was written in whole.
    """

    def __init__(self, rows: dict[int, Row], *, checked: bool, by_record: bool) -> None:
        self.rows = rows
        self.changes: list[Change] = []
        self._checked = checked
        self._by_record = by_record

    def observe(self, actual: dict[int, Row], step: str, *, whole: bool) -> None:
        """See that rows became what a run was to make of them: all of them after a whole run."""
        assert actual.keys() == self.rows.keys()
        for key, row in self.rows.items():
            writes = foreseen(row, step, checked=self._checked)
            if actual[key] != row or (whole and writes):
                assert actual[key] == {**row, **writes}, (key, row, writes)
                after = actual[key] if self._by_record else writes
                self.changes.append(Change(key, {n: row[n] for n in after}, dict(after)))
                self.rows[key] = dict(actual[key])

    def is_as_written(self) -> bool:
        """Tell whether every row that was changed is as it was last written."""
        last = {change.key: change for change in self.changes}
        return all(
            self.rows.get(key, {}).items() >= change.after.items() for key, change in last.items()
        )

    def undo(self) -> int:
        """Take back what is as it was written, the last change first; return how many."""
        left = []
        for change in reversed(self.changes):
            row = self.rows.get(change.key)
            if row is not None and all(row[n] == value for n, value in change.after.items()):
                row.update(change.before)
            else:
                left.append(change)
        restored = len(self.changes) - len(left)
        self.changes = left[::-1]
        return restored


class Migrations(RuleBasedStateMachine):
    """A source that is migrated, edited and restored in any order."""

    killer: ClassVar[Killer]
    checked: ClassVar[bool] = True
    by_record: ClassVar[bool] = False

    model: Model

    def actual(self) -> dict[int, Row]:
        raise NotImplementedError

    def begin(self, texts: list[str]) -> None:
        rows = {key: {"text": text, **dict.fromkeys(FIELDS)} for key, text in enumerate(texts, 1)}
        self.model = Model(rows, checked=self.checked, by_record=self.by_record)

    @invariant()
    def the_rows_are_as_foreseen(self) -> None:
        if hasattr(self, "model"):
            assert self.actual() == self.model.rows


class TableMigrations(Migrations):
    """A table."""

    database: ClassVar[Database]

    @property
    def source(self) -> str:
        return f"{self.database.url}#prompts"

    def actual(self) -> dict[int, Row]:
        rows = self.database.run(f"SELECT id, text, {', '.join(FIELDS)} FROM prompts")
        return {key: dict(zip(("text", *FIELDS), values, strict=True)) for key, *values in rows}

    def edit(self, key: int, values: Row | None) -> None:
        """Do as a writer beside the migration: insert, update or delete."""
        if values is None:
            self.database.run("DELETE FROM prompts WHERE id = :id", id=key)
            self.model.rows.pop(key, None)
        elif key in self.model.rows:
            sets = ", ".join(f"{name} = :{name}" for name in values)
            self.database.run(f"UPDATE prompts SET {sets} WHERE id = :id", id=key, **values)
            self.model.rows[key].update(values)
        else:
            row = {"text": "plain", **dict.fromkeys(FIELDS), **values}
            names = ", ".join(row)
            self.database.run(
                f"INSERT INTO prompts (id, {names}) VALUES (:id, :{names.replace(', ', ', :')})",
                id=key, **row,
            )  # fmt: skip
            self.model.rows[key] = row

    @initialize(texts=st.lists(st.sampled_from(TEXTS), min_size=4, max_size=12))
    def fill(self, texts: list[str]) -> None:
        for table in ("prompts", "flaglift_journal", "flaglift_runs", "flaglift_leases"):
            self.database.run(f"DROP TABLE IF EXISTS {table}")
        self.database.run(
            "CREATE TABLE prompts (id INTEGER PRIMARY KEY, text TEXT, video_model TEXT,"
            " video_prompt TEXT, video_duration INTEGER, CHECK (text <> 'forbidden'))"
        )
        self.database.fill(texts)
        self.begin(texts)

    @rule(key=KEYS, text=st.sampled_from([*TEXTS[:6], None]))
    def somebody_writes(self, key: int, text: str | None) -> None:
        self.edit(key, None if text is None else {"text": text})

    @rule(key=KEYS, field=st.sampled_from(FIELDS[:2]), value=st.sampled_from([None, "kling25"]))
    def somebody_writes_a_field(self, key: int, field: str, value: str | None) -> None:
        self.edit(key, {field: value})

    def unfinished(self) -> MigrationRun | None:
        with opened(Job(self.source), write=False) as store:
            runs = store.runs()
            return runs[-1] if runs and runs[-1].state == "running" else None

    def refuses(self, step: str) -> bool:
        """See that a run does not resume one with another aim that has written something."""
        run = self.unfinished()
        if run is None or run.cursor is None or run.info["options"]["step"] == step:
            return False
        with pytest.raises(InputError, match="begun with other options"):
            applied(self.source, step=step)
        return True

    @rule(step=STEPS, rows=st.integers(1, 3), edits=st.lists(LATE, min_size=1, max_size=3))
    def apply(self, step: str, rows: int, edits: list[tuple[int, str]]) -> None:
        """Run to the end, while somebody writes between chunks and another run is tried."""
        if self.refuses(step):
            return
        waiting = iter(edits)

        def meddle(*_: object) -> None:
            self.model.observe(self.actual(), step, whole=False)
            for key, text in [each for each in [next(waiting, None)] if each]:
                self.edit(key, {"text": text})
                with pytest.raises(InputError, match="another run is working on it"):
                    applied(self.source, step=step)

        applied(self.source, step=step, rows=rows, watch=meddle)
        self.model.observe(self.actual(), step, whole=True)
        assert self.unfinished() is None
        _, broken = verified(self.source)
        assert not broken or not self.model.is_as_written()

    @rule(step=STEPS, limit=st.integers(1, 6))
    def apply_a_part(self, step: str, limit: int) -> None:
        if not self.refuses(step):
            applied(self.source, step=step, rows=2, limit=limit)
            self.model.observe(self.actual(), step, whole=self.unfinished() is None)

    @rule(step=STEPS, at=st.integers(1, 60))
    def apply_and_be_killed(self, step: str, at: int) -> None:
        if not self.refuses(step):
            options = [] if step == WHOLE else [f"--{step}"]
            done = self.killer("apply", self.source, *options, "-q", kill_at=at, rows=2)
            self.model.observe(self.actual(), step, whole=not done["killed"])

    @rule(step=STEPS)
    def begin_again(self, step: str) -> None:
        applied(self.source, step=step, restart=True, rows=3)
        self.model.observe(self.actual(), step, whole=True)

    @rule(kills=st.lists(st.integers(1, 40), max_size=2))
    def undo(self, kills: list[int]) -> None:
        for at in kills:
            if self.killer("undo", self.source, kill_at=at, rows=2)["killed"] and self.is_undoing():
                with pytest.raises(InputError, match="an undo is unfinished"):
                    applied(self.source)
        assert undone(self.source, rows=2).restored <= self.model.undo()

    def is_undoing(self) -> bool:
        with opened(Job(self.source), write=False) as store:
            return any(run.state == "undoing" for run in store.runs())


class FileMigrations(Migrations):
    """A file, whose result takes its place."""

    checked = False
    by_record = True
    folder: ClassVar[Path]

    @property
    def path(self) -> Path:
        return self.folder / "prompts.jsonl"

    def actual(self) -> dict[int, Row]:
        lines = self.path.read_text().splitlines()
        return {key: json.loads(line) for key, line in enumerate(lines, 1)}

    def write(self) -> None:
        lines = [json.dumps(row) + "\n" for _, row in sorted(self.model.rows.items())]
        self.path.write_text("".join(lines))

    @initialize(texts=st.lists(st.sampled_from(TEXTS), min_size=1, max_size=12))
    def fill(self, texts: list[str]) -> None:
        for path in self.folder.iterdir():
            path.unlink()
        self.begin(texts)
        self.write()

    @rule(edit=EDITS)
    def somebody_writes(self, edit: tuple[int, str]) -> None:
        key, text = edit
        key = min(key, len(self.model.rows) + 1)
        row = self.model.rows.setdefault(key, {"text": text, **dict.fromkeys(FIELDS)})
        row["text"] = text
        self.write()

    @rule(step=STEPS, kills=st.lists(st.integers(1, 60), max_size=2))
    def apply(self, step: str, kills: list[int]) -> None:
        options = [] if step == WHOLE else [f"--{step}"]
        for at in kills:
            self.killer("apply", str(self.path), *options, "--replace", "-q", kill_at=at, rows=2)
        applied(self.path, step=step, replace=True, rows=3)
        self.model.observe(self.actual(), step, whole=True)
        assert verified(self.path)[1] == []

    @rule(kills=st.lists(st.integers(1, 60), max_size=2))
    def undo(self, kills: list[int]) -> None:
        for at in kills:
            self.killer("undo", str(self.path), kill_at=at, rows=2)
        assert undone(self.path, rows=2).restored <= self.model.undo()


@pytest.fixture
def bounded() -> settings:
    """Some 15 seconds of an idle machine."""
    return settings(
        max_examples=10, stateful_step_count=8, deadline=None, print_blob=True,
        suppress_health_check=[*HealthCheck],
    )  # fmt: skip


@pytest.mark.parametrize(("kind", "examples"), [("sqlite", 10), ("postgresql", 3)])
@pytest.mark.no_cover
def test_a_table_in_any_order(
    killer: Killer, tmp_path: Path, bounded: settings, kind: str, examples: int
) -> None:
    for database in open_database(kind, tmp_path):

        class Machine(TableMigrations):
            pass

        Machine.killer, Machine.database = killer, database
        run_state_machine_as_test(Machine, settings=settings(bounded, max_examples=examples))


def test_a_file_in_any_order(killer: Killer, tmp_path: Path, bounded: settings) -> None:
    class Machine(FileMigrations):
        pass

    Machine.killer, Machine.folder = killer, tmp_path
    run_state_machine_as_test(Machine, settings=bounded)


def test_a_record_that_was_edited_since_is_left_whole(tmp_path: Path) -> None:
    class Machine(FileMigrations):
        folder = tmp_path

    machine = Machine()
    machine.fill(texts=[TEXTS[0], TEXTS[0]])
    machine.apply(kills=[], step=EXPAND)
    machine.somebody_writes(edit=(1, TEXTS[1]))
    machine.undo(kills=[])
    machine.the_rows_are_as_foreseen()
    assert [row["video_model"] for row in machine.actual().values()] == ["kling25", None]


def test_the_model_tells_late_rows_and_refused_ones(tmp_path: Path) -> None:
    for database in open_database("sqlite", tmp_path):

        class Machine(TableMigrations):
            pass

        Machine.database = database
        machine = Machine()
        machine.fill(texts=list(TEXTS[:7]))
        machine.apply(step=WHOLE, rows=2, edits=[(1, TEXTS[0]), (2, TEXTS[4])])
        assert [change.key for change in machine.model.changes] == [1, 2, 3, 1]
        machine.undo(kills=[])
        assert [change.key for change in machine.model.changes] == [1, 2]
        machine.the_rows_are_as_foreseen()
        texts = {key: row["text"] for key, row in machine.model.rows.items()}
        assert texts == dict(enumerate(TEXTS[:7], 1)) | {1: TEXTS[0], 2: TEXTS[4]}
