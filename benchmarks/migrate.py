"""How much a migration costs beside the bare reading and writing of the same rows.

    python benchmarks/migrate.py                  rows a second of every store, and their ratios
    python benchmarks/migrate.py --memory         peak memory of small and large files

Bare runs read every row and write every row back with the same library, and translate nothing.
Both are run in turns, several times, in one process; the best of each counts.
"""

import argparse
import atexit
import contextlib
import csv
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from flaglift.cli import cli

LEGACY = (
    "<lora:1533312:1.0> ohwx woman hiking in the alps, morning light, number {} --video"
    ' --video_model seedance_v15_720p --duration 5 --video_prompt "she looks at the camera"'
)
PLAIN = "studio portrait of ohwx woman, soft light, looking at the camera, number {}"
FIELDS = ("video_model", "video_prompt", "video_duration")


def texts(rows: int, every: int = 2) -> list[str]:
    return [(PLAIN if i % every else LEGACY).format(i) for i in range(rows)]


def migrate(source: str, *options: str) -> None:
    with Path(os.devnull).open("w") as null, contextlib.redirect_stdout(null):
        cli.main(["migrate", "apply", source, *options, "-q"], standalone_mode=False)


def clear(path: Path) -> None:
    for other in path.parent.iterdir():
        if other != path:
            other.unlink()


def jsonl(folder: Path, rows: int) -> tuple[Callable[[], None], Callable[[], None]]:
    path = folder / "p.jsonl"
    with path.open("w") as file:
        for i, text in enumerate(texts(rows)):
            file.write(json.dumps({"id": i, "text": text, "seed": 7}) + "\n")

    def bare() -> None:
        with path.open() as old, (folder / "bare").open("w") as new:
            for line in old:
                new.write(json.dumps(json.loads(line)) + "\n")

    return bare, lambda: (clear(path), migrate(str(path)))[0]


def delimited(folder: Path, rows: int) -> tuple[Callable[[], None], Callable[[], None]]:
    path = folder / "p.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", *FIELDS])
        writer.writerows([i, text, "", "", ""] for i, text in enumerate(texts(rows)))

    def bare() -> None:
        with path.open(newline="") as old, (folder / "bare").open("w", newline="") as new:
            csv.writer(new).writerows(csv.reader(old))

    return bare, lambda: (clear(path), migrate(str(path)))[0]


def parquet_file(path: Path, rows: int, every: int = 2) -> None:
    schema = pa.schema(
        [("id", pa.int64()), ("text", pa.string()), ("video_model", pa.string()),
         ("video_prompt", pa.string()), ("video_duration", pa.int64())]
    )  # fmt: skip
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, rows, 100_000):
            count = min(100_000, rows - start)
            table = pa.table({"id": range(start, start + count), "text": texts(count, every)})
            for name in FIELDS:
                table = table.append_column(name, pa.nulls(count, schema.field(name).type))
            writer.write_table(table)


def parquet(folder: Path, rows: int) -> tuple[Callable[[], None], Callable[[], None]]:
    path = folder / "p.parquet"
    parquet_file(path, rows)

    def bare() -> None:
        old = pq.ParquetFile(path)
        with pq.ParquetWriter(folder / "bare", old.schema_arrow) as new:
            for group in range(old.num_row_groups):
                table = old.read_row_group(group)
                values = pa.array(table.column("text").to_pylist())
                new.write_table(table.set_column(1, "text", values))

    return bare, lambda: (clear(path), migrate(str(path)))[0]


def table(url: str) -> Callable[[Path, int], tuple[Callable[[], None], Callable[[], None]]]:  # noqa: C901 (what it returns shares a table)
    def prepare(folder: Path, rows: int) -> tuple[Callable[[], None], Callable[[], None]]:
        address = sa.make_url(url.format(folder=folder))
        name = f"bench_{os.getpid()}"
        drivers = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}
        driver = drivers.get(address.drivername, address.drivername)
        engine = sa.create_engine(address.set(drivername=driver))
        if address.drivername == "sqlite":
            sqlite3.connect(folder / "p.db").close()

        def drop() -> None:
            with engine.begin() as connection:
                for one in (name, "flaglift_runs", "flaglift_journal"):
                    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {one}")

        def fill() -> None:
            drop()
            with engine.begin() as connection:
                connection.exec_driver_sql(
                    f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, text TEXT, video_model"
                    " VARCHAR(60), video_prompt TEXT, video_duration INTEGER)"
                )
                values = [{"i": i, "t": text} for i, text in enumerate(texts(rows))]
                insert = sa.text(f"INSERT INTO {name} (id, text) VALUES (:i, :t)")  # noqa: S608
                connection.execute(insert, values)

        def bare() -> None:
            after, page = -1, 2000
            query = sa.text(f"SELECT id, text FROM {name} WHERE id > :a ORDER BY id LIMIT {page}")  # noqa: S608
            update = sa.text(f"UPDATE {name} SET text = :t WHERE id = :i")  # noqa: S608
            while True:
                with engine.begin() as connection:
                    found = connection.execute(query, {"a": after}).all()
                    if not found:
                        return
                    odd = [{"i": i, "t": t + " "} for i, t in found if not i % 2]
                    connection.execute(update, odd)
                    after = found[-1][0]

        if address.drivername != "sqlite":  # which goes with its folder
            atexit.register(drop)
        fill()
        source = f"{address.render_as_string(hide_password=False)}#{name}"

        def run() -> None:
            fill()
            began = time.perf_counter()
            migrate(source)
            run.seconds = time.perf_counter() - began  # type: ignore[attr-defined]

        return bare, run

    return prepare


STORES = {
    "jsonl": jsonl,
    "csv": delimited,
    "parquet": parquet,
    "sqlite": table("sqlite:///{folder}/p.db"),
    "postgresql": table(
        os.environ.get("FLAGLIFT_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/test")
    ),
    "mysql": table(os.environ.get("FLAGLIFT_TEST_MYSQL", "mysql://root@127.0.0.1:3306/test")),
}


def seconds(function: Callable[[], None]) -> float:
    began = time.perf_counter()
    function()
    return getattr(function, "seconds", None) or time.perf_counter() - began


def speed(rows: int, turns: int) -> None:
    print(f"{rows:,} rows, half of them with flags; best of {turns} turns")
    print(f"{'store':<12}{'bare rows/s':>14}{'migrated rows/s':>18}{'ratio':>8}")
    for name, prepare in STORES.items():
        with tempfile.TemporaryDirectory() as folder:
            bare, run = prepare(Path(folder), rows)
            times = [(seconds(bare), seconds(run)) for _ in range(turns)]
            fast, slow = (min(column) for column in zip(*times, strict=True))
            print(f"{name:<12}{rows / fast:>14,.0f}{rows / slow:>18,.0f}{slow / fast:>8.1f}")


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
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--parquet-rows", type=int, nargs="+", default=[1_000_000, 8_000_000])
    parser.add_argument("--jsonl-megabytes", type=int, nargs="+", default=[100, 2048])
    chosen = parser.parse_args()
    if chosen.memory:
        memory(chosen.parquet_rows, chosen.jsonl_megabytes)
    else:
        speed(chosen.rows, chosen.turns)
