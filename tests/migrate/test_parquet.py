"""Parquet files as other programs write them: nothing of them is lost."""

import json
import os
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv

from flaglift.errors import InputError
from flaglift.migrate.files import parquet_layout
from flaglift.migrate.files.parquet_columns import plain
from flaglift.migrate.job import CONTRACT, DEFAULT_TARGETS, EXPAND, Job
from migrate.sources import applied, opened, planned, undone, verified

FLAGS = "--video --video_model kling25 --duration 5"


def table(rows: int = 3, **columns: Any) -> pa.Table:
    texts = [f"cat {number} {FLAGS}" for number in range(rows)]
    empty = {name: pa.nulls(rows, pa.string()) for name in ("video_model", "video_prompt")}
    return pa.table(
        {"text": texts, **empty, "video_duration": pa.nulls(rows, pa.int64())} | columns
    )


def written(path: Path, content: pa.Table, **options: Any) -> Path:
    pq.write_table(content, path, **options)
    return path


@pytest.mark.parametrize(
    "kind",
    [
        pa.decimal128(6, 2), pa.decimal256(40, 0), pa.float64(), pa.float32(), pa.duration("s"),
        pa.duration("us"), pa.int8(), pa.uint64(), pa.string(), pa.large_string(),
        pa.dictionary(pa.int8(), pa.string()),
    ],
    ids=str,
)  # fmt: skip
def test_a_length_is_written_verified_and_taken_back_in_any_type(
    tmp_path: Path, kind: pa.DataType
) -> None:
    path = written(tmp_path / "p.parquet", table(video_duration=pa.nulls(3, kind)))
    before = pq.read_table(path)
    assert applied(path, replace=True).changed == 3
    lengths = pq.read_table(path)["video_duration"].to_pylist()
    assert {plain(length) for length in lengths} in ({5}, {"5"})
    assert verified(path)[1] == []
    (tmp_path / "p.original.parquet").unlink(missing_ok=True)
    pq.write_table(pq.read_table(path).append_column("note", pa.array(["x"] * 3)), path)
    assert undone(path).restored == 3
    assert pq.read_table(path).select(before.schema.names).to_pylist() == before.to_pylist()


def test_a_length_that_is_there_in_another_type_is_no_conflict(tmp_path: Path) -> None:
    held = pa.array([Decimal("5.00"), Decimal("5.50"), None], pa.decimal128(6, 2))
    path = written(tmp_path / "p.parquet", table(video_duration=held))
    assert (planned(path).translated, planned(path).refused) == (2, 1)


@pytest.mark.parametrize(
    "kind", [pa.timestamp("us"), pa.date32(), pa.date64(), pa.time32("s"), pa.time64("us")], ids=str
)
def test_a_length_is_no_time(tmp_path: Path, kind: pa.DataType) -> None:
    path = written(tmp_path / "p.parquet", table(video_duration=pa.nulls(3, kind)))
    assert applied(path).refusals == {"does-not-fit": 3}
    assert pq.read_table(tmp_path / "p.migrated.parquet").equals(pq.read_table(path))


@pytest.mark.parametrize(
    "kind",
    [pa.bool_(), pa.int8(), pa.float64(), pa.decimal128(5, 1), pa.string()],
    ids=str,
)
def test_a_switch_is_true_in_any_type(tmp_path: Path, kind: pa.DataType) -> None:
    texts = [f"cat --video --video_model kling25\nhires_fix={v}" for v in ("true", "false", "1")]
    content = table(hires_fix=pa.nulls(3, kind)).set_column(0, "text", pa.array(texts))
    path = written(tmp_path / "p.parquet", content)
    targets = {**DEFAULT_TARGETS, "hires_fix": "hires_fix"}
    for step in (EXPAND, CONTRACT):
        assert applied(path, targets=targets, step=step, replace=True).changed == 3
    held = pq.read_table(path)["hires_fix"].to_pylist()
    assert [str(value)[0] in "1tT" for value in held] == [True, False, True]
    assert verified(path)[1] == []
    assert undone(path).complete


