"""Moves the flags of a prompt to fields next to it, as `legacy-syntax` proposes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flaglift.catalog import load_catalog
from flaglift.check.hosts.base import Host, Literal, LiteralChange, Use, UsingHost
from flaglift.check.hosts.checking import request_of
from flaglift.check.hosts.documents import per_document
from flaglift.check.hosts.finding import MOST_NESTED, nested
from flaglift.check.hosts.formats.siblings import is_request_key
from flaglift.check.hosts.holes import MARK, FilledTemplate, readings, template
from flaglift.check.hosts.pieces import PromptText
from flaglift.check.hosts.registry import host_named
from flaglift.context import Context
from flaglift.emit.translation import Translation, TranslationStatus
from flaglift.settings import Settings
from flaglift.shapes import shortcut_for

NOT_SENT = "nothing shows that the fields next to it are sent with it"


ELSEWHERE = "another part of the file"


def is_sent(literal: Literal, sent: Sequence[str]) -> bool:
    """Return whether the fields next to a literal are part of a request.

    This is either evident from the code, or declared by a `move-to-fields` pattern for this file:
    `prompts[].text` for a place in each document, `text` for a column, nothing for the whole file.
    """
    if literal.is_request or "" in sent:
        return True
    path = literal.origin.path[literal.origin.counted :]
    names = "".join("[]" if isinstance(part, int) else f".{part}" for part in path)
    return names.removeprefix(".") in sent


def lift_literal(
    literal: Literal, settings: Settings, sent: Sequence[str] = ()
) -> LiteralChange | str:
    """Return the change that moves a literal's flags to fields next to it, or why there is none.

    Flags move only if the fields are part of a request (see `is_sent`). A field that is already
    present with the same value is not added again. In a prompt with holes, the flags must not
    contain any. Raises for settings as `flaglift.translate` does.
    """
    if literal.siblings is None:
        return "there is no place for fields next to it"
    if not is_sent(literal, sent):
        # If fields cannot be told apart, no pattern for this file can apply.
        unknown = literal.siblings.insert({}) if sent else ()
        return unknown if isinstance(unknown, str) else NOT_SENT
    use = _used_elsewhere(literal)
    if use:
        return use.doubt(ELSEWHERE)
    context = request_of(literal)
    if not literal.holes:
        translation = _translate_body(literal, settings, context)
        if translation.status is not TranslationStatus.TRANSLATED:
            return _reason(translation)
        shortened = str(translation.values.get("text", "")) + literal.tail
        return LiteralChange(literal, shortened, _added(translation, context))
    return _lift_template(literal, settings, context)


def _lift_template(literal: Literal, settings: Settings, context: Context) -> LiteralChange | str:
    """Return the change of a prompt with holes, if all of its readings lead to the same one."""
    changes = set()
    for reading in readings(literal, load_catalog(settings.edition, settings.overlay)):
        if reading.complete:
            continue
        translation = _translate_body(reading, settings, context)
        if translation.status is not TranslationStatus.TRANSLATED:
            return _reason(translation)
        changes.add(_said(reading, translation))
    text, fields = changes.pop()
    if changes or text is None or MARK in str(fields):
        spelt = ", ".join(hole.source for hole in literal.holes)
        return f"its fields depend on the value of {spelt}"
    return LiteralChange(literal, text, _added(translation, context))


def _translate_body(read: PromptText, settings: Settings, context: Context) -> Translation:
    return shortcut_for(settings, context).translate(str(read.body), read.body)


def _said(reading: FilledTemplate, translation: Translation) -> tuple[str | None, tuple[str, ...]]:
    fields = {name: value for name, value in translation.values.items() if name != "text"}
    text = template(reading, str(translation.values.get("text", "")) + reading.tail)
    return text, tuple(f"{name}={value}" for name, value in fields.items())


def _added(translation: Translation, context: Context) -> dict[str, Any]:
    """Return the fields that the request does not contain yet."""
    values = translation.values.items()
    return {name: value for name, value in values if name != "text" and not context.has(name)}


def _reason(translation: Translation) -> str:
    for finding in translation.diagnostics:
        if finding.refuses:
            return finding.message
    return "there are no flags to move"


def _used_elsewhere(literal: Literal) -> Use | None:
    """Return where other code of the file uses the request: a script, a template, a cell."""
    root, key = literal.root, literal.origin.key
    if not is_request_key(key) or b"[" not in root.source:
        return None
    others = (used for data, used in _uses(root.host, root.source) if data != literal.source)
    return next((used[key] for used in others if key in used), None)


@per_document(2)
def _uses(host: str, data: bytes) -> tuple[tuple[bytes, Mapping[str, Use]], ...]:
    """Return the code in a file, each document with the keys of requests that it uses."""
    documents = _documents(host_named(host), data, 1)
    return tuple((code, each.uses(code)) for each, code in documents)


def _documents(host: Host, data: bytes, depth: int) -> Iterator[tuple[UsingHost, bytes]]:
    if isinstance(host, UsingHost):
        yield host, data
    for literal in host.literals(data) if depth <= MOST_NESTED else ():
        inner = nested(literal) if "[" in literal.text else None
        if inner is not None:
            yield from _documents(inner, literal.text.encode(), depth + 1)
