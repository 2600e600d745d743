"""Opens `grammar/legacy_video.lark`, the only definition of the dialect.

Lark is loaded when the first text is parsed, so that texts without flags do not wait for it.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

from flaglift.syntax.flags import FlagName

_FILE = ("flaglift.grammar", "legacy_video.lark")
_STARTS = ["lines", "words", "markup", "pieces"]

_Transformer = TypeVar("_Transformer")

_transformers: list[Callable[[], object]] = []
"""Creates the transformer; `flaglift.syntax.tree` adds itself here when it is loaded."""


Parse = Callable[[str, str], Any]
"""Parses a text by a start rule of the grammar. Never raises: each start rule is total."""


def makes_nodes(transformer: type[_Transformer]) -> type[_Transformer]:
    """Register the class that makes the nodes inline; its methods are named as in the grammar."""
    _transformers[:] = [transformer]
    return transformer


@cache
def parser() -> Parse:
    """Return the LALR parser of the grammar."""
    return _opened()[0]


@cache
def _opened() -> tuple[Parse, dict[str, str]]:
    """Open the grammar, once: this takes longer than loading lark."""
    from flaglift.syntax.lalr import opened  # noqa: PLC0415 (see the module's docstring)

    parse, terminals = opened(_FILE, _STARTS, _transformers[0]())
    check_flags(terminals)
    return parse, terminals


def pattern(terminal: str) -> str:
    """Return the regular expression of a terminal as text, for use inside another."""
    return _opened()[1][terminal]


def check_flags(terminals: Mapping[str, str]) -> None:
    """Check that the grammar and the table agree on the words for the flags.

    Raises `ValueError` for a flag on which they do not.
    """
    for flag in FlagName:
        if not re.match(terminals.get(flag.name, r"(?!)"), flag.word):
            raise ValueError(
                f"the table of flags has {flag.word}, which is not what the grammar's terminal"
                f" {flag.name} matches"
            )


@cache
def expression(*terminals: str) -> re.Pattern[str]:
    """Return the regular expression for a terminal, or for the first of several that matches.

    For callers that search for one thing only, such as the words of a text. The groups are named
    like the terminals.

    >>> expression("WORD").match('"a b"c d')[0]
    '"a b"c'
    """
    return re.compile("|".join(f"(?P<{name}>{pattern(name)})" for name in terminals))
