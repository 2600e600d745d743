"""Queries git: the files of a working tree, which of them changed, and what is staged.

The tree is untrusted: its `.git` may list files that are outside it, and say that the tree is
somewhere else.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from flaglift.check.git_process import SETTINGS, GitRefusal, run_git, set_by_user
from flaglift.errors import InputError

_FILTER = re.compile(r"filter\.(?P<name>.*)\.(?:clean|smudge|process|required)", re.DOTALL)

_REGULAR = ("100644", "100755")
"""Modes of regular files; others are links and submodules."""

_NOTHING = (b"", b"./\0")
"""What git lists of a folder that it takes for another repository, too."""

_LONGEST = 4096
"""Code points of a name; no system opens longer ones, and some work grows with its square."""


class Listing(NamedTuple):
    """The files of a folder as git lists them."""

    names: list[str]
    warnings: list[str]
    """What git could not read."""
    repositories: list[str]
    """Submodules and other repositories; git lists none of their files."""


class _Tree(NamedTuple):
    """A working tree."""

    top: str
    """Its top folder."""
    options: tuple[str, ...]
    """What makes git take it for the tree, run there, whatever the configuration says."""

    @property
    def command(self) -> tuple[str, ...]:
        """What every git for the tree begins with: its folder and the options."""
        return self.top, *self.options


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
    if run.data in _NOTHING:
        ignored = run_git(folder, "check-ignore", "-q", ".")
        if not isinstance(ignored, GitRefusal):
            return GitRefusal("")
        top = ignored if ignored.words else _top(folder)
        if isinstance(top, GitRefusal):
            return top
    warnings = run.messages.decode("utf-8", "surrogateescape").splitlines()
    listed = [*_present(folder, _inside(_names(run.data)))]
    inner = [name for name in listed if _is_repository(os.path.join(folder, name))]
    return Listing([*{*listed} - {*inner}], [line for line in warnings if line.strip()], inner)


def staged(folder: str) -> Changes:
    """Return the files whose staged content differs from the last commit.

    Raises `InputError` if the folder is in no repository.
    """
    tree = _asked_tree(folder, "--staged")
    top = tree.top
    run = _asked(tree, "--staged", "diff", "--cached", "--raw", "--no-abbrev", *_CHANGED)
    fields = iter(_names(run))
    blobs = {}
    for head, name in zip(fields, fields, strict=True):
        _, mode, _, blob, _ = head.split(" ")
        if mode in _REGULAR:
            blobs[name] = blob
    return Changes(top, {os.path.join(top, name): blobs[name] for name in _inside(blobs)})


def changed_since(folder: str, reference: str) -> Changes:
    """Return the files changed since the merge base with a branch or commit.

    New files count, committed or not. Raises `InputError` if the folder is in no repository, or
    there is no such commit or no common ancestor.
    """
    tree = _asked_tree(folder, "--since")
    top = tree.top
    commit = run_git(
        *tree.command, "rev-parse", "--verify", "-q", "--end-of-options", reference + "^{commit}"
    )
    if isinstance(commit, GitRefusal):
        raise InputError(f"--since {reference}: {commit.words or 'there is no such commit'}")
    base = run_git(*tree.command, "merge-base", os.fsdecode(commit.data).strip(), "HEAD")
    if isinstance(base, GitRefusal):
        lacking = (
            "it has no ancestor in common with HEAD; in a shallow clone, fetch more of the history"
        )
        raise InputError(f"--since {reference}: {base.words or lacking}")
    ancestor = os.fsdecode(base.data).strip()
    changed = _asked(
        tree, "--since", "diff", "--name-only", *_CHANGED, ancestor, settings=_without_filters(tree)
    )
    new = _asked(tree, "--since", "ls-files", "-o", "--exclude-standard", "-z")
    names = _present(top, _inside(_names(changed) + _names(new)))
    return Changes(top, {os.path.join(top, name): "" for name in names})


_CHANGED = (
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--ignore-submodules=all",  # otherwise git runs in them, with their configuration
    "--diff-filter=d",
    "-z",
)


def _asked_tree(folder: str, option: str) -> _Tree:
    top = _top(folder)
    if isinstance(top, GitRefusal):
        where = os.path.realpath(folder)
        lacking = f"{where} is in no git repository, or git is not installed"
        raise InputError(f"{option}: {top.words or lacking}")
    index = os.environ.get("GIT_INDEX_FILE")
    if index and not os.path.exists(os.path.join(top, index)):
        raise InputError(
            f"{option}: the environment variable GIT_INDEX_FILE names {index}, which does not exist"
        )
    if not set_by_user():
        return _Tree(top, ("--work-tree=.",))
    # What the user sets may be relative to this folder, or a tree without its `.git`.
    home = run_git(folder, "rev-parse", "--absolute-git-dir")
    if isinstance(home, GitRefusal):
        raise InputError(f"{option}: {home.words}")
    place = os.fsdecode(home.data).removesuffix("\n")
    return _Tree(top, (f"--git-dir={place}", "--work-tree=."))


def _top(folder: str) -> str | GitRefusal:
    """Return the top folder of the working tree, which is not outside the tree with its `.git`."""
    run = run_git(folder, "rev-parse", "--show-toplevel")
    if isinstance(run, GitRefusal):
        return run
    top = os.fsdecode(run.data).removesuffix("\n")
    home = _home(os.path.realpath(folder))
    # The environment is the user's; `core.worktree` is the repository's.
    if os.environ.get("GIT_WORK_TREE") or f"{top}/".startswith(os.path.join(home, "")):
        return top
    return GitRefusal(
        f"the repository says that its files are in {top}, which is outside {home}; "
        "if so, set GIT_WORK_TREE"
    )


def _home(folder: str) -> str:
    """Return the nearest folder with a `.git`, from a folder upwards; itself if there is none."""
    above = folder
    while not os.path.lexists(os.path.join(above, ".git")):
        if above == os.path.dirname(above):
            return folder
        above = os.path.dirname(above)
    return above


def _asked(
    tree: _Tree, option: str, *arguments: str, settings: Mapping[str, str] = SETTINGS
) -> bytes:
    """Return git's output; raises `InputError` with its message if it fails."""
    run = run_git(*tree.command, *arguments, settings=settings)
    if isinstance(run, GitRefusal):
        raise InputError(f"{option}: git {arguments[0]}: {run.words or 'no answer'}")
    return run.data


