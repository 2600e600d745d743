"""The files below a folder that is in no git repository, less what `.gitignore` files name."""

import os
from collections.abc import Iterator

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


def files_below(folder: str) -> Iterator[str]:
    """Yield the files below a folder, relative to it; links to folders are not followed."""
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
