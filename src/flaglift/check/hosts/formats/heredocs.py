"""Here-documents of shell scripts, and the script as it would be without them.

The grammar takes what follows a delimiter for part of it (`cat <<EOF; echo x`, `(cat <<EOF) > f`),
does not find the end then, and takes the rest of the script for the document. So the documents are
found by their delimiters, one after the other, and the grammar reads `cat < EOF; echo x`.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tree_sitter import Node

from flaglift.check.hosts.documents import per_document
from flaglift.check.hosts.formats.codec import Escaped, ScannedLiteral
from flaglift.check.hosts.formats.parents import ancestors
from flaglift.check.hosts.formats.shellwords import expansion_end
from flaglift.check.hosts.formats.trees import is_broken, nodes
from flaglift.check.hosts.patience import TooLongError
from flaglift.lossless.spans import Span

_MODULE = "tree_sitter_bash"
_OPERATOR = re.compile(rb"<<-?[ \t]*\Z")
_DELIMITER = re.compile(rb"(?:\\[\s\S]|'[^']*'|\"[^\"]*\"|[^ \t\n;&|<>()\\'\"])+")
_LINE_END = re.compile(rb"(?:[^\\\n]|\\[\s\S])*+\n")
_MARKED = re.compile(rb"\\[\s\S]|(?P<hole>\$[\w{(@*#?!$-]|`)")
_BEGINNING = re.compile(rb"(?<!<)<<-?[ \t]*(?=[\\'\"\w])")
_MOST_IN_LINE = 50
"""How many here-documents may begin on one line: the parser takes the square of their number."""
_MOST_ROUNDS = 200
"""How often to reparse a script after a document whose end the grammar does not find."""
_MOST_TRIES = 20
"""How often to reparse it for comments in backticks: each time, more of them are seen."""


@dataclass(frozen=True)
class HereDocument:
    """A here-document: its delimiter after `<<`, and its lines."""

    data: bytes
    delimiter: Span
    dashed: bool
    body: Span
    end: int
    """The offset after the line with its end delimiter."""

    @property
    def form(self) -> Escaped:
        """How its text is written."""
        return _form(quoted=self._quoted, dashed=self.dashed)

    @property
    def is_open(self) -> bool:
        """Whether nothing ends it, so that it reaches to the end of the script."""
        return self.body.end == self.end

    @property
    def _quoted(self) -> bool:
        return re.search(rb"[\\'\"]", self.data[slice(*self.delimiter)]) is not None

    def scan(self) -> ScannedLiteral:
        """Return its decoded text."""
        return self.form.pieces(self.data, self.body, list(self.holes()))

    def holes(self) -> Iterator[Span]:
        """Yield the expansions in it; a backslash before one makes it text."""
        position = len(self.data) if self._quoted else self.body.start
        while match := _MARKED.search(self.data, position, self.body.end):
            position = match.end()
            if match["hole"]:
                end = expansion_end(self.data, match.start(), quoted=True)
                position = min(end, self.body.end)
                yield Span(match.start(), position)


def refuse_crowded(data: bytes) -> None:
    """Raise `TooLongError` for a script with a line that may begin too many here-documents."""
    for line in data.split(b"\n") if data.count(b"<<") > _MOST_IN_LINE else ():
        if len(_BEGINNING.findall(line)) > _MOST_IN_LINE:
            raise TooLongError(
                f"begins more than {_MOST_IN_LINE} here-documents on one line, so it is not checked"
            )


@per_document(8)
def split(data: bytes) -> tuple[tuple[HereDocument, ...], bytes]:
    """Return the here-documents of a script, in order, and the script without them.

    The script keeps its length and offsets: with redirections for the documents, and blank lines
    for their text, except for the commands in it. Raises `TooLongError`.
    """
    refuse_crowded(data)
    documents: list[HereDocument] = []
    script = data
    tries = 0
    for _ in range(_MOST_ROUNDS):
        more = list(_next(data, script, documents[-1] if documents else None))
        documents += more
        tries += not more
        changed = _without(script, more) if more else _with_ended_comments(script)
        if changed == script or tries > _MOST_TRIES:
            break
        script = changed
    return tuple(sorted(documents, key=lambda each: each.delimiter)), script


def _next(data: bytes, script: bytes, last: HereDocument | None) -> Iterator[HereDocument]:
    """Yield the next here-documents, up to one that the grammar may not find the end of."""
    for node in nodes(script, ("heredoc_start",), _MODULE):
        if _is_shift(data, node):
            continue
        document = _read(data, node, last)
        if document is None or (last and last.body.start <= node.start_byte < last.end):
            return  # it is the text of the last one
        yield document
        if is_broken(node, script, _MODULE) or node.end_byte != document.delimiter.end:
            return
        last = document


def _is_shift(data: bytes, node: Node) -> bool:
    """Return whether `<<` is a bit shift: after an error, the grammar may not recognize it."""
    before = data[max(0, node.start_byte - 200) : node.start_byte]
    line = data[node.start_byte : data.find(b"\n", node.start_byte) + 1 or len(data)]
    return before.rfind(b"((") > before.rfind(b"))") and b"))" in line


def _read(data: bytes, node: Node, last: HereDocument | None) -> HereDocument | None:
    operator = _OPERATOR.search(data, max(0, node.start_byte - 200), node.start_byte)
    delimiter = _DELIMITER.match(data, node.start_byte)
    if operator is None or delimiter is None:
        return None
    line = _LINE_END.match(data, delimiter.end())
    start = line.end() if line else len(data)
    if last is not None and last.delimiter.end < node.start_byte < last.body.start:
        start = last.end  # of two in a line, the second begins after the first
    dashed = b"-" in operator[0]
    end, behind = _end(data, start, delimiter[0], dashed=dashed)
    return HereDocument(data, Span(*delimiter.span()), dashed, Span(start, end), behind)


def _end(data: bytes, start: int, delimiter: bytes, *, dashed: bool) -> tuple[int, int]:
    """Return where the document ends that starts at a byte, and where its delimiter does."""
    word = re.sub(rb"[\\'\"]", b"", delimiter)
    begin = position = start
    line = b""
    while position < len(data):
        end = data.find(b"\n", position) + 1 or len(data)
        line += data[position:end].removesuffix(b"\n")
        position = end
        if word == delimiter and (len(line) - len(line.rstrip(b"\\"))) % 2:
            line = line[:-1]  # it continues in the next line
            continue
        if (line.lstrip(b"\t") if dashed else line) == word:
            return begin, end
        begin, line = end, b""
    return len(data), len(data)


def _without(script: bytes, documents: list[HereDocument]) -> bytes:
    result = bytearray(script)
    for each in documents:
        operator = result.rindex(b"<<", 0, each.delimiter.start)
        result[operator + 1 : each.delimiter.start] = b" " * (each.delimiter.start - operator - 1)
        position = each.body.start
        for hole in each.holes():
            if script[hole.end - 1 : hole.end] in b")}`":
                _blank(result, Span(position, hole.start))
                position = hole.end
        _blank(result, Span(position, each.end))
    return bytes(result)


def _with_ended_comments(script: bytes) -> bytes:
    """Return a script with a line end in each comment that a closing backtick ends.

    The grammar takes all comments to end with their lines. Without the line end, what follows the
    backtick would be a part of the comment.
    """
    result = bytearray(script)
    known: dict[int, list[int]] = {}
    for node in nodes(script, ("comment",), _MODULE) if b"`" in script else ():
        end = _BACKTICK.match(node.text or b"")
        if end and _is_in_backticks(node, known):
            at = node.start_byte
            last = Span(at + end.start("last"), at + end.end("last"))
            result[slice(*last)] = b"\n" * (last.end - last.start)
            if script[:at].rstrip(b" \t")[-1:] == b"`":  # the grammar knows no empty substitution
                result[at : last.end] = b":".ljust(last.end - at)
    return bytes(result)


_BACKTICK = re.compile(rb"(?:(?P<last>\\?(?:[\xc0-\xff][\x80-\xbf]*|[^`\\\x80-\xff])|\\[`\\]))++`")


def _is_in_backticks(node: Node, known: dict[int, list[int]]) -> bool:
    """Return whether a backtick is open where a node begins, also where the parser lost its way.

    `known` has the backticks in nodes already seen.
    """
    for above in ancestors(node):
        if above.id not in known:
            lost = (each.children for each in above.children if each.type == "ERROR")
            inside = (each for part in (above.children, *lost) for each in part)
            known[above.id] = sorted(each.start_byte for each in inside if each.type == "`")
        if bisect_left(known[above.id], node.start_byte) % 2:
            return True
    return False


def _blank(script: bytearray, place: Span) -> None:
    script[slice(*place)] = re.sub(rb"[^\n]", b" ", script[slice(*place)])


@cache
def _form(*, quoted: bool, dashed: bool) -> Escaped:
    tabs = rb"(?<=\n)\t+" if dashed else rb"(?!)"
    escapes = b"" if quoted else rb"|\\[$`\\\n]"
    return Escaped(
        "shell document",
        re.compile(tabs + escapes),
        lambda raw: raw[1:].decode().removeprefix("\n") if raw[:1] == b"\\" else "",
        {} if quoted else {ord(c): f"\\{c}" for c in "$`\\"},
        re.compile("\0"),
        universal=False,
    )
