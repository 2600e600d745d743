"""FL104 repeated-flag."""

from flaglift.rules.base import (
    Applicability,
    Diagnostic,
    Feature,
    Fix,
    Invalid,
    Iterator,
    PendingFix,
    Rule,
    Severity,
    Span,
    Subject,
    Valid,
    excerpt,
    safe,
)
from flaglift.syntax.lift import lift_edits


class RepeatedFlag(Rule):
    """
    What it does
        Finds a flag that is given again further on.

    Why
        Only the last one counts. The others look as if they did something.

    Example
        a cat --video --video_model kling25 --duration 5 --duration 10

    Use instead
        a cat --video --video_model kling25 --duration 10

    Fix safety
        Safe: it takes out the flags that do not count.

    Ground
        Dialect section 2.6.
    """

    code = "FL104"
    name = "repeated-flag"
    severity = Severity.WARNING
    trigger = Feature.REPEATED

    VALID = (
        Valid("a cat --video --video_model kling25 --duration 5", "each flag once"),
        Valid("a cat --video --video_model kling25 --fill --fill", "not a flag of the dialect"),
        Valid(
            'a cat --video --video_model kling25 --video_prompt "a --duration 5 b" --duration 5',
            "the first is inside a value",
        ),
    )
    INVALID = (
        Invalid(
            "a cat --video --video_model kling25 --duration 5 --duration 10",
            "two durations",
            fixed="a cat --video --video_model kling25 --duration 10",
            applicability=Applicability.SAFE,
        ),
        Invalid(
            "--video a cat --video --video_model kling25",
            "a switch twice",
            fixed="a cat --video --video_model kling25",
            applicability=Applicability.SAFE,
        ),
        Invalid(
            "a cat --video --video_model kling30_pro --video_model kling25",
            "two models, the first of which costs more and is not used",
            fixed="a cat --video --video_model kling25",
            applicability=Applicability.SAFE,
        ),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding for each flag that a later one of its name replaces."""
        last = {flag.name: flag for flag in subject.segment.flags}
        for flag in subject.segment.flags:
            counts = last[flag.name]
            if flag is counts:
                continue
            used = f"; `{excerpt(counts.raw)}` is used" if counts.value else ""
            yield self.report(
                flag.span,
                f"`--{flag.name}` is given again further on, and only the last one counts{used}",
                # There may be very many, and each fix takes its time.
                fix=PendingFix(Applicability.SAFE, _fix, subject.text, flag.span, subject.span),
            )


def _fix(text: str, flag: Span, within: Span) -> Fix:
    return safe("take it out", *lift_edits(text, [flag], within))
