"""What a rule looks at: one segment of a prompt, with all that is known besides it."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar, overload

from flaglift.catalog import Catalog, Model, ModelLookup, Status
from flaglift.context import Context
from flaglift.lossless.spans import Span
from flaglift.settings import Settings
from flaglift.syntax.block import FIELD_OF_KEY
from flaglift.syntax.flags import FlagName, field_value, seconds
from flaglift.syntax.lift import image_prompt
from flaglift.syntax.lookalikes import NearMiss, near_misses
from flaglift.syntax.nodes import FlagLike, Node, Setting, Value
from flaglift.syntax.prompt import Feature, Prompt, Segment

DOUBTFUL = Feature.UNREADABLE | Feature.ABBREVIATION | Feature.QUOTED_FLAG
"""With one of these it is not known what the service reads."""

ASSUMED = "assuming that less than the base length costs in proportion"
"""What is said of a price below the base length, of which the service states none (4.6)."""


_Value = TypeVar("_Value")


class _once(Generic[_Value]):  # noqa: N801 (a decorator)
    """A property that is worked out once: `cached_property` without the lock it takes in 3.11."""

    def __init__(self, work_out: Callable[[Any], _Value]) -> None:
        self._work_out = work_out
        self.__doc__ = work_out.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, subject: None, owner: type) -> "_once[_Value]": ...
    @overload
    def __get__(self, subject: object, owner: type) -> _Value: ...
    def __get__(self, subject: object | None, owner: type) -> "_Value | _once[_Value]":
        if subject is None:
            return self
        value = subject.__dict__[self._name] = self._work_out(subject)
        return value


_WORKED_OUT = {
    FlagName.VIDEO_MODEL: "model_name",
    FlagName.VIDEO_PROMPT: "video_prompt",
    FlagName.DURATION: "duration",
}
"""The flags whose fields may hold another value than is written: the property that tells it."""


@dataclass(frozen=True)
class Subject:
    """One segment of a prompt, the catalog, the settings and the request it is part of."""

    text: str
    prompt: Prompt
    segment: Segment
    catalog: Catalog
    settings: Settings
    request: Context
    """What the caller knows of the request besides the text."""
    block: Mapping[str, str]
    """The settings block as fields; an empty value is omitted (5.2)."""
    block_values: tuple[Setting, ...]
    """The lines of the settings block that give a field its first value, or its second."""
    unused_suppressions: tuple[str, ...] = ()
    """Codes that the host suppresses for this prompt, and that nothing reported."""

    @_once
    def span(self) -> Span:
        """The segment, less a line end next to a separator or the settings block: it is theirs."""
        start, end = self.segment.start, self.segment.end
        if not start and end == len(self.text):
            return Span(0, end)
        if start:
            start += _line_end_length(self.text[start : start + 2])
        if end < len(self.text) and self.text.endswith("\n", start, end):
            end -= 2 if self.text.endswith("\r\n", start, end) else 1
        return Span(start, end)

    @_once
    def context(self) -> Context:
        """What the request holds besides the text, the settings block included."""
        return self.request.updated(self.block)

    @property
    def suspects(self) -> tuple[FlagLike, ...]:
        """What looks like a flag in this segment and is text."""
        suspects = self.prompt.suspects
        return _within(suspects, self.span) if suspects else ()

    @_once
    def near_misses(self) -> tuple[NearMiss, ...]:
        """The suspects outside quotes, with the words that they are part of."""
        suspects = self.suspects
        return tuple(near_misses(self.segment.nodes, suspects)) if suspects else ()

    @_once
    def model_value(self) -> Value | None:
        """The value of `--video_model` that counts."""
        flag = self.segment.last(FlagName.VIDEO_MODEL)
        return flag.value if flag else None

    @_once
    def named_model(self) -> str | None:
        """The model that the prompt, the request or else the settings name, as they spell it."""
        if self.model_value:
            return self.model_value.text
        given = self.context.get("video_model")
        if given is not None:
            return str(given)
        return None if self.context.has("video_model") else self.settings.default_model

    @property
    def model_origin(self) -> str:
        """What names the model, in words; empty for a flag."""
        if self.model_value:
            return ""
        if self.request.get("video_model") is not None:
            return "the request"
        return "the settings block" if "video_model" in self.block else "the default-model setting"

    @_once
    def lookup(self) -> ModelLookup | None:
        """Where the named model stands in the catalog; None without a name."""
        return None if self.named_model is None else self.catalog.find(self.named_model)

    @_once
    def replaced(self) -> bool:
        """Whether the model is retired and the user accepts its successor, which fits (3.5)."""
        if not self.settings.accept_successors or self.lookup is None:
            return False
        successor = self.lookup.successor
        return successor is not None and self.written_duration in (None, successor.seconds)

    @property
    def model_name(self) -> str | None:
        """The model that the fields name: the named one, or its accepted successor."""
        if self.replaced and self.lookup and self.lookup.successor:
            return self.lookup.successor.name
        return self.named_model

    @_once
    def model(self) -> Model | None:
        """The model that counts, if the catalog has it at its date."""
        if self.model_name is None:
            return None
        lookup = self.catalog.find(self.model_name)
        return lookup.model if lookup.status in (Status.LISTED, Status.NAMED) else None

    @property
    def is_video(self) -> bool:
        """Whether a flag makes it a video prompt (3.1), or any flag and a model in the request."""
        segment = self.segment
        return segment.is_video or (bool(segment.flags) and self.context.has("video_model") is True)

    @_once
    def is_clear_video(self) -> bool:
        """Whether it is a video prompt, and no other rule doubts which one."""
        return self.is_video and not self.prompt.has(DOUBTFUL)

    def setting_of(self, field: str) -> Setting | None:
        """Return the line of the settings block that alone gives a field its value.

        None in a keyframe prompt: the block is every frame's, and a finding is one frame's.
        """
        if self.prompt.is_keyframes or self.request.has(field):
            return None
        lines = [
            setting
            for setting in self.prompt.settings
            if setting.value and FIELD_OF_KEY.get(setting.key, setting.key) == field
        ]
        return lines[0] if len(lines) == 1 else None

    def place_of(self, *fields: str) -> Span:
        """Return where a finding about fields goes: the first one's line, or else the anchor."""
        for setting in map(self.setting_of, fields):
            if setting:
                return Span(setting.start, setting.value_span.end)
        return self.anchor

    @property
    def anchor(self) -> Span:
        """Where a finding about the model goes; the segment must hold a flag.

        It is the model's name, or the first flag where the text does not name the model.
        """
        if self.model_value:
            return self.model_value.span
        setting = self.setting_of("video_model")
        return setting.value_span if setting else self.segment.flags[0].span

    @_once
    def duration_value(self) -> Value | None:
        """The value of `--duration` that counts."""
        flag = self.segment.last(FlagName.DURATION)
        return flag.value if flag else None

    @_once
    def written_duration(self) -> int | None:
        """The seconds that the prompt or the request asks for; None where neither does."""
        if self.duration_value:
            return seconds(self.duration_value.text)
        return seconds(str(self.context.get("video_duration")))

    @property
    def duration(self) -> int | None:
        """The seconds that the fields name: those asked for, or those of an accepted successor."""
        if self.replaced and self.lookup and self.lookup.successor:
            return self.lookup.successor.seconds
        return self.written_duration

    def value_of(self, flag: FlagName) -> int | str | None:
        """Return what a flag's field is to hold; None where it is omitted."""
        name = _WORKED_OUT.get(flag)
        if name:
            value: int | str | None = getattr(self, name)
            return value
        last = self.segment.last(flag)
        if last is None:
            return None
        return field_value(flag, last.value.text if last.value else "")

    @property
    def price_cents(self) -> Decimal | None:
        """The price of the video in cents; None where the catalog has none for that length."""
        model, seconds = self.model, self.duration
        if model is None or (seconds is None and self.context.has("video_duration")):
            return None
        return model.price_cents(seconds)

    @property
    def price_note(self) -> str:
        """What is to be said of the price: that it is assumed, or nothing."""
        model = self.model
        assumed = model is not None and model.is_price_assumed(self.duration)
        return f" ({ASSUMED})" if assumed else ""

    @_once
    def written_prompt(self) -> str | None:
        """The video prompt that the prompt or the request holds; None where neither does."""
        written = self.segment.value(FlagName.VIDEO_PROMPT)
        given = self.context.get("video_prompt")
        return written if written is not None or given is None else str(given)

    @_once
    def image_prompt(self) -> str:
        """What the prompt says about the image, as the service used it for the video (3.3)."""
        return image_prompt(self.segment)

    @property
    def video_prompt(self) -> str | None:
        """The video prompt: the written one, or the image prompt (3.3).

        None where the request holds one that is not known.
        """
        return self.image_prompt if self.uses_image_prompt else self.written_prompt

    @property
    def uses_image_prompt(self) -> bool:
        """Whether nothing but the image prompt says what the video shows (3.3)."""
        return self.written_prompt is None and not self.context.has("video_prompt")

    def can(self, capability: str) -> bool | None:
        """Tell whether the model has a capability; None where that is not known.

        Of a model that only the changelog names, what is not listed is unknown.
        """
        if self.model is None:
            return None
        listed = capability in self.model.capabilities
        return listed or (False if self.model.durations else None)


_Kind = TypeVar("_Kind", bound=Node)


def _within(nodes: Sequence[_Kind], span: Span) -> tuple[_Kind, ...]:
    """Return the nodes, which are in order, that start in a span."""
    first = bisect_left(nodes, span.start, key=_start)
    return tuple(nodes[first : bisect_left(nodes, span.end, lo=first, key=_start)])


def _start(node: Node) -> int:
    return node.start


def _line_end_length(beginning: str) -> int:
    return 2 if beginning == "\r\n" else int(beginning[:1] == "\n")
