"""Collections of YAML: those open during reading, and where those at the top can be cut."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flaglift.check.hosts.formats.siblings import TEXT_KEY
from flaglift.lossless.spans import Span

_TOP = re.compile(
    rb"^(?:-(?=[ \t\r\n])"
    rb"|(?P<key>[\w./$][^:\n#'\"]*?|\"[^\"\\\n]*\"|'[^'\n]*')[ \t]*:(?=[ \t\r\n]))",
    re.MULTILINE,
)
"""An unindented item or key, or something that looks like one."""
_NOWHERE = Span(0, 0)
_DEPENDENT = frozenset({"defaults", "runs-on", "shell", "uses", "task", "command", "entrypoint"})
"""Keys whose values say how other values next to them are read."""


@dataclass
class Level:
    """An open collection."""

    mapping: bool
    flow: bool
    is_key: bool
    begin: int = 0
    """The byte at which it begins: its bracket, or its first key or item."""
    above: "Level | None" = None
    """The collection around it."""
    name: str | int = ""
    """Its key or its number in the collection around it."""
    key: str | None = None
    key_place: Span = _NOWHERE
    index: int = 0
    is_shared: bool = False
    """Whether it, or a collection around it, has an anchor, so that an alias may repeat it."""
    fields: dict[str, Any] = field(default_factory=dict)
    """The scalars of a mapping next to the text, by field name; filled during reading."""
    taken: set[str] = field(default_factory=set)
    """The names of all fields of a mapping; filled during reading."""
    keys: Counter[str] = field(default_factory=Counter)
    """How often each key occurs in a mapping; filled during reading."""
    inner: dict[str, "Level"] = field(default_factory=dict)
    """The collections in a mapping, by key; filled during reading."""
    items: list[str] = field(default_factory=list)
    """The scalars in a sequence, empty for anything else; filled during reading."""
    doubts: list[str] = field(default_factory=list)
    """Why it is uncertain what a new field would become part of; filled during reading."""

    @property
    def part(self) -> str | int:
        """The path component of the next node in it."""
        return (self.key or "") if self.mapping else self.index


def begins_of(levels: Sequence[Level]) -> tuple[int, ...]:
    """Return where the pair of the next scalar begins, its mapping, and the pair of that.

    A mapping in lines of its own begins only where it is an item: its first key is that of a pair.
    """
    inner, outer = levels[-1:], levels[-2:-1]
    if not inner or not inner[0].mapping:
        return ()
    starts = [inner[0].key_place.start]
    if inner[0].flow or (outer and not outer[0].mapping):
        starts.append(inner[0].begin)
    return (*starts, *(each.key_place.start for each in outer if each.mapping))


def cuts_of_block(data: bytes) -> Mapping[int, bool]:
    """Return the starts of items or keys, with whether each is a key; none if there is only one.

    There are none either if keys depend on each other: one is repeated, is for a prompt's text, or
    says how others are read.
    """
    matches = list(_TOP.finditer(data))
    is_mapping = bool(matches) and matches[0]["key"] is not None
    matches = [match for match in matches if (match["key"] is not None) == is_mapping]
    keys = [match["key"].strip(b"\"'").decode() for match in matches if is_mapping]
    depends = any(map(TEXT_KEY.search, keys)) or not _DEPENDENT.isdisjoint(keys)
    if len(matches) < 2 or len(set(keys)) < len(keys) or depends:
        return {}
    return dict.fromkeys((0, *(match.start() for match in matches[1:])), is_mapping)


def keys_at_top(data: bytes) -> int:
    """Return the number of top-level keys."""
    return sum(match["key"] is not None for match in _TOP.finditer(data))
