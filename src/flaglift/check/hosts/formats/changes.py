"""Finds where code puts fields whose names are not known into a mapping: `data.update(more)`."""

import re
from collections.abc import Mapping
from itertools import chain, islice

from tree_sitter import Node

from flaglift.check.hosts.documents import per_document
from flaglift.check.hosts.formats.origins import text_of
from flaglift.check.hosts.formats.parents import ancestors
from flaglift.check.hosts.formats.trees import parse

_REQUEST = re.compile(rb"\b(?:prompt|tune)\[")
_NAME = r"[$@]?[A-Za-z_]\w{0,99}"
_GAP = r"\s{0,9}"
_SPREAD = r"(?:\.\.\.|\*\*)"
_CHANGES = [
    re.compile(pattern.encode())
    for pattern in (
        rf"(?<![\w$@.])({_NAME})(?:\.|->)(?:update|merge|assign)!?[( ]{_GAP}(?![\s{{\[)\"'])",
        rf"(?<![\w$@.])({_NAME})\[{_GAP}[$@]?[A-Za-z_][\w.]{{0,99}}{_GAP}\]{_GAP}=(?!=)",
        rf"(?<![\w$@.])({_NAME}){_GAP}\|=?{_GAP}[A-Za-z_]",
        rf"(?:assign|extend|merge|array_replace)\({_GAP}({_NAME}){_GAP},{_GAP}(?![\s{{\[])",
        rf"{_SPREAD}({_NAME}){_GAP},{_GAP}{_SPREAD}",
        rf"{_SPREAD}[$\w.]{{1,99}}{_GAP},{_GAP}{_SPREAD}({_NAME})",
    )
]
"""In turn: `data.update(more)`, `data[name] = value`, `data |= more`, `Object.assign(data, more)`,
`{**data, **more}` and `{**more, **data}`."""
_VARIABLES = ("identifier", "variable_name", "name", "instance_variable", "constant")
_ASSIGNS = (
    "variable_declarator", "assignment", "assignment_expression", "short_var_declaration",
    "var_spec",
)  # fmt: skip
_AROUND = ("composite_literal", "expression_list", "parenthesized_expression", "as_expression")


@per_document(8)
def changes(data: bytes, module: str, grammar: str) -> Mapping[str, str]:
    """Return the variables of mappings that get fields of unknown names, with the doubts."""
    found: dict[str, str] = {}
    if not _REQUEST.search(data):
        return found
    root = parse(data, module, grammar).root_node
    for match in chain.from_iterable(pattern.finditer(data) for pattern in _CHANGES):
        name = match[1].decode()
        if name in found:
            continue
        node = root.descendant_for_byte_range(match.end(1) - 1, match.end(1))
        if node is not None and node.type in _VARIABLES:
            line = node.start_point.row - data.count(b"\n", match.start(), match.start(1))
            found[name] = f"line {line + 1} of the code puts other fields into `{name}`"
    return found


def variable_of(mapping: Node) -> str:
    """Return the variable that a mapping is assigned to; empty without one."""
    for above in islice(ancestors(mapping), 4):
        if above.type in _ASSIGNS:
            fields = (above.child_by_field_name(each) for each in ("name", "left"))
            return text_of(next(filter(None, fields), None))
        if above.type not in _AROUND:
            break
    return ""
