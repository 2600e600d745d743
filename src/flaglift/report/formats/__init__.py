"""The formats of `flaglift check`: one module each, with `render(report) -> str`."""

from collections.abc import Callable, Iterator
from importlib import import_module

from flaglift.report.record import FindingsReport
from flaglift.report.text import Line


def renderer(name: str) -> Callable[[FindingsReport], str]:
    """Return the function that renders a report in a format; its text ends with a line end."""
    render: Callable[[FindingsReport], str] = import_module(f"{__name__}.{name}").render
    return render


def text_lines(name: str) -> Callable[[FindingsReport, int | None], Iterator[Line]] | None:
    """Return the function that yields a format's styled lines; None for machine-readable formats.

    Its second argument is the width of the terminal in columns, None if there is none.
    """
    lines: Callable[[FindingsReport, int | None], Iterator[Line]] | None = getattr(
        import_module(f"{__name__}.{name}"), "lines", None
    )
    return lines
