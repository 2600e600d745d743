"""Expressions in braces in Svelte's and Vue's markup, which an HTML parser does not understand."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from flaglift.lossless.spans import Span


class Expression(NamedTuple):
    """An expression, or a statement, in markup."""

    place: Span
    """Its bytes, braces included."""
    code: Span
    """The expression itself; empty if there is none."""
    is_statement: bool
    """Whether it controls the markup after it, rather than being a value."""


class Markup(NamedTuple):
    """A document whose expressions an HTML parser takes for words."""

    data: bytes
    """The text for the parser, as long as the document."""
    expressions: tuple[Expression, ...]

    def holes(self, inside: Span) -> Iterator[Span]:
        """Yield the unknown parts of a text: expressions, and those in statements."""
        first, last = (
            bisect_left(self.expressions, at, key=lambda each: each.place.start) for at in inside
        )
        for place, code, is_statement in self.expressions[first:last]:
            if not is_statement:
                yield place
            elif code.start < code.end:
                yield code


_PLAIN = re.compile(rb"<(?![a-zA-Z/!?])|&")
"""Text, or a part of an entity, to a browser that confuses the parser."""
_OPENING = re.compile(rb"<!--|<(?P<raw>script|style)\b|\{", re.IGNORECASE)
INNER = re.compile(
    rb"\"(?:\\[\s\S]|[^\"\\\n])*+\"|'(?:\\[\s\S]|[^'\\\n])*+'|`(?:\\[\s\S]|[^`\\])*`"
    rb"|/\*[\s\S]*?\*/|[{}>]"
)
"""What tells where an expression ends, and the strings and comments that hold it as text."""
_MOST_BYTES = 2000
"""Of an expression of Vue."""
_BLOCK = re.compile(
    rb"\s*(?:[#:](?:if|key|else(?:\s+if)?)|(?P<names>#(?:each|await))|[:/]\w*|@\w+)(?:\s+|$)"
)
_NAMES = re.compile(rb"(?P<code>[\s\S]*\S)\s+(?:as|then|catch)\s[^\"'`]*")


@lru_cache(maxsize=4)
def markup(name: str, data: bytes) -> Markup:
    """Return a document of a host in a form that an HTML parser can read."""
    plain = _PLAIN.sub(b"x", data)
    if name not in ("svelte", "vue"):
        return Markup(plain, ())
    expressions = tuple(_expressions(data, is_double=name == "vue"))
    masked = bytearray(plain)
    for expression in expressions:
        start, end = expression.place
        masked[start:end] = b"x" * (end - start)
    return Markup(bytes(masked), expressions)


def _expressions(data: bytes, *, is_double: bool) -> Iterator[Expression]:
    """Yield the expressions outside of scripts, styles and comments, up to one with no end."""
    low = data.lower()
    position = 0
    while opening := _OPENING.search(data, position):
        start, position = opening.span()
        if opening[0] != b"{":
            raw = opening["raw"]
            position = low.find(b"</" + raw.lower() if raw else b"-->", position)
            if position < 0:
                return
        elif is_double:
            end = data.find(b"}}", position, position + _MOST_BYTES)
            if data[position : position + 1] == b"{" and end >= 0:
                position = end + 2
                yield Expression(Span(start, position), Span(start + 2, end), is_statement=False)
        else:
            position = _close(data, position)
            if position < 0:
                return
            yield _svelte(data, Span(start, position))


def _close(data: bytes, position: int) -> int:
    """Return where the braces end that began right before a byte; -1 if they do not."""
    depth = 1
    for match in INNER.finditer(data, position):
        depth += {b"{": 1, b"}": -1}.get(match[0], 0)
        if not depth:
            return match.end()
    return -1


def _svelte(data: bytes, place: Span) -> Expression:
    code = Span(place.start + 1, place.end - 1)
    block = _BLOCK.match(data, *code)
    if block is None:
        return Expression(place, code, is_statement=False)
    code = Span(block.end(), code.end)
    named = _NAMES.fullmatch(data, *code) if block["names"] else None
    is_statement = not block[0].lstrip().startswith(b"@")
    return Expression(place, Span(*named.span("code")) if named else code, is_statement)
