"""Connections to the three kinds of database.

No setting may outlive a transaction on PostgreSQL: with a pooler, the session passes to another
client. So reads are protected by `BEGIN READ ONLY`, and no statements are prepared. MySQL
settings are set in each transaction.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Flag
from operator import methodcaller
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, exc
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import NullPool

from flaglift.errors import InputError
from flaglift.migrate.errors import missing_extra

_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "sqlite": "sqlite+pysqlite",
}


def database_url(source: str) -> tuple[URL, str]:
    """Return the URL of a database and the name after its `#`: `[schema.]table`.

    Raises `InputError` for an invalid source; the message never contains the password.
    """
    address, _, table = source.partition("#")
    url = server_url(address)
    if not table:
        raise InputError(f"{url.render_as_string()}: name the table after a #: ...#prompts")
    return url, table


def server_url(address: str) -> URL:
    """Return the address of a database.

    Raises `InputError` for an invalid address; the message never contains the password.
    """
    try:
        url = make_url(address)
    except (exc.ArgumentError, ValueError):
        raise InputError(
            "a database is named like postgresql://user@host/database#table,"
            " mysql://user@host/database#table or sqlite:///path#table"
        ) from None
    scheme, _, driver = url.drivername.partition("+")
    if scheme not in _DRIVERS:
        raise InputError(f"{scheme}: not a database that is known; use {', '.join(_DRIVERS)}")
    if driver and _DRIVERS[scheme] != f"{scheme}+{driver}":
        raise InputError(f"{url.drivername}: only the driver of {_DRIVERS[scheme]} is supported")
    url = url.set(drivername=_DRIVERS[scheme])
    if scheme in ("mysql", "mariadb"):
        # With `charset=utf8`, which applications use, the server would turn an emoji into `?`.
        url = url.update_query_dict({"charset": "utf8mb4"})
    return url


def connect_engine(url: URL) -> Engine:
    """Return an engine for `begin_transaction`.

    Raises `InputError` for a missing driver or a missing SQLite file.
    """
    options: dict[str, Any] = {}
    match url.get_backend_name():
        case "sqlite":
            path = Path(url.database or "")
            if not path.is_file():
                raise InputError(f"{path}: there is no such database file")
        case "postgresql":
            options = {"prepare_threshold": None}
    try:
        engine = create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=options)
    except ModuleNotFoundError as error:
        raise missing_extra("sql", f"{url.get_backend_name()} ({error.name})") from None
    if engine.dialect.name in _PREPARE:
        event.listen(engine, "connect", _PREPARE[engine.dialect.name], insert=True)
    event.listen(engine, "begin", begin_transaction)
    return engine


class Spelling(Flag):
    """The settings of a session that the spelling of a key depends on."""

    STYLE = 1
    """PostgreSQL's styles, such as of dates, and the digits of its numbers."""
    ZONE = 2
    """The time zone."""


_POSTGRESQL_SPELLING = {
    Spelling.STYLE: (  # dates are read in the session's own order, as those of --where
        "SELECT set_config('datestyle', 'ISO', true), set_config('bytea_output', 'hex', true),"
        " set_config('intervalstyle', 'postgres', true), set_config('lc_monetary', 'C', true),"
        " set_config('extra_float_digits', '3', true)"
    ),
    Spelling.ZONE: (
        "SELECT set_config('flaglift.zone', current_setting('timezone'), true),"
        " set_config('timezone', 'UTC', true)"
    ),
}
"""Settings for a single transaction."""
_MYSQL_ZONE = (
    ", @flaglift_zone = coalesce(@flaglift_zone, nullif(@@time_zone, 'SYSTEM'),"
    " @@system_time_zone), time_zone = '+00:00'"
)
_MYSQL_SESSION = (
    "SET SESSION sql_mode = CONCAT(REPLACE(REPLACE(@@sql_mode,"
    " 'PAD_CHAR_TO_FULL_LENGTH', 'STRICT_ALL_TABLES'),"
    " 'EMPTY_STRING_IS_NULL', 'STRICT_ALL_TABLES'), ',STRICT_ALL_TABLES'),"
    " character_set_client = utf8mb4, character_set_connection = utf8mb4,"
    " character_set_results = utf8mb4"
)
"""Without these the server truncates long values, stores `?` for unsupported characters, spells
the keys of a CHAR column with blanks at their end, and takes an empty text for NULL.

They are set in each transaction: a proxy may run the next one in another session.
"""


def begin_transaction(connection: Connection) -> None:
    """Begin a transaction that can write only if the option `flaglift_write` is set.

    With `flaglift_spelling`, keys are spelled the same in every session: times in UTC.
    """
    options = connection.get_execution_options()
    writes = options.get("flaglift_write", False)
    spelling = options.get("flaglift_spelling", Spelling(0))
    match connection.dialect.name:
        case "postgresql":
            # The driver's own BEGIN READ ONLY, which it sends before the first statement.
            driver: Any = connection.connection.driver_connection
            driver.read_only = not writes
            for each in spelling:
                connection.exec_driver_sql(_POSTGRESQL_SPELLING[each])
        case "sqlite":
            # Writers lock immediately: upgrading a read transaction can fail halfway.
            connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
        case _:
            mode = "READ WRITE" if writes else "READ ONLY"
            connection.exec_driver_sql(f"START TRANSACTION {mode}")
            zone = _MYSQL_ZONE if Spelling.ZONE in spelling else ""
            connection.exec_driver_sql(_MYSQL_SESSION + zone)


@contextmanager
def own_zone(connection: Connection, spelling: Spelling) -> Iterator[None]:
    """Run the block in PostgreSQL's own zone of the session: a trigger may write local times.

    The keys of its statements name their zone.
    """
    if connection.dialect.name != "postgresql" or Spelling.ZONE not in spelling:
        yield
        return
    connection.exec_driver_sql(
        "SELECT set_config('timezone', current_setting('flaglift.zone'), true)"
    )
    yield
    connection.exec_driver_sql("SELECT set_config('timezone', 'UTC', true)")


def _prepare_postgresql(connection: Any, record: Any) -> None:  # noqa: ARG001
    if connection.info.parameter_status("client_encoding") != "SQL_ASCII":
        return
    # Such a database returns bytes of any encoding; invalid UTF-8 is reported row by row.
    from psycopg.adapt import Loader  # noqa: PLC0415 (an extra)

    class AnyText(Loader):
        def load(self, data: Any) -> str:
            text: str = _surrogates(bytes(data))
            return text

    for kind in ("text", "varchar", "bpchar", "name", '"char"', 0):
        connection.adapters.register_loader(kind, AnyText)


def _prepare_sqlite(connection: Any, record: Any) -> None:  # noqa: ARG001
    connection.isolation_level = None  # `begin_transaction` sends BEGIN, not the driver
    connection.text_factory = _surrogates


_surrogates = methodcaller("decode", "utf-8", "surrogateescape")
"""Keeps one invalid text from failing the whole page; not a Python function, for speed."""

_PREPARE = {
    "postgresql": _prepare_postgresql,
    "sqlite": _prepare_sqlite,
}
