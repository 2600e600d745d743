"""Dicts, objects and hashes of source code: the fields next to a prompt's text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from tree_sitter import Node

from flaglift.check.hosts.formats.changes import variable_of
from flaglift.check.hosts.formats.codec import Escaped
from flaglift.check.hosts.formats.containers import added_by, members_of
from flaglift.check.hosts.formats.origins import name_of, text_of
from flaglift.check.hosts.formats.parents import ancestors
from flaglift.check.hosts.formats.sending import PAIRS, added, is_sent, sides
from flaglift.check.hosts.formats.siblings import (
    FIELD_KEY,
    TEXT_KEY,
    Entries,
    Statement,
    Write,
    is_request_key,
)
from flaglift.emit.form import form_value
from flaglift.lossless.spans import Span


@dataclass(frozen=True)
class Mappings:
    """How a language writes mappings and their values."""

    containers: tuple[str, ...]
    """The types of mappings' nodes, and of the arguments of calls with keywords."""
    quotes: Mapping[str, Escaped]
    """The forms of strings, by their quotes."""
    words: Mapping[str, str]
    """How the language writes `true` and `false`."""
    strings: bool = False
    """Whether all values are strings."""
    around: tuple[str, str] = ("", "")
    """The text before and after a value."""


_BLOCKS = (
    "program", "statement_block", "switch_case", "switch_default", "source_file", "statement_list",
)  # fmt: skip
"""Nodes around statements, one after the other, unlike the one statement after an `if`."""
Beside = tuple[Mapping[str, Any], Entries | Statement | None, bool]
"""The fields next to a text, where more can go, and whether they are seen to be a request."""


def beside(node: Node, data: bytes, language: Mappings) -> Beside:
    """Return the fields next to a string that is a prompt's text, and where more can go."""
    around = list(islice(ancestors(node), 4))
    if len(around) > 1 and around[0].type in PAIRS and around[1].type in language.containers:
        return pairs(node, around[0], around[1], data, language)
    if len(around) == 4 and around[3].type in _BLOCKS and around[2].type == "expression_statement":
        return _statement(node, around, data, language)
    return {}, None, False


def pairs(node: Node, pair: Node, above: Node, data: bytes, language: Mappings) -> Beside:
    """Return the fields next to the value of a pair in a mapping, and where more can go."""
    key, value = sides(pair)
    if key is None or value != node or not FIELD_KEY.search(name_of(key)):
        return {}, None, False
    name, members = name_of(key), members_of(above)
    values = members.fields.than(name)
    doubts = [*members.doubts.next_to(pair, name), *filter(None, [members.merging])]
    siblings = Entries(
        data=data,
        pair=Span(pair.start_byte, pair.end_byte),
        key=Span(key.start_byte, key.end_byte),
        value=Span(node.start_byte, node.end_byte),
        close=above.end_byte - 1,
        taken=values.keys(),
        write=_writer(node, key, language),
        doubts=doubts,
        variable=variable_of(above) if is_request_key(name) else "",
    )
    is_request = is_request_key(name) or is_sent(above)
    return values, siblings if TEXT_KEY.search(name) else None, is_request


def _writer(node: Node, key: Node, language: Mappings) -> Write:
    """Return an encoder for values with the quotes of the text, else those of its key."""
    marks = [text_of(each)[:1] for each in (node, key)]
    quote = next((mark for mark in marks if mark in language.quotes), '"')

    before, behind = (mark.encode() for mark in language.around)

    def write(value: Any) -> bytes:
        text = form_value(value)
        if isinstance(value, str) or language.strings:
            written = language.quotes[quote].quoted(text, quote)
        else:
            written = language.words.get(text, text).encode()
        return before + written + behind if written else b""

    return write


def _statement(node: Node, around: Sequence[Node], data: bytes, language: Mappings) -> Beside:
    """Return what `form.append("prompt[text]", text)` and its like add, and where more can go."""
    _, call, statement, block = around
    key = added(call)
    if key is None or key == node or not FIELD_KEY.search(name_of(key)):
        return {}, None, False
    name = name_of(key)
    others = added_by(block, text_of(call.child_by_field_name("function")))
    given = others.fields.than(statement)
    place = Statement(
        data,
        Span(statement.start_byte, _code_end(statement)),
        Span(key.start_byte, key.end_byte),
        Span(node.start_byte, node.end_byte),
        given.keys(),
        _writer(node, key, language),
        others.doubts.next_to(statement, name),
    )
    return given, place if TEXT_KEY.search(name) else None, is_request_key(name)


def _code_end(statement: Node) -> int:
    """Return the end of a statement without the comments that the parser takes for a part of it."""
    return max(each.end_byte for each in statement.children if each.type != "comment")
