"""SQL: quoted and dollar-quoted strings, and cells of COPY blocks; columns serve as keys."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from flaglift.check.hosts.base import Around, Comment, Literal, Origin
from flaglift.check.hosts.documents import per_document
from flaglift.check.hosts.formats.codec import Escaped, stripped
from flaglift.check.hosts.formats.joined import StringLiteral
from flaglift.check.hosts.formats.sqlforms import (
    CLOSERS,
    COPIED,
    DOLLAR,
    ESCAPED,
    MYSQL,
    ORACLE,
    PLAIN,
)
from flaglift.check.hosts.formats.sqljoins import Look, SqlJoins, SqlPart
from flaglift.check.hosts.formats.sqlrows import SqlRow, SqlStatement
from flaglift.check.hosts.formats.sqltables import NAME, SqlTables, names_of
from flaglift.check.hosts.prefilter import lookalikes, may_hold_flags
from flaglift.lossless.spans import Span

_WILDCARD = re.compile(rb"%")
BACKSLASH = "databases read its backslashes differently"
NAMED = "most databases take what is in double quotes for a name"
OPEN = "its quote is not closed"
OPTIONS = "the options of COPY may say otherwise how cells are written"

_TOKEN = re.compile(
    rb"(?P<comment>--[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/)?|(?P<hash>#(?![>-])[^\n]*))"
    rb"|(?P<dollar>\$(?P<tag>\w*)\$)"
    rb"|(?P<oracle>(?<![\w$])[nN]?[qQ]'(?P<opener>[!-~]))"
    rb"|(?P<escaped>[eE]'(?:[^'\\]|\\[\s\S]|'')*+'?)"
    rb"|(?P<string>(?:[nN])?'(?:[^']|'')*+'?)"
    rb"|(?P<copy>\bCOPY\s+(?P<table>[^;'$()]{1,500}?)\s*(?:\((?P<columns>[^;'$()]{1,2000})\)\s*)?"
    rb"(?<=[\s)])FROM\s+stdin\b\s*+(?P<options>(?:--[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/|'[^']*+'"
    rb"|[^;'/-]|-(?!-)|/(?!\*)){0,400}+);[^\n]*+\n)"
    rb"|(?P<name>" + NAME + rb")"
    rb"|(?P<sign>[(),;=])",
    re.IGNORECASE,
)
_PLAIN_ROW = re.compile(rb"(?:[\s,]++|'(?:[^'\\]|'')*+'(?!['\w])|-?[\w.:+]++(?!'))*+\)")
"""What follows the opening bracket of a row in which nothing can be read in two ways."""
_COMMENT = re.compile(rb"--[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/)?")
_MYSQL_STRING = re.compile(rb"'(?:[^'\\]|\\[\s\S]|'')*+'?|\"(?:[^\"\\]|\\[\s\S]|\"\")*+\"?")
_MYSQL = re.compile(rb"^(?:-- (?:MySQL|MariaDB) dump|/\*!\d+ SET|/\*M!)|ENGINE=\w", re.MULTILINE)


class _Reading(NamedTuple):
    """The content of a document."""

    literals: Sequence[Literal]
    comments: Sequence[Comment]
    doubt: int
    """The position from which databases may disagree on what is a string; -1 if they agree."""
    fits: bool
    """Whether every string is closed, and no comment looks like flags of a prompt."""


class SqlHost:
    """SQL of PostgreSQL, SQLite or MySQL; MySQL dumps are recognized by their content."""

    name = "sql"

    def literals(self, data: bytes) -> list[Literal]:
        """Return the strings, in order."""
        return list(_reading(data, every=True).literals)

    def flagged(self, data: bytes) -> list[Literal]:
        """Return them without the rows of INSERT statements and COPY blocks that hold no flag."""
        return list(_reading(data).literals)

    def comments(self, data: bytes) -> list[Comment]:
        """Return the comments, in order."""
        return list(_reading(data).comments)

    def gaps(self, data: bytes) -> Sequence[Span]:
        """Return the ranges that may or may not be inside a string."""
        doubt = _reading(data).doubt
        return [Span(doubt, len(data))] if doubt >= 0 else []

    def read(self, data: bytes, *, mysql: bool, every: bool) -> _Reading:
        """Return the content of a document as read by MySQL, or by most other databases."""
        tables = SqlTables(data, mysql=mysql)
        statement = SqlStatement(data, MYSQL if mysql else PLAIN, tables)
        joins = SqlJoins(data)
        comments: list[Comment] = []
        position, doubt, fits = 0, -1, True
        while match := _TOKEN.search(data, position):
            if match["hash"] and not (mysql or _is_comment(match)):
                # In other databases it is an operator, or begins a name.
                doubt = match.start() if doubt < 0 and _is_odd(match) else doubt
                position = match.start() + 1
                continue
            position = match.end()
            unclear = BACKSLASH if doubt >= 0 else ""
            if match["copy"]:
                comments += _comments_of(data, match)
                cells, position = self._block(data, match, tables, every=every)
                joins.literals += (replace(e, unclear=e.unclear or unclear) for e in cells)
            elif match["comment"] and doubt >= 0 and 0 in lookalikes(match[0]):
                fits = False
            elif match["comment"]:
                comments.append(_comment(match))
                joins.comment(match)
                statement.take(match)
            elif part := self._string_at(data, match, statement, mysql=mysql):
                position = max(position, part.end)
                fits = fits and part.literal.unclear != OPEN
                joins.string(part.doubted(unclear))
            else:
                joins.literals += self._named(data, match, statement)
                joins.token(match, statement.around)
                statement.take(match)
                if not every and statement.is_at_row:
                    position = joins.skip(_behind_values(data, position))
            if not mysql and doubt < 0 and match["string"] and b"\\'" in match[0]:
                doubt = match.end()  # the following quote may or may not end the string
        statement.end(len(data))
        joins.end(len(data))
        literals = sorted(joins.literals, key=lambda literal: literal.start)
        return _Reading(literals, comments, doubt, fits)

    def _string_at(
        self, data: bytes, match: re.Match[bytes], statement: SqlStatement, *, mysql: bool
    ) -> SqlPart | None:
        """Return the string literal for a token, if it is a string."""
        if mysql and data[match.start()] in b"'\"":
            string = _MYSQL_STRING.match(data, match.start()) or match
            return self._string(data, Span(*string.span()), MYSQL, statement)
        if match["oracle"] or match["dollar"]:
            return self._between(data, match, statement)
        if match["string"] or match["escaped"]:
            form = ESCAPED if match["escaped"] else PLAIN
            return self._string(data, Span(*match.span()), form, statement)
        return None

    def _named(
        self, data: bytes, match: re.Match[bytes], statement: SqlStatement
    ) -> Iterator[Literal]:
        """Yield what is in double quotes, which some databases take for a string."""
        if match[0][:1] == b'"' and may_hold_flags(match[0]):
            part = self._string(data, Span(*match.span()), PLAIN, statement)
            yield replace(part.literal, unclear=NAMED)

    def _between(self, data: bytes, opener: re.Match[bytes], statement: SqlStatement) -> SqlPart:
        """Return a string without escapes, which ends at the first closing delimiter."""
        sign = opener["opener"]
        form = ORACLE if sign else DOLLAR
        closer = CLOSERS.get(sign, sign) + b"'" if sign else opener["dollar"]
        end = data.find(closer, opener.end())
        inside = Span(opener.end(), len(data) if end < 0 else end)
        place = Span(opener.start(), min(inside.end + len(closer), len(data)))
        language = _language(data, statement.start, place)
        code = Around(Origin("code", language))
        look: Look = (lambda _: code) if language else statement.around(place.start)
        scanned = form.pieces(data, inside)
        scanned.unclear = "" if end >= 0 else OPEN
        string = StringLiteral(form, place, inside.start, scanned)
        return SqlPart(self._literal(data, string, partial(look, place)), look)

    def _string(self, data: bytes, place: Span, form: Escaped, statement: SqlStatement) -> SqlPart:
        start = place.start + (1 if data[place.start] in b"'\"" else 2)
        closed = place.end > start and data[place.end - 1] in b"'\""
        inside = Span(start, place.end - closed)
        unclear = "" if closed else OPEN
        if form is PLAIN and b"\\" in data[slice(*inside)]:
            unclear = BACKSLASH
        holes = _WILDCARD.finditer(data, *inside) if statement.is_pattern else ()
        scanned = form.pieces(data, inside, (Span(*match.span()) for match in holes))
        scanned.unclear = scanned.unclear or unclear
        look = statement.around(place.start)
        string = StringLiteral(form, place, start, scanned)
        return SqlPart(self._literal(data, string, partial(look, place)), look)

    def _literal(self, data: bytes, string: StringLiteral, look: Callable[[], Around]) -> Literal:
        return Literal(
            host=self.name,
            form=string.form,
            start=string.place.start,
            end=string.place.end,
            inside=string.inside,
            pieces=tuple(string.scanned.pieces),
            look=look,
            source=data,
            unclear=string.scanned.unclear,
        )

    def _block(
        self, data: bytes, head: re.Match[bytes], tables: SqlTables, *, every: bool
    ) -> tuple[list[Literal], int]:
        """Return the cells of a COPY block's rows, of all or of those with flags, and its end."""
        cells: list[Literal] = []
        end = head.end()
        for row, number in _copied(data, end):
            if every or may_hold_flags(data[slice(*row)]):
                cells += self._cells(data, head, row, number, tables)
            end = row.end
        return cells, end

    def _cells(
        self, data: bytes, head: re.Match[bytes], line: Span, number: int, tables: SqlTables
    ) -> Iterator[Literal]:
        columns = head["columns"] and tuple(names_of(head["columns"]))
        given = _COMMENT.sub(b"", head["options"]).strip()
        known = columns or tables.columns(".".join(names_of(head["table"])))
        row = SqlRow(data, number, known, COPIED, "", b"\\N", head.start())
        position = line.start
        for cell in data[slice(*line)].split(b"\t"):
            place = Span(position, position + len(cell))
            row.cells.append(place)
            position = place.end + 1
        for index, place in enumerate(row.cells):
            scanned = COPIED.pieces(data, place)
            scanned.unclear = scanned.unclear or (OPTIONS if given else "")
            string = StringLiteral(COPIED, place, place.start, scanned)
            yield self._literal(data, string, partial(row.look, index, place))


