"""The move of flags to fields beside a prompt: the fix of `legacy-syntax` in structured files."""

from flaglift.check.document import Document
from flaglift.check.hosts.base import Change, Literal
from flaglift.check.hosts.lifting import lift_literal

MOVED = "FL001"
"""The rule whose fix it is."""


def moved(literal: Literal, document: Document) -> Change | None:
    """Return the change that moves a prompt's flags to fields; None where it cannot be said."""
    if literal.siblings is None or literal.locked:
        return None
    change = lift_literal(literal, document.job.settings)
    return change if isinstance(change, Change) else None


def movable(literal: Literal, document: Document) -> Change | None:
    """Return that change, if there is a place for its fields; that it holds is not proved yet."""
    change = moved(literal, document)
    if change is None or literal.siblings is None:
        return None
    return None if isinstance(literal.siblings.insert(change.fields), str) else change
