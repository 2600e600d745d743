"""Numbers given on the command line."""

import math
from typing import Any

import click


class Finite(click.FloatRange):
    """A range of numbers without infinity, and without NaN, which no limit excludes."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number. Raises `click.BadParameter` if it is none, or not in the range."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number
