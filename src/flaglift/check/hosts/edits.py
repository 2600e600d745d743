"""Translates edits of decoded texts to edits of the file's bytes."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import pairwise

from flaglift.check.hosts.base import (
    HOLE,
    HOLES,
    ByteEdit,
    DividedForm,
    Literal,
    LiteralChange,
    PieceKind,
)
from flaglift.check.hosts.pieces import MARKED_UP
from flaglift.lossless.spans import Edit, Span, apply_edits, conflicting

_TOKEN = re.compile(rf"{HOLE}|[ \t]+|\r?\n|[^\W]+|.", re.DOTALL)
_MOST_CELLS = 4_000_000
"""The most word pairs to compare; longer changes become one edit."""


def differences(
    old: str, new: str, holes: Sequence[int] = (), *, whole: bool = False
) -> list[Edit] | None:
    """Return edits that turn one text into the other; none of them contains a hole.

    `holes` are the code points of the old text that are interpolations. None means that the new
    text has a different number. With `whole`, all changes between two holes are one edit.

    >>> differences("a cat --duration 7", "a cat --duration 5")
    [Edit(start=17, end=18, content='5')]
    """
    parts, rest = _split(old, holes), new.split(HOLE) if holes else [new]
    if len(parts) != len(rest):
        return None
    edits: list[Edit] = []
    offset = 0
    for before, after in zip(parts, rest, strict=True):
        if whole and before != after:
            edits.append(Edit(offset, offset + len(before), after))
        elif before != after:
            edits += _edits(before, after, offset)
        offset += len(before) + 1
    return edits


def _split(text: str, holes: Sequence[int]) -> list[str]:
    bounds = [-1, *holes, len(text)]
    return [text[a + 1 : b] for a, b in pairwise(bounds)]


def _edits(old: str, new: str, offset: int) -> list[Edit]:
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    before, after = before[start : len(before) - end], after[start : len(after) - end]
    offset += len("".join(_TOKEN.findall(old)[:start]))
    if len(before) * len(after) > _MOST_CELLS:
        whole = "".join(before)
        return [Edit(offset, offset + len(whole), "".join(after))]
    edits = []
    position = [0]
    for token in before:
        position.append(position[-1] + len(token))
    for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            edits.append(Edit(offset + position[i], offset + position[j], "".join(after[k:m])))
    return edits


class UnwritableError(Exception):
    """Changes cannot be written; the message says why.

    `faults` are the literals of the file whose changes cannot, with the reason of each; empty where
    it is unknown which of the changes is to blame. If they are not certain, one of these, or
    another, may be what makes the others read differently.
    """

    def __init__(
        self,
        reason: str,
        faults: Mapping[Literal, str] | None = None,
        *,
        is_certain: bool = True,
    ) -> None:
        super().__init__(reason)
        self.faults: Mapping[Literal, str] = faults or {}
        self.is_certain = is_certain


OVERLAP = "another change overlaps it"


@dataclass
class EditPlan:
    """The edits for some changes, and the intended text of each literal they touch."""

    edits: list[ByteEdit] = field(default_factory=list)
    """Of the file."""
    added: list[ByteEdit] = field(default_factory=list)
    """Those of them that add fields."""
    intended: dict[Literal, str] = field(default_factory=dict)
    """For the changed literals, and those that they are nested in."""


def plan(changes: Iterable[tuple[LiteralChange, bool]]) -> EditPlan:
    """Return the edits of the file that apply the changes.

    Each change comes with whether its text is rewritten from hole to hole, rather than only where
    it differs. Raises `UnwritableError` if there are no such edits, or if two changes
    overlap.
    """
    by_root = defaultdict(list)
    for change, whole in changes:
        by_root[change.literal.root].append((change, whole))
    result = EditPlan()
    faults = {}
    for root, group in by_root.items():
        try:
            _plan_literal(group, result)
        except UnwritableError as error:
            faults[root] = str(error)
    if faults:
        raise UnwritableError("changes cannot be written", faults)
    return result


def _plan_literal(changes: Iterable[tuple[LiteralChange, bool]], result: EditPlan) -> None:
    """Add the edits that change one literal of the file, and what is nested in it."""
    todo: dict[Literal, list[Edit]] = {}
    places = set()
    for change, whole in changes:
        literal = change.literal
        if (literal.hosts, literal.place) in places:
            raise UnwritableError(OVERLAP)
        places.add((literal.hosts, literal.place))
        todo.setdefault(literal, []).extend(_text_edits(change, whole=whole))
        if change.fields:
            owner, added = _field_edits(change)
            result.added += [] if owner.outer else added
            _hand_over(added, owner, result, todo)
    while todo:
        literal = max(todo, key=lambda each: len(each.hosts))
        edits = todo.pop(literal)
        if conflicting(edits):
            raise UnwritableError(OVERLAP)
        result.intended[literal] = literal.spelt(apply_edits(literal.text, edits))
        _hand_over(list(byte_edits(literal, edits)), literal, result, todo)


def _hand_over(
    edits: Sequence[ByteEdit], literal: Literal, result: EditPlan, todo: dict[Literal, list[Edit]]
) -> None:
    """Translate edits of a nested document to the literal whose text it is."""
    outer = literal.outer
    if outer is None:
        result.edits += edits
        return
    for start, end, content in edits:
        span = outer.offsets.code_points(Span(start, end))
        todo.setdefault(outer, []).append(Edit(*span, content.decode()))


def _text_edits(change: LiteralChange, *, whole: bool) -> list[Edit]:
    literal = change.literal
    if literal.locked:
        raise UnwritableError(literal.locked)
    holes = [hole.at for hole in literal.holes]
    edits = differences(literal.text, change.text, holes, whole=whole)
    if edits is None:
        raise UnwritableError("the change does not keep every interpolation")
    return edits


def _field_edits(change: LiteralChange) -> tuple[Literal, Sequence[ByteEdit]]:
    """Return the edits that add fields, and a literal of the document that they are in."""
    owner, siblings = change.literal, change.literal.siblings
    edits = (
        siblings.insert(change.fields) if siblings else "there is no place for fields next to it"
    )
    if isinstance(edits, str):
        raise UnwritableError(edits)
    for _ in range(siblings.levels if siblings else 0):
        owner = owner.outer or owner
    return owner, edits


def byte_edits(literal: Literal, edits: Iterable[Edit]) -> Iterator[ByteEdit]:
    """Yield the document edits for edits of a literal's text.

    No edit may contain an interpolation. Raises `UnwritableError` for text the form cannot express.
    """
    for edit in edits:
        start, end, content = _widened(literal, edit)
        stretches = _stretches(literal, start, end)
        if len(stretches) > 1 and isinstance(literal.form, DividedForm):
            raise UnwritableError(MARKED_UP)
        for stretch in stretches or [_insertion(literal, start)]:
            try:
                encoded = literal.form.encode(content, literal, stretch.start)
            except UnicodeEncodeError:  # half a surrogate pair
                encoded = None
            if encoded is None:
                raise UnwritableError(f"a {literal.form.name} cannot hold the new text")
            yield ByteEdit(*stretch, encoded)
            content = ""


def _widened(literal: Literal, edit: Edit) -> Edit:
    """Return an edit widened to cover every atom that it overlaps."""
    start, end, content = edit
    for begin, piece in zip(literal.begins, literal.pieces, strict=False):
        stop = begin + len(piece.text)
        if piece.kind is PieceKind.ATOM and begin < start < stop:
            content = piece.text[: start - begin] + content
            start = begin
        if piece.kind is PieceKind.ATOM and begin < end < stop:
            content += piece.text[end - begin :]
            end = stop
    return Edit(start, end, content)


def _insertion(literal: Literal, offset: int) -> Span:
    """Return where to insert text: next to other text if possible, never inside a hole."""
    index = bisect_left(literal.begins, offset)
    kinds = [piece.kind for piece in literal.pieces]
    if literal.begins[index] > offset or (index < len(kinds) and kinds[index] not in HOLES):
        at = literal.bytes_of(Span(offset, offset)).start
        return Span(at, at)
    low = literal.pieces[index - 1].end if index else literal.inside
    if index and kinds[index - 1] not in HOLES:
        return Span(low, low)
    high = literal.pieces[index].start if index < len(kinds) else literal.last
    at = literal.form.place_between(low, high)
    return Span(at, at)


def _stretches(literal: Literal, start: int, end: int) -> list[Span]:
    """Return the bytes that encode a range of the text, without those that encode nothing."""
    stretches: list[Span] = []
    for begin, piece in zip(literal.begins, literal.pieces, strict=False):
        low, high = max(start, begin), min(end, begin + len(piece.text))
        if low < high:
            part = literal.bytes_of(Span(low, high))
            if stretches and stretches[-1].end == part.start:
                part = Span(stretches.pop().start, part.end)
            stretches.append(part)
    return stretches


def apply(data: bytes, edits: Sequence[ByteEdit]) -> bytes:
    """Return a document with edits made.

    Raises `UnwritableError` if two overlap.
    """
    parts = []
    position, inserted = 0, -1
    for start, end, content in sorted(edits):
        if start < position or start == end == inserted:
            raise UnwritableError(OVERLAP)
        parts += [data[position:start], content]
        position, inserted = end, start if start == end else -1
    return b"".join([*parts, data[position:]])
