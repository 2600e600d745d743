"""What the rules say of plain prompts, decided once for each model and duration.

Of a plain prompt (`syntax.plain`) the rules look at nothing but its model, its duration, and
whether it holds a text at all. So the verdict on a prompt is that on the shortest prompt with the
same values, with other places. Property tests hold what comes of it equal to what all the rules say
of the parsed prompt: the `examined` functions are the judges. When a new rule makes them fail,
what it looks at is to be part of `_Case`, or to keep a prompt from being plain.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from flaglift.catalog import Catalog, load_catalog
from flaglift.context import Context
from flaglift.diagnostics import PLACE, Diagnostic, Fix, PendingFix, Severity
from flaglift.emit.translation import Translation, TranslationStatus, field_values
from flaglift.linting.engine import diagnose, reported, subjects_of
from flaglift.rules.subject import Subject
from flaglift.settings import Settings
from flaglift.syntax import Feature, parse
from flaglift.syntax.plain import Plain, read_plain


def translation_of(
    text: str, subject: Subject, found: Sequence[Diagnostic], settings: Settings
) -> Translation:
    """Return what becomes of a segment, given all that the rules say of it."""
    refused = any(finding.refuses for finding in found)
    strict = settings.strict and any(finding.severity is Severity.ERROR for finding in found)
    shown = reported(found, settings)
    if refused or (strict and subject.segment.flags):
        reasons = [f for f in found if f.refuses or (strict and f.severity is Severity.ERROR)]
        wanted = {*map(id, shown), *map(id, reasons)}
        shown = list(dict.fromkeys(f for f in found if id(f) in wanted))  # in order, once
        return Translation(text, TranslationStatus.REFUSED, {"text": text}, tuple(shown))
    if not subject.segment.flags:
        return Translation(text, TranslationStatus.UNCHANGED, {"text": text}, tuple(shown))
    values = field_values(subject)
    return Translation(text, TranslationStatus.TRANSLATED, values, tuple(shown))


def examined_findings(text: str, settings: Settings, context: Context) -> list[Diagnostic]:
    """Return what the rules report of any prompt: it is parsed, and all of them look at it."""
    prompt = parse(text)
    if not prompt.has(Feature.CONCERNED):
        return []
    return reported(diagnose(subjects_of(text, prompt, settings, context)), settings)


def examined_translation(text: str, settings: Settings, context: Context) -> Translation:
    """Return what becomes of any prompt: it is parsed, and all the rules look at it."""
    prompt = parse(text)
    if not prompt.has(Feature.CONCERNED):
        return Translation(text, TranslationStatus.UNCHANGED, {"text": text}, ())
    subjects = subjects_of(text, prompt, settings, context)
    return translation_of(text, subjects[0], diagnose(subjects), settings)


# ---- Plain prompts ------------------------------------------------------------------------------

_FIRST_FLAG, _MODEL, _DURATION = range(3)
"""The places that a finding about a plain prompt may have."""

_Finding = tuple[int, Diagnostic]
"""Its place, and the finding as it stands in another prompt."""


class _Verdict(NamedTuple):
    status: TranslationStatus
    values: dict[str, Any]
    linted: tuple[_Finding, ...]
    """What `lint` reports; `translate` tells the reasons of a refusal too."""
    shown: tuple[_Finding, ...]
    catalog: Catalog


def plain_translation(text: str, settings: Settings, context: Context) -> Translation | None:
    """Return what `examined_translation` returns if the prompt is plain, many times faster."""
    plain = None if context.given else read_plain(text)
    verdict = plain and _verdict_on(plain, settings, context)
    if plain is None or verdict is None:
        return None
    asked = text, settings, context, verdict.catalog
    shown = tuple(_placed(verdict.shown, plain, asked))
    if verdict.status is TranslationStatus.REFUSED:
        return Translation(text, TranslationStatus.REFUSED, {"text": text}, shown)
    values = {**verdict.values, "video_prompt": plain.video_prompt}
    if plain.text:
        values["text"] = plain.text
    return Translation(text, verdict.status, values, shown)


def plain_findings(text: str, settings: Settings, context: Context) -> list[Diagnostic] | None:
    """Return what `examined_findings` returns if the prompt is plain, many times faster."""
    plain = None if context.given else read_plain(text)
    verdict = plain and _verdict_on(plain, settings, context)
    if plain is None or verdict is None:
        return None
    return _placed(verdict.linted, plain, (text, settings, context, verdict.catalog))


class _Case(NamedTuple):
    """All that a verdict depends on."""

    model: str
    duration: str | None
    has_text: bool
    settings: Settings
    complete: bool
    """Whether the request is known to hold nothing else."""
    catalog: Catalog


def _verdict_on(plain: Plain, settings: Settings, context: Context) -> _Verdict | None:
    catalog = load_catalog(settings.edition, settings.overlay)
    has_text = plain.text != ""
    return _verdict(
        _Case(plain.model, plain.duration, has_text, settings, context.complete, catalog)
    )


@lru_cache(maxsize=4096)
def _verdict(case: _Case) -> _Verdict | None:
    """Return the verdict on the shortest prompt of a case; None if a finding has no known place.

    Raises what the settings raise.
    """
    model, duration, has_text, settings, complete, catalog = case
    words = ["a"] if has_text else []
    words += ["--video", f"--video_model {model}", '--video_prompt "b"']
    words += [] if duration is None else [f"--duration {duration}"]
    text = " ".join(words)
    [subject] = subjects_of(text, parse(text), settings, Context(complete=complete), catalog)
    found = diagnose([subject])
    translation = translation_of(text, subject, found, settings)
    places = {subject.segment.flags[0].span: _FIRST_FLAG, subject.anchor: _MODEL}
    if subject.duration_value:
        places[subject.duration_value.span] = _DURATION
    return (
        _Verdict(
            translation.status,
            translation.values,
            tuple((places[f.span], f) for f in reported(found, settings)),
            tuple((places[f.span], f) for f in translation.diagnostics),
            catalog,
        )
        if all(finding.span in places for finding in found)
        else None
    )


_Asked = tuple[str, Settings, Context, Catalog]
"""A prompt, and all that is known beside it."""


def _placed(findings: Sequence[_Finding], plain: Plain, asked: _Asked) -> list[Diagnostic]:
    """Return findings about a prompt in their places, in order."""
    placed = []
    for place, finding in findings:
        if place == _FIRST_FLAG:
            start, end = plain.first_flag
        elif place == _MODEL:
            start, end = plain.model_end - len(plain.model), plain.model_end
        else:
            start, end = plain.duration_end - len(plain.duration or ""), plain.duration_end
        fix = finding.fix and PendingFix(finding.fix.applicability, _fix, asked, finding.code)
        placed.append(finding.moved(start, end, fix))
    return sorted(placed, key=PLACE)


def _fix(asked: _Asked, code: str) -> Fix:
    text, settings, context, catalog = asked
    subjects = subjects_of(text, parse(text), settings, context, catalog)
    return next(f.fix for f in diagnose(subjects) if f.code == code and f.fix)