def _copied(data: bytes, position: int) -> Iterator[tuple[Span, int]]:
    """Yield the rows of a COPY block with their numbers, without line ends."""
    number = 0
    while position < len(data):
        end = data.find(b"\n", position)
        end = len(data) if end < 0 else end
        ending = end - data[position:end].endswith(b"\r")
        if data[position:ending] == b"\\.":
            return
        yield Span(position, ending), number
        position, number = end + 1, number + 1


def _behind_values(data: bytes, position: int) -> int:
    """Return where the row at a position closes if it holds no flag, and the position otherwise."""
    row = _PLAIN_ROW.match(data, position)
    return position if row is None or may_hold_flags(row[0]) else row.end() - 1


_ROUTINE = re.compile(rb"(?:CREATE\b[^;]{0,200}?\b(?:FUNCTION|PROCEDURE)|DO)\b", re.IGNORECASE)
_LANGUAGE = re.compile(
    rb"\bLANGUAGE\s+'?(?:pl(?=python|perl|tcl|v8))?(\w+?)[23]?u?\b", re.IGNORECASE
)
_LANGUAGES = {"v8": "javascript", "plpgsql": "sql"}


def _language(data: bytes, start: int, place: Span) -> str:
    """Return the language of a routine whose body is a dollar-quoted string; otherwise empty."""
    if start < 0 or not _ROUTINE.match(data, start, place.start):
        return ""
    end = data.find(b";", place.end)
    named = _LANGUAGE.search(data, start, place.start) or _LANGUAGE.search(
        data, place.end, end if end >= 0 else len(data)
    )
    name = named[1].decode().lower() if named else "sql"
    return _LANGUAGES.get(name, name)


