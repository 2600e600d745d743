"""YAML's scalars: escapes and folding of flow scalars, lines of block scalars; and comments."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import yaml

from flaglift.check.hosts.base import Around, Comment, Literal, Origin, Piece, PieceKind
from flaglift.check.hosts.formats.codec import Escaped, character, stripped
from flaglift.check.hosts.formats.siblings import Write
from flaglift.emit.form import form_value
from flaglift.lossless.spans import Span

_SIMPLE = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f",
    "r": "\r", "e": "\x1b", " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0",
    "L": "\u2028", "P": "\u2029",
}  # fmt: skip
# It only matches at the start of a run of blanks, so that long runs are scanned only once.
_FOLD = rb"(?:(?<![ \t])|(?<=\\[ \t]))[ \t]*+\r?\n(?:[ \t]*\r?\n)*[ \t]*"
_WRAP = rb"\r?\n(?:[ \t]*\r?\n)*[ \t]*"
_ESCAPE = rb"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|" + _WRAP + rb"|[\x00-\x7f])"


def _fold(raw: bytes) -> str:
    return "\n" * (raw.count(b"\n") - 1) or " "


def _single(raw: bytes) -> str:
    return "'" if raw == b"''" else _fold(raw)


def _double(raw: bytes) -> str | None:
    if raw[:1] != b"\\":
        return _fold(raw)
    text = raw.decode()
    if text[1] in "\r\n":
        return "\n" * (text.count("\n") - 1)
    if text[1] in "xuU" and len(text) > 2:
        return character(text[2:])
    return _SIMPLE.get(text[1])


_CONTROLS = [*range(9), 11, 12, *range(14, 32), 127]
_WRITTEN = {code: f"\\x{code:02x}" for code in _CONTROLS} | {
    **{ord(c): f"\\{letter}" for letter, c in ("n\n", "r\r", "t\t", '""', "\\\\", "N\x85")},
    0x2028: "\\L",
    0x2029: "\\P",
}
REFUSED = r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029]"
"""Control characters, and characters that some readers treat as line ends."""
_FLOW_REFUSED = re.compile(REFUSED + r"|[\n\t]")


class _DoubleQuoted(Escaped):
    """The form in which an escaped line end, and the blanks after it, are dropped."""

    def encode(self, text: str, literal: Literal, at: int) -> bytes | None:
        """Return the encoded text; a blank at the start of a line is escaped."""
        written = super().encode(text, literal, at)
        while literal.source[at - 1 : at] in (b" ", b"\t"):
            at -= 1
        begins_a_line = literal.source[at - 1 : at] == b"\n"
        return b"\\" + written if written and begins_a_line and written[:1] == b" " else written


FORMS: dict[str, Escaped] = {
    '"': _DoubleQuoted('YAML string "', re.compile(_ESCAPE + b"|" + _FOLD), _double, _WRITTEN),
    "'": Escaped("YAML string '", re.compile(rb"''|" + _FOLD), _single, {39: "''"}, _FLOW_REFUSED),
    "": Escaped("YAML plain scalar", re.compile(_FOLD), _fold, {}, _FLOW_REFUSED),
}
"""By the scalar style as PyYAML names it."""


_BLOCK_REFUSED = re.compile(REFUSED)
_LINE = re.compile(rb"([^\r\n]+)|\r?\n|\r")


@dataclass(frozen=True)
class BlockScalar:
    """The form of a block scalar."""

    name: str
    folds: bool
    """Whether a single line end reads as a space."""

    def place_between(self, low: int, high: int) -> int:  # noqa: ARG002
        """Return the byte before a hole."""
        return high

    def encode(self, text: str, literal: Literal, at: int) -> bytes | None:  # noqa: ARG002
        """Return the text with new lines indented; None if it cannot be expressed."""
        # A line end in a folded scalar would be read as a space.
        if (self.folds and "\n" in text) or _BLOCK_REFUSED.search(text):
            return None
        ending = b"\r\n" if b"\r\n" in literal.source[literal.start : literal.end] else b"\n"
        line = literal.source.rfind(b"\n", 0, literal.inside) + 1
        indent = b" " * (literal.inside - line)
        return text.encode().replace(b"\n", ending + indent)


LITERAL = BlockScalar("YAML literal block", folds=False)
FOLDED = BlockScalar("YAML folded block", folds=True)


def block_pieces(
    data: bytes, place: Span, value: str
) -> tuple[BlockScalar, int, list[Piece]] | None:
    """Return the form of a block scalar, the start of its text, and its pieces.

    Every line of text must be found in the value, in order, with nothing but spaces and line ends
    in between; None if one is not.
    """
    header = data[slice(*place)].partition(b"\n")[0]
    start = min(place.start + len(header) + 1, place.end)
    form = FOLDED if header.startswith(b">") else LITERAL
    indent = _indent(data, Span(start, place.end), header.partition(b"#")[0].decode(), value)
    pieces: list[Piece] = []
    done = 0
    last = inside = start
    for match in _LINE.finditer(data, inside, place.end):
        start = match.start() + indent
        if match[1] is None or start >= match.end():
            continue
        if data[match.start() : start].strip(b" "):
            return None
        text = data[start : match.end()].decode()
        end = _next(value, done, text)
        if end is None:
            return None
        if end > done:
            pieces.append(Piece(PieceKind.ATOM, last, start, value[done:end]))
        pieces.append(Piece(PieceKind.RUN, start, match.end(), text))
        done, last = end + len(text), match.end()
    rest = value[done:]
    if rest.strip("\n"):
        return None
    if rest:
        pieces.append(Piece(PieceKind.ATOM, last, place.end, rest))
    return form, pieces[0].start if pieces else inside, pieces


def _indent(data: bytes, lines: Span, indicators: str, value: str) -> int:
    """Return the indentation of the lines, in spaces."""
    raw = [line for line in data[slice(*lines)].split(b"\n") if line.strip(b" \r")]
    if not raw:
        return 0
    spaces = len(raw[0]) - len(raw[0].lstrip(b" "))
    if any(c.isdigit() for c in indicators):  # the first line may then begin with spaces of its own
        text = value.lstrip("\n")
        spaces -= len(text) - len(text.lstrip(" "))
    return spaces


def _next(value: str, done: int, text: str) -> int | None:
    """Return the position at which a line's text continues in the value."""
    gap = done
    while gap < len(value) and value[gap] == "\n":
        gap += 1
    if gap == done and done and value[done : done + 1] == " ":
        gap += 1  # a folded line end
    return gap if value.startswith(text, gap) else None


