"""FL601 missing-video-prompt."""

from typing import ClassVar

from flaglift.rules.base import (
    Context,
    Diagnostic,
    Feature,
    Invalid,
    Iterator,
    Reads,
    Rule,
    Severity,
    Subject,
    Valid,
    excerpt,
)


class MissingVideoPrompt(Rule):
    """
    What it does
        Finds a video prompt without a `--video_prompt`. The image prompt is then used for the video
        too (an info), unless nothing is left of it without its flags and references (an error).

    Why
        What describes a picture seldom says what moves. Where nothing is left, there is no video
        prompt to translate into.

    Example
        a cat --video --video_model kling25

    Use instead
        a cat --video --video_model kling25 --video_prompt "the cat yawns"

    Fix safety
        No fix: only you know what should happen in the video.

    Ground
        Dialect section 3.3.
    """

    code = "FL601"
    name = "missing-video-prompt"
    severity = Severity.INFO
    trigger = Feature.NO_VIDEO_PROMPT
    reads: ClassVar[Reads] = Reads.FIRST | Reads.FLAGS | Reads.REQUEST
    quotes = Reads.BODY

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid('a cat --video --video_model kling25 --video_prompt "it yawns"', "a flag says it"),
        Valid('--video --video_model kling25 --video_prompt ""', "empty is not missing"),
        Valid("a cat --video --video_model kling25\nvideo_prompt=it yawns", "in the settings"),
        Valid(
            "--video --video_model kling25",
            "the request holds it",
            context=Context({"video_prompt": "it yawns"}),
        ),
        Valid("--video --video_model kling25 \\", "the last backslash makes the flags text"),
        Valid("--duration 5", "not a video prompt"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid("a cat --video --video_model kling25", "the image prompt is used"),
        Invalid("--video --video_model kling25", "there is no image prompt"),
        Invalid(
            "<lora:123:0.8> --video --video_model kling25 --mask_prompt foreground",
            "a reference and another flag describe nothing",
        ),
        Invalid(
            'a cat --video --video_model kling25 -- --video_prompt "it yawns"',
            "after a bare `--` it is part of the image prompt",
        ),
        Invalid(
            "a cat --video --video_model kling25",
            "the field of the request is empty",
            context=Context({"video_prompt": ""}),
        ),
        Invalid("--duration 5\nvideo_model=kling25", "the settings block makes it a video prompt"),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding where nothing but the image prompt says what the video shows."""
        if not subject.is_clear_video or not subject.uses_image_prompt:
            return
        first = subject.segment.flags[0].span
        if subject.image_prompt:
            yield self.report(
                first,
                "no `--video_prompt` is read, so the image prompt is used for the video too:"
                f" `{excerpt(subject.image_prompt)}`",
            )
        else:
            yield self.report(
                first,
                "no `--video_prompt` is read and no words are left for an image prompt to use in"
                " its place, so the prompt is not translated",
                severity=Severity.ERROR,
                refuses=True,
            )
