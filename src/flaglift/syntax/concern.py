"""Which texts may hold a flag of the dialect or a near miss of one: most do not."""

import re
from collections.abc import Callable

from flaglift.syntax.entities import FLAG
from flaglift.syntax.flags import FlagName
from flaglift.syntax.lookalikes import DASHES, UNSEEN

_BEGINNINGS = [
    name
    for name in FlagName
    if not any(name != other and name.startswith(other) for other in FlagName)
]
"""The names that none of the others begins with: who finds one of these finds all."""
FLAG_NAME = f"(?i:{'|'.join(_BEGINNINGS)})"

# Each begins with a character or a set of them, which is what `re` looks for fastest.
_flag = re.compile(rf'-(?:["\\]*+-|{FLAG_NAME})').search
# A run of dashes is looked at where it begins, so that no run, however long, is read twice. One
# that begins with two hyphens is found by `_flag`.
looks_typographic: Callable[[str], re.Match[str] | None] = re.compile(
    rf"[{UNSEEN}{DASHES[1:]}\-](?:(?<=[{UNSEEN}])|(?:(?<=[{DASHES[1:]}])|(?=[{DASHES[1:]}]))"
    rf"(?<![{DASHES}][\s\S])[{DASHES}]*+[A-Za-z])"
).search
"""Finds a character that shows as nothing, or a dash that is not a hyphen before a letter."""


def may_concern(text: str) -> bool:
    """Tell whether a text may hold a flag of the dialect or a near miss of one.

    Most texts do not, and this is all that is ever asked of them.

    >>> may_concern("a well-lit cat - asleep"), may_concern("a cat --video")
    (False, True)
    """
    if "-" in text and _flag(text):
        return True
    if "&" in text and FLAG.search(text):
        return True
    return not text.isascii() and looks_typographic(text) is not None
