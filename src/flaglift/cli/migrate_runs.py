"""Implements the subcommands of `flaglift migrate`, between options and reports."""

import gc
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flaglift.cli import tell
from flaglift.cli.migrate_options import job_from
from flaglift.cli.migrate_outputs import check_outputs, listing
from flaglift.errors import InputError, reason
from flaglift.files import read_regular
from flaglift.migrate.clock import now
from flaglift.migrate.control import Control
from flaglift.migrate.decision import decider_of
from flaglift.migrate.drift import DriftError, SavedPlan
from flaglift.migrate.engine import Migration
from flaglift.migrate.interruption import interruption
from flaglift.migrate.job import Job, own_version
from flaglift.migrate.limits import LoadLimits
from flaglift.migrate.opening import open_store
from flaglift.migrate.sampling import Look, Samples, Seen
from flaglift.migrate.store import MigrationRun, Store
from flaglift.migrate.tally import Tally
from flaglift.migrate.throttle import Throttle
from flaglift.migrate.undoing import open_runs, undo
from flaglift.migrate.workers import check_jobs, deciding
from flaglift.report.migration_progress import Progress

Document = dict[str, Any]
_MOST_LISTED = 20
_LARGEST_PLAN = 1 << 28
"""Bytes."""


@contextmanager
def opened(job: Job, *, write: bool, jobs: int = 1) -> Iterator[Store]:
    """Open the store of a job for the block, in which `jobs` processes decide."""
    store = open_store(job, write=write)
    # Chunks create no reference cycles, and what is loaded by now stays: the collector would scan
    # it again and again.
    gc.freeze()
    try:
        check_jobs(store, jobs, job.limit)
        yield store
    finally:
        gc.unfreeze()
        store.close()


def _opened(
    job: Job, options: Document, stack: ExitStack, *, write: bool
) -> tuple[Store, Throttle]:
    """Return a source and its pace, checked before there is anything of a run."""
    store = stack.enter_context(opened(job, write=write, jobs=options["jobs"]))
    check_outputs(job, options)
    return store, _throttle(options, store, stack)


def _throttle(options: Document, store: Store, stack: ExitStack) -> Throttle:
    most = options["max_load"], options["max_replica_lag"]
    limits = LoadLimits(store, *most, options["replica"])
    return Throttle(
        chunk_seconds=options["chunk_seconds"],
        rows_per_second=options["rows_per_second"],
        pause_file=options["pause_file"],
        control_file=options["control_file"],
        held_up=stack.enter_context(limits.watching()),
        say=tell,
    )


def _control(
    options: Document,
    pace: Throttle,
    stopped: Callable[[], bool],
    watch: Callable[[Tally, Seen], None],
) -> Control:
    """Return the control of a run, or of a plan, which skips records that cannot be read."""
    look = Look(options.get("samples"), options["refused"] is not None, options["with_text"])
    keep_going = options.get("keep_going", True)
    return Control(pace, stopped, look, watch=watch, limit=options["limit"], keep_going=keep_going)


def _document(job: Job, store: Store, tally: Tally, checks: Sequence[Document]) -> Document:
    return {
        "flaglift": own_version(),
        "source": store.name,
        "unit": store.unit,
        "step": job.step,
        "where": job.where,
        "fingerprint": job.fingerprint,
        "at": now(),
        "counts": tally.to_dict(),
        "notes": [check["sentence"] for check in checks if check["outcome"] != "pass"],
        "checks": checks,
    }


def _checks(store: Store) -> list[Document]:
    return [asdict(check) for check in store.checks()]


def plan_source(source: str, options: Document) -> tuple[Document, bool]:
    """Return the plan of a source, and whether it was read to the end."""
    job = job_from(source, options)
    samples = Samples(options["samples"])
    with ExitStack() as stack:
        store, pace = _opened(job, options, stack, write=False)
        stopped = stack.enter_context(interruption())
        listed = stack.enter_context(listing(options["refused"]))
        progress = stack.enter_context(Progress(store.name, store.total(), quiet=options["quiet"]))

        def watch(tally: Tally, seen: Seen) -> None:
            samples.add(seen.samples or Samples(0))
            tally.listed = listed.keep(seen.refused, tally.listed)
            progress.show(tally.to_dict())

        control = _control(options, pace, stopped, watch)
        ahead = stack.enter_context(deciding(job, store, control, options["jobs"]))
        migration = Migration(store, decider_of(job, store.fields), control, ahead)
        tally, finished = migration.plan()
        document = _document(job, store, tally, _checks(store))
    document |= {
        "complete": finished,
        "samples": samples.prompts,
        "problems": samples.problems,
        "refused_models": dict(samples.models),
    }
    return document, finished


Show = Callable[[Sequence[Document]], None]
"""Shows the checks made before the first change."""


def apply_source(source: str, options: Document, show: Show) -> tuple[Document, bool]:
    """Apply a migration; return the result, and whether it reached the end."""
    return apply_job(job_from(source, options), options, show)


