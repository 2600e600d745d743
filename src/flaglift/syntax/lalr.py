"""Has Lark build the parser of a grammar, and runs it.

The only module that imports lark; it is loaded when the first text is parsed.
"""

from collections.abc import Callable, Collection
from typing import Any

from lark import Lark
from lark.common import LexerConf
from lark.lexer import ContextualLexer, LexerThread
from lark.parsers.lalr_analysis import Shift

_Scan = Callable[[Any, int], tuple[str, str] | None]
_END = "$END"
"""Lark's name for the end of a text."""


class Token:
    """A token of a text. Lark's own also track lines and columns, which takes half of the time."""

    __slots__ = ("start_pos", "type", "value")

    def __init__(self, type: str, value: str, start_pos: int) -> None:  # noqa: A002
        self.type: str = type
        self.value: str = value
        self.start_pos: int = start_pos


class _Lexer(ContextualLexer):
    def __init__(
        self,
        conf: LexerConf,
        states: dict[int, Collection[str]],
        always_accept: Collection[str] = (),
    ) -> None:
        # Would compile each terminal by itself just to validate it: the tests do that.
        conf.skip_validation = True
        super().__init__(conf, states, always_accept)


class Machine:
    """Runs the tables, scanners and callbacks that Lark built from a grammar.

    Lark's own loop goes through three objects for each token, which takes a third more time.
    """

    def __init__(self, lark: Lark, start: str) -> None:
        self._lark = lark
        interactive = lark.parse_interactive("", start)  # exposes what Lark runs
        self._lexer: Any = interactive.lexer_thread.lexer
        conf = interactive.parser_state.parse_conf
        self._table: Any = conf.parse_table
        callbacks: Any = conf.callbacks
        self._actions = {
            state: {
                # The number of values popped: none for a shift, which moves to another state.
                symbol: (None, target, callbacks.get(symbol))
                if action is Shift
                else (len(target.expansion), target.origin.name, callbacks[target])
                for symbol, (action, target) in row.items()
            }
            for state, row in self._table.states.items()
        }
        self._scanners: dict[int, _Scan] = {}

    def parse(self, text: str, start: str) -> Any:
        """Return the result of the callbacks for a text; raises as Lark does for invalid syntax."""
        try:
            return self._run(text, start)
        except KeyError:
            return self._lark.parse(text, start)

    def _run(self, text: str, start: str) -> Any:
        actions, scanners = self._actions, self._scanners
        state, last = self._table.start_states[start], self._table.end_states[start]
        # In the form that scanners accept, which since Lark 1.3 is not a string.
        thread: Any = LexerThread.from_text(self._lexer, text)
        whole = thread.state.text
        states, position = [state], 0
        values: list[Any] = []
        while True:
            scan = scanners.get(state) or self._scanner(state)
            value, symbol = scan(whole, position) or ("", _END if position == len(text) else "")
            size, target, make = actions[state][symbol]
            while size is not None:
                children = values[-size:] if size else []
                if size:
                    del values[-size:], states[-size:]
                values.append(make(children))
                state = actions[states[-1]][target][1]
                if state == last:
                    return values[0]
                states.append(state)
                size, target, make = actions[state][symbol]
            token = Token(symbol, value, position)
            values.append(make(token) if make else token)
            state = target
            states.append(state)
            position += len(value)

    def _scanner(self, state: int) -> _Scan:
        """Return the scanner for the next token: compiled when a text first reaches the state."""
        scan: _Scan = self._lexer.lexers[state].scanner.match
        self._scanners[state] = scan
        return scan


def opened(
    file: tuple[str, str], starts: list[str], transformer: object
) -> tuple[Callable[[str, str], Any], dict[str, str]]:
    """Return a grammar's LALR parser, which builds a transformer's nodes, and its terminals."""
    lark = Lark.open_from_package(
        *file,
        parser="lalr",
        lexer="contextual",
        start=starts,
        keep_all_tokens=True,
        transformer=transformer,
        _plugins={"ContextualLexer": _Lexer},
    )
    terminals = {terminal.name: terminal.pattern.to_regexp() for terminal in lark.terminals}
    return Machine(lark, starts[0]).parse, terminals
