"""How much a migration costs beside the loop that people would write instead, on the same rows.

    python benchmarks/migrate.py                  the table of all stores
    python benchmarks/migrate.py --store SQLite   that of the stores whose names begin like this
    python benchmarks/migrate.py --split          what a run costs, and what each row costs
    python benchmarks/migrate.py --memory         peak memory of small and large files

The loops read every row, translate it with `flaglift.translate` and write it back; they keep no
journal and no checkpoint. Half of the prompts have no flags. Loop and migration are run in turns in
one process. Files are measured in processor time, databases by the clock.
"""

import argparse
import atexit
import contextlib
import csv
import json
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import corpus
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlalchemy as sa
from table import Row, median_ratio, print_table, processor_seconds, seconds

import flaglift
from flaglift.cli import cli
from flaglift.columns import translate_column

LEGACY = (
    "<lora:1533312:1.0> ohwx woman hiking in the alps, morning light, number {} --video"
    ' --video_model seedance_v15_720p --duration 5 --video_prompt "she looks at the camera"'
)
PLAIN = "studio portrait of ohwx woman, soft light, looking at the camera, number {}"
FIELDS = ("video_model", "video_prompt", "video_duration")


def texts(rows: int, every: int = 2) -> list[str]:
    return [(PLAIN if i % every else LEGACY).format(i) for i in range(rows)]


def prompts(rows: int) -> list[str]:
    """Return prompts as people write them, of which half have flags."""
    found = corpus.with_flags(rows // 2) + corpus.without_flags(rows - rows // 2)
    random.Random(3).shuffle(found)
    return found


def migrate(source: Path | str, verb: str = "apply", *options: str) -> None:
    quiet = ["-q"] if verb == "apply" else []
    with Path(os.devnull).open("w") as null, contextlib.redirect_stdout(null):
        cli.main(["migrate", verb, str(source), *quiet, *options], standalone_mode=False)


def clear(path: Path) -> None:
    for other in path.parent.iterdir():
        if other != path:
            other.unlink()


class Compared(NamedTuple):
    """What is measured beside what; `reset` is not part of either."""

    loop: Callable[[], None]
    apply: Callable[[], None]
    reset: Callable[[], None]


def jsonl(folder: Path, rows: int) -> Compared:
    path = folder / "p.jsonl"
    with path.open("w") as file:
        for i, text in enumerate(prompts(rows)):
            file.write(json.dumps({"id": i, "text": text, "seed": 7}) + "\n")

    def loop() -> None:
        with path.open() as old, (folder / "loop").open("w") as new:
            for line in old:
                row = json.loads(line)
                row.update(flaglift.translate(row["text"]).values)
                new.write(json.dumps(row) + "\n")

    return Compared(loop, lambda: migrate(path), lambda: clear(path))


def json_array(folder: Path, rows: int) -> Compared:
    path = folder / "p.json"
    with path.open("w") as file:
        json.dump([{"id": i, "text": t, "seed": 7} for i, t in enumerate(prompts(rows))], file)

    def loop() -> None:
        document = json.loads(path.read_text())
        for row in document:
            row.update(flaglift.translate(row["text"]).values)
        (folder / "loop").write_text(json.dumps(document))

    return Compared(loop, lambda: migrate(path), lambda: clear(path))


def delimited(folder: Path, rows: int) -> Compared:
    path = folder / "p.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", *FIELDS])
        writer.writerows([i, text, "", "", ""] for i, text in enumerate(prompts(rows)))

    def loop() -> None:
        with path.open(newline="") as old, (folder / "loop").open("w", newline="") as new:
            reader, writer = csv.DictReader(old), csv.DictWriter(new, ["id", "text", *FIELDS])
            writer.writeheader()
            for row in reader:
                values = flaglift.translate(row["text"]).values
                writer.writerow({name: values.get(name, old) for name, old in row.items()})

    return Compared(loop, lambda: migrate(path), lambda: clear(path))


def parquet_file(path: Path, rows: int, every: int = 2) -> None:
    schema = pa.schema(
        [("id", pa.int64()), ("text", pa.string()), ("video_model", pa.string()),
         ("video_prompt", pa.string()), ("video_duration", pa.int64())]
    )  # fmt: skip
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, rows, 100_000):
            count = min(100_000, rows - start)
            columns = {"id": range(start, start + count), "text": texts(count, every)}
            table = pa.table(columns)
            for name in FIELDS:
                table = table.append_column(name, pa.nulls(count, schema.field(name).type))
            writer.write_table(table)