def _comment(match: re.Match[bytes]) -> Comment:
    text = stripped(match[0]).removeprefix("--").strip()
    return Comment(match.start(), match.end(), text)


def _comments_of(data: bytes, head: re.Match[bytes]) -> Iterator[Comment]:
    """Yield the comments in the line, or the lines, of a `COPY` before its rows."""
    return map(_comment, _COMMENT.finditer(data, head.start("options"), head.end()))


def _is_odd(match: re.Match[bytes]) -> bool:
    return match[0].count(b"'") % 2 == 1


def _is_comment(match: re.Match[bytes]) -> bool:
    """Return whether a number sign can only begin a MySQL comment: one at the start of a line."""
    line = match.string[match.string.rfind(b"\n", 0, match.start()) + 1 : match.start()]
    return not line.strip() and (_is_odd(match) or not re.match(rb"#\w", match[0]))


@per_document(2)
def _reading(data: bytes, *, every: bool = False) -> _Reading:
    """Return the content of a document; read as MySQL if no other database can read it."""
    host = SqlHost()
    mysql = _MYSQL.search(data) is not None
    reading = host.read(data, mysql=mysql, every=every)
    if reading.doubt >= 0 and not reading.fits:
        other = host.read(data, mysql=True, every=every)
        return other if other.fits else reading
    return reading


def make(name: str) -> SqlHost:  # noqa: ARG001
    """Return the host."""
    return SqlHost()
