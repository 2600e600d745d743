"""FL105 abbreviated-flag."""

from typing import ClassVar

from flaglift.rules.base import (
    Diagnostic,
    Edit,
    Feature,
    Invalid,
    Iterator,
    Rule,
    Severity,
    Span,
    Subject,
    Valid,
    unsafe,
)
from flaglift.syntax.nodes import Abbreviation

_LETTERS = 2
"""With fewer, other flags of the service such as `--depth_threshold` begin like this too."""


class AbbreviatedFlag(Rule):
    """
    What it does
        Finds an abbreviated flag, the beginning of a flag's name: `--video_m`, `--dur`. One that
        may stand for several flags, such as `--vid`, is found too. Two letters or fewer, as in
        `--v 6`, are also other products' flags, and count only in a prompt with a flag of this
        dialect.

    Why
        The service completes a beginning that only one flag has, and reads no flag at all in the
        prompt where several have it. No document says so, and a flag that is new to the service
        may make an abbreviation ambiguous. So the prompt is not translated.

    Example
        a cat --video --video_m kling25

    Use instead
        a cat --video --video_model kling25

    Fix safety
        Unsafe: the flag is read where it was in doubt, so the fields change.

    Ground
        Dialect section 2.8.
    """

    code = "FL105"
    name = "abbreviated-flag"
    severity = Severity.ERROR
    trigger = Feature.ABBREVIATION
    refuses = True

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid("a cat --video --video_model kling25", "names in full"),
        Valid("a cat --ar 16:9 --v 6 --style raw", "flags of another product, by themselves"),
        Valid("a cat --video --upscale_factor 2", "a flag of the service in full"),
        Valid("a cat --video -- and --dur 5", "after a bare `--` there are no flags"),
        Valid('a cat --video --video_prompt "a --dur b"', "inside a value"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            "a cat --video --video_m kling25",
            "only one flag begins like this",
            fixed="a cat --video --video_model kling25",
        ),
        Invalid(
            "a cat --video --video_model kling25 --dur=5",
            "with a value attached",
            fixed="a cat --video --video_model kling25 --duration=5",
        ),
        Invalid("a cat --vid", "three flags begin like this"),
        Invalid("a cat --video --video_model kling25 --d 5", "other flags of the service do too"),
        Invalid("a cat --video --v 6", "another product's flag together with one of this dialect"),
        Invalid("a cat --video --=5", "no letters at all"),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding for each beginning of a name."""
        for node in subject.segment.read:
            if isinstance(node, Abbreviation):
                yield self._finding(node)

    def _finding(self, node: Abbreviation) -> Diagnostic:
        span = Span(node.start, node.start + len("--") + len(node.name))
        if len(node.candidates) > 1 or len(node.name) < _LETTERS:
            return self.report(
                span,
                f"`--{node.name}` is the beginning of several flags' names, so the service cannot "
                "tell which is meant and reads no flag at all in this prompt",
            )
        whole = f"--{node.candidates[0]}"
        return self.report(
            span,
            f"`--{node.name}` is an undocumented abbreviation of `{whole}` that the service "
            "accepts, so it is not translated",
            fix=unsafe(f"write it out: `{whole}`", Edit(span.start, span.end, whole)),
        )
