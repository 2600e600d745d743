"""What prompts with the same flags have in common, learnt from the first of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial, reduce
from operator import or_
from typing import Any, NamedTuple

from flaglift.diagnostics import Diagnostic, Fix, PendingFix
from flaglift.emit.translation import Translation, TranslationStatus
from flaglift.linting.fixing import Assessment
from flaglift.lossless.spans import Span, apply_edits
from flaglift.rules import RULES
from flaglift.shapes.cut import Cut, is_plain_body, is_plain_value
from flaglift.syntax import Feature
from flaglift.syntax.flags import FlagName
from flaglift.syntax.grammar import expression
from flaglift.syntax.lift import lift_edits, words_of_image
from flaglift.syntax.words import WHITESPACE, unescape

_OF_WORDS: tuple[tuple[Feature, Callable[[str, Sequence[str]], bool]], ...] = (
    (Feature.BRACKETED_VIDEO_PROMPT, lambda value, _: "<" in value),
    (Feature.BLANK_VIDEO_PROMPT, lambda value, _: not value.strip()),
    (Feature.REFERENCE, lambda value, bodies: _holds_reference(value, *bodies)),
)
"""The features that a prompt has from words which `is_plain_body` and `is_plain_value` let pass.

The value is a single letter where none is quoted.
"""


@cache
def watched_features() -> Feature:
    """Return those of them that any rule runs on: with one, a prompt is examined by itself."""
    triggers = reduce(or_, (rule.trigger for rule in RULES))
    return reduce(or_, (feature & triggers for feature, _ in _OF_WORDS))


@cache
def _watched() -> tuple[Callable[[str, Sequence[str]], bool], ...]:
    return tuple(holds for feature, holds in _OF_WORDS if feature & watched_features())


def _holds_reference(*texts: str) -> bool:
    return any("<" in text and expression("REFERENCE").search(text) for text in texts)


class Finding(NamedTuple):
    """What a rule says of all prompts with the same flags."""

    flag: str
    """The name of the flag at which it is; empty for the first one of the text."""
    start: int
    """Behind where the flag begins, in code points."""
    end: int
    """Before where the flag ends."""
    diagnostic: Diagnostic
    """As it stands in the first prompt."""
    shared: dict[str, Any]
    """What it holds in all prompts: not its fix, and no message that shows words of the prompt."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is said of every prompt with the same flags, in whatever order and among what words."""

    status: TranslationStatus
    values: dict[str, Any]
    """The fields; text and video prompt are the first prompt's."""
    linted: tuple[Finding, ...]
    """What `lint` reports. `translate` tells the reasons of a refusal too."""
    shown: tuple[Finding, ...]
    uses_image_prompt: bool
    """Whether the video prompt is what the body says about the image (3.3)."""
    said: dict[str, Any] | None
    """The fields even where the prompt is refused; None where its flags are not readable."""
    stated: Mapping[FlagName, Sequence[str]]
    """The values of the flags; the video prompt is the first prompt's."""


Position = tuple[int, int]
"""A place in a skeleton: after so many holes, and so many code points in without them."""


class PlacedFinding(NamedTuple):
    """The same, of all prompts of a shape."""

    start: Position
    end: Position
    diagnostic: Diagnostic
    shared: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """A case, and where in a skeleton its flags are."""

    case: Case
    flags: tuple[tuple[Position, Position], ...]
    """In the order of the text."""
    is_body_first: bool
    """Whether no words come after the first flag."""
    linted: tuple[PlacedFinding, ...]
    """What `lint` reports, in the order of the places, which is the same in all prompts."""
    shown: tuple[PlacedFinding, ...]
    codes: tuple[str, ...]
    """Those of all that is shown, each once, in the same order."""


class ShapedPrompt(NamedTuple):
    """What one prompt of a shape says."""

    shape: Shape
    cut: Cut
    text: str
    """What is left without the flags (4.1); empty where the field is left out."""
    video_prompt: str | None
    """None where it is that of all prompts of the shape."""


def read(shape: Shape, cut: Cut, text: str) -> ShapedPrompt | None:
    """Return what a prompt of a shape says; None if it has to be examined by itself."""
    holes = cut.holes
    video_prompt, value = None, "a"
    if cut.value >= 0:
        start, end = holes[cut.value]
        value = text[start:end]
        if not is_plain_value(value):
            return None
        video_prompt = value = unescape(value) if "\\" in value else value
    if shape.is_body_first:
        bodies = [text[: holes[0][1]]]
    else:
        bodies = [text[start:end] for i, (start, end) in enumerate(holes) if i != cut.value]
    if not _is_plain(value, bodies):
        return None
    rest = _text_of(shape, cut, text, bodies)
    if shape.case.uses_image_prompt:
        video_prompt = words_of_image(bodies)
    if rest is None or video_prompt == "":
        return None
    return ShapedPrompt(shape, cut, rest, video_prompt)


