"""The files that a plan or a run writes besides the result: reports and lists."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from flaglift.errors import InputError, reason
from flaglift.migrate.job import Job
from flaglift.migrate.opening import files_of

_WRITTEN = ("refused", "html", "save")
_READ = {"planned": "plan", "config": "config", "control_file": "control-file"}
"""Options that name a file to read, by the key they have in the options."""


def check_outputs(job: Job, options: Mapping[str, Any]) -> None:
    """Raise `InputError` if a report would overwrite the source, its journal or another file.

    These files are opened before the source is read: it would be empty by then.
    """
    taken = [(path, what) for what, path in files_of(job).items()]
    taken += [
        (options[key], f"the file of --{name}") for key, name in _READ.items() if options.get(key)
    ]
    if job.settings.overlay is not None:
        taken.append((job.settings.overlay, "the file of --overlay"))
    for name in _WRITTEN:
        path = options.get(name)
        if path is None:
            continue
        for other, what in taken:
            if _is_same(path, other):
                raise InputError(f"{path}: is {what}; name another file with --{name}")
        taken.append((path, f"the file of --{name}"))


def _is_same(one: Path, other: Path) -> bool:
    """Return whether two paths lead to one file, also by a link, or will when it is written."""
    try:
        return one.samefile(other)
    except OSError:  # one of them does not exist
        return one.resolve() == other.resolve()


@contextmanager
def listing(path: Path | None) -> Iterator[Callable[[Sequence[str]], None]]:
    """Yield a function that writes the refused and unreadable records of a chunk to a file."""
    if path is None:
        yield lambda lines: None  # noqa: ARG005
        return
    with _written(path) as file:
        yield lambda lines: file.writelines(f"{line}\n" for line in lines)


@contextmanager
def _written(path: Path) -> Iterator[TextIO]:
    try:
        with path.open("w", encoding="utf-8", errors="backslashreplace") as file:
            yield file
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {reason(error)}") from None


def tell(path: Path, text: str) -> None:
    """Write a report to a file. Raises `InputError` if that fails."""
    with _written(path) as file:
        file.write(text + "\n")


def tell_document(path: Path, document: Mapping[str, Any]) -> None:
    """Write a report to a file as JSON. Raises `InputError` if that fails."""
    tell(path, json.dumps(document, ensure_ascii=False, indent=1))
