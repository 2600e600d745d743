"""Shell scripts: the words of commands, assigned values, here-documents."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import partial

from tree_sitter import Node

from flaglift.check.hosts.base import Around, Comment, Literal, Origin, Piece, PieceKind
from flaglift.check.hosts.documents import per_document
from flaglift.check.hosts.formats.commands import attached
from flaglift.check.hosts.formats.heredocs import HereDocument, refuse_crowded, split
from flaglift.check.hosts.formats.joined import Joined, StringLiteral
from flaglift.check.hosts.formats.origins import origin_in_script, text_of
from flaglift.check.hosts.formats.parents import nearest
from flaglift.check.hosts.formats.shellfields import fields_beside
from flaglift.check.hosts.formats.shellwords import BARE, labels, parts
from flaglift.check.hosts.formats.transforms import filtered, read_by
from flaglift.check.hosts.formats.trees import (
    TreeParts,
    follow,
    in_order,
    is_broken,
    nodes,
    parse,
)
from flaglift.check.hosts.pieces import BROKEN
from flaglift.check.hosts.prefilter import lookalikes
from flaglift.lossless.spans import Span

_MODULE = "tree_sitter_bash"
_WORDS = ("word", "string", "raw_string", "ansi_c_string", "translated_string", "concatenation")
_COMMANDS = ("command", "declaration_command")
"""In one that is continued over several lines, a comment can only stand after the last."""
_ENDS = frozenset({b"do", b"done", b"elif", b"else", b"esac", b"fi", b"then", b"}"})
"""Reserved words that cannot begin a command."""
_BEFORE_COMMENT = b" \t\n;|&()<>`"
_DEEPEST = 50
"""The depth to which nested command expansions are read; each level is scanned again."""


class BashHost(TreeParts):
    """A script for bash or another POSIX shell."""

    name = "bash"
    module = _MODULE
    # The last is how the parser takes `--video` in `[ $1 = --video -o $2 ]`.
    patterns: tuple[str, ...] = ("extglob_pattern", "regex", "unary_expression")

    def literals_in(self, data: bytes, part: Span) -> list[Literal] | None:
        """Return those of some commands; None if a flag is outside of them and of comments."""
        literals = in_order(self.found(data, part))
        read = [
            *(place for each in literals for place in each.read_bytes()),
            *(
                Span(node.start_byte, node.end_byte)
                for node in nodes(self.parsed(data), ("comment",), _MODULE, part=part)
            ),
            *self.patterns_in(data, part),
        ]
        for start in lookalikes(data[slice(*part)]):
            if not any(place.start <= part.start + start < place.end for place in read):
                return None
        return literals

    def parsed(self, data: bytes) -> bytes:
        """Return the script without its here-documents."""
        return split(data)[1]

    def follow(self, old: bytes, data: bytes) -> Sequence[Span]:
        """Reparse a script incrementally from an earlier tree; return where they differ."""
        refuse_crowded(data)
        follow(old, data, _MODULE)  # in which here-documents are found
        return super().follow(old, data)

    def units(self, root: Node, data: bytes) -> Iterator[tuple[int, Hashable]]:
        """Yield where lines begin with a command; here-documents follow the line of theirs."""
        for child in root.children:
            if data[child.start_byte - 1 : child.start_byte] == b"\n":
                yield child.start_byte, None

    def found(self, data: bytes, part: Span | None) -> Iterator[Literal]:
        """Yield the words and here-documents of a script, or of some commands."""
        part = part or Span(0, len(data))
        documents = list(self._documents(data, part))
        yield from self._words(data, documents, part)
        yield from documents

    def comments_in(self, data: bytes, part: Span) -> list[Comment]:
        """Return the comments of a part: the grammar takes the end of `a#b` for one, too."""
        comments = super().comments_in(data, part)
        return [each for each in comments if data[each.start - 1 : each.start] in _BEFORE_COMMENT]

    def has_error(self, data: bytes) -> bool:
        """Return whether a script has a fault, which the parser may take for a command's name."""
        return _has_error(self.parsed(data))

    def gaps(self, data: bytes) -> Sequence[Span]:
        """Return the script but its patterns: words, here-documents and comments are the rest.

        Where the parser has lost its way, only the labels of a `case` are known to be patterns.
        """
        if self.has_error(data):
            patterns = labels(self.parsed(data))
        else:
            patterns = self.patterns_in(data, Span(0, len(data)))
        position, gaps = 0, []
        for place in patterns:
            gaps.append(Span(position, place.start))
            position = max(position, place.end)
        return [*gaps, Span(position, len(data))]

    def _words(self, data: bytes, documents: Sequence[Literal], part: Span) -> Iterator[Literal]:
        split_documents, script = split(data)
        delimiters = {each.delimiter.start for each in split_documents}
        limits = _limits(script, part)
        # The tree splits some words, and finds words in here-documents; words of a command
        # in an expansion are words of their own.
        around = [_Taken(document) for document in reversed(documents)]
        open_: list[_Taken] = []
        for node in nodes(script, _WORDS, _MODULE, part=part):
            start = node.start_byte
            if start in delimiters:
                continue
            while around and around[-1].literal.start <= start:
                open_.append(around.pop())
            while open_ and open_[-1].literal.end <= start:
                open_.pop()
            limit = min(limits(start), open_[-1].end_of_hole_at(start) if open_ else len(data))
            if limit < 0 or len(open_) > _DEEPEST:
                continue
            read = tuple(parts(data, start, limit))
            if not read:
                continue
            option, pieces = _split_option(read)
            literal = Literal(
                host=self.name,
                form=read[0].form if len(read) == 1 else Joined(read),
                start=start,
                end=read[-1].place.end,
                inside=read[0].inside,
                pieces=pieces,
                look=partial(_look, node, limit, data, option),
                source=data,
                unclear=next((p.scanned.unclear for p in read if p.scanned.unclear), ""),
            )
            open_.append(_Taken(literal))
            yield literal

    def _documents(self, data: bytes, part: Span) -> Iterator[Literal]:
        for document in split(data)[0]:
            if not part.start <= document.delimiter.start < part.end:
                continue
            scanned = document.scan()
            yield Literal(
                host=self.name,
                form=document.form,
                start=document.body.start,
                end=document.body.end,
                inside=document.body.start,
                pieces=tuple(scanned.pieces),
                look=partial(_look_document, document, data),
                source=data,
                unclear=scanned.unclear,
            )


