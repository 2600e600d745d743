"""The destination of findings: a stream, with colours for people if visible, or a file."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flaglift.errors import InputError, reason
from flaglift.report.escaping import as_json, harmless
from flaglift.report.formats import renderer, text_lines
from flaglift.report.record import FindingsReport
from flaglift.report.text import Line, columns_of, may_be_coloured, plain, write


def print_report(report: FindingsReport, form: str, *, error: bool = False) -> None:
    """Print findings in a format, with colours for people if the stream shows them."""
    lines = text_lines(form)
    stream = sys.stderr if error else sys.stdout
    if lines is None:
        write(stream, renderer(form)(report))
    else:
        print_lines(lines(report, columns_of(stream)), error=error)


def print_lines(lines: Iterable[Line], *, error: bool = False) -> None:
    """Print lines for people."""
    stream = sys.stderr if error else sys.stdout
    if may_be_coloured(stream):
        from flaglift.report.terminal import say  # noqa: PLC0415 (rich is slow to load)

        for line in lines:
            say(*line, error=error)
    else:
        write(stream, plain(lines))


def print_json(values: Any, indent: int | None = 2) -> None:
    """Print values for programs."""
    write(sys.stdout, as_json(values, indent) + "\n")


def put(text: str) -> None:
    """Print a text that is to be applied, run or saved: unchanged, unless a terminal shows it."""
    write(sys.stdout, harmless(text) if sys.stdout.isatty() else text)


def write_report(report: FindingsReport, form: str, path: str) -> None:
    """Write findings to a file in a format; raises `InputError` if that fails."""
    try:
        Path(path).write_text(renderer(form)(report), encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {reason(error)}") from None
