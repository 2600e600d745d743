"""Whole files: everything but the lifted text is identical, in every format."""

import csv
import gzip
import io
import itertools
import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from flaglift import Settings, translate
from flaglift.cli import cli
from flaglift.errors import InputError
from flaglift.lossless.delimited import Dialect, written
from flaglift.migrate.errors import UnreadableRecordError
from flaglift.migrate.files.parquet_columns import same
from migrate.sources import applied, planned, undone, verified
from migrate.test_files import VIDEO

FIELDS = ("video_model", "video_prompt", "video_duration")
FLAGS = "--video --video_model kling25 --duration 5"
PROMPT = st.sampled_from(
    [f"a {FLAGS}", f'"q, r" {FLAGS}\nb', f"é {FLAGS}", "plain", 'a 6" --video', "", f"x;y\t{FLAGS}"]
)
few = settings(max_examples=40, deadline=None)


@contextmanager
def folder() -> Iterator[Path]:
    memory = Path("/dev/shm")  # noqa: S108
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


def migrated(name: str, data: bytes, **options: Any) -> bytes:
    """Return what a file becomes, once it is proved that it can be taken back."""
    with folder() as place:
        path = place / name
        path.write_bytes(data)
        applied(path, replace=True, **options)
        new = path.read_bytes()
        assert verified(path, **options)[1] == []
        undone(path, **options)
        assert path.read_bytes() == data
        return new


def fields_of(text: str) -> dict[str, Any] | None:
    translation = translate(text)
    if translation.status.value != "translated":
        return None
    return {"text": "", **translation.values}


OTHER_LINES = st.sampled_from(
    ["", "  ", "not json", "[1]", "{", '{"text": 1}', '{"a": 1}', '"\udcff"']
)
LINES = st.lists(
    st.tuples(st.booleans(), PROMPT, st.booleans(), OTHER_LINES, st.sampled_from(["\n", "\r\n"])),
    max_size=8,
)


@few
@given(LINES, st.booleans(), st.booleans(), st.integers(1, 3))
def test_json_lines(
    rows: list[tuple[bool, str, bool, str, str]], bom: bool, ended: bool, size: int
) -> None:
    lines: list[bytes] = []
    expected: list[dict[str, Any] | None] = []
    for is_prompt, text, ascii_only, other, end in rows:
        line = json.dumps({"n": 1, "text": text}, ensure_ascii=ascii_only) if is_prompt else other
        lines.append((line + end).encode("utf-8", "surrogateescape"))
        expected.append(fields_of(text) if is_prompt else None)
    data = b"\xef\xbb\xbf" * bom + b"".join(lines)
    if not ended and lines:
        data = data.rstrip(b"\r\n")
    new = migrated("p.jsonl", data, rows=size)
    for before, after, fields in itertools.zip_longest(
        data.split(b"\n"), new.split(b"\n"), [*expected, None]
    ):
        if fields is None:
            assert after == before
        else:
            assert json.loads(after.removeprefix(b"\xef\xbb\xbf")) == {"n": 1, **fields}
            assert after.endswith(b"\r") == before.endswith(b"\r")


@few
@given(
    st.lists(st.tuples(PROMPT, st.booleans()), max_size=6),
    st.sampled_from(["[%s]", "\n[ %s\n]\n", "\ufeff[%s] \n"]),
    st.sampled_from([",", " ,\n ", ",\r\n"]),
)
def test_json_arrays(prompts: list[tuple[str, bool]], frame: str, comma: str) -> None:
    items = [json.dumps({"text": text} if is_object else text) for text, is_object in prompts]
    data = frame % comma.join(items)
    new = migrated("p.json", data.encode(), rows=2).decode()
    changed = [
        json.dumps({**fields}) if is_object and (fields := fields_of(text)) else item
        for (text, is_object), item in zip(prompts, items, strict=True)
    ]
    assert json.loads(new.strip("\ufeff")) == [json.loads(item) for item in changed]
    head, tail = frame.split("%s")
    assert new.startswith(head)
    assert new.endswith(tail)


