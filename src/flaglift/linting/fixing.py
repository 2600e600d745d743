"""Applies fixes, and takes them back where anything got worse."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flaglift.diagnostics import Applicability, Diagnostic
from flaglift.emit.translation import TranslationStatus
from flaglift.lossless.spans import Edit, apply_edits, conflicting

_MOST_ROUNDS = 100
"""More than any prompt needs; two fixes that undo each other end here."""


@dataclass(frozen=True, slots=True)
class FixResult:
    """A prompt after fixing, what was fixed, and what is left to say about it."""

    text: str
    fixed: tuple[Diagnostic, ...]
    """Places are those of the text in which each was found."""
    remaining: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text is to the rules and to the service, as far as fixes must not spoil it."""

    found: list[Diagnostic]
    status: TranslationStatus
    values: list[dict[str, Any]] | None
    """The fields that the flags say, even of a refused prompt; None where it is unreadable."""
    rewritable: bool
    """Whether fixes may touch the text at all (dialect section 5.3)."""


def fix_text(text: str, *, unsafe: bool, read: Callable[[str], Reading]) -> FixResult:
    """Apply fixes until none is left that may be applied and helps."""
    wanted = {Applicability.SAFE, Applicability.UNSAFE} if unsafe else {Applicability.SAFE}
    fixed: list[Diagnostic] = []
    reading = read(text)
    for _ in range(_MOST_ROUNDS):
        candidates = [d for d in reading.found if d.fix and d.fix.applicability in wanted]
        if not candidates or not reading.rewritable:
            break
        # All at once is the rule; one at a time where that is refused.
        for attempt in (_compatible(candidates), *([candidate] for candidate in candidates)):
            new_text = apply_edits(text, _edits(attempt))
            new_reading = read(new_text)
            if _helps(attempt, reading, new_reading):
                break
        else:
            break
        text, reading = new_text, new_reading
        fixed += attempt
    return FixResult(text, tuple(fixed), tuple(reading.found))


def _edits(diagnostics: Sequence[Diagnostic]) -> list[Edit]:
    return [edit for diagnostic in diagnostics if diagnostic.fix for edit in diagnostic.fix.edits]


def _compatible(candidates: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Return fixes that can be applied together, the first in the text first."""
    batch: list[Diagnostic] = []
    for candidate in candidates:
        if not conflicting(_edits([*batch, candidate])):
            batch.append(candidate)
    return batch


def _helps(attempt: Sequence[Diagnostic], old: Reading, new: Reading) -> bool:
    """Tell whether an attempt removes what it is about and makes nothing worse."""
    before, after = Counter(d.code for d in old.found), Counter(d.code for d in new.found)
    removed = Counter(d.code for d in attempt)
    if any(after[code] > before[code] - count for code, count in removed.items()):
        return False
    if all(d.fix and d.fix.applicability is Applicability.SAFE for d in attempt):
        return old.values is not None and (old.values, old.status) == (new.values, new.status)
    return (old.status, new.status) != (TranslationStatus.TRANSLATED, TranslationStatus.REFUSED)
