"""FL001 legacy-syntax."""

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
    Reads,
    Rule,
    Severity,
    Subject,
    Valid,
    cents,
    display_only,
    excerpt,
)
from flaglift.syntax.flags import AS_WRITTEN
from flaglift.syntax.lift import lift_edits


class LegacySyntax(Rule):
    """
    What it does
        Finds video flags in the text of a prompt, and says which form fields replace them.

    Why
        Since 2026-04-29 the service documents form fields for them. It still accepts the flags.

    Example
        a cat --video --video_model kling25 --duration 5 --video_prompt "it yawns"

    Use instead
        a cat

    Fix safety
        Display only: the flags become fields of the request, which no text can hold.

    Ground
        The service's changelog, 2026-04-29; dialect section 4.1.
    """

    code = "FL001"
    name = "legacy-syntax"
    severity = Severity.INFO
    trigger = Feature.FLAG
    reads: ClassVar[Reads] = (
        Reads.FIRST | Reads.FLAGS | Reads.MODEL | Reads.DURATION | Reads.REQUEST
    )

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid("a cat --fill", "a flag that is still current"),
        Valid("a cat --duration 5", "a duration alone makes no video"),
        Valid('a 6" heel --video --video_model kling25', "the quote makes the flags text"),
        Valid("a cat --video --vide", "two flags begin like this, so no flag is read"),
        Valid("a cat -- --video --video_model kling25", "after a bare `--` they are text"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            'a cat --video --video_model kling25 --duration 5 --video_prompt "it yawns"',
            "all four flags",
            fixed="a cat",
            applicability=Applicability.DISPLAY_ONLY,
        ),
        Invalid(
            "a cat\n--video_model seedance25_720p\non a mat",
            "the image prompt becomes the video prompt",
            fixed="a cat\non a mat",
            applicability=Applicability.DISPLAY_ONLY,
        ),
        Invalid("a cat --video", "without a model the fields are not complete"),
        Invalid("a cat --video --video_model kling25_5s", "the model is retired"),
        Invalid("--video --video_model kling25", "nothing is left for the video prompt"),
        Invalid(
            "a cat --video --video_model kling25\r\n---\r\na dog --video --video_model kling25",
            "a keyframe prompt becomes several sets of fields",
        ),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding for the flags of a segment."""
        if not subject.is_clear_video:
            return
        message = (
            "the service still accepts flags in the text, and since 2026-04-29 has form fields "
            "for them"
        )
        fix = None
        if _is_settled(subject):
            price = subject.price_cents
            if price is not None:
                message += f"; the video costs {cents(price)}{subject.price_note}"
            fix = _fix(subject)
        yield self.report(subject.segment.flags[0].span, message, fix=fix)


def _is_settled(subject: Subject) -> bool:
    """Tell whether the model and the video prompt are such that fields can be sent."""
    status = subject.lookup.status if subject.lookup else Status.UNKNOWN
    if status is Status.UNKNOWN or (status is Status.RETIRED and not subject.replaced):
        return False
    return not subject.uses_image_prompt or bool(subject.image_prompt)


def _fix(subject: Subject) -> Fix | None:
    if subject.prompt.is_keyframes:
        return None
    # Every prompt with flags has this proposal, and hardly anyone looks at it.
    return PendingFix(Applicability.DISPLAY_ONLY, _proposal, subject)


def _proposal(subject: Subject) -> Fix:
    fields = {flag.field: subject.value_of(flag) for flag in AS_WRITTEN if flag.field}
    said = [f"{name}={excerpt(value)}" for name, value in fields.items() if value is not None]
    flags = [flag.span for flag in subject.segment.flags]
    edits = lift_edits(subject.text, flags, subject.span)
    return display_only(f"send fields: {', '.join(said)}", *edits)
