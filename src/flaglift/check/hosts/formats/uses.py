"""Finds where code uses a field that it has put into a request: `data["prompt[text]"]`."""

import re
from collections.abc import Mapping
from itertools import islice

from tree_sitter import Node

from flaglift.check.hosts.base import Use
from flaglift.check.hosts.documents import per_document
from flaglift.check.hosts.formats.containers import added_by, members_of
from flaglift.check.hosts.formats.origins import text_of
from flaglift.check.hosts.formats.parents import ancestors
from flaglift.check.hosts.formats.sending import PAIRS, added, sides
from flaglift.check.hosts.formats.siblings import TEXT_KEY, is_request_key
from flaglift.check.hosts.formats.trees import parse
from flaglift.check.hosts.patience import check_patience

_KEY = re.compile(rb"\b(?:prompt|tune)\[[\w\[\]]*")
_MOVED = re.compile(r"\[(?:video_model|video_prompt|video_duration)\]$|\[$")
"""The end of the name of a field that flags become, or of one that is put together."""
_WRAPS = ("literal_element", "argument")
_ARGUMENTS = ("arguments", "argument_list")


@per_document(8)
def uses(data: bytes, module: str, grammar: str) -> Mapping[str, Use]:
    """Return the texts of requests whose fields code uses apart from them, each with the use.

    Such code may expect flags in the text, `"--video" in data["prompt[text]"]`, or may give a field
    that they would become another value: `data["prompt[video_model]"] = model`.
    """
    found: dict[str, Use] = {}
    root = parse(data, module, grammar).root_node
    for match in _KEY.finditer(data):
        check_patience()
        name = match[0].decode()
        text = _MOVED.sub("[text]", name)
        node = root.descendant_for_byte_range(*match.span())
        if text in found or node is None or text_of(node) != name:
            continue
        if is_request_key(text) and TEXT_KEY.search(text) and not _is_definition(node, name):
            found[text] = Use(node.start_point.row + 1, name, is_text=text == name)
    return found


def _is_definition(inside: Node, name: str) -> bool:
    """Return whether a string's content is the key of a text, or of a field next to one."""
    if name.endswith("["):
        return any(each.type in PAIRS for each in islice(ancestors(inside), 5))
    around = (each for each in islice(ancestors(inside), 7) if each.type not in _WRAPS)
    string, holder, call, _, block = (next(around, None) for _ in range(5))
    if string is None or holder is None or call is None:
        return False
    key = None
    if holder.type in PAIRS:
        key, _ = sides(holder)
    elif holder.type in _ARGUMENTS:
        key = added(call)
    is_key = key is not None and key.start_byte == string.start_byte
    return is_key and bool(TEXT_KEY.search(name) or "text" in _set_with(holder, call, block))


def _set_with(holder: Node, call: Node, block: Node | None) -> Mapping[str, object]:
    """Return the fields of a mapping, or those that the same function adds in a block."""
    if holder.type in PAIRS:
        return members_of(call).fields.than("")
    function = text_of(call.child_by_field_name("function"))
    return added_by(block, function).fields.than("") if block else {}
