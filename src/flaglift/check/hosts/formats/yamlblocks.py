"""Collections of YAML: those that are open while it is read, and where those at the top are cut."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flaglift.check.hosts.formats.siblings import TEXT_KEY
from flaglift.lossless.spans import Span

_TOP = re.compile(
    rb"^(?:-(?=[ \t\r\n])"
    rb"|(?P<key>[\w./$][^:\n#'\"]*?|\"[^\"\\\n]*\"|'[^'\n]*')[ \t]*:(?=[ \t\r\n]))",
    re.MULTILINE,
)
"""An item or a key that is not indented, or what looks like one."""
_NOWHERE = Span(0, 0)


@dataclass
class Level:
    """A collection that is open."""

    mapping: bool
    flow: bool
    is_key: bool
    key: str | None = None
    key_place: Span = _NOWHERE
    index: int = 0
    is_shared: bool = False
    """Whether it, or a collection around it, has an anchor: an alias may stand for it."""
    fields: dict[str, Any] = field(default_factory=dict)
    """Scalars of a mapping beside the text, by the names of fields; filled while it is read."""
    taken: set[str] = field(default_factory=set)
    """Names of all fields of a mapping; filled while it is read."""
    keys: Counter[str] = field(default_factory=Counter)
    """How often a mapping has each key; filled while it is read."""
    doubts: list[str] = field(default_factory=list)
    """Why it is unknown what else a field of it would be part of; filled while it is read."""

    @property
    def part(self) -> str | int:
        """The part of the path that leads to what is next in it."""
        return (self.key or "") if self.mapping else self.index


def cuts_of_block(data: bytes) -> Mapping[int, bool]:
    """Return where items or keys begin, each with whether it is a key; none of a single one.

    Keys of which one says something of the others are none.
    """
    matches = list(_TOP.finditer(data))
    is_mapping = bool(matches) and matches[0]["key"] is not None
    matches = [match for match in matches if (match["key"] is not None) == is_mapping]
    keys = [match["key"].strip(b"\"'").decode() for match in matches if is_mapping]
    if len(matches) < 2 or len(set(keys)) < len(keys) or any(map(TEXT_KEY.search, keys)):
        return {}
    return dict.fromkeys((0, *(match.start() for match in matches[1:])), is_mapping)


def keys_at_top(data: bytes) -> int:
    """Return how many keys begin in it."""
    return sum(match["key"] is not None for match in _TOP.finditer(data))
