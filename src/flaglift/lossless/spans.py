"""Places in a text, and changes to them. Everything else in the text stays as it is."""

from collections.abc import Iterable, Sequence
from typing import AnyStr, NamedTuple


class Span(NamedTuple):
    """A half-open range of a text, in code points: `text[start:end]`."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """Return the part of `text` that the span covers.

        >>> Span(2, 5).of("abcdefg")
        'cde'
        """
        return text[self.start : self.end]

    def shifted(self, offset: int) -> "Span":
        """Return the span moved by `offset` code points."""
        return Span(self.start + offset, self.end + offset)


class Edit(NamedTuple):
    """Replace `text[start:end]` with `content`; an empty range inserts."""

    start: int
    end: int
    content: str


def conflicting(edits: Iterable[Edit]) -> bool:
    """Return whether two edits overlap, or insert at the same place.

    >>> conflicting([Edit(0, 2, ""), Edit(2, 3, "x")])
    False
    >>> conflicting([Edit(0, 2, ""), Edit(1, 3, "x")])
    True
    """
    return _conflicting(sorted(edits))


def _conflicting(edits: Iterable[Edit]) -> bool:
    end = -1
    before = None
    for edit in edits:
        place = edit.start, edit.end
        if edit.start < end or place == before:
            return True
        end = max(end, edit.end)
        before = place
    return False


def difference(old: str, new: str) -> Edit:
    """Return the one edit between what two texts have in common at both ends.

    >>> difference("a cat --video sits", "a cat sits")
    Edit(start=6, end=14, content='')
    """
    if old.startswith(new):
        return Edit(len(new), len(old), "")
    start = common_length(old, new)
    end = common_length(old[start:][::-1], new[start:][::-1])
    return Edit(start, len(old) - end, new[start : len(new) - end])


def common_length(one: AnyStr, other: AnyStr) -> int:
    """Return the length of the common prefix of two texts.

    >>> common_length("a cat", "a cow"), common_length(b"a cat sits", b"a cat")
    (3, 5)
    """
    low, high = 0, min(len(one), len(other))
    if one[:high] == other[:high]:
        return high
    while low < high:  # bisection: comparing slices runs at memory speed
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def common_ends(one: bytes, other: bytes) -> tuple[int, int]:
    """Return the lengths of the common prefix of two byte strings, and of their common suffix.

    >>> common_ends(b"a cat sits", b"a cow sits"), common_ends(b"aa", b"a")
    ((3, 5), (1, 0))
    """
    most = min(len(one), len(other))
    # As numbers they are compared at once; where they differ first, a bit is set.
    differing = int.from_bytes(one[:most]) ^ int.from_bytes(other[:most])
    start = most - (differing.bit_length() + 7) // 8
    most -= start
    if not most:
        return start, 0
    differing = int.from_bytes(one[-most:], "little") ^ int.from_bytes(other[-most:], "little")
    return start, most - (differing.bit_length() + 7) // 8


def changed(old: AnyStr, new: AnyStr) -> Span:
    """Return the part of a text that is not as it was in another one.

    >>> changed("a cat sits", "a cow sits"), changed("a cat", "a")
    (Span(start=3, end=5), Span(start=1, end=1))
    """
    start = common_length(old, new)
    return Span(start, len(new) - common_length(old[start:][::-1], new[start:][::-1]))


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """Apply edits that do not overlap; every code point outside them is copied as it is.

    Raises `ValueError` when edits overlap or reach outside the text.

    >>> apply_edits("a 6 foot", [Edit(2, 3, "7"), Edit(0, 0, "> ")])
    '> a 7 foot'
    """
    ordered = sorted(edits)
    if _conflicting(ordered):
        raise ValueError("edits overlap")
    pieces: list[str] = []
    position = 0
    for start, end, content in ordered:
        if not 0 <= start <= end <= len(text):
            raise ValueError(f"edit {start}:{end} reaches outside a text of {len(text)}")
        pieces += (text[position:start], content)
        position = end
    pieces.append(text[position:])
    return "".join(pieces)


def with_splices(data: bytes, splices: Iterable[tuple[int, int, bytes]]) -> bytes:
    """Return bytes with parts replaced, each given by its start, end and new content, in order.

    >>> with_splices(b"a 6 foot", [(0, 0, b"> "), (2, 3, b"7")])
    b'> a 7 foot'
    """
    pieces: list[bytes] = []
    position = 0
    for start, end, content in splices:
        pieces += (data[position:start], content)
        position = end
    return b"".join((*pieces, data[position:]))
