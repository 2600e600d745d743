"""FL508 audio-without-flag."""

import datetime
from typing import ClassVar

from flaglift.catalog.limits import has_media_rules
from flaglift.rules.base import (
    Context,
    Diagnostic,
    Edit,
    Feature,
    Invalid,
    Iterator,
    Reads,
    Rule,
    Settings,
    Severity,
    Subject,
    Valid,
    unsafe,
)

_FIELDS = ("audio_reference", "audio_reference_url")
_AUDIO = Context({"audio_reference": "voice.mp3"})
_FALSE = frozenset({"false", "0"})


class AudioWithoutFlag(Rule):
    """
    What it does
        Finds an audio reference, for Seedance 2 and 2.5, without `video_audio=true`.
        Where it is not known whether the request has that, it only says that it is needed.

    Why
        According to the service's page, an audio reference needs it; the reference alone is not
        enough.

    Example
        a cat --video --video_model seedance2_720p
        audio_reference_url=https://example.com/purr.mp3
        video_audio=false

    Use instead
        a cat --video --video_model seedance2_720p
        audio_reference_url=https://example.com/purr.mp3
        video_audio=true

    Fix safety
        Unsafe: it writes `video_audio=true` where the settings block has `video_audio=false`. There
        is no fix where the text does not set the field.

    Ground
        The service's Image2Video page, edition of 2026-08-18.
    """

    code = "FL508"
    name = "audio-without-flag"
    severity = Severity.ERROR
    trigger = Feature.FLAG
    reads: ClassVar[Reads] = Reads.FIRST | Reads.MODEL | Reads.REQUEST
    needs_request = True
    request_fields: ClassVar[tuple[str, ...]] = ("video_audio", *_FIELDS)

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid(
            "a cat --video --video_model seedance2_720p\nvideo_audio=true",
            "the flag is there",
            context=_AUDIO,
        ),
        Valid(
            "a cat --video --video_model seedance2_720p",
            "the flag is there as a truth value",
            context=Context({"audio_reference": "voice.mp3", "video_audio": True}),
        ),
        Valid("a cat --video --video_model seedance2_720p\nvideo_audio=false", "no audio"),
        Valid(
            "a cat --video --video_model kling30_pro_audio",
            "the rule is stated for Seedance only",
            context=Context({"audio_reference": "voice.mp3", "video_audio": None}),
        ),
        Valid(
            "a cat --video --video_model seedance2_720p",
            "the edition does not state the rule yet",
            settings=Settings(edition=datetime.date(2026, 4, 29)),
            context=Context({"audio_reference": "voice.mp3", "video_audio": None}),
        ),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            "a cat --video --video_model seedance2_720p\n"
            "audio_reference_url=https://example.com/purr.mp3",
            "whether the flag is there is not known, so it is advice",
        ),
        Invalid(
            "a cat --video --video_model seedance2_720p\n"
            "audio_reference_url=https://example.com/purr.mp3\n"
            "video_audio=false",
            "the flag says the opposite",
            fixed="a cat --video --video_model seedance2_720p\n"
            "audio_reference_url=https://example.com/purr.mp3\n"
            "video_audio=true",
        ),
        Invalid(
            "a cat --video --video_model seedance25_480p",
            "the flag is known to be missing",
            context=Context({"audio_reference": "voice.mp3"}, complete=True),
        ),
        Invalid(
            "a cat --video --video_model seedance2_fast_480p",
            "the flag is off in the request",
            context=Context({"audio_reference": "voice.mp3", "video_audio": False}),
        ),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding where audio is given and `video_audio` is not known to be true."""
        context = subject.context
        if not subject.is_clear_video or subject.model is None or not context.has(*_FIELDS):
            return
        if not has_media_rules(subject.model.name, subject.catalog.edition):
            return
        switch = context.get("video_audio")
        off = context.has("video_audio") is False or str(switch).strip().lower() in _FALSE
        setting = subject.setting_of("video_audio")
        if off:
            fix = unsafe("turn it on", Edit(*setting.value_span, "true")) if setting else None
            yield self.report(
                subject.place_of("video_audio", *_FIELDS),
                f"an audio reference needs `video_audio=true` for `{subject.model_name}`, which "
                "the request does not have",
                fix=fix,
            )
        elif context.has("video_audio") is None:
            yield self.report(
                subject.place_of(*_FIELDS),
                f"an audio reference needs `video_audio=true` for `{subject.model_name}`, so the "
                "request must hold it too",
                severity=Severity.INFO,
            )
