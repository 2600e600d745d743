"""Dicts, objects and hashes of source code: the fields next to a prompt's text."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from tree_sitter import Node

from flaglift.check.hosts.base import HOLE
from flaglift.check.hosts.formats.codec import Escaped
from flaglift.check.hosts.formats.origins import name_of, text_of
from flaglift.check.hosts.formats.parents import ancestors
from flaglift.check.hosts.formats.sending import CALLS, PAIRS, added, called, is_sent, sides
from flaglift.check.hosts.formats.siblings import (
    FIELD_KEY,
    TEXT_KEY,
    Entries,
    Statement,
    Write,
    is_request_key,
    twice,
)
from flaglift.context import field_name
from flaglift.emit.form import form_value
from flaglift.lossless.spans import Span

_WORDS: Mapping[str, Any] = {
    **dict.fromkeys(("true", "True"), True),
    **dict.fromkeys(("false", "False"), False),
    **dict.fromkeys(("null", "undefined", "None", "nil"), None),
}


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
_SPREADS = ("spread_element", "dictionary_splat", "hash_splat_argument", "variadic_unpacking")
_STRINGS = ("string", "encapsed_string", "interpreted_string_literal", "raw_string_literal")
_PLAIN = re.compile(r"""(["'`])[^\\$]*\1""", re.DOTALL)
"""A string, in any language, in which every character is literal."""
_LITERALLY = re.compile(r"(?!f)(?:[^\\$#]|#(?!\{))*|[^\\${]*", re.DOTALL)
"""A key without escapes or interpolations."""
_STATIC = (
    *_STRINGS,
    "property_identifier",
    "hash_key_symbol",
    "delimited_symbol",
    "simple_symbol",
    "number",
    "integer",
)
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
    values: dict[str, Any] = {}
    doubts = []
    for other in above.named_children:
        if other == pair:
            continue
        inner = other.named_children if other.type == "array_element_initializer" else []
        if any(each.type in _SPREADS for each in (other, *inner[:1])):
            doubts.append(f"`{text_of(other)}` may hold these fields")
            continue
        name = _key(other)
        if name is None:
            doubts.append(f"it is not clear which field `{text_of(other)[:40]}` is")
        elif name == name_of(key):
            doubts.append(f"the key `{name}` is there twice")
        elif name:
            values[field_name(name)] = _given(other)
    merging = _merging(above)
    if merging:
        doubts.append(f"`{text_of(merging)[:40]}` puts other fields to these")
    siblings = Entries(
        data=data,
        pair=Span(pair.start_byte, pair.end_byte),
        key=Span(key.start_byte, key.end_byte),
        value=Span(node.start_byte, node.end_byte),
        close=above.end_byte - 1,
        taken=frozenset(values),
        write=_writer(node, key, language),
        doubts=doubts,
    )
    is_request = is_request_key(name_of(key)) or is_sent(above)
    return values, siblings if TEXT_KEY.search(name_of(key)) else None, is_request


_MERGES = re.compile(
    r"(?:^|[._:>])(?:assign|merge!?|array_merge|array_replace|update|extend|defaults|dict)$"
)
_WRAPS = ("argument", "arguments", "argument_list", "parenthesized_expression", *_SPREADS)


def _merging(mapping: Node) -> Node | None:
    """Return the expression that merges a mapping and other fields, if any."""
    above = mapping.parent
    while above is not None and above.type in _WRAPS:
        if above.type in _SPREADS:
            return above.parent
        above = above.parent
    if above is None:
        return None
    if "binary" in above.type:
        return above
    return above if above.type in CALLS and _MERGES.search(called(above)) else None


def _key(member: Node) -> str | None:
    """Return the key of a member of a mapping; empty for no member, None if unknown."""
    if member.type in PAIRS:
        key, value = sides(member)
        if key is None and value is not None:
            return ""  # an element of a list
        kinds = ("identifier",) if member.type == "keyword_argument" else _STATIC
        if key is None or _inner(key).type not in kinds or not _LITERALLY.fullmatch(text_of(key)):
            return None
        return name_of(key)
    if member.type == "shorthand_property_identifier":
        return text_of(member)
    if member.type == "method_definition":
        return name_of(member.child_by_field_name("name"))
    return ""  # a comment, or an argument without a name


def _inner(node: Node) -> Node:
    """Return what an element holds, if it is one thing."""
    while node.type in ("literal_element", "literal_value") and node.named_child_count == 1:
        node = node.named_children[0]
    return node


def _given(member: Node) -> Any:
    if member.type not in PAIRS:
        return HOLE
    return _constant(sides(member)[1])


def _constant(node: Node | None) -> Any:
    """Return the value of a constant; `HOLE` for any other expression."""
    node = node and _inner(node)
    text = text_of(node)
    if text in _WORDS:
        return _WORDS[text]
    if (
        node is not None
        and node.type in _STRINGS
        and not re.search(r"[\\$]", text)
        and text[0] in "\"'`"
    ):
        return text[1:-1]
    try:
        return int(text)
    except ValueError:
        return HOLE


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
    function = text_of(call.child_by_field_name("function"))
    given: dict[str, Any] = {}
    doubts: list[str] = []
    for other in block.named_children:
        if other.type == "expression_statement" and other != statement:
            name = added(other.named_child(0))
            if name is not None and text_of(other).startswith(f"{function}("):
                doubts += twice(name_of(key), [name_of(name)])
                given[field_name(name_of(name))] = _constant(name.next_named_sibling)
    place = Statement(
        data,
        Span(statement.start_byte, _code_end(statement)),
        Span(key.start_byte, key.end_byte),
        Span(node.start_byte, node.end_byte),
        frozenset(given),
        _writer(node, key, language),
        doubts,
    )
    is_text = TEXT_KEY.search(name_of(key))
    return given, place if is_text else None, is_request_key(name_of(key))


def _code_end(statement: Node) -> int:
    """Return the end of a statement without the comments that the parser takes for a part of it."""
    return max(each.end_byte for each in statement.children if each.type != "comment")
