"""Rows that are decided on by columns come out as those that are decided on one by one."""

import random
import sqlite3
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flaglift.errors import InputError
from flaglift.migrate.files.parquet_decision import ColumnDecider
from flaglift.migrate.job import CONTRACT, DEFAULT_TARGETS, EXPAND, Job
from flaglift.migrate.mending import Mending
from flaglift.migrate.records import JournalEntry
from flaglift.migrate.tally import Tally
from flaglift.settings import Settings
from migrate.sources import applied, opened, planned, undone, verified

FLAGS = "--video --video_model kling25 --duration 5"
_VIDEO = f"cat {FLAGS}".encode()
TEXTS = [
    None,
    "",
    "a plain cat",
    "a well-lit dog -- asleep",
    f"cat {FLAGS}",
    f'cat {FLAGS} --video_prompt "it yawns"',
    f'"cat {FLAGS}',
    "cat --video --video_model kling25",
    "cat --video --video_model kling25 --duration 7",
    f"--video_prompt {FLAGS}",
    f'{FLAGS} --video_prompt "only this"',
    "cat --video --video_model nobody",
    "cat --video",
    "cat \u2014video",
    f"two\nlines {FLAGS}",
    "cat --video --video_model kling25\nseed=4\nhires_fix=true",
    f"caf\u00e9 \U0001f408 {FLAGS}",
    "cat --video --video_model kling25 --duration 99999999999999999999",
]
HELD: dict[str, list[Any]] = {
    "video_model": [None, None, None, None, "", "kling25", "other"],
    "video_prompt": [None, None, None, None, "NULL", "it yawns", "other"],
    "video_duration": [None, None, None, None, 0, 5, 6],
}


def mixed(rows: int = 400, **columns: Any) -> pa.Table:
    choose = random.Random(1).choices  # noqa: S311
    content = {"text": pa.array(choose(TEXTS, k=rows), pa.string())}
    content |= {name: pa.array(choose(values, k=rows)) for name, values in HELD.items()}
    return pa.table(content | columns)


def values(rows: int, *given: Any, kind: pa.DataType | None = None) -> pa.Array:
    return pa.array(random.Random(5).choices(given, k=rows), kind)  # noqa: S311


def result(path: Path, **options: Any) -> tuple[Tally, pa.Table, list[JournalEntry]]:
    """Return what a run counts, writes and journals; its files are removed again."""
    tally = applied(path, restart=True, rows=37, **options)
    with opened(Job(str(path)), write=False) as store:
        entries = list(store.entries(store.runs()[-1]))
    to = path.with_name("p.migrated.parquet")
    table = pq.read_table(to)
    assert verified(path, **options)[1] == []
    for left in (to, Path(f"{path}.flaglift")):
        left.unlink()
    return tally, table, entries


