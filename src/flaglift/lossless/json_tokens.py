"""The tokens of JSON and of JSON5, as bytes of a UTF-8 document, and the values of strings."""

import json
import re
from typing import Any, NamedTuple

# Non-ASCII white space of JSON5, and its line terminators U+2028 and U+2029.
_WIDE_BLANK = (
    rb"\xc2\xa0|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80|\xef\xbb\xbf"
)
# An unclosed comment extends to the end of the document, so that nothing is searched twice.
COMMENT = rb"//(?:[^\n\r\xe2]|\xe2(?!\x80[\xa8\xa9]))*+|/\*(?:[^*]|\*(?!/))*+(?:\*/|\*?\Z)"
_BLANK = rb"(?:[ \t\n\r]++|[\x0b\x0c]|" + _WIDE_BLANK + rb"|" + COMMENT + rb")*+"
_MISSPELT = rb'"(?:[^"\\\n\r]++|\\[^\n\r])*+"' + rb"|'(?:[^'\\\n\r]++|\\[^\n\r])*+'"
WORD = rb"(?:[^\x00-\x20\x7f\"',:/\[\]{}\x80-\xff]|(?!" + _WIDE_BLANK + rb")[\x80-\xff])++"


def _token(blank: bytes, string: bytes, comment: bytes) -> re.Pattern[bytes]:
    kinds = (
        string,
        rb"[{\[]",
        rb"[}\]]",
        rb",",
        rb":",
        WORD,
        comment,
        _MISSPELT,
        rb"[\"'][^\n\r]*+",
    )
    # The end and any other byte are tokens too, so that a search never scans further.
    groups = b"|".join(b"(" + kind + b")" for kind in (*kinds, rb".", rb"\Z"))
    return re.compile(blank + b"(?:" + groups + b")", re.DOTALL)


class Grammar(NamedTuple):
    """The syntax that a document may use."""

    token: re.Pattern[bytes]
    """White space and one token; the groups are the token kinds of `Reader`."""
    word: re.Pattern[bytes]
    """Numbers and constants."""
    relaxed: bool
    """Whether trailing commas are allowed, and keys may be identifiers."""


_EXPONENT = rb"(?:[eE][+-]?[0-9]+)?"
_WORD = rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?" + _EXPONENT + rb"|true|false|null"
JSON = Grammar(
    _token(
        rb"[ \t\n\r]*+",
        rb'"(?:[^"\\\x00-\x1f]++|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*+"',
        rb"(?!)",
    ),
    re.compile(_WORD),
    relaxed=False,
)
"""RFC 8259."""
PYTHON = JSON._replace(word=re.compile(_WORD + rb"|-?Infinity|NaN"))
"""JSON with the additional constants that Python's `json` reads and writes."""
_ESCAPE5 = rb"\\(?:\r\n|[^\r0-9ux]|\r(?!\n)|0(?![0-9])|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4})"
JSON5 = Grammar(
    _token(
        rb"(?:[ \t\n\r\x0b\x0c]++|" + _WIDE_BLANK + rb")*+",
        rb'"(?:[^"\\\n\r]++|' + _ESCAPE5 + rb""")*+"|'(?:[^'\\\n\r]++|""" + _ESCAPE5 + rb")*+'",
        COMMENT,
    ),
    re.compile(
        rb"[+-]?(?:0[xX][0-9a-fA-F]+|(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)"
        + _EXPONENT
        + rb"|Infinity|NaN)|true|false|null"
    ),
    relaxed=True,
)
"""A superset of JSON with comments, of JSON with trailing commas, and of Python's JSON."""

_VALID_STRING = 1
"""The group of a token that is a well-formed string."""

_ESCAPE = re.compile(
    r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r\n|[\n\r\u2028\u2029])|(.))", re.DOTALL
)
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "0": "\0"}

_SKIPPED = re.compile(_BLANK)


def skip_blanks(data: bytes, position: int) -> int:
    """Return the position of the next byte that is neither white space nor in a comment."""
    return _SKIPPED.match(data, position).end()  # type: ignore[union-attr]


def decoded(raw: bytes) -> str | None:
    r"""Return the text that a string or a key spells; None if it is not well-formed.

    >>> decoded(rb'"caf\u00e9"'), decoded(rb"'it\'s'"), decoded(b"key"), decoded(rb'"\u12"')
    ('café', "it's", 'key', None)
    """
    quoted = raw[:1] in (b'"', b"'")
    try:
        if b"\\" not in raw:
            return raw[1:-1].decode() if quoted else raw.decode()
        token = JSON5.token.fullmatch(raw) if quoted else None
        if quoted and (token is None or token.lastindex != _VALID_STRING):
            return None
        text = _ESCAPE.sub(_unescaped, (raw[1:-1] if quoted else raw).decode())
    except UnicodeDecodeError:
        return None
    # The two halves of a surrogate pair are escaped separately.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _unescaped(escape: re.Match[str]) -> str:
    digits = escape[1] or escape[2]
    if digits:
        return chr(int(digits, 16))
    return "" if escape[3] else _LETTERS.get(escape[4], escape[4])


def is_identifier(raw: bytes) -> bool:
    """Return whether a word is an identifier, as for unquoted keys in JSON5."""
    name = (decoded(raw) or "").replace("$", "_").replace("\u200c", "").replace("\u200d", "")
    return name.isidentifier()


# Reused encoders: with non-default options, `json.dumps` makes a new one for each call.
_ENCODE = {only: json.JSONEncoder(ensure_ascii=only).encode for only in (False, True)}


def encoded(value: Any, *, ascii_only: bool) -> bytes:
    """Return a value as JSON; a lone surrogate, which UTF-8 cannot encode, is escaped."""
    try:
        return encoded_text(value, ascii_only=ascii_only).encode()
    except UnicodeEncodeError:
        return _ENCODE[True](value).encode()


def encoded_text(value: Any, *, ascii_only: bool) -> str:
    """Return a value as the text of its JSON."""
    return _ENCODE[ascii_only](value)
