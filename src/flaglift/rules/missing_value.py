"""FL102 missing-value."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import ClassVar

from flaglift.rules.base import (
    Diagnostic,
    Feature,
    Fix,
    Invalid,
    Iterator,
    Rule,
    Severity,
    Subject,
    Valid,
    excerpt,
    unsafe,
)
from flaglift.syntax.flags import FlagName
from flaglift.syntax.lift import lift_edits
from flaglift.syntax.nodes import Flag, Node, OtherFlag, Unclosed
from flaglift.syntax.words import WHITESPACE

_SPECIAL = re.compile("---|[a-z_0-9]{1,40}=")
"""The beginning of a line that is a setting or a separator, once no flag is on it (5.2, 5.3)."""


class MissingValue(Rule):
    """
    What it does
        Finds `--video_model`, `--video_prompt` and `--duration` with nothing after them that is a
        value: the prompt ends, or the next word begins with a dash and is not a number.

    Why
        The service then reads no flag at all, wherever they stand: the flags become part of the
        image prompt and an image is made instead of a video.

    Example
        a cat --video --video_model kling25 --video_prompt --duration 5

    Use instead
        a cat --video --video_model kling25 --duration 5

    Fix safety
        Unsafe: without the flag the others are read, so the fields change. It is offered for a
        duration or a video prompt without a value, because the service does not need them. It is
        not offered for a model, which is required, before a word that begins with a dash, which may
        be the value, or where the rest of the line would be a setting or a keyframe separator.

    Ground
        Dialect section 2.5.
    """

    code = "FL102"
    name = "missing-value"
    severity = Severity.ERROR
    trigger = Feature.MISSING_VALUE
    refuses = True

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid("a cat --video --video_model kling25 --duration 5", "each has its value"),
        Valid('a cat --video --video_model kling25 --video_prompt "-she smiles"', "quoted dash"),
        Valid("a cat --video --video_model kling25 --duration -3", "a number, if a bad one"),
        Valid("a cat --video --video_model kling25 --video_prompt=", "an empty value is a value"),
        Valid('a cat --video --video_prompt "it sits', "what is missing is a quote"),
        Valid("a cat --video -- and --duration", "after a bare `--` there are no flags"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid("a cat --video --video_model", "the prompt ends, and any model may be meant"),
        Invalid(
            "a cat --video --video_model kling25 --video_prompt --duration 5",
            "an empty slot for the video prompt",
            fixed="a cat --video --video_model kling25 --duration 5",
        ),
        Invalid(
            "a cat --video --video_model kling25 --duration\r\nar=1:1",
            "a duration left empty before the settings",
            fixed="a cat --video --video_model kling25\r\nar=1:1",
        ),
        Invalid("a cat --video --video_prompt -smile", "a word with a dash may be the value"),
        Invalid("a cat --video --video_model=-- kling25", "`--` is not a value, attached or not"),
        Invalid("a cat --video_model -- kling25", "`--` in between"),
        Invalid("a cat --video\nw=1280 --duration", "without it the line is one of the settings"),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding for each flag that wants a value and has none."""
        nodes = subject.segment.nodes
        missing = {flag.start for flag in subject.segment.flags if flag.value is None}
        line_ends = [match.start() for match in re.finditer("\n", subject.text)]
        for index, node in enumerate(nodes):
            if node.start not in missing or not isinstance(node, Flag):
                continue
            # Blank text at most stands between a flag and what follows it.
            follows = next((n for n in nodes[index + 1 : index + 3] if _begins(n)), None)
            if node.name.takes_value and not isinstance(follows, Unclosed):
                yield self._finding(subject, node, follows, line_ends)

    def _finding(
        self, subject: Subject, flag: Flag, follows: Node | None, line_ends: Sequence[int]
    ) -> Diagnostic:
        if flag.name_span != flag.span:
            what = "`--` is not a value"
        elif follows is None:
            what = "the prompt ends there"
        else:
            what = f"`{excerpt(_begins(follows))}` follows, which is a flag or cannot be a value"
        fix: Fix | None = None
        if (
            flag.name != FlagName.VIDEO_MODEL
            and isinstance(follows, Flag | OtherFlag | None)
            and not _SPECIAL.match(subject.text, _line_start(subject.text, flag, line_ends))
        ):
            fix = unsafe("remove it", *lift_edits(subject.text, [flag.span], subject.span))
        return self.report(
            flag.span,
            f"`--{flag.name}` has no value: {what}, so the service reads no flag at all in this "
            "prompt",
            fix=fix,
        )


def _line_start(text: str, flag: Flag, line_ends: Sequence[int]) -> int:
    """Return where the line begins that a flag ends, on its own line or on one before."""
    end = flag.start
    while end and text[end - 1] in WHITESPACE:
        end -= 1
    index = bisect_left(line_ends, end)
    return line_ends[index - 1] + 1 if index else 0


def _begins(node: Node) -> str:
    """Return the first word of a node, as written; empty for blank text."""
    return next(iter(node.raw.strip(WHITESPACE).split(maxsplit=1)), "")
