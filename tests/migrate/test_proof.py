"""Before rows are written, Python's reader is asked whether they read as intended."""

import csv
from collections.abc import Mapping

import pytest

from flaglift.errors import FlagliftError
from flaglift.lossless.delimited import Dialect
from flaglift.migrate.files.delimited_rows import DelimitedRows, ProvenRow

GOOD: ProvenRow = (b"1,a --video,", b"1,a,kling25", {1: "a", 2: "kling25"})
LONG = b"x" * (csv.field_size_limit() + 1)


def prove(*rows: ProvenRow, dialect: Dialect = Dialect()) -> None:  # noqa: B008 (immutable)
    DelimitedRows(dialect, 3, 1, "utf-8").prove(rows)


def test_rows_that_read_as_intended_pass() -> None:
    prove()
    prove(GOOD)
    prove(GOOD, ('2,"b, c",é'.encode(), '2,"é, ""d""",é'.encode(), {1: 'é, "d"'}), GOOD)
    prove((b"1;a;", b'1;"b;c";', {1: "b;c"}), dialect=Dialect(";"))
    prove((b"1\ta\t", b'1\t"b\t', {1: '"b'}), dialect=Dialect("\t", quoting=False))
    prove((rb'1,"\"",', rb'1,"\"b",', {1: '"b'}), dialect=Dialect(backslash=True))


@pytest.mark.parametrize(
    ("new", "values"),
    [
        (b"1,b,", {1: "a"}),
        (b"1,a,kling25", {1: "a"}),
        (b"1,a,", {1: "a", 2: "kling25"}),
        (b"2,a,", {1: "a"}),
        (b"1,a", {1: "a"}),
        (b"1,a,,", {1: "a"}),
        (b"1,a\n,", {1: "a\n"}),
        (b"1,a\r,", {1: "a\r"}),
        (b'1,"a,', {1: '"a'}),
        (b"1,a,\n1,a,", {1: "a"}),
        (b"", {}),
        (b"1," + LONG + b",", {1: LONG.decode()}),
    ],
)
def test_a_row_that_does_not_is_not_written(new: bytes, values: Mapping[int, str]) -> None:
    wrong: ProvenRow = (b"1,x,", new, values)
    for rows in ([wrong], [wrong, GOOD], [GOOD, wrong], [GOOD, (LONG, LONG, {}), wrong]):
        with pytest.raises(FlagliftError, match="would not read as intended"):
            prove(*rows)


def test_a_row_that_python_never_read_is_taken_as_it_is() -> None:
    prove((b"1," + LONG + b",", b"1,a,", {1: "b"}), GOOD)
