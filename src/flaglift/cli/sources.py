"""Reads the text that the user gives a command, and tells which files are its output."""

import os
import stat
import sys
from contextlib import suppress

from flaglift.errors import InputError, reason

_BOM = "\ufeff"


def read_text(argument: str) -> str:
    """Return a prompt from the command line.

    `-` stands for standard input, without a byte order mark and the last line end. Raises
    `InputError` if it is not valid UTF-8.
    """
    if argument != "-":
        return checked(argument, "the text")
    text = _decoded(standard_input(), "standard input").removeprefix(_BOM)
    return text[:-1].removesuffix("\r") if text.endswith("\n") else text


def checked(argument: str, name: str) -> str:
    """Return an argument decoded as UTF-8, whatever the locale.

    Raises `InputError` with the position of the first invalid byte.
    """
    return _decoded(os.fsencode(argument), name)


def standard_input() -> bytes:
    """Return all of standard input; raises `InputError` if it is closed or cannot be read."""
    if sys.stdin is None:
        raise InputError("standard input is closed")
    try:
        return sys.stdin.buffer.read()
    except OSError as error:
        raise InputError(f"standard input: {reason(error)}") from None


def redirected() -> list[os.stat_result]:
    """Return the files that standard output and standard error are redirected to."""
    found: list[os.stat_result] = []
    for handle in (1, 2):
        with suppress(OSError):  # it may be closed
            found.append(os.fstat(handle))
    return [status for status in found if stat.S_ISREG(status.st_mode)]


def is_one_of(path: str, files: list[os.stat_result]) -> bool:
    """Return whether a path leads to one of some files."""
    try:
        return bool(files) and any(os.path.samestat(os.stat(path), each) for each in files)
    except OSError:
        return False


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{name}: not UTF-8: byte {error.start} (line {line}) is 0x{data[error.start]:02x}"
        ) from None
