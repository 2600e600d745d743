"""Storage for the bytes of a body until it is decided what to send."""

import logging
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Protocol

from flaglift.errors import reason
from flaglift.shim.core.splices import Splice, spliced

LOGGER = logging.getLogger("flaglift.shim")
_CHUNK = 65_536


class BodyStore(Protocol):
    """Takes the bytes of a body and returns them once."""

    def write(self, data: bytes) -> bool:
        """Take some bytes; return whether they are kept."""

    def read(self, splices: Sequence[Splice]) -> Iterable[bytes]:
        """Return all bytes, changed, as a tuple if they are in memory, and empty the store.

        The offsets of the splices count from the first of these bytes.
        """


class Discard:
    """Keeps nothing, for a body that is only inspected or can be read again."""

    def write(self, _: bytes) -> bool:
        """Forget the bytes."""
        return True

    def read(self, _: Sequence[Splice]) -> Iterable[bytes]:
        """Return nothing."""
        return ()


class Spool:
    """Keeps a body in memory, and anything beyond a limit (in bytes) in a temporary file.

    The file has no directory entry, so nothing of it remains even after a crash.
    """

    def __init__(self, memory: int) -> None:
        self._limit = memory
        self._memory: list[bytes] = []
        self._length = 0
        self._file: _File | None = None

    def write(self, data: bytes) -> bool:
        """Take some bytes; they are not kept if writing to disk fails."""
        self._length += len(data)
        if self._file is None and self._length <= self._limit:
            self._memory.append(data)
            return True
        try:
            if self._file is None:
                self._file = _File(b"".join(self._memory))
                self._memory.clear()
            self._file.append(data)
        except OSError as error:
            LOGGER.warning("a request's body cannot be kept on disk: %s", reason(error))
            return False
        return True

    def read(self, splices: Sequence[Splice]) -> Iterable[bytes]:
        """Return everything kept, changed, and empty the store."""
        memory, file = self._memory, self._file
        self._memory, self._file, self._length = [], None, 0
        if file is not None:
            return spliced(file.chunks(), splices)
        if not splices:
            return (b"".join(memory),)
        return tuple(spliced((b"".join(memory),), splices))


class _File:
    """A temporary file that closes with the last reference to it."""

    def __init__(self, data: bytes) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
        self._length = 0
        self.append(data)

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()

    def append(self, data: bytes) -> None:
        """Write at the end. Raises `OSError`; then `chunks` does not yield these bytes."""
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) :]
        self._length += len(data)

    def chunks(self) -> Iterator[bytes]:
        """Yield all that was written. Raises `OSError`."""
        self._file.seek(0)
        left = self._length
        while left:
            chunk = self._file.read(min(left, _CHUNK))
            if not chunk:
                raise OSError("a temporary file is shorter than what was written to it")
            left -= len(chunk)
            yield chunk
