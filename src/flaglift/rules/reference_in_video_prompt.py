"""FL503 reference-in-video-prompt."""

from typing import ClassVar

from flaglift.catalog.limits import takes_face_references
from flaglift.lossless.spans import apply_edits
from flaglift.rules.base import (
    Context,
    Diagnostic,
    Edit,
    Feature,
    Fix,
    Invalid,
    Iterator,
    Reads,
    Rule,
    Severity,
    Span,
    Subject,
    Valid,
    excerpt,
    unsafe,
)
from flaglift.syntax.flags import FlagName
from flaglift.syntax.references import lift_references, references_in


class ReferenceInVideoPrompt(Rule):
    r"""
    What it does
        Finds `<lora:...>` and `<faceid:...>` in a written video prompt. Seedance 2 takes
        `<faceid:...>` there, by the editions from 2026-08-18 on.

    Why
        References work on the image prompt, which makes the first frame. The video prompt should
        describe the motion only.

    Example
        a man --video --video_model kling25 --video_prompt "<lora:1533312:1.0> he waves"

    Use instead
        <lora:1533312:1.0> a man --video --video_model kling25 --video_prompt "he waves"

    Fix safety
        Unsafe: it removes the references from the video prompt and does not add them elsewhere.
        There is no fix where nothing would be left, or where quotes and backslashes are in the way.

    Ground
        Dialect section 5.1; the service's Image2Video page: the video prompt "should not include
        the token or LoRA used by the image prompt"; edition of 2026-08-18 for Seedance 2.
    """

    code = "FL503"
    name = "reference-in-video-prompt"
    severity = Severity.WARNING
    trigger: ClassVar[Feature] = Feature.BRACKETED_VIDEO_PROMPT | Feature.NO_VIDEO_PROMPT
    reads: ClassVar[Reads] = Reads.FIRST | Reads.MODEL | Reads.VALUE | Reads.REQUEST

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid(
            "<lora:1:1.0> a man --video --video_model kling25 --video_prompt smiling",
            "the reference is in the image prompt",
        ),
        Valid(
            "<lora:1:1.0> a man --video --video_model kling25",
            "the image prompt is used for the video without its references",
        ),
        Valid(
            'a man --video --video_model seedance2_720p --video_prompt "<faceid:1:1> man waves"',
            "Seedance 2 takes faces",
        ),
        Valid(
            'a man --video --video_model kling25 --video_prompt "<lora> and <b:1>"',
            "angle brackets are not always a reference",
        ),
        Valid(
            'a man --video --video_model kling25 --video_prompt "<lora:1:1>" --video_prompt wave',
            "the first video prompt does not count",
        ),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            'a man --video --video_model kling25 --video_prompt "he <lora:1:1> waves <faceid:2>"',
            "two references among words",
            fixed='a man --video --video_model kling25 --video_prompt "he waves"',
        ),
        Invalid(
            'a man --video --video_model seedance2_720p --video_prompt "<faceid:1> <lora:2:1> hi"',
            "Seedance 2 takes one of the two",
            fixed='a man --video --video_model seedance2_720p --video_prompt "<faceid:1> hi"',
        ),
        Invalid(
            "a man --video --video_model kling25 --video_prompt=<lora:1:1>waves",
            "attached to the only word",
            fixed="a man --video --video_model kling25 --video_prompt=waves",
        ),
        Invalid(
            "a man --video --video_model kling25\nvideo_prompt=<lora:1:1> he waves\nseed=1",
            "in the settings block",
            fixed="a man --video --video_model kling25\nvideo_prompt=he waves\nseed=1",
        ),
        Invalid(
            'a man --video --video_model kling25 --video_prompt "<lora:1:1>"',
            "without it there is no video prompt",
        ),
        Invalid(
            "a man --video --video_model kling25 --video_prompt <lora:1:1>--waves",
            "without it the value would begin like a flag",
        ),
        Invalid(
            r"a man --video --video_model kling25 --video_prompt \<lora:1:1>\ waves",
            "escaped by hand",
        ),
        Invalid(
            r"a man --video --video_model kling25 --video_prompt <lor\a:1:1>waves",
            "a reference only once the backslash is gone",
        ),
        Invalid(
            "a man --video --video_model kling25",
            "the video prompt is a field of the request",
            context=Context({"video_prompt": "<lora:1:1> waves"}),
        ),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding for all the references of the video prompt that counts."""
        written = subject.written_prompt
        if written is None or not subject.is_clear_video or subject.model is None:
            return
        faces = takes_face_references(subject.model.name, subject.catalog.edition)
        unwanted = _unwanted(written, faces)
        if not unwanted:
            return
        more = f" and {len(unwanted) - 1} more stand" if unwanted[1:] else " stands"
        first = excerpt(unwanted[0].of(written))
        place, fix = self._remedy(subject, faces)
        yield self.report(
            place,
            f"`{first}`{more} in the video prompt, which should describe the motion "
            "only: references work in the image prompt, which makes the first frame",
            fix=fix,
        )

    def _remedy(self, subject: Subject, faces: bool) -> tuple[Span, Fix | None]:
        """Return where the first reference stands, and the fix that takes all of them out."""
        flag = subject.segment.last(FlagName.VIDEO_PROMPT)
        setting = subject.setting_of("video_prompt")
        if flag and flag.value:
            start, raw, style = flag.value.start, flag.value.raw, flag.value.quoting
        elif setting:
            start, raw, style = setting.value_span.start, setting.value, None
        else:
            return subject.anchor, None
        spans = _unwanted(raw, faces)
        if not spans:
            return Span(start, start + len(raw)), None
        place = spans[0].shifted(start)
        edits = lift_references(raw, style, spans)
        if edits is None or _unwanted(apply_edits(raw, edits), faces):
            return place, None
        moved = (Edit(edit.start + start, edit.end + start, edit.content) for edit in edits)
        return place, unsafe("remove it from the video prompt", *moved)


def _unwanted(text: str, faces: bool) -> list[Span]:
    if "<" not in text:
        return []
    spans = references_in(text)
    return [span for span in spans if not (faces and span.of(text).startswith("<faceid"))]
