"""What the page of the playground asks, and what flaglift answers: JSON to JSON.

This module runs in the browser, next to the package. The page shows what is answered here, and
knows nothing of prompts itself. Places in a text are counted in UTF-16 code units, as browsers
count them.
"""

import json
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from flaglift import Settings, fix, lint, parse, translate, translate_keyframes
from flaglift.catalog import edition_dates, load_catalog
from flaglift.check.hosts.formats.text import Located, TextForm, prompts
from flaglift.context import Context
from flaglift.diagnostics import Diagnostic, Severity
from flaglift.documentation import rule_page
from flaglift.emit.form import form_value
from flaglift.emit.request import curl_command, form_pairs, python_snippet
from flaglift.emit.translation import Translation, TranslationStatus, read_values
from flaglift.errors import FlagliftError
from flaglift.linting.engine import find_rule, subjects_of
from flaglift.lossless.spans import Edit, difference
from flaglift.report.models import as_dicts
from flaglift.rules import RULES
from flaglift.rules.base import cents, excerpt
from flaglift.rules.subject import ASSUMED, DOUBTFUL, Subject
from flaglift.syntax import Feature, Prompt
from flaglift.syntax.flags import FlagName, ValueKind
from flaglift.syntax.nodes import (
    Abbreviation,
    DoubleDash,
    Flag,
    HelpFlag,
    Node,
    OtherFlag,
    QuotedFlag,
    Separator,
    Setting,
    Unclosed,
    UnknownFlag,
)
from flaglift.syntax.words import quote

Values = dict[str, Any]

_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_NOTHING_KNOWN = Context()

_OF_KIND = {
    ValueKind.SWITCH: "word",
    ValueKind.WORD: "word",
    ValueKind.TEXT: "text",
    ValueKind.WHOLE_NUMBER: "number",
}
_OF_NODE: dict[type[Node], str] = {
    OtherFlag: "other",
    DoubleDash: "doubt",
    Abbreviation: "doubt",
    QuotedFlag: "doubt",
    HelpFlag: "doubt",
    UnknownFlag: "doubt",
    Unclosed: "doubt",
    Separator: "separator",
    Setting: "setting",
}


class Units:
    """The code units that the code points of a text begin at, and back."""

    def __init__(self, text: str) -> None:
        self._astral = [] if text.isascii() else [m.start() for m in _ASTRAL.finditer(text)]
        self._units = [place + number for number, place in enumerate(self._astral)]

    def of(self, point: int) -> int:
        """Return the code units before a code point.

        >>> units = Units("a🐈b")
        >>> [units.of(point) for point in range(4)]
        [0, 1, 3, 4]
        """
        return point + bisect_left(self._astral, point)

    def point(self, unit: int) -> int:
        """Return the code points before a code unit; in the middle of one, it is counted.

        >>> units = Units("a🐈b")
        >>> [units.point(unit) for unit in range(5)]
        [0, 1, 2, 2, 3]
        """
        return unit - bisect_left(self._units, unit - 1) if self._units else unit


def answer(method: str, request: str) -> str:
    """Answer one question of the page; what flaglift refuses is answered with its sentence."""
    try:
        return json.dumps(_METHODS[method](json.loads(request)))
    except FlagliftError as error:
        return json.dumps({"error": str(error)})


def _settings(request: Values) -> Settings:
    """Return the settings that the page's form makes up, checked."""
    given = request.get("settings", {})
    edition = given.get("edition")
    settings = Settings(
        edition=date.fromisoformat(edition) if edition else None,
        default_model=given.get("default_model") or None,
        accept_successors=bool(given.get("accept_successors")),
        strict=bool(given.get("strict")),
        budget=given.get("budget"),
    )
    if settings.default_model:
        load_catalog(settings.edition).require(settings.default_model)
    return settings


def about(_request: Values) -> Values:
    """Say what this is, and what can be chosen."""
    editions = edition_dates()
    newest = load_catalog().edition
    return {
        "version": version("flaglift"),
        "rules": len(RULES),
        "editions": [day.isoformat() for day in editions],
        "capabilities": [{"key": each.key, "title": each.title} for each in newest.capabilities],
        "models": [model.name for model in load_catalog().models],
    }


# One prompt


