"""Code of one host inside a literal of another: a fenced block, a form field, a JSON body."""

import json
import re

from flaglift.check.hosts.base import Host, Literal
from flaglift.check.hosts.formats.console import ConsoleHost
from flaglift.check.hosts.formats.curl import DATA_OPTIONS
from flaglift.check.hosts.formats.forms import FIELD, PAIRS, FormHost
from flaglift.check.hosts.formats.text import Form
from flaglift.check.hosts.registry import host_named, language

_TEXT = frozenset({"", "text", "txt", "plain", "plaintext", "prompt", "prompts", "none", "raw"})
_SESSIONS = frozenset({"console", "shell-session", "shellsession", "terminal", "sh-session"})
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
    name = language(call.rpartition("/")[2]) if role == "document" else None
    return host_named(name) if name else None


def _is_script(literal: Literal) -> bool:
    """Tell whether a string holds commands: a step of a workflow, or a call of curl."""
    role, key, _, path = literal.origin
    if literal.host in _STRUCTURED and (key in _SCRIPTS or _SCRIPTS.intersection(path)):
        return True
    return role not in ("word", "operand") and _COMMAND.match(literal.text) is not None


def _block(word: str, text: str) -> Host | None:
    """Return the host of a block of code, by the word that names its language."""
    if word in _SESSIONS or (word in _TEXT and re.match(r"\s*\$ ", text)):
        return ConsoleHost()
    if word in _TEXT:
        return host_named(_form(text).value)
    name = language(word)
    return host_named(name) if name else None


def _form(text: str) -> Form:
    """Return how a block of text holds its prompts: several lines with `--video` are as many."""
    if _KEYFRAMES.search(text):
        return Form.WHOLE
    flagged = [line for line in text.split("\n") if _VIDEO.search(line)]
    return Form.LINES if len(flagged) > 1 else Form.BLOCKS


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except ValueError:
        return False
