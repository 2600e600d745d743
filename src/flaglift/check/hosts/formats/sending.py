"""Follows a mapping in source code, to see whether a call sends it to a server."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from tree_sitter import Node

from flaglift.check.hosts.documents import per_document
from flaglift.check.hosts.formats.commands import ends_in
from flaglift.check.hosts.formats.origins import name_of, text_of
from flaglift.check.hosts.formats.parents import ancestors
from flaglift.check.hosts.formats.siblings import is_request_path
from flaglift.check.hosts.formats.trees import children_of

PAIRS = {
    "pair": ("key", "value"),
    "keyword_argument": ("name", "value"),
    "keyed_element": ("key", "value"),
    "array_element_initializer": ("", ""),
}
"""The field names of a pair's two sides; if the grammar has none, they are its two children."""


def sides(pair: Node) -> tuple[Node | None, Node | None]:
    """Return the key and the value of a pair."""
    first, second = PAIRS[pair.type]
    if first:
        return pair.child_by_field_name(first), pair.child_by_field_name(second)
    children = [child for child in pair.named_children if child.type != "comment"]
    return (children[0] if len(children) > 1 else None), (children[-1] if children else None)


_ENDS = (
    "statement_block", "expression_statement", "variable_declarator", "assignment", "block",
    "assignment_expression", "arrow_function", "lambda", "body_statement", "return_statement",
)  # fmt: skip
_SENDS = re.compile(
    r"(?:^|[._:$])(?:fetch|axios|got|ky|request|requests|superagent|post|post_form|urlopen)$"
)
_RECORDS = re.compile(r"mock|stub|fake|nock|respx|responses|rsps|httpretty|^m$", re.IGNORECASE)
"""Objects with methods like a client's, which tests use to define a server's responses."""
_NO_BODY = re.compile(r"header|cookie|auth(?!or)", re.IGNORECASE)
_ADDRESS = re.compile(r"^(?:ur[il]|address|endpoint)$", re.IGNORECASE)
_METHOD = re.compile(r"""["':]?(?:post|put|patch)["']?""", re.IGNORECASE)
_SERVICE = re.compile(r"\btunes\b|astria", re.IGNORECASE)
"""Text in the service's URLs: other servers may expect the text alone."""
_READS = (
    "member_expression", "subscript_expression", "attribute", "subscript", "element_reference",
    "member_access_expression", "index_expression", "selector_expression",
)  # fmt: skip
"""Operations that take only a part of a mapping, so that the rest of it is not sent."""
CALLS = (
    "call_expression", "call", "new_expression",
    "function_call_expression", "member_call_expression", "scoped_call_expression",
)  # fmt: skip
_OPTIONS = ("argument", "object", "dictionary", "hash", "array_creation_expression")
_CURL = ("curl_setopt", "curl_setopt_array")
_SERIALIZES = re.compile(r"(?:^|[._])(?:stringify|dumps|generate|to_json|urlencode|encode|freeze)$")


@per_document(256)
def is_sent(mapping: Node) -> bool:
    """Return whether a call sends a mapping to a server under the key `prompt`."""
    keys: list[str] = []
    for above in islice(ancestors(mapping), 16):
        if above.type in PAIRS:
            keys.append(name_of(sides(above)[0]))
        elif above.type in CALLS:
            name = called(above)
            if ends_in(_SENDS, name) or name in _CURL:
                path = (*reversed(keys), "text")
                return is_request_path(path) and _sends(above, mapping, keys)
            if not ends_in(_SERIALIZES, name) or _is_filtered(above):
                return False
        elif above.type in _ENDS or above.type in _READS:
            return False
    return False


def _is_filtered(call: Node) -> bool:
    """Return whether `JSON.stringify` is told which fields to write."""
    arguments = call.child_by_field_name("arguments")
    given = arguments.named_children[1:2] if arguments is not None else []
    return called(call).endswith("stringify") and any(
        text_of(each) not in ("null", "undefined") for each in given
    )


def _sends(call: Node, mapping: Node, keys: Sequence[str]) -> bool:
    """Return whether a call is named like a client's, and sends the value at `keys` as its body."""
    name = called(call)
    if name == _CURL[0]:
        return "CURLOPT_POSTFIELDS" in text_of(call)
    if name == _CURL[1]:
        return "CURLOPT_POSTFIELDS" in keys
    fields = (call.child_by_field_name(each) for each in ("receiver", "object", "scope"))
    receiver = text_of(next(filter(None, fields), None)) or name.rpartition(".")[0]
    if not receiver and call.child_by_field_name("method") is not None:
        return False  # Ruby test frameworks call the application itself with a bare `post`
    if _RECORDS.search(receiver) or any(map(_NO_BODY.search, keys)):
        return False
    address = next(_addresses(call.child_by_field_name("arguments"), mapping), None)
    known = re.search("[\"'`]", text_of(address))
    return address is not None and (not known or bool(_SERVICE.search(text_of(address))))


def _addresses(arguments: Node | None, mapping: Node) -> Iterator[Node]:
    """Yield the possible URLs in a call's arguments: those named so, or in first position."""
    # One after the other: most often, the first of many arguments is the address.
    for argument in filter(_is_named, children_of(arguments) if arguments is not None else ()):
        if argument.type in PAIRS:
            key, value = sides(argument)
            if value is not None and _ADDRESS.match(name_of(key)):
                yield value
        elif argument.start_byte <= mapping.start_byte < argument.end_byte:
            if argument.type in _OPTIONS:
                yield from _addresses(argument, mapping)
        elif (
            argument.end_byte <= mapping.start_byte
            and argument.type != "comment"
            and not _METHOD.fullmatch(text_of(argument))
        ):
            yield argument


def _is_named(node: Node) -> bool:
    return node.is_named


def called(call: Node) -> str:
    """Return the name of the function or method that is called."""
    fields = (call.child_by_field_name(each) for each in ("function", "method", "name"))
    return text_of(next(filter(None, fields), None))


_ADDS = re.compile(r"(?:^|[.>])(?:append|set|Set|Add|WriteField)$")
"""Methods that add one field, called with its name and its value."""


def added(call: Node | None) -> Node | None:
    """Return the name of the field that a call adds to a form; None for any other call."""
    arguments = call.child_by_field_name("arguments") if call is not None else None
    if call is None or arguments is None or arguments.named_child_count != 2:
        return None
    return arguments.named_child(0) if ends_in(_ADDS, called(call)) else None
