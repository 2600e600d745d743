"""The headers of a part in a multipart form (RFC 7578, section 4)."""

import re
from functools import lru_cache
from typing import NamedTuple

from flaglift.shim.core.record import Reason
from flaglift.shim.core.refusal import Doubt


class Length(NamedTuple):
    """A part's Content-Length, and where its digits are, counted from the part's first header."""

    start: int
    end: int
    value: int


class PartHeader(NamedTuple):
    """The information in a part's headers."""

    name: str
    filename: str | None
    """None for a field; "" if the client chose no file."""
    is_text: bool
    """Whether the content, as a field's value, is text in UTF-8 or an ASCII-compatible charset."""
    is_ascii: bool
    """Whether it is valid UTF-8 only if it is pure ASCII."""
    length: Length | None
    """The content's length in bytes, as declared by the client."""
    is_bound: bool
    """Whether a header, such as a digest, is valid only for the original content."""


ASCII_FOR_ASCII = rb"us-ascii|ascii|iso-?8859-[0-9]{1,2}|latin-?1|windows-125[0-9]|cp125[0-9]"
"""A regex for names of charsets in which ASCII text is the same as in UTF-8."""

# .NET writes a name without quotes if it is a token; with brackets in it, parsers disagree on it.
_NAME = re.compile(
    rb'form-data *; *name=(?:"([^"\\%\r\n]*)"|([0-9A-Za-z_.-]+)(?![^ ;]))(.*)',
    re.DOTALL | re.IGNORECASE,
)
_FILENAME = re.compile(rb' *; *filename=(?:"((?:[^"\\]|\\.)*)"|([^\s";,\\]*))', re.IGNORECASE)
_FILENAME_EXTENDED = re.compile(rb" *; *filename\*=([^\s;\",\\]*)", re.IGNORECASE)
_ANOTHER_NAME = re.compile(rb"(?<!file)name\s*\*?[0-9*]*\s*=", re.IGNORECASE)
_TEXT = re.compile(
    rb"text/plain *(?:; *charset *= *(\"?)(?:utf-?8|(%b))\1)? *;?" % ASCII_FOR_ASCII, re.IGNORECASE
)
_NO_ENCODING = {b"7bit": True, b"8bit": False, b"binary": False}
"""Transfer encodings that leave the content as it is, and whether it must be ASCII then."""
_FREE = frozenset(
    b"content-disposition content-type content-transfer-encoding content-length content-id"
    b" content-language content-location content-description".split()
)
"""Headers that are valid for any content, or are checked here."""
_BOUND = re.compile(rb"content-|digest|md5|sha|checksum|crc|signature|hmac|length|size|etag")


def headers_start(head: bytes) -> int:
    """Return where the first header begins in the head of a part, after its delimiter line."""
    return head.index(b"\r\n", 2) + 2


def read_headers(headers: bytes) -> PartHeader:
    """Parse the headers of a part, without the line end of the last one.

    Raises `Doubt` for headers that parsers read differently: no or two Content-Dispositions, a name
    with escapes, or unquoted and no token, `name*`, folded lines, an encoding of the content.
    """
    return _remembered(headers) if len(headers) <= _MOST_REMEMBERED else _read_headers(headers)


def _read_headers(lines: bytes) -> PartHeader:
    headers: dict[bytes, bytes] = {}
    length: Length | None = None
    at = 0
    for line in lines.split(b"\r\n"):
        key, colon, value = line.partition(b":")
        key = key.lower()
        if not colon or key != key.strip() or not key or key in headers or b"\0" in line:
            raise Doubt(Reason.ODD_PART)
        if b"\r" in value or b"\n" in value:
            raise Doubt(Reason.ODD_PART)
        headers[key] = value.strip(b" \t")
        if key == b"content-length":
            length = _read_length(line, at)
        at += len(line) + 2
    name, filename = _read_disposition(headers.get(b"content-disposition", b""))
    encoding = headers.get(b"content-transfer-encoding", b"binary").lower()
    if encoding not in _NO_ENCODING or headers.pop(b"content-encoding", b"identity") != b"identity":
        raise Doubt(Reason.ODD_PART)
    text = _TEXT.fullmatch(headers.get(b"content-type", b"text/plain"))
    is_ascii = _NO_ENCODING[encoding] or (text is not None and text[2] is not None)
    is_bound = any(key not in _FREE and _BOUND.search(key) for key in headers)
    return PartHeader(name, filename, text is not None, is_ascii, length, is_bound)


_MOST_REMEMBERED = 200
"""The longest headers that are cached, in bytes: programs send the same ones every time."""
_remembered = lru_cache(maxsize=256)(_read_headers)


def _read_length(line: bytes, at: int) -> Length:
    digits = line.partition(b":")[2].strip(b" \t")
    if not digits.isdigit() or len(digits) > 18:
        raise Doubt(Reason.ODD_PART)
    start = at + line.rindex(digits)
    return Length(start, start + len(digits), int(digits))


def _read_disposition(value: bytes) -> tuple[str, str | None]:
    match = _NAME.fullmatch(value)
    if match is None or _ANOTHER_NAME.search(match[3]):
        raise Doubt(Reason.ODD_PART)
    try:
        name = (match[2] or match[1]).decode()
    except UnicodeDecodeError:
        raise Doubt(Reason.INVALID_UTF8) from None
    return name, _read_filename(match[3])


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