def _names(listed: bytes) -> list[str]:
    return [os.fsdecode(name) for name in listed.split(b"\0") if name]


def _inside(names: Iterable[str]) -> Iterator[str]:
    """Return names without those that no file of the tree has, which a written index may hold."""
    return (
        name
        for name in names
        if len(name) <= _LONGEST and not os.path.isabs(name) and os.pardir not in name.split("/")
    )


def _present(folder: str, names: Iterable[str]) -> Iterator[str]:
    """Return names without those of files in folders that are links, or are gone.

    The index has those that were there before their folder was replaced by a link.
    """
    known = {"": True}

    def is_there(parent: str) -> bool:
        # From the top: the path below a folder that is gone may be as long as it likes.
        for end in re.finditer(r"/|\Z", parent):
            part = parent[: end.start()]
            if part not in known:
                known[part] = _is_folder(os.path.join(folder, part))
            if not known[part]:
                return False
        return True

    return (
        name
        for name in names
        if known.get(os.path.dirname(name)) or is_there(os.path.dirname(name))
    )


def _is_repository(path: str) -> bool:
    return os.path.lexists(os.path.join(path, ".git")) and not os.path.islink(path.rstrip("/"))


def _is_folder(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def _without_filters(tree: _Tree) -> dict[str, str]:
    """Return settings that disable all filters of the repository.

    They would run only when git compares files of the working tree.
    """
    settings = dict(SETTINGS)
    for name in _names(_asked(tree, "--since", "config", "--list", "--name-only", "-z")):
        match = _FILTER.fullmatch(name)
        if match:
            for key, value in (("clean", ""), ("process", ""), ("required", "false")):
                settings[f"filter.{match['name']}.{key}"] = value
    return settings
