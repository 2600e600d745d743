"""The files in which the workers' counters are added up, in a folder of the supervisor."""

import contextlib
import os
import tempfile
from pathlib import Path

from flaglift.errors import reason

_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_RESERVED = {"counter": 256 * 1024, "histogram": 64 * 1024}
"""Bytes for the counters of a worker: more than they take, at about 300 for a set of labels."""


class CountersFolder:
    """The folder, made again if something tidies it away; removed by `close`."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def variable(self) -> dict[str, str]:
        """Return the environment variable that tells a worker of it; empty if it cannot be made."""
        if self._folder is None or not Path(self._folder.name).is_dir():
            self.close()
            with contextlib.suppress(OSError):
                self._folder = tempfile.TemporaryDirectory(prefix="flaglift-")
        return {_VARIABLE: self._folder.name if self._folder else ""}

    def close(self) -> None:
        """Remove it."""
        if self._folder is not None:
            with contextlib.suppress(OSError):
                self._folder.cleanup()
            self._folder = None


def reserve_counters() -> str:
    """Reserve the space of this worker's counters; return why that failed, if it did.

    Then they are kept in memory, and not added to those of other workers. Without that, a full disk
    would kill the process as it counts, because the library maps the files into memory. Call
    it before the library is loaded, which decides then.
    """
    folder = os.environ.pop(_VARIABLE, "")
    if not folder:
        return "there is no folder for temporary files"
    try:
        for kind, length in _RESERVED.items():
            _reserve(Path(folder, f"{kind}_{os.getpid()}.db"), length)
    except OSError as error:
        return reason(error)
    os.environ[_VARIABLE] = folder
    return ""


def _reserve(path: Path, length: int) -> None:
    """Make a file of zeros, whose blocks are there. Raises `OSError`."""
    new = path.with_suffix(".new")  # other workers must not read it before it has a beginning
    try:
        with new.open("xb") as file:
            os.posix_fallocate(file.fileno(), 0, length)
        new.rename(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
