"""The formats of `flaglift check`: one module each, with `render(report) -> str`."""

from collections.abc import Callable, Iterator
from importlib import import_module

from flaglift.report.record import FindingsReport
from flaglift.report.text import Line


def renderer(name: str) -> Callable[[FindingsReport], str]:
    """Return the function that renders a report in a format; the text ends with a line end."""
    render: Callable[[FindingsReport], str] = import_module(f"{__name__}.{name}").render
    return render


def text_lines(name: str) -> Callable[[FindingsReport, int | None], Iterator[Line]] | None:
    """Return the function that gives a format's styled lines; None for formats for programs.

    It takes the columns of the terminal too, None where there is none.
    """
    lines: Callable[[FindingsReport, int | None], Iterator[Line]] | None = getattr(
        import_module(f"{__name__}.{name}"), "lines", None
    )
    return lines