@per_document(2)
def _has_error(script: bytes) -> bool:
    return parse(script, _MODULE).root_node.has_error or any(
        script[node.start_byte : node.end_byte] in _ENDS
        or script[node.start_byte - 1 : node.start_byte].isalnum()  # as that of `do]`
        for node in nodes(script, ("command_name",), _MODULE)
    )


class _Taken:
    """A literal already read, queried from left to right for bytes that are code."""

    def __init__(self, literal: Literal) -> None:
        self.literal = literal
        self._holes = [piece for piece in reversed(literal.pieces) if piece.kind is PieceKind.HOLE]

    def end_of_hole_at(self, byte: int) -> int:
        """Return the end of the code in the expansion that contains a byte; -1 if there is none.

        It is to be asked for bytes in ascending order.
        """
        while self._holes and self._holes[-1].end <= byte:
            self._holes.pop()
        if not self._holes or self._holes[-1].start >= byte:
            return -1
        end = self._holes[-1].end
        return end - self.literal.source.endswith((b"`", b")", b"}"), byte, end)  # may be open


def _limits(script: bytes, part: Span) -> Callable[[int], int]:
    """Return a function for the end of the innermost backtick substitution around a byte.

    It is to be asked for bytes in ascending order.
    """
    spans = [
        Span(node.start_byte, node.end_byte - (not node.children[-1].is_missing))
        for node in nodes(script, ("command_substitution",), _MODULE, part=part)
        if script.startswith(b"`", node.start_byte)
    ]
    spans.reverse()
    around: list[Span] = []

    def limit(byte: int) -> int:
        while spans and spans[-1].start < byte:
            around.append(spans.pop())
        while around and around[-1].end <= byte:
            around.pop()
        return around[-1].end if around else len(script)

    return limit


def _split_option(read: Sequence[StringLiteral]) -> tuple[str, tuple[Piece, ...]]:
    """Return the option that a word begins with, and its value; the whole word without one.

    `-e'code'` and `--post-data='text=a'` pass the same as two words.
    """
    pieces = tuple(piece for part in read for piece in part.scanned.pieces)
    first = pieces[0] if pieces else None
    begins = attached(first.text) if first and first.kind is PieceKind.RUN else None
    if first is None or begins is None or read[0].form is not BARE or len(pieces) == 1:
        return "", pieces
    rest = first._replace(start=first.start + begins.length, text=first.text[begins.length :])
    return begins.option, ((rest,) if rest.text else ()) + pieces[1:]


def _look(node: Node, limit: int, data: bytes, option: str) -> Around:
    script = split(data)[1]
    origin = origin_in_script(node, option)
    is_lost = origin.role == "command" and b" " in data[node.start_byte : node.end_byte]
    locked = BROKEN if is_lost or is_broken(node, script, _MODULE) else filtered(node)
    command = nearest(node, _COMMANDS, script)
    beside, siblings = ({}, None) if option else fields_beside(node, limit, data)
    around = Around(origin, locked, beside, siblings)
    if command is None:
        return around
    return around._replace(opener=command.start_byte, closer=command.end_byte)


def _look_document(document: HereDocument, data: bytes) -> Around:
    script = split(data)[1]
    root = parse(script, _MODULE).root_node
    node = root.descendant_for_byte_range(*document.delimiter) or root
    statement = nearest(node, ("redirected_statement",), script)
    command = _command(statement)
    origin = Origin("document", _written_to(statement, command), command)
    is_lost = document.is_open or is_broken(node, script, _MODULE)
    locked = BROKEN if is_lost else read_by(command)
    return Around(origin, locked, opener=document.delimiter.start)


def _command(statement: Node | None) -> str:
    body = statement.child_by_field_name("body") if statement is not None else None
    return text_of(body.child_by_field_name("name")) if body is not None else ""


def _written_to(statement: Node | None, command: str) -> str:
    """Return the file that a here-document becomes, by its redirection or as an operand of tee."""
    if statement is None:
        return ""
    for child in statement.named_children:
        if child.type == "file_redirect" and text_of(child.children[0]).startswith(">"):
            return text_of(child.child_by_field_name("destination")).strip("\"'")
    if command != "tee":
        return ""
    body = statement.child_by_field_name("body")
    return text_of(body.named_children[-1]).strip("\"'") if body is not None else ""


def make(name: str) -> BashHost:  # noqa: ARG001
    """Return the host."""
    return BashHost()
