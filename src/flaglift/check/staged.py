"""Reads from git what is staged of files."""

from collections import deque
from collections.abc import Iterator
from typing import IO

from flaglift.check.git_process import GitProcess
from flaglift.check.reading import CHUNK, search
from flaglift.errors import InputError


class Blobs:
    """Reads staged files from the repository of a folder, one after the other."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._process: GitProcess | None = None
        self._refusal = ""

    def read(self, blob: str, largest: int, path: str) -> bytes | None:
        """Return a blob's content; None if it is too large and contains no flag.

        Raises `InputError` if it is not in the repository, and `TooLargeError`. Once git has
        exceeded its time, all are refused, as each might take as long; with one message.
        """
        if self._refusal:
            raise InputError(self._refusal)
        if self._process is None:
            self._process = GitProcess(self._folder, "cat-file", "--batch")
        process = self._process
        try:
            with process.answering():
                return _answer(process, blob, largest, path)
        except (OSError, EOFError):
            self.close()
            if process.stopped:
                self._refusal = (
                    f"{path}: {process.stopped}, so what is staged of it and of the files after it "
                    "is not checked"
                )
                raise InputError(self._refusal) from None
            raise InputError(
                f"{path}: git cannot read what is staged of it ({blob[:12]})"
            ) from None

    def close(self) -> None:
        """End the git process."""
        if self._process:
            self._process.close()
            self._process = None


def _answer(process: GitProcess, blob: str, largest: int, path: str) -> bytes | None:
    """Read a blob as `Blobs` does; raises `OSError` or `EOFError` if git ends meanwhile."""
    process.ask(f"{blob}\n".encode())
    head = process.answers.readline().split()
    if head[1:] == [b"missing"]:
        raise InputError(f"{path}: git does not hold what is staged of it ({blob[:12]})")
    if head[1:2] != [b"blob"]:
        raise EOFError  # what follows is no answer
    size = int(head[2])
    if size <= largest:
        return b"".join(_blocks(process.answers, size, size + 1))[:size]
    blocks = _blocks(process.answers, size, CHUNK)
    try:
        search(blocks, path, size, largest)
    finally:
        deque(blocks, maxlen=0)  # the next answer comes after the rest
    return None


def _blocks(answers: IO[bytes], size: int, length: int) -> Iterator[bytes]:
    """Yield a content of `size` bytes with the line end after it, in blocks."""
    left = size + 1
    while left:
        block = answers.read(min(length, left))
        if not block:
            raise EOFError
        left -= len(block)
        yield block