@lru_cache(maxsize=4096)
def _reading(text: str, settings: Settings) -> Values:
    """Return the colours and findings of a prompt; places are relative to its begin."""
    units = Units(text)
    return {
        "tokens": [
            [units.of(start), units.of(end), kind] for start, end, kind in _tokens(parse(text))
        ],
        "findings": [_finding(each, units) for each in lint(text, settings)],
    }


def _tokens(prompt: Prompt) -> Iterator[tuple[int, int, str]]:
    read = {id(flag) for flag in prompt.flags}
    for node in prompt.nodes:
        if isinstance(node, Flag):
            yield node.start, node.name_span.end, "flag" if id(node) in read else "doubt"
            if node.value:
                yield node.value.start, node.value.end, _OF_KIND[node.name.kind]
        elif isinstance(node, Setting):
            yield node.start, node.value_span.end, "setting"
        elif type(node) in _OF_NODE:
            yield node.start, node.end, _OF_NODE[type(node)]
    for reference in prompt.references:
        yield reference.start, reference.end, "reference"
    for suspect in prompt.suspects:
        yield suspect.start, suspect.end, "doubt"


def _finding(found: Diagnostic, units: Units) -> Values:
    fix_ = found.fix
    return {
        "start": units.of(found.start),
        "end": units.of(found.end),
        "code": found.code,
        "rule": found.rule,
        "severity": found.severity.value,
        "message": found.message,
        "page": rule_page(found.code),
        "fix": fix_
        and {
            "title": fix_.title,
            "applicability": fix_.applicability.value,
            "edits": _edits(fix_.edits, units),
        },
    }


def _edits(edits: Iterable[Edit], units: Units) -> list[Values]:
    return [
        {"from": units.of(edit.start), "to": units.of(edit.end), "insert": edit.content}
        for edit in edits
    ]


def look(request: Values) -> Values:
    """Answer what the editor asks: what it shows, and all about the prompt at the cursor."""
    text, settings = request["text"], _settings(request)
    located, units = _prompts(text, request["form"])
    first, last, at = (units.point(request[name]) for name in ("first", "last", "at"))
    shown = [
        each for each in located if each.start <= last and each.start + len(each.text) >= first
    ]
    number = max(0, bisect_right(located, at, key=lambda each: each.start) - 1)
    current = located[number] if located else Located(0, "")
    return {
        "count": len(located),
        "number": number,
        "start": units.of(current.start),
        "end": units.of(current.start + len(current.text)),
        "shown": [
            {"start": units.of(each.start), **_reading(each.text, settings)} for each in shown
        ],
        "prompt": {**_reading(current.text, settings), **_details(current.text, settings)},
    }


@lru_cache(maxsize=2)
def _prompts(text: str, form: str) -> tuple[list[Located], Units]:
    return prompts(text, TextForm(form)), Units(text)


@lru_cache(maxsize=64)
def _details(text: str, settings: Settings) -> Values:
    prompt = parse(text)
    translation = translate(text, settings)
    frames = translate_keyframes(text, settings) if prompt.is_keyframes else [translation]
    subjects = subjects_of(text, prompt, settings, _NOTHING_KNOWN)
    return {
        "text": text,
        "status": translation.status.value,
        "reads": _what_is_read(prompt, subjects),
        "meant": _what_is_meant(text, translation, settings),
        "requests": [
            _request(each) for each in frames if each.status is not TranslationStatus.REFUSED
        ],
        "prices": [price for price in map(_price, subjects) if price],
    }


def _what_is_read(prompt: Prompt, subjects: Sequence[Subject]) -> Values:
    """Return what the service makes of a prompt as it is written."""
    if prompt.has(Feature.UNREADABLE):
        return {
            "title": "An image, and no video",
            "says": "The service reads no flag at all. All of the text is the image prompt.",
            "fields": [],
        }
    if prompt.has(DOUBTFUL):
        return {
            "title": "Not known for certain",
            "says": "The service accepts spellings that it does not document; the findings say"
            " which.",
            "fields": [],
        }
    read = read_values(subjects) or []
    videos = sum(subject.segment.is_video for subject in subjects)
    if not videos:
        flags = "No flag that is read asks for a video." if prompt.flags else "No flag is read."
        return {"title": "An image", "says": flags, "fields": []}
    title = "A video" if videos == 1 else f"{videos} videos, one for each keyframe"
    says = "" if len(subjects) == videos else "Keyframes without flags make images."
    fields = [
        _rows(values)
        for values, subject in zip(read, subjects, strict=True)
        if subject.segment.is_video
    ]
    return {"title": title, "says": says, "fields": fields}


