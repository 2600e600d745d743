"""YAML's quoted and plain scalars: escapes, and line ends that fold."""

import re

from flaglift.check.hosts.formats.codec import Escaped, character

_SIMPLE = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f",
    "r": "\r", "e": "\x1b", " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0",
    "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_FOLD = rb"[ \t]*\r?\n(?:[ \t]*\r?\n)*[ \t]*"
_WRAP = rb"\r?\n(?:[ \t]*\r?\n)*[ \t]*"
_ESCAPE = rb"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|" + _WRAP + rb"|[\x00-\x7f])"


def _fold(raw: bytes) -> str:
    return "\n" * (raw.count(b"\n") - 1) or " "


def _single(raw: bytes) -> str:
    return "'" if raw == b"''" else _fold(raw)


def _double(raw: bytes) -> str | None:
    if raw[:1] != b"\\":
        return _fold(raw)
    text = raw.decode()
    if text[1] in "\r\n":
        return "\n" * (text.count("\n") - 1)
    if text[1] in "xuU" and len(text) > 2:
        return character(text[2:])
    return _SIMPLE.get(text[1])


_CONTROLS = [*range(9), 11, 12, *range(14, 32), 127]
_WRITTEN = {code: f"\\x{code:02x}" for code in _CONTROLS} | {
    **{ord(c): f"\\{letter}" for letter, c in ("n\n", "r\r", "t\t", '""', "\\\\", "N\x85")},
    0x2028: "\\L",
    0x2029: "\\P",
}
REFUSED = r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029]"
"""Controls, and what some readers take for a line end."""
_LINE = re.compile(REFUSED + r"|[\n\t]")

FORMS = {
    '"': Escaped('YAML string "', re.compile(_ESCAPE + b"|" + _FOLD), _double, _WRITTEN),
    "'": Escaped("YAML string '", re.compile(rb"''|" + _FOLD), _single, {39: "''"}, _LINE),
    "": Escaped("YAML plain scalar", re.compile(_FOLD), _fold, {}, _LINE),
}
"""By the style that the reader gives a scalar."""
