"""SQL: strings in quotes and dollars, and the cells of COPY blocks; the column is the key."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from flaglift.check.hosts.base import Around, Comment, Literal, Origin
from flaglift.check.hosts.formats.codec import (
    Escaped,
    ScannedLiteral,
    backslashed,
    character,
    stripped,
)
from flaglift.lossless.spans import Span

BACKSLASH = "databases read its backslashes differently"
OPEN = "its quote is not closed"

_TOKEN = re.compile(
    rb"(?P<comment>--[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/)?)"
    rb"|(?P<dollar>\$(?P<tag>\w*)\$)"
    rb"|(?P<escaped>[eE]'(?:[^'\\]|\\[\s\S]|'')*+'?)"
    rb"|(?P<string>(?:[nN])?'(?:[^']|'')*+'?)"
    rb"|(?P<copy>\bCOPY\s[^;'$]{1,2000}?\sFROM\s+stdin\b[^;\n]*;[^\n]*\n)"
    rb"|(?P<name>\"(?:[^\"]|\"\")*+\"?|`[^`]*`?|\b[A-Za-z_]\w*)"
    rb"|(?P<sign>[(),;=])",
    re.IGNORECASE,
)
_MYSQL_STRING = re.compile(rb"'(?:[^'\\]|\\[\s\S]|'')*+'?|\"(?:[^\"\\]|\\[\s\S]|\"\")*+\"?")
_MYSQL = re.compile(rb"^(?:-- (?:MySQL|MariaDB) dump|/\*!\d+ SET|/\*M!)|ENGINE=\w", re.MULTILINE)

_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "0": "\0", "Z": "\x1a"}


def _decode(raw: bytes) -> str | None:
    text = raw.decode()
    if text[0] != "\\":
        return text[0]
    if text[1] in "xuU":
        return character(text[2:]) if len(text) > 2 else None
    if text[1:].isdigit() and text != "\\0":
        return None  # bytes, not characters
    return _ESCAPES.get(text[1], text[1])


_PLAIN = Escaped(
    "SQL string",
    re.compile(rb"''"),
    lambda _: "'",
    {39: "''"},
    re.compile(r"[\\\0]"),
    universal=False,
)
_ESCAPED = Escaped(
    "SQL string E'",
    re.compile(
        rb"''|\\(?:x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|[\x00-\x7f])"
    ),
    _decode,
    {39: "''"} | backslashed(["\\\\", "n\n", "r\r", "t\t"]),
    re.compile("\0"),
    universal=False,
)
_MYSQL_FORM = Escaped(
    "MySQL string",
    re.compile(rb"''|\"\"|\\[\x00-\x7f]"),
    _decode,
    backslashed(["''", '""', "\\\\", "n\n", "r\r"]),
    re.compile("\0"),
    universal=False,
)
_DOLLAR = Escaped("SQL string $$", re.compile(rb"(?!)"), lambda _: None, {}, re.compile(r"[$\0]"),
                  universal=False)  # fmt: skip
_COPIED = Escaped(
    "COPY cell",
    re.compile(rb"\\[\x00-\x7f]"),
    _decode,
    backslashed(["\\\\", "n\n", "r\r", "t\t"]),
    re.compile("\0"),
    universal=False,
)


class SqlHost:
    """SQL of PostgreSQL, SQLite or MySQL; a dump of MySQL is known by what it says."""

    name = "sql"

    def literals(self, data: bytes) -> list[Literal]:
        """Return the strings, in order."""
        mysql = _MYSQL.search(data) is not None
        statement = _Statement()
        literals: list[Literal] = []
        position = 0
        doubt = ""
        while match := _TOKEN.search(data, position):
            here = self._at(data, match, statement, mysql=mysql)
            literals += (replace(each, unclear=each.unclear or doubt) for each in here)
            position = max([match.end(), *(each.end for each in here)])
            if not mysql and match["string"] and b"\\'" in match[0]:
                doubt = BACKSLASH  # the quote after it may end the string or not, and so all others
        return literals

    def _at(
        self, data: bytes, match: re.Match[bytes], statement: "_Statement", *, mysql: bool
    ) -> list[Literal]:
        """Return what a token is, or what comes after it: the cells of a COPY block."""
        if match["copy"]:
            return list(self._copied(data, match))
        if mysql and data[match.start()] in b"'\"":
            string = _MYSQL_STRING.match(data, match.start()) or match
            return [self._string(data, Span(*string.span()), _MYSQL_FORM, statement)]
        if match["dollar"]:
            end = data.find(match["dollar"], match.end())
            inside = Span(match.end(), len(data) if end < 0 else end)
            place = Span(match.start(), min(inside.end + len(match["dollar"]), len(data)))
            literal = self._literal(data, place, inside, _DOLLAR, statement.origin())
            return [literal if end >= 0 else replace(literal, unclear=OPEN)]
        if match["string"] or match["escaped"]:
            form = _ESCAPED if match["escaped"] else _PLAIN
            return [self._string(data, Span(*match.span()), form, statement)]
        statement.take(match)
        return []

    def _string(self, data: bytes, place: Span, form: Escaped, statement: "_Statement") -> Literal:
        start = place.start + (1 if data[place.start] in b"'\"" else 2)
        closed = place.end > start and data[place.end - 1] in b"'\""
        inside = Span(start, place.end - closed)
        unclear = "" if closed else OPEN
        if form is _PLAIN and b"\\" in data[slice(*inside)]:
            unclear = BACKSLASH
        literal = self._literal(data, place, inside, form, statement.origin())
        return replace(literal, unclear=literal.unclear or unclear)

    def _literal(
        self, data: bytes, place: Span, inside: Span, form: Escaped, origin: Origin
    ) -> Literal:
        scanned: ScannedLiteral = form.pieces(data, inside)
        return Literal(
            host=self.name,
            form=form,
            start=place.start,
            end=place.end,
            inside=inside.start,
            pieces=tuple(scanned.pieces),
            look=partial(Around, origin),
            source=data,
            unclear=scanned.unclear,
        )

    def _copied(self, data: bytes, head: re.Match[bytes]) -> Iterator[Literal]:
        columns = re.search(rb"\(([^()]*)\)", head[0])
        names = [name.strip(b' "').decode() for name in columns[1].split(b",")] if columns else []
        position = head.end()
        while position < len(data):
            end = data.find(b"\n", position)
            end = len(data) if end < 0 else end
            if data[position:end].rstrip(b"\r") == b"\\.":
                return
            start = position
            for number, cell in enumerate(data[position:end].split(b"\t")):
                place = Span(start, start + len(cell))
                key = names[number] if number < len(names) else ""
                yield self._literal(data, place, place, _COPIED, Origin("cell", key))
                start = place.end + 1
            position = end + 1

    def comments(self, data: bytes) -> list[Comment]:
        """Return the comments, in order."""
        inside = [Span(each.start, each.end) for each in reversed(self.literals(data))]
        comments = []
        for match in _TOKEN.finditer(data):
            while inside and inside[-1].end <= match.start():
                inside.pop()
            if match["comment"] and not (inside and inside[-1].start <= match.start()):
                text = stripped(match[0]).removeprefix("--").strip()
                comments.append(Comment(match.start(), match.end(), text))
        return comments


class _Statement:
    """Where in a statement the reader is: which column the next value is for."""

    def __init__(self) -> None:
        self._columns: Sequence[str] = ()
        self._named: list[str] = []
        self._last = ""
        self._key = ""
        self._depth = 0
        self._index = 0
        self._values = False

    def take(self, match: re.Match[bytes]) -> None:
        """Take a token that is no string."""
        if match["name"]:
            self._name(match["name"].strip(b'"`').decode())
        elif match["sign"] == b";":
            self._columns, self._named, self._last, self._key = (), [], "", ""
            self._depth, self._index, self._values = 0, 0, False
        elif match["sign"]:
            self._sign(match["sign"])

    def _name(self, word: str) -> None:
        if word.upper() == "VALUES" and not self._depth:
            self._columns, self._values = tuple(self._named), True
        elif self._depth == 1 and not self._values:
            self._named.append(word)
        self._last = word

    def _sign(self, sign: bytes) -> None:
        if sign == b"(":
            self._depth += 1
            if self._depth == 1:
                self._index = 0
                self._named = self._named if self._values else []
        elif sign == b")":
            self._depth = max(0, self._depth - 1)
        elif sign == b",":
            self._index += self._depth == 1
            self._key = ""
        else:
            self._key = self._last

    def origin(self) -> Origin:
        """Return the origin of the string that comes next."""
        if self._values and self._depth == 1:
            columns = self._columns
            return Origin("cell", columns[self._index] if self._index < len(columns) else "")
        return Origin("value", self._key)


def make(name: str) -> SqlHost:  # noqa: ARG001
    """Return the host."""
    return SqlHost()
