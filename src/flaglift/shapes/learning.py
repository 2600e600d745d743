"""What the first prompt with some flags says of all others with the same flags."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from flaglift.context import Context
from flaglift.diagnostics import Diagnostic
from flaglift.emit.translation import Translation, TranslationStatus, read_values, translation_of
from flaglift.linting.engine import Examination, holds_anything, reported, triggered
from flaglift.linting.fixing import Assessment, stated_values
from flaglift.rules import RULES
from flaglift.rules.base import Reads
from flaglift.shapes.cut import Flags, Places
from flaglift.shapes.shape import (
    Case,
    Finding,
    PlacedFinding,
    Shape,
    ShapedPrompt,
    assessment_from,
    made_fix,
    made_message,
    read,
    values_of,
)
from flaglift.syntax import Feature, FlagName, Prompt, Quoting
from flaglift.syntax.nodes import Flag, Text

_RULES = {rule.code: rule for rule in RULES}


def shape_of(case: Case, places: Places, *, is_body_first: bool) -> Shape:
    """Return the shape of prompts with the flags of a case, given where these are."""
    shown = _placed(case.shown, places)
    return Shape(
        case,
        is_body_first,
        shown if case.linted is case.shown else _placed(case.linted, places),
        shown,
        tuple(dict.fromkeys([shared["code"] for _, _, shared in shown])),
    )


def _placed(findings: Sequence[Finding], places: Places) -> tuple[PlacedFinding, ...]:
    """Return findings at the flags of a shape, in the order of their places."""
    placed: list[PlacedFinding] = []
    for flag, after, before, shared in findings:
        (origin, start), (other, end) = places[flag or next(iter(places))]
        placed.append(((origin, start + after), (other, end - before), shared))
    placed.sort(key=lambda each: (each[0], each[1], each[2]["code"]))
    return tuple(placed)


def reads_order(request: Context) -> bool:
    """Tell whether any rule reads the order of the flags beside a request."""
    reads = [rule.reads_with(request) for rule in _RULES.values()]
    # Who reads the body keeps the prompts that it runs on to themselves anyway.
    return any(Reads.ORDER in each and Reads.BODY not in each for each in reads)


def case_key(written: Iterable[str], *, has_body: bool, is_ordered: bool) -> tuple[str, ...]:
    """Return what all prompts of a case have in common, given how their flags are written."""
    return (*(written if is_ordered else sorted(written)), "body" if has_body else "")


def learn(text: str, flags: Flags, examined: Examination) -> Case | None:
    """Return what the first prompt of a case says of all others; None where that is nothing."""
    prompt, [subject, *more] = examined.prompt, examined.subjects
    if (
        more
        or prompt.settings
        or _reads_words(prompt.features, subject.request, has_value=flags.value is not None)
        or not _is_cut_alike(prompt, flags)
    ):
        return None
    shown = reported(examined.diagnostics, subject.settings)
    translation = translation_of(text, subject, examined.diagnostics, shown)
    assessment = Assessment(
        findings=shown,
        status=translation.status,
        values=read_values(examined.subjects),
        stated=stated_values(subject.segment),
    )
    linted = told = _findings(shown, flags)
    if [*map(id, translation.diagnostics)] != [*map(id, shown)]:
        told = _findings(translation.diagnostics, flags)
    if linted is None or told is None:
        return None
    case = Case(
        translation.status,
        translation.values,
        linted,
        told,
        prompt.has(Feature.NO_VIDEO_PROMPT) and subject.uses_image_prompt,
        assessment.values[0] if assessment.values else None,
        assessment.stated,
    )
    shape = shape_of(case, flags.places, is_body_first=len(flags.words) == 1)
    reading = read(shape, flags, text)
    return case if reading and _bears_out(reading, translation, assessment) else None


def _reads_words(features: int, request: Context, *, has_value: bool) -> bool:
    """Tell whether any rule that runs on a prompt reads its words."""
    words = Reads.BODY | (Reads.VALUE if has_value else Reads(0))
    each, once = triggered(features, holds_anything(request))
    return any(rule.reads_with(request) & words for rule in (*each, *once))


def _is_cut_alike(prompt: Prompt, flags: Flags) -> bool:
    """Tell whether the grammar cuts a prompt where it was cut."""
    segment = prompt.segments[0]
    if any(type(node) not in (Flag, Text) for node in segment.nodes):
        return False
    if [flag.span for flag in segment.flags] != [*flags.spans.values()]:
        return False
    if flags.value is None:
        return True
    flag = segment.last(FlagName.VIDEO_PROMPT)
    start, end = flags.value
    return bool(
        flag
        and flag.value
        and flag.value.quoting is Quoting.QUOTED
        and flag.value.span == (start - 1, end + 1)
    )


def _findings(diagnostics: Sequence[Diagnostic], flags: Flags) -> tuple[Finding, ...] | None:
    """Return findings by the flags where they are; None if one is anywhere else."""
    findings = [_finding(each, flags) for each in diagnostics]
    known = tuple(finding for finding in findings if finding)
    return known if len(known) == len(findings) else None


def _finding(diagnostic: Diagnostic, flags: Flags) -> Finding | None:
    """Return a finding by the flag where it is; None if it is anywhere else."""
    rule = _RULES[diagnostic.code]
    shared = _shared(diagnostic, quotes=bool(rule.quotes))
    places = list(flags.spans.values())
    if Reads.FIRST in rule.reads and diagnostic.span in places:
        return Finding("", 0, 0, shared) if diagnostic.span == places[0] else None
    words = flags.value
    for name, (start, end) in flags.spans.items():
        if start <= diagnostic.start and diagnostic.end <= end:
            if (
                words
                and '"' in flags.written[name]  # which holds the words
                and not (diagnostic.start <= words[0] and words[1] <= diagnostic.end)
            ):
                return None
            after, before = diagnostic.start - start, end - diagnostic.end
            return Finding(flags.written[name], after, before, shared)
    return None


def _shared(diagnostic: Diagnostic, *, quotes: bool) -> dict[str, Any]:
    """Return what a finding holds in all prompts of a case, to be moved to its place in each."""
    held = {each: getattr(diagnostic, each) for each in ("code", "rule", "severity", "refuses")}
    if diagnostic.fix is None:
        held["fix"] = None
    else:
        held["_make_fix"] = partial(made_fix, diagnostic.fix.applicability)
    if quotes:
        held["_make_message"] = made_message
    else:
        held["message"] = diagnostic.message
    return held


def _bears_out(reading: ShapedPrompt, translation: Translation, assessment: Assessment) -> bool:
    """Tell whether a prompt says by its shape what it says by itself."""
    if assessment_from(reading, lambda: translation.diagnostics) != assessment:
        return False
    if translation.status is not TranslationStatus.TRANSLATED:
        return True
    return values_of(reading) == translation.values
