"""Tokens to nodes, for the words that begin with dashes (dialect section 2)."""

import re

from flaglift.syntax.nodes import (
    Abbreviation,
    Flag,
    FlagName,
    Node,
    OtherFlag,
    QuotedFlag,
    Quoting,
    Text,
    UnknownFlag,
    Value,
)
from flaglift.syntax.words import WHITESPACE, read_word, unquote

_NUMBER = re.compile(r"-\d+$|-\d*\.\d+$|-\Z")
"""What begins with a dash and is a value all the same (2.5), as argparse knows it."""

_NAME_END = re.compile(r"[= \t\r\n]")
_SECONDS = re.compile(r"[+-]?[0-9]+")
_MOST_DIGITS = 4300
"""More digits than Python turns into an integer; the reference refuses them too."""


def flag(start: int, raw: str, name: FlagName) -> list[Node]:
    """Return the flag with its value; a next word that is no value becomes text again (2.5)."""
    head = 2 + len(name)
    rest = raw[head:]
    if not rest:
        return [Flag(start, raw, name, None)]
    written = rest[1:] if rest[0] == "=" else rest.lstrip(WHITESPACE)
    value = Value(start + len(raw) - len(written), written, *read_word(written))
    if rest[0] == "=":
        # `--` is no value to any reader (2.9), but `--video` may not have one either (2.4).
        missing = value.text == "--" and name != FlagName.VIDEO
        return [Flag(start, raw, name, None if missing else value)]
    if _is_value(value):
        return [Flag(start, raw, name, value)]
    return [Flag(start, raw[:head], name, None), Text(start + head, rest)]


def _is_value(word: Value) -> bool:
    """Tell whether the word after a flag is its value (2.5)."""
    if word.text[:1] != "-" or _NUMBER.match(word.text):
        return True
    return word.quoting == Quoting.QUOTED and word.text != "--"


def seconds(text: str) -> int | None:
    """Return a duration in seconds; None when it is no whole number (2.7).

    >>> seconds("+5"), seconds("5s"), seconds("1_0")
    (5, None, None)
    """
    if len(text) <= _MOST_DIGITS and _SECONDS.fullmatch(text):
        return int(text)
    return None


def abbreviation(start: int, raw: str) -> Abbreviation:
    """Return which flags a beginning may stand for (2.8)."""
    return Abbreviation(start, raw, _completions(raw))


def other_flag(start: int, raw: str, terminal: str) -> OtherFlag:
    """Return a flag of the service that stays in the text, with its words (2.11)."""
    name = _NAME_END.split(raw, maxsplit=1)[0]
    wants_one = terminal == "OTHER_OPTION" and name == raw
    wants_more = terminal == "OTHER_LIST" and raw[len(name) : len(name) + 1] != "="
    return OtherFlag(start, raw, name, wants_one or wants_more)


def dash_word(start: int, raw: str) -> Node:
    """Return what any other word is that begins with dashes (2.10, 2.11)."""
    text = unquote(raw)
    if raw != text and _completions(text):  # `--` is the beginning of them all
        return QuotedFlag(start, raw, text)
    return UnknownFlag(start, raw) if raw.startswith("--") else Text(start, raw)


def _completions(word: str) -> tuple[FlagName, ...]:
    name = word.partition("=")[0]
    if not name.startswith("--"):
        return ()
    if name[2:] in set(FlagName):
        return (FlagName(name[2:]),)
    return tuple(flag for flag in FlagName if flag.startswith(name[2:]))
