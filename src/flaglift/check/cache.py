"""Caches the findings of a file, by its content and everything else they depend on."""

import json
import os
import sys
import tempfile
import time
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from flaglift.check.job import FileInspection, FileJob, Unused
from flaglift.files import read_regular
from flaglift.report import record as records
from flaglift.report.candidates import CandidateReport

_DAYS_KEPT = 30
_DAY = 86_400.0


def default_folder() -> Path | None:
    """Return the user's folder for caches of flaglift; `FLAGLIFT_CACHE_DIR` overrides it.

    None for a user without a home folder.
    """
    named = os.environ.get("FLAGLIFT_CACHE_DIR")
    if named:
        return Path(named)
    home = os.path.expanduser("~")  # unchanged if it is unknown
    name, usual = "XDG_CACHE_HOME", os.path.join(home, ".cache")
    if sys.platform == "win32":
        name, usual = "LOCALAPPDATA", home
    base = os.environ.get(name, "")
    if not os.path.isabs(base):  # the specification of such variables rules out relative paths
        base = usual
    return Path(base) / "flaglift" if os.path.isabs(base) else None


@cache
def _program() -> str:
    """Return an identifier of this exact program: its files, and the installed dependencies."""
    package = Path(__file__).parents[1]
    newest = max(
        entry.stat().st_mtime_ns
        for folder, _, _ in os.walk(package)
        for entry in os.scandir(folder)
        if entry.is_file()
    )
    installed = [os.stat(path).st_mtime_ns for path in sys.path if path.endswith("-packages")]
    return f"{package} {newest} {installed}"


@cache
def _overlay(path: Path) -> str:
    return sha256(read_regular(path)).hexdigest()


class Cache:
    """One small file for each content that was inspected.

    If anything goes wrong with the cache, the file is inspected again.
    """

    def __init__(self, folder: Path, *, replacements: bool) -> None:
        self._folder = folder
        self._replacements = replacements

    def key(self, job: FileJob) -> str:
        """Return the key for a file with this content, checked in this way."""
        settings = job.settings
        depends = (
            _program(),
            self._replacements,
            job.host,
            os.path.splitext(job.shown)[1],
            settings,
            _overlay(settings.overlay) if settings.overlay else "",
            job.require_reason,
            job.sent,
            [(each.number, each.at, each.prompt, each.rules) for each in job.suppressions],
        )
        return sha256(repr(depends).encode() + b"\0" + job.raw).hexdigest()

    def get(self, key: str, job: FileJob) -> FileInspection | None:
        """Return the cached inspection; None if there is none."""
        path = self._path(key)
        try:
            digest, _, content = read_regular(path, follow=False).partition(b"\n")
            if digest != _digest(key, content):
                return None
            os.utime(path)
        except OSError:
            return None
        return _from_plain(json.loads(content), job)

    def put(self, key: str, inspection: FileInspection) -> None:
        """Store an inspection."""
        path = self._path(key)
        with suppress(OSError):
            # Prompts are private.
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.parent.mkdir(exist_ok=True)
            content = json.dumps(_to_plain(inspection)).encode()
            handle, beside = tempfile.mkstemp(dir=path.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(_digest(key, content) + b"\n" + content)
            os.replace(beside, path)

    def sweep(self) -> None:
        """Once a day, delete entries that were not used for a month."""
        mark = self._folder / "swept"
        with suppress(OSError):
            now = time.time()
            if mark.exists() and now - mark.stat().st_mtime < _DAY:
                return
            mark.touch()
            for path in self._folder.glob("*/*"):
                if now - path.stat().st_mtime > _DAYS_KEPT * _DAY:
                    path.unlink()

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / key[2:]


def _digest(key: str, content: bytes) -> bytes:
    """Return the digest at the start of an entry, which rejects foreign or damaged entries."""
    return sha256(key.encode() + content).hexdigest().encode()


def _to_plain(inspection: FileInspection) -> list[Any]:
    """Return an inspection as JSON-ready values, without the file's name."""
    return [
        [records.to_plain(record) for record in inspection.records],
        [each[1:] for each in inspection.candidates],
        [[each.suppression.number, each.rules] for each in inspection.unused],
    ]


def _from_plain(values: list[Any], job: FileJob) -> FileInspection:
    """Return the inspection in plain values, for the file of this job."""
    findings, candidates, unused = values
    suppressions = {each.number: each for each in job.suppressions}
    return FileInspection(
        [records.from_plain(job.shown, record) for record in findings],
        [_candidate(job, *each) for each in candidates],
        [Unused(suppressions[number], tuple(rules)) for number, rules in unused],
    )


def _candidate(job: FileJob, *values: Any) -> CandidateReport:
    report = CandidateReport(job.shown, *values)
    return report._replace(reasons=[(points, text) for points, text in report.reasons])
