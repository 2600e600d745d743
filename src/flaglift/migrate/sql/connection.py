"""Connections to the three kinds of database, and what their errors mean."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, exc
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import NullPool

from flaglift.errors import InputError
from flaglift.migrate.errors import UnavailableError, missing_extra

_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "sqlite": "sqlite+pysqlite",
}
_READ_ONLY = {
    "postgresql": "SET default_transaction_read_only = on",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
    "sqlite": "PRAGMA query_only = ON",
}
_TRY_AGAIN = re.compile(
    r"deadlock|lock wait timeout|lock timeout|could not serialize|database is locked"
    r"|terminating connection|server closed the connection|connection refused|gone away"
    r"|lost connection|can't connect|connection failed|could not connect|too many connections"
    r"|starting up|shutting down|connection reset|broken pipe",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"password authentication|access denied|no pg_hba|role .* does not exist|unknown database"
    r"|database .* does not exist|could not translate host|name or service not known",
    re.IGNORECASE,
)


def database_url(source: str) -> tuple[URL, str | None, str]:
    """Return the address, the schema and the table of `URL#[schema.]table`.

    Raises `InputError` for what is no such source; a password is never part of the sentence.
    """
    address, _, table = source.partition("#")
    try:
        url = make_url(address)
    except (exc.ArgumentError, ValueError):
        raise InputError(
            "a database is named like postgresql://user@host/database#table,"
            " mysql://user@host/database#table or sqlite:///path#table"
        ) from None
    scheme = url.drivername.partition("+")[0]
    if scheme not in _DRIVERS:
        raise InputError(f"{scheme}: not a database that is known; use {', '.join(_DRIVERS)}")
    if not table:
        raise InputError(f"{url.render_as_string()}: name the table behind a #: ...#prompts")
    if "+" not in url.drivername:
        url = url.set(drivername=_DRIVERS[scheme])
    if scheme in ("mysql", "mariadb") and "charset" not in url.query:
        url = url.update_query_dict({"charset": "utf8mb4"})
    schema, dot, name = table.partition(".")
    return url, schema if dot else None, name if dot else table


def connect_engine(url: URL, *, write: bool) -> Engine:
    """Return an engine whose connections can only read, unless told otherwise.

    Raises `InputError` for a missing driver or a missing SQLite file.
    """
    if url.get_backend_name() == "sqlite":
        path = Path(url.database or "")
        if not path.is_file():
            raise InputError(f"{path}: there is no such database file")
    try:
        engine = create_engine(url, poolclass=NullPool)
    except ModuleNotFoundError as error:
        raise missing_extra("sql", f"{url.get_backend_name()} ({error.name})") from None
    event.listen(engine, "connect", _prepare(engine.dialect.name, write=write))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare(dialect: str, *, write: bool) -> Any:
    def prepare(connection: Any, record: Any) -> None:  # noqa: ARG001
        if dialect == "sqlite":
            connection.isolation_level = None  # SQLAlchemy's BEGIN, not the driver's
            connection.text_factory = _surrogates
        if not write:
            cursor = connection.cursor()
            cursor.execute(_READ_ONLY[dialect])
            cursor.close()
            if dialect == "postgresql":
                connection.commit()

    return prepare


def _surrogates(data: bytes) -> str:
    """Read one bad text as such, instead of failing the whole page."""
    return data.decode("utf-8", "surrogateescape")


def _begin_sqlite(connection: Connection) -> None:
    # To take the write lock at once: a read that turns into a write can fail halfway.
    writes = connection.get_execution_options().get("flaglift_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def speaking(name: str) -> Iterator[None]:
    """Turn what the database says into `UnavailableError`, or into an `InputError` for the user."""
    try:
        yield
    except exc.DBAPIError as error:
        said = " ".join(str(error.orig).split())
        if isinstance(error.orig, BaseException) and len(error.orig.args) > 1:
            said = " ".join(str(error.orig.args[1]).split())
        if _REFUSED.search(said):
            raise InputError(f"{name}: {said}") from None
        if error.connection_invalidated or _TRY_AGAIN.search(said):
            raise UnavailableError(f"{name}: the database does not answer: {said}") from None
        raise InputError(f"{name}: the database says: {said}") from None
    except exc.SQLAlchemyError as error:
        raise InputError(f"{name}: {error}") from None
