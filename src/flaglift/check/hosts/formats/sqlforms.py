"""How strings are written in SQL, and the cells of COPY blocks."""

import re

from flaglift.check.hosts.formats.codec import Escaped, backslashed, character

_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "0": "\0", "Z": "\x1a"}


def _decode(raw: bytes) -> str | None:
    text = raw.decode()
    if text[0] != "\\":
        return text[0]
    if text[1] in "xuU":
        return character(text[2:]) if len(text) > 2 else None
    if text[1:].isdigit() and text != "\\0":
        return None  # a byte string, not text
    return _ESCAPES.get(text[1], text[1])


PLAIN = Escaped(
    "SQL string",
    re.compile(rb"''"),
    lambda _: "'",
    {39: "''"},
    re.compile(r"[\\\0]"),
    universal=False,
)
ESCAPED = Escaped(
    "SQL string E'",
    re.compile(
        rb"''|\\(?:x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|[\x00-\x7f])"
    ),
    _decode,
    {39: "''"} | backslashed(["\\\\", "n\n", "r\r", "t\t"]),
    re.compile("\0"),
    universal=False,
)
MYSQL = Escaped(
    "MySQL string",
    re.compile(rb"''|\"\"|\\[\x00-\x7f]"),
    _decode,
    backslashed(["''", '""', "\\\\", "n\n", "r\r"]),
    re.compile("\0"),
    universal=False,
)
DOLLAR = Escaped("SQL string $$", re.compile(rb"(?!)"), lambda _: None, {}, re.compile(r"[$\0]"),
                  universal=False)  # fmt: skip
ORACLE = Escaped("SQL string q'", re.compile(rb"(?!)"), lambda _: None, {}, re.compile(r"['\0]"),
                  universal=False)  # fmt: skip
CLOSERS = {b"[": b"]", b"{": b"}", b"(": b")", b"<": b">"}
COPIED = Escaped(
    "COPY cell",
    re.compile(rb"\\[\x00-\x7f]"),
    _decode,
    backslashed(["\\\\", "n\n", "r\r", "t\t"]),
    re.compile("\0"),
    universal=False,
)
