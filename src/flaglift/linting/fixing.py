"""Applies fixes, and reverts those that make anything worse."""

from bisect import bisect_left, bisect_right
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from flaglift.context import Context
from flaglift.diagnostics import Applicability, Diagnostic
from flaglift.emit.translation import TranslationStatus, read_values, translation_of
from flaglift.linting.engine import Examination, examine, reported, selected
from flaglift.lossless.spans import Edit, apply_edits
from flaglift.settings import Settings
from flaglift.syntax.flags import FlagName
from flaglift.syntax.prompt import Prompt, Segment

_MOST_ROUNDS = 100
"""More than any prompt needs: each round applies all fixes that can be applied together."""

_FEWEST_ATTEMPTS, _MOST_ATTEMPTS, _CODE_POINTS = 12, 256, 300_000
"""Limits for one round: how often a text is read, and about how many code points in all."""


@dataclass(frozen=True, slots=True)
class FixResult:
    """A prompt after fixing, with the applied fixes and the remaining findings."""

    text: str
    fixed: tuple[Diagnostic, ...]
    """With positions in the text in which each was found."""
    remaining: tuple[Diagnostic, ...]
    unfixed: tuple[Diagnostic, ...]
    """The remaining ones, without fixes, with positions in the text before fixing."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """The meaning of a text to the rules and to the service, which fixes must preserve."""

    findings: list[Diagnostic]
    status: TranslationStatus
    values: list[dict[str, Any]] | None
    """The fields from the flags, even of a refused prompt; None if it is unreadable."""
    stated: Mapping[FlagName, Sequence[str]]
    """The result of `stated_values` for the only segment."""


def stated_values(segment: Segment) -> dict[FlagName, list[str]]:
    """Return the values, in order, that flags state, even where the service reads no flag.

    Empty values and flags without a required value state nothing; a switch states itself.
    """
    stated: dict[FlagName, list[str]] = {}
    for flag in segment.flags:
        value = flag.value and flag.value.text if flag.name.takes_value else flag.name
        if value:
            stated.setdefault(flag.name, []).append(value)
    return stated


def fix_prompt(
    text: str,
    settings: Settings,
    context: Context,
    *,
    unsafe: bool | Collection[str],
    prompt: Prompt | None = None,
) -> FixResult:
    """Apply the fixes of a prompt, which is parsed unless it is given. Raises as `examine` does.

    `unsafe` is whether to apply unsafe fixes, or the codes whose unsafe fixes to apply.
    """

    def read(new: str) -> Assessment:
        examined = examine(new, settings, context, prompt=prompt if new == text else None)
        return assessment_of(examined)

    if not isinstance(unsafe, bool):
        unsafe = selected(tuple(unsafe), ()) if unsafe else False
    return fix_text(text, unsafe=unsafe, read=read)


def assessment_of(examined: Examination) -> Assessment:
    """Return the assessment of a text that the rules have examined."""
    first = examined.subjects[0]
    shown = reported(examined.diagnostics, first.settings)
    return Assessment(
        findings=shown,
        status=translation_of(first.text, first, examined.diagnostics, shown).status,
        values=read_values(examined.subjects),
        stated=stated_values(first.segment),
    )


def fix_text(
    text: str, *, unsafe: bool | Collection[str], read: Callable[[str], Assessment]
) -> FixResult:
    """Apply fixes as long as there are allowed ones that help.

    `unsafe` is whether to apply unsafe fixes, or the codes whose unsafe fixes to apply.

    The operation is idempotent: fixes that would undo each other endlessly are not applied at all.
    """
    original = _FixState(text, read(text))
    fixed: list[Diagnostic] = []
    rounds: list[_Round] = []
    state = original
    for _ in range(_MOST_ROUNDS):
        # Safe fixes must preserve the fields, which only shows if they are applied by themselves.
        for applicability in list(Applicability)[: 1 + bool(unsafe)]:
            candidates = _candidates(state.reading, applicability, unsafe)
            applied, state = _apply_what_helps(state, candidates, read)
            if applied:
                fixed += applied
                rounds.append(_Round(_edits(applied)))
                break
        else:
            break
    else:
        state, fixed, rounds = original, [], []
    unfixed = remaining = tuple(state.reading.findings)
    for each in reversed(rounds):
        unfixed = tuple(map(each.before, unfixed))
    return FixResult(state.text, tuple(fixed), remaining, unfixed)


@dataclass(frozen=True, slots=True)
class _FixState:
    text: str
    reading: Assessment


def _candidates(
    reading: Assessment, applicability: Applicability, unsafe: bool | Collection[str]
) -> list[Diagnostic]:
    if applicability is Applicability.SAFE and reading.values is None:
        return []  # it cannot be determined whether the fields stay the same
    findings = [d for d in reading.findings if d.fix and d.fix.applicability is applicability]
    if applicability is Applicability.SAFE or isinstance(unsafe, bool):
        return findings
    return [d for d in findings if d.code in unsafe]


def _apply_what_helps(
    start: _FixState, candidates: Sequence[Diagnostic], read: Callable[[str], Assessment]
) -> tuple[list[Diagnostic], _FixState]:
    """Apply all candidates at once, or if that is rejected, each half, down to single fixes."""
    applied: list[Diagnostic] = []
    state = start
    attempts = max(_FEWEST_ATTEMPTS, min(_MOST_ATTEMPTS, _CODE_POINTS // (len(start.text) + 1)))
    while candidates and attempts and not applied:
        batch, candidates = _compatible(candidates)
        parts = deque([batch])
        while parts and attempts:
            part = parts.popleft()
            text = apply_edits(start.text, _edits([*applied, *part]))
            new = _FixState(text, read(text))
            attempts -= 1
            if _helps(part, state.reading, new.reading) and text.strip():
                applied += part
                state = new
            elif len(part) > 1:
                middle = len(part) // 2
                parts += [part[middle:], part[:middle]]
    return applied, state


def _edits(diagnostics: Sequence[Diagnostic]) -> list[Edit]:
    return [edit for diagnostic in diagnostics if diagnostic.fix for edit in diagnostic.fix.edits]


class _Round:
    """Edits that were applied together, and the mapping back to the text before them."""

    def __init__(self, edits: Iterable[Edit]) -> None:
        self._edits = sorted(edits)
        growth = (len(edit.content) - (edit.end - edit.start) for edit in self._edits)
        self._shifts = list(accumulate(growth, initial=0))
        pairs = zip(self._edits, self._shifts, strict=False)
        self._starts = [edit.start + shift for edit, shift in pairs]

    def before(self, finding: Diagnostic) -> Diagnostic:
        """Return a finding on the edited text with its positions in the text before the edits."""
        first = self._position(finding.start, bisect_right(self._starts, finding.start), "start")
        last = self._position(finding.end, bisect_left(self._starts, finding.end), "end")
        return finding.moved(first, max(first, last))

    def _position(self, after: int, edits: int, inside: str) -> int:
        """Return the old position, given how many edits begin before it."""
        if edits:
            edit = self._edits[edits - 1]
            if after < self._starts[edits - 1] + len(edit.content):
                place: int = getattr(edit, inside)
                return place
        return after - self._shifts[edits]


def _compatible(
    candidates: Sequence[Diagnostic],
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """Return fixes that can be applied together, in text order, and the others."""
    batch: list[Diagnostic] = []
    others: list[Diagnostic] = []
    taken: list[Edit] = []
    for candidate in candidates:
        edits = _edits([candidate])
        if any(_collides(edit, taken) for edit in edits):
            others.append(candidate)
            continue
        batch.append(candidate)
        for edit in edits:
            taken.insert(bisect_left(taken, edit), edit)
    return batch, others


def _collides(edit: Edit, taken: Sequence[Edit]) -> bool:
    """Return whether an edit overlaps one in `taken`, which is sorted without overlaps."""
    index = bisect_left(taken, edit)
    for other in taken[max(0, index - 1) : index + 1]:
        first, second = sorted((edit, other))
        if second.start < first.end or edit[:2] == other[:2]:
            return True
    return False


def _helps(attempt: Sequence[Diagnostic], old: Assessment, new: Assessment) -> bool:
    """Return whether an attempt resolves its findings and makes nothing worse."""
    before, after = Counter(d.code for d in old.findings), Counter(d.code for d in new.findings)
    removed = Counter(d.code for d in attempt)
    if any(after[code] > before[code] - count for code, count in removed.items()):
        return False
    if all(d.fix and d.fix.applicability is Applicability.SAFE for d in attempt):
        return (old.values, old.status) == (new.values, new.status)
    if (old.status, new.status) == (TranslationStatus.TRANSLATED, TranslationStatus.REFUSED):
        return False
    if any(_adds_a_choice(old.stated.get(name, ()), new.stated[name]) for name in new.stated):
        return False
    return all(
        name in new.stated and _is_kept(values, new.stated[name])
        for name, values in old.stated.items()
    )


def _adds_a_choice(old: Sequence[str], new: Sequence[str]) -> bool:
    """Return whether a flag has several values, of which only the last counts, and had fewer."""
    return len(set(new)) > max(1, len(set(old)))


def _is_kept(old: Sequence[str], new: Sequence[str]) -> bool:
    """Return whether the effective value is kept, or was replaced with a new one.

    A value that an earlier flag states does not count as a replacement.
    """
    return new[-1] == old[-1] or len(new) >= len(old) or new[-1] not in old
