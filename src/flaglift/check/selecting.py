"""Selects the files to read for prompts, with the host and the settings of each.

Most files contain no flag, and most hook runs see no file that does, so this loads no parser.
"""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from flaglift.check.configuration import Configuration, Configurations
from flaglift.check.hosts.encoding import as_utf8
from flaglift.check.hosts.prefilter import may_hold_flags
from flaglift.check.hosts.registry import SUFFIXES, language, name_for
from flaglift.check.reading import TooLargeError, read_found, read_named
from flaglift.check.walking import STDIN, FileTarget
from flaglift.errors import FlagliftError, InputError, reason

if TYPE_CHECKING:
    from flaglift.check.job import FileJob
    from flaglift.check.staged import Blobs

_SUPPRESSION = b"flaglift:"
_TEXT = "lines"
"""The host of text files, and of standard input without a name."""

_SPELLING = re.compile(rb"--video(?:_model|_prompt)?(?![\w-])")
"""A flag that only this dialect has; the others occur in many programs."""

_MOST_KINDS = 5


class Concerned(NamedTuple):
    """A file that may contain flags or suppressions."""

    target: FileTarget
    raw: bytes
    host: str


@dataclass
class UnreadFiles:
    """The files of unsupported kinds."""

    kinds: Counter[str] = field(default_factory=Counter)
    """The number of files of each kind: its suffix, or the name of a file without one."""
    holding: list[str] = field(default_factory=list)
    """The files that contain a spelled-out flag."""

    def __str__(self) -> str:
        """Return the numbers of files of the kinds that contain flags; empty if none does."""
        if not self.holding:
            return ""
        concerned = {_kind(path) for path in self.holding}
        ranked = sorted(concerned, key=lambda kind: (-self.kinds[kind], kind))
        counts = [f"{self.kinds[kind]} {kind}" for kind in ranked[:_MOST_KINDS]]
        if len(ranked) > _MOST_KINDS:
            counts.append(f"{len(ranked) - _MOST_KINDS} more kinds")
        verb = "holds" if len(self.holding) == 1 else "hold"
        count = f"{len(self.holding)} {verb} flag spellings"
        return f"not read: {', '.join(counts)} ({count}); --show-files lists them"


