"""Turns tokens and rules of the grammar into AST nodes. Methods have the names of either.

Positions are relative to the parsed text: a whole prompt, or one keyframe of it.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from flaglift.syntax.flags import FlagName, completions
from flaglift.syntax.grammar import makes_nodes, parser
from flaglift.syntax.nodes import (
    Abbreviation,
    DoubleDash,
    Flag,
    HelpFlag,
    Node,
    OtherFlag,
    QuotedFlag,
    Quoting,
    Text,
    Unclosed,
    UnknownFlag,
    Value,
)
from flaglift.syntax.prompt import Segment
from flaglift.syntax.words import is_escaped, read_word, unescape, unquote

if TYPE_CHECKING:
    from flaglift.syntax.lalr import Token

_NUMBER = re.compile(r"-\d+$|-\d*\.\d+$|-\Z")
"""Words that begin with a dash but are values (2.5), as argparse recognizes them."""

_NAME_END = re.compile(r"[= \t\r\n]")
_NAMES = {flag.name: flag for flag in FlagName}

Child = Node | tuple[Node, ...]
"""A node, or a flag with the text after it."""


class Lines(NamedTuple):
    """A text split at separator lines, and its settings."""

    pieces: list[str]
    """Segment, separator, segment, ... , segment."""
    settings: list[str]
    """The lines of the settings block."""


@makes_nodes
class Tree:
    """The result for each rule and each terminal."""

    # ---- Words (1, 2) ---------------------------------------------------------------------------

    def words(self, children: list[Child | list[Node]]) -> Segment:
        """Return a segment for the words of one prompt or keyframe."""
        read: list[Node] = []
        late: list[Node] = []
        for child in children:
            if isinstance(child, Node):
                read.append(child)
            elif isinstance(child, tuple):
                read += child
            else:
                late = child
        return Segment(0, (*read, *late), _flags(read), _flags(late))

    def late(self, children: list[Child]) -> list[Node]:
        """Return the nodes from a bare `--` on, where no flags are read (2.9)."""
        nodes: list[Node] = []
        for child in children:
            nodes += child if isinstance(child, tuple) else (child,)
        return nodes

    def flag(self, children: "list[Token]") -> Child:
        """Return a flag with its value; if the next word is not a value, it is text again (2.5)."""
        name = children[0]
        flag = _NAMES[name.type]
        start, raw = name.start_pos, name.value
        if len(children) == 1:
            return Flag(start, raw, flag, None)
        gap = children[1].value
        head = raw + gap
        if len(children) == 2:
            return Flag(start, head, flag, Value(start + len(head), "", "", Quoting.NONE))
        value = _value(children[2])
        if gap == "=":
            # No parser takes `--` as a value (2.9), but `--video` may not have one anyway (2.4).
            missing = value.text == "--" and flag.takes_value
            return Flag(start, head + value.raw, flag, None if missing else value)
        if _is_value(value):
            return Flag(start, head + value.raw, flag, value)
        return Flag(start, raw, flag, None), Text(start + len(raw), gap + value.raw)

    def TEXT(self, token: "Token") -> Text:  # noqa: N802 (the terminal)
        """Return words that are not flags."""
        return Text(token.start_pos, token.value)

    def DOUBLE_DASH(self, token: "Token") -> DoubleDash:  # noqa: N802
        """Return the node that ends the flags (2.9)."""
        return DoubleDash(token.start_pos, token.value)

    def HELP(self, token: "Token") -> Node:  # noqa: N802
        """Return a word that stops the service's parser (2.12), or one that only looks like it."""
        raw = token.value
        return (HelpFlag if _asks_for_help(unquote(raw)) else Text)(token.start_pos, raw)

    def DASH_NAME(self, token: "Token") -> Node:  # noqa: N802
        """Return the beginning of a flag's name (2.8), or an unknown word (2.11)."""
        names = completions(token.value)
        if names:
            return Abbreviation(token.start_pos, token.value, names)
        return UnknownFlag(token.start_pos, token.value)

    def DASH_WORD(self, token: "Token") -> Node:  # noqa: N802
        """Return a flag written with quotes or backslashes (2.10), or whatever else the word is."""
        raw = token.value
        text = unquote(raw)
        if raw != text and completions(text):  # `--` is the beginning of all flags
            return QuotedFlag(token.start_pos, raw, text)
        if _asks_for_help(text):
            return HelpFlag(token.start_pos, raw)
        return (UnknownFlag if raw.startswith("--") else Text)(token.start_pos, raw)

    def UNCLOSED_QUOTE(self, token: "Token") -> Unclosed:  # noqa: N802
        """Return the node that makes a prompt unreadable (1.4)."""
        return Unclosed(token.start_pos, token.value)

    LAST_BACKSLASH = UNCLOSED_QUOTE

    def OTHER_SWITCH(self, token: "Token") -> OtherFlag:  # noqa: N802
        """Return a flag of the service that stays in the text, with its words (2.11)."""
        return _other_flag(token, wants_one=False, wants_more=False)

    def OTHER_OPTION(self, token: "Token") -> OtherFlag:  # noqa: N802
        """Return one with the single word that it takes."""
        return _other_flag(token, wants_one=True, wants_more=False)

    def OTHER_LIST(self, token: "Token") -> OtherFlag:  # noqa: N802
        """Return one with the list of words that it takes."""
        return _other_flag(token, wants_one=False, wants_more=True)

    # ---- Lines (5.2, 5.3) -----------------------------------------------------------------------

    def lines(self, children: "list[Token | list[str]]") -> Lines:
        """Return the segments with the separators between them, and the settings block."""
        settings: list[str] = []
        pieces: list[list[str]] = [[]]
        before = ""
        for token in children:
            if isinstance(token, list):
                settings = token
                break
            raw = token.value
            if token.type == "KEYFRAME" and not _goes_on(before):
                pieces += [[raw], []]
            else:
                pieces[-1].append(raw)
            before = raw if token.type == "SETTING" else ""
        return Lines(["".join(piece) for piece in pieces], settings)

    def settings(self, children: "list[Token]") -> list[str]:
        """Return the lines of the settings block."""
        return [token.value for token in children]

    # ---- Flat rules -----------------------------------------------------------------------------

    def markup(self, children: "list[Token]") -> "list[Token]":
        """Return references, text that looks like a flag, and the text in between."""
        return children


