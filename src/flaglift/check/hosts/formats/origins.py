"""The place of a string in source code: its key, its call, its assignment target."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from tree_sitter import Node

from flaglift.check.hosts.base import Origin
from flaglift.check.hosts.formats.commands import MOST_WORDS, ends_in, language_of
from flaglift.check.hosts.formats.parents import ancestors, parent_of

_COMPARISONS = frozenset({"==", "===", "!=", "!==", "=~", "!~", "in"})


@dataclass(frozen=True)
class Constructs:
    """The node types of a language's constructs; fields are those of its grammar."""

    pairs: Mapping[str, tuple[str, str]]
    """Type of a pair, and the fields of its key and its value."""
    calls: Mapping[str, str]
    """Type of a call, and the field of what is called; if the grammar has none, it comes first."""
    arguments: frozenset[str]
    assignments: Mapping[str, tuple[str, str]]
    """Type of an assignment, and the fields of its target and of its value."""
    operands: frozenset[str]
    """Comparisons, subscripts, cases: strings there are searched for or looked up."""
    ends: frozenset[str]
    """Functions, classes, files: nothing beyond them says anything about a string."""
    statement: str = "expression_statement"
    strings: frozenset[str] = frozenset({"string"})
    options: Sequence[tuple[re.Pattern[str], slice]] = ()
    """Calls that define an option, and which of their arguments is its value by default."""


_KEY = Origin("key")
_DEFAULT = re.compile(r"(?:default(?:_?value)?|const|choices)$", re.IGNORECASE)
"""The parameters of an option that hold its values."""
_MOST_STEPS = 64
"""In a deep tree of many literals, each step is one more for every literal."""


def origin_of(node: Node, shape: Constructs) -> Origin:
    """Return the place of a literal: the nearest key, and the nearest call around it."""
    keys: list[str] = []
    for child, above in _steps(node, shape):
        if above.type in shape.pairs and above.named_child_count > 1:
            name = _name(child, above, shape.pairs)
            if name is None:
                return _KEY
            keys += [name] if name else []
        else:
            origin = _end(child, above, keys, shape)
            if origin is not None:
                return origin
    return Origin("value", "".join(keys[:1]))


def _steps(node: Node, shape: Constructs) -> Iterator[tuple[Node, Node]]:
    """Yield the nodes around a node, each with the one inside it, up to a function or the like."""
    child = node
    for above in islice(ancestors(node), _MOST_STEPS):
        if above.type in shape.ends:
            return
        yield child, above
        child = above


_APART = frozenset(
    {
        *("module", "program", "source_file", "block", "statement_block", "compound_statement"),
        *("body_statement", "block_body", "statement_list", "declaration_list", "class_body"),
        *("then", "else", "ensure", "do", "begin", "colon_block"),
        *("switch_case", "switch_default", "case_statement", "default_statement"),
        *("expression_case", "default_case", "communication_case", "type_case"),
        *("const_declaration", "var_declaration", "var_spec_list"),
        *("array", "list", "set", "tuple", "string_array", "jsx_element"),
    }
)
"""The types of blocks and lists in all languages, whose statements and elements stand apart."""
_MOST_PAIRS = 2
"""A text's own pair, and the one whose value is the record with the text."""


def begins_of(node: Node, shape: Constructs) -> tuple[int, ...]:
    """Return where the code that a literal belongs to begins: its pair, its record, its statement.

    Not beyond the element of a list, or the pair whose value the record is.
    """
    starts: list[int] = []
    pairs = 0
    for _, above in _steps(node, shape):
        if above.type in _APART or pairs == _MOST_PAIRS:
            break
        starts.append(above.start_byte)
        if _is_element(above):
            break
        pairs += above.type in shape.pairs and above.type != "keyword_argument"
    return tuple(starts)


def _is_element(node: Node) -> bool:
    """Return whether a node is an element of a list, in languages that write maps like lists."""
    if node.type == "literal_element":
        above = parent_of(node)
        return above is not None and above.type == "literal_value"
    return node.type == "array_element_initializer" and node.named_child_count == 1


def _name(child: Node, above: Node, sides: Mapping[str, tuple[str, str]]) -> str | None:
    """Return the name on the other side of a pair or an assignment; None on that side itself."""
    sides_of = [
        _side(above, field, at) for field, at in zip(sides[above.type], (0, -1), strict=True)
    ]
    return name_of(sides_of[0]) if sides_of[1] == child else None


