"""Terminal output: colours only where they are wanted and supported, and no wrapped lines."""

import sys
from collections.abc import Iterable, Sequence
from functools import lru_cache
from shutil import get_terminal_size
from typing import TextIO

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from flaglift.report.escaping import visible
from flaglift.report.text import write

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
    """Print one line for people, made of pieces of text, styled or not; all of it is visible.

    `NO_COLOR` and `FORCE_COLOR` are respected.
    """
    shown = [
        visible(each) if isinstance(each, str) else (visible(each[0]), each[1]) for each in pieces
    ]
    _console(sys.stderr if error else sys.stdout).print(Text.assemble(*shown))


def show(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """Print a table, without trailing blanks; all of its texts are visible."""
    table = Table(*columns, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(*map(visible, row))
    console = _console(sys.stdout)
    with console.capture() as capture:
        console.print(table)
    lines = capture.get().rstrip("\n").split("\n")
    write(sys.stdout, "".join(f"{line.rstrip()}\n" for line in lines))
