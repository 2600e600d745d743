"""What a column of prompts costs, beside a loop over `translate` and beside the reference reader.

    python benchmarks/columns.py [--rounds 5] [--rows 1000000] [--paths]

The column is what issue 6 asks for: half of the prompts without flags, 45 % canonical, 5 % hard,
all different, with all models of the catalog and their durations. *Canonical* is a prompt as the
service's documentation shows them: a text, and behind it the flags in any order, their values
plain, the video prompt in quotes. *Hard* is every other prompt with flags: quotes or an ampersand
in the text, escaped quotes in a value, flags before the text or amid it. (A prompt counts as what
it is by these words, not by what the column's reader makes of it.)

The two loops are measured on every 50th row and multiplied: both take the same time for each row
wherever it stands. `--paths` prints what each kind of row costs by itself, in microseconds.
"""

import argparse
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import corpus
import pyarrow as pa
from one_prompt import reference
from table import Row, median_ratio, print_table, seconds

from flaglift import translate
from flaglift.columns import ColumnTranslator, translate_column

ROWS = 1_000_000
SHARES = {"plain": 0.5, "canonical": 0.45, "hard": 0.05}
EVERY = 50

_CANONICAL = re.compile(
    r"""(?:(?!--)[^"\\&])+(?:\s--(?:video|video_model\s[\w.-]+|duration\s\d+|video_prompt\s"[^"\\&]+"))+"""
)


@cache
def kinds(rows: int) -> dict[str, list[str]]:
    """Return different prompts of each kind, as many as a column of `rows` needs."""
    wanted = {kind: round(share * rows) for kind, share in SHARES.items()}
    flagged = corpus.with_flags(round(rows * 0.75), seed=11)
    found: dict[str, list[str]] = {"plain": corpus.without_flags(wanted["plain"], seed=12)}
    found["canonical"] = [text for text in flagged if _CANONICAL.fullmatch(text)]
    found["hard"] = [text for text in flagged if not _CANONICAL.fullmatch(text)]
    return {kind: found[kind][: wanted[kind]] for kind in wanted}


@cache
def column(rows: int) -> pa.Array:
    texts = [text for kind in kinds(rows).values() for text in kind]
    random.Random(13).shuffle(texts)
    return pa.array(texts)


def loop(texts: Sequence[str]) -> list[tuple[object, object, list[str]]]:
    """Return what a column holds, as Python values."""
    found = []
    for text in texts:
        done = translate(text)
        found.append((done.status, done.values, [d.code for d in done.diagnostics]))
    return found


def rows(rounds: int, count: int = ROWS) -> list[Row]:
    texts = column(count)
    sample = texts.to_pylist()[::EVERY]
    scale = len(texts) / len(sample)

    def whole() -> None:
        translate_column(texts)

    # The ratio of the column's time to that of the sample, turned round and scaled.
    by_translate = scale / median_ratio(whole, lambda: loop(sample), rounds)
    by_reference = scale / median_ratio(whole, lambda: reference(sample), rounds)
    what = f"`translate_column`, {count:,} rows: half plain, 45 % canonical, 5 % hard"
    return [
        Row(what, "a loop over `translate`", "10 times as fast", by_translate, 10, at_least=True),
        Row(what, "`shlex` + `argparse`", "30 times as fast", by_reference, 30, at_least=True),
        Row("memory of that run", "the column", "under 4 times", memory(texts), 4),
    ]


_MEASURED = """
import sys
import pyarrow as pa
from flaglift.columns import translate_column
def kilobytes(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name))
translate_column(pa.array(["a cat --video"]))
before = kilobytes("VmRSS")
with pa.OSFile(sys.argv[1]) as file:
    column = pa.ipc.open_file(file).read_all().column(0).combine_chunks()
done = translate_column(column)
print((kilobytes("VmHWM") - before) * 1024 / column.nbytes, len(done))
"""


def memory(texts: pa.Array) -> float:
    """Return the most memory that a process takes for a column and its result, by the column's.

    The column is read from a file, so that nothing but Arrow's own data is in it; what the
    interpreter and the libraries take before is not counted.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "column.arrow"
        table = pa.table({"text": texts})
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        del table
        done = subprocess.run(
            [sys.executable, "-c", _MEASURED, str(path)], capture_output=True, text=True, check=True
        )
    return float(done.stdout.split()[0])


def paths(count: int) -> None:
    """Print what a row of each kind costs: as a column, with one thread and two, and one by one."""
    print("kind         characters  column 1 thread  column 2 threads  translate  (microseconds)")
    for kind, texts in kinds(count).items():
        array = pa.array(texts)
        sample = texts[:: max(1, len(texts) // 5000)]
        one, two = (
            min(seconds(lambda: ColumnTranslator(threads=n)(array)) for _ in range(3))  # noqa: B023
            for n in (1, 2)
        )
        single = min(seconds(lambda: loop(sample)) for _ in range(3))  # noqa: B023
        print(
            f"{kind:<12}{sum(map(len, texts)) / len(texts):>11.0f}"
            f"{one / len(texts) * 1e6:>17.2f}{two / len(texts) * 1e6:>18.2f}"
            f"{single / len(sample) * 1e6:>11.1f}"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--paths", action="store_true")
    chosen = parser.parse_args()
    if chosen.paths:
        paths(chosen.rows)
    else:
        print_table(rows(chosen.rounds, chosen.rows))
