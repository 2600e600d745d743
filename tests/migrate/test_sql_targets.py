"""Target columns of any type: each row is migrated and taken back, or refused and left as it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flaglift import translate
from flaglift.errors import InputError
from flaglift.migrate.job import CONTRACT, EXPAND, Job
from migrate.conftest import Database, open_database
from migrate.sources import applied, opened, planned, undone, verified

TYPES = {
    "postgresql": (
        "TEXT", "VARCHAR(9)", "CHAR(9)", "CITEXT", "INTEGER", "SMALLINT", "BIGINT", "NUMERIC",
        "NUMERIC(4,2)", "DECIMAL(9,3)", "REAL", "DOUBLE PRECISION", "BOOLEAN", "INTERVAL", "BYTEA",
        "DATE", "UUID", "TEXT[]", "word", "XML", "MONEY", "BIT(8)", "INET", "NAME",
    ),
    "mysql": (
        "TINYTEXT", "TEXT", "LONGTEXT", "VARCHAR(9)", "CHAR(9)", "TEXT CHARACTER SET latin1",
        "VARCHAR(99) CHARACTER SET utf8mb3", "VARCHAR(99) CHARACTER SET ascii", "TINYINT",
        "SMALLINT UNSIGNED", "INT", "BIGINT", "DECIMAL(4,2)", "FLOAT", "DOUBLE", "BIT(8)", "DATE",
        "DATETIME", "TIME", "YEAR", "BLOB", "VARBINARY(9)", "JSON", "SET('a','b')",
        "ENUM('kling25','5','cat')",
    ),
    "sqlite": (
        "TEXT", "VARCHAR(9)", "CHAR(9)", "INTEGER", "REAL", "NUMERIC", "DECIMAL(4,2)", "BLOB",
        "BOOLEAN", "DATE", "DATETIME", "JSON", "ANY", "",
    ),
}  # fmt: skip
BODIES = ("cat", "a cat 😀", "é", "猫" * 99, "x" * 300, "it's 100 %", '"q"', "7", "\\\\", ":a {}")


@pytest.fixture(scope="module", params=[*TYPES])
def typed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    yield from open_database(request.param, tmp_path_factory.mktemp("typed"))


@pytest.fixture
def postgresql(tmp_path: Path) -> Iterator[Database]:
    yield from open_database("postgresql", tmp_path)


def spelled(value: object) -> str:
    """Return a value without what a column's type adds to it."""
    text = str(value).rstrip(" ")
    return text.rstrip("0").rstrip(".") if "." in text and text[0].isdigit() else text


@given(data=st.data())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_targets_of_any_type(typed: Database, data: st.DataObject) -> None:
    kinds = data.draw(st.tuples(*[st.sampled_from(TYPES[typed.kind])] * 3), "types")
    bodies = data.draw(st.lists(st.sampled_from(BODIES), min_size=1, max_size=6), "bodies")
    duration = data.draw(st.sampled_from(["", " --duration 5", " --duration 300"]), "duration")
    texts = [f"{body} --video --video_model kling25{duration}" for body in bodies]
    typed.run("DROP TABLE IF EXISTS prompts")
    if typed.kind == "postgresql":
        typed.run("CREATE EXTENSION IF NOT EXISTS citext")
        typed.run("DROP DOMAIN IF EXISTS word")
        typed.run("CREATE DOMAIN word AS varchar(12) CHECK (VALUE <> 'cat')")
    typed.run(
        f"CREATE TABLE prompts (id INTEGER PRIMARY KEY, text TEXT, video_model {kinds[0]},"
        f" video_prompt {kinds[1]}, video_duration {kinds[2]})"
    )
    typed.fill(texts)
    before = typed.rows()
    source = f"{typed.url}#prompts"
    try:
        tally = applied(source)
    except InputError as error:
        assert "does not take" in str(error)  # noqa: PT017 (others of the types are migrated)
        assert typed.rows() == before
        return
    assert tally.changed + tally.refused == len(texts)
    for row, old in zip(typed.rows(), before, strict=True):
        if row != old:
            values = translate(old[1]).values
            wanted = [values["text"], "kling25", values["video_prompt"]]
            assert [spelled(v) for v in row[1:4]] == [spelled(v) for v in wanted]
            assert (row[4] is None) == ("video_duration" not in values)
            assert row[4] is None or spelled(row[4]) == str(values["video_duration"])
    assert verified(source)[1] == []
    assert undone(source).restored == tally.changed
    assert typed.rows() == before


