"""Triggers that change what is written: no row counts as changed of which a value was kept."""

import itertools
from pathlib import Path
from typing import Any

import pytest

from flaglift.errors import InputError
from flaglift.migrate.job import Job
from flaglift.migrate.sql.fetching import Row
from flaglift.migrate.sql.rows import Rows
from migrate.conftest import PROMPTS, Database, open_database
from migrate.sources import applied, opened, planned, undone, verified
from running import flaglift

TEXTS = ["cat --video --video_model kling25 --duration 5"] * 4


def set_on_update(database: Database, assignments: dict[str, str], condition: str) -> None:
    """Let a trigger give columns other values than a statement does."""
    if database.kind == "sqlite":
        values = ", ".join(f"{column} = {value}" for column, value in assignments.items())
        database.run(
            f"CREATE TRIGGER changes AFTER UPDATE ON prompts WHEN {condition} BEGIN"
            f" UPDATE prompts SET {values} WHERE id = NEW.id; END"
        )
        return
    sign = ":=" if database.kind == "postgresql" else "="
    prefix = "" if database.kind == "postgresql" else "SET "
    body = " ".join(f"{prefix}NEW.{c} {sign} {v};" for c, v in assignments.items())
    body = f"IF {condition} THEN {body} END IF;"
    if database.kind == "postgresql":
        database.run(
            "CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$BEGIN {body} RETURN NEW; END$$".replace(":", "\\:")
        )
        body = "EXECUTE FUNCTION change()"
    else:
        body = f"BEGIN {body} END"
    database.run(f"CREATE TRIGGER changes BEFORE UPDATE ON prompts FOR EACH ROW {body}")


@pytest.mark.parametrize(
    "kept",
    [("text",), ("video_model",), ("video_duration", "video_prompt"),
     ("text", "video_model", "video_prompt", "video_duration")],
)  # fmt: skip
def test_a_row_of_which_a_trigger_keeps_a_value_is_refused(
    database: Database, kept: tuple[str, ...]
) -> None:
    source = database.prompts(TEXTS)
    before = database.rows()
    set_on_update(database, {name: f"OLD.{name}" for name in kept}, "NEW.id = 2")
    tally = applied(source)
    assert (tally.changed, tally.refusals) == (3, {"refused-by-database": 1})
    assert [row[1:] == ("cat", "kling25", "cat", 5) for row in database.rows()] == [
        True, False, True, True,
    ]  # fmt: skip
    assert database.rows()[1] == before[1]
    assert undone(source).restored == 3
    assert database.rows() == before


def test_a_row_that_reads_otherwise_is_told_of(database: Database) -> None:
    source = database.prompts(TEXTS)
    set_on_update(database, {"text": "'CAT'", "video_duration": "6"}, "NEW.id < 3 AND NEW.id > 0")
    said = "2 rows read differently from what was written: a trigger or the column changes it"
    assert said in flaglift("migrate", "apply", source, "-q").stdout
    with opened(Job(source)) as store:
        assert store.runs()[-1].info["altered"] == 2
    assert [row[1:] for row in database.rows()] == [
        ("CAT", "kling25", "cat", 6), ("CAT", "kling25", "cat", 6),
        ("cat", "kling25", "cat", 5), ("cat", "kling25", "cat", 5),
    ]  # fmt: skip
    assert verified(source)[1] == []


def delete_on_update(database: Database) -> None:
    """Let a trigger delete the second row when it is written."""
    deletes = "DELETE FROM prompts WHERE id = NEW.id AND id = 2;"
    body = f"BEGIN {deletes} END"
    if database.kind == "postgresql":
        database.run(
            "CREATE FUNCTION drop_row() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$BEGIN {deletes} RETURN NULL; END$$"
        )
        body = "FOR EACH ROW EXECUTE FUNCTION drop_row()"
    database.run(f"CREATE TRIGGER deletes AFTER UPDATE ON prompts {body}")


@pytest.mark.parametrize("kind", ["postgresql", "sqlite"])  # MySQL's cannot change their own table
def test_a_row_that_a_trigger_deletes_is_refused(tmp_path: Path, kind: str) -> None:
    for database in open_database(kind, tmp_path):
        source = database.prompts(TEXTS)
        delete_on_update(database)
        before = database.rows()
        assert applied(source).refusals == {"refused-by-database": 1}
        assert database.rows()[1] == before[1]
        database.run("DROP TRIGGER deletes" + " ON prompts" * (kind == "postgresql"))
        assert applied(source).changed == 1
        assert undone(source).restored == 4
        assert database.rows() == before


def insert_on_update(database: Database, statement: str) -> None:
    if database.kind == "postgresql":
        database.run(
            "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$BEGIN {statement}; RETURN NULL; END$$"
        )
        done = "FOR EACH ROW EXECUTE FUNCTION keep()"
    else:
        done = f"BEGIN {statement}; END"
    database.run(f"CREATE TRIGGER keeps AFTER UPDATE ON prompts {done}")


