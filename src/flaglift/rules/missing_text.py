"""FL504 missing-text."""

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
)
from flaglift.syntax.words import WHITESPACE

_FIRST_FRAME = ("video_first_frame", "video_first_frame_url", "source_image_url")


class MissingText(Rule):
    """
    What it does
        Finds a prompt of nothing but flags, for a model that animates an image, with no first
        frame: `video_first_frame`, `video_first_frame_url` or `source_image_url`. Where it is not
        known what the request holds, it only says that one is needed.

    Why
        The image is made from the text. Without text and without a first frame there is nothing to
        animate. A motion-control model is not an exception: its `input_video` gives the motion, and
        the image the character.

    Example
        --video --video_model kling25 --video_prompt "she smiles"

    Use instead
        a woman --video --video_model kling25 --video_prompt "she smiles"

    Fix safety
        No fix: only the writer knows what the image should show.

    Ground
        The service's Image2Video page: with a first frame "text is no longer required"; the
        capability matrix, "Text-to-video (no first frame required)", editions from 2026-04-29 on.
    """

    code = "FL504"
    name = "missing-text"
    severity = Severity.ERROR
    trigger = Feature.NO_TEXT
    reads: ClassVar[Reads] = Reads.FIRST | Reads.FLAGS | Reads.MODEL | Reads.REQUEST
    request_fields: ClassVar[tuple[str, ...]] = _FIRST_FRAME

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid(
            '--video --video_model happyhorse_720p --video_prompt "a dune at sunrise"',
            "the model makes videos from words alone",
            context=Context(complete=True),
        ),
        Valid(
            '--video --video_model kling25 --video_prompt "she smiles"',
            "the request holds a first frame",
            context=Context({"video_first_frame": "she.png"}),
        ),
        Valid(
            '--video --video_model kling25 --video_prompt "she smiles"\n'
            "source_image_url=https://example.com/she.png",
            "the settings block gives one",
        ),
        Valid(
            "<lora:1:1> --video --video_model kling25 --video_prompt smiling",
            "a reference is text",
        ),
        Valid(
            "--video --video_model kling25 --video_prompt smiling -- --video",
            "what follows two dashes is text",
        ),
        Valid(
            "--video --video_model flux3_720p --video_prompt smiling",
            "whether it needs an image is not published",
        ),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            '--video --video_model kling25 --video_prompt "she smiles"',
            "nothing is known of the request, so it is advice",
        ),
        Invalid(
            "\t--video\r\n--video_model kling25 --video_prompt smiling\n",
            "whitespace is not text",
            context=Context(complete=True),
        ),
        Invalid(
            "--video --video_model dreamactor_m2 --video_prompt dancing",
            "a video gives the motion, and no image the character",
            context=Context({"input_video": "dance.mp4"}, complete=True),
        ),
        Invalid(
            "--video --video_model kling25 --video_prompt smiling",
            "a last frame is not a first one",
            context=Context({"video_last_frame": "she.png"}, complete=True),
        ),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding where neither a text nor a first frame is known to be there."""
        if not subject.is_clear_video or subject.can("text_to_video") is not False:
            return
        lifted = {flag.start for flag in subject.segment.flags}
        if any(n.start not in lifted and n.raw.strip(WHITESPACE) for n in subject.segment.nodes):
            return
        given = subject.context.has(*_FIRST_FRAME)
        if given is False:
            yield self.report(
                subject.anchor,
                f"there is no text to make an image from, and the request holds no first frame, "
                f"so `{subject.model_name}` has nothing to animate",
            )
        elif given is None:
            yield self.report(
                subject.anchor,
                f"there is no text to make an image from, so for `{subject.model_name}` the "
                "request must hold `video_first_frame`, `video_first_frame_url` or "
                "`source_image_url`",
                severity=Severity.INFO,
            )
