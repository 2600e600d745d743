"""Writes changed prompts back: every change is proved by reading the file again, or reverted."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate

from flaglift.check.hosts.base import ByteEdit, Host, Literal, LiteralChange, Refused, Rewritten
from flaglift.check.hosts.edits import EditPlan, UnwritableError, apply, plan
from flaglift.check.hosts.finding import leaves
from flaglift.check.hosts.values import UNREAD, Intention, value_of
from flaglift.emit.form import form_value
from flaglift.lossless.spans import Span

ELSEWHERE = "another part of the file would read differently"
CROWDED = "too many changes of the file cannot be proved to change nothing else"

_MOST_READINGS = 200
"""How often a file is read to prove changes: enough to find some ten that cannot be made."""

Attempt = tuple[LiteralChange, bool]
"""A change, and whether its text is rewritten from hole to hole."""


def rewrite(data: bytes, host: Host, changes: Sequence[LiteralChange]) -> Rewritten:
    """Return a document with changes applied, and the changes not made, each with the reason.

    The literals of the changes are those that `finding.candidates` gave for the same data and host.
    After the edits, the document is read again: each changed literal must have the intended text,
    each added field its value, and every other literal its old content. Changes that fail this are
    reverted. Never raises for the content.
    """
    before = host.literals(data) if changes else []
    new, _, refused = _made(data, host, before, changes)
    return Rewritten(new, tuple(refused))


def edits_of_each(
    data: bytes, host: Host, changes: Sequence[LiteralChange]
) -> list[list[ByteEdit]]:
    """Return the edits for each change alone, in order; none for one that cannot be made.

    Several changes may concern the same literal. Those of different literals are proved together.
    """
    before = host.literals(data) if changes else []
    rounds: list[list[LiteralChange]] = []
    count: Counter[Literal] = Counter()
    for change in changes:
        root = change.literal.root
        if count[root] == len(rounds):
            rounds.append([])
        rounds[count[root]].append(change)
        count[root] += 1
    edits = {
        id(attempt[0]): sorted(plan([attempt]).edits)
        for group in rounds
        for attempt in _made(data, host, before, group)[1]
    }
    return [edits.get(id(change), []) for change in changes]


def _made(
    data: bytes, host: Host, before: Sequence[Literal], changes: Sequence[LiteralChange]
) -> tuple[bytes, list[Attempt], list[Refused]]:
    new = data
    made: list[Attempt] = []
    refused: list[Refused] = []
    groups = [[(change, False) for change in changes]]
    readings = 0
    while groups and readings < _MOST_READINGS:
        group = groups.pop()
        if not group:
            continue
        readings += 1
        try:
            new = _proved(data, host, before, [*made, *group])
            made += group
        except UnwritableError as error:
            groups += _again(group, error, refused)
    refused += [Refused(change, CROWDED) for group in groups for change, _ in group]
    return new, made, refused


def _proved(
    data: bytes, host: Host, before: Sequence[Literal], attempts: Sequence[Attempt]
) -> bytes:
    planned: EditPlan = plan(attempts)
    new = apply(data, planned.edits)
    changes = [change for change, _ in attempts]
    compare(before, host.literals(new), planned, changes)
    was = value_of(host.name, data)
    if was is not UNREAD and not Intention(planned, changes).is_all(was, value_of(host.name, new)):
        raise UnwritableError(ELSEWHERE)
    return new


def _again(
    group: list[Attempt], error: UnwritableError, refused: list[Refused]
) -> list[list[Attempt]]:
    """Return the groups to try after one failed, the last first; record what is given up."""
    blamed = [each for each in group if each[0].literal.root in error.faults]
    right = [each for each in group if each[0].literal.root not in error.faults]
    if len(group) > 1 and not (blamed and error.is_certain):
        # Any of them may be what makes the others read differently.
        return [blamed, right] if blamed and right else _halves(group)
    wrong = blamed or group
    if not all(whole for _, whole in wrong):
        # The rest next to an edit may read differently than before, such as a trailing backslash.
        return [[(change, True) for change, _ in wrong], right if blamed else []]
    if len({change.literal.root for change, _ in wrong}) < len(wrong):
        return [*_halves([(change, False) for change, _ in wrong]), right]
    for change, _ in wrong:
        refused.append(Refused(change, error.faults.get(change.literal.root, str(error))))
    return [right if blamed else []]


def _halves(group: list[Attempt]) -> list[list[Attempt]]:
    half = len(group) // 2
    return [group[half:], group[:half]]


def compare(
    before: Sequence[Literal],
    after: Sequence[Literal],
    planned: EditPlan,
    changes: Sequence[LiteralChange],
) -> None:
    """Raise `UnwritableError` unless each literal has its old content, or the intended one.

    Both sequences are all the literals of a document, before and after the planned edits. New
    literals are allowed only where fields were added.
    """
    moves = _Moves(planned)
    wanted = _Wanted(planned, changes)
    faults: dict[Literal, str] = {}
    lost: list[Literal] = []
    by_place = {Span(each.start, each.end): each for each in after}
    targets = {Span(each.start, each.end): each for each in planned.intended if not each.outer}
    filled = {Span(edit.start, edit.end) for edit in planned.added} - set(targets)
    for old in before:
        place = Span(old.start, old.end)
        if place in filled:
            continue
        target = targets.get(place)
        new = by_place.pop(moves.inner(place) if target else moves.other(place), None)
        if target:
            wrong = wanted.difference(target, new)
            faults.update({target: wrong} if wrong else {})
            lost += [target] if wrong and (new is None or new.locked) else []
        elif new is None or new.text != old.text:
            raise UnwritableError("the rest of the file would read differently")
    if faults:
        own = {target: wrong for target, wrong in faults.items() if target not in lost}
        raise UnwritableError("changes would read differently", own or faults, is_certain=bool(own))
    if not all(moves.is_added(place) for place in by_place):
        raise UnwritableError("the file would hold more strings than before")


class _Wanted:
    """The intended texts of the changed literals, and the fields next to them."""

    def __init__(self, planned: EditPlan, changes: Sequence[LiteralChange]) -> None:
        self._texts = {_key(each): text for each, text in planned.intended.items()}
        self._fields = {_key(each.literal): each.fields for each in changes if each.fields}
        self._moved = {each.literal.root for each in changes if each.fields}

    def difference(self, old: Literal, new: Literal | None) -> str:
        """Return how a literal's content differs from the intended one; empty if it does not."""
        wrong = f"it would read differently in this {old.form.name}"
        if new is None or new.locked or new.spelt(new.text) != self._text(old):
            return wrong
        was, now = list(leaves([old], every=True)), list(leaves([new], every=True))
        if len(was) != len(now) and old not in self._moved:
            return wrong
        rest = iter(now)
        for each in was:
            text = self._text(each)
            match = next((other for other in rest if other.spelt(other.text) == text), None)
            if match is None or match.hosts != each.hosts:
                return wrong
            for name, value in self._fields.get(_key(each), {}).items():
                if name not in match.beside or form_value(match.beside[name]) != form_value(value):
                    return f"the field {name} would read differently"
        return ""

    def _text(self, literal: Literal) -> str:
        return self._texts.get(_key(literal), literal.spelt(literal.text))


