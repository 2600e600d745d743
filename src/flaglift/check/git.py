"""Queries git: the files of a working tree, which of them changed, and what is staged.

The tree is untrusted, so git runs as `git_process` says.
"""

import os
import re
from collections import deque
from collections.abc import Iterator, Mapping
from typing import IO, NamedTuple

from flaglift.check.git_process import SETTINGS, GitProcess, GitRefusal, run_git
from flaglift.check.reading import CHUNK, search
from flaglift.errors import InputError

_FILTER = re.compile(r"filter\.(?P<name>.*)\.(?:clean|smudge|process|required)", re.DOTALL)

_REGULAR = ("100644", "100755")
"""Modes of regular files; others are links and submodules."""


class Listing(NamedTuple):
    """The files of a folder as git lists them."""

    names: list[str]
    warnings: list[str]
    """What git could not read."""


class Changes(NamedTuple):
    """The files of a repository that are to be committed, or were changed."""

    top: str
    """The top folder of its working tree."""
    files: dict[str, str]
    """Absolute paths, each with the object id of what is staged of it; empty for what is there."""


def files_below(folder: str) -> Listing | GitRefusal:
    """Return tracked and new files below a folder, relative to it, without ignored ones.

    Returns a refusal if the folder is in no repository, is ignored itself, or git is missing.
    """
    run = run_git(folder, "ls-files", "-co", "--exclude-standard", "-z")
    if isinstance(run, GitRefusal):
        return run
    if not run.data:
        ignored = run_git(folder, "check-ignore", "-q", ".")
        if not isinstance(ignored, GitRefusal):
            return GitRefusal("")
        if ignored.words:
            return ignored
    warnings = run.messages.decode("utf-8", "surrogateescape").splitlines()
    return Listing(_names(run.data), [line for line in warnings if line.strip()])


def staged(folder: str) -> Changes:
    """Return the files whose staged content differs from the last commit.

    Raises `InputError` if the folder is in no repository.
    """
    top = _top(folder, "--staged")
    run = _asked(top, "--staged", "diff", "--cached", "--raw", "--no-abbrev", *_CHANGED)
    fields = iter(_names(run))
    blobs = {}
    for head, name in zip(fields, fields, strict=True):
        _, mode, _, blob, _ = head.split(" ")
        if mode in _REGULAR:
            blobs[os.path.join(top, name)] = blob
    return Changes(top, blobs)


def changed_since(folder: str, reference: str) -> Changes:
    """Return the files changed since the merge base with a branch or commit.

    New files count, committed or not. Raises `InputError` if the folder is in no repository, or
    there is no such commit or no common ancestor.
    """
    top = _top(folder, "--since")
    commit = run_git(
        top, "rev-parse", "--verify", "-q", "--end-of-options", reference + "^{commit}"
    )
    if isinstance(commit, GitRefusal):
        raise InputError(f"--since {reference}: {commit.words or 'there is no such commit'}")
    base = run_git(top, "merge-base", os.fsdecode(commit.data).strip(), "HEAD")
    if isinstance(base, GitRefusal):
        lacking = (
            "it has no ancestor in common with HEAD; in a shallow clone, fetch more of the history"
        )
        raise InputError(f"--since {reference}: {base.words or lacking}")
    ancestor = os.fsdecode(base.data).strip()
    changed = _asked(
        top, "--since", "diff", "--name-only", *_CHANGED, ancestor, settings=_without_filters(top)
    )
    new = _asked(top, "--since", "ls-files", "-o", "--exclude-standard", "-z")
    names = _names(changed) + _names(new)
    return Changes(top, {os.path.join(top, name): "" for name in names})


class Blobs:
    """Reads staged files from the repository of a folder, one after the other."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._process: GitProcess | None = None
        self._refusal = ""

    def read(self, blob: str, largest: int, path: str) -> bytes | None:
        """Return a blob's content; None if it is too large and contains no flag.

        Raises `InputError` if it is not in the repository, and `TooLargeError`. Once git has
        exceeded its time, all are refused, as each might take as long; with one message.
        """
        if self._refusal:
            raise InputError(self._refusal)
        if self._process is None:
            self._process = GitProcess(self._folder, "cat-file", "--batch")
        process = self._process
        try:
            with process.answering():
                return _answer(process, blob, largest, path)
        except (OSError, EOFError):
            self.close()
            if process.stopped:
                self._refusal = (
                    f"{path}: {process.stopped}, so what is staged of it and of the files after it "
                    "is not checked"
                )
                raise InputError(self._refusal) from None
            raise InputError(
                f"{path}: git cannot read what is staged of it ({blob[:12]})"
            ) from None

    def close(self) -> None:
        """End the git process."""
        if self._process:
            self._process.close()
            self._process = None


def _answer(process: GitProcess, blob: str, largest: int, path: str) -> bytes | None:
    """Read a blob as `Blobs` does; raises `OSError` or `EOFError` if git ends meanwhile."""
    process.ask(f"{blob}\n".encode())
    head = process.answers.readline().split()
    if head[1:] == [b"missing"]:
        raise InputError(f"{path}: git does not hold what is staged of it ({blob[:12]})")
    if head[1:2] != [b"blob"]:
        raise EOFError  # what follows is no answer
    size = int(head[2])
    if size <= largest:
        return b"".join(_blocks(process.answers, size, size + 1))[:size]
    blocks = _blocks(process.answers, size, CHUNK)
    try:
        search(blocks, path, size, largest)
    finally:
        deque(blocks, maxlen=0)  # the next answer comes after the rest
    return None


def _blocks(answers: IO[bytes], size: int, length: int) -> Iterator[bytes]:
    """Yield a content of `size` bytes with the line end after it, in blocks."""
    left = size + 1
    while left:
        block = answers.read(min(length, left))
        if not block:
            raise EOFError
        left -= len(block)
        yield block


_CHANGED = (
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--ignore-submodules=all",  # otherwise git runs in them, with their configuration
    "--diff-filter=d",
    "-z",
)


def _top(folder: str, option: str) -> str:
    top = run_git(folder, "rev-parse", "--show-toplevel")
    if not isinstance(top, GitRefusal):
        return os.fsdecode(top.data).removesuffix("\n")
    lacking = f"{os.path.realpath(folder)} is in no git repository, or git is not installed"
    raise InputError(f"{option}: {top.words or lacking}")


def _asked(top: str, option: str, *arguments: str, settings: Mapping[str, str] = SETTINGS) -> bytes:
    """Return git's output; raises `InputError` with its message if it fails."""
    run = run_git(top, *arguments, settings=settings)
    if isinstance(run, GitRefusal):
        raise InputError(f"{option}: git {arguments[0]}: {run.words or 'no answer'}")
    return run.data


def _names(listed: bytes) -> list[str]:
    return [os.fsdecode(name) for name in listed.split(b"\0") if name]


def _without_filters(folder: str) -> dict[str, str]:
    """Return settings that disable all filters of the repository.

    They would run only when git compares files of the working tree.
    """
    settings = dict(SETTINGS)
    for name in _names(_asked(folder, "--since", "config", "--list", "--name-only", "-z")):
        match = _FILTER.fullmatch(name)
        if match:
            for key, value in (("clean", ""), ("process", ""), ("required", "false")):
                settings[f"filter.{match['name']}.{key}"] = value
    return settings
