"""Runs a task on many files: cached results first, and several processes if they pay off."""

import os
from collections.abc import Iterator, Sequence
from itertools import repeat

from flaglift.check.cache import Cache
from flaglift.check.job import FileInspection, FileJob, FileOutcome, Task
from flaglift.processes import start_worker

WORTH_A_PROCESS = 40
"""The number of files that take as long to check as a process takes to start."""

_CHUNK = 8


def recall(jobs: Sequence[FileJob], cache: Cache | None) -> list[FileInspection | None]:
    """Return the cached result for each file, if any."""
    if cache is None:
        return [None] * len(jobs)
    return [cache.get(cache.key(job), job) for job in jobs]


def run(
    jobs: Sequence[FileJob],
    known: Sequence[FileInspection | None],
    task: Task,
    cache: Cache | None = None,
    processes: int | None = None,
) -> Iterator[FileOutcome]:
    """Yield the result for each file, in order; files without a known one are checked, and cached.

    `processes` is the maximum; by default one for each core, as far as there is work for them.
    """
    todo = [job for job, inspection in zip(jobs, known, strict=True) if inspection is None]
    if processes is None:
        processes = min(os.cpu_count() or 1, len(todo) // WORTH_A_PROCESS + 1)
    fresh: Iterator[FileOutcome] = iter(())
    if todo:
        fresh = _several(todo, task, processes) if processes > 1 else _here(todo, task)
    for job, inspection in zip(jobs, known, strict=True):
        if inspection is not None:
            yield FileOutcome(job, inspection)
            continue
        outcome = next(fresh)
        if cache and not outcome.problem:
            cache.put(cache.key(job), outcome.inspection)
        yield outcome
    next(fresh, None)  # exhausted: this shuts the process pool down
    if cache and todo:
        cache.sweep()


def _here(jobs: Sequence[FileJob], task: Task) -> Iterator[FileOutcome]:
    from flaglift.check.working import work  # noqa: PLC0415 (it loads the parsers)

    return map(work, jobs, repeat(task))


def _several(jobs: Sequence[FileJob], task: Task, processes: int) -> Iterator[FileOutcome]:
    from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415 (few runs need it)

    done = 0
    while done < len(jobs):
        try:
            for outcome in _pooled(jobs[done:], task, processes, _CHUNK):
                yield outcome
                done += 1
        except BrokenProcessPool:
            # A process that dies does not say on which file: the possible ones are done one by one.
            for job in jobs[done : done + processes * _CHUNK]:
                try:
                    (outcome,) = _pooled([job], task, 1, 1)
                except BrokenProcessPool:
                    outcome = FileOutcome(job, problem=f"{job.shown}: reading it ends the process")
                yield outcome
                done += 1


def _pooled(
    jobs: Sequence[FileJob], task: Task, processes: int, chunk: int
) -> Iterator[FileOutcome]:
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 (few runs are that large)

    from flaglift.check.working import work  # noqa: PLC0415 (forked once it is loaded)

    # Files are replaced atomically: a worker may be killed at any moment.
    pool = ProcessPoolExecutor(processes, initializer=start_worker)
    try:
        yield from pool.map(work, jobs, repeat(task), chunksize=chunk)
    finally:
        pool.shutdown(cancel_futures=True)
