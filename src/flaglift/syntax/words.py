"""Words: removing and adding quotes and escapes (dialect sections 1.1 to 1.3)."""

import re
from collections.abc import Iterator

from flaglift.errors import LoweringError
from flaglift.syntax.grammar import expression
from flaglift.syntax.nodes import Quoting

WHITESPACE = " \t\r\n"
"""The characters that separate words; there are no others (1.1)."""

_GROUP_ESCAPE = re.compile(r'\\(["\\])')


def unquote(raw: str) -> str:
    r"""Return a word without its quotes and escapes.

    >>> unquote(r'a"b c"d'), unquote(r'\"hi'), unquote(r'"6\" heel"'), unquote('it"\'"s')
    ('ab cd', '"hi', '6" heel', "it's")
    """
    return read_word(raw)[0]


def quoting(raw: str) -> Quoting:
    """Return how a word is quoted.

    >>> quoting("smile"), quoting('"she smiles"'), quoting('she" smiles"')
    (<Quoting.NONE: 'none'>, <Quoting.QUOTED: 'quoted'>, <Quoting.MIXED: 'mixed'>)
    """
    return read_word(raw)[1]


def read_word(raw: str) -> tuple[str, Quoting]:
    """Return a word without its quotes and escapes, and how it is quoted."""
    if '"' not in raw and "\\" not in raw:
        return raw, Quoting.NONE
    if expression("GROUP").fullmatch(raw):
        return unescape(raw[1:-1]), Quoting.QUOTED
    return expression("GROUP", "ESCAPED").sub(_plain, raw), Quoting.MIXED


def _plain(piece: re.Match[str]) -> str:
    """Return the plain text of a quoted group or an escaped character."""
    return unescape(piece[0][1:-1]) if piece[1] else piece[0][1]


def escapes(text: str) -> Iterator[tuple[int, str]]:
    r"""Yield the characters escaped by backslashes outside quotes, as `(offset, as written)`.

    None are yielded after an unclosed quote.

    >>> list(escapes(r'a\'b "c\'d" \e'))
    [(1, "\\'"), (12, '\\e')]
    """
    for piece in expression("GROUP", "ESCAPED", "UNCLOSED_QUOTE").finditer(text):
        if piece.lastgroup == "UNCLOSED_QUOTE":
            return
        if piece.lastgroup == "ESCAPED":
            yield piece.start(), piece[0]


def quote(text: str) -> str:
    r"""Return a value written so that it reads as `text`, quoted only if necessary.

    >>> quote("smile"), quote("she smiles"), quote('a 6" heel'), quote("")
    ('smile', '"she smiles"', '"a 6\\" heel"', '""')

    Raises `LoweringError` for `--`, which no parser takes as a value.
    """
    if text == "--":
        raise LoweringError("the value `--` cannot be written: it ends the flags (2.9)")
    if text and text[0] != "-" and not any(c in text for c in WHITESPACE + '"\\'):
        return text
    return group(text)


def group(text: str) -> str:
    r"""Return a text in quotes, whether necessary or not.

    >>> group("smile"), group('a 6" heel')
    ('"smile"', '"a 6\\" heel"')
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def unescape(text: str) -> str:
    r"""Return the plain text for the content of a pair of quotes (1.3).

    >>> unescape(r'a 6\" heel'), unescape(r"a\b")
    ('a 6" heel', 'a\\b')
    """
    return _GROUP_ESCAPE.sub(r"\1", text)


def is_escaped(text: str, position: int) -> bool:
    r"""Return whether a backslash outside quotes escapes the character at a position (1.3).

    >>> is_escaped("a\\ b", 2), is_escaped("a\\\\ b", 3)
    (True, False)
    """
    start = position
    while start and text[start - 1] == "\\":
        start -= 1
    return (position - start) % 2 == 1


def ends_word(text: str, position: int) -> bool:
    """Return whether a word that extends to a position ends there (1.1).

    >>> ends_word("a cat", 1), ends_word("a cat", 5), ends_word("a cat", 3)
    (True, True, False)
    """
    return position == len(text) or text[position] in WHITESPACE


def following_value(text: str, position: int, end: int) -> tuple[int, str] | None:
    """Return the word after one that ends at a position, as `(start, word as written)`.

    None if there is none before `end`, or if it begins with two dashes and cannot be a value.

    >>> following_value("--video_model  kling25 x", 13, 24)
    (15, 'kling25')
    >>> following_value("--video_model --video", 13, 21) is None
    True
    """
    start = position
    while start < end and text[start] in WHITESPACE:
        start += 1
    word = word_at(text, start) if position < start < end else ""
    dashed = word[:1] != '"' and unquote(word).startswith("--")
    return (start, word) if word and not dashed else None


def split_words(raw: str) -> list[tuple[int, str]]:
    """Return the words of a text as `(offset, word as written)`.

    >>> split_words(' a  "b c"d')
    [(1, 'a'), (4, '"b c"d')]
    """
    words = expression("WORD", "UNCLOSED_QUOTE", "LAST_BACKSLASH").finditer(raw)
    return [(word.start(), word[0]) for word in words]


def word_at(text: str, position: int) -> str:
    """Return the word, as written, that begins at a position; empty if none does (1.1).

    >>> word_at('a "b c"d e', 2)
    '"b c"d'
    """
    word = expression("WORD").match(text, position)
    return word[0] if word else ""