@pytest.mark.parametrize("index", [pa.int8(), pa.uint8(), pa.int16()], ids=str)
def test_a_dictionary_takes_more_values_than_its_numbers(
    tmp_path: Path, index: pa.DataType
) -> None:
    kind = pa.dictionary(index, pa.string())
    path = written(tmp_path / "p.parquet", table(300, video_prompt=pa.nulls(300, kind)))
    with opened(Job(str(path)), write=False) as store:
        assert any("video_prompt is written as dictionary" in note for note in store.notes())
    assert applied(path).changed == 300
    prompts = pq.read_table(tmp_path / "p.migrated.parquet")["video_prompt"].to_pylist()
    assert prompts == [f"cat {number}" for number in range(300)]
    assert verified(path)[1] == []


@pytest.mark.parametrize("arrow", [True, False])
def test_what_the_footer_says_is_kept(tmp_path: Path, arrow: bool) -> None:
    said = {"org.apache.spark.version": "3.5.1", "geo": '{"version": "1.0.0"}', "b": "\u00e9"}
    path = tmp_path / "p.parquet"
    content = table().replace_schema_metadata({"own": "1"})
    with pq.ParquetWriter(path, content.schema, store_schema=arrow) as writer:
        writer.write_table(content)
        writer.add_key_value_metadata(said)
    before = pq.read_metadata(path).metadata
    applied(path)
    result = tmp_path / "p.migrated.parquet"
    after = pq.read_metadata(result).metadata
    assert before.keys() == after.keys()
    assert {k: v for k, v in before.items() if k != b"ARROW:schema"} == {
        k: v for k, v in after.items() if k != b"ARROW:schema"
    }
    assert verified(path)[1] == []
    with pq.ParquetWriter(result, content.schema, store_schema=arrow) as writer:
        writer.write_table(pq.read_table(path).cast(content.schema))
    assert any("by more than the journaled" in sentence for sentence in verified(path)[1])


def test_a_codec_that_is_not_written_any_more_is_replaced_and_said(tmp_path: Path) -> None:
    path = written(tmp_path / "p.parquet", table(), compression="lz4")
    # The number of the codec in the footer: LZ4 as Hadoop had it, instead of LZ4_RAW.
    path.write_bytes(path.read_bytes().replace(b"\x15\x0e\x16", b"\x15\x0a\x16"))
    assert pq.read_metadata(path).row_group(0).column(0).compression != "LZ4_RAW"
    with opened(Job(str(path)), write=False) as store:
        assert any("LZ4_RAW" in note for note in store.notes())
    assert applied(path).changed == 3
    assert verified(path)[1] == []


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    content = pa.table([pa.array(["a"]), pa.array(["b"])], names=["text", "text"])
    path = written(tmp_path / "p.parquet", content)
    with pytest.raises(InputError, match="more than one column `text`"):
        planned(path)


@pytest.mark.parametrize("ending", ["parquet", "jsonl"])
def test_a_name_that_is_not_utf8_is_a_name(tmp_path: Path, ending: str) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/p\xff." + ending.encode()))
    if ending == "parquet":
        with path.open("wb") as file:
            pq.write_table(table(), file)
    else:
        path.write_text(f'{{"text": "a {FLAGS}"}}\n' * 3)
    assert applied(path).changed == 3
    assert verified(path)[1] == []
    assert undone(path).complete


def filters_of(path: Path) -> list[bool]:
    group = pq.read_metadata(path).row_group(0)
    columns = [group.column(index) for index in range(group.num_columns)]
    return [column.bloom_filter_offset is not None for column in columns]


@pytest.mark.parametrize("writes", [True, False])
def test_bloom_filters_are_written_or_said_to_be_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: bool
) -> None:
    chosen = {"text": {"ndv": 3, "fpp": 0.05}, "video_model": True}
    path = written(tmp_path / "p.parquet", table(), bloom_filter_options=chosen)
    assert filters_of(path) == [True, True, False, False]
    monkeypatch.setattr(parquet_layout, "_WRITES_FILTERS", writes)
    with opened(Job(str(path)), write=False) as store:
        said = any("no Bloom filters of text, video_model" in note for note in store.notes())
    applied(path)
    assert said is not writes
    kept = [writes, writes, False, False]
    assert filters_of(tmp_path / "p.migrated.parquet") == kept


