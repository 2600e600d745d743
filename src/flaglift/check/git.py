"""Queries git: the files of a working tree, which of them changed, and what is staged.

The tree is untrusted, and its `.git/config` can name programs: a monitor, filters, hooks, a pager,
a transport. git is run in a way that starts none of them.
"""

import os
import re
import subprocess
from collections import deque
from collections.abc import Mapping
from typing import IO, NamedTuple, cast

from flaglift.check.reading import CHUNK, search
from flaglift.errors import InputError

_PATIENCE = 30
"""Seconds. git itself waits forever if its configuration includes a pipe."""

_SETTINGS = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.pager": "cat",
    "core.alternateRefsCommand": "",
    "diff.external": "",
    "protocol.allow": "never",
}
_VARIABLES = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",  # do not touch the index or run its hook
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # do not fetch missing objects of a partial clone
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
}
_FILTER = re.compile(r"filter\.(?P<name>.*)\.(?:clean|smudge|process|required)", re.DOTALL)
_OUTSIDE = ("not a git repository", "must be run in a work tree", "cannot change to")
"""git's messages if there is no working tree to list; the walk reports other errors."""

_REGULAR = ("100644", "100755")
"""Modes of regular files; others are links and submodules."""


class GitRefusal(NamedTuple):
    """Why git failed."""

    words: str
    """git's own message; empty if the folder is in no working tree, or git is not installed."""


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
    run = _git(folder, "ls-files", "-co", "--exclude-standard", "-z")
    if isinstance(run, GitRefusal):
        return run
    if not run.stdout and not isinstance(_git(folder, "check-ignore", "-q", "."), GitRefusal):
        return GitRefusal("")
    warnings = run.stderr.decode("utf-8", "surrogateescape").splitlines()
    return Listing(_names(run.stdout), [line for line in warnings if line.strip()])


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
    commit = _git(top, "rev-parse", "--verify", "-q", "--end-of-options", reference + "^{commit}")
    if isinstance(commit, GitRefusal):
        raise InputError(f"--since {reference}: there is no such commit")
    base = _git(top, "merge-base", os.fsdecode(commit.stdout).strip(), "HEAD")
    if isinstance(base, GitRefusal):
        raise InputError(
            f"--since {reference}: it has no ancestor in common with HEAD; "
            "in a shallow clone, fetch more of the history"
        )
    ancestor = os.fsdecode(base.stdout).strip()
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
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, blob: str, largest: int, path: str) -> bytes | None:
        """Return a blob's content; None if it is too large and contains no flag.

        Raises `InputError` if it is not in the repository, and `TooLargeError`.
        """
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603
                ["git", "-C", self._folder, "cat-file", "--batch"],  # noqa: S607
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(_SETTINGS),
            )
        asking = cast("IO[bytes]", self._process.stdin)
        answering = cast("IO[bytes]", self._process.stdout)
        asking.write(f"{blob}\n".encode())
        asking.flush()
        _, kind, *sizes = answering.readline().split() or (b"", b"missing")
        if kind != b"blob":
            raise InputError(f"{path}: git does not hold what is staged of it ({blob[:12]})")
        size = int(sizes[0])
        if size <= largest:
            return answering.read(size + 1)[:size]
        lengths = (min(CHUNK, size + 1 - start) for start in range(0, size + 1, CHUNK))
        blocks = map(answering.read, lengths)
        try:
            search(blocks, path, size, largest)
        finally:
            deque(blocks, maxlen=0)  # the next answer comes after the rest
        return None

    def close(self) -> None:
        """End the git process."""
        if self._process:
            self._process.communicate()
            self._process = None


_CHANGED = (
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--ignore-submodules=all",  # otherwise git runs in them, with their configuration
    "--diff-filter=d",
    "-z",
)


def _top(folder: str, option: str) -> str:
    top = _git(folder, "rev-parse", "--show-toplevel")
    if not isinstance(top, GitRefusal):
        return os.fsdecode(top.stdout).removesuffix("\n")
    if top.words:
        raise InputError(f"{option}: {top.words}")
    where = os.path.abspath(folder)
    raise InputError(f"{option}: {where} is in no git repository, or git is not installed")


def _asked(
    top: str, option: str, *arguments: str, settings: Mapping[str, str] = _SETTINGS
) -> bytes:
    """Return git's output; raises `InputError` with its message if it fails."""
    run = _git(top, *arguments, settings=settings)
    if isinstance(run, GitRefusal):
        raise InputError(f"{option}: git {arguments[0]}: {run.words or 'no answer'}")
    return run.stdout


def _names(listed: bytes) -> list[str]:
    return [name for name in os.fsdecode(listed).split("\0") if name]


def _git(
    folder: str, *arguments: str, settings: Mapping[str, str] = _SETTINGS
) -> "subprocess.CompletedProcess[bytes] | GitRefusal":
    try:
        run = subprocess.run(  # noqa: S603
            ["git", "-C", folder, *arguments],  # noqa: S607 (the user's own git)
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=_environment(settings),
            timeout=_PATIENCE,
        )
    except subprocess.TimeoutExpired:
        return GitRefusal(f"git did not answer in {_PATIENCE} seconds")
    except OSError:
        return GitRefusal("")
    if run.returncode == 0:
        return run
    words = " ".join(run.stderr.decode("utf-8", "surrogateescape").split())
    return GitRefusal("" if any(usual in words for usual in _OUTSIDE) else words)


def _without_filters(folder: str) -> dict[str, str]:
    """Return settings that disable all filters of the repository.

    They would run only when git compares files of the working tree.
    """
    settings = dict(_SETTINGS)
    for name in _names(_asked(folder, "--since", "config", "--list", "--name-only", "-z")):
        match = _FILTER.fullmatch(name)
        if match:
            for key, value in (("clean", ""), ("process", ""), ("required", "false")):
                settings[f"filter.{match['name']}.{key}"] = value
    return settings


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    # After the configuration in the caller's environment, so that this one wins.
    first = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    variables = {**os.environ, **_VARIABLES, "GIT_CONFIG_COUNT": str(first + len(settings))}
    variables.pop("GIT_EXTERNAL_DIFF", None)
    for number, (name, value) in enumerate(settings.items(), first):
        variables[f"GIT_CONFIG_KEY_{number}"] = name
        variables[f"GIT_CONFIG_VALUE_{number}"] = value
    return variables
