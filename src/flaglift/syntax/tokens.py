"""Text to tokens, by the grammar. The only module that knows lark.

Each level of the grammar is a flat repetition of terminals, so its tokens can be found by one
expression made of those terminals, in lark's own order. That is what `tokens` does, several times
faster than the LALR parser; a property test holds the two equal, and `parsed_tokens` is the judge.

The expressions of the terminals are written down beside the grammar (`make grammar`), so that
nobody waits for lark who only reads prompts; a test holds that file equal to the grammar.
"""

import json
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lark import Lark

LEVELS = ("outline", "segment", "markup", "words", "word")
"""The start rules of the grammar."""


def tokens(text: str, level: str) -> list[tuple[str, str]]:
    """Cut a text into `(terminal, piece)` pairs by one start rule of the grammar.

    The pieces joined are the text, whatever it holds: the grammar is total.

    >>> tokens("a --video", "segment")
    [('TEXT', 'a '), ('VIDEO', '--video')]
    """
    return [(str(found.lastgroup), found[0]) for found in _expression(level).finditer(text)]


def word_at(text: str, position: int) -> str:
    """Return the word, as written, that begins at a position; empty where none does (1.1).

    >>> word_at('a "b c"d e', 2)
    '"b c"d'
    """
    found = _word().match(text, position)
    return found[0] if found else ""


def is_group(text: str) -> bool:
    """Tell whether a text is one pair of quotes with what stands between (1.2)."""
    return _group().fullmatch(text) is not None


@cache
def terminals(level: str) -> dict[str, str]:
    """Return the regular expressions of a level's terminals by name, in the order to try them."""
    written = (files("flaglift.grammar") / "terminals.json").read_text("utf-8")
    found: dict[str, dict[str, str]] = json.loads(written)
    return found[level]


@cache
def _expression(level: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?P<{name}>{raw})" for name, raw in terminals(level).items()))


@cache
def _word() -> re.Pattern[str]:
    return re.compile(terminals("words")["WORD"])


@cache
def _group() -> re.Pattern[str]:
    return re.compile(terminals("word")["GROUP"])


# ---- The grammar itself -------------------------------------------------------------------------


@cache
def _grammar() -> "Lark":
    from lark import Lark  # noqa: PLC0415 (only the judge and `make grammar` need it)

    return Lark.open_from_package(
        "flaglift.grammar",
        "legacy_video.lark",
        parser="lalr",
        lexer="contextual",
        start=list(LEVELS),
        keep_all_tokens=True,
    )


def parsed_tokens(text: str, level: str) -> list[tuple[str, str]]:
    """Return what `tokens` returns, by the LALR parser.

    Raises `lark.exceptions.UnexpectedInput` should the grammar not be total.
    """
    from lark import Token  # noqa: PLC0415

    tree = _grammar().parse(text, start=level)
    leaves = tree.scan_values(lambda leaf: isinstance(leaf, Token))
    return [(token.type, str(token)) for token in leaves]


def parsed_terminals(level: str) -> dict[str, str]:
    """Return what `terminals` returns, from the grammar."""
    grammar = _grammar()
    names = _names(grammar, level)
    found = [terminal for terminal in grammar.terminals if terminal.name in names]
    # The order in which lark's lexers try terminals.
    found.sort(key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name))
    return {terminal.name: terminal.pattern.to_regexp() for terminal in found}


def _names(grammar: "Lark", rule: str) -> set[str]:
    """Return the names of the terminals that a rule is made of."""
    names: set[str] = set()
    todo, seen = [rule], {rule}
    while todo:
        origin = todo.pop()
        for production in grammar.rules:
            if production.origin.name == origin:
                for symbol in production.expansion:
                    if symbol.is_term:
                        names.add(symbol.name)
                    elif symbol.name not in seen:
                        seen.add(symbol.name)
                        todo.append(symbol.name)
    return names
