"""Detects the dialect of a delimited text file from all of its rows."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain

from flaglift.lossless.delimited import (
    BACKSLASH,
    DelimitedRow,
    Dialect,
    row_at,
    row_counter,
    row_end_matcher,
)

Blocks = Callable[[], Iterable[bytes]]
"""Starts reading a file from its beginning."""

_DELIMITERS = (",", ";", "\t", "|")
_BOM = b"\xef\xbb\xbf"
_DECLARED = re.compile(rb"(?:\xef\xbb\xbf)?sep=([^\r\n\"\x80-\xff])\r?\n", re.IGNORECASE)
_LONGEST = 64 * 2**20
"""The longest row to examine, in bytes; an unclosed quote makes one row of all that follows."""


def choose(blocks: Blocks, *, default: str = ",", given: str | None = None) -> Dialect:
    """Return the dialect of a file.

    `default` is the delimiter of files that contain none, `given` one that the user named. A line
    `sep=;` at the beginning names it too. Otherwise it is the delimiter in the header, outside
    quotes, with which the most rows have as many cells as the header. In a tie the dialect is in
    doubt, and a delimiter not followed by blanks, as the punctuation in prose is, is preferred.
    Quotes are escaped with a backslash only if more rows are well-formed that way, and some are not
    otherwise.
    """
    head = b"".join(_first(blocks, 2**20))
    start = len(_BOM) if head.startswith(_BOM) else 0
    declared = _DECLARED.match(head)
    if declared and given in (None, declared[1].decode()):
        start, given = declared.end(), declared[1].decode()
    plain = Dialect(given or default, start=start)
    names = [given] if given else _candidates(head, plain)
    candidates = [replace(plain, delimiter=name) for name in names] or [plain]
    escapes = _holds(blocks, b'\\"')
    if escapes:
        candidates += [replace(each, backslash=True) for each in candidates]
    if len(candidates) > 1:
        candidates = [_best(blocks, sorted(candidates, key=partial(_is_spaced, head)))]
    (chosen,) = candidates
    if chosen.delimiter == "\t" and not _quoted(blocks):
        return replace(chosen, quoting=False, backslash=False)
    return chosen


def _first(blocks: Blocks, size: int) -> Iterator[bytes]:
    for block in blocks():
        yield block
        size -= len(block)
        if size <= 0:
            return


def _candidates(head: bytes, plain: Dialect) -> list[str]:
    """Return the delimiters that occur in the header, the usual one first."""
    names = dict.fromkeys((plain.delimiter, *_DELIMITERS))
    headers = {name: row_at(head, plain.start, replace(plain, delimiter=name)) for name in names}
    return [name for name, row in headers.items() if row and len(row.cells) > 1]


def _holds(blocks: Blocks, wanted: bytes) -> bool:
    last = b""
    for block in blocks():
        if wanted in last + block[:1] or wanted in block:
            return True
        last = block[-1:]
    return False


def _quoted(blocks: Blocks) -> bool:
    """Return whether any cell of a tab-separated file begins with a quote."""
    last = b"\n"
    for block in blocks():
        if re.search(rb'[\t\r\n]"', last + block):
            return True
        last = block[-1:]
    return False


def _is_spaced(head: bytes, dialect: Dialect) -> bool:
    """Return whether a blank follows each delimiter, as after the punctuation in prose."""
    sign = dialect.delimiter.encode()
    return head.count(sign) == head.count(sign + b" ")


def _best(blocks: Blocks, candidates: list[Dialect]) -> Dialect:
    whole: dict[Dialect, int] = {}
    faultless: set[Dialect] = set()
    for dialect in candidates:
        if replace(dialect, backslash=False) not in faultless:
            whole[dialect], odd = _whole_rows(blocks, dialect)
            faultless |= set() if odd else {dialect}
    most = max(whole.values())
    best = [dialect for dialect, count in whole.items() if count == most]
    first = best[0]
    others = [each for each in best if each.delimiter != first.delimiter]
    if others:
        names = " and ".join(repr(each.delimiter) for each in (first, others[0]))
        return replace(first, doubt=f"{names} part its rows equally well")
    return first


def _whole_rows(blocks: Blocks, dialect: Dialect) -> tuple[int, int]:
    """Return how many rows are well-formed, with as many cells as the first one; how many not."""
    width = 0
    count = odd = 0
    for row in _rows(blocks, dialect):
        if isinstance(row, int):
            count += row
            odd += not row
            continue
        if row.blank:
            continue
        width = width or len(row.cells)
        is_whole = row.fault in ("", BACKSLASH) and len(row.cells) == width
        count += is_whole
        odd += not is_whole
    return count, odd


def _rows(blocks: Blocks, dialect: Dialect) -> Iterator[DelimitedRow | int]:
    """Yield the rows of a file; their positions are not relative to the file.

    A number replaces as many well-formed rows with as many cells as the first one; 0 a row with
    another number of cells, or with a fault that is not about a backslash.
    """
    whole: Callable[[bytes, int, int], tuple[int, int]] | None = None
    ended = row_end_matcher(dialect)
    data, position = b"", dialect.start
    wanted = 0
    for block in chain(blocks(), (b"",)):
        data += block
        if len(data) - position < wanted and block:
            continue  # an incomplete row is tried again only once the data has doubled
        while position < len(data):
            known, position = whole(data, position, len(data)) if whole else (0, position)
            if known:
                yield known
                continue
            match = ended(data, position) if whole else None
            if match is not None and not (dialect.backslash and b"\\" in match[0]):
                yield 0
                position = match.end()
                continue
            row = row_at(data, position, dialect, final=not block)
            if row is None:
                break
            if whole is None and len(row.cells) > 1:
                whole = row_counter(dialect, len(row.cells))
            yield row
            position = row.following
        data, position = data[position:], 0
        wanted = 2 * len(data)
        if len(data) > _LONGEST:
            return
