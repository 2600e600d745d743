"""Reading and writing plain, gzip and zstd files by offsets in their uncompressed content."""

import gzip
import io
import os
import zlib
from pathlib import Path
from typing import Any, BinaryIO

from flaglift.errors import InputError, reason
from flaglift.migrate.errors import missing_extra

_BLOCK = 2**20
_NOT_READ = {
    "too much memory": "was compressed with a window of more than 128 MiB; `zstd -d --long=31"
    " --memory=2048MB` unpacks it, and what `zstd` makes of it then can be read",
    "dictionary mismatch": "was compressed with a dictionary, which is not part of it; unpack it"
    " with `zstd -d -D DICTIONARY` first",
}
"""Reasons why a complete frame cannot be read, by the library's message."""


def compression_of(path: Path) -> str:
    """Return `gz`, `zst` or the empty string, by the file's name."""
    suffix = path.suffix.lower()
    return suffix[1:] if suffix in (".gz", ".zst") else ""


def _zstandard() -> Any:
    try:
        import zstandard  # noqa: PLC0415 (only for the files that need it)
    except ImportError:
        raise missing_extra("zstd", "a .zst file") from None
    return zstandard


class _ZstdFile(io.RawIOBase):
    """Reads consecutive frames, and, unlike the library's reader, detects a truncated last one."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._new = _zstandard().ZstdDecompressor().decompressobj
        self._frame: Any = None
        self._ready = b""
        self._unused = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            data = self._unused or self._file.read(2**16)
            if not data:
                if self._frame is not None:
                    raise EOFError("the last frame is cut short")
                return 0
            self._frame = self._frame or self._new()
            self._ready = self._frame.decompress(data)
            self._unused = self._frame.unused_data if self._frame.eof else b""
            self._frame = None if self._frame.eof else self._frame
        taken = self._ready[: len(buffer)]
        self._ready = self._ready[len(taken) :]
        buffer[: len(taken)] = taken
        return len(taken)

    def close(self) -> None:
        self._file.close()
        super().close()


class ByteSource:
    """A file's content at any offset; seeking backward is expensive if it is compressed."""

    def __init__(self, path: Path, kind: str | None = None) -> None:
        """Take the file, compressed as its suffix says or as `kind`; reading opens it."""
        self.path = path
        self._kind = compression_of(path) if kind is None else kind
        self._opened: BinaryIO | None = None
        self._position = 0

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_opened": None}

    @property
    def _file(self) -> BinaryIO:
        if self._opened is None:
            self._opened, self._position = self._open(), 0
        return self._opened

    def _open(self) -> BinaryIO:
        try:
            if self._kind == "gz":
                return io.BufferedReader(gzip.GzipFile(self.path), _BLOCK)
            file = self.path.open("rb")
        except OSError as error:
            raise InputError(f"{self.path}: {reason(error)}") from None
        if self._kind == "zst":
            return io.BufferedReader(_ZstdFile(file), _BLOCK)
        return file

    def seek(self, offset: int) -> None:
        """Go to an offset of the content. Raises `InputError` as `read` does."""
        if self._opened is None:
            self._position = 0
        if offset == self._position:
            return
        if not self._kind:
            self._file.seek(offset)
        else:
            if offset < self._position:
                self.close()
                self._position = 0
            while self._position < offset and self.read(min(_BLOCK, offset - self._position)):
                pass
        self._position = offset

    def readline(self, limit: int) -> bytes:
        """Return the rest of the line, at most `limit` bytes; nothing at the end."""
        return self._checked(lambda: self._file.readline(limit))

    def readlines(self, most: int, size: int, limit: int) -> list[bytes]:
        """Return the next lines until there are `most`, or `size` bytes, or `limit` in one."""
        lines: list[bytes] = []

        def read() -> bytes:
            readline, left = self._file.readline, size
            while left > 0 and len(lines) < most and (line := readline(limit)):
                lines.append(line)
                left = 0 if len(line) >= limit else left - len(line)
            return b""

        position = self._position
        self._checked(read)
        self._position = position + sum(map(len, lines))
        return lines

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes; nothing at the end.

        Raises `InputError` if the file is damaged or truncated.
        """
        return self._checked(lambda: self._file.read(size))

    def _checked(self, read: Any) -> bytes:
        try:
            data: bytes = read()
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise self._damaged(error) from None
        except OSError as error:
            raise InputError(f"{self.path}: {reason(error)}") from None
        except Exception as error:
            if self._kind != "zst" or not isinstance(error, _zstandard().ZstdError):
                raise
            raise self._damaged(error) from None
        self._position += len(data)
        return data

    def _damaged(self, error: Exception) -> InputError:
        for words, meaning in _NOT_READ.items():
            if words in str(error).lower():
                return InputError(f"{self.path}: {meaning}")
        return InputError(
            f"{self.path}: cut short or damaged: {str(error).lower()} (after byte"
            f" {self._position:,} of its content)"
        )

    def close(self) -> None:
        """Close the file; reading opens it again."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None


def compressed(data: bytes, kind: str) -> bytes:
    """Return data as a complete gzip member or zstd frame; concatenated, these are a valid file."""
    if kind == "gz":
        return gzip.compress(data, 6, mtime=0)
    if kind == "zst":
        frame: bytes = _zstandard().ZstdCompressor().compress(data)
        return frame
    return data


def join_frames(frames: Path, whole: BinaryIO, like: Path) -> None:
    """Write the content of consecutive zstd frames to an empty file as one, which all readers take.

    Its header states the content size, and it has a checksum if that of `like` has one.
    """
    zstandard = _zstandard()
    with like.open("rb") as file:
        head = file.read(18)
    if not head:  # nothing at all, which is no frame
        return
    checksum = zstandard.get_frame_parameters(head).has_checksum
    source = ByteSource(frames, "zst")
    size = 0
    while block := source.read(_BLOCK):
        size += len(block)
    source.close()
    compressor = zstandard.ZstdCompressor(write_checksum=checksum).compressobj(size=size)
    while block := source.read(_BLOCK):
        whole.write(compressor.compress(block))
    whole.write(compressor.flush())
    whole.flush()
    os.fsync(whole.fileno())
    source.close()