def apply_job(job: Job, options: Document, show: Show = lambda _: None) -> tuple[Document, bool]:
    """Apply a job; return the result, and whether it reached the end."""
    planned = _planned(options["planned"], job, options["max_drift"])
    document: Document = {"drifted": None, "differences": [], "said": [], "interrupted": False}
    with ExitStack() as stack:
        store, pace = _opened(job, options, stack, write=True)
        stopped = stack.enter_context(interruption())
        checks = _checks(store)
        show(checks)
        rehearse = options["rehearse"]
        begun = store.rehearsing() if rehearse else store.writing(restart=options["restart"])
        writer = stack.enter_context(begun)
        listed = stack.enter_context(listing(options["refused"], writer.run.tally))
        progress = stack.enter_context(Progress(store.name, store.total(), quiet=options["quiet"]))

        def watch(tally: Tally, seen: Seen) -> None:  # noqa: ARG001 (listed before the checkpoint)
            progress.show(tally.to_dict())
            if planned is not None:
                planned.check(tally)

        control = _control(options, pace, stopped, watch)
        listed.follow(control)
        ahead = stack.enter_context(deciding(job, store, control, options["jobs"]))
        migration = Migration(store, decider_of(job, store.fields), control, ahead)
        finished = writer.run.state != "running"
        try:
            finished = finished or migration.apply(writer, rehearsal=rehearse)
        except DriftError as error:
            document["drifted"] = str(error)
        if finished:
            document["said"] = [*migration.finish(writer), *_arriving(migration.left, checks)]
        document |= {
            **_document(job, store, writer.run.tally, checks),
            "run": writer.run.id,
            "state": writer.run.state if finished else "stopped",
            "interrupted": control.ends(),
            "left": migration.left and _left(migration.left, migration.hidden),
        }
        if planned is not None:
            whole = finished and options["limit"] is None
            document["differences"] = planned.differences(writer.run.tally, whole=whole)
    return document, finished


def _arriving(left: Tally | None, checks: Sequence[Document]) -> list[str]:
    """Say that others write flags faster than the last passes translate them, if so."""
    if left is None or not left.translated:
        return []
    triggers = [check["sentence"] for check in checks if check["topic"] == "trigger"]
    return [
        f"records with flags keep arriving: the last pass over the source found {left.translated:,}"
        " new ones. Stop what writes them, and run the same command again"
        + "".join(f"; {sentence}" for sentence in triggers)
    ]


def _left(left: Tally, hidden: str) -> Document:
    """Return the counts from the last pass over a source, for what is still not translated."""
    return {
        "translatable": left.translated,
        "refused": left.refused,
        "unreadable": left.problems,
        "without key": left.without,
        "codes": dict(left.refusals),
        "hidden": hidden,
    }


def _planned(path: Path | None, job: Job, most: float) -> SavedPlan | None:
    if path is None:
        return None
    try:
        document = json.loads(read_regular(path, _LARGEST_PLAN))
    except OSError as error:
        raise InputError(f"{path}: {reason(error)}") from None
    except (ValueError, RecursionError):
        document = None
    try:
        return SavedPlan(document, job.fingerprint, most)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _job_of_runs(source: str, options: Document) -> tuple[Job, list[MigrationRun]]:
    """Return the job with the options kept by its newest run, and the runs to undo."""
    job = job_from(source, options)
    with opened(job, write=False) as store:
        runs = open_runs(store)
        return (job.with_options(runs[0].info, store.journal) if runs else job), runs


def verify_source(source: str, options: Document) -> tuple[list[str], list[str]]:
    """Return which checks hold and which fail, for the last run, or for all runs on a table."""
    job, runs = _job_of_runs(source, options)
    held: list[str] = []
    broken: list[str] = []
    with opened(job, write=False) as store:
        if not runs:
            raise InputError(f"{store.name}: there is no run to verify")
        # A later result for a file replaces the earlier one; the rows of a table keep all of them.
        for run in runs[:1] if store.passes_on else runs:
            good, bad = store.verify(run)
            held += good
            broken += bad
        if not store.passes_on:
            left = Migration(store, decider_of(job, store.fields), Control()).survey()
            held.append(f"{store.name}: {left.refused:,} prompts that still hold flags are refused")
            if left.translated or left.problems or left.without:
                broken.append(
                    f"{store.name}: {left.translated:,} prompts hold flags and were to be"
                    f" translated, {left.problems:,} rows cannot be read, {left.without:,} have no"
                    " key; `flaglift migrate apply` translates what the database takes"
                )
            if hidden := store.hidden():
                broken.append(f"{store.name}: {hidden}")
    return held, broken


def undo_source(source: str, options: Document) -> tuple[Document, bool]:
    """Undo all runs on a source; return the result, and whether it reached the end."""
    job, _ = _job_of_runs(source, options)
    with ExitStack() as stack:
        store = stack.enter_context(opened(job, write=True))
        stopped = stack.enter_context(interruption())
        done = undo(store, Control(_throttle(options, store, stack), stopped), options["back_to"])
        document = {
            "source": store.name,
            "unit": store.unit,
            "complete": done.complete,
            "runs": len(done.runs),
            "restored": done.restored,
            "whole": done.whole,
            "left": len(done.edited),
            "keys": done.edited[:_MOST_LISTED],
            "said": done.notes,
        }
    return document, done.complete
