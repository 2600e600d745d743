"""What stands next to each prompt of a container, which is read once for all of them."""

from collections.abc import Hashable, Iterable
from typing import Any

from tree_sitter import Node


class OtherFields:
    """The fields of a container's members; each member has those of the others next to it."""

    def __init__(self, fields: Iterable[tuple[Hashable, str, Any]]) -> None:
        """Take the fields in order: the member that each belongs to, its name and its value."""
        last: dict[str, tuple[Hashable, Any]] = {}
        self._before: dict[str, Any] = {}
        """The value of each name that the last member with it has not given."""
        for member, name, value in fields:
            if name in last and last[name][0] != member:
                self._before[name] = last[name][1]
            last[name] = member, value
        self._values = {name: value for name, (_, value) in last.items()}
        self._names: dict[Hashable, list[str]] = {}
        for name, (member, _) in last.items():
            self._names.setdefault(member, []).append(name)

    def than(self, member: Hashable) -> dict[str, Any]:
        """Return the fields of all other members; the last one of a name counts."""
        values = self._values.copy()
        for name in self._names.get(member, ()):
            if name in self._before:
                values[name] = self._before[name]
            else:
                del values[name]
        return values


class Doubts:
    """Why it is uncertain what the members of a container are, by what each may be.

    Only the first doubt is told, so two of each kind are enough: one is not about a given member.
    """

    def __init__(self) -> None:
        self._kept: dict[str, list[tuple[int, Node, str]]] = {}

    def add(self, name: str, number: int, member: Node, doubt: str) -> None:
        """Take a doubt about the next member, which may be of one name, or of any if it is empty.

        The number is that of the member in its container.
        """
        kept = self._kept.setdefault(name, [])
        if len(kept) < 2:
            kept.append((number, member, doubt))

    def next_to(self, member: Node, name: str) -> list[str]:
        """Return the first doubts about others than a member that has a name, in their order."""
        kept = (each for kind in ("", name) for each in self._kept.get(kind, ()))
        others = sorted((number, doubt) for number, other, doubt in kept if other != member)
        return [doubt for _, doubt in others]
