"""FL104 repeated-flag."""

from typing import ClassVar

from flaglift.catalog import Status
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
from flaglift.syntax.flags import FlagName
from flaglift.syntax.lift import lift_edits
from flaglift.syntax.lookalikes import near_misses_in
from flaglift.syntax.nodes import Flag, Quoting


class RepeatedFlag(Rule):
    """
    What it does
        Finds a flag that is given again later in the prompt.

    Why
        Only the last one counts. The others look as if they had an effect.

    Example
        a cat --video --video_model kling25 --duration 5 --duration 10

    Use instead
        a cat --video --video_model kling25 --duration 10

    Fix safety
        Safe: it removes the flags that do not count. It is not offered where the last one is empty
        or names an unknown model: one of the others may have been meant. Nor is it where a flag
        keeps words apart that would read differently next to each other (FL111).

    Ground
        Dialect sections 2.6 and 2.11.
    """

    code = "FL104"
    name = "repeated-flag"
    severity = Severity.WARNING
    trigger = Feature.REPEATED

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid("a cat --video --video_model kling25 --duration 5", "each flag once"),
        Valid("a cat --video --video_model kling25 --fill --fill", "not a flag of the dialect"),
        Valid(
            'a cat --video --video_model kling25 --video_prompt "a --duration 5 b" --duration 5',
            "the first is inside a value",
        ),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
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
        Invalid(
            "a cat --video --video_model kling25 --duration 5 --duration",
            "the last one has no value, so the first may have been meant",
        ),
        Invalid(
            'a cat --video --video_model kling25 --video_prompt "it sits" --video_prompt ""',
            "the last one is empty",
        ),
        Invalid(
            "a cat --video --video_model kling25 --video_model sits",
            "the last one names no known model",
        ),
        Invalid(
            'a cat --video --video_model kling25 --video_prompt "it sits" --video_prompt —duration',
            "the last one's value looks like a flag",
        ),
        Invalid(
            "a cat --mask_prompt --duration 5 on a mat --duration 10",
            "without the first, another flag would take the word after it",
        ),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding for each flag that a later one of its name replaces."""
        last = {flag.name: flag for flag in subject.segment.flags}
        is_meant = {name: _says_something(flag, subject) for name, flag in last.items()}
        holds_apart = subject.prompt.features & Feature.HOLDS_APART.value
        for flag in subject.segment.flags:
            counts = last[flag.name]
            if flag is counts:
                continue
            used = f"; `{excerpt(counts.raw)}` is used" if counts.value else ""
            # There may be very many, and each fix takes its time.
            fix = PendingFix(Applicability.SAFE, _fix, subject.text, flag.span, subject.span)
            yield self.report(
                flag.span,
                f"`--{flag.name}` is given again later, and only the last one counts{used}",
                fix=fix if is_meant[flag.name] and not holds_apart else None,
            )


def _says_something(flag: Flag, subject: Subject) -> bool:
    if not flag.name.takes_value:
        return True
    known = flag.name is not FlagName.VIDEO_MODEL or not (
        subject.lookup and subject.lookup.status is Status.UNKNOWN
    )
    value = flag.value
    if not known or value is None or value.text == "":
        return False
    return value.quoting is not Quoting.NONE or not near_misses_in(value.raw)


def _fix(text: str, flag: Span, within: Span) -> Fix:
    return safe("remove it", *lift_edits(text, [flag], within))
