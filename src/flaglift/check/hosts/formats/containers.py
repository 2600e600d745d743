"""The members of mappings and blocks in source code, each container read once for its prompts."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from tree_sitter import Node

from flaglift.check.hosts.base import HOLE
from flaglift.check.hosts.documents import per_document
from flaglift.check.hosts.formats.commands import ends_in
from flaglift.check.hosts.formats.origins import name_of, text_of
from flaglift.check.hosts.formats.others import Doubts, OtherFields
from flaglift.check.hosts.formats.parents import parent_of
from flaglift.check.hosts.formats.sending import CALLS, PAIRS, added, called, sides
from flaglift.check.hosts.formats.siblings import twice
from flaglift.context import field_name

_MOST = 256
"""How many containers are kept: what is around a prompt is often around the next one, too."""

_WORDS: Mapping[str, Any] = {
    **dict.fromkeys(("true", "True"), True),
    **dict.fromkeys(("false", "False"), False),
    **dict.fromkeys(("null", "undefined", "None", "nil"), None),
}
_SPREADS = ("spread_element", "dictionary_splat", "hash_splat_argument", "variadic_unpacking")
_STRINGS = ("string", "encapsed_string", "interpreted_string_literal", "raw_string_literal")
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


class Members(NamedTuple):
    """What a container holds next to any of its members."""

    fields: OtherFields
    doubts: Doubts
    merging: str = ""
    """The doubt about an expression that merges it and other fields, if any."""


@per_document(_MOST)
def members_of(mapping: Node) -> Members:
    """Return the members of a mapping, by their keys."""
    fields: list[tuple[str, str, Any]] = []
    doubts = Doubts()
    for number, member in enumerate(mapping.named_children):
        inner = member.named_children[:1] if member.type == "array_element_initializer" else []
        if any(each.type in _SPREADS for each in (member, *inner)):
            doubts.add("", number, member, f"`{text_of(member)}` may hold these fields")
            continue
        name = _key(member)
        if name is None:
            doubt = f"it is not clear which field `{text_of(member)[:40]}` is"
            doubts.add("", number, member, doubt)
        elif name:
            doubts.add(name, number, member, f"the key `{name}` is there twice")
            fields.append((name, field_name(name), _given(member)))
    above = _merging(mapping)
    doubt = f"`{text_of(above)[:40]}` puts other fields to these" if above else ""
    return Members(OtherFields(fields), doubts, doubt)


_MERGES = re.compile(
    r"(?:^|[._:>])(?:assign|merge!?|array_merge|array_replace|update|extend|defaults|dict)$"
)
_WRAPS = ("argument", "arguments", "argument_list", "parenthesized_expression", *_SPREADS)


def _merging(mapping: Node) -> Node | None:
    """Return the expression that merges a mapping and other fields, if any."""
    above = parent_of(mapping)
    while above is not None and above.type in _WRAPS:
        if above.type in _SPREADS:
            return parent_of(above)
        above = parent_of(above)
    if above is None:
        return None
    if "binary" in above.type:
        return above
    return above if above.type in CALLS and ends_in(_MERGES, called(above)) else None


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
    return constant_of(sides(member)[1])


def constant_of(node: Node | None) -> Any:
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


class _Addition(NamedTuple):
    """A statement that adds a field."""

    number: int
    statement: Node
    text: str
    name: Node


@per_document(_MOST)
def added_by(block: Node, function: str) -> Members:
    """Return the fields that the statements of a block add with a function, by statement."""
    fields: list[tuple[Node, str, Any]] = []
    doubts = Doubts()
    for number, statement, text, key in _additions(block).get(function.partition("(")[0], ()):
        if text.startswith(f"{function}("):
            name = name_of(key)
            for doubt in twice(name, [name]):
                doubts.add(name, number, statement, doubt)
            fields.append((statement, field_name(name), constant_of(key.next_named_sibling)))
    return Members(OtherFields(fields), doubts)


@per_document(_MOST)
def _additions(block: Node) -> Mapping[str, list[_Addition]]:
    """Return the statements of a block that add fields, by what stands before the first bracket."""
    found: dict[str, list[_Addition]] = {}
    for number, statement in enumerate(block.named_children):
        if statement.type == "expression_statement":
            name = added(statement.named_child(0))
            if name is not None:
                text = text_of(statement)
                found.setdefault(text.partition("(")[0], []).append(
                    _Addition(number, statement, text, name)
                )
    return found
