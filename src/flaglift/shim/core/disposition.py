"""The headers of a part in a multipart form (RFC 7578, section 4)."""

import re
from functools import lru_cache
from typing import NamedTuple

from flaglift.shim.core.record import Reason
from flaglift.shim.core.refusal import Doubt


class PartHeader(NamedTuple):
    """What a part's headers say."""

    name: str
    filename: str | None
    """None for a field; "" where the client chose no file."""
    is_text: bool
    """Whether the content, as a field's value, is UTF-8 text."""


_NAME = re.compile(rb'form-data *; *name="([^"\\%\r\n]*)"(.*)', re.DOTALL | re.IGNORECASE)
_FILENAME = re.compile(rb' *; *filename=(?:"((?:[^"\\]|\\.)*)"|([^\s";,\\]*))', re.IGNORECASE)
_FILENAME_EXTENDED = re.compile(rb" *; *filename\*=([^\s;\",\\]*)", re.IGNORECASE)
_ANOTHER_NAME = re.compile(rb"(?<!file)name\s*\*?[0-9*]*\s*=", re.IGNORECASE)
_TEXT = re.compile(rb"text/plain *(?:; *charset *= *\"?utf-8\"?)? *", re.IGNORECASE)
_NO_ENCODING = (b"7bit", b"8bit", b"binary")


def read_head(head: bytes) -> PartHeader:
    """Return what the head of a part says, its delimiter line included.

    Raises `Doubt` for headers that parsers read differently: no or two Content-Dispositions, a name
    unquoted or with escapes, `name*`, folded lines, an encoding of the content.
    """
    headers = head[head.index(b"\r\n", 2) + 2 : -4]
    return _remembered(headers) if len(headers) <= _MOST_REMEMBERED else _read_headers(headers)


def _read_headers(lines: bytes) -> PartHeader:
    headers: dict[bytes, bytes] = {}
    for line in lines.split(b"\r\n"):
        key, colon, value = line.partition(b":")
        key = key.lower()
        if not colon or key != key.strip() or not key or key in headers or b"\0" in line:
            raise Doubt(Reason.ODD_PART)
        if b"\r" in value or b"\n" in value:
            raise Doubt(Reason.ODD_PART)
        headers[key] = value.strip(b" \t")
    name, filename = _read_disposition(headers.get(b"content-disposition", b""))
    if headers.get(b"content-transfer-encoding", b"binary").lower() not in _NO_ENCODING:
        raise Doubt(Reason.ODD_PART)
    media_type = headers.get(b"content-type")
    is_text = media_type is None or _TEXT.fullmatch(media_type) is not None
    return PartHeader(name, filename, is_text)


_MOST_REMEMBERED = 200
"""The longest headers that are remembered, in bytes: programs send the same ones every time."""
_remembered = lru_cache(maxsize=256)(_read_headers)


def _read_disposition(value: bytes) -> tuple[str, str | None]:
    match = _NAME.fullmatch(value)
    if match is None or _ANOTHER_NAME.search(match[2]):
        raise Doubt(Reason.ODD_PART)
    try:
        name = match[1].decode()
    except UnicodeDecodeError:
        raise Doubt(Reason.INVALID_UTF8) from None
    return name, _read_filename(match[2])


def _read_filename(rest: bytes) -> str | None:
    """Return what follows the name, which must be nothing or a filename in one or both forms."""
    filename: bytes | None = None
    plain = _FILENAME.match(rest)
    if plain:
        filename = plain[1] if plain[1] is not None else plain[2]
        rest = rest[plain.end() :]
    extended = _FILENAME_EXTENDED.match(rest)
    if extended:
        filename = filename or extended[1]
        rest = rest[extended.end() :]
    if rest.strip(b" ;"):
        raise Doubt(Reason.ODD_PART)
    return None if filename is None else filename.decode(errors="replace")
