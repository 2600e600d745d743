"""FL402 duration-out-of-range."""

from typing import ClassVar

from flaglift.rules.base import (
    Context,
    Diagnostic,
    Edit,
    Feature,
    Invalid,
    Iterator,
    Reads,
    Rule,
    Settings,
    Severity,
    Subject,
    Valid,
    unsafe,
)


class DurationOutOfRange(Rule):
    """
    What it does
        Compares the duration with those that the model supports, by the edition of the catalog in
        use.

    Why
        The service refuses the request, or makes a video of another length than the one asked for.

    Example
        a cat --video --video_model kling25 --duration 7

    Use instead
        a cat --video --video_model kling25 --duration 5

    Fix safety
        Unsafe: it changes the length to the nearest one supported, or the shorter of two.

    Ground
        The model table of the service's Image2Video page, edition of the catalog in use.
    """

    code = "FL402"
    name = "duration-out-of-range"
    severity = Severity.ERROR
    trigger = Feature.FLAG
    reads: ClassVar[Reads] = Reads.FIRST | Reads.MODEL | Reads.DURATION

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid("a cat --video --video_model kling25 --duration 10", "one of the two it supports"),
        Valid("a cat --video --video_model seedance_v15_720p --duration 12", "the end of a range"),
        Valid("a cat --video --video_model kling25", "the service has a default"),
        Valid("a cat --video --video_model wan30_720p --duration 99", "no durations are published"),
        Valid("a cat --video --video_model no_such --duration 99", "another rule reports it"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            "a cat --video --video_model kling25 --duration 7",
            "between the two it supports",
            fixed="a cat --video --video_model kling25 --duration 5",
        ),
        Invalid(
            "a cat --video --video_model seedance_v15_720p --duration=60",
            "above a range",
            fixed="a cat --video --video_model seedance_v15_720p --duration=12",
        ),
        Invalid(
            "a cat --video --video_model veo31_fast_4k --duration -3",
            "a number that no model supports",
            fixed="a cat --video --video_model veo31_fast_4k --duration 8",
        ),
        Invalid(
            "a cat --video --duration 7",
            "the model is the configured one",
            fixed="a cat --video --duration 5",
            settings=Settings(default_model="kling25"),
        ),
        Invalid(
            "a cat --video --video_model wan30_720p --duration 0",
            "no model supports nothing",
        ),
        Invalid(
            "a cat --video --video_model kling25",
            "the duration is a field of the request",
            context=Context({"video_duration": "7"}),
        ),
        Invalid(
            "a cat --duration 7",
            "the model is a field of the request",
            fixed="a cat --duration 5",
            context=Context({"video_model": "kling25"}),
        ),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding where the model does not make such a length."""
        seconds = subject.duration
        durations = subject.model.durations if subject.model else None
        if seconds is None or not subject.is_video:
            return
        if seconds in durations if durations else seconds > 0:
            return
        value = subject.duration_value
        fix = None
        if value and durations:
            nearest = durations.nearest(seconds)
            title = f"use {nearest} s, the nearest supported"
            fix = unsafe(title, Edit(value.start, value.end, str(nearest)))
        yield self.report(
            value.span if value else subject.anchor,
            f"`{subject.model_name}` supports {durations}, not {seconds} s"
            if durations
            else f"a video must be at least 1 s long, not {seconds} s",
            fix=fix,
        )
