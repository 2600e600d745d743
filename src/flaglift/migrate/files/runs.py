"""Chooses the run that an `apply` of a file resumes, and the place of its result."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flaglift.errors import InputError, reason
from flaglift.migrate.clock import now
from flaglift.migrate.files.ledger import Ledger
from flaglift.migrate.files.output import discard, named, partial
from flaglift.migrate.job import Job
from flaglift.migrate.resuming import new_run, refuse_other_options, refuse_undoing
from flaglift.migrate.store import MigrationRun

UNFINISHED = ("running", "finishing", "replacing")


STALE = "and the file was changed since; begin again with --restart"


def identity(path: Path) -> list[int]:
    """Return what identifies a version of a file: its size and modification time."""
    try:
        stat = path.stat()
    except OSError as error:
        raise InputError(f"{path}: {reason(error)}") from None
    return [stat.st_size, stat.st_mtime_ns]


def result_path(path: Path, job: Job) -> Path:
    """Return the result's path: the one asked for, else with `.migrated` before the suffixes.

    >>> result_path(Path("a/p.jsonl.gz"), Job("a/p.jsonl.gz")).name
    'p.migrated.jsonl.gz'
    """
    if job.to is None:
        return named(path, "migrated")
    # A later verb may run in another folder, and one file has one name.
    return job.to.parent.resolve() / job.to.name


def fingerprint(job: Job) -> str:
    """Return what must match to resume a run; this includes the limit, which affects the result."""
    return job.fingerprint if job.limit is None else f"{job.fingerprint}-{job.limit}"


def begin_or_resume(
    ledger: Ledger, job: Job, path: Path, layout: Mapping[str, Any], *, restart: bool
) -> MigrationRun:
    """Return the unfinished run of a file, a finished one that is up to date, or a new one.

    Raises `InputError` if an unfinished run does not fit, or the result would overwrite a file
    that is not ours.
    """
    runs = ledger.runs()
    refuse_undoing(runs, str(path))
    result = result_path(path, job)
    for run in reversed(runs):
        if run.state in UNFINISHED and not restart and _is_ours(run, job, path, result):
            return run
        if run.state in UNFINISHED:
            _abandon(ledger, run)
        elif not restart and _complete(run, job, path, result):
            return run
    ours = [run.info for run in runs if run.state == "finished"]
    if result.exists() and not any(
        info["result"] == str(result) and info["result_id"] == identity(result) for info in ours
    ):
        raise InputError(f"{result}: is there already; name another file with --to, or remove it")
    info = {
        "source_id": identity(path),
        "result": str(result),
        "written": 0,
        "undo": None,
        **layout,
    }
    run = new_run(job, ledger.source, info, fingerprint(job))
    with ledger.saving():
        ledger.save(run)
    return run


def _complete(run: MigrationRun, job: Job, path: Path, result: Path) -> bool:
    """Return whether a run has left nothing to do: its files are as it wrote them."""
    if run.fingerprint != fingerprint(job) or run.info["source_id"] != identity(path):
        return False
    if run.state == "replaced":
        return job.to is None  # a result that was asked for has to exist
    return (
        run.state == "finished"
        and run.info["result"] == str(result)
        and result.exists()
        and run.info["result_id"] == identity(result)
    )


def _is_ours(run: MigrationRun, job: Job, path: Path, result: Path) -> bool:
    """Return whether to resume an unfinished run; one that has written nothing may differ."""
    try:
        _check(run, job, path, result)
    except InputError:
        if run.state == "running" and run.cursor is None:
            return False
        raise
    return True


def _check(run: MigrationRun, job: Job, path: Path, result: Path) -> None:
    begun = f"{path}: the run of {run.started} is unfinished"
    refuse_other_options(run, fingerprint(job), str(path))
    if run.info["result"] != str(result):
        raise InputError(f"{begun}, and writes to {run.info['result']}; --restart drops it")
    if is_stale(run, path):
        raise InputError(f"{begun}, {STALE}")


def is_stale(run: MigrationRun, path: Path) -> bool:
    """Return whether a run cannot be resumed, as it read another version of the file."""
    return run.state == "running" and run.info["source_id"] != identity(path)


def _abandon(ledger: Ledger, run: MigrationRun) -> None:
    discard(partial(Path(run.info["result"])))
    run.state, run.updated = "abandoned", now()
    with ledger.saving():
        ledger.save(run)
