"""FL702 too-many-keyframes."""

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

MOST = 8
"""Keyframes in one prompt."""

FRAME = "a cat --video --video_model kling25"
LINE = "\r\n---\r\n"


class TooManyKeyframes(Rule):
    """
    What it does
        Counts the keyframes of a prompt: the parts that lines of `---` separate.

    Why
        The service takes at most 8.

    Example
        a cat wakes --video --video_model kling25
        ---
        it yawns --video --video_model kling25
        ---
        it sits --video --video_model kling25
        ---
        it stands --video --video_model kling25
        ---
        it walks --video --video_model kling25
        ---
        it runs --video --video_model kling25
        ---
        it eats --video --video_model kling25
        ---
        it drinks --video --video_model kling25
        ---
        it sleeps --video --video_model kling25

    Use instead
        a cat wakes --video --video_model kling25
        ---
        it sleeps --video --video_model kling25

    Fix safety
        No fix: only you know which keyframes to drop.

    Ground
        Dialect section 5.3.
    """

    code = "FL702"
    name = "too-many-keyframes"
    severity = Severity.ERROR
    trigger = Feature.KEYFRAMES
    once = True

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid(LINE.join([FRAME] * MOST), "as many as there may be"),
        Valid(LINE.join(["a cat"] * 9), "no flags at all"),
        Valid(f"{FRAME} --- " * 9, "not lines by themselves"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(LINE.join([FRAME] * 9), "one too many"),
        Invalid(LINE.join([FRAME, *["a dog"] * 8]), "those without flags count"),
        Invalid("\n---" * 8 + f"\n{FRAME}", "empty ones count"),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding where there are too many, at the separator before the first of them."""
        count = len(subject.prompt.segments)
        if count > MOST and subject.prompt.has(Feature.FLAG):
            yield self.report(
                subject.prompt.separators[MOST - 1].span,
                f"the prompt has {count} keyframes, and the service takes at most {MOST}",
            )
