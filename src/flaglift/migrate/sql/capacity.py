"""The capacity of columns: ranges of numbers, and lengths and character sets of texts."""

import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

from sqlalchemy import Column
from sqlalchemy.sql.sqltypes import (
    CHAR,
    JSON,
    BigInteger,
    Boolean,
    Enum,
    Float,
    Integer,
    Numeric,
    SmallInteger,
    String,
)

from flaglift.context import stated
from flaglift.emit.form import form_value, number_of
from flaglift.migrate.sql.reflection import stored_type

_BYTES = {"TINYTEXT": 2**8 - 1, "TEXT": 2**16 - 1, "MEDIUMTEXT": 2**24 - 1}
_NAME = 63
"""The bytes of PostgreSQL's type `name`, the one kind of text without a length that SQLAlchemy does
not call `TEXT`. The server cuts off what is longer, and says nothing."""
_BITS = {"TINYINT": 8, "SMALLINT": 16, "MEDIUMINT": 24, "INTEGER": 32, "BIGINT": 64}
_CODECS = {
    "ascii": "ascii", "cp1250": "cp1250", "cp1251": "cp1251", "cp1256": "cp1256",
    "cp1257": "cp1257", "cp850": "cp850", "cp852": "cp852", "cp932": "cp932", "euckr": "cp949",
    "gb2312": "gb2312", "gbk": "gbk", "hp8": "hp-roman8", "koi8r": "koi8-r", "latin1": "cp1252",
    "latin2": "iso8859-2", "latin5": "iso8859-9", "latin7": "iso8859-13", "macce": "mac-latin2",
    "macroman": "mac-roman", "sjis": "shift-jis", "ucs2": "utf-16-be", "utf16": "utf-16-be",
    "utf16le": "utf-16-le", "utf32": "utf-32-be", "utf8": "utf-8", "utf8mb3": "utf-8",
    "utf8mb4": "utf-8",
}  # fmt: skip
"""Python codecs by MySQL character set, for those that cover all characters of the server's.

For other sets the server decides: it rejects rows with characters that it cannot store.
"""
_NUMBERS = (Integer, Numeric, Float)
_BASIC_PLANE = ("ucs2", "utf8", "utf8mb3")
_UNUSED_IN_CP1252 = dict.fromkeys((0x81, 0x8D, 0x8F, 0x90, 0x9D), " ")
"""Bytes that MySQL's latin1 has nonetheless."""


def coerced(column: Column[Any], value: Any) -> Any:
    """Convert a field's value to the type of its column.

    Raises `ValueError` if it is not a number or boolean, or has a fraction that the column does
    not allow.
    """
    kind = stored_type(column)
    if value is None:
        return None
    if isinstance(kind, Boolean) and value not in (True, False):
        raise ValueError("not a truth value")
    if isinstance(kind, _NUMBERS):
        return number_of(value, whole=isinstance(kind, Integer))
    return form_value(value) if isinstance(kind, String) or _is_citext(kind) else value


def _is_citext(kind: Any) -> bool:
    return type(kind).__name__ == "CITEXT"


def plain_value(column: Column[Any], value: Any) -> Any:
    """Return a column's value in the spelling of a field: 5 for 5.00, 3.5 for 3.50."""
    if isinstance(value, (Decimal, float)) and value == value // 1:
        return int(value)
    if isinstance(value, Decimal):
        return value.normalize()
    if isinstance(value, str) and isinstance(stored_type(column), CHAR):
        return value.rstrip(" ")
    return value


def context_value(column: Column[Any], value: Any) -> Any:
    """Return a column's value for use as a request field; JSON is decoded."""
    if isinstance(stored_type(column), JSON) and isinstance(value, str):
        with suppress(ValueError, RecursionError):
            value = json.loads(value)
    return stated(plain_value(column, value))


def reason_not_to_take(
    column: Column[Any], name: str, value: Any, dialect: str, charset: str | None = None
) -> str | None:
    """Return why a column cannot store a field's value; None if no reason is known.

    `charset` is that of a text column of MySQL's.
    """
    kind = stored_type(column)
    try:
        new = coerced(column, value)
    except ValueError:
        truth = isinstance(kind, Boolean)
        what = "true or false" if truth else f"a {'whole ' * isinstance(value, float)}number"
        return f"`{name}` is not {what}, and the column `{column.name}` takes nothing else"
    if isinstance(kind, Enum) and new not in kind.enums:
        return f"the column `{column.name}` does not take this `{name}`"
    if isinstance(kind, Integer):
        return _number(column, name, new, dialect)
    scale = getattr(kind, "scale", None)
    if scale is not None and round(exact := Decimal(str(new)), scale) != exact:
        return f"`{name}` has more decimals than the {scale} of the column `{column.name}`"
    if isinstance(kind, String):
        return _text(column, name, str(new), dialect, charset)
    return None


def _number(column: Column[Any], name: str, value: int, dialect: str) -> str | None:
    kind = stored_type(column)
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


def _text(
    column: Column[Any], name: str, value: str, dialect: str, charset: str | None
) -> str | None:
    kind = stored_type(column)
    if dialect == "postgresql" and type(kind) is String and len(value.encode()) > _NAME:
        return f"`{name}` is longer than the {_NAME} bytes of the column `{column.name}`"
    most = getattr(kind, "length", None)
    if most is not None and len(value) > most:
        return f"`{name}` is longer than the {most} characters of the column `{column.name}`"
    if charset is None:
        return None
    data = encoded_as(charset, value)
    if data is None:
        return f"`{name}` has characters that the column `{column.name}` ({charset}) does not have"
    limit = _BYTES.get(type(kind).__name__)
    if limit is not None and len(data) > limit:
        return f"`{name}` is longer than the {limit:,} bytes of the column `{column.name}`"
    return None


def encoded_as(charset: str, value: str) -> bytes | None:
    """Return a text encoded in a MySQL character set; None if it cannot be encoded.

    For a set that Python does not know exactly, returns empty bytes: nothing is known.
    """
    if charset in _BASIC_PLANE and any(ord(character) > 0xFFFF for character in value):
        return None
    codec = _CODECS.get(charset)
    if codec is None:
        return b""
    if charset == "latin1":
        value = value.translate(_UNUSED_IN_CP1252)
    try:
        return value.encode(codec)
    except UnicodeEncodeError:
        return None
