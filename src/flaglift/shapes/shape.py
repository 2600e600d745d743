"""What prompts with the same flags have in common, learnt from the first of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from flaglift.diagnostics import Applicability, Diagnostic, Fix, PendingFix
from flaglift.emit.translation import Translation, TranslationStatus
from flaglift.linting.fixing import Assessment
from flaglift.lossless.spans import Span, apply_edits
from flaglift.rules import RULES
from flaglift.shapes.cut import Flags, Position, is_plain_body, is_plain_value
from flaglift.syntax import Feature
from flaglift.syntax.flags import FlagName
from flaglift.syntax.grammar import expression
from flaglift.syntax.lift import lift_edits, words_of_image
from flaglift.syntax.words import WHITESPACE, unescape

_TRANSLATED = TranslationStatus.TRANSLATED  # to look it up in the enumeration takes its time


@cache
def watches_references() -> bool:
    """Tell whether any rule runs on references: with one, a prompt is examined by itself.

    They are the one thing that `is_plain_body` lets pass and a rule may be triggered by.
    """
    return any(Feature.REFERENCE in rule.trigger for rule in RULES)


class Finding(NamedTuple):
    """What a rule says of all prompts with the same flags."""

    flag: str
    """How the flag is written at which it is; empty for the first one of the text."""
    start: int
    """Behind where the flag begins, in code points."""
    end: int
    """Before where the flag ends."""
    shared: dict[str, Any]
    """What it holds in all prompts (`Diagnostic.of`): what makes the fix, or makes the message,
    where these show words of the prompt."""


@dataclass(frozen=True, slots=True, eq=False)  # each is a key of its own to who groups by case
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


PlacedFinding = tuple[Position, Position, dict[str, Any]]
"""Where a finding begins and ends, and what it holds in all prompts."""


@dataclass(slots=True)  # not frozen, as below
class Shape:
    """A case, and where its findings are in prompts with its flags in one order."""

    case: Case
    is_body_first: bool
    """Whether no words come after the first flag."""
    linted: tuple[PlacedFinding, ...]
    """What `lint` reports, in the order of the places."""
    shown: tuple[PlacedFinding, ...]
    codes: tuple[str, ...]
    """Those of all that is shown, each once, in the same order."""


@dataclass(slots=True)  # not frozen: that takes three times as long
class ShapedPrompt:
    """What one prompt of a shape says."""

    shape: Shape
    text: str
    """What is left without the flags (4.1); empty where the field is left out."""
    video_prompt: str | None
    """None where it is that of all prompts of the shape."""
    origins: tuple[int, ...]
    """Where the origins of a `Position` are."""


def read_tail(shape: Shape, body: str, value: str, at: int) -> ShapedPrompt | None:
    """Return what a prompt says whose flags come last, given how it is cut (`cut_at_first_flag`).

    None if it has to be examined by itself.
    """
    video_prompt: str | None = None
    if value:
        if not is_plain_value(value):
            return None
        video_prompt = unescape(value) if "\\" in value else value
    if not _is_plain(body):
        return None
    if shape.case.uses_image_prompt:
        video_prompt = words_of_image([body])
        if not video_prompt:
            return None
    return ShapedPrompt(shape, body, video_prompt, (at, at + len(value)))


def read(shape: Shape, flags: Flags, text: str) -> ShapedPrompt | None:
    """Return what any prompt says, given its flags; None if it has to be examined by itself."""
    video_prompt = None
    if flags.value:
        start, end = flags.value
        value = text[start:end]
        if not is_plain_value(value):
            return None
        video_prompt = unescape(value) if "\\" in value else value
    bodies = [text[start:end] for start, end in flags.words]
    for body in bodies:
        if not _is_plain(body):
            return None
    rest = _text_of(flags, text, bodies)
    if shape.case.uses_image_prompt:
        video_prompt = words_of_image(bodies)
    if rest is None or video_prompt == "":
        return None
    return ShapedPrompt(shape, rest, video_prompt, flags.origins)


def _is_plain(body: str) -> bool:
    if "<" in body and watches_references() and expression("REFERENCE").search(body):
        return False
    return is_plain_body(body)


def _text_of(flags: Flags, text: str, bodies: list[str]) -> str | None:
    if "\n" not in text and "\r" not in text:  # nearly always: one space remains of each gap
        bodies[0] = bodies[0].rstrip(WHITESPACE)
        bodies[1:-1] = [body.strip(WHITESPACE) for body in bodies[1:-1]]
        if len(bodies) > 1:
            last = bodies[-1]
            ends_text = flags.words[-1][1] == len(text)
            bodies[-1] = last.lstrip(WHITESPACE) if ends_text else last.strip(WHITESPACE)
        return " ".join(filter(None, bodies))
    if "\n" in bodies[-1] and "=" in bodies[-1]:  # it may end in a settings block (5.2)
        return None
    return apply_edits(text, lift_edits(text, [Span(*span) for span in flags.spans.values()]))


# ---- Taking over --------------------------------------------------------------------------------


def translation_from(
    reading: ShapedPrompt, text: str, find: Callable[[], tuple[Diagnostic, ...]]
) -> Translation:
    """Return the translation of a prompt. `find` makes the findings once they are asked for."""
    case = reading.shape.case
    values = _own(case.values, reading) if case.status is _TRANSLATED else {"text": text}
    return Translation(text, case.status, values, find, reading.shape.codes)


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
    own = values.copy()
    if reading.text:
        own["text"] = reading.text
    if reading.video_prompt is not None:
        own["video_prompt"] = reading.video_prompt
    return own


def assessment_from(reading: ShapedPrompt, again: "Again") -> Assessment:
    """Return what a prompt is to its fixes."""
    case = reading.shape.case
    stated = case.stated
    if reading.video_prompt is not None and not case.uses_image_prompt:
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
    origins = reading.origins
    moved = []
    for (origin, start), (other, end), shared in findings:
        held = shared.copy()  # a whole dictionary at once: this is done for each finding
        held["start"] = first = start + origins[origin]
        held["end"] = end + origins[other]
        held["_origin"] = again, first
        moved.append(Diagnostic.of(held))
    return moved


def made_message(finding: Diagnostic) -> str:
    """Return the message of a finding, which shows words of its prompt."""
    return _in_its_prompt(finding.code, *finding.__dict__["_origin"]).message


def made_fix(applicability: Applicability, finding: Diagnostic) -> Fix:
    """Return the fix of a finding. Its edits are made when they are first asked for."""
    return PendingFix(applicability, _fix_of, finding.code, *finding.__dict__["_origin"])


def _fix_of(code: str, again: Again, start: int) -> Fix:
    fix = _in_its_prompt(code, again, start).fix
    if fix is None:
        raise AssertionError(f"{code} depends on words that it does not say it reads")
    return fix


def _in_its_prompt(code: str, again: Again, start: int) -> Diagnostic:
    return next(d for d in again() if d.code == code and d.start == start)