def parquet(folder: Path, rows: int) -> Compared:
    path = folder / "p.parquet"
    parquet_file(path, rows)

    def loop() -> None:
        table = pq.read_table(path)
        new = translate_column(table.column("text"))
        for name in ("text", *FIELDS):
            index = table.schema.get_field_index(name)
            column = pc.struct_field(new, name).cast(table.schema.field(name).type)
            table = table.set_column(index, name, column)
        pq.write_table(table, folder / "loop")

    return Compared(loop, lambda: migrate(path), lambda: clear(path))


def table(url: str) -> Callable[[Path, int], Compared]:
    """Return what prepares a table on a server."""

    def prepare(folder: Path, rows: int) -> Compared:
        address = sa.make_url(url.format(folder=folder))
        name = f"bench_{os.getpid()}"
        drivers = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}
        driver = drivers.get(address.drivername, address.drivername)
        engine = sa.create_engine(address.set(drivername=driver))
        if address.drivername == "sqlite":
            sqlite3.connect(folder / "p.db").close()
        found = prompts(rows)

        def drop() -> None:
            with engine.begin() as connection:
                for one in (name, "flaglift_runs", "flaglift_journal", "flaglift_leases"):
                    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {one}")

        def fill() -> None:
            drop()
            with engine.begin() as connection:
                connection.exec_driver_sql(
                    f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, text TEXT, video_model"
                    " VARCHAR(60), video_prompt TEXT, video_duration INTEGER)"
                )
                values = [{"i": i, "t": text} for i, text in enumerate(found)]
                insert = sa.text(f"INSERT INTO {name} (id, text) VALUES (:i, :t)")  # noqa: S608
                connection.execute(insert, values)

        if address.drivername != "sqlite":  # which goes with its folder
            atexit.register(drop)
        source = f"{address.render_as_string(hide_password=False)}#{name}"
        return Compared(lambda: script(engine, name), lambda: migrate(source), fill)

    return prepare


def script(engine: sa.Engine, name: str) -> None:
    """Migrate a table as anyone would: the driver's `executemany`, a commit per 1,000 rows."""
    mark = "?" if engine.dialect.name == "sqlite" else "%s"
    query = f"SELECT id, text FROM {name} WHERE id > {mark} ORDER BY id LIMIT 1000"  # noqa: S608
    changes = ", ".join(f"{column} = {mark}" for column in ("text", *FIELDS))
    update = f"UPDATE {name} SET {changes} WHERE id = {mark}"  # noqa: S608
    connection = engine.raw_connection()
    cursor = connection.cursor()
    after = -1
    while True:
        cursor.execute(query, (after,))
        found = cursor.fetchall()
        if not found:
            break
        translated = ((key, flaglift.translate(text)) for key, text in found)
        rows = [
            (*(new.values.get(column) for column in ("text", *FIELDS)), key)
            for key, new in translated
            if new.status == "translated"
        ]
        cursor.executemany(update, rows)
        connection.commit()
        after = found[-1][0]
    connection.close()


POSTGRESQL = os.environ.get("FLAGLIFT_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/test")
MYSQL = os.environ.get("FLAGLIFT_TEST_MYSQL", "mysql://root@127.0.0.1:3306/test")
STORES = (
    ("JSONL, with journal", "json.loads, translate, json.dumps", jsonl, 1.0, processor_seconds),
    ("JSON array, with journal", "json.loads, translate, json.dumps", json_array, 1.0,
     processor_seconds),
    ("CSV, with journal", "csv.reader, translate, csv.writer", delimited, 1.0, processor_seconds),
    ("Parquet, with journal", "read_table, translate_column, write_table", parquet, 2.0,
     processor_seconds),
    ("SQLite", "a script", table("sqlite:///{folder}/p.db"), 1.5, seconds),
    ("PostgreSQL", "a script", table(POSTGRESQL), 1.5, seconds),
    ("MariaDB or MySQL", "a script", table(MYSQL), 1.5, seconds),
)  # fmt: skip


def rows(
    rounds: int, count: int = 20_000, most: int = 60_000, stores: str | None = None
) -> list[Row]:
    """Return a row for each store, those of verify and undo beside apply, and how they grow.

    With `stores`, only the rows of those whose names begin with it.
    """
    found: list[Row] = []
    for question, beside, prepare, wanted, timed in STORES:
        if not question.startswith(stores or ""):
            continue
        with tempfile.TemporaryDirectory() as folder:
            work = prepare(Path(folder), min(count, most) if timed is seconds else count)

            def clean(part: Callable[[], object], work: Compared = work) -> float:
                work.reset()
                return timed(part)  # noqa: B023 (called in this turn of the loop)

            clean(work.loop)  # what is learnt of the prompts' shapes, both find
            measured = median_ratio(work.apply, work.loop, rounds, clean)
            found.append(Row(question, beside, f"{wanted:g} of it", measured, wanted))
    return found if stores else [*found, *_back(rounds, count), *_growth(rounds, count)]