def _is_plain(value: str, bodies: Sequence[str]) -> bool:
    for body in bodies:
        if not is_plain_body(body):
            return False
    for holds in _watched():  # noqa: SIM110 (for each prompt: a generator takes its time)
        if holds(value, bodies):
            return False
    return True


def _text_of(shape: Shape, cut: Cut, text: str, bodies: list[str]) -> str | None:
    if shape.is_body_first:
        return bodies[0].rstrip(WHITESPACE)
    if "\n" not in text and "\r" not in text:  # nearly always: one space remains of each gap
        bodies[0] = bodies[0].rstrip(WHITESPACE)
        bodies[1:-1] = [body.strip(WHITESPACE) for body in bodies[1:-1]]
        if len(bodies) > 1:
            last = bodies[-1]
            ends_text = cut.holes[-1][1] == len(text)
            bodies[-1] = last.lstrip(WHITESPACE) if ends_text else last.strip(WHITESPACE)
        return " ".join(filter(None, bodies))
    if "\n" in bodies[-1] and "=" in bodies[-1]:  # it may end in a settings block (5.2)
        return None
    lengths = cut.lengths
    flags = [Span(*_placed(flag, lengths)) for flag in shape.flags]
    return apply_edits(text, lift_edits(text, flags))


# ---- Taking over --------------------------------------------------------------------------------


def translation_from(reading: ShapedPrompt, text: str, again: "Again") -> Translation:
    """Return the translation of a prompt. `again` makes what is hardly ever asked for."""
    shape = reading.shape
    case = shape.case
    translated = case.status is TranslationStatus.TRANSLATED
    return Translation(
        text,
        case.status,
        values_of(reading) if translated else {"text": text},
        lambda: tuple(findings_from(shape.shown, reading, again)),
        shape.codes,
    )


def video_prompt_of(reading: ShapedPrompt) -> str | None:
    """Return the video prompt of a translated prompt; None where the field is left out."""
    if reading.video_prompt is not None:
        return reading.video_prompt
    constant: str | None = reading.shape.case.values.get(FlagName.VIDEO_PROMPT.field)
    return constant


def values_of(reading: ShapedPrompt) -> dict[str, Any]:
    """Return the fields that a translated prompt says."""
    return _own(reading.shape.case.values, reading)


def _own(values: dict[str, Any], reading: ShapedPrompt) -> dict[str, Any]:
    """Return the fields of a case's first prompt as another one says them."""
    own = dict(values)
    if reading.text:
        own["text"] = reading.text
    if reading.video_prompt is not None:
        own["video_prompt"] = reading.video_prompt
    return own


def assessment_from(reading: ShapedPrompt, again: "Again") -> Assessment:
    """Return what a prompt is to its fixes."""
    case = reading.shape.case
    stated = case.stated
    if reading.cut.value >= 0 and reading.video_prompt is not None:
        stated = {**stated, FlagName.VIDEO_PROMPT: [reading.video_prompt]}
    return Assessment(
        findings=findings_from(reading.shape.linted, reading, again),
        status=case.status,
        values=None if case.said is None else [_own(case.said, reading)],
        stated=stated,
    )


Again = Callable[[], Sequence[Diagnostic]]
"""Examines the prompt itself."""


def findings_from(
    findings: Sequence[PlacedFinding], reading: ShapedPrompt, again: Again
) -> list[Diagnostic]:
    """Return the findings of the first prompt of a case as they stand in another one."""
    if not findings:
        return []
    lengths = reading.cut.lengths
    moved = []
    for (holes, start), (more, end), diagnostic, shared in findings:
        held = shared.copy()  # a whole dictionary at once: this is done for each finding
        held["start"] = first = start + lengths[holes]
        held["end"] = end + lengths[more]
        if "fix" not in held:
            held["_make_fix"] = partial(_pending, again, diagnostic, first)
        if "message" not in held:
            held["_make_message"] = partial(_message_of, again, diagnostic, first)
        moved.append(Diagnostic.of(held))
    return moved


def _message_of(again: Again, like: Diagnostic, start: int) -> str:
    return _same(again, like.code, start).message


def _pending(again: Again, like: Diagnostic, start: int) -> Fix:
    fix = like.fix
    if fix is None:
        raise AssertionError("there is no fix to be made")
    return PendingFix(fix.applicability, _fix_of, again, like.code, start)


def _fix_of(again: Again, code: str, start: int) -> Fix:
    fix = _same(again, code, start).fix
    if fix is None:
        raise AssertionError(f"{code} depends on words that it does not say it reads")
    return fix


def _same(again: Again, code: str, start: int) -> Diagnostic:
    return next(d for d in again() if d.code == code and d.start == start)


def _placed(flag: tuple[Position, Position], lengths: Sequence[int]) -> tuple[int, int]:
    """Return where a flag of a skeleton is in a prompt, given how long the holes are."""
    (holes, start), (more, end) = flag
    return start + lengths[holes], end + lengths[more]
