"""Many rows are written by one statement: each gets its own values, whatever the others hold."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from flaglift import translate
from flaglift.migrate.decision import decider_of
from flaglift.migrate.engine import Migration
from flaglift.migrate.job import Job
from migrate.conftest import Database, open_database
from migrate.sources import applied, control, opened, undone, verified

TEXTS = (
    'a cat --video --video_model kling25 --video_prompt "it yawns  "',
    '--video --video_model kling25 --duration 5 --video_prompt "😀 é \\"猫\\""',
    "100 % \\ 'x' %s :y {} ü --video --video_model kling25 --duration 10",
    'long {} --video --video_model kling25 --video_prompt "short"'.format("word " * 15_000),
    'short --video --video_model kling25 --video_prompt "{}"'.format("it waves " * 9_000),
    "plain",
    'back \\\\ slash --video --video_model kling25 --video_prompt "0" --duration 5',
)
FIELDS = ("text", "video_model", "video_prompt", "video_duration")
KEYS: dict[str, tuple[str, Callable[[int], tuple[int, ...]]]] = {
    "one": ("k BIGINT PRIMARY KEY", lambda i: (10**15 - i * 10**13,)),
    "two": ("a SMALLINT, b BIGINT, PRIMARY KEY (b, a)", lambda i: (i % 3 - 1, i - 100)),
}


@pytest.mark.parametrize("kind", [*KEYS])
def test_every_row_gets_its_own_values(database: Database, kind: str) -> None:
    columns, key_of = KEYS[kind]
    check(database, columns, [key_of(i) for i in range(210)])


def test_keys_above_the_signed_ones(tmp_path: Path) -> None:
    for database in open_database("mysql", tmp_path):
        keys = [(i * 2**62 + i,) for i in range(4)]
        check(database, "k BIGINT UNSIGNED PRIMARY KEY", keys)


def check(database: Database, columns: str, keys: Sequence[tuple[int, ...]]) -> None:
    kind = "LONGTEXT" if database.kind == "mysql" else "TEXT"
    database.run(
        f"CREATE TABLE prompts (text {kind}, video_model VARCHAR(60), video_prompt {kind},"
        f" video_duration INTEGER, {columns})"
    )
    names = [column.split()[0] for column in columns.split(", ")][: len(keys[0])]
    rows: list[dict[str, Any]] = [
        {**dict(zip(names, key, strict=True)), "t": TEXTS[i % len(TEXTS)]}
        for i, key in enumerate(keys)
    ]
    marks = ", ".join(f":{name}" for name in names)
    for row in rows:
        database.run(f"INSERT INTO prompts ({', '.join(names)}, text) VALUES ({marks}, :t)", **row)
    wanted = []
    for row in rows:
        values = translate(row["t"]).values
        wanted.append((*(values.get(f, "" if f == "text" else None) for f in FIELDS),))
    held = f"SELECT {', '.join(FIELDS)} FROM prompts ORDER BY {', '.join(names)}"
    order = sorted(range(len(keys)), key=keys.__getitem__)
    source = f"{database.url}#prompts"
    before = database.run(held)
    applied(source, rows=150)
    assert database.run(held) == [wanted[i] for i in order]
    assert not verified(source)[1]
    undone(source)
    assert database.run(held) == before


def test_the_proof_counts_rows_whose_key_is_not_utf8(tmp_path: Path) -> None:
    for database in open_database("sqlite", tmp_path):
        database.run(
            "CREATE TABLE prompts (k TEXT PRIMARY KEY, text TEXT, video_model TEXT,"
            " video_prompt TEXT, video_duration INTEGER)"
        )
        for key in ("CAST(x'6bff' AS TEXT)", "'a'", "'b'"):
            database.run(f"INSERT INTO prompts (k, text) VALUES ({key}, :t)", t=TEXTS[0])
        database.run("INSERT INTO prompts (k, text) VALUES ('c', 'plain -- with a dash')")
        job = Job(f"{database.url}#prompts")
        with opened(job) as store, store.writing(restart=False) as writer:
            migration = Migration(store, decider_of(job, store.fields), control())
            assert migration.apply(writer)
        assert (writer.run.tally.changed, writer.run.tally.problems) == (2, 1)
        left = migration.left
        assert left is not None
        assert (left.records, left.translated, left.refused, left.problems) == (2, 0, 0, 1)