@pytest.mark.parametrize(
    ("prompt", "taken"), [("x" * 63, 1), ("x" * 64, 0), ("猫" * 21, 1), ("猫" * 21 + "x", 0)]
)
def test_a_type_that_cuts_off_what_is_longer_takes_no_more_than_it_holds(
    postgresql: Database, prompt: str, taken: int
) -> None:
    postgresql.run("DROP TABLE IF EXISTS prompts")
    postgresql.run(
        "CREATE TABLE prompts (id INTEGER PRIMARY KEY, text TEXT, video_model NAME,"
        " video_prompt NAME, video_duration INTEGER)"
    )
    postgresql.fill([f"a cat --video --video_model kling25 --video_prompt {prompt}"])
    assert applied(f"{postgresql.url}#prompts").changed == taken
    [row] = postgresql.rows()
    assert row[3] == (prompt if taken else None)


SWITCHES = {
    "postgresql": ("INTEGER", "SMALLINT", "NUMERIC(3,1)", "REAL", "BOOLEAN", "TEXT", "CHAR(9)"),
    "mysql": ("INTEGER", "BOOLEAN", "TINYINT(1) UNSIGNED", "DECIMAL(3,1)", "DOUBLE", "TEXT"),
    "sqlite": ("INTEGER", "BOOLEAN", "REAL", "NUMERIC", "TEXT", "ANY", ""),
}


def test_a_switch_that_was_expanded_is_known_to_be_held(typed: Database) -> None:
    """Columns of numbers hold true as 1, and truth values 1 as true."""
    targets = {"video_model": "model", "video_prompt": "prompt", "hires_fix": "a", "face_swap": "b"}
    texts = [
        f"cat --video --video_model kling25\nhires_fix={one}\nface_swap={other}"
        for one, other in (("true", "false"), ("false", "true"), ("1", "0"))
    ]
    for declared in SWITCHES[typed.kind]:
        typed.run("DROP TABLE IF EXISTS prompts")
        typed.run(
            "CREATE TABLE prompts (id INTEGER PRIMARY KEY, text TEXT, model TEXT, prompt TEXT,"
            f" a {declared}, b {declared})"
        )
        typed.fill(texts)
        before = typed.rows()
        source = f"{typed.url}#prompts"
        assert applied(source, targets=targets, step=EXPAND).changed == 3, declared
        assert applied(source, targets=targets, step=EXPAND).changed == 0
        assert applied(source, targets=targets, step=CONTRACT).changed == 3, declared
        held = [tuple(str(part).rstrip(" ") for part in row[4:]) for row in typed.rows()]
        if declared in ("TEXT", "CHAR(9)"):
            assert held == [("true", "false"), ("false", "true"), ("1", "0")]
        else:
            assert [[part[0] in "1T" for part in row] for row in held] == [
                [True, False], [False, True], [True, False],
            ]  # fmt: skip
        assert undone(source).restored == 6
        assert typed.rows() == before
    typed.run("UPDATE prompts SET text = 'cat --video --video_model kling25\nhires_fix=7'")
    typed.run("ALTER TABLE prompts RENAME COLUMN a TO old")
    typed.run("ALTER TABLE prompts ADD a BOOLEAN")
    refused = {"does-not-fit": 3} if typed.kind != "mysql" else {}
    assert applied(source, targets=targets).refusals == refused


def test_what_sqlite_declares_says_what_a_column_takes(tmp_path: Path) -> None:
    """It would store a prompt as a date, which its readers could not read."""
    for database in open_database("sqlite", tmp_path):
        for declared in ("STRING", "ANY", "PROMPT", "", "LONGTEXT", "TEXT"):
            database.run("DROP TABLE IF EXISTS prompts")
            database.run(
                f"CREATE TABLE prompts (id INTEGER PRIMARY KEY, text {declared}, video_model"
                f" {declared}, video_prompt {declared}, video_duration {declared})"
            )
            database.fill(["7", "cat --video --video_model kling25 --duration 5"])
            before = database.rows()
            tally = applied(f"{database.url}#prompts")
            assert (tally.changed, tally.refused) == (1, 0), declared
            assert [*map(str, database.rows()[1])] == ["2", "cat", "kling25", "cat", "5"]
            assert undone(f"{database.url}#prompts").restored == 1
            assert database.rows() == before
        for declared in ("BOOLEAN", "DATE", "DATETIME", "TIMESTAMP", "TIME", "BLOB", "JSON"):
            database.run("DROP TABLE IF EXISTS prompts")
            database.run(
                "CREATE TABLE prompts (id INTEGER PRIMARY KEY, text TEXT, video_model TEXT,"
                f" video_prompt {declared}, video_duration INTEGER)"
            )
            with pytest.raises(InputError, match="does not take `video_prompt`"):
                planned(f"{database.url}#prompts")


