"""Finds where code uses a field that it has put into a request: `data["prompt[text]"]`."""

import re
from collections.abc import Mapping
from itertools import islice

from tree_sitter import Node

from flaglift.check.hosts.documents import per_document
from flaglift.check.hosts.formats.origins import text_of
from flaglift.check.hosts.formats.parents import ancestors
from flaglift.check.hosts.formats.sending import PAIRS, added, sides
from flaglift.check.hosts.formats.siblings import TEXT_KEY, is_request_key
from flaglift.check.hosts.formats.trees import parse
from flaglift.check.hosts.patience import check_patience

_KEY = re.compile(rb"\b(?:prompt|tune)\[[\w\[\]]*")
_WRAPS = ("literal_element", "argument")
_ARGUMENTS = ("arguments", "argument_list")


@per_document(8)
def uses(data: bytes, module: str, grammar: str) -> Mapping[str, str]:
    """Return the texts of requests that code uses after it has set them, each with the doubt.

    Such code may expect flags in the text: `"--video" in data["prompt[text]"]`.
    """
    found: dict[str, str] = {}
    root = parse(data, module, grammar).root_node
    for match in _KEY.finditer(data):
        check_patience()
        name = match[0].decode()
        node = root.descendant_for_byte_range(*match.span())
        if name in found or node is None or text_of(node) != name or _is_definition(node):
            continue
        if is_request_key(name) and TEXT_KEY.search(name):
            line = data.count(b"\n", 0, match.start()) + 1
            found[name] = f"line {line} of the code uses `{name}` too, and may expect flags in it"
    return found


def _is_definition(inside: Node) -> bool:
    """Return whether a string's content is the key of a pair or the name of an added field."""
    around = [each for each in islice(ancestors(inside), 4) if each.type not in _WRAPS]
    string, holder, call, *_ = [*around, None, None, None]
    name = None
    if holder and holder.type in PAIRS:
        name, _ = sides(holder)
    elif holder and call and holder.type in _ARGUMENTS:
        name = added(call)
    return bool(name and string and name.start_byte == string.start_byte)