def _rows(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, form_value(value)) for name, value in values.items()]


def _what_is_meant(text: str, translation: Translation, settings: Settings) -> Values | None:
    """Return what all fixes together make of a prompt; None where they change nothing."""
    fixed = fix(text, settings, unsafe=True)
    if fixed.text == text:
        return None
    after = translate(fixed.text, settings)
    left = [each.message for each in fixed.remaining if each.severity is not Severity.INFO]
    translated = after.status is TranslationStatus.TRANSLATED
    return {
        "text": fixed.text,
        "edit": _edits([Edit(*difference(text, fixed.text))], Units(text))[0],
        "fields": _rows(after.values) if translated else [],
        "same": after.values == translation.values,
        "fixed": [each.fix.title for each in fixed.fixed if each.fix],
        "left": left,
    }


def _request(translation: Translation) -> Values:
    values = translation.values
    pairs = form_pairs(values)
    return {
        "fields": _rows(values),
        "form": "\n".join(f"{name}={value}" for name, value in pairs),
        "json": json.dumps(values, ensure_ascii=False, indent=2),
        "curl": _or_reason(curl_command, values),
        "python": _or_reason(python_snippet, values),
    }


def _or_reason(write: Callable[[Values, Values], str], values: Values) -> str:
    try:
        return write(values, {})
    except FlagliftError as error:
        return f"# {error}"


def _price(subject: Subject) -> Values | None:
    """Return what a video costs and what that is worked out from; None where it is not known."""
    model, price = subject.model, subject.price_cents
    if not subject.is_clear_video or model is None or price is None:
        return None
    seconds = model.default_seconds if subject.duration is None else subject.duration
    return {
        "cents": cents(price),
        "model": model.name,
        "seconds": seconds,
        "is_default": subject.duration is None,
        "base": f"{cents(Decimal(model.base_cost_cents or 0))} for {model.base_seconds} s",
        "per_second": cents(model.cents_per_second or Decimal(0)),
        "assumed": ASSUMED if model.is_price_assumed(subject.duration) else "",
        "source": model.source,
    }


def choose(request: Values) -> Values:
    """Return the edit that makes a prompt name a model."""
    text, name = request["text"], request["model"]
    prompt = parse(text)
    segment = prompt.segments[0]
    named, switch = segment.last(FlagName.VIDEO_MODEL), segment.last(FlagName.VIDEO)
    if named and named.value:
        edit = Edit(*named.value.span, quote(name))
    elif named:
        edit = Edit(named.name_span.end, named.end, f" {quote(name)}")
    elif switch:
        edit = Edit(switch.end, switch.end, f" {FlagName.VIDEO_MODEL.word} {quote(name)}")
    else:
        end = len(text[: segment.end].rstrip())
        blank = " " if text[:end] else ""
        flags = f"{FlagName.VIDEO.word} {FlagName.VIDEO_MODEL.word} {quote(name)}"
        edit = Edit(end, end, f"{blank}{flags}")
    return {"edit": _edits([edit], Units(text))[0]}


# Several prompts


