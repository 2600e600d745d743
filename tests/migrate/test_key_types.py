"""Keys of every type a server has: each is migrated whole and taken back, or refused at once.

One line of a list is a type, a colon, and values as SQL literals, in any order.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import exc

from flaglift.errors import InputError
from migrate.conftest import Database, open_database
from migrate.sources import applied, planned, undone, verified

CORPUS = Path(__file__).parent.parent / "corpora" / "key_types"
VIDEO = "cat {} --video --video_model kling25 --duration 5"
REFUSED = {
    "mysql": {"SET('a','b','c')", "SET('z','m','a')"},
    "postgresql": {"hstore"},
    "sqlite": set[str](),
}
"""Types that no order can be relied on of."""


def cases(kind: str) -> Iterator[tuple[str, list[str]]]:
    for line in (CORPUS / f"{kind}.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            declared, _, values = line.partition(": ")
            yield declared, values.split(" | ")


def every_case() -> list[tuple[str, str]]:
    return [(kind, declared) for kind in REFUSED for declared, _ in cases(kind)]


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Database]]:
    opened = {kind: open_database(kind, tmp_path_factory.mktemp(kind)) for kind in REFUSED}
    yield {kind: next(generator) for kind, generator in opened.items()}
    for generator in opened.values():
        next(generator, None)


SETUP = {
    "postgresql": (
        "CREATE EXTENSION IF NOT EXISTS citext",
        "CREATE EXTENSION IF NOT EXISTS ltree",
        "CREATE EXTENSION IF NOT EXISTS hstore",
        "CREATE SCHEMA IF NOT EXISTS other",
        "CREATE TYPE other.mood AS ENUM ('sad', 'ok', 'a happy')",
        "CREATE TYPE pair AS (a integer, b text)",
        "CREATE DOMAIN code AS varchar(8)",
        "CREATE DOMAIN count AS integer CHECK (VALUE >= 0)",
    )
}


@pytest.fixture(scope="module")
def prepared(databases: dict[str, Database]) -> dict[str, Database]:
    for kind, statements in SETUP.items():
        for statement in statements:
            databases[kind].run(statement)
    return databases


def make(database: Database, columns: str, key: str, rows: list[str]) -> None:
    """Create a table of prompts with this key; `rows` are the SQL values of the key."""
    database.run("DROP TABLE IF EXISTS keyed")
    with database.engine.begin() as connection:
        connection.exec_driver_sql(
            f"CREATE TABLE keyed ({columns}, text TEXT, video_model VARCHAR(60),"
            f" video_prompt TEXT, video_duration INTEGER, PRIMARY KEY ({key}))".replace("%", "%%")
        )
        for index, values in enumerate(rows):
            connection.exec_driver_sql(
                f"INSERT INTO keyed ({key}, text) VALUES ({values},"
                f" '{VIDEO.format(index)}')".replace("%", "%%")
            )


def state(database: Database) -> list[str]:
    # Python has no date before the year 1, and holds no NaN for equal to another.
    whole = "CAST(keyed AS text)" if database.kind == "postgresql" else "*"
    return [str(row) for row in database.run(f"SELECT {whole} FROM keyed ORDER BY text")]


def check(database: Database, count: int, *, refused: bool) -> None:
    source = f"{database.url}#keyed"
    before = state(database)
    assert len(before) == count
    if refused:
        for verb in (planned, applied):
            with pytest.raises(InputError, match=r"another key|file"):
                verb(source)
        assert state(database) == before
        return
    tally = applied(source, rows=3)
    assert (tally.records, tally.changed, tally.gone) == (count, count, 0)
    texts = {text for (text,) in database.run("SELECT text FROM keyed")}
    assert texts == {f"cat {i}" for i in range(count)}
    assert verified(source)[1] == []
    assert undone(source).restored == count
    assert state(database) == before


@pytest.mark.parametrize(("kind", "declared"), every_case())
def test_a_key_of_a_type(prepared: dict[str, Database], kind: str, declared: str) -> None:
    values = dict(cases(kind))[declared]
    database = prepared[kind]
    make(database, f"k {declared}", "k", values)
    check(database, len(values), refused=declared in REFUSED[kind])
    columns = f"k {declared}, n integer, m varchar(9)"
    rows = [f"{v}, {n}, '{m}'" for v in values[:3] for n, m in ((2, "b"), (-1, "A b"))]
    make(database, columns, "k, n, m", rows)
    check(database, len(rows), refused=declared in REFUSED[kind])


@pytest.mark.parametrize("kind", [*REFUSED])
def test_there_are_60_types_of_a_server(kind: str) -> None:
    assert len(dict(cases(kind))) >= 60


def test_an_enumeration_of_a_thousand_rows_a_member(prepared: dict[str, Database]) -> None:
    database = prepared["mysql"]
    members = ("video", "image", "audio")
    make(
        database,
        "kind ENUM('video','image','audio'), id INTEGER",
        "kind, id",
        [f"'{member}', {n}" for member in members for n in range(300)],
    )
    check(database, 900, refused=False)


def test_times_of_mysql_are_keys_in_any_zone(tmp_path: Path) -> None:
    """A row of another hour would be taken for the one that was written."""
    for database in open_database("mysql", tmp_path):
        database.run(
            "CREATE TABLE prompts (id TIMESTAMP PRIMARY KEY, text TEXT, video_model VARCHAR(60),"
            " video_prompt TEXT, video_duration INTEGER)"
        )
        for hour in range(12):
            flags = "--video --video_model kling25" + " --video" * (hour % 3)
            database.run(
                f"INSERT INTO prompts (id, text) VALUES ('2025-10-26 {hour}:00', 'cat {flags}')"
            )
        before = database.rows()
        zone = "?init_command=SET%20time_zone%20%3D%20'{}'#prompts"
        assert applied(database.url + zone.format("%2B05:00"), rows=5).changed == 12
        assert verified(database.url + zone.format("-08:00"))[1] == []
        assert undone(f"{database.url}#prompts").restored == 12
        assert database.rows() == before


_STYLES = (
    "datestyle = 'SQL, DMY'",
    "intervalstyle = 'sql_standard'",
    "bytea_output = 'escape'",
    "lc_monetary = 'de_DE.UTF-8'",
    "timezone = 'Asia/Kathmandu'",
    "extra_float_digits = 0",
    "extra_float_digits = -9",
)


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ("date", "{day}"),
        ("timestamp", "{day}"),
        ("timestamptz(3)", "{day}"),
        ("interval", "{n} days"),
        ("day", "{day}"),
        ("numeric_day", "{day}"),
        ("tsrange", "[{day},2028-01-01)"),
        ("dated", "({day},{n})"),
        ("timed", "({day},{n})"),
        ("tstzrange", "[{day},infinity)"),
        ("timestamptz[]", "{{{day},{day} 01:00+03}}"),
        ("timetz", "12:{n:02}+03"),
        ("money", "{n}.50"),
        ("real", "{n}.1234567"),
        ("double precision", "{n}.12345678901234567"),
        ("float8[]", "{{{n}.12345678901234567}}"),
        ("bytea", "\\x00ff{n:02}"),
    ],
)
def test_times_of_postgresql_are_keys_in_any_style(
    tmp_path: Path, declared: str, value: str
) -> None:
    for database in open_database("postgresql", tmp_path):
        database.run("CREATE DOMAIN day AS date")
        database.run("CREATE DOMAIN numeric_day AS day")
        database.run("CREATE TYPE dated AS (a date, b integer)")
        database.run("CREATE TYPE timed AS (a timestamptz, b integer)")
        database.run(
            f"CREATE TABLE prompts (id {declared} PRIMARY KEY, text TEXT, video_model TEXT,"
            " video_prompt TEXT, video_duration INTEGER)"
        )
        for number in range(1, 13):
            key = value.format(n=number, day=f"2026-{number:02}-{number:02}")
            flags = "--video --video_model kling25" + " --video" * (number % 3)
            database.run(f"INSERT INTO prompts (id, text) VALUES ('{key}', 'cat {flags}')")
        whole = "SELECT CAST(prompts AS text) FROM prompts ORDER BY id"
        before = database.run(whole)
        source = f"{database.url}#prompts"
        name = database.engine.url.database
        assert applied(source, rows=5).changed == 12
        for style in _STYLES:
            with suppress(exc.DBAPIError):  # not every machine has a second locale
                database.run(f"ALTER DATABASE {name} SET {style}")
        assert verified(source)[1] == []
        assert undone(source).restored == 12
        database.run(f"ALTER DATABASE {name} RESET ALL")
        assert database.run(whole) == before


def test_a_run_that_is_resumed_in_another_zone_goes_on(tmp_path: Path) -> None:
    for database in open_database("postgresql", tmp_path):
        source = database.prompts([], key="id timestamptz PRIMARY KEY")
        for hour in range(12):
            database.run(
                f"INSERT INTO prompts (id, text) VALUES ('2026-10-25 {hour}:30+00',"
                f" '{VIDEO.format(hour)}')"
            )
        assert applied(source, limit=5).changed == 5
        name = database.engine.url.database
        database.run(f"ALTER DATABASE {name} SET timezone = 'America/New_York'")
        tally = applied(source, rows=5)
        assert (tally.changed, tally.gone) == (12, 0)
        assert undone(source).restored == 12


def test_a_trigger_of_postgresql_writes_times_of_the_session(tmp_path: Path) -> None:
    for database in open_database("postgresql", tmp_path):
        source = database.prompts([], key="id timestamptz PRIMARY KEY, zone TEXT")
        database.run(f"INSERT INTO prompts (id, text) VALUES (now(), '{VIDEO}')")
        database.run(
            "CREATE FUNCTION zoned() RETURNS trigger LANGUAGE plpgsql AS"
            " $$BEGIN NEW.zone := current_setting('timezone'); RETURN NEW; END$$"
        )
        database.run(
            "CREATE TRIGGER zoned BEFORE UPDATE ON prompts FOR EACH ROW EXECUTE FUNCTION zoned()"
        )
        name = database.engine.url.database
        for zone, verb in (("Asia/Tokyo", applied), ("America/New_York", undone)):
            database.run(f"ALTER DATABASE {name} SET timezone = '{zone}'")
            verb(source)
            assert database.run("SELECT zone FROM prompts") == [(zone,)]


@pytest.mark.parametrize("way", ["column", "trigger"])
def test_no_update_of_mysql_writes_times_of_another_zone(tmp_path: Path, way: str) -> None:
    more = " ON UPDATE CURRENT_TIMESTAMP" if way == "column" else ""
    for database in open_database("mysql", tmp_path):
        database.prompts(
            [], key=f"id TIMESTAMP PRIMARY KEY, edited DATETIME DEFAULT '2026-01-01'{more}"
        )
        database.run(f"INSERT INTO prompts (id, text) VALUES ('2026-02-03 04:05', '{VIDEO}')")
        if way == "trigger":
            database.run(
                "CREATE TRIGGER edited BEFORE UPDATE ON prompts FOR EACH ROW SET NEW.edited = now()"
            )
        before = database.rows()
        zone = "?init_command=SET%20time_zone='{}'#prompts"
        far, utc = (database.url + zone.format(each) for each in ("%2B05:00", "%2B00:00"))
        for _ in "twice":
            with pytest.raises(
                InputError, match=rf"session's zone \+05:00: see the {way} `edited`"
            ):
                applied(far)
        assert database.rows() == before
        assert applied(utc).changed == 1
        with pytest.raises(InputError, match=rf"session's zone \+05:00: see the {way} `edited`"):
            undone(far)
        assert verified(far)[1] == []
        assert undone(utc).restored == 1


@pytest.mark.parametrize("mode", ["PAD_CHAR_TO_FULL_LENGTH", "EMPTY_STRING_IS_NULL"])
def test_a_mode_of_mysql_that_spells_texts_otherwise(tmp_path: Path, mode: str) -> None:
    for database in open_database("mysql", tmp_path):
        usual = database.prompts([], key="id CHAR(5) PRIMARY KEY")
        database.run("ALTER TABLE prompts MODIFY video_model CHAR(20)")
        database.run(
            f"INSERT INTO prompts VALUES ('a', '{VIDEO}', '', '', NULL),"
            f" ('b', '{VIDEO}', NULL, NULL, NULL), ('', '{VIDEO}', 'kling25', '', NULL)"
        )
        before = database.rows()
        other = f"{database.url}?init_command=SET sql_mode='{mode}'#prompts"
        for one, two in ((usual, other), (other, usual)):
            assert applied(one).changed == 3
            holds, broken = verified(two)
            assert broken == []
            assert "3 rows are as the run wrote them" in holds[0]
            assert undone(two).restored == 3
            assert database.rows() == before
