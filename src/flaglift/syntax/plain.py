"""Prompts of the plain shape: their flags are read without an AST, and most prompts have it.

A plain prompt has one `--video`, one `--video_model`, one quoted `--video_prompt` and at most one
`--duration`, and nothing else in it is a flag, a near miss of one, or in doubt. The expression that
it must match is made of the grammar's own terminals, and a property test holds what is read here
equal to what `parse` reads. A prompt that is not plain is parsed.
"""

import re
from functools import cache
from typing import NamedTuple

from flaglift.lossless.spans import Span, apply_edits
from flaglift.syntax.entities import ENTITY
from flaglift.syntax.lift import lift_edits
from flaglift.syntax.lookalikes import DASHES, UNSEEN
from flaglift.syntax.nodes import FlagName
from flaglift.syntax.tokens import is_group, terminals
from flaglift.syntax.words import WHITESPACE, unescape

# Each begins with a character or a set of them, which is what `re` looks for fastest.
_NAMES = f"(?i:{'|'.join(FlagName)})"
_concern = re.compile(rf'-(?:["\\]*+-|{_NAMES})').search
_near_miss = re.compile(rf"-(?<!--){_NAMES}").search
_typographic = re.compile(rf"[{DASHES[1:]}{UNSEEN}](?:(?<=[{UNSEEN}])|[{DASHES}]*+[A-Za-z])").search
"""A character that nobody sees, or a dash that is no hyphen in front of a letter."""

_GROUPS = (1, 2, 3, 4)
_MODEL_AT, _PROMPT_AT, _DURATION_AT = (
    len(f"--{name} ") for name in (FlagName.VIDEO_MODEL, FlagName.VIDEO_PROMPT, FlagName.DURATION)
)
"""Where the value of a flag begins: behind one blank, or `=` (2.3)."""

_is_bare = re.compile(r"[A-Za-z0-9_.+][A-Za-z0-9_.+-]{0,79}").fullmatch
"""Tells whether a model or a duration can be read in one way only."""


class Plain(NamedTuple):
    """What a plain prompt says."""

    text: str
    """The text less the flags (4.1)."""
    video_prompt: str
    """As it reads."""
    model: str
    """As written; so is the duration."""
    duration: str | None
    first_flag: tuple[int, int]
    model_end: int
    duration_end: int
    """-1 without a duration."""


def may_concern(text: str) -> bool:
    """Tell whether a text may hold a flag of the dialect or a near miss of one.

    Most texts do not, and this is all that is ever asked of them.

    >>> may_concern("a well-lit cat - asleep"), may_concern("a cat --video")
    (False, True)
    """
    if "-" in text and _concern(text):
        return True
    return not text.isascii() and _typographic(text) is not None


def read_plain(text: str) -> Plain | None:
    """Return what a prompt says if it is plain.

    >>> read_plain('a cat --video --video_model kling25 --video_prompt "it yawns"')[:3]
    ('a cat', 'it yawns', 'kling25')
    >>> read_plain("a cat --video --video_model kling25 --video_prompt yawning") is None
    True
    """
    pairs = text.count("--")  # each flag has one pair of dashes; any other pair is in doubt
    if not 3 <= pairs <= 4 or _is_doubtful(text):
        return None
    found = _shape().fullmatch(text)
    if found is None:
        return None
    video, model, prompt, duration = found.groups()
    if video != "--video" or model is None or prompt is None or (duration is None) != (pairs == 3):
        return None
    length = len(video) + len(model) + len(prompt) + len(duration or "")
    model, duration = model[_MODEL_AT:], duration and duration[_DURATION_AT:]
    video_prompt = _unquoted(prompt[_PROMPT_AT:], text)
    if video_prompt is None or not _is_bare(model) or not (duration is None or _is_bare(duration)):
        return None
    flags = [*map(found.span, _GROUPS[:pairs])]
    first = min(flags)
    if first[0] + length + pairs - 1 == len(text):
        # Between the flags there is room for the blanks that part them, and for nothing else.
        rest = text[: first[0]].rstrip(WHITESPACE)
    else:
        rest = apply_edits(text, lift_edits(text, sorted(Span(*flag) for flag in flags)))
    return Plain(rest, video_prompt, model, duration, first, found.end(2), found.end(4))


def _is_doubtful(text: str) -> bool:
    """Tell whether a rule may have to look at the text itself, or it may end in settings (5.2)."""
    return (
        _near_miss(text) is not None
        or ("&" in text and ENTITY.search(text) is not None)
        or ("=" in text and "\n" in text)
        or (not text.isascii() and _typographic(text) is not None)
    )


@cache
def _shape() -> re.Pattern[str]:
    """Return the expression of a plain prompt: texts, and flags whose pieces are its groups."""
    segment = terminals("segment")
    blanks = terminals("words")["BLANKS"]
    # Atomic, so that nothing is cut in any other way than the tokens are.
    flags = [f"((?>{segment[name.upper()]}))(?:{blanks})?" for name in FlagName]
    return re.compile(f"(?:{'|'.join(flags)}|{segment['TEXT']})*")


def _unquoted(value: str, text: str) -> str | None:
    """Return what a quoted video prompt reads as, unless a rule may have to look at it."""
    inner = value[1:-1]
    if value[:1] != '"' or "<" in inner or not inner.strip():
        return None
    if '"' not in inner and "\\" not in text:
        return inner
    # A backslash anywhere else may join words (1.3).
    if inner.count("\\") != text.count("\\") or not is_group(value):
        return None
    return unescape(inner)