@pytest.mark.parametrize("kind", ["postgresql", "sqlite"])  # MySQL's cannot change their own table
@pytest.mark.parametrize("rows", [2, 200])
def test_a_trigger_that_brings_flags_back_does_not_keep_a_run_for_ever(
    tmp_path: Path, kind: str, rows: int
) -> None:
    for database in open_database(kind, tmp_path):
        source = database.prompts(TEXTS)
        statement = "SELECT max(id) + 1, OLD.text FROM prompts"
        insert_on_update(database, f"INSERT INTO prompts (id, text) {statement}")
        before = database.rows()
        tally = applied(source, rows=rows)
        # One for each row of the first pass, and of each of twenty more.
        assert (tally.records, tally.changed) == (4 * 21, 4 * 21)
        assert len(database.rows()) == 4 * 22
        again = flaglift("migrate", "apply", source, "-q")
        assert again.returncode == 1
        said = (
            "records with flags keep arriving: the last pass over the source found 4 new ones."
            " Stop what writes them, and run the same command again; the trigger `keeps` fires on"
            " every update and inserts rows into the same table: if they hold flags, each changed"
            " row brings another one"
        )
        assert said in again.stdout.splitlines()
        assert "no prompt holds flags any more" not in again.stdout
        database.run("DROP TRIGGER keeps" + " ON prompts" * (kind == "postgresql"))
        assert flaglift("migrate", "apply", source, "-q").returncode == 0
        undone(source)
        assert database.rows()[:4] == before


INTO = [("prompts", True), ('"prompts"', True), ("prompts_old", False), ("other", False)]
# A trigger of SQLite names no schema.
INTO_SCHEMAS = [("SCHEMA . PROMPTS", True), ("prompts.other", False), ("other.prompts", False)]


@pytest.mark.parametrize(
    ("kind", "into", "inserts"),
    [
        *(("sqlite", *each) for each in INTO),
        *(("postgresql", *each) for each in INTO + INTO_SCHEMAS),
    ],
)
def test_a_trigger_that_inserts_into_its_own_table_is_noted(
    tmp_path: Path, kind: str, into: str, inserts: bool
) -> None:
    for database in open_database(kind, tmp_path):
        source = database.prompts(TEXTS)
        if kind == "sqlite":
            database.run("CREATE TABLE prompts_old (id INTEGER, text TEXT)")
            database.run("CREATE TABLE other (id INTEGER, text TEXT)")
        place = into.replace("SCHEMA", "public")
        insert_on_update(database, f"INSERT INTO {place} (id, text) VALUES (-OLD.id, 'a dog')")
        with opened(Job(source), write=False) as store:
            (said,) = (check.sentence for check in store.checks() if check.topic == "trigger")
        assert said.startswith("the trigger `keeps` fires on every update")
        assert ("inserts rows into the same table" in said) is inserts