_COMMENT = re.compile(rb"(?:(?<=[ \t\r\n])|\A)#[^\r\n]*")
_HEADER = re.compile(rb"[|>][-+0-9]*[ \t]+(?=#)")
"""The header of a block scalar, up to the comment on the same line."""


def comments_in(data: bytes, end: int, scalars: Sequence[Span]) -> Iterator[Comment]:
    """Yield the comments before a position: outside of scalars, and in headers of block scalars."""
    inside = iter(scalars)
    scalar = next(inside, None)
    for match in _COMMENT.finditer(data, 0, end):
        while scalar is not None and scalar.end <= match.start():
            scalar = next(inside, None)
        header = scalar and _HEADER.match(data, scalar.start, scalar.end)
        if scalar is None or match.start() <= (header.end() if header else scalar.start):
            yield Comment(*match.span(), stripped(match[0]))


_RESOLVER = yaml.resolver.Resolver()
_NEARLY_NUMBER = re.compile(r"[-+]?[.0-9][^ ]*\Z|[yYnN]\Z")
"""Values that YAML 1.2 may read as numbers, or earlier versions as booleans."""
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_NOT_TEXT = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def is_text(value: str) -> bool:
    """Return whether every reader takes a plain scalar for text."""
    tag = _RESOLVER.resolve(yaml.ScalarNode, value, (True, False))  # type: ignore[no-untyped-call]
    return tag == "tag:yaml.org,2002:str" and not _NEARLY_NUMBER.match(value)


def bare_key(data: bytes, key: str, place: Span) -> Literal:
    """Return a key without a value, which may be a text in brackets, or an element of a set."""
    pieces = (Piece(PieceKind.ATOM, *place, key),)
    look = partial(Around, Origin("bare key"))
    return Literal("yaml", FORMS[""], *place, place.start, pieces, look, data)


def writer(quote: str) -> Write:
    """Return an encoder for values; strings use the given quote if it can express them."""

    def write(value: Any) -> bytes:
        text = form_value(value)
        plain = _WORD.fullmatch(text) and text.lower() not in _NOT_TEXT
        if not isinstance(value, str) or (plain and not quote):
            return text.encode()
        single = FORMS["'"].quoted(text, "'") if quote == "'" else None
        return single or FORMS['"'].quoted(text, '"') or b""

    return write
