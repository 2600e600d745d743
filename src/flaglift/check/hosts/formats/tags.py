"""The tags and texts of HTML as a browser tokenizes them, even if tags are never closed.

The nesting of elements depends on tags that imply each other; the boundaries of tags, attributes
and texts do not.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from flaglift.check.hosts.documents import per_document
from flaglift.lossless.spans import Span

_TOKEN = re.compile(
    rb"(?P<text>(?:[^<]|<(?![a-zA-Z/!?]))++)"
    rb"|(?P<unseen><!--(?:[^-]|-(?!->))*+-->|<!(?!--|\[)[^>]*+>|</>)"
    rb"|(?P<apart><(?:(?P<program>\?)[^>]*+|/(?P<end>[a-zA-Z][^\s<>\"']*+)[^<>\"']*+)>)"
    rb"|<(?P<tag>[a-zA-Z][^\s<>/\"'=]*+)(?:(?:[\s/]++|(?<=[\"'])(?=[^\s\"'<>/=]))(?:[^\s\"'<>/=]++"
    rb"(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s\"'<>]++|(?=>)))?+)?+)*+>"
)
_RAW = (b"script", b"style", b"textarea", b"title", b"iframe", b"noembed", b"noframes", b"xmp")


class MarkupToken(NamedTuple):
    """A text or a tag."""

    place: Span
    name: str
    """The name of a tag; empty for a text."""
    closes: bool


class _Tokens(NamedTuple):
    starts: list[int]
    """The starts of opening tags and texts."""
    ends: list[int]
    texts_and_tags: list[MarkupToken]
    """In order, without the texts of scripts and similar elements."""


def texts_and_tags(data: bytes) -> Sequence[MarkupToken]:
    """Return the texts and tags of a document, up to where it cannot be read.

    >>> [(name, place.start) for place, name, _ in texts_and_tags(b"</p>a<!-- b --><I>c<u")]
    [('p', 0), ('', 4), ('I', 15), ('', 18)]
    """
    return _tokens(data).texts_and_tags


def readable_end(data: bytes) -> int:
    """Return where the last text or tag ends; what follows is not read.

    >>> readable_end(b"a<textarea><p>c</p>")
    11
    """
    tokens = _tokens(data).texts_and_tags
    return tokens[-1].place.end if tokens else 0


def is_in_one_token(data: bytes, place: Span) -> bool:
    """Return whether a range lies in a single tag or text, and everything before it is readable.

    >>> is_in_one_token(b'<b>a<i title="c">', Span(11, 16))
    True
    >>> is_in_one_token(b'<b>a<i title="c>', Span(11, 16))
    False
    """
    tokens = _tokens(data)
    index = bisect_right(tokens.starts, place.start) - 1
    return index >= 0 and place.end <= tokens.ends[index]


@per_document(4)
def _tokens(data: bytes) -> _Tokens:
    tokens = _Tokens([], [], [])
    position = 0
    while match := _TOKEN.match(data, position):
        position = match.end()
        if not (match["unseen"] or match["apart"]):
            tokens.starts.append(match.start())
            tokens.ends.append(position)
        if not match["unseen"]:
            name = match["tag"] or match["end"] or match["program"] or b""
            token = MarkupToken(Span(*match.span()), name.decode(), match["end"] is not None)
            tokens.texts_and_tags.append(token)
        if match["tag"] and match["tag"].lower() in _RAW:
            end = re.compile(rb"</" + re.escape(match["tag"]) + rb"[\s/>]", re.IGNORECASE)
            closing = end.search(data, position)
            if closing is None:
                break
            tokens.starts.append(position)
            tokens.ends.append(closing.start())
            position = closing.start()
    return tokens
