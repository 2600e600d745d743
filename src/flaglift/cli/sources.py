"""What the user gives a verb to read, and how it is written back."""

import os
import stat
import sys
import tempfile
from pathlib import Path

from flaglift.errors import InputError

_BOM = "\ufeff"


def read_text(argument: str) -> str:
    """Return a prompt from the command line.

    `-` stands for standard input, less a byte order mark and the last line end. Raises `InputError`
    where it is not valid UTF-8.
    """
    if argument != "-":
        return checked(argument, "the text")
    text = _decoded(standard_input(), "standard input").removeprefix(_BOM)
    return text[:-1].removesuffix("\r") if text.endswith("\n") else text


def checked(argument: str, name: str) -> str:
    """Return an argument as the text that its bytes are in UTF-8, whatever the locale.

    Raises `InputError` with the place of the first wrong byte.
    """
    return _decoded(os.fsencode(argument), name)


def standard_input() -> bytes:
    """Return all of standard input; raises `InputError` where it is closed or cannot be read."""
    if sys.stdin is None:
        raise InputError("standard input is closed")
    try:
        return sys.stdin.buffer.read()
    except OSError as error:
        raise InputError(f"standard input: {_reason(error)}") from None


def read_file(path: str) -> str:
    """Return a file's text, line ends as they are; `-` stands for standard input.

    Raises `InputError` where it is missing, a directory, unreadable or not UTF-8.
    """
    if path == "-":
        return _decoded(standard_input(), "standard input")
    try:
        return _decoded(Path(path).read_bytes(), path)
    except IsADirectoryError:
        raise InputError(f"{path}: is a directory; name the files in it") from None
    except OSError as error:
        raise InputError(f"{path}: {_reason(error)}") from None


def write_file(path: str, text: str) -> None:
    """Replace a file's text in one step: written beside, synced, renamed.

    A link stays a link, and the permissions stay. Raises `InputError` where that fails; the file is
    then as it was.
    """
    target = Path(path).resolve()
    try:
        status = target.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{path}: is no regular file, so it is not rewritten")
        handle, beside = tempfile.mkstemp(prefix=f".{target.name[:80]}.", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            if os.stat(beside).st_uid != status.st_uid or os.stat(beside).st_gid != status.st_gid:
                os.chown(beside, status.st_uid, status.st_gid)
            os.chmod(beside, stat.S_IMODE(status.st_mode))
            os.replace(beside, target)
        except BaseException:
            os.unlink(beside)
            raise
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {_reason(error)}") from None


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{name}: not UTF-8: byte {error.start} (line {line}) is 0x{data[error.start]:02x}"
        ) from None
