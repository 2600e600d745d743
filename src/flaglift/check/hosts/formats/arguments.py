"""Strings of source code that a call runs: as a command, its words, or code of another language."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from itertools import islice

from tree_sitter import Node

from flaglift.check.hosts.base import Origin
from flaglift.check.hosts.documents import per_document
from flaglift.check.hosts.formats.argv import in_words, is_command
from flaglift.check.hosts.formats.commands import ends_in
from flaglift.check.hosts.formats.origins import Constructs, text_of, words_before
from flaglift.check.hosts.formats.parents import parent_of
from flaglift.lossless.spans import Span

_WRAPS = frozenset({"argument", "literal_element", "array_element_initializer"})
_LISTS = frozenset({"list", "tuple", "array", "array_creation_expression", "literal_value",
                    "string_array"})  # fmt: skip
_AROUND_LIST = frozenset(
    {"composite_literal", "spread_element", "list_splat", "splat_argument", *_WRAPS}
)
_STRINGS = ("string", "encapsed_string", "template_string", "concatenated_string")
_IN_SHELL = re.compile(r"\bshell\s{0,9}[=:]\s{0,9}(?:True|true)\b")
_TEMPLATES = frozenset({"$", "$.sync"})
"""Tags of templates that are lines of a shell."""
_MOST_WORDS = 50
_RUNS = re.compile(
    r"(?:^|[._:\\])(?:Popen|check_call|check_output|exec\w{0,30}|spawn\w{0,30}|system|fork"
    r"|popen\w{0,30}|capture\w{0,9}|Command|CommandContext|run_command|proc_open|Process"
    r"|create_subprocess_exec)$|^(?:subprocess|Process)\.(?:run|call)$|^run$"
)
"""Calls that run a program with the words that follow its name."""
_PARSES = re.compile(
    r"(?:^|[._:])(?:parse_(?:known_)?(?:intermixed_)?args|parse_argv?|parse|Parse|SetArgs|invoke|main|start)$"
)
"""Calls that take the words after a program's name in a list."""


def in_command(
    node: Node, origin: Origin, shape: Constructs, shells: re.Pattern[str], data: bytes
) -> Origin:
    """Return the origin of a string, as that of a command or of a word of one if a call runs it."""
    child, above = node, parent_of(node)
    if above is not None and above.type in shape.calls:
        is_line = text_of(above.child_by_field_name("function")) in _TEMPLATES
        return Origin("code", "bash") if is_line else origin
    while above is not None and above.type in _WRAPS:
        child, above = above, parent_of(above)
    if above is None or not (above.type in shape.arguments or above.type in _LISTS):
        return origin
    words = _words_before(child)
    text = text_of(node).strip("\"'`")
    if above.type in _LISTS:
        return _in_list(above, [*words, text], origin, shape)
    if words:
        return in_words([*words, text], origin, is_command=ends_in(_RUNS, origin.call))
    runs = ends_in(shells, origin.call) or _has_option(above, data)
    is_line = bool(runs) and not any(map(_is_string, above.named_children[1:]))
    return Origin("code", "bash") if is_line else origin


def _in_list(elements: Node, own: Sequence[str], origin: Origin, shape: Constructs) -> Origin:
    """Return the origin of an element, which may be a word of a command in the list."""
    child, above = elements, parent_of(elements)
    while above is not None and above.type in _AROUND_LIST:
        child, above = above, parent_of(above)
    is_argument = above is not None and above.type in shape.arguments
    if is_argument and ends_in(_PARSES, origin.call):
        return in_words([origin.call, *own], origin, is_command=True)
    before = _words_before(child) if is_argument else []
    runs = is_argument and ends_in(_RUNS, origin.call)
    return in_words([*before, *own], origin, is_command=runs or is_command(origin.key))


def _words_before(node: Node) -> list[str]:
    """Return what stands before an argument or an element; strings without their quotes."""
    words = [word.strip("\"'`") for word in islice(words_before(node), _MOST_WORDS)]
    return words[::-1]


def _has_option(arguments: Node, data: bytes) -> bool:
    """Return whether an argument, or what it holds, has the option to run a shell."""
    options = _options(data)
    index = bisect_left(options, Span(arguments.start_byte, 0))
    return index < len(options) and options[index].end <= arguments.end_byte


@per_document(2)
def _options(data: bytes) -> list[Span]:
    """Return the places of the option to run a shell: nested calls would each look for it."""
    text = data.decode()
    places: list[Span] = []
    at = start = 0
    for match in _IN_SHELL.finditer(text):
        start += len(text[at : match.start()].encode())
        at = match.start()
        places.append(Span(start, start + len(match[0].encode())))
    return places


def _is_string(argument: Node) -> bool:
    """Return whether an argument is a string: several are the words of a command, without shell."""
    inner = argument.named_children[0] if argument.type in _WRAPS else argument
    return inner.type in _STRINGS
