"""Patterns of paths as in a `.gitignore`, in time that grows with the path and the pattern alone.

They come with the tree that is checked, so a pattern must not be able to stop the run: stars are
matched as early as they can be, once, and never tried again.
"""

import os
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from flaglift.errors import ConfigError

_NEVER = "(?!)"
_CLASSES = {
    "alnum": "a-zA-Z0-9", "alpha": "a-zA-Z", "blank": " \\t", "digit": "0-9", "lower": "a-z",
    "space": "\\s", "upper": "A-Z", "xdigit": "0-9a-fA-F",
    "punct": re.escape("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
}  # fmt: skip
_TOKEN = re.compile(
    r"(?P<star>\*+)|(?P<any>\?)|\\(?P<escaped>.)"
    r"|\[(?P<not>[!^]?)(?P<set>\]?(?:\\.|\[:\w+:\]|[^\]\\])*+)\]|(?P<bad>[\[\\])|(?P<one>.)",
    re.DOTALL,
)
_MEMBER = re.compile(r"\[:(?P<name>\w+):\]|(?P<low>\\.|.)(?:-(?P<high>\\.|.))?", re.DOTALL)


@dataclass(frozen=True)
class Patterns:
    """Some patterns, and the folder that they are relative to.

    >>> patterns = Patterns("/here", ("vendor/", "*.min.js"))
    >>> patterns.match("/here/vendor/a.txt"), patterns.match("/here/a.js")
    (True, False)
    """

    folder: str
    lines: tuple[str, ...]

    def check(self) -> None:
        """Raise `ConfigError` for a pattern that can match nothing."""
        for line in self.lines:
            for segment in line.split("/"):
                if line == "!" or _NEVER in _expression(segment):
                    raise ConfigError(f"{self.folder}: a pattern cannot be read: {line!r}")

    def match(self, path: str) -> bool:
        """Return whether the patterns match an absolute path, or a folder above it."""
        parts = self._inside(path)
        said: dict[int, bool] = {}
        """For each part of the path, whether the last pattern that matches up to it takes it."""
        for pattern in self._last_first:
            for count in pattern.matching(parts):
                if count < len(parts) or not pattern.folders_only:
                    said.setdefault(count, not pattern.negated)
        return any(said.values())

    def decide(self, path: str, *, folder: bool) -> bool | None:
        """Return whether the last pattern that matches an absolute path itself takes it or not.

        None where none matches.
        """
        parts = self._inside(path)
        for pattern in self._last_first:
            if (folder or not pattern.folders_only) and len(parts) in pattern.matching(parts):
                return not pattern.negated
        return None

    def _inside(self, path: str) -> list[str]:
        start = self.folder.rstrip(os.sep) + os.sep
        return path[len(start) :].split(os.sep) if path.startswith(start) else []

    @cached_property
    def _last_first(self) -> list["_Pattern"]:
        return [*_patterns(self.lines)][::-1]


@dataclass(frozen=True)
class _Pattern:
    segments: tuple[str, ...]
    anchored: bool
    """Whether it is about the whole path, and not about a name at any depth."""
    folders_only: bool
    negated: bool

    def matching(self, parts: Sequence[str]) -> Collection[int]:
        """Return how many of the parts it matches, counted from the first; all such counts."""
        if not self.anchored:
            return [at for at, name in enumerate(parts, 1) if _matches(self.segments[0], name)]
        reached: Collection[int] = {0}
        for number, segment in enumerate(self.segments, 1):
            if segment == "**":
                # At the end it is all that is inside, and not the folder itself.
                least = min(reached, default=len(parts)) + (number == len(self.segments))
                reached = range(least, len(parts) + 1)
            else:
                reached = {
                    at + 1 for at in reached if at < len(parts) and _matches(segment, parts[at])
                }
        return reached


def _patterns(lines: Sequence[str]) -> Iterator[_Pattern]:
    for line in lines:
        text = _without_end(line.removesuffix("\r"))
        if text.startswith("#"):
            continue
        negated = text.startswith("!")
        text = text[negated:]
        folders_only = text.endswith("/")
        text = text.removesuffix("/")
        anchored = "/" in text
        if text.removeprefix("/"):
            segments = tuple(text.removeprefix("/").split("/"))
            yield _Pattern(segments, anchored, folders_only, negated)


def _without_end(line: str) -> str:
    """Return a line without the blanks at its end, but for one that a backslash keeps."""
    text = line.rstrip(" ")
    backslashes = len(text) - len(text.rstrip("\\"))
    return text + " " if backslashes % 2 and len(text) < len(line) else text


def _matches(segment: str, name: str) -> bool:
    return _compiled(segment).fullmatch(name) is not None


@lru_cache(maxsize=1024)
def _compiled(segment: str) -> re.Pattern[str]:
    return re.compile(_expression(segment), re.DOTALL)


def _expression(segment: str) -> str:
    """Return a segment's expression; it matches nothing where the segment is none."""
    pieces = [""]
    for token in _TOKEN.finditer(segment):
        if token["star"]:
            pieces.append("")
        elif token["any"]:
            pieces[-1] += "."
        elif token["set"] is not None:
            pieces[-1] += _set(token["set"], negated=bool(token["not"]))
        elif token["bad"]:
            return _NEVER
        else:
            pieces[-1] += re.escape(token["escaped"] or token["one"])
    first, *others = pieces
    # Each piece has one length, so where it matches first is as good as anywhere later.
    middle = "".join(f"(?>.*?{piece})" for piece in others[:-1])
    return first + middle + (f".*{others[-1]}" if others else "")


def _set(members: str, *, negated: bool) -> str:
    inside = "".join(map(_member, _MEMBER.finditer(members)))
    return f"[{'^' if negated else ''}{inside}]" if inside else (_NEVER if not negated else ".")


def _member(member: re.Match[str]) -> str:
    if member["name"]:
        return _CLASSES.get(member["name"], "")
    low = member["low"][-1]
    high = (member["high"] or low)[-1]
    return f"{re.escape(low)}-{re.escape(high)}" if low <= high else ""
