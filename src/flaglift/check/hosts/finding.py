"""The literals of a file that contain flags, and whether each is a prompt.

A literal that is code of another host (a fenced block, a form field, a JSON body) stands for the
literals in that code.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence

from flaglift.check.hosts.base import (
    Candidate,
    Comment,
    Decision,
    Host,
    Literal,
    SelectiveHost,
    YieldingHost,
)
from flaglift.check.hosts.classifier import COMMAND_KEY, classify
from flaglift.check.hosts.documents import per_document
from flaglift.check.hosts.formats.curl import BODY_OPTIONS, FORM_OPTIONS
from flaglift.check.hosts.formats.forms import FIELD, PAIRS, FormHost, in_address
from flaglift.check.hosts.formats.text import TextForm
from flaglift.check.hosts.pieces import NOT_READ, QUOTED
from flaglift.check.hosts.prefilter import may_hold_flags
from flaglift.check.hosts.registry import host_named, language, name_for
from flaglift.check.hosts.several import has_one_a_line, single
from flaglift.check.hosts.templates import in_templates, with_templates
from flaglift.lossless.spans import Span
from flaglift.syntax import Feature


def candidates(data: bytes, host: Host) -> list[Candidate]:
    """Return the literals of a document that contain a flag or a near miss, in order.

    A literal that is code of another host, such as a fenced block or a command's argument, is
    replaced by the literals in it. Never raises for the document's content.
    """
    return judged(literals_of(host, data))


def judged(literals: Iterable[Literal]) -> list[Candidate]:
    """Return those of them that may contain flags, with their classification."""
    return [
        Candidate(literal, decision(literal))
        for literal in leaves(literals)
        if literal.prompt.has(Feature.CONCERNED)
    ]


def decision(literal: Literal) -> Decision:
    """Return whether a literal is a prompt; for code, its quoted strings decide."""
    quoted = literal.doubt == QUOTED
    return classify(literal.part(literal.possible[0]).literal if quoted else literal)


@per_document(2)
def literals_of(host: Host, data: bytes) -> tuple[Literal, ...]:
    """Return the literals of a document that may hold flags, read once for all questions.

    There may be others among them.
    """
    return tuple(host.flagged(data) if isinstance(host, SelectiveHost) else host.literals(data))


def leaves(literals: Iterable[Literal], *, every: bool = False) -> Iterator[Literal]:
    """Yield the literals that may contain flags; code of another host is replaced by its own."""
    for literal in literals:
        if not every and not may_hold_flags(literal.text.encode()):
            continue
        inner = nested(literal)
        if inner is None:
            yield single(with_templates(literal))
            yield from in_templates(literal)
        else:
            literals_inside = inner.literals(literal.text.encode())
            yield from leaves((each.within(literal) for each in literals_inside), every=every)


def comments(data: bytes, host: Host) -> list[Comment]:
    """Return the comments of a document and of the code nested in it, in order."""
    own = host.comments(data)
    if isinstance(host, YieldingHost):  # code without a flag has comments too
        return with_nested(own, host.found(data, None))
    return with_nested(own, literals_of(host, data))


def with_nested(comments: Iterable[Comment], literals: Iterable[Literal]) -> list[Comment]:
    """Return comments and those of the code in literals, each once and in order."""
    return sorted({*comments, *_nested_comments(literals)})


def _nested_comments(literals: Iterable[Literal]) -> Iterator[Comment]:
    for outer in literals:
        inner = nested(outer)
        if inner is None:
            continue
        data = outer.text.encode()
        for start, end, text in inner.comments(data):
            begin = len(data[:start].decode())
            span = outer.locate(Span(begin, begin + len(data[start:end].decode())))
            yield Comment(span.start, span.end, text)
        yield from _nested_comments([each.within(outer) for each in inner.literals(data)])


_SCRIPTS = frozenset(
    {"run", "script", "scripts", "before_script", "after_script", "command", "cmd", "entrypoint"}
)
_STRUCTURED = frozenset({"json", "yaml", "toml"})
_COMMAND = re.compile(r"[ \t\r\n]*(?:\$ )?curl[ \t\r\n]")
"""Shells split words at no other blanks: a name with another blank is not a script, but would
be read as itself again."""
_OPTION = re.compile(r"--(?!mask|negative|video)(?:[a-z]+[-_])?(?:prompt|text)=(?=\S)")
"""A word of a command that passes a prompt to another program."""
_QUOTED_OPERAND = re.compile(
    r"(?:(?<=\s)|\A)--?(?!video|duration|mask|negative)[A-Za-z][\w-]*+(?:=|\s++)"
    r"(?:\"[^\"]*+\"|'[^']*+')"
)
"""The quoted operand of an option that is none of the service's own."""
_PLAIN_TEXT = frozenset({"http", "lines", "whole", "blocks"})
_AS_SHOWN = frozenset({"word", "operand", "prose", "shown"})
"""The roles of texts that are not code of another language, whatever they hold."""
_NO_ADDRESSES = frozenset({"operand", "key", "command"})
"""The roles of texts that are looked up as they are: no field of theirs is a text of its own."""
_SQL = re.compile(
    r"\s*(?:--[^\n]*+\n\s*)*+"
    r"(?:(?:INSERT|REPLACE)\s+(?:(?:IGNORE|DELAYED|(?:LOW|HIGH)_PRIORITY|OR\s+\w+)\s+)?INTO"
    r"|UPDATE\s+\S+\s+SET|SELECT|DELETE\s+FROM|MERGE\s+INTO|WITH|BEGIN|CALL|EXEC(?:UTE)?"
    r"|CREATE\s+TABLE|ALTER\s+TABLE)\b(?=[^;]{0,2000}?[='(])",
    re.IGNORECASE,
)
_PHP = re.compile(r"\s*(?:<\?php\s|\$\w+\s*(?:=[^;]*|->\w+\([^;]*|\[[^;]*);\s*(?:$|[\n$]))")
_HTML = re.compile(
    r"</?(?:p|li|[uod]l|d[dt]|div|span|br|hr|wbr|td|tr|th|thead|tbody|tfoot|table|h[1-6]|b|i|u|em|strong|a|pre|code"
    r"|kbd|samp|tt|mark|small|big|del|ins|su[bp]|font|center|blockquote|textarea|input|option|button|label|body|html"
    r"|section|article|img|form|[a-z]\w{0,60}-[\w-]{1,60})(?:\s[^<>]{0,300})?/?>"
    r"|</[a-z][\w.:-]{0,60}\s{0,10}>",
    re.IGNORECASE,
)
"""A tag that is known, or the end of any: other words in brackets may be placeholders."""
_KEYFRAMES = re.compile(r"^---[ \t]*\r?$", re.MULTILINE)
_VIDEO = re.compile(r"(?:^|\s)--video(?=\s|$)")


