"""Dicts, objects and hashes of source code: the fields next to a prompt's text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from tree_sitter import Node

from flaglift.check.hosts.base import HOLE, Siblings
from flaglift.check.hosts.formats.codec import Escaped
from flaglift.check.hosts.formats.origins import name_of, text_of
from flaglift.check.hosts.formats.siblings import TEXT_KEY, Entries, Statement, Write, field_name
from flaglift.check.hosts.formats.trees import ancestors
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

    container: str
    """The type of a mapping's node."""
    quotes: Mapping[str, Escaped]
    """The forms of strings, by their quotes."""
    words: Mapping[str, str]
    """How the language writes `true` and `false`."""
    appends: tuple[str, ...] = ()
    """Methods that add one field, called with its name and its value."""


def beside(
    node: Node, data: bytes, language: Mappings
) -> tuple[Mapping[str, Any], Siblings | None]:
    """Return the fields next to a string that is a prompt's text, and where more can go."""
    around = list(islice(ancestors(node), 4))
    if len(around) > 1 and around[0].type == "pair":
        return _pairs(node, around[0], around[1], data, language)
    if len(around) == 4 and around[2].type == "expression_statement":
        return _statement(node, around, data, language)
    return {}, None


def _pairs(
    node: Node, pair: Node, above: Node, data: bytes, language: Mappings
) -> tuple[Mapping[str, Any], Siblings | None]:
    key = pair.child_by_field_name("key")
    if key is None or key == node or above.type != language.container:
        return {}, None
    if not TEXT_KEY.search(name_of(key)):
        return {}, None
    others = [child for child in above.named_children if child.type == "pair" and child != pair]
    values = {
        field_name(name_of(other.child_by_field_name("key"))): _constant(
            other.child_by_field_name("value")
        )
        for other in others
    }
    return values, Entries(
        data=data,
        pair=Span(pair.start_byte, pair.end_byte),
        key=Span(key.start_byte, key.end_byte),
        value=Span(node.start_byte, node.end_byte),
        close=above.end_byte - 1,
        taken=frozenset(values),
        write=_writer(node, key, language),
    )


def _constant(node: Node | None) -> Any:
    """Return the value of a constant; `HOLE` for any other expression."""
    text = text_of(node)
    if text in _WORDS:
        return _WORDS[text]
    if node is not None and node.type == "string" and "\\" not in text and text[0] in "\"'":
        return text[1:-1]
    try:
        return int(text)
    except ValueError:
        return HOLE


def _writer(node: Node, key: Node, language: Mappings) -> Write:
    """Return what writes values with the quotes of the text, else with those of its key."""
    marks = [text_of(each)[:1] for each in (node, key)]
    quote = next((mark for mark in marks if mark in language.quotes), '"')

    def write(value: Any) -> bytes:
        if isinstance(value, str):
            return language.quotes[quote].quoted(value, quote) or b""
        text = form_value(value)
        return language.words.get(text, text).encode()

    return write


def _statement(
    node: Node, around: Sequence[Node], data: bytes, language: Mappings
) -> tuple[Mapping[str, Any], Siblings | None]:
    """Return what `form.append("prompt[text]", text)` and its like add, and where more can go."""
    _, call, statement, block = around
    key = _appended(call, language)
    if key is None or key == node or not TEXT_KEY.search(name_of(key)):
        return {}, None
    function = text_of(call.child_by_field_name("function"))
    given: dict[str, Any] = {}
    for other in block.named_children:
        if other.type == "expression_statement" and other != statement:
            name = _appended(other.named_child(0), language)
            if name is not None and text_of(other).startswith(f"{function}("):
                given[field_name(name_of(name))] = _constant(name.next_named_sibling)
    return given, Statement(
        data,
        Span(statement.start_byte, statement.end_byte),
        Span(key.start_byte, key.end_byte),
        Span(node.start_byte, node.end_byte),
        frozenset(given),
        _writer(node, key, language),
    )


def _appended(call: Node | None, language: Mappings) -> Node | None:
    """Return the name of the field that a call adds; None for any other call."""
    arguments = call.child_by_field_name("arguments") if call is not None else None
    if call is None or arguments is None or arguments.named_child_count != 2:
        return None
    function = text_of(call.child_by_field_name("function")).rpartition(".")[2]
    return arguments.named_child(0) if function in language.appends else None