def cell(value: str, quoted: bool, delimiter: str) -> str:
    if quoted or any(c in value for c in f'"\r\n{delimiter}'):
        return '"' + value.replace('"', '""') + '"'
    return value


ROW = st.tuples(PROMPT, st.sampled_from(["", "x", "a,b", 'q"q', "7"]), st.booleans(), st.booleans())


@few
@given(
    st.lists(ROW, max_size=6),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([(False, False), (True, False), (False, True)]),
    st.sampled_from(["utf-8", "latin-1"]),
    st.booleans(),
)
def test_delimited(
    rows: list[tuple[str, str, bool, bool]],
    delimiter: str,
    end: str,
    how: tuple[bool, bool],
    encoding: str,
    ended: bool,
) -> None:
    bom, create = how
    names = ["id", "text", "note"] + [] * create + ([] if create else [*FIELDS])
    lines = [delimiter.join(names)]
    for number, (text, note, quoted, also) in enumerate(rows):
        cells = [cell(str(number), also, delimiter), cell(text, quoted, delimiter)]
        cells += [cell(note, also, delimiter), *([] if create else ["", '""' * also, ""])]
        lines.append(delimiter.join(cells))
    data = (end.join(lines) + end * ended).encode(encoding)
    data = b"\xef\xbb\xbf" * (bom and encoding == "utf-8") + data
    new = migrated(
        "p.csv", data, rows=2, delimiter=delimiter, encoding=encoding, create_columns=create
    )
    old_rows, new_rows = (parsed(content, delimiter, encoding) for content in (data, new))
    assert new_rows[0] == ["id", "text", "note", *FIELDS]
    assert len(new_rows) == len(old_rows)
    for before, after in zip(old_rows[1:], new_rows[1:], strict=True):
        fields = fields_of(before[1]) or {"text": before[1]}
        values = [str(fields.get(name, "")) for name in FIELDS]
        assert after == [before[0], fields["text"], before[2], *values]
    if not create:
        unchanged = [line for line in lines if "--video" not in line and "\n" not in line]
        assert all(line.encode(encoding) in new for line in unchanged)
    assert new.endswith(end.encode()) == data.endswith(end.encode())


def parsed(data: bytes, delimiter: str, encoding: str) -> list[list[str]]:
    text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]


TEXT_TYPES = [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())]
OTHERS: list[tuple[Any, list[Any]]] = [
    (pa.float64(), [float("nan"), None, -0.0]),
    (pa.list_(pa.struct([("a", pa.int8())])), [[{"a": 1}], None, []]),
    (pa.decimal128(20, 3), [None, None, None]),
    (pa.timestamp("us", tz="UTC"), [0, None, 5]),
    (pa.binary(3), [b"\x00ab", None, b"\xff\xff\xff"]),
    (pa.map_(pa.string(), pa.int32()), [[("k", 1)], None, []]),
]


