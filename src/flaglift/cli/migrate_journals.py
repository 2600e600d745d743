"""The runs on a source and their journals: implements `status`, `runs` and `purge`."""

from flaglift.cli.migrate_options import job_from
from flaglift.cli.migrate_runs import Document, opened
from flaglift.errors import InputError
from flaglift.migrate.store import UNDER_WAY, MigrationRun, Store


def _run_document(store: Store, run: MigrationRun) -> Document:
    state = "stopped" if run.state in UNDER_WAY and not store.is_held() else run.state
    return {
        "source": store.name,
        "run": run.id,
        "state": state,
        "by": run.info.get("by"),
        "started": run.started,
        "updated": run.updated,
        "fingerprint": run.fingerprint,
        "counts": run.tally.to_dict(),
    }


def runs_of(source: str, options: Document) -> list[Document]:
    """Return the runs on a source, oldest first."""
    with opened(job_from(source, options), write=False) as store:
        return [_run_document(store, run) for run in store.runs()]


def journals_of(source: str, options: Document) -> list[Document]:
    """Return the runs on a source with the sizes of their journals in bytes, oldest first."""
    with opened(job_from(source, options), write=False) as store:
        return [
            {**_run_document(store, run), "journal_bytes": store.journal_bytes(run)}
            for run in store.runs()
        ]


def purge_source(source: str, options: Document) -> Document:
    """Delete the journals of runs; return which, and their size in bytes.

    Raises `InputError` for a run that does not exist or is in progress.
    """
    with opened(job_from(source, options), write=True) as store:
        runs = [run for run in store.runs() if run.state != "purged"]
        unknown = set(options["runs"]) - {run.id for run in runs}
        if unknown:
            raise InputError(f"{store.name}: there is no run {', '.join(sorted(unknown))}")
        day = options["before"] and options["before"].strftime("%Y-%m-%d")
        chosen = [
            run
            for run in runs
            if options["every"] or run.id in options["runs"] or (day and run.updated < day)
        ]
        for run in chosen:
            if run.state in UNDER_WAY:
                raise InputError(
                    f"{store.name}: the run {run.id} is unfinished; finish it or undo it"
                )
        freed = sum(map(store.journal_bytes, chosen))
        for run in chosen:
            store.purge(run)
        return {"source": store.name, "runs": [run.id for run in chosen], "bytes": freed}
