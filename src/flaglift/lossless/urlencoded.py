"""The pairs of application/x-www-form-urlencoded text, with their byte positions."""

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote_plus, unquote_to_bytes

_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class Pair(NamedTuple):
    """A name and its value, in bytes."""

    start: int
    value: int
    """Where the value begins; the end of the pair if it has no `=`."""
    end: int

    def name(self, data: bytes) -> bytes:
        """Return the raw name, not decoded."""
        return data[self.start : self.end].partition(b"=")[0]


def pairs(data: bytes) -> Iterator[Pair]:
    """Yield the pairs, in order, empty ones included.

    >>> [data[pair.value : pair.end] for data in [b"a=1&b&c=2=3"] for pair in pairs(data)]
    [b'1', b'', b'2=3']
    """
    start = 0
    while start <= len(data):
        end = data.find(b"&", start)
        end = len(data) if end < 0 else end
        equals = data.find(b"=", start, end)
        yield Pair(start, end if equals < 0 else equals + 1, end)
        start = end + 1


def is_broken(data: bytes) -> bool:
    """Return whether a percent sign is not part of an escape: readers differ on it."""
    return _BROKEN_ESCAPE.search(data) is not None


def decoded(raw: bytes) -> str | None:
    """Return the decoded name or value; None if it is not UTF-8.

    >>> decoded(b"a+cat%2C+big"), decoded(b"%ff")
    ('a cat, big', None)
    """
    try:
        return unquote_to_bytes(raw.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        return None


def encoded(text: str, *, keep: str = "") -> bytes:
    """Return the encoded name or value; characters in `keep` are not escaped."""
    return quote_plus(text, safe=keep).encode()
