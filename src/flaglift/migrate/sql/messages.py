"""Messages for database errors that never contain a prompt.

Servers quote the values they refuse: PostgreSQL the failing row, MySQL the statement with its
values. So a message is repeated only where its kind is known to name tables and columns alone; of
others only the kind is given, and the column, the constraint or the trigger.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import exc

from flaglift.errors import InputError
from flaglift.migrate.errors import StatementError, UnavailableError

_AGAIN = re.compile(
    r"deadlock|lock wait timeout|lock timeout|could not serialize|database is locked"
    r"|terminating connection|server closed the connection|connection refused|gone away"
    r"|lost connection|can't connect|connection failed|could not connect|too many connections"
    r"|starting up|shutting down|connection reset|broken pipe|statement timeout"
    r"|canceling statement|execution was interrupted|max_statement_time|query_wait_timeout"
    r"|maximum statement execution time|bad connection|connection is closed|connection was killed",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"password authentication|access denied|no pg_hba|unknown database|could not translate host"
    r"|name or service not known"
    r"|\A(?>[\s\S]*?(?:role|database) )[\s\S]* does not exist",  # from the start: searched once
    re.IGNORECASE,
)
_NAMING_CLASSES = ("08", "0A", "25", "28", "3D", "3F", "40", "42", "53", "54", "55", "57", "58")
"""SQLSTATE classes whose messages name objects and states, but no values: those are bound."""
_NAMING_ERRORS = frozenset(
    {
        1021, 1022, 1037, 1038, 1040, 1041, 1042, 1043, 1044, 1045, 1046, 1048, 1049, 1053, 1054,
        1099, 1100, 1114, 1129, 1130, 1142, 1143, 1146, 1153, 1158, 1159, 1160, 1161, 1184, 1203,
        1205, 1206, 1213, 1223, 1226, 1264, 1290, 1317, 1364, 1370, 1406, 1451, 1452, 1548, 1568,
        1615, 1698, 1792, 1836, 1927, 1969, 2002, 2003, 2006, 2013, 2014, 2055, 3024, 3819, 4025,
    }
)  # fmt: skip
"""Error numbers of MySQL and MariaDB for which the same is true."""
_FUNCTION = re.compile(r"PL/\w+ function ([\w.\"]+\([^)\n]*\))")
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")


def safe_message(error: exc.DBAPIError) -> str:
    """Return the database's message for an error, without the values that it quotes."""
    original: Any = error.orig
    if getattr(original, "sqlstate", None) and hasattr(original, "diag"):
        return _postgresql(original)
    if isinstance(original, sqlite3.Error):
        if getattr(original, "sqlite_errorname", "") == "SQLITE_CONSTRAINT_TRIGGER":
            return "a trigger refuses it"
        return _line(str(original))
    number, *rest = getattr(original, "args", ()) or ("",)
    if isinstance(number, int) and number:
        return _mysql(number, _line(str(rest[0]) if rest else ""))
    # Raised by the driver, before or without a reply from the server.
    return _line(str(original))


def _line(message: str) -> str:
    return " ".join(message.split())


def _postgresql(original: Any) -> str:
    diagnosis = original.diag
    if original.sqlstate[:2] in _NAMING_CLASSES:
        return _line(diagnosis.message_primary or str(original))
    kind = _WORDS.sub(" ", type(original).__name__).lower()
    function = _FUNCTION.search(diagnosis.context or "")
    places = [
        f"{what} `{name}`"
        for what, name in (
            ("constraint", diagnosis.constraint_name),
            ("column", diagnosis.column_name),
            ("function", function and function[1]),
        )
        if name
    ]
    return f"{kind} (SQLSTATE {original.sqlstate}){', '.join(['', *places])}"


def _mysql(number: int, message: str) -> str:
    if number in _NAMING_ERRORS:
        return message
    # The end of the message comes from the server: the name of a key or column.
    place = re.search(r" for (key|column) ['`]([\w.`$]+)['`](?: at row \d+)?$", message)
    named = f", {place[1]} `{place[2].replace('`', '')}`" if place else ""
    kind = {
        1062: "duplicate entry",
        1064: "a syntax error in the SQL, such as that of --where",
        1366: "incorrect value",
        1644: "a trigger refuses it",
    }
    return f"{kind.get(number, 'refused')} (error {number}){named}"


def may_pass(error: exc.DBAPIError) -> bool:
    """Return whether the same statement may succeed later: a lost connection, a lock, a timeout."""
    return bool(error.connection_invalidated or _AGAIN.search(safe_message(error)))


@contextmanager
def translated_errors(name: str) -> Iterator[None]:
    """Turn a database's errors into `UnavailableError`, or into `StatementError` for the user."""
    try:
        yield
    except exc.DBAPIError as error:
        message = safe_message(error)
        if _REFUSED.search(message):
            raise StatementError(f"{name}: {message}") from None
        if may_pass(error):
            raise UnavailableError(f"{name}: the database does not answer: {message}") from None
        raise StatementError(f"{name}: the database says: {message}") from None
    except exc.SQLAlchemyError as error:
        raise StatementError(f"{name}: {error}") from None


@contextmanager
def said_what_is_kept(done: str) -> Iterator[None]:
    """Add to an error during a run that its work, such as what it has `written`, is kept."""
    try:
        yield
    except StatementError as error:
        raise InputError(
            f"{error}. Everything {done} so far is kept; put that right, and run the same command"
            " again to resume"
        ) from None
