"""Patterns of paths, as in a `.gitignore`, relative to the file that they stand in."""

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from flaglift.errors import ConfigError

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


@dataclass(frozen=True)
class Patterns:
    """Some patterns, and the folder that they are relative to.

    >>> patterns = Patterns("/here", ("vendor/", "*.min.js"))
    >>> patterns.match("/here/vendor/a.txt"), patterns.match("/here/a.js")
    (True, False)
    """

    folder: str
    lines: tuple[str, ...]

    @cached_property
    def _spec(self) -> "GitIgnoreSpec":
        from pathspec import GitIgnoreSpec  # noqa: PLC0415 (few configurations have patterns)

        try:
            return GitIgnoreSpec.from_lines(self.lines)
        except ValueError as error:
            raise ConfigError(f"{self.folder}: a pattern cannot be read: {error}") from None

    def match(self, path: str) -> bool:
        """Tell whether the patterns match an absolute path, or a folder above it."""
        inside = path.removeprefix(self.folder.rstrip(os.sep) + os.sep)
        return inside != path and self._spec.match_file(inside)
