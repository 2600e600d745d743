"""Completion: flags, models and lengths in prompts; rules in suppressions; configuration keys."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lsprotocol import types

from flaglift.catalog import Model, edition_dates, load_catalog
from flaglift.check.hosts.base import HOLE
from flaglift.documentation import rule_link
from flaglift.lsp import wording
from flaglift.lsp.documents import TextVersion
from flaglift.lsp.places import TextPlace, place_in
from flaglift.lsp.server import EditorServer, Feature, ReadingPlace
from flaglift.rules import RULES
from flaglift.rules.pages import summary
from flaglift.settings import FILE_KEYS, KEYS, NAMES, Settings
from flaglift.syntax import parse
from flaglift.syntax.flags import FlagName, seconds

_IN_SUPPRESSION = re.compile(r"flaglift:\s*[a-z-]+\s*\[(?:[^\[\]]*,)?\s*([\w-]*)$")
_IN_LIST_OF_RULES = re.compile(r'^\s*(?:select|ignore|rules)\s*=\s*\[(?:[^\[\]]*,)?\s*"?([\w-]*)$')
_KEY = re.compile(r"^\s*([\w-]*)$")
_VALUE = re.compile(r'^\s*([\w-]+)\s*=\s*"?([\w-]*)$')
_TABLE = re.compile(r"^[ \t]*\[\[?([^\[\]\n]*)\]", re.MULTILINE)
_LAST_WORDS = re.compile(r"(?:(?<=\s)|^)(?:(--[a-z_]+)(?:[ \t]+|=))?([^\s=\"]*)$")
_MOST_MODELS = 200


class Choice(NamedTuple):
    """A candidate for completing a word."""

    label: str
    detail: str
    kind: types.CompletionItemKind
    is_fitting: bool = True
    """Whether it fits the text around it; candidates that do not are listed last."""
    documentation: str = ""
    text: str = ""
    """The text to insert, if it differs from the label."""


async def _complete(ls: EditorServer, params: types.CompletionParams) -> types.CompletionList:
    document = ls.session.document(params.text_document.uri)
    if document is None:
        return types.CompletionList(False, [])
    uri = params.text_document.uri
    at = await ls.at(uri, params.position)
    version = document.version
    line = version.line_before(uri, params.position)
    if at and (match := _IN_SUPPRESSION.search(line)):
        return _listed(_rules(), len(match[1]), params.position)
    if isinstance(version, TextVersion) and uri.rpartition("/")[2] in NAMES:
        text = version.data[: version.offset(uri, params.position)].decode()
        choices, length = in_configuration(uri.rpartition("/")[2], text, line)
        return _listed(choices, length, params.position)
    return await ls.in_reader(_in_prompt, at, params.position) if at else _listed([], 0, None)


def _listed(
    choices: Sequence[Choice], length: int, position: types.Position | None
) -> types.CompletionList:
    """Return the choices; they replace `length` ASCII columns before a position."""
    items = []
    for number, choice in enumerate(choices):
        edit = None
        if position:
            start = types.Position(position.line, position.character - length)
            edit = types.TextEdit(types.Range(start, position), choice.text or choice.label)
        said = types.MarkupContent(types.MarkupKind.Markdown, choice.documentation)
        items.append(
            types.CompletionItem(
                choice.label,
                kind=choice.kind,
                detail=choice.detail or None,
                documentation=said if choice.documentation else None,
                sort_text=f"{0 if choice.is_fitting else 1}{number:04}",
                filter_text=choice.text or choice.label,
                text_edit=edit,
            )
        )
    return types.CompletionList(False, items)


def _in_prompt(at: ReadingPlace, position: types.Position) -> types.CompletionList:
    place = place_in(at.reading, at.offset)
    if place is None:
        return _listed([], 0, None)
    choices, length = in_prompt(place, at.reading.job.settings)
    return _listed(choices, length, position)


def in_prompt(place: TextPlace, settings: Settings) -> tuple[list[Choice], int]:
    """Return the possible completions at a place of a text, and the length of the typed prefix."""
    before = place.literal.text[: place.at]
    match = _LAST_WORDS.search(before)
    if match is None or HOLE in match[0]:
        return [], 0
    flag, word = match[1], match[2]
    prompt = parse(place.literal.text)
    catalog = load_catalog(settings.edition, settings.overlay)
    if word.startswith("--"):
        there = {each.name for each in prompt.flags if each.end < place.at - len(word)
                 or each.start > place.at}  # fmt: skip
        kind = types.CompletionItemKind.Keyword
        return [
            Choice(
                each.word,
                each.field and f"→ {each.field}",
                kind,
                each not in there,
                wording.of_flag(each),
                f"{each.word} " if each.takes_value else each.word,
            )
            for each in FlagName
        ], len(word)
    if flag == FlagName.VIDEO_MODEL.word:
        written = [seconds(each.value.text) for each in prompt.flags
                   if each.name is FlagName.DURATION and each.value]  # fmt: skip
        length = written[-1] if written else None
        return [_of_model(model, length) for model in catalog.models[:_MOST_MODELS]], len(word)
    if flag == FlagName.DURATION.word:
        names = [each.value.text for each in prompt.flags
                 if each.name is FlagName.VIDEO_MODEL and each.value]  # fmt: skip
        model = catalog.find(names[-1]).model if names else None
        return list(_lengths(model)), len(word)
    return [], 0


def _of_model(model: Model, length: int | None) -> Choice:
    fits = length is None or (model.allowed_seconds is not None and length in model.allowed_seconds)
    cost = wording.price(model, length if fits else None)
    detail = ", ".join(filter(None, [cost, wording.lengths(model)]))
    return Choice(model.name, detail, types.CompletionItemKind.EnumMember, fits)


def _lengths(model: Model | None) -> Iterator[Choice]:
    for length in (model.allowed_seconds or ()) if model else ():
        cost = wording.price(model, length) if model else ""
        yield Choice(str(length), cost, types.CompletionItemKind.Value)


def _rules(*, quoted: bool = False) -> list[Choice]:
    return [
        Choice(
            rule.code,
            rule.name,
            types.CompletionItemKind.EnumMember,
            documentation=f"{summary(rule)}\n\n[{rule.code}]({rule_link(rule.code)})",
            text=f'"{rule.code}"' if quoted else rule.code,
        )
        for rule in RULES
    ]


def in_configuration(name: str, text: str, line: str) -> tuple[list[Choice], int]:
    """Return the completions at the end of a configuration's text, and the prefix's length."""
    tables = _TABLE.findall(text)
    table = tables[-1].strip() if tables else ""
    own = "tool.flaglift" if name == "pyproject.toml" else ""
    if match := _IN_LIST_OF_RULES.search(line):
        if table.removesuffix(".suppressions").removesuffix("suppressions") == own:
            quoted = not line[: len(line) - len(match[1])].endswith('"')
            return _rules(quoted=quoted), len(match[1])
        return [], 0
    if table != own:
        return [], 0
    if match := _KEY.search(line):
        kind = types.CompletionItemKind.Property
        keys = sorted({*KEYS, *FILE_KEYS, "extend"})
        return [Choice(key, "", kind, text=f"{key} = ") for key in keys], len(match[1])
    if match := _VALUE.search(line):
        return _values(match[1], line), len(match[2])
    return [], 0


def _values(key: str, line: str) -> list[Choice]:
    """Return the possible values of a key, quoted unless a quote has been typed."""
    kind = types.CompletionItemKind.Value
    words = {
        "default-model": [model.name for model in load_catalog().edition.models.values()],
        "fail-on": ["error", "warning", "info"],
    }.get(key, [])
    bare = {
        "edition": [str(date) for date in reversed(edition_dates())],
        "accept-successors": ["true", "false"],
        "strict": ["true", "false"],
        "force-exclude": ["true", "false"],
        "require-reason": ["true", "false"],
    }.get(key, [])
    open_quote = '"' in line
    quoted = [Choice(w, "", kind, text=w if open_quote else f'"{w}"') for w in words]
    return quoted + ([] if open_quote else [Choice(word, "", kind) for word in bare])


FEATURES: tuple[Feature, ...] = (
    (
        types.TEXT_DOCUMENT_COMPLETION,
        _complete,
        types.CompletionOptions(trigger_characters=["-", " ", "=", "[", ","]),
    ),
)
