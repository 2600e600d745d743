"""What code does to a string before it is a prompt: `"...".replace("5s", "6")`, `ucfirst("...")`.

What a fix of such a string does to the prompt is not known. A call of an unknown function says
nothing: most of them send the prompt.
"""

import re
from itertools import islice, pairwise

from tree_sitter import Node

from flaglift.check.hosts.formats.commands import ends_in
from flaglift.check.hosts.formats.origins import Constructs, callee, text_of
from flaglift.check.hosts.formats.parents import ancestors
from flaglift.check.hosts.templates import PLACEHOLDER

_AROUND = frozenset(
    {
        *("parenthesized_expression", "parenthesized_statements", "argument", "keyword_argument"),
        *("conditional_expression", "ternary_expression", "conditional"),
        *("as_expression", "satisfies_expression", "non_null_expression"),
        *("boolean_operator", "named_expression"),
    }
)
"""The types of what the value of a string passes through, in all languages."""
_MEMBERS = {
    "attribute": ("object", "attribute"),
    "member_expression": ("object", "property"),
    "member_call_expression": ("object", "name"),
    "nullsafe_member_call_expression": ("object", "name"),
    "call": ("receiver", "method"),
}
"""The types of what is taken from an object, and the fields of the object and of the name."""
_SAME = re.compile(
    r"(?:en|de)code|toString|to_s(?:tr(?:ing)?)?|valueOf|freeze|dup|clone|itself|concat|b"
    r"|html_safe|force_encoding|strip_heredoc|squish|chomp"
)
"""Methods that give the same words, whatever else they do."""
_TRIMS = re.compile(r"[lr]?strip|trim(?:Start|End|Left|Right)?")
"""Methods that do too, if they remove blanks."""
_BLANKS = re.compile(r"\(\s*+(?:[\"'](?:\\[nrtf]|\s)*+[\"']\s*+)?\)")
_FORMATS = frozenset({"format", "format_map"})
_OPERATIONS = ("binary_operator", "binary_expression", "binary")
_CHOOSES = ("||", "??", "or")
_PRINTS = frozenset({"echo", "printf", "cat", "print"})
_FILTERS = frozenset(
    {"sed", "gsed", "tr", "awk", "gawk", "mawk", "perl", "cut", "rev", "envsubst", "fold", "fmt"}
)
_SQL = re.compile(
    rb"\b((?:REGEXP_)?REPLACE|UPPER|LOWER|INITCAP|[UL]CASE|SUBSTR(?:ING)?|LEFT|RIGHT|MID|TRANSLATE"
    rb"|REVERSE|REPEAT|OVERLAY|SPLIT_PART|SUBSTRING_INDEX|STRING_TO_ARRAY)\s{0,9}\(\s{0,9}\Z",
    re.IGNORECASE,
)
_LONGEST = 40
"""Of a name of a function, and the blanks after it."""
_MOST_STEPS = 16
_KEEP = re.compile(
    r"(?:^|[._:\\])(?:dedent|cleandoc|TrimSpace|gettext(?:_lazy)?|_|__|String|str|of)$|^trim$"
)
"""Functions that give the same words."""
_CHANGE = (
    re.compile(  # their first argument
        r"(?:^|\\)(?:strtr|substr(?:_replace)?|str_(?:split|repeat|word_count)|strrev|strip_tags|wordwrap"
        r"|strto(?:upper|lower)|uc(?:first|words)|lcfirst|mb_(?:substr|strto\w{5}|convert_case|str_split)"
        r"|html(?:specialchars|_entity)_decode|(?:raw)?urldecode|stripc?slashes|base64_decode)$"
        r"|^strings\.(?:Replace|ReplaceAll|To[A-Z]\w{0,9}|Title|Split\w{0,9}|Fields\w{0,9}|Cut\w{0,9}"
        r"|Repeat|Trim(?:|Left|Right|Prefix|Suffix)(?:Func)?)$|\.Replace(?:All\w{0,20})?$"
        r"|^(?:shlex\.split|textwrap\.(?:fill|wrap|shorten|indent)|string\.capwords|html\.unescape)$"
        r"|(?:^|\.)unquote(?:_plus)?$|^(?:unescape|decodeURI(?:Component)?)$"
        r"|^(?:_|lodash)\.(?:replace|split|truncate|unescape|(?:to|camel|kebab|snake|start|upper|lower)[A-Z]\w{0,9})$"
    ),
    re.compile(r"(?:^|\\)(?:explode|preg_split|mb_split)$|^(?:re|regex)\.split$|^strings\.Map$"),
    re.compile(
        r"(?:^|\\)(?:str_i?replace|preg_replace(?:_callback)?|mb_eregi?_replace)$"
        r"|^(?:re|regex)\.subn?$"
    ),
)
"""Functions that give other words, by the number of the argument that they change."""


