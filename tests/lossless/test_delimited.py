"""Delimited text with places: Python's `csv` is the judge of what the cells hold."""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flaglift.lossless.delimited import (
    AFTER_QUOTE,
    BACKSLASH,
    BARE_QUOTE,
    UNCLOSED,
    Dialect,
    as_python_reads,
    can_hold,
    content,
    fault_of,
    row_at,
    row_counter,
    row_end_matcher,
    row_matcher,
    rows,
    written,
)
from flaglift.lossless.dialects import choose
from lossless.timing import growth

DIALECTS = st.builds(
    Dialect,
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    backslash=st.booleans(),
)


def values(data: bytes, dialect: Dialect) -> list[list[str]]:
    found = [
        [content(data[slice(*cell)], dialect).decode() for cell in row.cells]
        for row in rows(data, dialect)
    ]
    return [row for row in found if row != [""]]


def whole(data: bytes, dialect: Dialect) -> bool:
    return not any(row.fault for row in rows(data, dialect))


@example('a"b,c', Dialect())
@example('"a"b,c', Dialect())
@given(st.text(alphabet='a,"\r\n ;', max_size=30), st.sampled_from([Dialect(), Dialect(";")]))
def test_cells_are_what_python_reads(text: str, dialect: Dialect) -> None:
    data = text.encode()
    if any(row.fault == UNCLOSED for row in rows(data, dialect)):
        return  # Python closes it at the end
    read = as_python_reads(text, dialect)
    assert read is not None
    assert values(data, dialect) == [row for row in read if row not in ([], [""])]


@given(st.text(alphabet='a,"\r\n\\ ', max_size=30))
def test_cells_with_backslashes_are_what_python_reads(text: str) -> None:
    dialect = Dialect(backslash=True)
    data = text.encode()
    if whole(data, dialect):
        read = as_python_reads(text, dialect)
        assert read is not None
        assert values(data, dialect) == [row for row in read if row not in ([], [""])]


@example('a,"b\\",c"\n,', Dialect(backslash=True))
@example("a,b\r", Dialect())
@given(
    st.text(alphabet='a,"\r\n\\;é', max_size=30),
    st.builds(Dialect, st.sampled_from(",;"), st.booleans()) | st.just(Dialect(quoting=False)),
)
def test_one_expression_reads_rows_without_faults_as_cell_after_cell_does(
    text: str, dialect: Dialect
) -> None:
    data = text.encode()
    for start in range(len(data)):
        row = row_at(data, start, dialect)
        assert row is not None
        for width in (1, 2, 3):
            match = row_matcher(dialect, width)(data, start)  # type: ignore[misc]
            if match is not None:
                assert not row.fault
                assert (row.cells, row.following) == ([*match.regs[1:]], match.end())
            elif not row.fault and len(row.cells) == width:
                assert row.following >= len(data) - 1  # its end is not in sight
        end = row_end_matcher(dialect)(data, start)
        if end is not None:
            assert row.following == end.end()
        elif row.fault != UNCLOSED:
            assert row.following >= len(data) - 1


@given(
    st.lists(st.sampled_from(["a,b\n", 'a,"b\n"\r\n', "a\n", 'a,b"\n']), max_size=8),
    DIALECTS,
    st.sampled_from([0, 9, 10, 11, 99, 109, 110, 111, 250]),
    st.sampled_from([1, 10, 110, 9999]),
)
def test_rows_are_counted_up_to_the_first_that_readers_read_otherwise(
    odd: list[str], dialect: Dialect, before: int, most: int
) -> None:
    data = f'a{dialect.delimiter}"b, c"\n'.encode() * before + "".join(odd).encode()
    matched, found, end = row_matcher(dialect, 2), 0, 0
    assert matched is not None
    while found < most and (match := matched(data, end)):
        found, end = found + 1, match.end()
    assert row_counter(dialect, 2)(data, 0, most) == (found, end)


@pytest.mark.parametrize(
    ("data", "dialect"),
    [
        (b'"a ""b"", c",d\n', Dialect()),
        (b"a\\b,c\r\n", Dialect()),
        (rb'"a \"b\", c",d' + b"\n", Dialect(backslash=True)),
        (b'a "b"\t"c\n', Dialect("\t", quoting=False)),
    ],
)
def test_one_expression_reads_rows_of_each_dialect(data: bytes, dialect: Dialect) -> None:
    row = row_at(data, 0, dialect)
    matched = row_matcher(dialect, 2)
    assert row
    assert matched
    match = matched(data, 0)
    assert match
    assert ([*match.regs[1:]], match.end()) == (row.cells, len(data))


