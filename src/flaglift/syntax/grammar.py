"""Opens `grammar/legacy_video.lark`, the only definition of the dialect. The only importer of lark.

Lark is loaded with the first text that is parsed: whose texts hold no flags does not wait for it.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from flaglift.syntax.flags import FlagName

if TYPE_CHECKING:
    from lark import Lark

_FILE = ("flaglift.grammar", "legacy_video.lark")
_STARTS = ["lines", "words", "markup", "pieces"]

_terminals: dict[str, str] = {}
"""The terminals of the grammar, once it has been opened."""


class Token(Protocol):
    """A token, as Lark makes them for a text."""

    @property
    def type(self) -> str:
        """The terminal."""

    @property
    def value(self) -> str:
        """The text of the token, as a plain string."""

    @property
    def start_pos(self) -> int:
        """Where it begins, in code points."""


Parse = Callable[[str, str], Any]
"""Parses a text by a start rule of the grammar. Never raises: each start rule is total."""


def parser(transformer: object) -> Parse:
    """Return the LALR parser of the grammar, with a transformer that makes the nodes inline.

    The transformer's methods are named like the rules and terminals that they are for.
    """
    from lark import Lark  # noqa: PLC0415 (see the module's docstring)

    lark = Lark.open_from_package(
        *_FILE,
        parser="lalr",
        lexer="contextual",
        start=_STARTS,
        keep_all_tokens=True,
        transformer=transformer,
    )
    _keep_terminals(lark)
    return lark.parse


def pattern(terminal: str) -> str:
    """Return the regular expression of a terminal as text, to be a part of another."""
    if not _terminals:
        from lark import Lark  # noqa: PLC0415

        _keep_terminals(Lark.open_from_package(*_FILE, parser="lalr", start=_STARTS))
    return _terminals[terminal]


def _keep_terminals(lark: "Lark") -> None:
    terminals = {each.name: each.pattern.to_regexp() for each in lark.terminals}
    check_flags(terminals)
    _terminals.update(terminals)


def check_flags(terminals: Mapping[str, str]) -> None:
    """See that the grammar knows the flags of the table by the same words.

    Raises `ValueError` for one that it does not.
    """
    for flag in FlagName:
        if not re.match(terminals.get(flag.name, r"(?!)"), flag.word):
            raise ValueError(
                f"the table of flags has {flag.word}, which is not what the grammar's terminal"
                f" {flag.name} matches"
            )


@cache
def expression(*terminals: str) -> re.Pattern[str]:
    """Return the regular expression of a terminal, or of the first of several that matches.

    For who looks for one thing only, such as the words of a text. The groups are named like the
    terminals.

    >>> expression("WORD").match('"a b"c d')[0]
    '"a b"c'
    """
    return re.compile("|".join(f"(?P<{name}>{pattern(name)})" for name in terminals))
