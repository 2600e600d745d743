"""The form fields that a command passes next to a prompt's text."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote, unquote_plus

from tree_sitter import Node

from flaglift.check.hosts.base import HOLE, Siblings
from flaglift.check.hosts.documents import per_document
from flaglift.check.hosts.formats.curl import BODY_OPTIONS, DATA_OPTIONS, FORM_OPTIONS, is_special
from flaglift.check.hosts.formats.forms import ANY_FIELD, FIELD
from flaglift.check.hosts.formats.origins import text_of
from flaglift.check.hosts.formats.others import Doubts, OtherFields
from flaglift.check.hosts.formats.parents import parent_of
from flaglift.check.hosts.formats.shellwords import parts
from flaglift.check.hosts.formats.siblings import FIELD_KEY, TEXT_KEY, Option, twice
from flaglift.context import field_name
from flaglift.lossless.spans import Span

_SPREAD = re.compile(r"\"?\$(?:[@*]|\{[@*]\}|\{\w+\[[@*]\][^}]*\})\"?|-K|--config")
"""A word that expands to several, or adds options."""


class _CommandFields(NamedTuple):
    """The fields in the words of a command, next to any one of them."""

    fields: OtherFields
    twice: Doubts
    spread: Doubts


def fields_beside(node: Node, limit: int, data: bytes) -> tuple[Mapping[str, Any], Siblings | None]:
    """Return the fields that a command passes next to a text, and where options can be added."""
    command, option = parent_of(node), node.prev_named_sibling
    own = _fields(node, text_of(option), limit, data)
    names = [name for name, _ in own if FIELD_KEY.search(name)]
    texts = [name for name in names if TEXT_KEY.search(name)] or names
    if command is None or option is None or not texts or not FIELD.match(f"{texts[0]}="):
        return {}, None
    flag, key = text_of(option), texts[0]
    own.remove(next(field for field in own if field[0] == key))
    others = _fields_in(command, limit, data)
    fields = {**{field_name(name): value for name, value in own}, **others.fields.than(node)}
    if flag not in FORM_OPTIONS:
        return fields, None
    return fields, Option(
        data=data,
        option=Span(option.start_byte, option.end_byte),
        word=Span(node.start_byte, node.end_byte),
        key=key,
        encoded=flag in DATA_OPTIONS,
        taken=fields.keys(),
        doubts=[
            *(f"`{text}` is in the same word" for text in texts[1:]),
            *twice(key, (name for name, _ in own)),
            *others.twice.next_to(node, key),
            *others.spread.next_to(node, ""),
        ],
    )


@per_document(64)
def _fields_in(command: Node, limit: int, data: bytes) -> _CommandFields:
    """Return the fields in all words of a command, which end before a limit."""
    fields: list[tuple[Node, str, str]] = []
    repeated, spread = Doubts(), Doubts()
    before = ""
    for number, word in enumerate(command.named_children):
        for name, value in _fields(word, before, limit, data):
            fields.append((word, field_name(name), value))
            for doubt in twice(name, [name]):
                repeated.add(name, number, word, doubt)
        before = text_of(word)
        if _SPREAD.fullmatch(before):
            spread.add("", number, word, f"`{before}` may hold these fields")
    return _CommandFields(OtherFields(fields), repeated, spread)


def _fields(node: Node, option: str, limit: int, data: bytes) -> list[tuple[str, str]]:
    """Return the names and the values of the fields in a word, by the word before it."""
    read = parts(data, node.start_byte, limit)
    text = "".join(piece.text for part in read for piece in part.scanned.pieces)
    encoded = option in BODY_OPTIONS
    fields = []
    for pair in text.split("&") if encoded else [text]:
        match = ANY_FIELD.match(pair)
        if match is None:
            continue
        value = pair[match.end() :]
        if is_special(option, value):
            value = HOLE  # such as the content of a file
        fields.append((unquote(match[0][:-1].strip()), unquote_plus(value) if encoded else value))
    return fields