@few
@given(
    st.lists(st.one_of(st.none(), PROMPT), min_size=1, max_size=12),
    st.sampled_from(TEXT_TYPES),
    st.integers(0, len(OTHERS) - 1),
    st.sampled_from(["zstd", "none", "snappy"]),
    st.booleans(),
    st.integers(1, 5),
)
def test_parquet(
    prompts: list[str | None], kind: Any, other: int, codec: str, create: bool, group: int
) -> None:
    other_kind, values = OTHERS[other]
    columns = {
        "id": pa.array(range(len(prompts))),
        "text": pa.array(prompts, pa.string()).cast(kind),
        "other": pa.array([values[i % 3] for i in range(len(prompts))], other_kind),
    }
    schema = pa.schema(
        [pa.field(n, c.type, metadata={"k": n}) for n, c in columns.items()], metadata={"file": "x"}
    )
    if not create:
        for name in FIELDS:
            schema = schema.append(pa.field(name, pa.int32() if "dur" in name else pa.string()))
            columns[name] = pa.nulls(len(prompts), schema.field(name).type)
    table = pa.table(columns, schema=schema)
    sink = io.BytesIO()
    pq.write_table(
        table, sink, row_group_size=group, compression={"text": codec, "id": "gzip"},
        use_dictionary=["text"], write_page_index=True,
    )  # fmt: skip
    new = pq.ParquetFile(
        io.BytesIO(migrated("p.parquet", sink.getvalue(), rows=2, create_columns=create))
    )
    result = new.read()
    for name in ("id", "other"):
        assert same(result.column(name), table.column(name))
    expected = [{"text": p, **((p and fields_of(p)) or {})} for p in prompts]
    for name in ("text", *FIELDS):
        assert result.column(name).to_pylist() == [fields.get(name) for fields in expected]
    old = pq.ParquetFile(sink)
    assert new.schema_arrow.metadata == old.schema_arrow.metadata
    assert new.schema_arrow.field("text").equals(old.schema_arrow.field("text"), True)
    assert new.metadata.num_row_groups == old.metadata.num_row_groups
    for index in range(old.metadata.num_row_groups):
        assert new.metadata.row_group(index).num_rows == old.metadata.row_group(index).num_rows
        for column in range(3):
            ours = new.metadata.row_group(index).column(column)
            theirs = old.metadata.row_group(index).column(column)
            for trait in ("compression", "has_dictionary_page", "has_offset_index", "encodings"):
                assert getattr(ours, trait) == getattr(theirs, trait)


