"""A set of files that are migrated independently: which files, and which are done.

Each file has its own run, journal and lock next to it, so it is migrated once, however many
processes try. The manifest is a folder next to the files: `job.json` names the files, and
each finished file has a commit of its own, written atomically.
"""

import glob
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Any

from flaglift.errors import InputError, reason
from flaglift.files import read_regular
from flaglift.migrate.clock import now
from flaglift.migrate.files.output import move, open_own, writing
from flaglift.migrate.files.runs import fingerprint, identity, result_path
from flaglift.migrate.files.writer import kept
from flaglift.migrate.job import Job
from flaglift.migrate.saved import check_kinds
from flaglift.migrate.tally import Tally

NAME = "flaglift.manifest"
"""The name of the manifest's folder, inside the pattern's last folder without a wildcard."""

_NAME_BYTES = 100

_LARGEST = 1 << 30
"""Bytes of a manifest's file, which may name millions."""

Document = dict[str, Any]


def matching(pattern: str, job: Job) -> tuple[Path, list[Path]]:
    """Return the folder at the start of a file pattern, and the matching files, without results.

    Raises `InputError` if no file matches, or if results would be among the sources.
    """
    folder = Path(*takewhile(lambda part: glob.escape(part) == part, Path(pattern).parts[:-1]))
    folder, to = folder.resolve(), job.to and job.to.resolve()
    if to and folder.is_relative_to(to):
        raise InputError(f"--to {job.to}: the files are in it; name another folder")
    paths = [Path(name).resolve() for name in sorted(glob.glob(pattern, recursive=True))]
    beside = replace(job, to=None)
    ours = {other for path in paths for other in (kept(path), result_path(path, beside))}
    files = [
        path
        for path in dict.fromkeys(paths)
        if path.is_file() and path not in ours and not (to and path.is_relative_to(to))
    ]
    if not files:
        raise InputError(f"{pattern}: there is no such file; quote the pattern from the shell")
    return folder, files


class Manifest:
    """The files of one job, and the outcome of each."""

    def __init__(self, folder: Path, job: Job) -> None:
        """`folder` comes from `matching`; `job.to` is an absolute folder here."""
        self.folder = folder
        self._job = job
        self._place = folder / NAME

    def job_of(self, path: Path) -> Job:
        """Return the job for one file."""
        to = self._job.to and self._job.to / path.relative_to(self.folder)
        return replace(self._job, source=str(path), to=to)

    def begin(self, files: Sequence[Path], *, restart: bool) -> list[Path]:
        """Return the files of the job: those named, and those it was begun with.

        Raises `InputError` if an unfinished job was begun with other options.
        """
        earlier = self._earlier()
        mine = fingerprint(self._job)
        if earlier is not None and earlier["fingerprint"] != mine and not restart:
            left = [name for name in earlier["files"] if not self._commit_of(Path(name)).exists()]
            if left:
                raise InputError(
                    f"{self._place}: the job of {earlier['begun']} has {len(left)} files left, and"
                    " was begun with other options or another version of flaglift; finish it with"
                    " those, or drop it with --restart"
                )
            earlier = None
        known = [] if earlier is None or restart else [Path(name) for name in earlier["files"]]
        every = list(dict.fromkeys([*known, *files]))
        with writing(self._place):
            self._place.mkdir(exist_ok=True)
        names = [str(path) for path in every]
        self._write(self._place / "job.json", {"fingerprint": mine, "begun": now(), "files": names})
        if restart:
            for path in every:
                self._commit_of(path).unlink(missing_ok=True)
        return every

    def _earlier(self) -> Document | None:
        path = self._place / "job.json"
        try:
            document = _read(path)
            check_kinds(document, {"fingerprint": (str,), "begun": (str,), "files": (list,)})
            [Path(name) for name in document["files"]]
        except FileNotFoundError:
            return None
        except OSError as error:
            raise InputError(f"{path}: {reason(error)}") from None
        except (ValueError, TypeError, LookupError, RecursionError):
            raise InputError(
                f"{path}: is not as flaglift writes it; remove it to begin the job again, in which"
                " files that are done are not migrated again"
            ) from None
        return document

    def commit(self, path: Path, document: Mapping[str, Any]) -> Document:
        """Save the outcome of a file; concurrent writers all save the same."""
        commit = {**document, "file": str(path), "state_of": self._state_of(path)}
        self._write(self._commit_of(path), commit)
        return commit

    def committed(self, path: Path) -> Document | None:
        """Return the outcome of a file; None if it is not done, or has changed since."""
        try:
            commit = _read(self._commit_of(path))
            done = commit["state_of"] == self._state_of(path)
            in_place = commit["state"] == "replaced"
            Tally.from_dict(commit["counts"])
            Path(commit["file"])
        except (OSError, InputError, ValueError, TypeError, LookupError, RecursionError):
            return None  # one that is damaged is written again: the file's own journal knows more
        return commit if done and in_place >= self._job.replace else None

    def _state_of(self, path: Path) -> Document:
        job = self.job_of(path)
        result = result_path(path, job)
        return {
            "fingerprint": fingerprint(job),
            "source": identity(path),
            "result": [str(result), identity(result)] if result.exists() else None,
        }

    def _commit_of(self, path: Path) -> Path:
        digest = hashlib.sha256(str(path).encode("utf-8", "surrogateescape")).hexdigest()
        # The name is for people, who need no more of it than every file system takes.
        name = os.fsencode(path.name)[:_NAME_BYTES].decode("utf-8", "ignore")
        return self._place / f"{name}-{digest[:16]}.json"

    def _write(self, path: Path, document: Mapping[str, Any]) -> None:
        whole = path.with_name(f".{path.name}-{os.getpid()}")
        with writing(path), open_own(whole, mode=0o666) as file:
            file.write(json.dumps(document, indent=1).encode())
            file.flush()
            os.fsync(file.fileno())
        move(whole, path)


def _read(path: Path) -> Document:
    document: Document = json.loads(read_regular(path, _LARGEST))
    return document
