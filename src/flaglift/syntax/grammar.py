"""Opens `grammar/legacy_video.lark`, the only definition of the dialect. The only importer of lark.

Lark is loaded with the first text that is parsed: whose texts hold no flags does not wait for it.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from flaglift.syntax.flags import FlagName

if TYPE_CHECKING:
    from lark import Lark

_FILE = ("flaglift.grammar", "legacy_video.lark")
_STARTS = ["lines", "words", "markup", "pieces"]

_Transformer = TypeVar("_Transformer")

_transformers: list[Callable[[], object]] = []
"""What makes the transformer; `flaglift.syntax.tree` puts it here when it is loaded."""


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


def makes_nodes(transformer: type[_Transformer]) -> type[_Transformer]:
    """Have a class make the nodes inline; its methods are named like rules and terminals."""
    _transformers[:] = [transformer]
    return transformer


@cache
def parser() -> Parse:
    """Return the LALR parser of the grammar."""
    return _opened().parse


@cache
def _opened() -> "Lark":
    """Open the grammar, once: that takes longer than loading lark."""
    from lark import Lark  # noqa: PLC0415 (see the module's docstring)

    lark = Lark.open_from_package(
        *_FILE,
        parser="lalr",
        lexer="contextual",
        start=_STARTS,
        keep_all_tokens=True,
        transformer=_transformers[0](),
    )
    check_flags(_expressions(lark))
    return lark


def _expressions(lark: "Lark") -> dict[str, str]:
    return {terminal.name: terminal.pattern.to_regexp() for terminal in lark.terminals}


@cache
def _terminals() -> dict[str, str]:
    return _expressions(_opened())


def pattern(terminal: str) -> str:
    """Return the regular expression of a terminal as text, to be a part of another."""
    return _terminals()[terminal]


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
