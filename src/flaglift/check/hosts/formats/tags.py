"""The tags and texts of HTML as a browser tokenizes them, even if tags are never closed.

The nesting of elements depends on tags that imply each other; the boundaries of tags, attributes
and texts do not.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from flaglift.lossless.spans import Span

_TOKEN = re.compile(
    rb"(?P<text>(?:[^<]|<(?![a-zA-Z/!?]))++)"
    rb"|(?P<apart><!--(?:[^-]|-(?!->))*+-->|<!(?!--|\[)[^>]*+>|<\?[^>]*+>|</[a-zA-Z][^\s<>\"']*+\s*+>)"
    rb"|<(?P<tag>[a-zA-Z][^\s<>/\"'=]*+)(?:[\s/]++(?:[^\s\"'<>/=]++"
    rb"(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s\"'=<>`]++))?+)?+)*+>"
)
_RAW = (b"script", b"style", b"textarea", b"title", b"iframe", b"noembed", b"noframes", b"xmp")


class _Tokens(NamedTuple):
    starts: list[int]
    """The starts of tags and texts."""
    ends: list[int]
    texts: list[Span]
    """The texts, except those in scripts and similar elements."""


def texts_of(data: bytes) -> tuple[Sequence[Span], int]:
    """Return the texts of a document, and the position up to which it can be read.

    >>> texts_of(b"</p>a<b>c</i></p>d<")
    ([Span(start=4, end=5), Span(start=8, end=9), Span(start=17, end=19)], 19)
    """
    tokens = _tokens(data)
    return tokens.texts, max(tokens.ends, default=0)


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


@lru_cache(maxsize=4)
def _tokens(data: bytes) -> _Tokens:
    tokens = _Tokens([], [], [])
    position = 0
    while match := _TOKEN.match(data, position):
        position = match.end()
        if not match["apart"]:
            tokens.starts.append(match.start())
            tokens.ends.append(position)
        if match["text"]:
            tokens.texts.append(Span(*match.span()))
        if match["tag"] and match["tag"].lower() in _RAW:
            end = re.compile(rb"</" + re.escape(match["tag"]) + rb"[\s/>]", re.IGNORECASE)
            closing = end.search(data, position)
            if closing is None:
                break
            tokens.starts.append(position)
            tokens.ends.append(closing.start())
            position = closing.start()
    return tokens
