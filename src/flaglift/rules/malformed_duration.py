"""FL401 malformed-duration."""

import re
from typing import ClassVar

from flaglift.rules.base import (
    Diagnostic,
    Edit,
    Feature,
    Fix,
    Invalid,
    Iterator,
    Reads,
    Rule,
    Severity,
    Subject,
    Valid,
    excerpt,
    unsafe,
)
from flaglift.syntax.flags import FIELD_FLAGS, FlagName, ValueKind, seconds
from flaglift.syntax.nodes import Value
from flaglift.syntax.words import ends_word

_PLAIN = re.compile(
    r"(\+?[0-9]{1,9})(?:\.0{1,9})? ?(?:s|secs?|seconds?)?[.,;:]?", re.ASCII | re.IGNORECASE
)
"""A whole number, with the unit or punctuation after it."""


class MalformedDuration(Rule):
    """
    What it does
        Finds a `--duration` that is not a whole number of seconds in digits: `5s`, `5.0`, `five`.

    Why
        The service then reads no flag at all in the prompt, even if a later `--duration` is right,
        and an image is made instead of a video.

    Example
        a cat --video --video_model kling25 --duration 5s

    Use instead
        a cat --video --video_model kling25 --duration 5

    Fix safety
        Unsafe: with the bare number the flags are read, so the fields change. It is offered where
        the value is a whole number with a unit, a zero fraction or punctuation after it.

    Ground
        Dialect section 2.7.
    """

    code = "FL401"
    name = "malformed-duration"
    severity = Severity.ERROR
    trigger: ClassVar[Feature] = Feature.MALFORMED_DURATION | Feature.SETTING
    reads: ClassVar[Reads] = Reads.FIRST | Reads.DURATION | Reads.REQUEST
    refuses = True

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid("a cat --video --video_model kling25 --duration 5", "a whole number"),
        Valid("a cat --video --video_model kling25 --duration=+5", "a sign is allowed"),
        Valid('a cat --video --video_model kling25 --duration "10"', "quotes are removed"),
        Valid("a cat --video --video_model kling25 --duration 5 s", "the unit is text"),
        Valid("a cat --video --video_model kling25 --duration -3", "a number that is out of range"),
        Valid("a cat --video -- --duration 5s", "after a bare `--` there are no flags"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            "a cat --video --video_model kling25 --duration 5s",
            "a unit",
            fixed="a cat --video --video_model kling25 --duration 5",
        ),
        Invalid(
            'a cat --video --video_model kling25 --duration="10 Seconds"',
            "a unit in words, quoted",
            fixed="a cat --video --video_model kling25 --duration=10",
        ),
        Invalid(
            "a cat --video --video_model kling25 --duration 5.0, --fill",
            "a zero fraction, and a comma",
            fixed="a cat --video --video_model kling25 --duration 5 --fill",
        ),
        Invalid(
            "a cat --video --video_model kling25 --duration 5s --duration 5",
            "the last one is right, and it does not help",
            fixed="a cat --video --video_model kling25 --duration 5 --duration 5",
        ),
        Invalid("a cat --video --duration five", "a number in words"),
        Invalid(
            "a cat --video --duration 7.5",
            "not a whole number, and two are near",
        ),
        Invalid("a cat --video --duration ５", "a digit of another script"),
        Invalid("a cat --video --duration= 5", "the value is empty, the number is text"),
        Invalid('a cat --video --duration 5s"', "an open quote is attached to it"),
        Invalid(
            "a cat --video --video_model kling25\nvideo_duration=5s", "a line of the settings block"
        ),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding for each number that cannot be read."""
        for flag in subject.segment.flags:
            value = flag.value
            if flag.name.kind is not ValueKind.WHOLE_NUMBER or value is None:
                continue
            if seconds(value.text) is not None:
                continue
            what = f"`{excerpt(value.raw)}`" if value.text else "an empty value"
            yield self.report(
                value.span if value.raw else flag.span,
                f"{what} is not a whole number{_unit(flag.name)}, so the service reads no flag at"
                " all in this prompt",
                fix=_number(value) if ends_word(subject.text, value.end) else None,
            )
        for field, name in FIELD_FLAGS.items() if subject.block and subject.is_clear_video else ():
            setting = subject.block.get(field, "0")
            if name.kind is ValueKind.WHOLE_NUMBER and seconds(setting) is None:
                yield self.report(
                    subject.place_of(field),
                    f"`{excerpt(setting)}` is not a whole number{_unit(name)}, so the field "
                    f"`{field}` cannot be sent",
                )


def _unit(flag: FlagName) -> str:
    return " of seconds" if flag is FlagName.DURATION else ""


def _number(value: Value) -> Fix | None:
    match = _PLAIN.fullmatch(value.text)
    if not match:
        return None
    return unsafe(f"use `{match[1]}`", Edit(value.start, value.end, match[1]))
