"""The table that every benchmark's rows go into: printed, and written as JSON.

A module of questions has one function, `rows(rounds: int) -> list[Row]`. Each row is a ratio of two
things measured in turns in one run; `median_ratio` does that.
"""

import gc
import json
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One answer: what was measured, beside what, and how much of it is wanted at most or least."""

    question: str
    beside: str
    wanted: str
    """The target in words, as the issue gives it."""
    measured: float
    """The ratio, as `wanted` counts it."""
    limit: float
    """The number in `wanted`."""
    at_least: bool = False
    """Whether more is better ("10 times as fast"); otherwise less is ("0.25 of its time")."""

    @property
    def met(self) -> bool:
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit


def seconds(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Return how long one call takes, with no garbage collection in it."""
    gc.collect()
    gc.disable()
    try:
        start = clock()
        work()
        return clock() - start
    finally:
        gc.enable()


def processor_seconds(work: Callable[[], object]) -> float:
    """Return the processor time of a call: one thread of work, on a machine that is shared."""
    return seconds(work, time.process_time)


def median_ratio(
    work: Callable[[], object],
    beside: Callable[[], object],
    rounds: int,
    timed: Callable[[Callable[[], object]], float] = seconds,
) -> float:
    """Return the median of `rounds` ratios; in each the two are run in turns, in changing order."""
    ratios = []
    for number in range(rounds):
        if number % 2:
            reference, measured = timed(beside), timed(work)
        else:
            measured, reference = timed(work), timed(beside)
        ratios.append(measured / reference)
    return statistics.median(ratios)


def shown(number: float) -> str:
    return f"{number:.3g}" if abs(number) < 1000 else f"{number:,.0f}"


def print_table(rows: Iterable[Row]) -> None:
    """Print the rows as a Markdown table."""
    lines = [("question", "beside", "wanted", "measured", "met")]
    lines += [
        (row.question, row.beside, row.wanted, shown(row.measured), "yes" if row.met else "NO")
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, tuple("-" * width for width in widths))
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print(f"| {' | '.join(cells)} |")


def write_json(rows: Sequence[Row], rounds: int, path: Path) -> None:
    """Write the rows and what they were measured with; the machine's name is nobody's business."""
    document = {
        "python": platform.python_version(),
        "rounds": rounds,
        "rows": [{**asdict(row), "met": row.met} for row in rows],
    }
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