def test_case_in_names_of_columns_counts_on_postgresql_only(typed: Database) -> None:
    typed.run("DROP TABLE IF EXISTS prompts")
    quote = {"mysql": "`{}`"}.get(typed.kind, '"{}"')
    names = [quote.format(name) for name in ("Text", "Video_Model", "VIDEO_PROMPT")]
    typed.run(
        f"CREATE TABLE prompts (id INTEGER PRIMARY KEY, {names[0]} TEXT, {names[1]} TEXT,"
        f" {names[2]} TEXT, video_duration INTEGER)"
    )
    typed.run(
        f"INSERT INTO prompts (id, {names[0]}) VALUES (1, 'cat --video --video_model kling25')"
    )
    before = typed.rows()
    source = f"{typed.url}#prompts"
    if typed.kind == "postgresql":
        with pytest.raises(InputError, match="did you mean `Text`"):
            planned(source)
        return
    assert applied(source, create_columns=True).changed == 1
    assert typed.rows() == [(1, "cat", "kling25", "cat", None)]
    assert undone(source).restored == 1
    assert typed.rows() == before


def test_a_virtual_table_of_sqlite(tmp_path: Path) -> None:
    for database in open_database("sqlite", tmp_path):
        database.run("CREATE VIRTUAL TABLE prompts USING fts5(text, video_model)")
        with pytest.raises(InputError, match="no primary key"):
            planned(f"{database.url}#prompts")


@pytest.mark.parametrize("base", ["json", "jsonb", "inner_doc"])
def test_documents_of_a_domain(postgresql: Database, base: str) -> None:
    postgresql.run("CREATE DOMAIN inner_doc AS jsonb")
    postgresql.run(f"CREATE DOMAIN doc AS {base} CHECK (VALUE IS NOT NULL)")
    postgresql.run("CREATE TABLE prompts (id INTEGER PRIMARY KEY, doc doc)")
    postgresql.run(
        """INSERT INTO prompts VALUES (1, '{"text"\\: "cat --video --video_model kling25"}')"""
    )
    before = postgresql.run("SELECT id, CAST(doc AS text) FROM prompts")
    source = f"{postgresql.url}#prompts"
    with pytest.raises(InputError, match="`doc` holds JSON: name it with --json-column doc"):
        planned(source, text="doc")
    assert applied(source, json_column="doc").changed == 1
    assert postgresql.run("SELECT doc->>'video_model' FROM prompts") == [("kling25",)]
    assert verified(source, json_column="doc")[1] == []
    assert undone(source, json_column="doc").restored == 1
    assert postgresql.run("SELECT id, CAST(doc AS text) FROM prompts") == before


def test_what_a_domain_is_made_of_is_read_and_written(postgresql: Database) -> None:
    postgresql.run("CREATE DOMAIN tiny AS smallint")
    postgresql.run("CREATE DOMAIN word AS name")
    postgresql.run("CREATE DOMAIN tinier AS tiny")
    postgresql.run(
        "CREATE TABLE prompts (id INTEGER PRIMARY KEY, text TEXT, video_model TEXT,"
        " video_prompt word, video_duration tinier, num_images tiny)"
    )
    flags = "--video --video_model kling25 --video_prompt"
    texts = [f"cat {flags} short", f"cat {flags} {'x' * 64}"]
    postgresql.fill(texts)
    postgresql.run("UPDATE prompts SET num_images = 4")
    source = f"{postgresql.url}#prompts"
    with opened(Job(source), write=False) as store:
        chunk = store.read(None, 1)
        assert chunk is not None
        assert chunk.records[0].prompts[0].context == {"num_images": 4}
    tally = applied(source)
    assert (tally.changed, tally.refusals) == (1, {"does-not-fit": 1})
    assert undone(source).restored == 1
