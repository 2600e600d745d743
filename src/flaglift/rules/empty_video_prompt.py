"""FL603 empty-video-prompt."""

from typing import ClassVar

from flaglift.rules.base import (
    Context,
    Diagnostic,
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
from flaglift.syntax.flags import FlagName
from flaglift.syntax.lift import lift_edits, strip_references
from flaglift.syntax.nodes import Flag


class EmptyVideoPrompt(Rule):
    """
    What it does
        Finds a `--video_prompt` that is empty, or holds only whitespace or references.

    Why
        It is a video prompt that says nothing: the image prompt does not take its place. It is
        translated as written.

    Example
        a cat --video --video_model kling25 --video_prompt ""

    Use instead
        a cat --video --video_model kling25 --video_prompt "the cat yawns"

    Fix safety
        Unsafe: without the flag the image prompt is used for the video. There is no fix where no
        words are left for one, where no video prompt is left without the flag, or where a
        reference would be lost.

    Ground
        Dialect sections 3.3 and 5.1.
    """

    code = "FL603"
    name = "empty-video-prompt"
    severity = Severity.WARNING
    trigger: ClassVar[Feature] = Feature.BLANK_VIDEO_PROMPT | Feature.BRACKETED_VIDEO_PROMPT

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid('a cat --video --video_model kling25 --video_prompt "it yawns"', "it says something"),
        Valid(
            'a cat --video --video_model kling25 --video_prompt "" --video_prompt yawns',
            "the empty one does not count",
        ),
        Valid(
            'a cat --video --video_model kling25 --video_prompt "<faceid:1:1> yawns"',
            "a reference and a word",
        ),
        Valid("a cat --video --video_model kling25", "missing is not empty"),
        Valid('a 6" cat --video --video_prompt=', "the quote makes the flags text"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            'a cat --video --video_model kling25 --video_prompt ""',
            "two quotes and nothing in them",
            fixed="a cat --video --video_model kling25",
        ),
        Invalid(
            "a cat --video_prompt= --video --video_model kling25",
            "nothing after the equals sign",
            fixed="a cat --video --video_model kling25",
        ),
        Invalid(
            'a cat --video --video_prompt " <lora:1:0.8> " --video_model kling25',
            "a reference alone, which would be lost",
        ),
        Invalid('--video --video_model kling25 --video_prompt " "', "there is no image prompt"),
        Invalid('a cat --duration 5 --video_prompt ""', "nothing else makes it a video prompt"),
        Invalid(
            'a cat --video --video_prompt yawns --video_prompt ""',
            "another one would count in its place",
        ),
        Invalid(
            'a cat --video --video_model kling25 --video_prompt ""',
            "the request has one that would count",
            context=Context({"video_prompt": "yawns"}),
        ),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding where the video prompt that counts says nothing."""
        flag = subject.segment.last(FlagName.VIDEO_PROMPT)
        if not subject.is_clear_video or flag is None or flag.value is None:
            return
        written = flag.value.text.strip()
        if written and strip_references(written).strip():
            return
        what = "holds nothing but references" if written else "is empty"
        yield self.report(
            flag.span,
            f"`--video_prompt` {what}, so no words say what happens in the video; the image prompt"
            " does not take its place",
            fix=None if written else _fix(subject, flag),
        )


def _fix(subject: Subject, flag: Flag) -> Fix | None:
    others = [other.name for other in subject.segment.flags if other is not flag]
    still_video = FlagName.VIDEO in others or FlagName.VIDEO_MODEL in others
    another = FlagName.VIDEO_PROMPT in others or subject.context.has("video_prompt") is True
    if another or not still_video or not subject.image_prompt:
        return None
    edits = lift_edits(subject.text, [flag.span], subject.span)
    return unsafe("remove it, so that the image prompt is used", *edits)