class Selection:
    """Chooses files.

    `form` is `lines`, `whole` or `blocks`: the layout of text files, and of all files that the user
    names. With `force_exclude` the files were named by a tool rather than by the user, and are
    treated as if they had been found. `stdin` is the content of the file `-`, and `stdin_name` its
    name. `blobs` reads the targets whose staged content is checked.
    """

    def __init__(
        self,
        configurations: Configurations,
        *,
        form: str | None = None,
        force_exclude: bool = False,
        stdin: bytes = b"",
        stdin_name: str = STDIN,
    ) -> None:
        self._here = _current_folder()
        self._form = form
        self._stdin_name = stdin_name
        self.configurations = configurations
        self.stdin = stdin
        self.blobs: Blobs | None = None
        self.unread: UnreadFiles = UnreadFiles()
        self._by_folder: dict[str, Configuration] = {}
        files = self.configuration("-").files
        self._force_exclude = force_exclude or files.force_exclude
        self._largest = files.max_file_size

    def concerned(self, targets: Iterable[FileTarget]) -> Iterator[Concerned | str]:
        """Yield the files that may contain flags or suppressions.

        A file that may contain some but cannot be read yields a message instead. Raises
        `ConfigError` for a configuration that cannot be used.
        """
        for target in targets:
            try:
                each = self._look(target)
            except InputError as error:
                each = str(error)
            except FlagliftError:
                raise
            except Exception as error:  # whatever it is, the other files are still checked
                each = failed(self.shown(target), error)
            if each and not (isinstance(each, str) and self._excludes(target)):
                yield each

    def _look(self, target: FileTarget) -> Concerned | str | None:
        if not self.reads(target):
            self._count_unread(target)
            return None
        try:
            raw = self._read(target)
        except TooLargeError as error:
            if self.host(target, error.head) or self._asked_for(target):
                raise
            self._count(target, error.head, holds_flags=True)
            return None
        if raw is None or not concerns(raw) or self._excludes(target):
            return None
        host = self.host(target, raw)
        if host:
            return Concerned(target, raw, host)
        if self._asked_for(target):
            kind = os.path.splitext(self.shown(target))[1]
            what = f"{kind} files are not read" if kind else "its name tells no kind of file"
            return (
                f"{self.shown(target)}: {what}; --lines, --whole or --blocks say how it holds "
                "prompts, or `hosts` in the configuration"
            )
        self._count(target, raw)
        return None

    def reads(self, target: FileTarget) -> bool:
        """Return whether a file may be read for prompts, judging by its name."""
        suffix = os.path.splitext(target.path)[1].lower()
        named = not suffix or suffix in _KNOWN or self._asked_for(target)
        return named or self._configured_host(target.path) is not None

    def _count_unread(self, target: FileTarget) -> None:
        try:
            self._count(target, self._read(target))
        except TooLargeError as error:
            self._count(target, error.head, holds_flags=True)
        except InputError:
            return  # not to be read, and of no supported kind

    def _count(self, target: FileTarget, raw: bytes | None, *, holds_flags: bool = False) -> None:
        """Count a file that is not read; of a large one, `raw` is what it begins with."""
        text = as_utf8(raw or b"")
        if raw is None or self._excludes(target) or b"\0" in text[:8000]:
            return
        self.unread.kinds[_kind(target.path)] += 1
        if holds_flags or (b"--video" in text and _SPELLING.search(text)):
            self.unread.holding.append(target.path)

    def _read(self, target: FileTarget) -> bytes | None:
        if target.path == "-":
            return self.stdin
        if target.blob and self.blobs:
            return self.blobs.read(target.blob, self._largest, self.shown(target))
        return (read_named if target.named else read_found)(target.path, self._largest)

    def job(self, concerned: Concerned) -> "FileJob":
        """Return the job for the workers to check a file."""
        target, raw, host = concerned
        shown = self.shown(target)
        job = job_of(self.absolute(shown), raw, host, self.configuration(shown))
        return replace(job, path=target.path, shown=shown, staged=bool(target.blob))

    def may_read(self, target: FileTarget) -> bool:
        """Return whether a file is read for prompts; others are only searched and counted."""
        if self._excludes(target):
            return False
        raw = None if os.path.splitext(target.path)[1] else read_found(target.path)
        if self.host(target, raw or b"") is not None:
            return True
        self._count_unread(target)
        return False

    def host(self, target: FileTarget, raw: bytes) -> str | None:
        """Return the name of the host for a file; None if there is none."""
        shown = self.shown(target)
        configured = self._configured_host(shown)
        if configured:
            return configured
        is_named = self._asked_for(target)
        host = name_for(shown) or interpreter(shown, raw)
        if self._form and (is_named or host == _TEXT):
            return self._form
        nameless = target.path == "-" and not os.path.splitext(shown)[1]
        return host or (_TEXT if nameless else None)

    def shown(self, target: FileTarget) -> str:
        """Return the displayed name of a file."""
        return self._stdin_name if target.path == "-" else target.path

    def absolute(self, path: str) -> str:
        """Return the absolute path, as configurations use it."""
        return os.path.normpath(os.path.join(self._here, path))

    def configuration(self, path: str) -> Configuration:
        """Return the configuration of a file."""
        folder = os.path.dirname(path)  # most files share their folder with others
        if folder not in self._by_folder:
            self._by_folder[folder] = self.configurations.of(self.absolute(path))
        return self._by_folder[folder]

    def excludes_folder(self, path: str) -> bool:
        """Return whether everything in a folder is excluded."""
        inside = os.path.join(self.absolute(path), ".git")
        return self.configuration(path).files.excludes(inside)

    def _asked_for(self, target: FileTarget) -> bool:
        return target.named and not self._force_exclude

    def _configured_host(self, path: str) -> str | None:
        files = self.configuration(path).files
        return files.host(self.absolute(path)) if files.hosts else None

    def _excludes(self, target: FileTarget) -> bool:
        if self._asked_for(target):
            return False
        shown = self.shown(target)
        files = self.configuration(shown).files
        return files.exclude is not None and files.excludes(self.absolute(shown))


_KNOWN = frozenset(SUFFIXES)


def _current_folder() -> str:
    try:
        return os.getcwd()
    except OSError as error:
        raise InputError(
            f"the current directory cannot be used: {reason(error)}; change to another one"
        ) from None


def job_of(path: str, raw: bytes, host: str, configuration: Configuration) -> "FileJob":
    """Return the job for the content of a file, by its absolute path."""
    from flaglift.check.job import FileJob  # noqa: PLC0415 (a clean run has none)

    files = configuration.files
    return FileJob(
        path,
        path,
        raw,
        host,
        configuration.settings_of(path),
        files.require_reason,
        tuple(each for each in files.suppressions if each.path == path),
        files.sent(path),
    )


def failed(path: str, error: Exception) -> str:
    """Return the message for a file with an unexpected error."""
    words = " ".join(f"{type(error).__name__}: {error}".split())
    return f"{path}: cannot be checked: {words.removesuffix(':')}"


def _kind(path: str) -> str:
    return os.path.splitext(path)[1] or os.path.basename(path)


def concerns(raw: bytes) -> bool:
    """Return whether a file's content may have flags or suppressions."""
    # In UTF-16 without a mark there is a zero next to each ASCII character: it is to be reported.
    text = as_utf8(raw).replace(b"\0", b"")
    return may_hold_flags(text) or _SUPPRESSION in text


def interpreter(path: str, raw: bytes) -> str | None:
    """Return the host for a file without a suffix, by its first line."""
    if os.path.splitext(path)[1] or not raw.startswith(b"#!"):
        return None
    words = raw.split(b"\n", 1)[0][2:].decode("ascii", "replace").split()
    names = (os.path.basename(word) for word in words if word[0] != "-" and "=" not in word)
    program = next((name for name in names if name != "env"), "")
    return language(program.rstrip("0123456789."))
