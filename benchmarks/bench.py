"""How fast everything is: all rows in one table, also written to `benchmarks/results.json`.

    python benchmarks/bench.py [--rounds 7] [MODULE ...]

Every row is a ratio of two things measured in turns in one run, the median of several. A module is
a file beside this one with a function `rows(rounds: int) -> list[Row]`; without any, all are run.
"""

import argparse
import importlib
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
    print_table(rows)
    if not arguments.modules:
        write_json(rows, arguments.rounds, HERE / "results.json")


if __name__ == "__main__":
    main()
