"""FL703 keyframe-separator."""

from typing import ClassVar

from flaglift.rules.base import (
    Applicability,
    Diagnostic,
    Edit,
    Feature,
    Invalid,
    Iterator,
    Rule,
    Severity,
    Subject,
    Valid,
    display_only,
)
from flaglift.syntax.nodes import Separator

EXACT = "\r\n---\r\n"


class KeyframeSeparator(Rule):
    r"""
    What it does
        Finds a line of `---` between keyframes that is not written as CR LF `---` CR LF.

    Why
        Only this form is certain to separate keyframes. Anything else may leave one prompt with the
        flags of all of them.

    Example
        a cat --video --video_model kling25
        ---
        the cat yawns --video --video_model kling25

    Use instead
        the cat yawns --video --video_model kling25

    Fix safety
        Display only: keyframe prompts are never rewritten in place, and editors and files change
        line ends.

    Ground
        Dialect section 5.3.
    """

    code = "FL703"
    name = "keyframe-separator"
    severity = Severity.WARNING
    trigger = Feature.KEYFRAMES
    once = True

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid(
            "a cat --video --video_model kling25\r\n---\r\na dog --video --video_model kling25",
            "exactly as documented",
        ),
        Valid("a cat\n---\na dog", "no flags at all"),
        Valid("a cat —video\n---\na dog", "a typographic dash, so it is not a flag"),
        Valid("a cat\n--- a dog --video --video_model kling25", "not a line by itself"),
        Valid("a cat --video --video_model kling25\n----\na dog", "four dashes are text"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            "a cat --video --video_model kling25\n---\na dog --video --video_model kling25",
            "LF instead of CR LF",
            fixed="a cat --video --video_model kling25\r\n---\r\na dog --video"
            " --video_model kling25",
            applicability=Applicability.DISPLAY_ONLY,
        ),
        Invalid(
            "a cat --video --video_model kling25\r\n--- \t\r\na dog",
            "blanks after the dashes",
            fixed="a cat --video --video_model kling25\r\n---\r\na dog",
            applicability=Applicability.DISPLAY_ONLY,
        ),
        Invalid(
            "---\na cat --video --video_model kling25\n---",
            "at the start and at the end",
            fixed="\r\n---\r\na cat --video --video_model kling25\n---",
            applicability=Applicability.DISPLAY_ONLY,
        ),
        Invalid(
            "a cat --video --video_model kling25\r\n---\r\n---\n\na dog",
            "two lines that share a line end",
            fixed="a cat --video --video_model kling25\r\n---\r\n---\r\n\na dog",
            applicability=Applicability.DISPLAY_ONLY,
        ),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding for each separator that is written otherwise."""
        if not subject.prompt.has(Feature.FLAG):
            return
        for separator in subject.prompt.separators:
            edit = _edit(subject.text, separator)
            if subject.text[edit.start : edit.end] != EXACT:
                yield self.report(
                    separator.span,
                    "the separator of keyframes is CR LF `---` CR LF, and this one is written"
                    " differently, so the keyframes may be read as one prompt",
                    fix=display_only("write CR LF `---` CR LF", edit),
                )


def _edit(text: str, separator: Separator) -> Edit:
    """Return the edit of a separator with the line ends around it."""
    start, end = separator.span
    if start:
        start -= 2 if text[start - 2 : start] == "\r\n" else 1
    if end < len(text):
        end += 2 if text[end : end + 2] == "\r\n" else 1
    return Edit(start, end, EXACT)
