"""Runs the verbs of a migration on sources, as the command line does."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flaglift.migrate.control import Control, Decided
from flaglift.migrate.decision import decider_of
from flaglift.migrate.engine import Migration
from flaglift.migrate.job import Job
from flaglift.migrate.opening import open_store
from flaglift.migrate.store import Store
from flaglift.migrate.tally import Tally
from flaglift.migrate.throttle import Throttle
from flaglift.migrate.undoing import Undone, undo


@contextmanager
def opened(job: Job, *, write: bool = True) -> Iterator[Store]:
    store = open_store(job, write=write)
    try:
        yield store
    finally:
        store.close()


def control(**options: Any) -> Control:
    """Return a control that sizes chunks for tests, and goes on behind unreadable records."""
    chosen = {"keep_going": True, "patience": (0.01, 0.01), **options}
    if "watch" in chosen:
        seen = chosen["watch"]
        chosen["look"] = lambda chunk, decided: (chunk, decided)
        chosen["watch"] = lambda tally, looked: seen(tally, *looked)
    rows = chosen.pop("rows", 200)
    return Control(Throttle(rows=rows), **chosen)


def planned(source: str | Path, **options: Any) -> Tally:
    job, run = _job(source, options)
    with opened(job, write=False) as store:
        return Migration(store, decider_of(job, store.fields), run).plan()[0]


def applied(source: str | Path, *, restart: bool = False, **options: Any) -> Tally:
    """Apply to the end, or to where it was told to stop; return the counts."""
    job, run = _job(source, options)
    with opened(job) as store, store.writing(restart=restart) as writer:
        migration = Migration(store, decider_of(job, store.fields), run)
        if writer.run.state != "running" or migration.apply(writer):
            migration.finish(writer)
        return writer.run.tally


def undone(source: str | Path, **options: Any) -> Undone:
    job, run = _job(source, options)
    with opened(job) as store:
        return undo(store, run)


def verified(source: str | Path, **options: Any) -> tuple[list[str], list[str]]:
    job, _ = _job(source, options)
    with opened(job, write=False) as store:
        return store.verify(store.runs()[-1])


_CONTROL = ("rows", "limit", "keep_going", "stopped", "watch", "patience")


def _job(source: str | Path, options: dict[str, Any]) -> tuple[Job, Control]:
    run = control(**{name: options[name] for name in _CONTROL if name in options})
    rest = {name: value for name, value in options.items() if name not in _CONTROL}
    if "limit" in options:
        rest["limit"] = options["limit"]
    return Job(str(source), **rest), run


def deadly(_: object, decided: Sequence[Decided]) -> None:
    """Stand for a fault in machine code that one prompt brings up.

    It is here because other processes import it, and modules of tests cannot be imported by name.
    """
    if any("deadly" in each.text for record, _ in decided for each in record.prompts):
        os._exit(11)
