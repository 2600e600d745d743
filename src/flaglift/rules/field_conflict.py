"""FL604 field-conflict."""

from typing import Any, ClassVar, NamedTuple

from flaglift.rules.base import (
    UNSTATED,
    Context,
    Diagnostic,
    Feature,
    Invalid,
    Iterator,
    Reads,
    Rule,
    Settings,
    Severity,
    Span,
    Subject,
    Valid,
    excerpt,
)
from flaglift.syntax.block import FIELD_OF_KEY
from flaglift.syntax.flags import FIELD_FLAGS, field_value

_TRUTHS = ({"true", "1"}, {"false", "0"})
"""Truth values and the numbers for them, which columns of numbers hold."""


class FieldConflict(Rule):
    """
    What it does
        Finds a field that has two values: one in a flag, another in the settings block or in the
        request that the text is part of; or two in the settings block.

    Why
        Only one of them can be sent, and nothing says which one is meant. The prompt is not
        translated.

    Example
        a cat --video --video_model kling25 --duration 5  (with video_duration=10 in the request)

    Use instead
        a cat --video --video_model kling25 --duration 5  (with video_duration=5 in the request)

    Fix safety
        No fix: only you know which value is meant.

    Ground
        Dialect sections 4.4 and 5.2.
    """

    code = "FL604"
    name = "field-conflict"
    severity = Severity.ERROR
    trigger = Feature.FLAG
    reads: ClassVar[Reads] = (
        Reads.FLAGS | Reads.MODEL | Reads.DURATION | Reads.VALUE | Reads.REQUEST
    )
    needs_request = True
    refuses = True

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid(
            "a cat --video --video_model kling25 --duration 5\nnum_images=1\nvideo_audio=true",
            "equal, as a form writes them",
            context=Context({"video_duration": "5", "num_images": 1, "video_audio": True}),
        ),
        Valid(
            'a cat --video --video_model kling25 --video_prompt "it\nyawns"',
            "equal, as a form writes line ends",
            context=Context({"video_prompt": "it\r\nyawns"}),
        ),
        Valid(
            "a cat --video --video_model kling25 --duration 5",
            "the field of the request is empty",
            context=Context({"video_duration": None, "video_model": ""}),
        ),
        Valid(
            "a cat --video --video_model ovi --video_model kling25\nvideo_model=kling25\nseed=",
            "the flag that counts agrees",
            context=Context({"seed": 7}),
        ),
        Valid(
            "a cat --video --video_model kling25_5s",
            "the request names the accepted successor",
            settings=Settings(accept_successors=True),
            context=Context({"video_model": "kling25"}),
        ),
        Valid(
            "a cat --video --video_model kling25",
            "the request holds other fields without known values",
            context=Context({"video_prompt": UNSTATED, "video_duration": UNSTATED}),
        ),
        Valid(
            "a cat --video --video_model kling25\nhires_fix=true\nface_swap=0",
            "a number is a truth value in the request",
            context=Context({"hires_fix": 1, "face_swap": False}),
        ),
        Valid("a cat --fill\nw=1\nw=2", "no flag of the dialect"),
        Valid("a cat --duration 5\nvideo_duration=10", "a duration alone makes no video"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            "a cat --video --video_model kling25 --duration 5",
            "the request has another duration",
            context=Context({"video_duration": 10}),
        ),
        Invalid(
            "a cat --video --video_model kling25",
            "the request names a model too, and which one is not known",
            context=Context({"video_model": UNSTATED}),
        ),
        Invalid(
            "a cat --video --video_model kling25\nvideo_model=kling30_pro",
            "the settings block has another model",
        ),
        Invalid(
            "a cat --video --video_model kling25\nhires_fix=true",
            "the request has the other truth value",
            context=Context({"hires_fix": 0}),
        ),
        Invalid("a cat --video --video_model kling25\nar=1:1\naspect_ratio=16:9", "two names"),
        Invalid(
            "a cat --video --video_model kling25\nnum_images=4",
            "the request has another number than the settings block",
            context=Context({"num_images": "1"}),
        ),
        Invalid(
            "a cat --video --video_model kling25\ncallback=https://example.com/a?token=1",
            "addresses are compared and not shown",
            context=Context({"callback": "https://example.com/a?token=2"}),
        ),
        Invalid(
            "a cat --duration 7",
            "the model in the request makes it a video prompt",
            context=Context({"video_model": "kling25", "video_duration": 5}),
        ),
    )

    def reads_with(self, request: Context) -> Reads:
        """Return what its findings depend on: a video prompt matters beside another one only."""
        return self.reads if request.has("video_prompt") else self.reads & ~Reads.VALUE

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding for each value that contradicts the request or an earlier value."""
        if not subject.is_clear_video:
            return
        first: dict[str, _Said] = {}
        for said in _said(subject):
            earlier = first.setdefault(said.field, said)
            given = subject.request.get(said.field)
            if given is not None and not _agree(subject, said, given):
                yield self._finding(said, given, "the request")
            elif given is None and subject.request.has(said.field):
                yield self._possible(said)
            elif not _agree(subject, said, earlier.value):
                yield self._finding(said, earlier.value, earlier.place)

    def _finding(self, said: "_Said", other: Any, place: str) -> Diagnostic:
        values = f"is `{excerpt(said.value)}` in {said.place} and `{excerpt(other)}` in {place}"
        if said.field == "callback" or said.field.endswith("_url"):  # an address may hold a secret
            values = f"has one value in {said.place} and another in {place}"
        return self.report(
            said.span,
            f"`{said.field}` {values}, so it is not clear which one is meant and the prompt is"
            " not translated",
        )

    def _possible(self, said: "_Said") -> Diagnostic:
        return self.report(
            said.span,
            f"`{said.field}` is in {said.place} and in the request too, with a value that is not"
            " known here, so it is not clear whether they agree and the prompt is not translated",
            severity=Severity.WARNING,
        )


class _Said(NamedTuple):
    """A value that the text gives a field."""

    field: str
    value: str
    span: Span
    place: str


def _said(subject: Subject) -> Iterator[_Said]:
    """Yield what the flags that count say, then what the settings block says."""
    for field, name in FIELD_FLAGS.items():
        flag = subject.segment.last(name)
        if flag:  # `+5` and `05` are 5
            value = field_value(name, flag.value.text if flag.value else "")
            yield _Said(field, _form(value), flag.span, f"`{name.word}`")
    for setting in subject.block_values:
        field = FIELD_OF_KEY.get(setting.key, setting.key)
        span = Span(setting.start, setting.value_span.end)
        yield _Said(field, setting.value, span, f"the line `{setting.key}=`")


def _agree(subject: Subject, said: _Said, other: Any) -> bool:
    """Tell whether two values are the same field of a form."""
    pair = {_form(said.value), _form(other)}
    if said.field == "video_model" and subject.replaced:
        return pair <= {subject.named_model, subject.model_name}
    return len(pair) == 1 or (pair in _TRUTHS and not isinstance(other, str))


def _form(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).replace("\r\n", "\n")
