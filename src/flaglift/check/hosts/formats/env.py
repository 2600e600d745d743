"""Files of environment variables (`.env`), as python-dotenv reads them.

Readers differ in escapes, dollar signs and number signs: anything they may read differently is not
written, and a value that contains it is not edited.
"""

import re
from functools import partial

from flaglift.check.hosts.base import Around, Comment, Literal, Origin
from flaglift.check.hosts.formats.codec import Escaped, backslashed, stripped
from flaglift.lossless.spans import Span

_KEY = rb"(?:export[^\S\r\n]+)?(?:'[^'\r\n]+'|[^=#\s'][^=#\s]*)[^\S\r\n]*"
_VALUE = (
    rb"'(?P<single>(?:\\[\s\S]|[^'\\])*+)'|\"(?P<double>(?:\\[\s\S]|[^\"\\])*+)\""
    rb"|(?P<bare>(?!['\"])[^\r\n]*)"
)
_LINE = re.compile(
    rb"[^\S\r\n]*(?:(?P<key>" + _KEY + rb")=[^\S\r\n]*+(?:" + _VALUE + rb"))?"
    rb"(?P<rest>[^\r\n]*)(?:\r\n|\n|\r|\Z)"
)
_BEHIND = re.compile(rb"(?<=[^\S\r\n])#")
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_FORMS = {
    "single": Escaped(
        "value in '", re.compile(rb"\\[\\']"), lambda raw: raw[1:].decode(), {},
        re.compile(r"[\r\n\0'\\$]"), universal=False,
    ),
    "double": Escaped(
        'value in "', re.compile(rb"\\[\\'\"abfnrtv]"),
        lambda raw: _SIMPLE.get(raw[1:].decode(), raw[1:].decode()), backslashed(['""', "n\n"]),
        re.compile(r"[\r\0\\$`]"), universal=False,
    ),
    "bare": Escaped(
        "value without quotes", re.compile(rb"(?!)"), lambda _: None, {},
        re.compile(r"[\r\n\0'#$`\\]"), universal=False,
    ),
}  # fmt: skip
_DOUBTFUL = {
    "single": re.compile(rb"\\"),
    "double": re.compile(rb"\\(?![\"n])|[$`](?!\{)"),
    "bare": re.compile(rb"#|['\"`\\]|\$(?!\{)"),
}
DOUBTFUL = "readers of such files read it differently"


class EnvHost:
    """A file of variables."""

    name = "env"

    def literals(self, data: bytes) -> list[Literal]:
        """Return the values, in order."""
        literals = []
        for match in _lines(data):
            kind = next((kind for kind in _FORMS if match[kind] is not None), None)
            if kind is None:
                continue
            inside = Span(*match.span(kind))
            if kind == "bare":
                behind = _BEHIND.search(data, *inside)
                text = data[inside.start : behind.start() if behind else inside.end].rstrip()
                inside = Span(inside.start, inside.start + len(text))
            elif match["rest"].strip() and not match["rest"].lstrip().startswith(b"#"):
                continue  # rejected by every reader
            literals.append(_literal(data, match, kind, inside))
        return literals

    def comments(self, data: bytes) -> list[Comment]:
        """Return the comments, in order."""
        comments = []
        for match in _lines(data):
            start, end = match.span("rest")
            if match["bare"] is not None:
                start, end = match.span("bare")
                behind = _BEHIND.search(data, start, end)
                start = behind.start() if behind else end
            text = data[start:end]
            if text.lstrip().startswith(b"#"):
                start += len(text) - len(text.lstrip())
                comments.append(Comment(start, end, stripped(data[start:end])))
        return comments


def _literal(data: bytes, match: re.Match[bytes], kind: str, inside: Span) -> Literal:
    key = match["key"].decode().removeprefix("export").strip(" \t'")
    quoted = kind != "bare"
    doubtful = _DOUBTFUL[kind].search(data, *inside)
    return Literal(
        host="env",
        form=_FORMS[kind],
        start=inside.start - quoted,
        end=inside.end + quoted,
        inside=inside.start,
        pieces=tuple(_FORMS[kind].pieces(data, inside).pieces),
        look=partial(Around, Origin("value", key), DOUBTFUL if doubtful else ""),
        source=data,
    )


def _lines(data: bytes) -> list[re.Match[bytes]]:
    lines = []
    position = 0
    while position < len(data) and (match := _LINE.match(data, position)):
        lines.append(match)
        position = match.end()
    return lines


def make(name: str) -> EnvHost:  # noqa: ARG001
    """Return the host."""
    return EnvHost()
