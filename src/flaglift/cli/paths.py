"""Paths given on the command line."""

from pathlib import Path
from typing import Any

import click


class NamedPath(click.Path):
    """A path that is not empty, as that of an unset variable of a script is."""

    def __init__(self, path_type: type[str | Path] = Path, *, dir_okay: bool = True) -> None:
        super().__init__(path_type=path_type, dir_okay=dir_okay)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path. Raises `click.BadParameter` if it is empty."""
        if value == "":
            self.fail("the path is empty; name a file, or omit it", param, ctx)
        return super().convert(value, param, ctx)
