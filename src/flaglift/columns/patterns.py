r"""The patterns that Arrow's kernels search prompts for, in the syntax of RE2, which they use.

They are built from the names, dashes and invisible characters in `flaglift.syntax`, and from the
grammar's terminals. None of them decides what a prompt means: the first selects the prompts for
which `translate` has any findings, the others those too plain to be translated one by one.
Property tests compare both with `translate`.
"""

from functools import cache

from flaglift.shapes import watches_references
from flaglift.syntax.flags import FlagName
from flaglift.syntax.grammar import pattern
from flaglift.syntax.lookalikes import DASHES, INVISIBLE, UNSEEN


def _escaped(characters: str) -> str:
    return "".join(rf"\x{{{ord(character):x}}}" for character in characters)


_HYPHEN, _TYPOGRAPHIC = DASHES[0], _escaped(DASHES[1:])
_INVISIBLE = _escaped(INVISIBLE)
_UNSEEN = _escaped(UNSEEN)


def _beginning(name: str) -> str:
    """Return a pattern for a name's first two letters, ignoring case and invisible characters."""
    first, second = (f"[{letter}{letter.upper()}]" for letter in name[:2])
    return f"{first}[{_INVISIBLE}]*{second}"


_BEGINNINGS = "|".join(sorted({_beginning(name) for name in FlagName}))

CONCERNED = "|".join(
    (
        r'-["\\]*-',  # a flag, the beginning of one, a quoted one
        f"-[{_INVISIBLE}]*(?:{_BEGINNINGS})",  # one hyphen, and the name of a flag
        f"-[{_INVISIBLE}]*[{_TYPOGRAPHIC}]",  # several dashes, one of them typographic
        f"-[{_INVISIBLE}]+-",
        f"[{_TYPOGRAPHIC}][-{_TYPOGRAPHIC}{_INVISIBLE}]*[A-Za-z]",
        f"&[#A-Za-z0-9;&]+;-?(?:{_BEGINNINGS})",  # dashes written as entities
    )
)
"""Matches every prompt with a flag or a near miss of one (`Feature.CONCERNED`), and others."""

_UNPLAIN = rf"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{{9f}}\\{_UNSEEN}"
_ENTITY = "&[#A-Za-z]"
_HELP = r'(?:^|[\s"])-"*h'  # (2.12)

REFERENCE = pattern("REFERENCE").replace("++", "+").replace("*+", "*")
"""A reference (5.1). RE2 lacks possessive quantifiers, which make no difference in it."""


@cache
def unplain_body() -> str:
    """Return a pattern for any text that might affect how it, or a flag after it, is read.

    A text with an odd number of quotes may do so too.
    """
    watched = [REFERENCE] if watches_references() else []
    return "|".join((f"[{_UNPLAIN}]", _ENTITY, CONCERNED, _HELP, *watched))


UNPLAIN_VALUE = rf"[\t\r\n<{_UNPLAIN}]|{_ENTITY}|{CONCERNED}"
"""Matches every quoted video prompt on which a rule might have a finding."""