def _key(literal: Literal) -> tuple[tuple[str, ...], Span]:
    return literal.hosts, literal.place


class _Moves:
    """Maps positions of the old document to the new one."""

    def __init__(self, planned: EditPlan) -> None:
        edits = sorted(planned.edits)
        self._inserted: Counter[int] = Counter()
        """The number of bytes inserted at each position."""
        for edit in planned.added:
            if edit.start == edit.end:
                self._inserted[edit.start] += len(edit.content)
        self._starts = [edit.start for edit in edits]
        self._ends = [edit.end for edit in edits]
        self._growth = list(accumulate((_growth(edit) for edit in edits), initial=0))
        starts = [(self._within(edit.start), len(edit.content)) for edit in planned.added]
        self._added = sorted(Span(start, start + length) for start, length in starts)
        """The ranges of the new document that were added."""

    def other(self, place: Span) -> Span:
        """Return the new place of a literal into which nothing is written, except in its holes."""
        return Span(self._before(place.start), self._within(place.end))

    def inner(self, place: Span) -> Span:
        """Return the new place of a changed literal."""
        start = self._within(place.start) + self._inserted[place.start]
        return Span(start, self._before(place.end) - self._inserted[place.end])

    def is_added(self, place: Span) -> bool:
        """Return whether a range of the new document lies within an addition."""
        index = bisect_right(self._added, place.start, key=lambda each: each.start) - 1
        return index >= 0 and place.end <= self._added[index].end

    def _before(self, offset: int) -> int:
        """Return the new position of a byte, after anything inserted at it."""
        return offset + self._growth[bisect_right(self._ends, offset)]

    def _within(self, offset: int) -> int:
        """Return the new position of a byte, before anything inserted at it."""
        count = bisect_left(self._ends, offset)
        while count < len(self._ends) and self._ends[count] == offset > self._starts[count]:
            count += 1
        return offset + self._growth[count]


def _growth(edit: ByteEdit) -> int:
    return len(edit.content) - (edit.end - edit.start)
