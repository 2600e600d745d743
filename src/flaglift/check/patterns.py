"""Path patterns as in a `.gitignore`, in time proportional to path length times pattern length.

Patterns come with the tree that is checked, so no pattern may be able to stall the run: stars
match as early as possible, and there is no backtracking.
"""

import os
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from flaglift.errors import ConfigError

MOST_PATTERNS = 4000
"""Each file is compared with each pattern, so a list has to end somewhere."""
MOST_CHARACTERS = 1_000_000
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
_ESCAPABLE = " !#[]"
"""What a backslash of a configured pattern may make ordinary: others are those of Windows paths."""
_ALTERNATIVES = re.compile(r"\{[^{},]*,[^{}]*\}")
_MEMBER = re.compile(r"\[:(?P<name>\w+):\]|(?P<low>\\.|.)(?:-(?P<high>\\.|.))?", re.DOTALL)


@dataclass(frozen=True)
class Patterns:
    """A list of patterns, and the folder that they are relative to.

    >>> patterns = Patterns("/here", ("vendor/", "*.min.js"))
    >>> patterns.match("/here/vendor/a.txt"), patterns.match("/here/a.js")
    (True, False)
    """

    folder: str
    lines: tuple[str, ...]

    def match(self, path: str) -> bool:
        """Return whether the patterns match an absolute path, or a folder above it."""
        parts = self._inside(path)
        said: dict[int, bool] = {}
        """For each part of the path, whether the last pattern matching up to there includes it."""
        for pattern in self._last_first:
            for count in pattern.matching(parts):
                if count < len(parts) or not pattern.folders_only:
                    said.setdefault(count, not pattern.negated)
        return any(said.values())

    def decide(self, path: str, *, folder: bool) -> bool | None:
        """Return whether the last pattern that matches an absolute path itself includes it.

        None if no pattern matches.
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
class _Segment:
    text: str

    def matches(self, name: str) -> bool:
        """Return whether it matches the name of a file or folder."""
        return self._compiled.fullmatch(name) is not None

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        """The expression, kept: each file asks each pattern of a list in turn."""
        return re.compile(_expression(self.text), re.DOTALL)


@dataclass(frozen=True)
class _Pattern:
    segments: tuple[_Segment, ...]
    anchored: bool
    """Whether it matches the whole path, and not a name at any depth."""
    folders_only: bool
    negated: bool

    def matching(self, parts: Sequence[str]) -> Collection[int]:
        """Return all counts of leading parts that the pattern matches."""
        if not self.anchored:
            return [at for at, name in enumerate(parts, 1) if self.segments[0].matches(name)]
        reached: Collection[int] = {0}
        for number, segment in enumerate(self.segments, 1):
            if segment.text == "**":
                # At the end, it matches everything inside the folder, but not the folder itself.
                least = min(reached, default=len(parts)) + (number == len(self.segments))
                reached = range(least, len(parts) + 1)
            else:
                reached = {
                    at + 1 for at in reached if at < len(parts) and segment.matches(parts[at])
                }
        return reached


def too_many(lines: Sequence[str]) -> str:
    """Return why a list of patterns is not used; empty if it is."""
    if len(lines) > MOST_PATTERNS:
        return f"has more than {MOST_PATTERNS:,} patterns"
    if sum(map(len, lines)) > MOST_CHARACTERS:
        return f"has more than {MOST_CHARACTERS:,} characters in its patterns"
    return ""


def configured(folder: str, lines: Sequence[str]) -> Patterns:
    """Return the patterns of a configuration in a folder, without what `.gitignore` cannot read.

    Raises `ConfigError` with the pattern for one that would match nothing, and for too many.

    >>> configured("/here", ("./vendor", "a/./b//c/", "."))
    Patterns(folder='/here', lines=('/vendor', 'a/b/c/', '**'))
    """
    read: list[str] = []
    if excess := too_many(lines):
        raise ConfigError(excess)
    for line in lines:
        text = _without_end(line).removeprefix("!")
        negated = text != _without_end(line)
        if negated and not read:
            raise ConfigError(f"{line!r}: `!` makes exceptions from the patterns before it")
        parts = [part for part in text.split("/") if part not in ("", ".")]
        why = _useless(text, parts, folder)
        if why:
            raise ConfigError(f"{line!r}: {why}")
        is_here = text[0] == "/" or (len(parts) == 1 and "/" in text.rstrip("/"))
        end = "/" if text.endswith(("/", "/.")) else ""
        path = "/" * is_here + "/".join(parts) + end if parts else "**"
        read.append("!" * negated + path)
    return Patterns(folder, tuple(read))


def _useless(text: str, parts: Sequence[str], folder: str) -> str:
    """Return why a pattern cannot match what its author means; empty if it can."""
    path = os.path.join(folder, *parts)
    escaped = "".join(token["escaped"] or "" for token in _TOKEN.finditer(text))
    reasons = (
        (not text.strip(), "it is empty"),
        (text[:1] in ("#", " "), f"`{text[:1]}` at its start is written `\\{text[:1]}`"),
        (
            ".." in parts or _is_absolute(text, parts, folder),
            f"it is to be relative to {folder}, and inside of it",
        ),
        (
            escaped.strip(_ESCAPABLE),
            "`\\` separates no folders: write `/`, and `[*]` or `[?]` for such a character itself",
        ),
        (_ALTERNATIVES.search(text), "braces are no alternatives: write a pattern for each"),
        (any(_NEVER in _expression(part) for part in parts), "it cannot be read"),
        (
            text.endswith("/") and os.path.isfile(path),
            f"{path} is a file: write it without the `/` at its end",
        ),
    )
    return next((reason for applies, reason in reasons if applies), "")


def _is_absolute(text: str, parts: Sequence[str], folder: str) -> bool:
    """Return whether a pattern is an absolute path; `/src/` in the folder `/src` may be none."""
    above = folder.replace(os.sep, "/").rstrip("/")
    if above and f"{text}/".startswith(f"{above}/"):
        return not os.path.lexists(f"{above}/{parts[0]}")
    return text[1:3] == ":/"


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
            segments = tuple(map(_Segment, text.removeprefix("/").split("/")))
            yield _Pattern(segments, anchored, folders_only, negated)


def _without_end(line: str) -> str:
    """Return a line without trailing blanks, except one that is escaped with a backslash."""
    text = line.rstrip(" ")
    backslashes = len(text) - len(text.rstrip("\\"))
    return text + " " if backslashes % 2 and len(text) < len(line) else text


def _expression(segment: str) -> str:
    """Return the regular expression for a segment; an invalid one matches nothing."""
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
    # Each piece has a fixed length, so its first match is as good as any later one.
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
