"""Writes changed prompts back: every change is proved by reading the file again, or taken back."""

from collections import Counter
from collections.abc import Sequence

from flaglift.check.hosts.base import ByteEdit, Change, Host, Literal, Refused, Rewritten
from flaglift.check.hosts.edits import Plan, UnwritableError, apply, plan
from flaglift.check.hosts.proof import compare

Attempt = tuple[Change, bool]
"""A change, and whether its text is written anew from hole to hole."""


def rewrite(data: bytes, host: Host, changes: Sequence[Change]) -> Rewritten:
    """Return a document with changes made, and those that are not made, each with the reason.

    The changes' literals are those that `finding.candidates` gave for the same data and host. After
    the edits the document is read again: each changed literal must hold the text intended, each
    added field its value, and every other literal what it held before. What fails this is taken
    back. Never raises for the content.
    """
    before = host.literals(data) if changes else []
    new, _, refused = _made(data, host, before, changes)
    return Rewritten(new, tuple(refused))


def edits_of_each(data: bytes, host: Host, changes: Sequence[Change]) -> list[list[ByteEdit]]:
    """Return what each change alone edits, in order; nothing for one that cannot be made.

    Several changes may be of one literal. Those of different literals are proved together.
    """
    before = host.literals(data) if changes else []
    rounds: list[list[Change]] = []
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
    data: bytes, host: Host, before: Sequence[Literal], changes: Sequence[Change]
) -> tuple[bytes, list[Attempt], list[Refused]]:
    new = data
    made: list[Attempt] = []
    refused: list[Refused] = []
    groups = [[(change, False) for change in changes]]
    while groups:
        group = groups.pop()
        try:
            new = _proved(data, host, before, [*made, *group]) if group else new
            made += group
        except UnwritableError as error:
            groups += _again(group, error, refused)
    return new, made, refused


def _proved(
    data: bytes, host: Host, before: Sequence[Literal], attempts: Sequence[Attempt]
) -> bytes:
    planned: Plan = plan(attempts)
    new = apply(data, planned.edits)
    compare(before, host.literals(new), planned, [change for change, _ in attempts])
    return new


def _again(
    group: list[Attempt], error: UnwritableError, refused: list[Refused]
) -> list[list[Attempt]]:
    """Return what to try after a group failed, the last one first; add what is given up."""
    blamed = [each for each in group if each[0].literal.root in error.faults]
    right = [each for each in group if each[0].literal.root not in error.faults]
    if not blamed and len(group) > 1:
        return _halves(group)
    wrong = blamed or group
    if not all(whole for _, whole in wrong):
        # What is left beside an edit may read otherwise than before, such as a last backslash.
        return [[(change, True) for change, _ in wrong], right if blamed else []]
    if len({change.literal.root for change, _ in wrong}) < len(wrong):
        return [*_halves(wrong), right]
    for change, _ in wrong:
        refused.append(Refused(change, error.faults.get(change.literal.root, str(error))))
    return [right if blamed else []]


def _halves(group: list[Attempt]) -> list[list[Attempt]]:
    half = len(group) // 2
    return [group[half:], group[:half]]
