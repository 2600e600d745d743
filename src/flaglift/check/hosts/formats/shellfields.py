"""The form fields that a command passes next to a prompt's text."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote, unquote_plus

from tree_sitter import Node

from flaglift.check.hosts.base import HOLE, Siblings
from flaglift.check.hosts.documents import per_document
from flaglift.check.hosts.formats.curl import (
    BODY_OPTIONS,
    DATA_OPTIONS,
    FORM_OPTIONS,
    PLAIN_OPTION,
    is_special,
)
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
_LITERAL = frozenset({"--data-raw", PLAIN_OPTION})
"""The options that read no file."""
_ADDRESS = re.compile(r"[a-z]+://[^?#]*\?", re.IGNORECASE)
"""The beginning of an address with fields."""


class _CommandFields(NamedTuple):
    """The fields in the words of a command, next to any one of them."""

    fields: OtherFields
    twice: Doubts
    spread: Doubts


def fields_beside(node: Node, limit: int, data: bytes) -> tuple[Mapping[str, Any], Siblings | None]:
    """Return the fields that a command passes next to a text, and where options can be added."""
    command, option = parent_of(node), node.prev_named_sibling
    flag = text_of(option)
    own = _fields(_pairs(node, flag, limit, data), flag)
    names = [name for name, _ in own if FIELD_KEY.search(name)]
    texts = [name for name in names if TEXT_KEY.search(name)] or names
    if command is None or option is None or not texts or not FIELD.match(f"{texts[0]}="):
        return {}, None
    key = texts[0]
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
        pairs = _pairs(word, before, limit, data)
        for name, value in _fields(pairs, before):
            fields.append((word, field_name(name), value))
            for doubt in twice(name, [name]):
                repeated.add(name, number, word, doubt)
        source = text_of(word)
        if _SPREAD.fullmatch(source) or _is_unnamed(pairs, before):
            spread.add("", number, word, f"`{source}` may hold these fields")
        before = source
    return _CommandFields(OtherFields(fields), repeated, spread)


class _Pairs(NamedTuple):
    """The names and values in a word: `prompt[text]=a cat`."""

    pairs: Sequence[str]
    encoded: bool


def _pairs(node: Node, option: str, limit: int, data: bytes) -> _Pairs:
    """Return the names and values in a word, by the word before it; of an address, its query."""
    read = parts(data, node.start_byte, limit)
    text = "".join(piece.text for part in read for piece in part.scanned.pieces)
    if option not in FORM_OPTIONS and _ADDRESS.match(text):
        return _Pairs(text.partition("#")[0].partition("?")[2].split("&"), encoded=True)
    encoded = option in BODY_OPTIONS
    return _Pairs(text.split("&") if encoded else [text], encoded)


def _is_unnamed(word: _Pairs, option: str) -> bool:
    """Return whether a word has fields that it does not name: those of a file, of a variable."""
    if option not in FORM_OPTIONS:
        return False
    names = (pair.partition("=")[0] for pair in word.pairs)
    return any(HOLE in name or (option not in _LITERAL and "@" in name) for name in names)


def _fields(word: _Pairs, option: str) -> list[tuple[str, str]]:
    """Return the names and the values of the fields in a word, by the word before it."""
    fields = []
    for pair in word.pairs:
        match = ANY_FIELD.match(pair)
        if match is None:
            continue
        value = pair[match.end() :]
        if is_special(option, value):
            value = HOLE  # such as the content of a file
        value = unquote_plus(value) if word.encoded else value
        fields.append((unquote(match[0][:-1].strip()), value))
    return fields
