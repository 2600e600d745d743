"""FL103 value-on-switch."""

from typing import ClassVar

from flaglift.rules.base import (
    Diagnostic,
    Edit,
    Feature,
    Invalid,
    Iterator,
    Rule,
    Severity,
    Subject,
    Valid,
    excerpt,
    unsafe,
)
from flaglift.syntax.words import ends_word

_YES = {"", "1", "on", "true", "y", "yes"}


class ValueOnSwitch(Rule):
    """
    What it does
        Finds `--video` with a value attached, such as `--video=true`.

    Why
        `--video` takes no value. The service then reads no flag at all in the prompt, and an image
        is made instead of a video.

    Example
        a cat --video=true --video_model kling25

    Use instead
        a cat --video --video_model kling25

    Fix safety
        Unsafe: without the value the flags are read, so the fields change. It is offered where the
        value is empty or means yes; what any other value means is not known.

    Ground
        Dialect section 2.4.
    """

    code = "FL103"
    name = "value-on-switch"
    severity = Severity.ERROR
    trigger = Feature.SWITCH_VALUE
    refuses = True

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid("a cat --video --video_model kling25", "no value"),
        Valid("a cat --video true --video_model kling25", "the next word is text, not a value"),
        Valid("a cat --video --video_model=kling25 --duration=5", "these take values"),
        Valid("a cat --video --tiled_upscale=true", "not a flag of the dialect"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            "a cat --video=true --video_model kling25",
            "as in other programs",
            fixed="a cat --video --video_model kling25",
        ),
        Invalid(
            'a cat --video="Yes" --video_model kling25',
            "quoted and with a capital",
            fixed="a cat --video --video_model kling25",
        ),
        Invalid(
            "a cat --video= --video_model kling25",
            "an empty value is a value too",
            fixed="a cat --video --video_model kling25",
        ),
        Invalid("a cat --video=false --video_model kling25", "it says no, and the model says yes"),
        Invalid("a cat --video=kling25", "a model in the wrong place"),
        Invalid('a cat --video=true"', "an open quote is attached to it"),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding for each switch with a value."""
        for flag in subject.segment.flags:
            if flag.name.takes_value or flag.value is None:
                continue
            attached = Edit(flag.name_span.end, flag.end, "")
            plain = flag.value.text.lower() in _YES and ends_word(subject.text, flag.end)
            yield self.report(
                flag.span,
                f"`{flag.name.word}` takes no value, so with `={excerpt(flag.value.raw)}` the"
                " service reads no flag at all in this prompt",
                fix=unsafe("remove the value", attached) if plain else None,
            )
