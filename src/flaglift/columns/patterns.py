r"""What Arrow's kernels look for in prompts, as patterns of RE2, which those use.

They are made of the names, dashes and unseen characters that `flaglift.syntax` knows, and of the
grammar's own terminals. None of them decides what a prompt means: the first tells which prompts
`translate` has to say something about, the others which prompts are too plain to be read one by
one. Property tests hold both against `translate`.
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
    """Return the pattern of a name's first two letters, in any case, invisible ones between."""
    first, second = (f"[{letter}{letter.upper()}]" for letter in name[:2])
    return f"{first}[{_INVISIBLE}]*{second}"


_BEGINNINGS = "|".join(sorted({_beginning(name) for name in FlagName}))

CONCERNED = "|".join(
    (
        r'-["\\]*-',  # a flag, a beginning of one, a quoted one
        f"-[{_INVISIBLE}]*(?:{_BEGINNINGS})",  # one hyphen, and the name of a flag
        f"-[{_INVISIBLE}]*[{_TYPOGRAPHIC}]",  # several dashes, one of them typographic
        f"-[{_INVISIBLE}]+-",
        f"[{_TYPOGRAPHIC}][-{_TYPOGRAPHIC}{_INVISIBLE}]*[A-Za-z]",
        f"&[#A-Za-z0-9;&]+;-?(?:{_BEGINNINGS})",  # dashes written as entities
    )
)
"""Found in every prompt with a flag or a near miss of one (`Feature.CONCERNED`), and in others."""

_UNPLAIN = rf"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{{9f}}\\{_UNSEEN}"
_ENTITY = "&[#A-Za-z]"
_HELP = r'(?:^|[\s"])-"*h'  # (2.12)

REFERENCE = pattern("REFERENCE").replace("++", "+").replace("*+", "*")
"""A reference (5.1). Possessive quantifiers are not known here, and change nothing in it."""


@cache
def unplain_body() -> str:
    """Return what is found in every text that might change how it, or a flag after it, is read.

    A text with an odd number of quotes may do so too.
    """
    watched = [REFERENCE] if watches_references() else []
    return "|".join((f"[{_UNPLAIN}]", _ENTITY, CONCERNED, _HELP, *watched))


UNPLAIN_VALUE = rf"[\t\r\n<{_UNPLAIN}]|{_ENTITY}|{CONCERNED}"
"""Found in every quoted video prompt that a rule might have something to say about."""
