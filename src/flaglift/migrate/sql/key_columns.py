"""How the columns of a primary key are read, bound and compared.

A key goes to Python and back as the database spells it, without conversion: a date that
Python cannot represent, or a float that is rounded in transit, would not be found again.
"""

import operator
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    LargeBinary,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.sql.sqltypes import (
    Date,
    DateTime,
    Double,
    Float,
    Time,
    TypeEngine,
)
from sqlalchemy.types import UserDefinedType

from flaglift.errors import InputError
from flaglift.migrate.sql.connection import Spelling
from flaglift.migrate.sql.keys import has_surrogates


class _Named(UserDefinedType[Any]):
    """A server type, referred to by name."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        return self.name


RAW: TypeEngine[Any] = _Named("")
"""The driver's own values, without SQLAlchemy's conversions."""


_SPELLED_ALWAYS = re.compile(
    r"(?:uuid|numeric|character|citext|bit|boolean|inet|cidr|macaddr|name|oid)\b"
)
"""PostgreSQL's types that are spelled the same in every session."""
_IN_NO_ZONE = re.compile(
    r"(?:date|time.* without time zone|time(?:\(\d\))? with time zone|interval|real"
    r"|double precision|bytea|money)\b"
)
"""Types whose spelling depends on no time zone. Others may hold a time with one, as ranges, domains
and composites do."""


