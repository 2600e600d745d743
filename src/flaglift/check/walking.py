"""Expands the paths that the user names to the files to check."""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from flaglift.check.hosts.registry import name_for
from flaglift.check.patterns import Patterns, too_many
from flaglift.errors import reason
from flaglift.files import read_regular

if TYPE_CHECKING:
    from flaglift.check.git import Changes

STDIN = "<stdin>"
"""The displayed name of standard input, unless the user gives another."""

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
"""Folders without hand-written text, which git would skip because of its ignore files."""


class FileTarget(NamedTuple):
    """A file to check."""

    path: str
    """As displayed and opened; `-` is standard input."""
    named: bool = False
    """Whether the user named the file itself, and not a folder above it."""
    blob: str = ""
    """If the staged content is checked rather than the working tree: its object id in git."""


class Walk:
    """The files of a run, and the folders that could not be read."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        """One sentence for each folder that could not be read."""
        self.notes: list[str] = []
        """Why git was not used to list the files of a folder that is in a repository."""
        self.repositories: list[str] = []
        """Folders that git does not look into, as they are repositories of their own."""

    def targets(self, paths: Sequence[str]) -> list[FileTarget]:
        """Return the named files, and those in the named folders, each once.

        Files in a folder are sorted by name. A named path need not exist.
        """
        targets: dict[str, FileTarget] = {}
        for path in paths:
            if path != "-" and os.path.isdir(path):
                real = os.path.realpath(path)
                for name in self._below(path):
                    shown = _plain(os.path.join(path, name))
                    targets.setdefault(os.path.join(real, name), FileTarget(shown))
            else:
                folder, name = os.path.split(path)
                key = path if path == "-" else os.path.join(os.path.realpath(folder), name)
                known = targets.get(key)
                targets[key] = FileTarget(known.path if known else path, named=True)
        return _without_links(targets)

    def changed(self, changes: "Changes", paths: Sequence[str]) -> list[FileTarget]:
        """Return the changed files that are, or are in, the named paths; all if no path is named.

        They are displayed relative to the current folder. What is named and cannot be among them
        is a problem, because nobody looks at it.
        """
        wanted = [os.path.realpath(path) for path in paths]
        here = os.path.realpath(os.curdir)
        targets = [
            FileTarget(os.path.relpath(path, here), blob=blob)
            for path, blob in sorted(changes.files.items())
            if not wanted or any(f"{path}/".startswith(f"{each}/") for each in wanted)
        ]
        for path, real in zip(paths, wanted, strict=True):
            # What is staged may be deleted.
            known = any(f"{each}/".startswith(f"{real}/") for each in changes.files)
            problem = _outside(real, changes.top) or ("" if known else missing(path))
            if problem:
                self.problems.append(f"{path}: {problem}")
        return targets

    def _below(self, folder: str) -> Iterable[str]:
        from flaglift.check.git import files_below  # noqa: PLC0415 (a hook names its files)
        from flaglift.check.git_process import GitRefusal  # noqa: PLC0415

        listed = files_below(folder)
        if isinstance(listed, GitRefusal):
            if listed.words:
                self.notes.append(f"{folder}: {listed.words}; its files are listed without git")
            names = list(self._walked(folder))
        else:
            self.problems += [f"{folder}: git: {warning}" for warning in listed.warnings]
            self.repositories += [_plain(os.path.join(folder, n)) for n in listed.repositories]
            names = listed.names
        return sorted(names)

    def _walked(self, folder: str) -> Iterator[str]:
        """Yield the files in a folder, relative to it, except those excluded by `.gitignore` files.

        Links to folders are not followed.
        """
        # A stack of its own: a tree may be deeper than calls may be.
        waiting: list[tuple[str, _Ignored | None]] = [("", None)]
        while waiting:
            inside, above = waiting.pop()
            parent = os.path.join(folder, inside) if inside else folder
            try:
                with os.scandir(parent) as entries:
                    is_folder = {entry.name: _is_folder(entry) for entry in entries}
            except OSError as error:
                self._failed(error)
                continue
            own = self._ignored(parent, is_folder, above)
            for name, folder_there in sorted(is_folder.items()):
                if own and own.ignores(parent, name, folder=folder_there):
                    continue
                if not folder_there:
                    yield os.path.join(inside, name)
                elif name not in _NEVER and not os.path.islink(os.path.join(parent, name)):
                    waiting.append((os.path.join(inside, name), own))

    def _failed(self, error: OSError) -> None:
        self.problems.append(f"{error.filename}: {reason(error)}, so it is not looked into")

    def _ignored(
        self, folder: str, names: Collection[str], above: "_Ignored | None"
    ) -> "_Ignored | None":
        if ".gitignore" not in names:
            return above
        path = os.path.join(folder, ".gitignore")
        try:
            content = read_regular(path, follow=False)
        except OSError as error:
            self.notes.append(f"{path}: {reason(error)}, so nothing is ignored by it")
            return above
        lines = tuple(content.decode("utf-8-sig", "surrogateescape").split("\n"))
        if excess := too_many(lines):
            self.notes.append(f"{path}: {excess}, so nothing is ignored by it")
            return above
        return _Ignored(Patterns(folder, lines), above)


def _without_links(targets: Mapping[str, FileTarget]) -> list[FileTarget]:
    """Return the targets, by their places, without named links to files that are among them anyway.

    Links that are only found in a folder are not followed. A link of another kind than its target
    is kept: its name says to read the file differently.
    """
    kept = dict(targets)
    seen: set[tuple[str, str | None]] = set()
    for place, target in targets.items():
        if place == "-" or not target.named or not os.path.islink(place):
            continue
        real, kind = os.path.realpath(place), name_for(place)
        if real == place:  # a link to itself: reading it says so
            continue
        if real in targets and kind in (None, name_for(real)):
            kept[real] = targets[real]._replace(named=True)
        elif (real, kind) not in seen:
            seen.add((real, kind))
            continue
        del kept[place]
    return list(kept.values())


def _plain(path: str) -> str:
    """Return a path without `.` and doubled separators."""
    # `..` after a link leads out of its target.
    return path if os.pardir in path.split(os.sep) else os.path.normpath(path)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself: reading it says so
        return False


def missing(path: str) -> str:
    """Return why there is nothing at a path; empty if there is something."""
    try:
        os.stat(path)
    except OSError as error:
        return reason(error)
    return ""


def _outside(path: str, top: str) -> str:
    """Return why git says nothing about a path when asked in a repository; empty if it does."""
    if not f"{path}/".startswith(f"{top}/"):
        return f"is not in {top}, the repository of the current folder, so it is not looked at"
    inner = path
    while inner != top:
        if os.path.lexists(os.path.join(inner, ".git")):
            return f"is in another repository, {inner}, so it is not looked at; run this there"
        inner = os.path.dirname(inner)
    return ""


class _Ignored:
    """The patterns of a folder's `.gitignore`, in addition to those above it."""

    def __init__(self, patterns: Patterns, above: "_Ignored | None") -> None:
        self._patterns = patterns
        self._above = above

    def ignores(self, parent: str, name: str, *, folder: bool) -> bool:
        """Return whether a file or folder is ignored; the nearest file with a match decides."""
        rules: _Ignored | None = self
        while rules:
            said = rules._patterns.decide(os.path.join(parent, name), folder=folder)
            if said is not None:
                return said
            rules = rules._above
        return False