def _side(node: Node, field: str, at: int) -> Node | None:
    """Return a side of a pair: by its field, or where the grammar names none, by its place."""
    return node.child_by_field_name(field) if field else node.named_children[at]


def _end(child: Node, above: Node, keys: Sequence[str], shape: Constructs) -> Origin | None:
    """Return the place of a literal if the node above is the last one that matters."""
    key = "".join(keys[:1])
    if above.type == "jsx_attribute":
        return Origin("value", name_of(above.named_child(0)))
    if above.type in shape.assignments:
        name = _name(child, above, shape.assignments)
        return _KEY if name is None else Origin("value", key or name)
    if above.type in shape.operands or _compares(above):
        return Origin("operand", key)
    call = parent_of(above) if above.type in shape.arguments else None
    if call is not None:
        return _of_argument(child, above, call, keys, shape)
    if above.type == shape.statement and above.named_child_count == 1 and not key:
        return Origin("statement")
    return None


def _of_argument(
    child: Node, above: Node, call: Node, keys: Sequence[str], shape: Constructs
) -> Origin | None:
    """Return the place of a literal in an argument; None if what is around the call names it.

    In a call that defines an option, that is the option's name for its value by default, and
    nothing for what describes it.
    """
    called, key = callee(call, shape), "".join(keys[:1])
    places = next((at for calls, at in shape.options if ends_in(calls, called)), None)
    if places is None:
        before = child.prev_named_sibling
        said = name_of(before) if before is not None and before.type in shape.strings else ""
        return Origin("value" if key else "argument", key or said, called)
    arguments = [each for each in above.named_children if each.type != "comment"]
    if not (_DEFAULT.match(key) if key else child in arguments[places]):
        return Origin("option", key)
    kinds = shape.strings | {"simple_symbol"}
    names = [name_of(each) for each in arguments if each != child and each.type in kinds]
    long = [name for name in names if name.startswith("--")]
    name = next(iter((*keys[1:], *long, *names)), None)
    return Origin("default", name) if name else None


def _compares(node: Node) -> bool:
    operator = node.child_by_field_name("operator")
    return operator is not None and text_of(operator) in _COMPARISONS


def callee(call: Node, shape: Constructs) -> str:
    """Return the source of what a call calls; empty for a type of calls that is not known."""
    name = shape.calls.get(call.type)
    if name is None:
        return ""
    function = _side(call, name, 0)
    receiver = call.child_by_field_name("receiver")
    parts = [text_of(part) for part in (receiver, function) if part]
    return ".".join(parts)


def origin_in_script(node: Node, option: str = "") -> Origin:
    """Return the place of a word, or of a value that is assigned, in a script.

    `option` is the one that the word itself begins with.
    """
    child = node
    for above in ancestors(node):
        if above.type == "command":
            name = above.child_by_field_name("name")
            if name == child:
                return Origin("command", call=text_of(name))
            nearest = [*filter(None, [option]), *islice(words_before(child), MOST_WORDS)]
            language = language_of(nearest[::-1], text_of(child))
            if language:
                return Origin("code", language)
            key = nearest[0] if nearest and nearest[0].startswith("-") else ""
            return Origin("word", key, text_of(name))
        if above.type == "variable_assignment":
            return Origin("value", text_of(above.child_by_field_name("name")))
        if above.type in ("test_command", "binary_expression", "case_item", "expansion"):
            return Origin("operand")
        child = above
    return Origin("word")


def words_before(node: Node) -> Iterator[str]:
    """Yield the source of the words, arguments or elements before one, the nearest first."""
    before = node.prev_named_sibling
    while before is not None:
        yield text_of(before)
        before = before.prev_named_sibling


def text_of(node: Node | None) -> str:
    """Return a node's source."""
    return node.text.decode() if node is not None and node.text else ""


def name_of(node: Node | None) -> str:
    """Return the name of a key or a target, without quotes: the last part of a dotted one."""
    return name_in(text_of(node))


def name_in(source: str) -> str:
    """Return the name in the source of a key or a target, as `name_of` does."""
    name = source.strip("\"'`:").lstrip("@$")
    return name if "[" in name else name.rpartition(".")[2]
