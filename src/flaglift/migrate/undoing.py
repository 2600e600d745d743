"""Undoes migrations, newest first."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from flaglift.errors import InputError
from flaglift.migrate.control import Control
from flaglift.migrate.patience import Patience
from flaglift.migrate.store import MigrationRun, Store, Undoer

_OVER = ("undone", "abandoned", "purged")


@dataclass
class Undone:
    """The result of an undo."""

    restored: int = 0
    runs: list[MigrationRun] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)
    """The keys of the records that are not restored, as they were edited or deleted since."""
    whole: bool = True
    """Whether every record was restored."""
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
    patiently = Patience(control, "restored")
    runs = open_runs(store)
    names = [run.id for run in runs]
    if back_to is not None:
        if back_to not in names:
            known = f"those are {', '.join(names)}" if names else "there is none"
            raise InputError(f"{store.name}: {back_to} is not a run that can be undone; {known}")
        runs = runs[: names.index(back_to) + 1]
    for run in runs:
        with store.undoing(run) as undoer:
            if not _undo_run(undoer, control, patiently):
                done.restored += undoer.restored
                done.complete = False
                return done
            done.notes += patiently(undoer, undoer.finish)
            done.restored += undoer.restored
            done.edited += undoer.edited
            done.whole &= undoer.run.state == "undone"
        done.runs.append(run)
    return done


def _undo_run(undoer: Undoer, control: Control, patiently: Patience) -> bool:
    throttle = control.throttle
    control.wait_to_begin()
    while not control.ends():
        before, started = undoer.restored, time.monotonic()
        if not patiently(undoer, lambda: undoer.undo(throttle.rows)):
            return True
        seconds = time.monotonic() - started
        if undoer.handled.records >= throttle.rows:  # records edited since take less time
            throttle.learn(*undoer.handled, seconds)
        throttle.wait(undoer.restored - before, seconds, control.ends)
    return False
