"""Runs a task over many files: from the cache where it can, in several processes where it pays."""

import os
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import TYPE_CHECKING

from flaglift.check.cache import Cache
from flaglift.check.job import Job, Outcome, Task

if TYPE_CHECKING:
    from flaglift.check.inspection import Inspection

WORTH_A_PROCESS = 40
"""Files; a process takes about as long to start as these take to be checked."""

_CHUNK = 8


def recall(jobs: Sequence[Job], cache: Cache | None) -> "list[Inspection | None]":
    """Return what is known of each file."""
    if cache is None:
        return [None] * len(jobs)
    return [cache.get(cache.key(job), job) for job in jobs]


def run(
    jobs: Sequence[Job],
    known: "Sequence[Inspection | None]",
    task: Task,
    cache: Cache | None = None,
    processes: int | None = None,
) -> Iterator[Outcome]:
    """Yield what became of each file, in order; what is not known is found out, and remembered.

    `processes` is how many may run; by default one for each core, where there is work for them.
    """
    todo = [job for job, found in zip(jobs, known, strict=True) if found is None]
    if processes is None:
        processes = min(os.cpu_count() or 1, len(todo) // WORTH_A_PROCESS + 1)
    fresh: Iterator[Outcome] = iter(())
    if todo:
        fresh = _several(todo, task, processes) if processes > 1 else _here(todo, task)
    for job, found in zip(jobs, known, strict=True):
        if found is not None:
            yield Outcome(job, found)
            continue
        outcome = next(fresh)
        if cache and not outcome.problem:
            cache.put(cache.key(job), outcome.inspection)
        yield outcome
    next(fresh, None)  # it is at its end, and lets the processes go
    if cache and todo:
        cache.sweep()


def _here(jobs: Sequence[Job], task: Task) -> Iterator[Outcome]:
    from flaglift.check.working import work  # noqa: PLC0415 (it loads the parsers)

    return map(work, jobs, repeat(task))


def _several(jobs: Sequence[Job], task: Task, processes: int) -> Iterator[Outcome]:
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 (few runs are that large)

    from flaglift.check.worker import begin  # noqa: PLC0415
    from flaglift.check.working import work  # noqa: PLC0415 (forked once it is loaded)

    pool = ProcessPoolExecutor(processes, initializer=begin)
    try:
        yield from pool.map(work, jobs, repeat(task), chunksize=_CHUNK)
    finally:
        pool.shutdown(cancel_futures=True)
