"""Undoes migrations, newest first."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from flaglift.errors import InputError
from flaglift.migrate.control import Control
from flaglift.migrate.errors import UnavailableError
from flaglift.migrate.store import MigrationRun, Store, Undoer

_OVER = ("undone", "abandoned", "purged")


@dataclass
class Undone:
    """The result of an undo."""

    restored: int = 0
    runs: list[MigrationRun] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    complete: bool = True
    """Whether it reached the end rather than being stopped by the user."""


def open_runs(store: Store) -> list[MigrationRun]:
    """Return the runs that can be undone, newest first."""
    return open_among(store.runs())


def open_among(runs: Sequence[MigrationRun]) -> list[MigrationRun]:
    """Return those of the runs on a source, oldest first, that can be undone, newest first."""
    return [run for run in reversed(runs) if run.state not in _OVER]


def undo(store: Store, control: Control, back_to: str | None = None) -> Undone:
    """Undo all runs, or those from the newest to the one named `back_to`.

    Raises `UnavailableError` when the store does not come back, `InputError` for an unknown run.
    """
    done = Undone()
    runs = open_runs(store)
    names = [run.id for run in runs]
    if back_to is not None:
        if back_to not in names:
            known = f"those are {', '.join(names)}" if names else "there is none"
            raise InputError(f"{store.name}: {back_to} is not a run that can be undone; {known}")
        runs = runs[: names.index(back_to) + 1]
    for run in runs:
        with store.undoing(run) as undoer:
            if not _undo_run(undoer, control):
                done.restored += undoer.restored
                done.complete = False
                return done
            done.notes += _finish(undoer, control)
            done.restored += undoer.restored
        done.runs.append(run)
    return done


def _undo_run(undoer: Undoer, control: Control) -> bool:
    throttle = control.throttle
    waits = iter(control.patience)
    control.wait_to_begin()
    while not control.ends():
        before, started = undoer.restored, time.monotonic()
        try:
            more = undoer.undo(throttle.rows)
        except UnavailableError as error:
            _find_again(undoer, control, waits, error)
            continue
        if not more:
            return True
        waits = iter(control.patience)
        seconds = time.monotonic() - started
        if undoer.handled.records >= throttle.rows:  # records edited since take less time
            throttle.learn(*undoer.handled, seconds)
        throttle.wait(undoer.restored - before, seconds, control.ends)
    return False


def _finish(undoer: Undoer, control: Control) -> list[str]:
    waits = iter(control.patience)
    while True:
        try:
            return undoer.finish()
        except UnavailableError as error:
            _find_again(undoer, control, waits, error)


def _find_again(
    undoer: Undoer, control: Control, waits: Iterator[float], error: UnavailableError
) -> None:
    """Connect again after the next wait, or the one after it if the store is still away."""
    for seconds in waits:
        control.throttle.sleep(seconds)
        try:
            undoer.reconnect()
        except UnavailableError as newer:
            error = newer
        else:
            return
        if control.ends():
            break
    raise UnavailableError(f"{error}; run the same command again to resume")