@dataclass(frozen=True)
class KeyColumn:
    """A column of a primary key, adapted to a dialect."""

    column: Column[Any]
    kind: str = ""
    """PostgreSQL's name for the type."""
    as_text: bool = False
    """Whether the value travels as text, and is cast to `kind`."""
    through: ColumnElement[Any] | None = None
    """The expression to read in place of the column."""
    members: Sequence[str] = ()
    """The values of an ENUM: MySQL orders by their positions, and compares as text."""
    converted: bool = False
    """Whether MySQL stores it in a character set other than the connection's."""

    @property
    def raw(self) -> ColumnElement[Any]:
        """The column, without SQLAlchemy's conversions."""
        return type_coerce(self.column, RAW)

    @property
    def read(self) -> ColumnElement[Any]:
        """The expression that reads the value."""
        if self.as_text:
            return cast(self.column, Text)
        return self.raw if self.through is None else self.through

    def value(self, value: Any) -> ColumnElement[Any]:
        """Return a parameter for a value."""
        if self.as_text:
            return cast(literal(value, Text), _Named(self.kind))
        if isinstance(value, str) and has_surrogates(value):
            # SQLite text that is not UTF-8: the driver accepts it only as bytes.
            data = value.encode("utf-8", "surrogateescape")
            return cast(literal(data, LargeBinary), Text)
        return literal(value, RAW)

    @property
    def spelling(self) -> Spelling:
        """What its spelling by the server depends on."""
        if isinstance(self.column.type, mysql.TIMESTAMP):
            return Spelling.ZONE
        if not self.as_text or _SPELLED_ALWAYS.match(self.kind):
            return Spelling(0)
        return Spelling.STYLE if _IN_NO_ZONE.match(self.kind) else Spelling.STYLE | Spelling.ZONE

    @property
    def array(self) -> str:
        """PostgreSQL's type for an array of values; of texts if each is cast separately."""
        # `unnest` would flatten an array of arrays or composites.
        return "text[]" if self.as_text else f"{self.kind}[]"

    def element(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return an element of such an array, cast to the column's type."""
        return cast(value, _Named(self.kind)) if self.as_text else value

    def after(self, value: Any) -> ColumnElement[bool]:
        """Return the condition for values that come after a given one in the column's order."""
        if self.members:
            later = self.members[self.members.index(value) + 1 :]
            return self.raw.in_([literal(member, RAW) for member in later])
        return self.raw > self.value(value)


class Key:
    """A primary key: its columns, and their order."""

    def __init__(self, columns: Sequence[KeyColumn], dialect: str) -> None:
        self.columns = columns
        self._row_values = dialect in ("postgresql", "sqlite")
        self._arrays = dialect == "postgresql"
        self.spelling: Spelling = reduce(operator.or_, (column.spelling for column in columns))
        """What its spelling by the server depends on."""

    def after(self, key: Sequence[Any]) -> ColumnElement[bool]:
        """Return the condition for rows after a key, in the database's own order.

        Only the database compares, by the columns that it orders by. PostgreSQL and SQLite use the
        index for row values; MySQL and MariaDB only for conditions that are written out.
        """
        pairs = list(zip(self.columns, key, strict=True))
        if len(pairs) == 1:
            return pairs[0][0].after(pairs[0][1])
        if self._row_values:
            return tuple_(*(column.raw for column, _ in pairs)) > tuple_(
                *(column.value(value) for column, value in pairs)
            )
        return or_(
            *(
                and_(*(c.raw == c.value(v) for c, v in pairs[:index]), column.after(value))
                for index, (column, value) in enumerate(pairs)
            )
        )

    def between(
        self, after: Sequence[Any] | None, until: Sequence[Any] | None
    ) -> list[ColumnElement[bool]]:
        """Return the conditions for rows after a key, and not after another; None for no border."""
        first = [] if after is None else [self.after(after)]
        return first if until is None else [*first, not_(self.after(until))]

    def among(self, keys: Sequence[Sequence[Any]]) -> ColumnElement[bool]:
        """Return the condition for rows with these keys, none of which may be invalid UTF-8."""
        raws = [column.raw for column in self.columns]
        if self._arrays:
            names = [f"k{index}" for index in range(len(raws))]
            arrays = [
                cast(literal(list(values), RAW), _Named(column.array))
                for column, values in zip(self.columns, zip(*keys, strict=True), strict=True)
            ]
            wanted = func.unnest(*arrays).table_valued(*names).render_derived(name="wanted")
            elements = [c.element(wanted.c[n]) for c, n in zip(self.columns, names, strict=True)]
            return tuple_(*raws).in_(select(*elements))
        if len(raws) == 1:
            return raws[0].in_([key[0] for key in keys])
        if any(column.converted for column in self.columns):
            # MariaDB compares row values in one character set, so keys in others are not found.
            return or_(
                *(
                    and_(*(raw == literal(v, RAW) for raw, v in zip(raws, key, strict=True)))
                    for key in keys
                )
            )
        return tuple_(*raws).in_([tuple(key) for key in keys])

    def parameters(self) -> list[ColumnElement[bool]]:
        """Return the conditions for the row with the key in the parameters `k0`, `k1`, ..."""
        return [
            column.raw == bindparam(f"k{index}", type_=RAW)
            for index, column in enumerate(self.columns)
        ]

    def present(self) -> list[ColumnElement[bool]]:
        """Return the conditions that exclude rows with a NULL key, which only SQLite allows."""
        return [column.raw.is_not(None) for column in self.columns if column.column.nullable]

    @property
    def order(self) -> list[ColumnElement[Any]]:
        """The expressions to order rows by."""
        return [column.raw for column in self.columns]


def key_of_table(dialect: str, columns: Sequence[Column[Any]], kinds: Mapping[str, str]) -> Key:
    """Return the key of a table.

    `kinds` are PostgreSQL's types by column, or MySQL's character sets. Raises `InputError` for a
    type that orders and compares differently.
    """
    match dialect:
        case "postgresql":
            columns_of_key = [_of_postgresql(column, kinds[column.name]) for column in columns]
        case "sqlite":
            columns_of_key = [KeyColumn(column) for column in columns]
        case _:
            columns_of_key = [
                _of_mysql(column, kinds.get(column.name, "utf8mb4")) for column in columns
            ]
    return Key(columns_of_key, dialect)


def _of_postgresql(column: Column[Any], kind: str) -> KeyColumn:
    plain = kind in ("smallint", "integer", "bigint", "text") or kind.startswith("character var")
    return KeyColumn(column, kind, as_text=not plain)


def _of_mysql(column: Column[Any], charset: str) -> KeyColumn:
    kind = column.type
    raw = type_coerce(column, RAW)
    converted = charset != "utf8mb4"
    through: ColumnElement[Any] | None = None
    members: Sequence[str] = ()
    if isinstance(kind, mysql.SET):
        raise InputError(
            f"the key's column `{column.name}` is a SET, which orders as a number and compares as a"
            " text: rows would be skipped. Export the table to a file, or add another key"
        )
    if isinstance(kind, mysql.ENUM):
        members = tuple(kind.enums)
    elif isinstance(kind, mysql.BIT):
        through = raw.op("+")(literal_column("0", Integer))
    elif isinstance(kind, Date | DateTime | Time):
        through = type_coerce(cast(column, mysql.CHAR(40)), RAW)
    elif isinstance(kind, Float | Double):
        # FLOAT is displayed with six digits but compared in full precision.
        through = raw.op("+")(literal_column("0e0", Float))
    return KeyColumn(column, through=through, members=members, converted=converted)
