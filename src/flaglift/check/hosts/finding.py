"""The literals of a file that hold flags, and whether each is a prompt.

A literal that is code of another host (a fenced block, a form field, a JSON body) stands for the
literals in that code.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from flaglift.check.hosts.base import Candidate, Comment, Host, Literal
from flaglift.check.hosts.classifier import classify
from flaglift.check.hosts.formats.curl import DATA_OPTIONS
from flaglift.check.hosts.formats.forms import FIELD, PAIRS, FormHost
from flaglift.check.hosts.formats.text import Form
from flaglift.check.hosts.pieces import SEVERAL
from flaglift.check.hosts.prefilter import may_hold_flags
from flaglift.check.hosts.registry import host_named, language, name_for
from flaglift.check.hosts.several import has_one_a_line, prompts_in
from flaglift.check.hosts.templates import with_templates
from flaglift.lossless.spans import Span
from flaglift.syntax import Feature


def candidates(data: bytes, host: Host) -> list[Candidate]:
    """Return the literals of a document that hold a flag or a near miss, in order.

    A literal that is code of another host, such as a fenced block or a command's argument, is
    replaced by the literals in it. Never raises for the document's content.
    """
    return [
        Candidate(literal, classify(literal))
        for literal in leaves(host.literals(data))
        if literal.prompt.has(Feature.CONCERNED)
    ]


def leaves(literals: Iterable[Literal], *, every: bool = False) -> Iterator[Literal]:
    """Yield the literals that may hold flags; in place of code of another host, those in it."""
    for literal in literals:
        if not every and not may_hold_flags(literal.text.encode()):
            continue
        inner = nested(literal)
        if inner is None:
            yield _single(with_templates(literal))
        else:
            found = inner.literals(literal.text.encode())
            yield from leaves((each.within(literal) for each in found), every=every)


def _single(literal: Literal) -> Literal:
    """Return a literal that says where the prompts are which it may hold, if they are several.

    The text of a request is one prompt (dialect section 2.13), and so is a line.
    """
    if literal.doubt or literal.host in ("form", "lines"):
        return literal
    places = tuple((place,) for place in prompts_in(literal.text))
    return replace(literal, doubt=SEVERAL, possible=places) if places else literal


def comments(data: bytes, host: Host) -> list[Comment]:
    """Return the comments of a document and of the code nested in it, in order."""
    return sorted([*host.comments(data), *_nested_comments(host.literals(data))])


def _nested_comments(literals: list[Literal]) -> Iterator[Comment]:
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
    {"run", "script", "scripts", "before_script", "after_script", "command", "cmd"}
)
_STRUCTURED = frozenset({"json", "yaml", "toml"})
_COMMAND = re.compile(r"\s*(?:\$ )?curl\s")
_KEYFRAMES = re.compile(r"^---[ \t]*\r?$", re.MULTILINE)
_VIDEO = re.compile(r"(?:^|\s)--video(?=\s|$)")


def nested(literal: Literal) -> Host | None:
    """Return the host that reads a literal's text; None where the text is no other host's."""
    role, key, call, _ = literal.origin
    text = literal.text
    if role == "code":
        return _block(key, text)
    if text.lstrip()[:1] in ("{", "[") and '"' in text and _is_json(text):
        return host_named("json")
    if role == "word" and (FIELD.match(text) or (key in DATA_OPTIONS and PAIRS.match(text))):
        return FormHost(
            encoded=key in DATA_OPTIONS,
            option=key,
            beside=literal.beside,
            siblings=literal.siblings,
        )
    if _is_script(literal):
        return host_named("bash")
    if role != "document":
        return None
    name = name_for(key) or language(call.rpartition("/")[2])
    return host_named(name) if name and name != "text" else None


def _is_script(literal: Literal) -> bool:
    """Tell whether a string holds commands: a step of a workflow, or a call of curl."""
    role, key, _, path = literal.origin
    if literal.host in _STRUCTURED and (key in _SCRIPTS or _SCRIPTS.intersection(path)):
        return True
    return role not in ("word", "operand") and _COMMAND.match(literal.text) is not None


def _block(word: str, text: str) -> Host | None:
    """Return the host of a block of code, by the word that names its language."""
    name = language(word or "text")
    if name == "text":
        name = "console" if re.match(r"\s*\$ ", text) else _form(text).value
    return host_named(name) if name else None


def _form(text: str) -> Form:
    """Return how a block of text holds its prompts: several lines with `--video` are as many."""
    if _KEYFRAMES.search(text):
        return Form.WHOLE
    flagged = [line for line in text.split("\n") if _VIDEO.search(line)]
    return Form.LINES if len(flagged) > 1 and has_one_a_line(text) else Form.BLOCKS


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except ValueError:
        return False
