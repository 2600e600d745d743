"""Changes to a body: byte ranges, and their replacements."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple


class Splice(NamedTuple):
    """A range of a body and its replacement; offsets are bytes from the body's start."""

    start: int
    end: int
    new: bytes


def growth(splices: Iterable[Splice]) -> int:
    """Return by how many bytes a body gets longer.

    >>> growth([Splice(0, 3, b"ab"), Splice(9, 9, b"cdef")])
    3
    """
    return sum(len(new) - (end - start) for start, end, new in splices)


def spliced(chunks: Iterable[bytes], splices: Sequence[Splice]) -> Iterator[bytes]:
    """Yield a body with its changes, which are in ascending order and do not overlap.

    >>> b"".join(spliced([b"0123", b"45"], [Splice(1, 5, b"x"), Splice(6, 6, b"!")]))
    b'0x5!'
    """
    ahead = iter(splices)
    splice = next(ahead, None)
    base = position = 0  # the chunk starts at `base`; bytes before `position` are done
    for chunk in chunks:
        limit = base + len(chunk)
        out: list[bytes] = []
        while splice is not None and splice.start <= limit:
            out += (chunk[position - base : splice.start - base], splice.new)
            position = splice.end
            splice = next(ahead, None)
        if position < limit:
            out.append(chunk[position - base :])
            position = limit
        base = limit
        if sent := b"".join(out):
            yield sent