MOST_NESTED = 8
"""The depth of nested documents; deeper ones are not read."""


def nested(literal: Literal) -> Host | None:
    """Return the host that reads a literal's text; None if it belongs to no other host."""
    role, key, call = literal.origin[:3]
    text = literal.text
    if len(literal.hosts) > MOST_NESTED or role in NOT_READ:
        return None
    if role == "code":
        return _block(key, text)
    option = _OPTION.match(text) if role in ("word", "value") else None
    if option and literal.host != "form":
        return FormHost()
    fields = _fields(literal) if role == "word" else None
    if fields:
        return fields
    name = _language_of(literal)
    if name is None and role == "document":
        name = name_for(key) or language(call.rpartition("/")[2])
    if name and name != "text":
        return host_named(name)
    return None if role in _NO_ADDRESSES else in_address(text)


def _fields(literal: Literal) -> FormHost | None:
    """Return the host of a word of a command that is a field; an option of curl says how."""
    key, text = literal.origin.key, literal.text
    encoded = key in BODY_OPTIONS
    if not (FIELD.match(text) or (encoded and PAIRS.match(text))):
        return None
    address = None if key in FORM_OPTIONS else in_address(text)
    beside, siblings = literal.beside, literal.siblings
    return address or FormHost(encoded=encoded, option=key, beside=beside, siblings=siblings)


def _language_of(literal: Literal) -> str | None:
    """Return the host of a text that is itself code, by its content."""
    text = literal.text
    if text.lstrip()[:1] in ("{", "[") and '"' in text and _is_json(text):
        return "json"
    if _is_script(literal):
        return "bash"
    if literal.origin.role in _AS_SHOWN or literal.host in _PLAIN_TEXT:
        return None
    if _SQL.match(text) and ("'" in text or "$$" in text):
        return "sql"
    if _PHP.match(text):
        return "php"
    return "html" if _HTML.search(text) else None


def _is_script(literal: Literal) -> bool:
    """Return whether a string contains commands: a workflow step, or a call of curl."""
    role, key, _, path = literal.origin[:4]
    is_value = role not in ("word", "operand") and literal.host in _STRUCTURED
    if is_value and (_has_script(key, path) or _has_options(key, literal.text)):
        return True
    return role != "operand" and _is_curl(literal)


def _is_curl(literal: Literal) -> bool:
    return _COMMAND.match(literal.text) is not None


def _has_script(key: str, path: Sequence[str | int]) -> bool:
    """Return whether a key holds a script, or is one of several, as in `package.json`."""
    *_, above, name = ("", "", *(part for part in path if isinstance(part, str)))
    return key in _SCRIPTS or above == "scripts" or (above, name) == ("healthcheck", "test")


def _has_options(key: str, text: str) -> bool:
    """Return whether a command's arguments in one text have flags in quotes after an option."""
    quoted = _QUOTED_OPERAND.finditer(text) if COMMAND_KEY.match(key) else ()
    return any(may_hold_flags(each[0].encode()) for each in quoted)


def _block(word: str, text: str) -> Host | None:
    """Return the host of a block of code, by the word that names its language."""
    name = language(word or "text")
    if name == "text":
        name = "console" if re.match(r"\s*\$ ", text) else _form(text).value
    return host_named(name) if name else None


def _form(text: str) -> TextForm:
    """Return the form of a text block's prompts: each of several lines with `--video` is one."""
    if _KEYFRAMES.search(text):
        return TextForm.WHOLE
    flagged = [line for line in text.split("\n") if _VIDEO.search(line)]
    return TextForm.LINES if len(flagged) > 1 and has_one_a_line(text) else TextForm.BLOCKS


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except ValueError:
        return False
    except RecursionError:
        return True  # within Python's limits; the host reads any depth, or reports the error
