"""What a column takes: numbers of its range, texts of its length and character set."""

from decimal import Decimal
from typing import Any

from sqlalchemy import Column
from sqlalchemy.dialects import mysql
from sqlalchemy.sql.sqltypes import (
    CHAR,
    BigInteger,
    Enum,
    Float,
    Integer,
    Numeric,
    SmallInteger,
    String,
)

from flaglift.emit.form import form_value

_BYTES = {"TINYTEXT": 2**8 - 1, "TEXT": 2**16 - 1, "MEDIUMTEXT": 2**24 - 1}
_BITS = {"TINYINT": 8, "SMALLINT": 16, "MEDIUMINT": 24, "INTEGER": 32, "BIGINT": 64}
_CODECS = {"latin1": "cp1252", "ascii": "ascii"}


def coerced(column: Column[Any], value: Any) -> Any:
    """Return a field's value as its column takes it. Raises `ValueError` for what is no number."""
    kind = column.type
    if value is None:
        return None
    if isinstance(kind, Integer | Numeric | Float):
        return int(value)
    return form_value(value) if isinstance(kind, String) or _is_citext(kind) else value


def _is_citext(kind: Any) -> bool:
    return type(getattr(kind, "data_type", kind)).__name__ == "CITEXT"


def plain_value(column: Column[Any], value: Any) -> Any:
    """Return a value that a column holds, in the spelling of a field's: 5 for 5.00."""
    if isinstance(value, Decimal | float) and value == value // 1:
        return int(value)
    if isinstance(value, str) and isinstance(column.type, CHAR):
        return value.rstrip(" ")
    return value


def reason_not_to_take(column: Column[Any], name: str, value: Any, dialect: str) -> str | None:
    """Return why a column cannot hold a field's value; None if nothing is known against it."""
    try:
        new = coerced(column, value)
    except ValueError:
        return f"`{name}` is no number, and the column `{column.name}` takes only those"
    kind = column.type
    if isinstance(kind, Enum) and new not in kind.enums:
        return f"the column `{column.name}` does not take this `{name}`"
    if isinstance(kind, Integer):
        return _number(column, name, new, dialect)
    if isinstance(kind, String):
        return _text(column, name, str(new))
    return None


def _number(column: Column[Any], name: str, value: int, dialect: str) -> str | None:
    kind = column.type
    if dialect == "sqlite" or isinstance(kind, BigInteger):
        bits = 64
    elif isinstance(kind, SmallInteger):
        bits = 16
    else:
        bits = _BITS.get(type(kind).__name__, 32)
    unsigned = getattr(kind, "unsigned", False)
    low, high = (0, 2**bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    if low <= value <= high:
        return None
    return f"`{name}` is not from {low:,} to {high:,}, which the column `{column.name}` takes"


def _text(column: Column[Any], name: str, value: str) -> str | None:
    kind = column.type
    most = getattr(kind, "length", None)
    if most is not None and len(value) > most:
        return f"`{name}` is longer than the {most} characters of the column `{column.name}`"
    charset = getattr(kind, "charset", None) or _charset_of(getattr(kind, "collation", None))
    if charset and not _has(charset, value):
        return f"`{name}` has characters that the column `{column.name}` ({charset}) does not have"
    limit = (
        _BYTES.get(type(kind).__name__)
        if type(kind).__module__ == mysql.TEXT.__module__
        else (None)
    )
    if limit is not None and len(value.encode("utf-8", "replace")) > limit and charset != "latin1":
        return f"`{name}` is longer than the {limit:,} bytes of the column `{column.name}`"
    return None


def _charset_of(collation: str | None) -> str | None:
    return collation.partition("_")[0] if collation else None


def _has(charset: str, value: str) -> bool:
    if charset in ("utf8mb3", "utf8"):
        return all(ord(character) < 0x10000 for character in value)
    codec = _CODECS.get(charset)
    if codec is None:
        return True
    try:
        value.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