MIXED: dict[str, tuple[pa.Table, dict[str, Any]]] = {
    "plain": (mixed(), {}),
    "all targets empty": (mixed().select(["text"]), {"create_columns": True}),
    "some targets missing": (mixed().drop(["video_prompt"]), {"create_columns": True}),
    "keys": (
        mixed(id=pa.array([f"\u00e9{n}" if n % 9 else None for n in range(400)])),
        {"key": "id"},
    ),
    "numbers as keys": (mixed(id=pa.array(range(10_000, 10_400))), {"key": "id"}),
    "fields that rules read": (mixed(num_images=values(400, None, None, 1, 4)), {}),
    "fields beside a settings block": (mixed(seed=values(400, None, 1, 4)), {}),
    "dictionary": (
        mixed(
            text=mixed()["text"].dictionary_encode(),
            video_prompt=pa.nulls(400, pa.dictionary(pa.int8(), pa.string())),
        ),
        {},
    ),
    "large and view": (
        mixed(
            text=mixed()["text"].cast(pa.large_string()),
            video_prompt=pa.nulls(400, pa.string_view()),
        ),
        {},
    ),
    "other numbers": (mixed(video_duration=pa.nulls(400, pa.decimal128(6, 2))), {}),
    "a length as text": (mixed(video_duration=pa.nulls(400, pa.string())), {}),
    "no room for a length": (mixed(video_duration=pa.nulls(400, pa.date32())), {}),
    "no room for a prompt": (mixed(video_prompt=pa.nulls(400, pa.int64())), {}),
    "not UTF-8": (
        mixed(
            text=values(400, b"a \xff", f"cat {FLAGS}".encode(), kind=pa.binary()).view("string")
        ),
        {},
    ),
    "expand": (mixed(), {"step": EXPAND}),
    "contract": (mixed(), {"step": CONTRACT}),
    "strict": (mixed(), {"settings": Settings(strict=True)}),
    "successors": (mixed(), {"settings": Settings(accept_successors=True)}),
    "fixed": (mixed(), {"mending": Mending(safe=True)}),
    "a target less": (
        mixed(),
        {"targets": {k: v for k, v in DEFAULT_TARGETS.items() if k != "video_duration"}},
    ),
    "no prompts as a target": (
        mixed(),
        {"targets": {k: v for k, v in DEFAULT_TARGETS.items() if k != "video_prompt"}},
    ),
    "nothing with flags": (mixed(text=pa.array(["a cat", None] * 200)), {}),
    "no rows": (mixed(0), {}),
}


@pytest.mark.parametrize("name", MIXED)
@pytest.mark.parametrize("size", [400, 50])
@pytest.mark.no_cover
def test_columns_and_rows_agree(
    tmp_path: Path, name: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, options = MIXED[name]
    path = tmp_path / "p.parquet"
    pq.write_table(content, path, row_group_size=size)
    counts, table, entries = result(path, **options)
    monkeypatch.setattr(ColumnDecider, "__call__", lambda *_: None)
    others, expected, journal = result(path, **options)
    assert counts.to_dict() == others.to_dict() == planned(path, **options).to_dict()
    assert table.equals(expected)
    assert entries == journal


def test_what_columns_decide_is_resumed_and_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    pq.write_table(mixed(2000), path, row_group_size=300)
    before = pq.read_table(path)
    asked = iter([False] * 7 + [True])
    applied(path, rows=37, stopped=lambda: next(asked))
    changed = applied(path, rows=37, replace=True).changed
    assert changed == planned(tmp_path / "p.original.parquet").changed > 500
    assert verified(path)[1] == []
    (tmp_path / "p.original.parquet").unlink()
    pq.write_table(pq.read_table(path), path, row_group_size=170)
    assert undone(path).restored == changed
    assert pq.read_table(path).equals(before)


@pytest.mark.parametrize("limit", [0, 90, 399])
def test_rows_behind_a_limit_stay(tmp_path: Path, limit: int) -> None:
    path = tmp_path / "p.parquet"
    content = mixed(video_model=pa.nulls(400, pa.string()))
    pq.write_table(content, path, row_group_size=70)
    applied(path, rows=37, limit=limit)
    after = pq.read_table(tmp_path / "p.migrated.parquet")
    assert after.slice(limit).equals(content.slice(limit))
    assert limit == 0 or not after.slice(0, limit).equals(content.slice(0, limit))
    assert verified(path)[1] == []


@pytest.mark.parametrize("place", [9, 30, -1])
def test_a_damaged_block_of_columns_is_named(tmp_path: Path, place: int) -> None:
    path = tmp_path / "p.parquet"
    pq.write_table(mixed(), path)
    applied(path, replace=True)
    (tmp_path / "p.original.parquet").unlink()
    with sqlite3.connect(f"{path}.flaglift") as journal:
        number, block = journal.execute("SELECT block, entries FROM journal").fetchone()
        assert block.startswith(b"columns:")
        damaged = bytearray(block)
        damaged[place] ^= 1
        journal.execute("UPDATE journal SET entries = ? WHERE block = ?", (damaged, number))
    journal.close()
    pq.write_table(pq.read_table(path), path)
    with pytest.raises(InputError, match="so nothing is restored from it"):
        undone(path)