def test_short_row_groups_are_read_together_and_stay_apart(tmp_path: Path) -> None:
    content = table(600)
    path = tmp_path / "p.parquet"
    with pq.ParquetWriter(path, content.schema) as writer:
        sizes = [0, 2, 2, 0, 1, 300, 0, 3, *[2] * 146, 0]
        start = 0
        for size in sizes:
            writer.write_table(content.slice(start, size))
            start += size
    assert start == 600
    chunks = []
    applied(path, rows=50, replace=True, watch=lambda _, chunk, __: chunks.append(chunk))
    assert len(chunks) < 40
    after = pq.read_metadata(path)
    assert [after.row_group(i).num_rows for i in range(after.num_row_groups)] == sizes
    prompts = pq.read_table(path)["video_prompt"].to_pylist()
    assert prompts == [f"cat {number}" for number in range(600)]
    assert verified(path)[1] == []
    (tmp_path / "p.original.parquet").unlink()
    pq.write_table(pq.read_table(path), path, row_group_size=7)
    assert undone(path, rows=20).restored == 600
    assert pq.read_table(path)["text"].to_pylist() == content["text"].to_pylist()


def test_rows_without_flags_are_counted_and_not_decided_on(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    texts = ["plain", "a --video --video_model kling25", None, "plain, too"]
    pq.write_table(pa.table({"text": texts}), path)
    job = Job(str(path), create_columns=True)
    with opened(job) as store:
        chunk = store.read(None, 10)
    assert chunk
    assert ([record.key for record in chunk.records], chunk.plain) == (["2", "3"], 2)
    tally = applied(path, create_columns=True)
    assert (tally.records, tally.unchanged, tally.without, tally.changed) == (4, 2, 1, 1)


def test_values_that_stand_for_none_are_verified_and_restored_as_they_were(tmp_path: Path) -> None:
    texts = pa.array([f"cat {FLAGS}", f"dog {FLAGS}", "plain"])
    content = table(
        text=texts,
        video_model=pa.array(["", "NULL", ""]),
        video_prompt=pa.array(["", "", "\\N"]),
        video_duration=pa.array([0, None, 0], pa.int32()),
    )
    path = written(tmp_path / "p.parquet", content)
    assert applied(path, replace=True).changed == 2
    assert pq.read_table(path)["video_model"].to_pylist() == ["kling25", "kling25", ""]
    assert verified(path)[1] == []
    (tmp_path / "p.original.parquet").unlink()
    assert undone(path).restored == 2
    assert pq.read_table(path).equals(content)


@pytest.mark.parametrize(
    "kind", [pa.list_(pa.string()), pa.list_(pa.string(), 7), pa.large_list(pa.string())]
)
def test_a_list_is_no_target(kind: pa.DataType, tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    text = "a --video --video_model kling25"
    models = pa.array([None], kind)
    pq.write_table(pa.table({"text": [text], "video_model": models}), path)
    tally = applied(path, replace=True, create_columns=True)
    assert tally.refusals == {"does-not-fit": 1}
    assert pq.read_table(path).column("video_model").to_pylist() == [None]
    assert verified(path)[1] == []


def test_the_journal_finds_rows_by_the_same_thousands_as_those_of_lines(tmp_path: Path) -> None:
    flagged = (999, 1_000, 1_999, 2_000)
    texts = [f"a cat {FLAGS}" if row in flagged else "plain" for row in range(1, 2_101)]
    rows = table(2_100, text=texts)
    changed = {"p.parquet": written(tmp_path / "p.parquet", rows), "p.jsonl": tmp_path / "p.jsonl"}
    changed["p.jsonl"].write_text("".join(json.dumps(row) + "\n" for row in rows.to_pylist()))
    found = {}
    for name, path in changed.items():
        assert applied(path, replace=True).changed == len(flagged)
        with sqlite3.connect(f"{path}.flaglift") as db:
            found[name] = set(db.execute("SELECT hash FROM place"))
    assert found["p.parquet"] == found["p.jsonl"]
    assert len(found["p.jsonl"]) == 3


@pytest.mark.parametrize("name", ["p.parquet", "p.csv"])
def test_a_row_holds_the_values_of_its_targets_and_no_others(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    rows = pa.table(
        {"text": ["cat --video", "dog --video"], "seed": [1, 2], "video_prompt": ["a", "b"]}
    )
    write = pq.write_table if name == "p.parquet" else csv.write_csv
    write(rows, path)
    with opened(Job(str(path)), write=False) as store:
        chunk = store.read(None, 9)
        while chunk and not chunk.records:
            chunk = store.read(chunk.cursor, 9)
    assert chunk
    prompts = [prompt for record in chunk.records for prompt in record.prompts]
    assert [prompt.held for prompt in prompts] == [
        {"video_model": None, "video_prompt": letter, "video_duration": None} for letter in "ab"
    ]