def print_split(rounds: int, count: int) -> None:
    """Print what a run costs whatever it reads, and what each row costs, at the least of rounds."""
    few = count // 20
    print(f"processor time of {few:,} and {count:,} rows; the script or loop in brackets")
    for question, _, prepare, *_ in STORES:
        least: list[tuple[float, float]] = []
        for size in (few, count):
            with tempfile.TemporaryDirectory() as folder:
                work = prepare(Path(folder), size)
                taken: dict[str, list[float]] = {"apply": [], "loop": []}
                for _ in range(rounds + 1):  # the first ones load what they need
                    for name, found in taken.items():
                        work.reset()
                        found.append(processor_seconds(getattr(work, name)))
                least.append((min(taken["apply"]), min(taken["loop"])))
        each = [(many - less) / (count - few) for less, many in zip(*least, strict=True)]
        fixed = [less - few * row for less, row in zip(least[0], each, strict=True)]
        apply, loop = (
            f"{f * 1e3:6.0f} ms, {r * 1e6:5.1f} us a row" for f, r in zip(fixed, each, strict=True)
        )
        print(f"{question:26} {apply}   ({loop})")


def _back(rounds: int, count: int) -> list[Row]:
    """Return how long verify and undo of a file take, that was put in its place, beside apply."""
    ratios: dict[str, list[float]] = {"verify": [], "undo": []}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "p.jsonl"
        jsonl(Path(folder), count)
        for _ in range(rounds):
            clear(path)
            applied = processor_seconds(lambda: migrate(path, "apply", "--replace"))
            for verb, found in ratios.items():
                found.append(processor_seconds(lambda: migrate(path, verb)) / applied)  # noqa: B023
    return [
        Row(f"{verb} of JSONL", "apply", "1 of it", statistics.median(found), 1.0)
        for verb, found in ratios.items()
    ]


def _growth(rounds: int, count: int) -> list[Row]:
    """Return how much longer apply, verify and undo take of ten times as many rows."""
    ratios: dict[str, list[float]] = {"apply": [], "verify": [], "undo": []}
    with tempfile.TemporaryDirectory() as folder:
        sizes = [(Path(folder) / str(rows), rows) for rows in (count // 10, count)]
        for place, rows in sizes:
            place.mkdir()
            jsonl(place, rows)
        for _ in range(rounds):
            for verb, found in ratios.items():
                options = ["--replace"] if verb == "apply" else []
                few, many = (
                    processor_seconds(lambda: migrate(place / "p.jsonl", verb, *options))  # noqa: B023
                    for place, _ in sizes
                )
                found.append(many / few)
    return [
        Row(f"{verb} of 10 times the rows", "it", "11 of it", statistics.median(found), 11.0)
        for verb, found in ratios.items()
    ]


def measured(path: Path) -> int:
    """Return the most memory, in MB, that applying to a file takes, in a process of its own."""
    code = (
        "import sys, resource; from flaglift.cli import cli;"
        f"cli.main(['migrate','apply',{str(path)!r},'-q'], standalone_mode=False);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[-1])


def memory(rows: list[int], megabytes: list[int]) -> None:
    for count in rows:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "p.parquet"
            parquet_file(path, count, every=100)  # most of the time goes into those with flags
            print(f"parquet, {count:,} rows: {measured(path)} MB")
    for size in megabytes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "p.jsonl"
            # Long lines of other data: what is to stay flat is the memory, not the time.
            line = json.dumps({"text": LEGACY.format(1), "data": "x" * 20_000}) + "\n"
            with path.open("w") as file:
                file.writelines(line for _ in range(size * 2**20 // len(line)))
            print(f"jsonl, {size:,} MB: {measured(path)} MB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--store", help="only stores whose names begin like this")
    parser.add_argument("--split", action="store_true")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--parquet-rows", type=int, nargs="+", default=[1_000_000, 8_000_000])
    parser.add_argument("--jsonl-megabytes", type=int, nargs="+", default=[100, 2048])
    chosen = parser.parse_args()
    if chosen.memory:
        memory(chosen.parquet_rows, chosen.jsonl_megabytes)
    elif chosen.split:
        print_split(chosen.rounds, chosen.rows)
    else:
        print_table(rows(chosen.rounds, chosen.rows, stores=chosen.store))