@pytest.mark.parametrize("dialect", [Dialect(backslash=True), Dialect()])
@pytest.mark.parametrize("cell", [b'a"b', b"a\\b", b'"a\\b"', b'"a\\""', b'"a""b"'])
def test_one_expression_reads_no_row_that_readers_differ_on(cell: bytes, dialect: Dialect) -> None:
    row = row_at(cell + b",c\n", 0, dialect)
    assert row
    match = row_matcher(dialect, 2)(cell + b",c\n", 0)  # type: ignore[misc]
    assert (match is None) is bool(row.fault)


def test_rows_of_many_cells_are_read_cell_after_cell() -> None:
    assert row_matcher(Dialect(), 61) is None
    assert row_counter(Dialect(), 61)(b"," * 60 + b"\n", 0, 1) == (0, 0)


TABLE = st.integers(2, 4).flatmap(
    lambda width: st.lists(
        st.lists(st.text(alphabet='ab,;\t|"\r\né', max_size=8), min_size=width, max_size=width),
        min_size=2,
        max_size=6,
    )
)


@given(TABLE, DIALECTS, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_what_python_writes_is_read_cell_by_cell(
    table: list[list[str]],
    dialect: Dialect,
    end: str,
    quoted: bool,
) -> None:
    data = text_of(table, dialect, end, quoted=quoted).encode()
    assert whole(data, dialect)
    assert values(data, dialect) == table
    found = list(rows(data, dialect))
    assert all(data[row.end : row.following] == end.encode() for row in found)
    assert all(fault_of(row, len(table[0])) == "" for row in found)


def text_of(
    table: Sequence[Sequence[str]], dialect: Dialect, end: str = "\n", *, quoted: bool = False
) -> str:
    # Python 3.11 leaves a CR without quotes, and escapes quotes in cells that it does not quote.
    quoted |= dialect.backslash or any("\r" in cell for row in table for cell in row)
    file = io.StringIO(newline="")
    csv.writer(
        file,
        delimiter=dialect.delimiter,
        lineterminator=end,
        doublequote=not dialect.backslash,
        escapechar="\\" if dialect.backslash else None,
        quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL,
    ).writerows(table)
    return file.getvalue()


@given(st.text(alphabet='ab,;\t|"\r\n\\é', max_size=12), DIALECTS, st.sampled_from([b"", b'""']))
def test_what_is_written_is_read_again(value: str, dialect: Dialect, like: bytes) -> None:
    cell = written(value.encode(), dialect, like=like)
    if cell is None:
        assert dialect.backslash
        assert "\\" in value
        return
    data = b"x" + dialect.delimiter.encode() + cell + b"\n"
    assert whole(data, dialect)
    assert values(data, dialect) == [["x", value]]
    assert as_python_reads(data.decode(), dialect) == [["x", value]]


@pytest.mark.parametrize(
    ("value", "options", "like", "alone", "cell"),
    [
        (b"a", Dialect(), b"", False, b"a"),
        (b"a", Dialect(), b'"x"', False, b'"a"'),
        (b"a", Dialect(), b"", True, b"a"),
        (b"", Dialect(), b"", False, b""),
        (b"", Dialect(), b"", True, b'""'),
        (b"", Dialect(), b'""', False, b'""'),
        (b"a,b", Dialect(";"), b"", False, b"a,b"),
        (b"a;b", Dialect(";"), b"", False, b'"a;b"'),
        (b'a "b"', Dialect(), b"", False, b'"a ""b"""'),
        (b'a "b"', Dialect(backslash=True), b"", False, rb'"a \"b\""'),
        (b"a\\b", Dialect(backslash=True), b"", False, None),
        (b"a\\b", Dialect(), b"", False, b"a\\b"),
        (b"", Dialect("\t", quoting=False), b"", True, b""),
        (b'a "b"', Dialect("\t", quoting=False), b'"', False, b'a "b"'),
        (b'"a', Dialect("\t", quoting=False), b"", False, None),
        (b'"', Dialect("\t", quoting=False), b"", False, None),
        (b"a\tb", Dialect("\t", quoting=False), b"", False, None),
        (b"a\rb", Dialect("\t", quoting=False), b"", False, None),
    ],
)
def test_a_cell_has_quotes_where_it_had_them_or_needs_them(
    value: bytes, options: Dialect, like: bytes, alone: bool, cell: bytes | None
) -> None:
    assert written(value, options, like=like, alone=alone) == cell
    assert can_hold(value, options) is (cell is not None)


@pytest.mark.parametrize(
    ("raw", "options", "text"),
    [
        (b"a", Dialect(), b"a"),
        (b'a"b"', Dialect(), b'a"b"'),
        (b'"a ""b"""', Dialect(), b'a "b"'),
        (rb'"a \"b\""', Dialect(backslash=True), b'a "b"'),
        (b'"a" b', Dialect(), b"a b"),
        (b'"a" b "c"', Dialect(), b'a b "c"'),
        (b'"a, b', Dialect(), b"a, b"),
        (b'"a""', Dialect(), b'a"'),
        (b'"', Dialect(), b""),
        (b'"a"', Dialect("\t", quoting=False), b'"a"'),
    ],
)
def test_what_a_cell_holds(raw: bytes, options: Dialect, text: bytes) -> None:
    assert content(raw, options) == text
    read = as_python_reads(raw.decode(), options)
    assert read == [[text.decode()]]


@given(st.text(alphabet='ab"\t\r\n', max_size=8))
def test_a_cell_that_cannot_be_quoted_takes_what_nobody_reads_otherwise(value: str) -> None:
    dialect = Dialect("\t", quoting=False)
    cell = written(value.encode(), dialect, like=b"")
    if cell is None:
        assert value.startswith('"') or set(value) & set("\t\r\n")
    else:
        data = b"x\t" + cell + b"\n"
        assert values(data, dialect) == as_python_reads(data.decode(), dialect)
        assert values(data, Dialect("\t")) == [["x", value]]


@pytest.mark.parametrize(
    ("data", "dialect", "fault"),
    [
        (b'1,a 6" heel\n', Dialect(), BARE_QUOTE),
        (b'1,"a" b\n', Dialect(), AFTER_QUOTE),
        (b'1,"a \\"nice\\" cat"\n', Dialect(), AFTER_QUOTE),
        (b'1,"a \\"nice\\" cat"\n', Dialect(backslash=True), ""),
        (b'1,"a\\\\b"\n', Dialect(backslash=True), BACKSLASH),
        (b"1,a\\,b\n", Dialect(backslash=True), BACKSLASH),
        (b"1,\\N\n", Dialect(backslash=True), BACKSLASH),
        (b'1,"a\nb', Dialect(), UNCLOSED),
        (b'1\ta 6" heel\n', Dialect("\t", quoting=False), ""),
        (b"1,2,3\n", Dialect(), "has 3 cells, and the first row 2"),
    ],
)
def test_what_readers_read_otherwise_is_told(data: bytes, dialect: Dialect, fault: str) -> None:
    (row,) = rows(data, dialect)
    assert fault_of(row, 2) == fault


@given(TABLE, DIALECTS)
def test_a_row_ends_only_when_its_end_is_seen(table: list[list[str]], dialect: Dialect) -> None:
    data = text_of(table, dialect).encode()
    row = row_at(data, 0, dialect)
    assert row is not None
    for end in range(row.following):
        assert row_at(data[:end], 0, dialect, final=False) is None
    # the CR of a line end may be followed by its LF
    assert row_at(data[: row.following] + b"x", 0, dialect, final=False) == row


def chosen(data: bytes, default: str = ",", given: str | None = None) -> Dialect:
    halves = (data[: len(data) // 2], data[len(data) // 2 :])
    assert choose(lambda: halves, default=default, given=given) == choose(
        lambda: (data,), default=default, given=given
    )
    return choose(lambda: (data,), default=default, given=given)


LINES = b'2,"plain"\n3,"c, d"\n'


@pytest.mark.parametrize(
    ("data", "dialect"),
    [
        (b"", Dialect()),
        (b"text\na cat\n", Dialect()),
        (b"id,text\n1,a; b; c\n", Dialect()),
        (b'1;"a cat, sunny --video"\n2;"a dog"\n', Dialect(";")),
        (b"id;prompt, english\n1;a cat\n2;a dog, big\n", Dialect(";")),
        (b'id;"prompt, english"\n1;a cat\n', Dialect(";")),
        (b"id|text\n1|a cat, b\n", Dialect("|")),
        (b"id\ttext\n1\ta cat, b\n", Dialect("\t", quoting=False)),
        (b'id\ttext\n1\t"a cat, b"\n', Dialect("\t")),
        (b"sep=;\nid;text\n1;a, b\n", Dialect(";", start=6)),
        (b"\xef\xbb\xbfsep=,\r\nid,text\n", Dialect(",", start=10)),
        (b"\xef\xbb\xbfid,text\n1,a\n", Dialect(",", start=3)),
        (b'id,text\n1,"a \\"nice\\" cat, big"\n' + LINES, Dialect(backslash=True)),
        (b'id;text\n1;"a \\"nice\\" cat, big"\n', Dialect(";", backslash=True)),
        (b'id,text\n1,"--video_prompt \\""x\\"""\n' + LINES, Dialect()),
        # Without a fault in one reading, others are not asked: this has two rows or three.
        (b'id,text\n1,"a\\"\n2,"b\\"\n', Dialect()),
    ],
)
def test_the_dialect_is_that_of_all_rows(data: bytes, dialect: Dialect) -> None:
    assert chosen(data) == dialect


def test_two_dialects_that_fit_equally_well_are_in_doubt() -> None:
    assert chosen(b"a;b,c\n1;2,3\n").doubt == "',' and ';' part its rows equally well"
    assert chosen(b"a;b,c\n1;2,3\n", given=";") == Dialect(";")
    assert chosen(b"sep=;\na;b,c\n1;2,3\n", given=";") == Dialect(";", start=6)
    assert chosen(b"sep=;\na;b,c\n1;2,3\n", given=",") == Dialect(",")


@given(TABLE, DIALECTS, st.sampled_from(["\n", "\r\n"]))
def test_what_is_chosen_reads_the_table_or_says_its_doubt(
    table: list[list[str]], dialect: Dialect, end: str
) -> None:
    named = [[f"c{number}" for number in range(len(table[0]))], *table]
    data = text_of(named, dialect, end).encode()
    found = chosen(data)
    assert found.delimiter == dialect.delimiter
    if (
        not found.doubt
        and whole(data, found)
        and len({len(row) for row in values(data, found)}) == 1
    ):
        same = replace(dialect, quoting=found.quoting)
        assert values(data, found) == values(data, same) or found.backslash != dialect.backslash


PIECES = {
    "rows": b'1,"a ""cat"", big",x\n',
    "quotes": b'"',
    "open": b'"a,\n',
    "delimiters": b",",
    "line ends": b"\r\n",
    "backslashes": b'1,"a \\"b\\" c"\n',
    "semicolons": b"a;b,c\n",
}


@pytest.mark.no_cover
@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES)
def test_time_grows_with_the_bytes(piece: bytes) -> None:
    small = b"id,text;x\n" + piece * (10_000 // len(piece))

    def read(data: bytes) -> None:
        blocks = [data[at : at + 4096] for at in range(0, len(data), 4096)]
        for _ in rows(data, choose(lambda: blocks)):
            pass

    assert growth(read, small, b"id,text;x\n" + piece * (100_000 // len(piece))) < 30


def test_a_cell_that_is_too_long_for_python_is_not_judged() -> None:
    assert as_python_reads("a" * 200_000, Dialect()) is None


@pytest.mark.parametrize(
    ("data", "quoting"),
    [
        (b'a\tb\n1\t6" heel\n', False),
        (b'a\tb\n1\t"6 heel"\n', True),
        (b'a\tb\n"1"\t6 heel\n', True),
        (b'"a"\tb\n1\t6 heel\n', True),
        (b'a\tb\r"1"\t6 heel\r', True),
        (b'a\tb\n1\tx" "y\n', False),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_a_quote_that_begins_a_cell_is_seen_at_the_border_of_blocks(
    data: bytes, size: int, quoting: bool
) -> None:
    blocks = [data[start : start + size] for start in range(0, len(data), size)]
    assert choose(lambda: blocks).quoting is quoting


def test_a_long_file_is_looked_at_to_its_end() -> None:
    lines = b"1,a;b\n" * 400_000
    assert chosen(b"id,text;x\n" + lines + b"1;2\n") == Dialect(";")


def test_a_row_without_an_end_is_not_looked_at_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flaglift.lossless.dialects._LONGEST", 1000)
    blocks = [b'id,text;x\n1,"a', *[b"a" * 400] * 10, b'"\n']
    assert choose(lambda: blocks).delimiter == ","