@pytest.mark.parametrize("kind", ["postgresql", "sqlite"])
def test_a_client_that_inserts_faster_than_rows_are_read(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for database in open_database(kind, tmp_path):
        source = database.prompts(TEXTS)
        read, numbers = Rows.select, itertools.count(100)

        def select(self: Rows, *args: Any) -> list[Row]:
            for _, number in zip(range(3), numbers, strict=False):  # noqa: B023
                database.run(f"INSERT INTO prompts (id, text) VALUES ({number}, '{TEXTS[0]}')")  # noqa: B023
            return read(self, *args)  # noqa: B023

        monkeypatch.setattr(Rows, "select", select)
        assert planned(source, rows=2).records == 4
        tally = applied(source, rows=2)
        monkeypatch.undo()
        assert tally.changed < 500
        assert planned(source).translated > 0
        assert applied(source).changed > 0
        assert planned(source).translated == 0


@pytest.mark.parametrize("way", ["REPLACE", "IGNORE", "FAIL", "ROLLBACK", "ABORT"])
def test_what_a_constraint_does_on_a_conflict_deletes_no_row(way: str, tmp_path: Path) -> None:
    for database in open_database("sqlite", tmp_path):
        database.run(
            f"CREATE TABLE prompts (id INTEGER PRIMARY KEY, text TEXT UNIQUE ON CONFLICT {way},"
            " video_model TEXT, video_prompt TEXT, video_duration INTEGER)"
        )
        database.fill([f"cat --video --video_model kling25{' ' * i}" for i in range(6)])
        database.run("INSERT INTO prompts (id, text) VALUES (9, 'dog'), (10, 'dog --video')")
        before = database.rows()
        source = f"{database.url}#prompts"
        tally = applied(source, rows=2)
        assert tally.refusals["refused-by-database"] == 5
        assert [row[0] for row in database.rows()] == [row[0] for row in before]
        assert undone(source).restored == tally.changed
        assert database.rows() == before


def test_a_trigger_that_ignores_conflicts_still_does(tmp_path: Path) -> None:
    for database in open_database("sqlite", tmp_path):
        source = database.prompts(PROMPTS)
        database.run("CREATE TABLE seen (id INTEGER PRIMARY KEY)")
        database.run("INSERT INTO seen SELECT id FROM prompts")
        database.run(
            "CREATE TRIGGER seen AFTER UPDATE ON prompts BEGIN"
            " INSERT OR IGNORE INTO seen VALUES (NEW.id); END"
        )
        assert applied(source).changed == 4


def test_a_trigger_that_ends_the_transaction_is_named(tmp_path: Path) -> None:
    for database in open_database("sqlite", tmp_path):
        source = database.prompts([f"{i} --video --video_model kling25" for i in range(6)])
        database.run(
            "CREATE TRIGGER ends BEFORE UPDATE ON prompts WHEN NEW.id = 3"
            " BEGIN SELECT RAISE(ROLLBACK, 'no secret lady'); END"
        )
        before = database.rows()
        with pytest.raises(InputError, match=r"ended the whole transaction .* RAISE\(ABORT\)") as e:
            applied(source)
        assert "lady" not in str(e.value)
        assert database.rows() == before
        database.run("DROP TRIGGER ends")
        assert applied(source).changed == 6


_ODD = 'Odd "na`me;] %s :x'


def test_names_that_are_odd(database: Database) -> None:
    sign = "`" if database.kind == "mysql" else '"'

    def quote(name: str) -> str:  # a colon would be a parameter
        return f"{sign}{name.replace(sign, 2 * sign)}{sign}".replace(":", "\\:")

    names = ['i` "d', "te'x``t %s :n", "SEL`ECT", "vp.x (1)", "ü"]
    kinds = ["INTEGER PRIMARY KEY", "TEXT", "VARCHAR(60)", "TEXT", "INTEGER"]
    columns = ", ".join(f"{quote(name)} {kind}" for name, kind in zip(names, kinds, strict=True))
    table = quote(_ODD)
    database.run(f"CREATE TABLE {table} ({columns})")
    written = f"{quote(names[0])}, {quote(names[1])}"
    database.run(f"CREATE UNIQUE INDEX once ON {table} ({quote(names[2])})")
    database.run(f"INSERT INTO {table} ({written}) VALUES (1, :t)", t=PROMPTS[0])
    before = database.rows(table, quote(names[0]))
    source = f"{database.url}#{_ODD}"
    fields = ("video_model", "video_prompt", "video_duration")
    options: dict[str, Any] = {
        "text": names[1],
        "targets": dict(zip(fields, names[2:], strict=True)),
    }
    with opened(Job(source, **options), write=False) as store:
        store.total()
        outcomes = {check.topic: check.outcome for check in store.checks()}
    assert "refuse" not in outcomes.values()
    assert outcomes["constraint"] == "note"
    assert applied(source, **options).changed == 1
    assert database.rows(table, quote(names[0])) == [(1, "a cat", "kling25", "a cat", 5)]
    assert verified(source, **options)[1] == []
    assert undone(source, **options).restored == 1
    assert database.rows(table, quote(names[0])) == before


@pytest.mark.parametrize("text", ["'CAT --video'", "NULL"])
def test_a_row_that_would_not_read_as_before_is_not_taken_back(
    database: Database, text: str
) -> None:
    source = database.prompts(TEXTS)
    before = database.rows()
    assert applied(source).changed == 4
    written = database.rows()
    set_on_update(database, {"text": text}, "NEW.id IN (2, 3) AND NEW.video_model IS NULL")
    for restored in (2, 0):
        result = flaglift("migrate", "undo", source)
        assert result.returncode == 1
        assert "2 rows read differently from before the run: a trigger or" in result.stdout
        assert f": {restored} records restored of 1 run" in result.stdout
        assert "edited or deleted since" not in result.stdout
        assert database.rows() == [before[0], *written[1:3], before[3]]
    with opened(Job(source)) as store:
        assert store.runs()[-1].state == "partly undone"
    database.run(f"DROP TRIGGER changes{' ON prompts' * (database.kind == 'postgresql')}")
    assert flaglift("migrate", "undo", source).returncode == 0
    assert database.rows() == before


@pytest.mark.parametrize("kind", ["postgresql", "sqlite"])
def test_a_row_that_a_trigger_deletes_is_not_taken_back(tmp_path: Path, kind: str) -> None:
    for database in open_database(kind, tmp_path):
        source = database.prompts(TEXTS)
        assert applied(source).changed == 4
        written = database.rows()
        delete_on_update(database)
        assert undone(source).restored == 3
        assert database.rows()[1] == written[1]


def test_a_row_that_is_not_taken_back_is_told_once(database: Database) -> None:
    source = database.prompts(TEXTS)
    assert applied(source).changed == 4
    database.run(f"UPDATE prompts SET text = '{TEXTS[0]}', video_model = NULL WHERE id IN (1, 2)")
    database.run("UPDATE prompts SET video_prompt = NULL, video_duration = NULL WHERE id IN (1, 2)")
    assert applied(source).changed == 2
    database.run("DELETE FROM prompts WHERE id = 4")
    set_on_update(database, {"text": "'CAT --video'"}, "NEW.id = 2 AND NEW.video_model IS NULL")
    result = flaglift("migrate", "undo", source)
    assert result.returncode == 1
    assert "1 rows read differently from before the run" in result.stdout
    # The first run's entry of row 1 is older than an edit, that of row 2 than what was held back.
    assert "2 were edited or deleted since and are as they are: key [1], [4]" in result.stdout
