"""What columns of MySQL's character sets take, as the real server says."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event

from flaglift.migrate.job import Job
from flaglift.migrate.sql import capacity
from flaglift.migrate.sql.capacity import encoded_as
from migrate.conftest import Database, open_database
from migrate.sources import applied, opened, planned, undone

VIDEO = 'cat --video --video_model kling25 --video_prompt "{}"'
CHARACTERS = [chr(point) for point in range(1, 0x10000) if not 0xD800 <= point < 0xE000]
CHARACTERS += ["\U0001f600", "\U00020000"]
_AT_ONCE = 4000


@pytest.fixture
def mysql(tmp_path: Path) -> Iterator[Database]:
    yield from open_database("mysql", tmp_path)


@pytest.fixture
def characters(mysql: Database) -> Database:
    """A server that has been sent all characters, once for all character sets."""
    mysql.run("CREATE TABLE characters (c VARCHAR(1) CHARACTER SET utf8mb4)")
    with mysql.engine.begin() as connection:
        for start in range(0, len(CHARACTERS), _AT_ONCE):
            part = tuple(CHARACTERS[start : start + _AT_ONCE])
            rows = ", ".join(["(%s)"] * len(part))
            connection.exec_driver_sql(f"INSERT INTO characters VALUES {rows}", part)
    return mysql


def characters_of(mysql: Database, charset: str) -> set[str]:
    """Return the characters that come back from a character set as they were."""
    there_and_back = f"CONVERT(CONVERT(c USING {charset}) USING utf8mb4)"
    query = f"SELECT c FROM characters WHERE CAST({there_and_back} AS BINARY) = CAST(c AS BINARY)"
    return {character for (character,) in mysql.run(query)}


@pytest.mark.timeout(300)
@pytest.mark.no_cover
def test_no_character_is_refused_that_the_server_has(characters: Database) -> None:
    query = "SELECT character_set_name FROM information_schema.character_sets"
    charsets = {str(name) for (name,) in characters.run(query)} - {"binary"}
    assert {"latin1", "utf8mb3", "utf8mb4", "cp1251", "gbk", "ucs2"} <= charsets
    for charset in charsets:
        allowed = {c for c in CHARACTERS if encoded_as(charset, c) is not None}
        refused = characters_of(characters, charset) - allowed
        assert not refused, (charset, sorted(refused)[:5])


@pytest.mark.parametrize("charset", ["latin1", "cp1251", "gbk", "koi8r", "utf8mb3", "ucs2"])
def test_characters_that_a_set_does_not_have_are_known_before(
    characters: Database, charset: str
) -> None:
    known = {c for c in CHARACTERS if encoded_as(charset, c) is not None}
    assert known == characters_of(characters, charset)


def test_the_character_set_of_a_table_counts_where_a_column_names_none(mysql: Database) -> None:
    name = mysql.engine.url.database
    mysql.run(f"ALTER DATABASE {name} CHARACTER SET cp1251")
    texts = [VIDEO.format(word) for word in ("\u043a\u043e\u0442", "\u732b", "it yawns")]
    mysql.run(
        "CREATE TABLE prompts (id INTEGER PRIMARY KEY, text TEXT CHARACTER SET utf8mb4,"
        " video_model VARCHAR(60), video_prompt TINYTEXT, video_duration INTEGER)"
    )
    mysql.fill(texts)
    source = f"{mysql.url}#prompts"
    assert planned(source).refusals == {"does-not-fit": 1}
    assert applied(source).refusals == {"does-not-fit": 1}
    assert [row[3] for row in mysql.rows()] == ["\u043a\u043e\u0442", None, "it yawns"]


@pytest.mark.parametrize(("letters", "refused"), [(255, 0), (256, 1)])
def test_a_limit_in_bytes_is_of_the_set(mysql: Database, letters: int, refused: int) -> None:
    mysql.run(
        "CREATE TABLE prompts (id INTEGER PRIMARY KEY, text TEXT CHARACTER SET utf8mb4,"
        " video_model VARCHAR(60), video_prompt TINYTEXT CHARACTER SET koi8r,"
        " video_duration INTEGER)"
    )
    mysql.fill([VIDEO.format("\u043a" * letters)])
    assert planned(f"{mysql.url}#prompts").refused == refused
    assert applied(f"{mysql.url}#prompts").refused == refused


@pytest.mark.parametrize(
    "query",
    ["?charset=utf8", "?charset=latin1", "?init_command=SET%20NAMES%20latin1", "?charset=utf8mb4"],
)
def test_prompts_are_read_whole_whatever_the_address_says(mysql: Database, query: str) -> None:
    """In other character sets the server gives `?` for an emoji, which would be written back."""
    text = VIDEO.format("\U0001f600 \u732b \xe9")
    mysql.prompts([text])
    before = mysql.rows()
    source = f"{mysql.url}{query}#prompts"
    assert applied(source).changed == 1
    assert mysql.rows()[0][1:4] == ("cat", "kling25", "\U0001f600 \u732b \xe9")
    assert undone(source).restored == 1
    assert mysql.rows() == before


def test_a_proxy_may_give_each_transaction_to_another_session(
    mysql: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    mysql.prompts([VIDEO.format("\U0001f600"), VIDEO.format("\u732b" * 100)])
    mysql.run("ALTER TABLE prompts MODIFY video_prompt TINYTEXT")
    before = mysql.rows()
    source = f"{mysql.url}#prompts"
    monkeypatch.setattr("pymysql.connections.Connection.thread_id", lambda _: 0)
    monkeypatch.setattr(capacity, "_BYTES", {})  # so that the server alone knows the limit

    def give_another(connection: Connection) -> None:
        connection.exec_driver_sql("SET NAMES latin1")
        connection.exec_driver_sql("SET SESSION sql_mode = ''")

    event.listen(Engine, "commit", give_another)
    try:
        with opened(Job(source), write=False) as store:
            checks = {check.topic: check for check in store.checks()}
        tally = applied(source, rows=1)
    finally:
        event.remove(Engine, "commit", give_another)
    assert "a proxy stands before the server" in checks["pooler"].sentence
    assert checks["sql_mode"].outcome == "pass"
    assert (tally.changed, tally.refusals) == (1, {"refused-by-database": 1})
    assert mysql.rows()[0][3] == "\U0001f600"
    assert mysql.rows()[1] == before[1]
    assert undone(source).restored == 1
    assert mysql.rows() == before
