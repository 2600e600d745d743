"""The form fields that a command passes next to a prompt's text."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, unquote_plus

from tree_sitter import Node

from flaglift.check.hosts.base import HOLE, Siblings
from flaglift.check.hosts.formats.curl import BODY_OPTIONS, DATA_OPTIONS, FORM_OPTIONS, is_special
from flaglift.check.hosts.formats.forms import ANY_FIELD, FIELD
from flaglift.check.hosts.formats.origins import text_of
from flaglift.check.hosts.formats.shellwords import parts
from flaglift.check.hosts.formats.siblings import FIELD_KEY, TEXT_KEY, Option, twice
from flaglift.context import field_name
from flaglift.lossless.spans import Span

_SPREAD = re.compile(r"\"?\$(?:[@*]|\{[@*]\}|\{\w+\[[@*]\][^}]*\})\"?|-K|--config")
"""A word that expands to several, or adds options."""


def fields_beside(node: Node, limit: int, data: bytes) -> tuple[Mapping[str, Any], Siblings | None]:
    """Return the fields that a command passes next to a text, and where options can be added."""
    command, option = node.parent, node.prev_named_sibling
    own = _fields(node, limit, data)
    names = [name for name, _ in own if FIELD_KEY.search(name)]
    texts = [name for name in names if TEXT_KEY.search(name)] or names
    if command is None or option is None or not texts or not FIELD.match(f"{texts[0]}="):
        return {}, None
    flag, key = text_of(option), texts[0]
    own.remove(next(field for field in own if field[0] == key))
    others = [child for child in command.named_children if child != node]
    given = [*own, *(field for other in others for field in _fields(other, limit, data))]
    fields = {field_name(name): value for name, value in given}
    words = (text_of(other) for other in others)
    spread = [f"`{word}` may hold these fields" for word in words if _SPREAD.fullmatch(word)]
    if flag not in FORM_OPTIONS:
        return fields, None
    return fields, Option(
        data=data,
        option=Span(option.start_byte, option.end_byte),
        word=Span(node.start_byte, node.end_byte),
        key=key,
        encoded=flag in DATA_OPTIONS,
        taken=set(fields),
        doubts=[
            *(f"`{text}` is in the same word" for text in texts[1:]),
            *twice(key, (name for name, _ in given)),
            *spread,
        ],
    )


def _fields(node: Node, limit: int, data: bytes) -> list[tuple[str, str]]:
    """Return the names and the values of the fields in a word."""
    read = parts(data, node.start_byte, limit)
    text = "".join(piece.text for part in read for piece in part.scanned.pieces)
    option = text_of(node.prev_named_sibling)
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
