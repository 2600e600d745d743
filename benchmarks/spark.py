"""What a Spark job costs that translates a table, beside one that does nothing with it.

    .venv-spark/bin/python benchmarks/spark.py [--rounds 3] [--rows 4000000] [--files]

Both jobs read Parquet files with the prompts of `columns.py`, hand the column of prompts to Python
in Arrow batches, and write what comes back as Parquet, on two cores. One is `translate_udf`, the
other a function that returns its column. The prompts are 500,000 different ones, written eight
times with other ids. `--files` measures `flaglift migrate apply --engine spark` in rows a second,
with nothing beside it. It runs in the environment of `make test-spark`.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql.functions import arrow_udf
from table import Row, median_ratio, print_table

import columns
from flaglift.cli import cli
from flaglift.columns.spark import session, translate_udf

ROWS = 4_000_000
DIFFERENT = 500_000
FILES = 8


def write(folder: Path, rows: int) -> None:
    """Write the table: as many files as Spark needs for two cores, each of several row groups."""
    texts = columns.column(min(DIFFERENT, rows))
    each = rows // FILES
    repeated = pa.chunked_array([texts] * (-(-each // len(texts)))).slice(0, each)
    for number in range(FILES):
        ids = pa.array(range(number * each, (number + 1) * each))
        table = pa.table({"id": ids, "text": repeated})
        for name, kind in (("model", "string"), ("prompt", "string"), ("duration", "int64")):
            table = table.append_column(f"video_{name}", pa.nulls(each, kind))
        pq.write_table(table, folder / f"{number}.parquet", row_group_size=50_000)


def identity(column: pa.Array) -> pa.Array:
    return column


def rows(rounds: int, count: int = ROWS) -> list[Row]:
    spark = session("local[2]")
    with tempfile.TemporaryDirectory() as name:
        source, target = Path(name) / "in", Path(name) / "out"
        source.mkdir()
        write(source, count)

        def job(function: Any) -> None:
            shutil.rmtree(target, ignore_errors=True)
            prompts = spark.read.parquet(str(source)).select("id", function("text").alias("new"))
            prompts.write.parquet(str(target))

        translating, nothing = translate_udf(), arrow_udf(identity, returnType="string")
        job(translating)  # both are warm: the JVM, and what the workers import
        job(nothing)
        ratio = median_ratio(lambda: job(translating), lambda: job(nothing), rounds)
    spark.stop()
    what = f"Spark: {count:,} rows translated on 2 cores"
    return [Row(what, "the same job with an identity function", "within 2 times", ratio, 2)]


def files(count: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        write(Path(name), count)
        session("local[2,4]")
        started = time.perf_counter()
        options = ["--engine", "spark", f"{name}/?.parquet", "--replace", "-q"]
        cli.main(["migrate", "apply", *options], standalone_mode=False)
        seconds = time.perf_counter() - started
    print(f"{count:,} rows in {FILES} files: {seconds:.1f} s, {count / seconds:,.0f} rows a second")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--files", action="store_true")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    if chosen.files:
        sys.exit(files(chosen.rows))
    found = rows(chosen.rounds, chosen.rows)
    if chosen.json:
        print(json.dumps([asdict(row) for row in found]))
    else:
        print_table(found)
