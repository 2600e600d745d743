"""What columns hold, told from their types alone; tests of servers show that they agree."""

from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Enum,
    Float,
    Integer,
    Numeric,
    SmallInteger,
    String,
    Text,
)
from sqlalchemy.dialects.mysql import DOUBLE, MEDIUMINT, TINYINT
from sqlalchemy.dialects.postgresql import DOMAIN

from flaglift.migrate.sql.capacity import coerced, context_value, reason_not_to_take


@pytest.mark.parametrize(
    ("kind", "dialect", "most"),
    [
        (SmallInteger(), "postgresql", 2**15 - 1),
        (Integer(), "postgresql", 2**31 - 1),
        (BigInteger(), "postgresql", 2**63 - 1),
        (Integer(), "sqlite", 2**63 - 1),
        (TINYINT(), "mysql", 127),
        (TINYINT(unsigned=True), "mysql", 255),
        (MEDIUMINT(unsigned=True), "mysql", 2**24 - 1),
        (DOMAIN("tinier", DOMAIN("tiny", SmallInteger())), "postgresql", 2**15 - 1),
    ],
)
def test_a_number_is_taken_up_to_the_last_one(kind: Any, dialect: str, most: int) -> None:
    column = Column("length", kind)
    assert reason_not_to_take(column, "video_duration", most, dialect) is None
    reason = reason_not_to_take(column, "video_duration", most + 1, dialect)
    assert reason is not None
    assert f"to {most:,}, which the column `length` takes" in reason


@pytest.mark.parametrize("kind", [Integer(), Numeric(), Text()])
def test_nothing_is_nothing_in_each_column(kind: Any) -> None:
    assert coerced(Column("length", kind), None) is None


def test_other_kinds() -> None:
    number = Column("length", Integer())
    assert reason_not_to_take(number, "x", "five", "sqlite") == (
        "`x` is not a number, and the column `length` takes nothing else"
    )
    models: Column[Any] = Column("model", Enum("kling25", "veo31"))
    assert reason_not_to_take(models, "m", "kling25", "mysql") is None
    assert reason_not_to_take(models, "m", "other", "mysql") == (
        "the column `model` does not take this `m`"
    )
    short = Column("model", String(3))
    assert reason_not_to_take(short, "m", "abc", "postgresql") is None
    assert reason_not_to_take(short, "m", "abcd", "postgresql") is not None


def test_a_fraction_is_kept_or_refused() -> None:
    for kind in (Numeric(), Numeric(6, 2), Float(), DOUBLE()):
        assert coerced(Column("scale", kind), 3.5) == 3.5
        assert reason_not_to_take(Column("scale", kind), "cfg_scale", 3.5, "mysql") is None
        assert reason_not_to_take(Column("scale", kind), "cfg_scale", 3, "mysql") is None
    assert reason_not_to_take(Column("scale", Integer()), "cfg_scale", 3.5, "mysql") == (
        "`cfg_scale` is not a whole number, and the column `scale` takes nothing else"
    )
    assert reason_not_to_take(Column("scale", Numeric(6, 2)), "cfg_scale", 3.125, "mysql") == (
        "`cfg_scale` has more decimals than the 2 of the column `scale`"
    )


def test_json_that_is_nested_deeper_than_python_reads_says_nothing() -> None:
    column = Column("beside", JSON())
    assert context_value(column, '"4"') == "4"
    deep = "[" * 100_000
    assert context_value(column, deep) == context_value(Column("beside", Text()), deep)
