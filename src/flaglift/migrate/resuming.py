"""Chooses the run that an `apply` resumes: the same for every store."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from flaglift.errors import InputError
from flaglift.migrate.clock import new_id, now, who
from flaglift.migrate.job import Job
from flaglift.migrate.store import MigrationRun
from flaglift.migrate.tally import Tally

Save = Callable[[MigrationRun], None]


def new_run(
    job: Job, source: str, info: dict[str, Any], fingerprint: str | None = None
) -> MigrationRun:
    """Return a new run, with its options and the user who began it."""
    kept = {**info, **job.kept(), "by": who()}
    chosen = fingerprint or job.fingerprint
    return MigrationRun(new_id(), source, chosen, "running", None, Tally(), now(), now(), kept)


def refuse_undoing(runs: Sequence[MigrationRun], name: str) -> None:
    """Raise `InputError` if a run is being undone."""
    if any(run.state == "undoing" for run in runs):
        raise InputError(f"{name}: an undo is unfinished; run `flaglift migrate undo` first")


def refuse_other_options(run: MigrationRun, fingerprint: str, name: str) -> None:
    """Raise `InputError` if an unfinished run was begun with other options."""
    if run.fingerprint != fingerprint:
        raise InputError(
            f"{name}: the run of {run.started} is unfinished, and was begun with other options or"
            " another version of flaglift; finish it with those, or begin another with --restart"
        )


def resumed(
    runs: Sequence[MigrationRun], fingerprint: str, name: str, stop: Save, *, restart: bool
) -> MigrationRun | None:
    """Return the unfinished run among those on a source; None if a new one has to begin.

    With `restart`, unfinished ones are stopped by `stop`, which saves a run: what they wrote stays,
    and can be undone. So are runs with other options that have written nothing yet. Raises
    `InputError` if one does not fit, or is being undone.
    """
    refuse_undoing(runs, name)
    for run in [run for run in reversed(runs) if run.state == "running"]:
        if not restart and (run.cursor is not None or run.fingerprint == fingerprint):
            refuse_other_options(run, fingerprint, name)
            return run
        stop(replace(run, state="stopped", updated=now()))
    return None


def reread(runs: Sequence[MigrationRun], run: MigrationRun) -> MigrationRun:
    """Return a run as it is now: another process may have finished it before it was locked."""
    return next(each for each in runs if each.id == run.id)
