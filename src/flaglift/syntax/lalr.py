"""Has Lark build the parser of a grammar, with a lexer that makes light tokens.

The only importer of lark, loaded with the first text that is parsed.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from typing import Any

from lark import Lark
from lark.common import LexerConf
from lark.lexer import ContextualLexer


class Token:
    """A token of a text. Lark's own know lines and columns too, which take half of the time."""

    __slots__ = ("start_pos", "type", "value")

    line = column = end_line = end_column = end_pos = None
    """What Lark's marker of the end copies from the last token."""

    def __init__(self, type: str, value: str, start_pos: int) -> None:  # noqa: A002
        self.type: str = type
        self.value: str = value
        self.start_pos: int = start_pos


class TokenLexer(ContextualLexer):
    """Lark's contextual lexer: the same terminals, chosen in the same way, as other tokens."""

    def __init__(
        self,
        conf: LexerConf,
        states: dict[int, Collection[str]],
        always_accept: Collection[str] = (),
    ) -> None:
        # Each terminal alone would be compiled only to see that it can be: the tests do that.
        conf.skip_validation = True
        super().__init__(conf, states, always_accept)

    def lex(self, lexer_state: Any, parser_state: Any) -> Iterator[Any]:
        """Yield the tokens of a text; raises as Lark's does where no terminal matches."""
        text, lexers = lexer_state.text, self.lexers
        position = 0
        with suppress(EOFError):
            while True:
                lexer: Any = lexers[parser_state.position]
                match = lexer.scanner.match(text, position)
                if match is None:  # the end, or an error that Lark puts in words
                    lexer_state.line_ctr.char_pos = position
                    lexer.next_token(lexer_state, parser_state)
                value, type_ = match
                yield Token(type_, value, position)
                position += len(value)


def opened(
    file: tuple[str, str], starts: list[str], transformer: object
) -> tuple[Callable[[str, str], Any], dict[str, str]]:
    """Return the LALR parser of a grammar that makes a transformer's nodes, and its terminals."""
    lark = Lark.open_from_package(
        *file,
        parser="lalr",
        lexer="contextual",
        start=starts,
        keep_all_tokens=True,
        transformer=transformer,
        _plugins={"ContextualLexer": TokenLexer},
    )
    return lark.parse, {terminal.name: terminal.pattern.to_regexp() for terminal in lark.terminals}
