"""Which of the files are read for prompts, by which host, with which settings.

Most files hold no flag, and most runs of a hook see none that does, so this loads no parser.
"""

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from flaglift.check.configuration import Configuration, Configurations
from flaglift.check.hosts.prefilter import may_hold_flags
from flaglift.check.hosts.registry import SUFFIXES, language, name_for
from flaglift.check.reading import read_found, read_named
from flaglift.check.walking import STDIN, FileProblem, FileTarget
from flaglift.errors import InputError

if TYPE_CHECKING:
    from flaglift.check.job import FileJob

_SUPPRESSION = b"flaglift:"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_TEXT = "lines"
"""The host of text files, and of files named whose kind nothing tells."""


class Concerned(NamedTuple):
    """A file that may hold flags or suppressions."""

    target: FileTarget
    raw: bytes
    host: str


class Selection:
    """Chooses files.

    `form` is `whole` or `blocks`: how text files hold prompts, and all files that the user names.
    With `force_exclude` a tool named the files, and not the user, so that they are treated as if
    they were found. `stdin` is what stands for the file `-`, and `stdin_name` what it is called.
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
        self._here = os.getcwd()
        self._form = form
        self._stdin_name = stdin_name
        self.configurations = configurations
        self.stdin = stdin
        files = self.configuration("-").files
        self._force_exclude = force_exclude or files.force_exclude
        self._largest = files.max_file_size

    def concerned(self, targets: Iterable[FileTarget]) -> Iterator[Concerned | FileProblem]:
        """Yield the files that may hold flags or suppressions, and what is wrong with others."""
        known = frozenset(SUFFIXES)
        for target in targets:
            path, named = target
            suffix = os.path.splitext(path)[1].lower()
            if not named and suffix and suffix not in known and not self._configured_host(path):
                continue
            try:
                raw = self._read(target)
                if raw is None or not _concerns(raw) or self._excludes(target):
                    continue
                host = self.host(target, raw)
                if host:
                    yield Concerned(target, raw, host)
            except InputError as error:
                if not self._excludes(target):
                    yield FileProblem(str(error), self._asked_for(target))

    def _read(self, target: FileTarget) -> bytes | None:
        if target.path == "-":
            return self.stdin
        return (read_named if target.named else read_found)(target.path, self._largest)

    def job(self, concerned: Concerned) -> "FileJob":
        """Return what the workers are given for a file."""
        from flaglift.check.job import FileJob  # noqa: PLC0415 (a clean run has none)

        target, raw, host = concerned
        shown = self.shown(target)
        absolute = self.absolute(shown)
        configuration = self.configuration(shown)
        files = configuration.files
        return FileJob(
            target.path,
            shown,
            raw,
            host,
            configuration.settings_of(absolute),
            self._asked_for(target),
            files.require_reason,
            tuple(each for each in files.suppressions if each.path == absolute),
        )

    def may_read(self, target: FileTarget) -> bool:
        """Tell whether a file is read for prompts."""
        raw = None if os.path.splitext(target.path)[1] else read_found(target.path)
        return not self._excludes(target) and self.host(target, raw or b"") is not None

    def host(self, target: FileTarget, raw: bytes) -> str | None:
        """Return the name of the host that reads a file; None where none does."""
        shown = self.shown(target)
        configured = self._configured_host(shown)
        if configured:
            return configured
        asked = self._asked_for(target)
        host = name_for(shown) or _interpreter(shown, raw) or (_TEXT if asked else None)
        return self._form if self._form and (asked or host == _TEXT) else host

    def shown(self, target: FileTarget) -> str:
        """Return what a file is called."""
        return self._stdin_name if target.path == "-" else target.path

    def absolute(self, path: str) -> str:
        """Return a path as configurations see it."""
        return os.path.normpath(os.path.join(self._here, path))

    def configuration(self, path: str) -> Configuration:
        """Return the configuration of a file."""
        return self.configurations.of(self.absolute(path))

    def _asked_for(self, target: FileTarget) -> bool:
        return target.named and not self._force_exclude

    def _configured_host(self, path: str) -> str | None:
        return self.configuration(path).files.host(self.absolute(path))

    def _excludes(self, target: FileTarget) -> bool:
        if self._asked_for(target):
            return False
        shown = self.shown(target)
        return self.configuration(shown).files.excludes(self.absolute(shown))


def _concerns(raw: bytes) -> bool:
    if raw.startswith(_UTF_16):
        raw = raw.decode("utf-16", "replace").encode()
    return may_hold_flags(raw) or _SUPPRESSION in raw


def _interpreter(path: str, raw: bytes) -> str | None:
    """Return the host of a file without a suffix, by its first line."""
    if os.path.splitext(path)[1] or not raw.startswith(b"#!"):
        return None
    words = raw.split(b"\n", 1)[0][2:].decode("ascii", "replace").split()
    names = (os.path.basename(word) for word in words if word[0] != "-" and "=" not in word)
    program = next((name for name in names if name != "env"), "")
    return language(program.rstrip("0123456789."))
