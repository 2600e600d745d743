"""Text to tokens, by the grammar. The only module that knows lark.

Each level of the grammar is a flat repetition of terminals, so its tokens can be found by one
expression made of those terminals, in lark's own order. That is what `tokens` does, several times
faster than the LALR parser; a property test holds the two equal, and `parsed_tokens` is the judge.
"""

import re
from functools import cache

from lark import Lark, Token
from lark.grammar import Terminal

LEVELS = ("outline", "segment", "markup", "words", "word")
"""The start rules of the grammar."""


@cache
def _grammar() -> Lark:
    # Built at the first prompt, so that importing costs nothing.
    return Lark.open_from_package(
        "flaglift.grammar",
        "legacy_video.lark",
        parser="lalr",
        lexer="contextual",
        start=list(LEVELS),
        keep_all_tokens=True,
    )


def tokens(text: str, level: str) -> list[tuple[str, str]]:
    """Cut a text into `(terminal, piece)` pairs by one start rule of the grammar.

    The pieces joined are the text, whatever it holds: the grammar is total.

    >>> tokens("a --video", "segment")
    [('TEXT', 'a '), ('VIDEO', '--video')]
    """
    return [(str(found.lastgroup), found[0]) for found in _expression(level).finditer(text)]


def parsed_tokens(text: str, level: str) -> list[tuple[str, str]]:
    """Return what `tokens` returns, by the LALR parser.

    Raises `lark.exceptions.UnexpectedInput` should the grammar not be total.
    """
    tree = _grammar().parse(text, start=level)
    leaves = tree.scan_values(lambda leaf: isinstance(leaf, Token))
    return [(token.type, str(token)) for token in leaves]


def word_at(text: str, position: int) -> str:
    """Return the word, as written, that begins at a position; empty where none does (1.1).

    >>> word_at('a "b c"d e', 2)
    '"b c"d'
    """
    found = _word().match(text, position)
    return found[0] if found else ""


@cache
def _word() -> re.Pattern[str]:
    return re.compile(_grammar().get_terminal("WORD").pattern.to_regexp())


@cache
def _expression(level: str) -> re.Pattern[str]:
    grammar = _grammar()
    names = _terminals(grammar, level)
    terminals = [terminal for terminal in grammar.terminals if terminal.name in names]
    # The order in which lark's lexers try terminals.
    terminals.sort(key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name))
    return re.compile("|".join(f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in terminals))


def _terminals(grammar: Lark, rule: str) -> set[str]:
    """Return the names of the terminals that a rule is made of."""
    names: set[str] = set()
    todo, seen = [rule], {rule}
    while todo:
        origin = todo.pop()
        for production in grammar.rules:
            if production.origin.name == origin:
                for symbol in production.expansion:
                    if isinstance(symbol, Terminal):
                        names.add(symbol.name)
                    elif symbol.name not in seen:
                        seen.add(symbol.name)
                        todo.append(symbol.name)
    return names
