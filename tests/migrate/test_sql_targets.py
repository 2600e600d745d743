"""Target columns of any type: each row is migrated and taken back, or refused and left as it is."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flaglift import translate
from flaglift.errors import InputError
from migrate.conftest import Database, open_database
from migrate.sources import applied, undone, verified

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
