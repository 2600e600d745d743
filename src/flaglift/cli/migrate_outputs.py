"""The files that a plan or a run writes besides the result: reports and lists."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path
from typing import Any, BinaryIO

from flaglift.cli import tell
from flaglift.errors import InputError, reason
from flaglift.migrate.control import Control
from flaglift.migrate.job import Job
from flaglift.migrate.opening import files_of
from flaglift.migrate.tally import Tally
from flaglift.report.escaping import as_json, json_escaped

_WRITTEN = ("refused", "html", "save")
_READ = {"planned": "plan", "config": "config", "control_file": "control-file"}
"""Options that name a file to read, by the key they have in the options."""
_NAMED = {"journal": "journal", "to": "to", "overlay": "overlay", **_READ}


def check_outputs(job: Job, options: Mapping[str, Any]) -> None:
    """Raise `InputError` if a report cannot be written, or two files of the run are the same.

    Nothing was changed by then. The files are opened before the source is read, which would be
    empty afterwards.
    """
    ours = files_of(job)
    taken = [(path, what) for what, path in ours.items()]
    taken += [
        (options[key], f"the file of --{name}") for key, name in _READ.items() if options.get(key)
    ]
    if job.settings.overlay is not None:
        taken.append((job.settings.overlay, "the file of --overlay"))
    _check_distinct(ours, taken, options)
    for name in _WRITTEN:
        path = options.get(name)
        if path is None:
            continue
        if not path.parent.is_dir():
            raise InputError(f"{path}: there is no directory {path.parent} to write --{name} to")
        for other, what in taken:
            if _is_same(path, other):
                raise InputError(f"{path}: is {what}; name another file with --{name}")
        taken.append((path, f"the file of --{name}"))


def _check_distinct(
    ours: Mapping[str, Path],
    taken: Sequence[tuple[Path, str]],
    options: Mapping[str, Any],
) -> None:
    """Raise `InputError` if a file of the run is another file, too; what is only read may be."""
    for (one, what), (other, of_other) in combinations(taken, 2):
        if what in ours and _is_same(one, other):
            named = " or ".join(
                f"--{name}"
                for key, name in _NAMED.items()
                if options.get(key) and _is_same(options[key], one)
            )
            raise InputError(f"{one}: is {what} and {of_other}; name another file with {named}")


def _is_same(one: Path, other: Path) -> bool:
    """Return whether two paths lead to one file, also by a link, or will when it is written."""
    try:
        return one.samefile(other)
    except OSError:  # one of them does not exist
        return one.resolve() == other.resolve()


class RefusedList:
    """The list of refused and unreadable records, one JSON object a line."""

    def __init__(self, file: BinaryIO | None) -> None:
        """Take an open file; with None, nothing is listed."""
        self._file = file
        self._listed: set[bytes] | None = None
        self._end = 0

    def keep(self, lines: Sequence[str], at: int) -> int:
        """Write lines after the first `at` bytes, in place of what follows; return the size.

        What follows is of a chunk that was not committed.
        """
        if self._file is None:
            return 0
        if self._file.seekable():
            size = self._file.seek(0, os.SEEK_END)
            if at < size:
                self._file.truncate(self._file.seek(at))
            at = min(at, size)
        data = b"".join(_encoded(f"{line}\n") for line in lines)
        self._file.write(data)
        self._file.flush()
        return at + len(data)

    def follow(self, control: Control) -> None:
        """List what a run finds."""
        control.keep = lambda seen, at: self.keep(seen.refused, at)
        control.keep_late = lambda seen, at: self.keep_late(seen.refused, at)

    def keep_late(self, lines: Sequence[str], at: int) -> None:
        """Add the lines that are not in the list, which has `at` bytes when this is first called.

        Nothing is added to a list that cannot be read again, such as a pipe.
        """
        if self._file is None or not self._file.seekable():
            return
        if self._listed is None:
            self._end = self.keep((), at)
            with Path(self._file.name).open("rb") as file:
                self._listed = {line.rstrip(b"\n") for line in file}
        new = [line for line in lines if _encoded(line) not in self._listed]
        self._listed |= {*map(_encoded, new)}
        self._end = self.keep(new, self._end)


def _encoded(line: str) -> bytes:
    return json_escaped(line).encode()


@contextmanager
def listing(path: Path | None, done: Tally | None = None) -> Iterator[RefusedList]:
    """Yield the list at a path, which continues after what a resumed run has `done`."""
    if path is None:
        yield RefusedList(None)
        return
    at = done.listed if done is not None else 0
    whole = at > 0 and path.is_file() and path.stat().st_size >= at
    if not whole and done is not None and (done.refused or done.problems):
        tell(
            f"note: {path} may lack what the run found before it was resumed;"
            " `flaglift migrate plan --refused FILE` lists everything"
        )
    with _writing(path), path.open("ab" if whole else "wb") as file:
        yield RefusedList(file)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {reason(error)}") from None


def write_text(path: Path, text: str) -> None:
    """Write a report to a file. Raises `InputError` if that fails."""
    with _writing(path):
        path.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")


def write_document(path: Path, document: Mapping[str, Any]) -> None:
    """Write a report to a file as JSON. Raises `InputError` if that fails."""
    write_text(path, as_json(document, 1))
