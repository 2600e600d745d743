"""What terminals and browsers obey: made visible for people, escaped for programs."""

import json
import re
import unicodedata
from typing import Any

_OBEYED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
    "|\r(?!\n)"  # what follows it is written over what came before
)


def harmless(text: str) -> str:
    r"""Return a text without what terminals and browsers interpret: controls, direction changes.

    Line ends and tabs are kept.

    >>> harmless("a\x1b[0m\u202e\u00a0\u200d")
    'a·[0m·\xa0\u200d'
    """
    return _OBEYED.sub("·", text)


def visible(text: str) -> str:
    r"""Return a text with a visible character for each that would be invisible or take more space.

    >>> visible("a\tb\x1b[0m\u200b\u00a0")
    'a b·[0m·␣'
    """
    return text if text.isprintable() else "".join(map(_visible, text))


def _visible(character: str) -> str:
    if character in "\t ":
        return " "
    if character.isprintable():
        return character
    return "␣" if unicodedata.category(character) == "Zs" else "·"


def in_one_line(text: str) -> str:
    r"""Return a text with an escape for each character that is not printed, such as a line end.

    >>> in_one_line("a\n\x1b[0m\u202e")
    'a\\n\\x1b[0m\\u202e'
    """
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def as_json(values: Any, indent: int | None = None) -> str:
    r"""Return values as JSON that can be read by people, and in which a terminal obeys nothing.

    >>> as_json({"é": "\x7f\u202e"})
    '{"é": "\\u007f\\u202e"}'
    """
    return json_escaped(json.dumps(values, ensure_ascii=False, indent=indent))


def json_escaped(text: str) -> str:
    """Return the same values as JSON in which a terminal obeys nothing."""
    return _OBEYED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def xml_escaped(text: str) -> str:
    """Return XML of the same content, with references to what a terminal would obey.

    The text must hold only characters that XML allows, and those outside of ASCII in content only.
    """
    return _OBEYED.sub(lambda match: f"&#x{ord(match[0]):x};", text)
