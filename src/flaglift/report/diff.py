"""Changes to a file as a unified diff that `git apply` and `patch -p1` accept."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from flaglift.errors import InputError

_CONTEXT = 3
_WINDOW = 100
"""In lines: how far to search for lines that both texts have, after a difference."""

_ESCAPES = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}
_PLAIN = range(0x20, 0x7F)


class _Change(NamedTuple):
    """Lines that are replaced by others; either may be none."""

    old: range
    new: range


def unified_diff(old: bytes, new: bytes, path: str) -> str:
    r"""Return the changes as `git apply` reads them in the current folder; empty if there are none.

    Bytes that are not UTF-8 are surrogates in the result, which output streams write back as these
    bytes. Raises `InputError` for a file outside of the current folder, where git writes nothing.

    >>> print(unified_diff(b"a\nb\n", b"a\nc\n", "f.txt"), end="")
    --- a/f.txt
    +++ b/f.txt
    @@ -1,2 +1,2 @@
     a
    -b
    +c
    """
    before, after = _lines(old), _lines(new)
    changes = list(_changes(before, after))
    if not changes:
        return ""
    hunks = "".join(_hunk(group, before, after) for group in _groups(changes))
    return _header(path) + hunks


def _lines(text: bytes) -> list[str]:
    # Not splitlines(): it also splits at characters that are part of a prompt.
    lines = [line + "\n" for line in text.decode("utf-8", "surrogateescape").split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _changes(old: Sequence[str], new: Sequence[str]) -> Iterator[_Change]:
    """Yield what differs, in linear time.

    Fixes change lines where they stand, so the nearest lines that agree belong together. `difflib`
    takes minutes for thousands of lines that occur many times.
    """
    at_old = at_new = 0
    while at_old < len(old) or at_new < len(new):
        if at_old < len(old) and at_new < len(new) and old[at_old] == new[at_new]:
            at_old += 1
            at_new += 1
            continue
        start_old, start_new = at_old, at_new
        agree = False
        while not agree:
            agree, more_old, more_new = _difference(
                old[at_old : at_old + _WINDOW], new[at_new : at_new + _WINDOW]
            )
            at_old += more_old
            at_new += more_new
        yield _Change(range(start_old, at_old), range(start_new, at_new))


def _difference(old: Sequence[str], new: Sequence[str]) -> tuple[bool, int, int]:
    """Return how many lines differ until two agree, or the texts end, and whether they do."""
    first: dict[str, int] = {}
    for number, line in enumerate(new):
        first.setdefault(line, number)
    places = [(number, first[line]) for number, line in enumerate(old) if line in first]
    if places:
        # Of equal distances, the one that replaces lines rather than adds or removes some.
        return True, *min(places, key=lambda place: (sum(place), max(place)))
    return not old and not new, len(old), len(new)


def _groups(changes: Sequence[_Change]) -> Iterator[list[_Change]]:
    """Yield changes whose contexts touch together."""
    group = [changes[0]]
    for change in changes[1:]:
        if change.old.start - group[-1].old.stop > 2 * _CONTEXT:
            yield group
            group = []
        group.append(change)
    yield group


def _hunk(group: Sequence[_Change], old: Sequence[str], new: Sequence[str]) -> str:
    first, last = group[0], group[-1]
    lead = min(_CONTEXT, first.old.start)
    tail = min(_CONTEXT, len(old) - last.old.stop)
    all_old = range(first.old.start - lead, last.old.stop + tail)
    all_new = range(first.new.start - lead, last.new.stop + tail)
    lines = [f"@@ -{_range(all_old)} +{_range(all_new)} @@\n"]
    at = all_old.start
    for change in group:
        lines += _marked(" ", old[at : change.old.start])
        lines += _marked("-", old[change.old.start : change.old.stop])
        lines += _marked("+", new[change.new.start : change.new.stop])
        at = change.old.stop
    lines += _marked(" ", old[at : all_old.stop])
    return "".join(lines)


def _range(lines: range) -> str:
    """Return where lines are; a place between lines is named by the line before."""
    return str(lines.stop) if len(lines) == 1 else f"{lines.start + bool(lines)},{len(lines)}"


def _marked(sign: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield (
            f"{sign}{line}"
            if line.endswith("\n")
            else f"{sign}{line}\n\\ No newline at end of file\n"
        )


def _header(path: str) -> str:
    """Return the lines that name a file: relative to the current folder, if need be quoted.

    A link's target is named, because git does not write through links.
    """
    if path == "-":
        return "--- a/-\n+++ b/-\n"
    here = Path(os.path.realpath(os.curdir))
    file = Path(os.path.realpath(path))
    if not file.is_relative_to(here):
        leads = "" if file == Path(os.path.abspath(path)) else f"leads to {file}, which "
        raise InputError(
            f"{path}: {leads}is outside of the current folder, where `git apply` writes nothing; "
            "run this in a folder above it to have a diff"
        )
    name = file.relative_to(here).as_posix()
    git = ""
    folder = _folder_in_repository(here)
    if folder and name.startswith(folder):
        # git would take this for a name relative to the top, unless it is one and says so.
        name = folder + name
        git = f"diff --git {_quoted(f'a/{name}')} {_quoted(f'b/{name}')}\n"
    # If a name contains a blank, `patch` needs a tab after it to find its end.
    end = "\t\n" if " " in name else "\n"
    return f"{git}--- {_quoted(f'a/{name}')}{end}+++ {_quoted(f'b/{name}')}{end}"


def _folder_in_repository(here: Path) -> str:
    """Return the path from the top of the repository to a folder in it, with a slash at the end."""
    top = next((each for each in (here, *here.parents) if (each / ".git").exists()), here)
    return "" if top == here else f"{here.relative_to(top).as_posix()}/"


def _quoted(name: str) -> str:
    r"""Return a name as git writes it.

    >>> print(_quoted("a b"), _quoted('"é'))
    a b "\"\303\251"
    """
    encoded = os.fsencode(name)
    quoted = "".join(map(_escaped, encoded))
    return name if quoted == name else f'"{quoted}"'


def _escaped(byte: int) -> str:
    if byte in _ESCAPES:
        return f"\\{_ESCAPES[byte]}"
    return chr(byte) if byte in _PLAIN else f"\\{byte:03o}"
