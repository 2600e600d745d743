"""What git knows: the files of a working tree, and which of them changed."""

import os
import subprocess

from flaglift.errors import InputError


def files_below(folder: str) -> list[str] | None:
    """Return tracked and new files below a folder, relative to it; none that git ignores.

    None where the folder is in no repository, is ignored itself, or git is not there.
    """
    listed = _git(folder, "ls-files", "-co", "--exclude-standard", "-z")
    if listed is None or (not listed and _git(folder, "check-ignore", "-q", ".") is not None):
        return None
    return _names(listed)


def staged(folder: str) -> list[str]:
    """Return the files whose staged content differs from the last commit, as absolute paths.

    Raises `InputError` where the folder is in no repository.
    """
    top = _top(folder, "--staged")
    return _absolute(top, _git(top, "diff", "--cached", *_CHANGED))


def changed_since(folder: str, reference: str) -> list[str]:
    """Return the files that differ from where a branch or commit was left, as absolute paths.

    New files count, committed or not. Raises `InputError` where the folder is in no repository, or
    there is no such commit or no common ancestor.
    """
    top = _top(folder, "--since")
    commit = _git(top, "rev-parse", "--verify", "-q", "--end-of-options", reference + "^{commit}")
    if commit is None:
        raise InputError(f"--since {reference}: there is no such commit")
    base = _git(top, "merge-base", os.fsdecode(commit).strip(), "HEAD")
    if base is None:
        raise InputError(
            f"--since {reference}: it has no ancestor in common with HEAD; "
            "in a shallow clone, fetch more of the history"
        )
    changed = _git(top, "diff", *_CHANGED, os.fsdecode(base).strip())
    new = _git(top, "ls-files", "-o", "--exclude-standard", "-z")
    return _absolute(top, changed) + _absolute(top, new)


_CHANGED = ("--name-only", "--no-renames", "--no-ext-diff", "--diff-filter=d", "-z")


def _top(folder: str, option: str) -> str:
    top = _git(folder, "rev-parse", "--show-toplevel")
    if top is None:
        where = os.path.abspath(folder)
        raise InputError(f"{option}: {where} is in no git repository, or git is not installed")
    return os.fsdecode(top).removesuffix("\n")


def _absolute(top: str, listed: bytes | None) -> list[str]:
    return [os.path.join(top, name) for name in _names(listed or b"")]


def _names(listed: bytes) -> list[str]:
    return [os.fsdecode(name) for name in listed.split(b"\0") if name]


def _git(folder: str, *arguments: str) -> bytes | None:
    try:
        run = subprocess.run(  # noqa: S603
            ["git", "-C", folder, *arguments],  # noqa: S607 (the user's own git)
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
    except OSError:
        return None
    return run.stdout if run.returncode == 0 else None
