"""FL901 unused-suppression."""

from typing import ClassVar

from flaglift.rules.base import (
    Diagnostic,
    Feature,
    Invalid,
    Iterator,
    Rule,
    Severity,
    Subject,
    Valid,
)


class UnusedSuppression(Rule):
    """
    What it does
        Finds a suppression of a rule that reports nothing at that place.

    Why
        It hides later mistakes, and tells readers of a problem that no longer exists.

    Example
        a cat --video --video_model kling25 --duration 5  (with FL402 suppressed)

    Use instead
        a cat --video --video_model kling25 --duration 5

    Fix safety
        No fix: the suppression is not part of the prompt.

    Ground
        A rule of this project: suppressions are in the host's comments, never in a prompt.
    """

    code = "FL901"
    name = "unused-suppression"
    severity = Severity.WARNING
    trigger: ClassVar[Feature] = Feature(0)  # the engine runs it where something is suppressed

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid("a cat --video --video_model kling25 --duration 7", "nothing is suppressed"),
        Valid(
            "a cat --video --video_model kling25 --duration 7",
            "the suppression hides a finding",
            suppressed=("FL402",),
        ),
        Valid(
            "a cat --video --video_model kling25 --duration 7",
            "a rule may be suppressed by its name",
            suppressed=("duration-out-of-range",),
        ),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            "a cat --video --video_model kling25 --duration 5",
            "the duration is allowed",
            suppressed=("FL402",),
        ),
        Invalid("a cat", "no flags at all", suppressed=("duration-out-of-range",)),
        Invalid(
            "a cat --video --video_model kling25 --duration 7",
            "one of two is used",
            suppressed=("FL402", "FL101"),
        ),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding for each suppressed code that nothing reported."""
        for code in subject.unused_suppressions:
            yield self.report(
                subject.span, f"{code} is suppressed here and reports nothing; remove it"
            )
