"""Terminal output: colours only where they are wanted and supported, and no wrapped lines."""

import sys
from functools import lru_cache
from shutil import get_terminal_size
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

_NO_EDGE = 10_000  # a pipe or a file has no width to fit tables into
_LEAST = 100  # in a narrower terminal, a table's long lines wrap rather than be cut


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError  # rich would exit at once, without a message


@lru_cache(maxsize=2)
def _console(stream: TextIO) -> Console:
    columns, lines = get_terminal_size()
    return _Console(
        file=stream,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
        width=max(columns, _LEAST) if stream.isatty() else _NO_EDGE,
        height=lines,  # without it, rich assumes 80 columns for any dumb terminal
    )


def say(*pieces: str | tuple[str, str], error: bool = False) -> None:
    """Print one line for people, made of pieces of text, styled or not.

    `NO_COLOR` and `FORCE_COLOR` are respected.
    """
    _console(sys.stderr if error else sys.stdout).print(Text.assemble(*pieces))


def put(text: str) -> None:
    """Print a text for programs, unchanged: `say` removes control characters and expands tabs."""
    sys.stdout.write(f"{text}\n")


def show(table: Table) -> None:
    """Print a table, without trailing blanks."""
    console = _console(sys.stdout)
    with console.capture() as capture:
        console.print(table)
    put("\n".join(line.rstrip() for line in capture.get().rstrip("\n").split("\n")))
