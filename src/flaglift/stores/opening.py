"""Chooses the store for a source: by the scheme of a URL, or by the name of a file."""

from pathlib import Path

from flaglift.errors import InputError
from flaglift.stores.errors import missing_extra
from flaglift.stores.files.delimited import Delimited
from flaglift.stores.files.format import Format
from flaglift.stores.files.json_array import JsonArray
from flaglift.stores.files.jsonl import JsonLines
from flaglift.stores.files.store import FileStore
from flaglift.stores.job import Job
from flaglift.stores.store import Store

_KINDS = ".jsonl, .ndjson, .json, .csv, .tsv (each also .gz or .zst), .parquet"


def is_url(source: str) -> bool:
    """Tell whether a source is a database."""
    return "://" in source or source.startswith("sqlite:")


def open_store(job: Job, *, write: bool) -> Store:
    """Return the store of a job's source.

    Raises `InputError` for a kind of source that there is not, and for one that cannot be opened.
    """
    if is_url(job.source):
        try:
            from flaglift.stores.sql.store import TableStore  # noqa: PLC0415 (an extra)
        except ModuleNotFoundError:
            raise missing_extra("sql", "a database") from None
        return TableStore(job, write=write)
    path = Path(job.source)
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name a file in it")
    if not path.exists():
        raise InputError(f"{path}: there is no such file")
    if job.where is not None or job.json_column is not None:
        raise InputError(f"{path}: --where and --json-column are for databases")
    path = path.resolve()
    return FileStore(job, path, _format(job, path))


def _format(job: Job, path: Path) -> Format:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes[-1:] in ([".gz"], [".zst"]):
        suffixes.pop()
    match suffixes[-1:]:
        case [".jsonl"] | [".ndjson"]:
            return JsonLines(job, path)
        case [".json"]:
            return JsonArray(job, path)
        case [".csv"] | [".tsv"]:
            return Delimited(job, path)
        case [".parquet"] | [".pq"]:
            from flaglift.stores.files.parquet import ParquetFormat  # noqa: PLC0415 (an extra)

            return ParquetFormat(job, path)
        case _:
            raise InputError(f"{path}: its name must say what it is: {_KINDS}; or a database URL")
