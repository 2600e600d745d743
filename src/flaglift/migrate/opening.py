"""Chooses the store for a source: by the scheme of a URL, or by the name of a file."""

from pathlib import Path

from flaglift.errors import InputError, reason
from flaglift.migrate.errors import missing_extra
from flaglift.migrate.files.compression import compression_of
from flaglift.migrate.files.delimited import Delimited
from flaglift.migrate.files.format import Format
from flaglift.migrate.files.json_array import JsonArray
from flaglift.migrate.files.jsonl import JsonLines
from flaglift.migrate.files.output import named, partial
from flaglift.migrate.files.runs import result_path
from flaglift.migrate.files.store import FileStore, journal_path
from flaglift.migrate.job import Job
from flaglift.migrate.locking import lock_path
from flaglift.migrate.own.store import SCHEME, OwnStore, collection_of, own_journal
from flaglift.migrate.store import Store

_KINDS = ".jsonl, .ndjson, .json, .csv, .tsv (each also .gz or .zst), .parquet"


def is_url(source: str) -> bool:
    """Return whether a source is not a path, but a database or a custom store."""
    return "://" in source or source.startswith(("sqlite:", SCHEME))


def files_of(job: Job) -> dict[str, Path]:
    """Return the files that belong to the migration of a source that exists, by what each is."""
    if job.source.startswith(SCHEME):
        return {"the journal": own_journal(job)}
    if is_url(job.source):
        return _files_of_database(job.source)
    path = Path(job.source).resolve()
    journal = journal_path(path, job)
    result = result_path(path, job)
    return {
        "the source": path,
        "the journal": journal,
        "the lock of the journal": lock_path(journal),
        "the result": result,
        "the unfinished result": partial(result),
    }


def _files_of_database(source: str) -> dict[str, Path]:
    if not source.startswith("sqlite:"):
        return {}
    from flaglift.migrate.sql.connection import server_url  # noqa: PLC0415 (an extra)

    name = server_url(source.partition("#")[0]).database or ""
    beside = {"its rollback journal": "-journal", "its log": "-wal", "the index of its log": "-shm"}
    return {"the database": Path(name), **{w: Path(name + end) for w, end in beside.items()}}


def open_store(job: Job, *, write: bool) -> Store:
    """Return the store of a job's source.

    Raises `InputError` for an unknown kind of source, and for one that cannot be opened; what is in
    a file is looked at when it is first asked for.
    """
    if job.source.startswith(SCHEME):
        return OwnStore(job, collection_of(job.source))
    if is_url(job.source):
        try:
            from flaglift.migrate.sql.store import TableStore  # noqa: PLC0415 (an extra)
        except ModuleNotFoundError:
            raise missing_extra("sql", "a database") from None
        return TableStore(job, write=write)
    path = Path(job.source)
    try:
        exists = path.exists()
    except OSError as error:  # such as a name that is too long
        raise InputError(f"{path}: {reason(error)}") from None
    if job.source == "-" or (exists and not (path.is_file() or path.is_dir())):
        raise InputError(f"{path}: only files and databases can be migrated; give a file")
    if path.is_dir():
        raise InputError(f"{path}: is a directory; give a file")
    if not exists:
        raise InputError(f"{path}: there is no such file")
    if job.where is not None or job.json_column is not None:
        raise InputError(f"{path}: --where and --json-column are for databases")
    path = path.resolve()
    kind = _kind(path)
    if job.to is not None:
        _check_result(job.to, path, kind)
    return FileStore(job, path, kind)


def _check_result(to: Path, path: Path, kind: type[Format]) -> None:
    """Raise `InputError` if there is no place for a result, or its name is of another kind."""
    if to.is_dir():
        raise InputError(f"{to}: is a directory; name a file with --to")
    if not to.parent.is_dir():
        raise InputError(
            f"{to}: there is no folder {to.parent}; create it, or name another file with --to"
        )
    try:
        other = _kind(to)
    except InputError:  # its name says nothing
        other = kind
    if other is not kind or compression_of(to) != compression_of(path):
        ending = "".join(named(path, "x").suffixes)[2:]
        raise InputError(
            f"{to}: the result is of the kind of {path.name}, and its name has to end in {ending}"
        )


def _kind(path: Path) -> type[Format]:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes[-1:] in ([".gz"], [".zst"]):
        suffixes.pop()
    match suffixes[-1:]:
        case [".jsonl"] | [".ndjson"]:
            return JsonLines
        case [".json"]:
            return JsonArray
        case [".csv"] | [".tsv"]:
            return Delimited
        case [".parquet"] | [".pq"]:
            from flaglift.migrate.files.parquet import ParquetFormat  # noqa: PLC0415 (an extra)

            return ParquetFormat
        case _:
            raise InputError(f"{path}: its name must say what it is: {_KINDS}; or a database URL")
