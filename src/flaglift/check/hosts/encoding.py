"""Files in other encodings: declared ones are honored, undeclared ones are reported."""

import codecs
import re
from bisect import bisect_right
from dataclasses import dataclass

from flaglift.errors import InputError
from flaglift.lossless.spans import Span

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins like the mark of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_EVERY_MARK = tuple(mark for mark, _ in _MARKS)
_COOKIE = re.compile(rb"\A(?:[^\n]*\n)?[ \t\f]*#[^\n]*?coding[:=][ \t]*([-\w.]+)")
"""A comment in one of the first two lines, as Python (PEP 263) and Ruby read it."""

_WITH_COOKIE = (".py", ".pyi", ".rb")


def as_utf8(raw: bytes) -> bytes:
    """Return a file's content as UTF-8 if a mark names another encoding, to search in it."""
    if not raw.startswith(_EVERY_MARK):
        return raw
    encoding = next(name for mark, name in _MARKS if raw.startswith(mark))
    return raw if encoding == "utf-8" else raw.decode(encoding, "replace").encode()


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text as UTF-8 without a byte order mark, and what is needed to write it back."""

    data: bytes
    encoding: str
    mark: bytes

    def restore(self, data: bytes) -> bytes:
        """Return the bytes of the file if its text is `data`.

        Raises `UnicodeEncodeError` if the file's encoding lacks a character.
        """
        if self.encoding == "utf-8":
            return self.mark + data
        return self.mark + data.decode().encode(self.encoding)


def decode(raw: bytes, suffix: str = "") -> Decoded:
    r"""Return a file's content as UTF-8; a byte order mark or a declaration names its encoding.

    Raises `InputError`, without the file's name, for binary files, for what is not in the encoding
    declared, and for what is not UTF-8 and declares nothing.

    >>> decode(b"\xef\xbb\xbfa").data
    b'a'
    >>> decode("# coding: latin-1\n'é'".encode("latin-1"), ".py").data.decode()
    "# coding: latin-1\n'é'"
    """
    mark, encoding = next(
        ((mark, name) for mark, name in _MARKS if raw.startswith(mark)), (b"", "utf-8")
    )
    cookie = _COOKIE.match(raw) if suffix in _WITH_COOKIE and not mark else None
    if cookie:
        encoding = _named(cookie[1].decode())
    body = raw[len(mark) :]
    if b"\0" in raw and not encoding.startswith(("utf-16", "utf-32")):
        raise InputError("is binary, so it is not read")
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start + len(mark)) + 1
        place = f"byte {error.start + len(mark)} (line {line})"
        hint = "" if mark or cookie else ", and no other encoding is declared"
        raise InputError(f"not {encoding.upper()}: {place}{hint}") from None
    decoded = Decoded(body if encoding == "utf-8" else text.encode(), encoding, mark)
    if decoded.restore(decoded.data) != raw:
        raise InputError(f"{encoding} has several spellings of its text, so it is not read")
    return decoded


def _named(name: str) -> str:
    try:
        b"#".decode(name)  # there are codecs that decode to no text
        return codecs.lookup(name).name
    except LookupError:
        raise InputError(f"declares an unknown encoding, {name}") from None


_NOT_ASCII = re.compile(r"[^\x00-\x7f]{1,100}+")
"""Some of it at a time: a place in such a run is found by encoding it."""


class ByteOffsets:
    """The bytes at which the code points of a text begin.

    >>> offsets = ByteOffsets("é😀x")
    >>> [offsets[number] for number in range(4)]
    [0, 2, 6, 7]
    >>> offsets.code_points(Span(2, 7))
    Span(start=1, end=3)
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._runs = [0]
        """Where non-ASCII runs begin and end, in code points."""
        self._bytes = [0]
        """The same in bytes."""
        for match in _NOT_ASCII.finditer(text):
            start = self._bytes[-1] + match.start() - self._runs[-1]
            self._runs += match.span()
            self._bytes += (start, start + len(match[0].encode()))

    def __getitem__(self, index: int) -> int:
        number = bisect_right(self._runs, index) - 1
        start = self._runs[number]
        # Every second one is the end of a run, after which each code point is one byte.
        inside = len(self._text[start:index].encode()) if number % 2 else index - start
        return self._bytes[number] + inside

    def code_points(self, span: Span) -> Span:
        """Return the code points that begin in a range of the text's bytes."""
        return Span(self._code_point(span.start), self._code_point(span.end))

    def _code_point(self, offset: int) -> int:
        number = bisect_right(self._bytes, offset) - 1
        start, inside = self._runs[number], offset - self._bytes[number]
        if number % 2:
            run = self._text[start : self._runs[number + 1]].encode()
            inside = len(run[:inside].decode())
        return start + inside
