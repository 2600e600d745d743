"""Strings of source code that a call runs as a command, or as code of another language."""

import re
from itertools import islice

from tree_sitter import Node

from flaglift.check.hosts.base import Origin
from flaglift.check.hosts.formats.commands import language_of
from flaglift.check.hosts.formats.origins import Constructs, text_of, words_before

_WRAPS = frozenset({"argument", "literal_element", "array_element_initializer"})
_LISTS = frozenset({"list", "tuple", "array", "array_creation_expression", "literal_value"})
_STRINGS = ("string", "encapsed_string", "template_string", "concatenated_string")
_IN_SHELL = re.compile(r"\bshell\s{0,9}[=:]\s{0,9}(?:True|true)\b")
_TEMPLATES = frozenset({"$", "$.sync"})
"""Tags of templates that are lines of a shell."""
_MOST_WORDS = 50


def code_of(node: Node, origin: Origin, shape: Constructs, shells: re.Pattern[str]) -> str:
    """Return the language of a string that a call runs; empty if it runs none."""
    child, above = node, node.parent
    if above is not None and above.type in shape.calls:
        return "bash" if text_of(above.child_by_field_name("function")) in _TEMPLATES else ""
    while above is not None and above.type in _WRAPS:
        child, above = above, above.parent
    if above is None or not (above.type in shape.arguments or above.type in _LISTS):
        return ""
    words = _words_before(child)
    if above.type in _LISTS:
        return language_of([*_words_before(above), *words], text_of(node))
    if words:
        return language_of(words, text_of(node))
    runs = shells.search(origin.call) or _IN_SHELL.search(text_of(above))
    return "bash" if runs and not any(map(_is_string, above.named_children[1:])) else ""


def _words_before(node: Node) -> list[str]:
    """Return what stands before an argument or an element; strings without their quotes."""
    words = [word.strip("\"'`") for word in islice(words_before(node), _MOST_WORDS)]
    return words[::-1]


def _is_string(argument: Node) -> bool:
    """Return whether an argument is a string: several are the words of a command, without shell."""
    inner = argument.named_children[0] if argument.type in _WRAPS else argument
    return inner.type in _STRINGS
