"""How fast everything is: all rows in one table, also written to `benchmarks/results.json`.

    python benchmarks/bench.py [--rounds 7] [MODULE ...]

Every row is a ratio of two things measured in turns in one run, the median of several. A module is
a file beside this one with a function `rows(rounds: int) -> list[Row]`; without any, all are run,
and `spark.py` in an environment of its own.
"""

import argparse
import importlib
import json
import subprocess
from pathlib import Path

from table import Row, print_table, write_json

HERE = Path(__file__).parent
MODULES = ("one_prompt", "columns")


def main() -> None:
    parser = argparse.ArgumentParser(description="How fast everything is, as ratios.")
    parser.add_argument("modules", nargs="*", metavar="MODULE")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    there = [name for name in MODULES if (HERE / f"{name}.py").is_file()]
    rows: list[Row] = []
    for name in arguments.modules or there:
        rows += importlib.import_module(name).rows(arguments.rounds)
    if not arguments.modules:
        rows += spark_rows()
    print_table(rows)
    if not arguments.modules:
        write_json(rows, arguments.rounds, HERE / "results.json")


def spark_rows() -> list[Row]:
    """Return the rows of `spark.py`, which needs the packages of `make test-spark`."""
    python = HERE.parent / ".venv-spark" / "bin" / "python"
    done = subprocess.run(
        [python, HERE / "spark.py", "--json"], capture_output=True, check=True, text=True
    )
    return [Row(**values) for values in json.loads(done.stdout)]


if __name__ == "__main__":
    main()
