"""From the paths that the user names to the files to look at."""

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

STDIN = "<stdin>"
"""How standard input is called, unless the user says otherwise."""


class FileTarget(NamedTuple):
    """A file to look at."""

    path: str
    """As it is shown and opened; `-` is standard input."""
    named: bool
    """Whether the user named it, and not a folder above it."""


class FileProblem(NamedTuple):
    """A file that cannot be checked, or not be written."""

    text: str
    """One sentence, with the path."""
    fatal: bool
    """Whether the run did not do what the user asked for because of it."""


def targets(paths: Sequence[str]) -> list[FileTarget]:
    """Return the files named, and those below the folders named, each once.

    Below a folder they are in order of their names. A named path need not exist.
    """
    found: dict[str, FileTarget] = {}
    for path in paths:
        if path != "-" and os.path.isdir(path):
            for each in _below(path):
                found.setdefault(each, FileTarget(each, named=False))
        else:
            shown = path if path == "-" else os.path.normpath(path)
            found[shown] = FileTarget(shown if shown in found else path, named=True)
    return list(found.values())


def _below(folder: str) -> Iterable[str]:
    from flaglift.check import git  # noqa: PLC0415 (a hook names its files)

    names = git.files_below(folder)
    if names is None:
        names = list(_walked(folder))
    folder = os.path.normpath(folder)
    if folder == os.curdir:
        return sorted(names)
    return [os.path.join(folder, name) for name in sorted(names)]


def among(changed: Iterable[str], paths: Sequence[str]) -> list[FileTarget]:
    """Return changed files, given as absolute paths, that are or lie below the paths named.

    All of them where no path is named. They are shown relative to the current folder.
    """
    wanted = [os.path.realpath(path) for path in paths]
    return [
        FileTarget(os.path.relpath(path, os.path.realpath(os.curdir)), named=False)
        for path in sorted(changed)
        if not wanted or any(f"{path}/".startswith(f"{each}/") for each in wanted)
    ]


_NEVER = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        ".venv",
        "venv",
        "node_modules",
        "__pycache__",
        ".tox",
        ".nox",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
    }
)
"""Folders that hold nobody's own text; git would know that from its ignore files."""


def _walked(folder: str) -> Iterator[str]:
    """Yield the files below a folder that is in no repository, less what `.gitignore` files name.

    They are relative to it; links to folders are not followed.
    """
    rules: dict[str, _Rules | None] = {}
    for parent, folders, files in os.walk(folder):
        here = os.path.relpath(parent, folder)
        above = rules.get(os.path.dirname(here)) if here != os.curdir else None
        rules[here if here != os.curdir else ""] = own = _rules(parent, files, above)
        folders[:] = sorted(
            name for name in folders if name not in _NEVER and not _ignored(own, parent, name + "/")
        )
        for name in sorted(files):
            if not _ignored(own, parent, name):
                yield name if here == os.curdir else os.path.join(here, name)


class _Rules:
    """The patterns of a folder's `.gitignore`, on top of those above it."""

    def __init__(self, folder: str, above: "_Rules | None") -> None:
        from pathspec import GitIgnoreSpec  # noqa: PLC0415 (most runs are in a repository)

        self.folder = folder
        self.above = above
        path = os.path.join(folder, ".gitignore")
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            self.spec = GitIgnoreSpec.from_lines(file)


def _rules(folder: str, files: list[str], above: _Rules | None) -> _Rules | None:
    if ".gitignore" not in files:
        return above
    try:
        return _Rules(folder, above)
    except (OSError, ValueError):  # it cannot be read, or holds a pattern that is none
        return above


def _ignored(rules: _Rules | None, parent: str, name: str) -> bool:
    """Tell whether a file or folder is ignored; the nearest file that says so or not counts."""
    while rules:
        inside = os.path.relpath(parent, rules.folder)
        path = name if inside == os.curdir else f"{inside}/{name}"
        said = rules.spec.check_file(path).include
        if said is not None:
            return said
        rules = rules.above
    return False
