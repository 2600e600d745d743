"""`flaglift migrate apply --engine spark`: many files, each as a task of a Spark job."""

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from flaglift.cli.migrate_options import job_from
from flaglift.cli.migrate_runs import Document, apply_job
from flaglift.errors import FlagliftError, InputError
from flaglift.migrate.errors import LockedError
from flaglift.migrate.job import Job
from flaglift.migrate.manifest import Manifest, matching
from flaglift.migrate.opening import is_url
from flaglift.migrate.tally import Tally

_OF_ONE_FILE = ("journal", "planned", "limit", "refused", "sample")
_MOST_LISTED = 20
_WAIT_SECONDS = 600.0
"""How long a task waits for another one on the same file, which was assumed lost."""
_POLL_SECONDS = 0.5


def apply_files(pattern: str, options: Document) -> Document:
    """Migrate the files that match a pattern, as Spark tasks; return the result.

    Files that are already done are skipped. Raises `InputError` if the job ends before all files
    are done, with advice on what to do.
    """
    from flaglift.columns.spark import each

    if is_url(pattern):
        raise click.UsageError("--engine spark is for files; a table is migrated by one process")
    if options["jobs"] > 1:
        raise click.UsageError("--jobs is for one file; Spark is told how many tasks it may run")
    for name in _OF_ONE_FILE:
        if options[name] is not None:
            raise click.UsageError(f"--{name.removesuffix('ned')} is for one file, not for many")
    job = _absolute(job_from(pattern, options))
    folder, files = matching(pattern, job)
    manifest = Manifest(folder, job)
    files = manifest.begin(files, restart=options["restart"])
    done = {path: commit for path in files if (commit := manifest.committed(path))}
    left = [path for path in files if path not in done]
    watched = {
        name: options[name] and options[name].resolve() for name in ("pause_file", "control_file")
    }
    chosen = {**options, "quiet": True, **watched}
    try:
        reports = each(left, partial(migrate_one, manifest, chosen), options["master"])
    except RuntimeError as error:
        count = sum(manifest.committed(path) is not None for path in files)
        raise InputError(
            f"{pattern}: the Spark job ended with {count} of {len(files)} files done; run"
            f" the same command again to resume: {error}"
        ) from None
    return _document(pattern, [*done.values(), *reports])


def _absolute(job: Job) -> Job:
    """Return a job that can be sent to a process with another working directory."""
    overlay = job.settings.overlay
    return replace(
        job,
        to=job.to and job.to.resolve(),
        targets=dict(job.targets),
        settings=replace(job.settings, overlay=overlay and overlay.resolve()),
    )


def migrate_one(manifest: Manifest, options: Mapping[str, Any], path: Path) -> Document:
    """Migrate one file to its end in this process; return its commit, or its error.

    Idempotent and safe to run in several processes at the same time: the file's lock and journal
    ensure that it is migrated once.
    """
    job = manifest.job_of(path)
    done = manifest.committed(path)
    if done is not None:
        return done
    try:
        if job.to is not None:
            job.to.parent.mkdir(parents=True, exist_ok=True)
        until = time.monotonic() + _WAIT_SECONDS
        while True:
            try:
                document, finished = apply_job(job, dict(options))
                break
            except LockedError:
                if time.monotonic() > until:
                    raise
                time.sleep(_POLL_SECONDS)
    except (FlagliftError, OSError) as error:
        return {"file": str(path), "error": str(error)}
    if not finished:
        raise RuntimeError(f"{path}: stopped before the end")
    return manifest.commit(path, document)


def _document(pattern: str, commits: list[Document]) -> Document:
    failed = [commit for commit in commits if "error" in commit]
    total = Tally()
    for commit in commits:
        if "error" not in commit:
            total = total.plus(Tally.from_dict(commit["counts"]))
    said = [commit["error"] for commit in failed[:_MOST_LISTED]]
    if failed[_MOST_LISTED:]:
        said.append(f"and {len(failed) - _MOST_LISTED} more files that could not be migrated")
    return {
        "source": pattern,
        "run": f"of {len(commits)} files",
        "state": "unfinished" if failed else "finished",
        "counts": total.to_dict(),
        "said": said,
        "failed": failed,
        "files": [commit["file"] for commit in commits],
        "differences": [],
        "drifted": None,
    }