class Survey:
    """Reads the prompts of a text in steps, so that other questions are answered in between."""

    def __init__(self, text: str, form: str, settings: Settings) -> None:
        self._located, self._units = _prompts(text, form)
        self._settings = settings
        self._catalog = load_catalog(settings.edition)
        self._done = 0
        self._statuses: Counter[str] = Counter()
        self._codes: Counter[str] = Counter()
        self._cents = Decimal(0)
        self._priced = 0
        self._rows: list[Values] = []

    def step(self, prompts_: int) -> Values:
        """Read so many more prompts, and return what is known so far."""
        for number in range(self._done, min(self._done + prompts_, len(self._located))):
            self._take(number)
            self._done += 1
        return {
            "total": len(self._located),
            "done": self._done,
            "statuses": self._statuses,
            "rules": [
                {"code": code, "rule": find_rule(code).name, "count": count,
                 "page": rule_page(code), "severity": find_rule(code).severity.value}
                for code, count in self._codes.most_common()
            ],
            "price": cents(self._cents) if self._priced else "",
            "priced": self._priced,
            "rows": self._rows,
        }  # fmt: skip

    def _take(self, number: int) -> None:
        place = self._located[number]
        translation = translate(place.text, self._settings)
        self._statuses[translation.status.value] += 1
        findings = lint(place.text, self._settings)
        self._codes.update(each.code for each in findings)
        if translation.status is TranslationStatus.TRANSLATED:
            model = (
                load_catalog(self._settings.edition).find(translation.values["video_model"]).model
            )
            price = model.price_cents(translation.values.get("video_duration")) if model else None
            if price is not None:
                self._cents += price
                self._priced += 1
        worst = min((each.severity for each in findings), key=lambda each: each.rank, default=None)
        if worst and worst is not Severity.INFO and len(self._rows) < MOST_ROWS:
            self._rows.append(
                {
                    "number": number + 1,
                    "start": self._units.of(place.start),
                    "text": excerpt(place.text),
                    "status": translation.status.value,
                    "severity": worst.value,
                    "codes": list(dict.fromkeys(f.code for f in findings if f.severity is worst)),
                }
            )


MOST_ROWS = 100
"""Prompts with warnings or errors that are listed."""
_surveys: list[Survey] = []
"""The one that is under way."""


def survey(request: Values) -> Values:
    """Begin to read all prompts of a text, or go on with it."""
    if "text" in request:
        _surveys[:] = [Survey(request["text"], request["form"], _settings(request))]
    return _surveys[0].step(request["step"])


def answers(request: Values) -> Values:
    """Return a line of JSON for each prompt: what `flaglift translate --format json` prints."""
    settings = _settings(request)
    lines = [
        json.dumps({"prompt": each.text, **translate(each.text, settings).to_dict()}) + "\n"
        for each in _prompts(request["text"], request["form"])[0]
    ]
    return {"content": "".join(lines)}


def fix_all(request: Values) -> Values:
    """Return the edits that apply the fixes of all prompts of a text."""
    settings = _settings(request)
    located, units = _prompts(request["text"], request["form"])
    edits = []
    for each in located:
        fixed = fix(each.text, settings, unsafe=request["unsafe"]).text
        if fixed != each.text:
            start, end, content = difference(each.text, fixed)
            edits.append(Edit(each.start + start, each.start + end, content))
    return {"edits": _edits(edits, units)}


# Models


def models(request: Values) -> Values:
    """Return the models that can do what is asked for, at which price, the cheapest first."""
    catalog = load_catalog(_settings(request).edition)
    wanted, seconds, most = set(request["capabilities"]), request["seconds"], request["cents"]
    rows = []
    for model, facts in zip(catalog.models, as_dicts(catalog, catalog.models), strict=True):
        price = model.price_cents(seconds)
        made = model.allowed_seconds
        if not wanted <= model.capabilities or (seconds and made and seconds not in made):
            continue
        if (seconds and not made) or (most is not None and (price is None or price > most)):
            continue
        rows.append((price is None, price or 0, model.name, {
            "name": model.name,
            "lengths": str(model.durations) if model.durations else "not published",
            "price": "" if price is None else cents(price),
            "seconds": seconds or facts["default_seconds"],
            "assumed": ASSUMED if price is not None and model.is_price_assumed(seconds) else "",
            "per_second": cents(model.cents_per_second) if model.cents_per_second else "",
            "capabilities": [key.replace("_", " ") for key in facts["capabilities"]],
        }))  # fmt: skip
    return {
        "edition": catalog.edition.date.isoformat(),
        "source": catalog.edition.source,
        "capabilities": [
            {"key": each.key, "title": each.title} for each in catalog.edition.capabilities
        ],
        "total": len(catalog.models),
        "rows": [facts for *_, facts in sorted(rows, key=lambda row: row[:3])],
    }


def _file(request: Values) -> Values:
    from runs import file  # noqa: PLC0415 (the command line is loaded for those who drop files)

    return file(request)


_METHODS: dict[str, Callable[[Values], Values]] = {
    "about": about,
    "answers": answers,
    "choose": choose,
    "file": _file,
    "fix_all": fix_all,
    "look": look,
    "models": models,
    "survey": survey,
}
