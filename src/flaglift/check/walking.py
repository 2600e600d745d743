"""From the paths that the user names to the files to look at."""

import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

STDIN = "<stdin>"
"""How standard input is called, unless the user says otherwise."""


class Target(NamedTuple):
    """A file to look at."""

    path: str
    """As it is shown and opened; `-` is standard input."""
    named: bool
    """Whether the user named it, and not a folder above it."""


class Problem(NamedTuple):
    """A file that cannot be checked, or not be written."""

    text: str
    """One sentence, with the path."""
    fatal: bool
    """Whether the run did not do what the user asked for because of it."""


def targets(paths: Sequence[str]) -> list[Target]:
    """Return the files named, and those below the folders named, each once.

    Below a folder they are in order of their names. A named path need not exist.
    """
    found: dict[str, Target] = {}
    for path in paths:
        if path != "-" and os.path.isdir(path):
            for each in _below(path):
                found.setdefault(each, Target(each, named=False))
        else:
            shown = path if path == "-" else os.path.normpath(path)
            found[shown] = Target(shown if shown in found else path, named=True)
    return list(found.values())


def _below(folder: str) -> Iterable[str]:
    from flaglift.check import git, ignored  # noqa: PLC0415 (a hook names its files)

    names = git.files_below(folder)
    if names is None:
        names = list(ignored.files_below(folder))
    folder = os.path.normpath(folder)
    if folder == os.curdir:
        return sorted(names)
    return [os.path.join(folder, name) for name in sorted(names)]


def among(changed: Iterable[str], paths: Sequence[str]) -> list[Target]:
    """Return changed files, given as absolute paths, that are or lie below the paths named.

    All of them where no path is named. They are shown relative to the current folder.
    """
    wanted = [os.path.realpath(path) for path in paths]
    return [
        Target(os.path.relpath(path, os.path.realpath(os.curdir)), named=False)
        for path in sorted(changed)
        if not wanted or any(f"{path}/".startswith(f"{each}/") for each in wanted)
    ]