def test_a_parquet_layout_is_cloned(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    table = pa.table(
        {
            "text": pa.array([VIDEO.format(i) for i in range(9)], pa.string_view()),
            "x": pa.array([float(i) for i in range(9)]),
            "t": pa.array([0] * 9, pa.timestamp("ns")),
            **{name: pa.nulls(9, pa.string()) for name in FIELDS},
        }
    )
    pq.write_table(
        table, path, use_dictionary=False, column_encoding={"x": "BYTE_STREAM_SPLIT"},
        use_deprecated_int96_timestamps=True, write_statistics=["x"], version="1.0",
        store_schema=False, sorting_columns=[pq.SortingColumn(1)], compression="lz4",
    )  # fmt: skip
    before = pq.ParquetFile(path).metadata
    applied(path, replace=True)
    after = pq.ParquetFile(path).metadata
    assert after.format_version == before.format_version
    assert after.schema.equals(before.schema)
    old, new = before.row_group(0), after.row_group(0)
    assert new.sorting_columns == old.sorting_columns
    for index in range(old.num_columns):
        for trait in ("compression", "encodings", "is_stats_set", "physical_type"):
            assert getattr(new.column(index), trait) == getattr(old.column(index), trait)


def test_an_empty_parquet_file(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    schema = pa.schema([("text", pa.string())])
    pq.write_table(schema.empty_table(), path)
    assert applied(path, replace=True, create_columns=True).records == 0
    assert pq.read_schema(path).names == ["text", *FIELDS]


def test_bad_utf_8_in_one_row_of_parquet(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    raw = pa.array([VIDEO.format(1).encode(), b"a\xff", VIDEO.format(2).encode()])
    text = pa.Array.from_buffers(pa.string(), 3, raw.buffers())
    pq.write_table(pa.table({"text": text}), path)
    tally = applied(path, replace=True, create_columns=True)
    assert (tally.changed, tally.problems) == (2, 1)
    column = pq.read_table(path).column("text")
    assert column.cast(pa.binary()).to_pylist() == [b"cat 1", b"a\xff", b"cat 2"]


@pytest.mark.parametrize("name", ["p.csv", "p.parquet"])
def test_missing_columns_are_added_on_request_only(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "p.csv":
        path.write_text(f"text\n{VIDEO}\n")
    else:
        pq.write_table(pa.table({"text": [VIDEO]}), path)
    assert planned(path).changed == 1
    with pytest.raises(InputError, match="--create-columns adds what is missing"):
        applied(path)


@pytest.mark.parametrize("name", ["p.jsonl", "p.json", "p.csv"])
def test_a_record_that_is_too_long_is_passed_by(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    short, long = {"text": VIDEO}, {"text": VIDEO + "x" * 9_000_000}
    if name == "p.csv":
        data = f"text,a\n{VIDEO},\n{VIDEO}{'x' * 9_000_000},\n{VIDEO},\n"
    elif name == "p.json":
        data = json.dumps([short, long, short])
    else:
        data = "".join(json.dumps(item) + "\n" for item in (short, long, short))
    new = migrated(name, data.encode(), most_bytes=1_000_000, create_columns=name == "p.csv")
    assert new.count(b"x" * 9_000_000) == 1
    # A long line ends somewhere; behind a long element or row nothing is certain.
    assert new.count(b"--video ") == {"p.jsonl": 1, "p.json": 2, "p.csv": 1}[name]
    path.write_bytes(json.dumps(long).encode())
    if name == "p.json":
        assert planned(path, most_bytes=1_000_000).problems == 1


@pytest.mark.parametrize(
    ("data", "changed", "problems"),
    [
        ('[{"text": "%s"}', 0, 1),
        ('[{"text": "%s"} {"text": "%s"}]', 0, 1),
        ('[{"text": "%s"}, {"text": "', 1, 1),
        ('[{"text": "%s"}, tru', 1, 1),
        ("[1, 2]", 0, 2),
        ("[]", 0, 0),
        ("[,1]", 0, 2),
        ('[{"text": 1', 0, 1),
        ("", 0, 0),
        ("3", 0, 1),
        ('{"text": "%s"} x', 0, 1),
        ('[{"text": "%s"}] [{"text": "%s"}]', 1, 1),
        ('[{"text": "%s"}]\n{"text": "%s"}\n', 1, 1),
        ("[]" + " " * 2**20 + '[{"text": "%s"}]', 0, 1),
        ('[{"text": "%s"}]\0', 1, 1),
        ('[{"text": "%s"}],', 1, 1),
        ('[{"text": "%s"}] \r\n\t' + " " * 2**21, 1, 0),
        ('[{"text": "%s"},', 1, 1),
        ('[{"text": "%s"}, ', 1, 1),
        ('[{"text": "%s"}, {"text": "%s"},', 2, 1),
    ],
)
def test_a_broken_array(data: str, changed: int, problems: int) -> None:
    data = data.replace("%s", VIDEO)
    with folder() as place:
        path = place / "p.json"
        path.write_text(data)
        tally = applied(path, replace=True)
        assert (tally.changed, tally.problems) == (changed, problems)


def test_an_element_without_an_end_is_named_with_what_is_read_at_most(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text('[{"text": 1')
    with pytest.raises(
        UnreadableRecordError, match=r"element 1: longer than .* bytes, or not JSON"
    ):
        applied(path, keep_going=False)


def test_ragged_rows_and_open_quotes_are_passed_by() -> None:
    data = f'text,a\n{VIDEO},\n{VIDEO}\n{VIDEO},1,2\n\n"{VIDEO},\n{VIDEO},\n'
    with folder() as place:
        path = place / "p.csv"
        path.write_text(data)
        tally = applied(path, replace=True, create_columns=True)
        assert (tally.changed, tally.problems) == (1, 3)
        undone(path, create_columns=True)
        assert path.read_text() == data


def test_a_row_with_as_many_cells_as_the_new_columns_make_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    data = f"text,a\n{VIDEO},\n{VIDEO},1,2,3,4\n"
    path.write_text(data)
    with pytest.raises(InputError, match="row 3 has 5 cells, and the first row 2; with the new"):
        applied(path, replace=True, create_columns=True)
    with pytest.raises(InputError, match="row 3 has 5 cells"):
        planned(path, create_columns=True)
    assert path.read_text() == data


# Read anew, the changed file is in doubt, or in another dialect.
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("p.tsv", b"text\ta,b\n\xff\tx\n\xff\ty\n"),
        ("p.csv", b"text;a,b\n\xff;x\n\xff;y\n"),
        ("p.csv", b"sep=;\ntext;a\n%s;,\n" % VIDEO.encode()),
        ("p.csv", b'text,a\n"%s ""x""",\n\xff"",x\n' % VIDEO.encode()),
    ],
)
def test_what_a_run_changed_is_read_in_its_dialect(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    applied(path, replace=True, create_columns=True)
    assert path.read_bytes() != data
    assert verified(path)[1] == []
    undone(path)
    assert path.read_bytes() == data


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff\xfet\x00", "is UTF-16"),
        (b"\xfe\xff\x00t", "is UTF-16"),
        (b'"text', "its header has a quote that is not closed"),
        (b"text,\xff\n", "its header is not utf-8"),
        (b"text,text\n", "has more than one column `text`"),
    ],
)
def test_headers_that_cannot_be_read(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "p.csv").write_bytes(data)
    with pytest.raises(InputError, match=reason):
        planned(tmp_path / "p.csv")


@pytest.mark.parametrize("delimiter", ['"', "\n", "\r", ",,", "", "\u00a6"])
def test_delimiters_that_cannot_be(delimiter: str, tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(f"text\n{VIDEO}\n")
    with pytest.raises(InputError, match="must be one ASCII character, no quote"):
        planned(tmp_path / "p.csv", delimiter=delimiter)


@pytest.mark.parametrize("name", ["p.csv", "p.tsv", "p.TSV", "p.tsv.gz", "p.tsv.zst", "p.TSV.GZ"])
def test_columns_are_added_to_one_with_the_delimiter_of_the_suffix(
    name: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    with opened(path, "wb") as file:
        file.write(f"text\n{VIDEO}\n".encode())
    applied(path, replace=True, create_columns=True)
    with opened(path, "rb") as file:
        header = file.read().splitlines()[0].decode()
    assert header == ("," if name == "p.csv" else "\t").join(["text", *FIELDS])


def opened(path: Path, mode: str) -> Any:
    """Open a file that may be compressed."""
    if path.suffix.lower() == ".gz":
        return gzip.open(path, mode)
    return zstandard.open(path, mode) if path.suffix == ".zst" else path.open(mode)


def test_a_cell_that_is_not_in_its_encoding(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_bytes(b"text\n\xff\n" + VIDEO.encode() + b"\n")
    tally = applied(path, replace=True, create_columns=True)
    assert (tally.problems, tally.changed) == (1, 1)
    path.write_text("text\n" + VIDEO)
    # Every character of the text is in the encoding; one of a setting need not be.
    chosen = Settings(default_model="modèle")
    path.write_text("text\na cat --video\n")
    tally = planned(path, encoding="ascii", settings=chosen, create_columns=True)
    assert tally.refused == 1


def test_a_row_that_ends_up_empty_stays_a_row(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text(
        'text,video_model,video_prompt\n"--video --video_model kling25 --video_prompt ""a b""",,\n'
    )
    applied(
        path, replace=True, targets={"video_model": "video_model", "video_prompt": "video_prompt"}
    )
    assert path.read_text() == 'text,video_model,video_prompt\n"",kling25,a b\n'
    assert written(b"", Dialect(), like=b"", alone=True) == b'""'


def run(*argv: str) -> int:
    code: int = cli.main(["migrate", *argv], prog_name="flaglift", standalone_mode=False)
    return code


V = "a cat, big --video --video_model kling25 --duration 5"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            'id,text,video_model,video_prompt,video_duration\n1,"a \\"nice\\" VVV",,,\n2,"b",,,\n',
            "id,text,video_model,video_prompt,video_duration\n"
            '1,"a \\"nice\\" a cat, big",kling25,"a nice a cat, big",5\n2,"b",,,\n',
        ),
        (
            "sep=;\nid;text;video_model;video_prompt;video_duration\n1;VVV;;;\n",
            "sep=;\nid;text;video_model;video_prompt;video_duration\n"
            "1;a cat, big;kling25;a cat, big;5\n",
        ),
        (
            "id|text|video_model|video_prompt|video_duration\n1|VVV|||\n",
            "id|text|video_model|video_prompt|video_duration\n1|a cat, big|kling25|a cat, big|5\n",
        ),
    ],
)  # fmt: skip
def test_the_dialect_of_a_file_is_found(before: str, after: str) -> None:
    assert migrated("p.csv", before.replace("VVV", V).encode()) == after.encode()


def test_a_result_is_read_in_the_dialect_of_its_source(tmp_path: Path) -> None:
    # Without its flags no row tells any more that quotes are escaped with backslashes.
    rows = f'1,"x {V} --video_prompt \\"b, c\\"",,,\n2,"d",,,\n'
    path = tmp_path / "p.csv"
    path.write_text(f"id,text,{','.join(FIELDS)}\n{rows}")
    before = path.read_bytes()
    assert run("apply", str(path), "--replace", "-q") == 0
    assert b"\\" not in path.read_bytes()
    assert run("verify", str(path)) == 0
    assert run("undo", str(path)) == 0
    assert path.read_bytes() == before


def test_two_dialects_that_fit_are_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("text;a,b\n1;2,3\n")
    with pytest.raises(InputError, match="part its rows equally well; say with --delimiter"):
        planned(path)


def test_what_follows_a_list_is_named(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text(f'[{{"text": "{VIDEO}"}}]\n[{{"text": "{VIDEO}"}}]\n')
    with pytest.raises(UnreadableRecordError, match="element 2: the list ends before it; it and"):
        applied(path, keep_going=False)
    assert applied(path, replace=True).problems == 1
    assert path.read_text().count("--video ") == 1
    assert undone(path).restored == 1
    assert path.read_text().count("--video ") == 2
    path.write_text(f'[{{"text": "{VIDEO}"}},')
    with pytest.raises(UnreadableRecordError, match="element 2: the list has no end"):
        applied(path, keep_going=False, restart=True)


@pytest.mark.parametrize("rows", [1, 2, 3, 200])
@pytest.mark.parametrize(
    ("content", "empty"),
    [
        ("[A,]", [2]), ("[A, \n]", [2]), ("[A,B,]", [3]), ("[,]", [1, 2]), ("[ , ]", [1, 2]),
        ("[,A]", [1]), ("[A,,B]", [2]), ("[A , , , B ,]", [2, 3, 5]), ("[,,]\n", [1, 2, 3]),
        ("[A]", []), ("[A , B ]", []), ("[]", []), (" [ ] ", []), ("[A,B]\n", []),
    ],
)  # fmt: skip
def test_a_comma_without_an_element_is_reported(
    content: str, empty: list[int], rows: int, tmp_path: Path
) -> None:
    path = tmp_path / "p.json"
    element = f'{{"text": "{VIDEO}", "n": "[,]"}}'
    path.write_text(re.sub("[AB]", element, content))
    before, count = path.read_bytes(), content.count("A") + content.count("B")
    found: list[tuple[str, str]] = []
    tally = applied(
        path, rows=rows, replace=True, watch=lambda _, chunk, __: found.extend(chunk.problems)
    )
    assert tally.translated == tally.changed == count
    assert [int(number) for number, _ in found] == empty
    assert {sentence for _, sentence in found} <= {
        "there is no element here, but a comma: the list is not JSON; it is copied unchanged"
    }
    assert path.read_text().count(",") >= content.count(",")
    assert run("verify", str(path)) == 0
    assert undone(path).restored == count
    assert path.read_bytes() == before


def test_elements_without_a_comma_between_them_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text("[{} {}]")
    assert planned(path, most_bytes=1024).problems == 1
    assert run("apply", str(path), "--keep-going", "-q") == 1
