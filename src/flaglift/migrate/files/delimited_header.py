"""Reads the beginning of a delimited file: its dialect and column names."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from flaglift.errors import InputError
from flaglift.lossless.delimited import UNCLOSED, DelimitedRow, Dialect, content, row_at
from flaglift.lossless.dialects import choose
from flaglift.migrate.files.compression import ByteSource
from flaglift.migrate.job import Job
from flaglift.spelling import nearest

_BLOCK = 2**20
_PROBE = bytes(range(128)).replace(b"\\", b"") + b"\\u0041+AGE-~{\x1b$B\x0e"
"""Bytes that mean only themselves where quotes and delimiters can be found before decoding."""
_LEADS = tuple(bytes([lead]) for lead in range(0x80, 0x100))


class Header(NamedTuple):
    """The first row of a file."""

    dialect: Dialect
    end: int
    """Where the second row begins, in bytes."""
    names: list[str]


def read_header(source: ByteSource, job: Job, path: Path, dialect: Dialect | None) -> Header:
    """Read a file's header, in a known dialect or in the one that fits all of its rows.

    Raises `InputError` if it cannot be read, or if two dialects fit the file equally well.
    """
    _check(job.delimiter, job.encoding)
    if next(_blocks(source), b"").startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{path}: is UTF-16; convert it to UTF-8 first")
    dialect = dialect or _chosen(source, job, path)
    if _is_half(dialect.delimiter.encode(), job.encoding):
        raise InputError(
            f"{path}: in {job.encoding}, the delimiter {dialect.delimiter!r} can be half of a"
            " character; convert the file to UTF-8 first"
        )
    data = b""
    row: DelimitedRow | None = None
    for block in chain(_blocks(source), (b"",)):
        data += block
        row = row_at(data, dialect.start, dialect, final=not block)
        if row is not None or len(data) > job.most_bytes:
            break
    if row is None or row.fault:
        raise InputError(f"{path}: its header {row.fault if row else UNCLOSED}")
    raw = [content(data[slice(*cell)], dialect) for cell in row.cells]
    try:
        return Header(dialect, row.following, [name.decode(job.encoding) for name in raw])
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: its header is not {error.encoding}") from None


def no_column(names: list[str], name: str, delimiter: str) -> str:
    """Return the message for a column that is not among those of the first row."""
    if not any(names):
        return "its first row is empty; it has to name the columns"
    close = nearest(name, names)
    hint = f"did you mean `{close}`?" if close else f"its header reads {', '.join(names[:20])}"
    if len(names) == 1:
        hint += f"; --delimiter says what is between cells, if it is not {delimiter!r}"
    return f"has no column `{name}`; {hint}"


def _chosen(source: ByteSource, job: Job, path: Path) -> Dialect:
    tab = path.name.lower().removesuffix(".gz").removesuffix(".zst").endswith(".tsv")
    default = "\t" if tab else ","
    dialect = choose(lambda: _blocks(source), default=default, given=job.delimiter)
    if dialect.doubt:
        raise InputError(f"{path}: {dialect.doubt}; say with --delimiter which it is")
    return dialect


def _blocks(source: ByteSource) -> Iterator[bytes]:
    source.seek(0)
    while block := source.read(_BLOCK):
        yield block


def _check(delimiter: str | None, encoding: str) -> None:
    try:
        plain = _PROBE.decode(encoding)
        is_plain = plain == _PROBE.decode("ascii") and plain.encode(encoding) == _PROBE
    except LookupError:
        raise InputError(f"--encoding {encoding}: there is no such encoding") from None
    except UnicodeError:
        is_plain = False
    if not is_plain:
        raise InputError(f"--encoding {encoding}: convert the file to UTF-8 first")
    if delimiter is None:
        return
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n':
        raise InputError(f"--delimiter {delimiter!r}: must be one ASCII character, no quote")


def _is_half(delimiter: bytes, encoding: str) -> bool:
    """Return whether a delimiter can also be the second byte of a character."""
    for lead in _LEADS:
        try:
            if len((lead + delimiter).decode(encoding)) == 1:
                return True
        except UnicodeDecodeError:
            continue
    return False
