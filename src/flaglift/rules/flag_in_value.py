"""FL113 flag-in-value."""

from typing import ClassVar

from flaglift.rules.base import (
    Diagnostic,
    Edit,
    Feature,
    Fix,
    Invalid,
    Iterator,
    Rule,
    Severity,
    Subject,
    Valid,
    unsafe,
)
from flaglift.syntax import parse
from flaglift.syntax.lookalikes import UNSEEN, flag_likes_in, names_file
from flaglift.syntax.nodes import Flag, FlagLike, Quoting, Value
from flaglift.syntax.words import WHITESPACE, is_escaped


class FlagInValue(Rule):
    """
    What it does
        Finds a flag that is part of another flag's value: because it is attached to it
        (`"it yawns"--duration 5`), or because the quotes reach too far
        (`"it yawns --duration 5"`).

    Why
        The service reads it as words of the value. It has no effect as a flag: the video has the
        default length, or a prompt that was not meant.

    Example
        a cat --video --video_model kling25 --video_prompt "it yawns --duration 5"

    Use instead
        a cat --video --video_model kling25 --video_prompt "it yawns" --duration 5

    Fix safety
        Unsafe: words of a value become a flag. It is offered where only a space before the flag is
        missing, and where only flags stand between there and the closing quote.

    Ground
        Dialect sections 1.1, 1.2 and 6.
    """

    code = "FL113"
    name = "flag-in-value"
    severity = Severity.WARNING
    trigger = Feature.FLAG_IN_VALUE

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid('a cat --video --video_prompt "it yawns -- and naps"', "two dashes alone"),
        Valid('a cat --video --video_prompt "as in clip--video.mp4"', "a file"),
        Valid('a cat --video --video_prompt "it yawns --ar 1:1"', "not a flag of this dialect"),
        Valid('a cat --video --video_prompt "it yawns" -- --duration 5', "it is not in a value"),
        Valid("a cat --video --video_model kling25\u00a0--duration 5", "an invisible character"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            'a cat --video --video_model kling25 --video_prompt "it yawns"--duration 5',
            "it is attached to the value",
            fixed='a cat --video --video_model kling25 --video_prompt "it yawns" --duration 5',
        ),
        Invalid(
            "a cat --video --video_model kling25--duration 5",
            "the same without quotes",
            fixed="a cat --video --video_model kling25 --duration 5",
        ),
        Invalid(
            'a cat --video --video_model kling25 --video_prompt "it yawns --duration 5"',
            "the quotes reach too far",
            fixed='a cat --video --video_model kling25 --video_prompt "it yawns" --duration 5',
        ),
        Invalid(
            'a cat --video --video_model kling25 --video_prompt "it says --video or naps"',
            "words follow, so it is not clear where the value should end",
        ),
        Invalid(
            r'a cat --video --video_model kling25 --video_prompt "it \"naps\" --duration \"5\""',
            "quotes in quotes",
        ),
        Invalid("a cat --video --video_model=--video_prompt", "there is no value before it"),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding for each flag in a value."""
        text = subject.text
        for flag in subject.segment.flags:
            if flag.value is None:
                continue
            fixable = True
            for inner in flag_likes_in(flag.value.raw, flag.value.start):
                is_flag = inner.raw == f"--{inner.name}" and not names_file(text, inner.end)
                if not is_flag or text[inner.start - 1] in UNSEEN:  # which another rule reports
                    continue
                yield self.report(
                    inner.span,
                    f"`{inner.raw}` is part of the value of `--{flag.name}`, so the service does "
                    "not read it as a flag",
                    fix=_fix(flag.value, inner) if fixable else None,
                )
                # The others, too, are no longer in the value then.
                fixable = False


def _fix(value: Value, inner: FlagLike) -> Fix | None:
    raw, offset = value.raw, inner.start - value.start
    before = raw[:offset]
    if not before.strip('"' + WHITESPACE):
        return None
    if value.quoting is Quoting.QUOTED:
        tail = raw[offset:-1]
        nodes = parse(tail).segments[0].nodes if "\\" not in tail else ()
        if not nodes or any(type(n) is not Flag and n.raw.strip(WHITESPACE) for n in nodes):
            return None
        end = value.start + len(before.rstrip(WHITESPACE))
        closing = Edit(value.end - 1, value.end, "")
        return unsafe("close the quote before it", Edit(end, inner.start, '" '), closing)
    if raw.count('"', 0, offset) % 2 or is_escaped(raw, offset):
        return None
    return unsafe("put a space before it", Edit(inner.start, inner.start, " "))