def transformed(node: Node, text: str, shape: Constructs) -> str:
    """Return why the value of a string may not be its text when it is used; empty if it is.

    `text` is the string's decoded text.
    """
    child = node
    for above in islice(ancestors(node), _MOST_STEPS):
        name = ""
        if above.type in shape.arguments:
            call = above.parent
            function = callee(call, shape) if call is not None else ""
            if not ends_in(_KEEP, function):
                name = function if _changes(function, child) else ""
                return _said(name) if name else ""
        elif above.type in _MEMBERS and above.child_by_field_name(_MEMBERS[above.type][0]) == child:
            name = text_of(above.child_by_field_name(_MEMBERS[above.type][1]))
            if not _keeps(name, above if above.type in shape.calls else above.parent, text):
                return _said(name)
        elif above.type in _OPERATIONS:
            operator = text_of(above.child_by_field_name("operator"))
            if operator not in _CHOOSES:
                return _said(operator) if operator == "*" else ""
        elif above.type not in _AROUND and above.type not in shape.calls:
            return ""
        child = above
    return ""


def filtered(word: Node) -> str:
    """Return the same for a word of a shell that one filter reads, or that is printed for one."""
    steps = pairwise([word, *islice(ancestors(word), _MOST_STEPS)])
    child, command = next((step for step in steps if step[1].type == "command"), (word, word))
    name = text_of(command.child_by_field_name("name"))
    readers = [name] if child.type == "herestring_redirect" else []
    pipeline = command.parent
    if name in _PRINTS and pipeline is not None and pipeline.type == "pipeline":
        readers = [text_of(each.child_by_field_name("name")) for each in pipeline.named_children]
    return next(filter(None, map(read_by, readers)), "")


def read_by(name: str) -> str:
    """Return the same for a text that a command reads."""
    return _said(name) if name in _FILTERS else ""


def changed_in_sql(data: bytes, start: int) -> str:
    """Return the same for a string of SQL at a byte."""
    function = _SQL.search(data, max(0, start - _LONGEST), start)
    return _said(function[1].decode()) if function else ""


def _said(name: str) -> str:
    return f"`{name}` is applied to it before it is used, so the effect of a fix is not known"


def _changes(function: str, argument: Node) -> bool:
    """Return whether a function changes one of its arguments."""
    before = argument.prev_named_sibling
    at = 0
    while before is not None and at < len(_CHANGE):
        at += before.type != "comment"
        before = before.prev_named_sibling
    return at < len(_CHANGE) and ends_in(_CHANGE[at], function)


def _keeps(name: str, call: Node | None, text: str) -> bool:
    """Return whether a method gives the words of a text."""
    if name in _FORMATS:
        unknown = PLACEHOLDER.sub("", text).replace("{{", "").replace("}}", "")
        return "{" not in unknown and "}" not in unknown
    if not _TRIMS.fullmatch(name):
        return _SAME.fullmatch(name) is not None
    given = call.child_by_field_name("arguments") if call is not None else None
    return given is None or _BLANKS.fullmatch(text_of(given)) is not None