def _value(token: "Token") -> Value:
    raw = token.value
    if token.type == "BARE":
        return Value(token.start_pos, raw, raw, Quoting.NONE)
    if token.type == "QUOTED":
        return Value(token.start_pos, raw, unescape(raw[1:-1]), Quoting.QUOTED)
    return Value(token.start_pos, raw, *read_word(raw))


def _is_value(word: Value) -> bool:
    """Return whether the word after a flag is its value (2.5)."""
    if word.text[:1] != "-" or _NUMBER.match(word.text):
        return True
    return word.quoting is Quoting.QUOTED and word.text != "--"


def _asks_for_help(word: str) -> bool:
    """Return whether argparse takes an unquoted word for `-h` or `--help` (2.12)."""
    return word.startswith("-h") or word.partition("=")[0] in ("--h", "--he", "--hel", "--help")


def _other_flag(token: "Token", *, wants_one: bool, wants_more: bool) -> OtherFlag:
    raw = token.value
    name = _NAME_END.split(raw, maxsplit=1)[0]
    open_ = (wants_one and name == raw) or (wants_more and raw[len(name) : len(name) + 1] != "=")
    return OtherFlag(token.start_pos, raw, name, open_)


def _flags(nodes: Iterable[Node]) -> tuple[Flag, ...]:
    return tuple([node for node in nodes if type(node) is Flag])


def _goes_on(line: str) -> bool:
    """Return whether a backslash makes the line's end a part of a word (1.3)."""
    return is_escaped(line, len(line.rstrip("\r\n")))


# ---- Parsing ------------------------------------------------------------------------------------


def parse_words(text: str) -> Segment:
    """Return the segment for a text without keyframes and settings block."""
    segment: Segment = parser()(text, "words")
    return segment


def parse_lines(text: str) -> Lines:
    """Return the segments, separators and settings of a text."""
    lines: Lines = parser()(text, "lines")
    return lines


def parse_markup(text: str) -> "list[Token]":
    """Return a text as tokens: references, text that looks like a flag, and the rest."""
    tokens: list[Token] = parser()(text, "markup")
    return tokens
