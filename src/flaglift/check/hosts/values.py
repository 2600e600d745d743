"""The value that a program gets from a data file, before and after it is rewritten.

Literals do not show what else refers to them: a YAML alias or merge key brings a changed text, or
an added field, into another mapping, and of a duplicate key only one counts. The format's own
parser resolves these.
"""

import json
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from flaglift.check.hosts.base import LiteralChange
from flaglift.check.hosts.edits import EditPlan
from flaglift.context import field_name
from flaglift.emit.form import form_value


class _Unread:
    """The value of a document that its parser rejects."""


UNREAD = _Unread()


def value_of(name: str, data: bytes) -> Any:
    """Return the value of a host's document; `UNREAD` without a parser, or if it fails.

    >>> value_of("json", b'{"a": 1, "a": 2}')
    {'a': 2}
    """
    reader = _READERS.get(name)
    try:
        return reader(data.decode()) if reader else UNREAD
    except Exception:
        return UNREAD


def _yaml(text: str) -> Any:
    import yaml  # noqa: PLC0415 (an extra)

    class Loader(yaml.CSafeLoader):
        """Represents values with application-specific tags as plain values."""

    def tagged(loader: Any, suffix: str, node: Any) -> Any:
        if isinstance(node, yaml.MappingNode):
            return suffix, loader.construct_mapping(node, deep=True)
        if isinstance(node, yaml.SequenceNode):
            return suffix, loader.construct_sequence(node, deep=True)
        return suffix, node.value

    Loader.add_multi_constructor("", tagged)
    return list(yaml.load_all(text, Loader))


_READERS: Mapping[str, Callable[[str], Any]] = {
    "json": json.loads,
    "jsonl": lambda text: [json.loads(line) for line in text.splitlines() if line.strip()],
    "yaml": _yaml,
    "toml": tomllib.loads,
}


class _Move(NamedTuple):
    old: str
    new: str
    fields: Mapping[str, str]


class Intention:
    """The intended differences in the value of a document."""

    def __init__(self, planned: EditPlan, changes: Sequence[LiteralChange]) -> None:
        roots = {each: text for each, text in planned.intended.items() if not each.outer}
        moved = {each.literal: each.fields for each in changes if each.fields}
        self._texts = {
            (root.spelt(root.text), text) for root, text in roots.items() if root not in moved
        }
        self._moves = [
            _Move(
                root.spelt(root.text),
                roots[root],
                {name: form_value(value) for name, value in fields.items()},
            )
            for root, fields in moved.items()
            if root in roots
        ]

    def is_all(self, before: Any, after: Any) -> bool:
        """Return whether two values differ in nothing else."""
        stack = [(before, after)]
        seen = set()
        while stack:
            old, new = stack.pop()
            if (id(old), id(new)) in seen:
                continue  # an alias, possibly to something around it
            if type(old) is not type(new):
                return False
            if isinstance(old, dict | list | tuple):
                seen.add((id(old), id(new)))
                pairs = self._mapping(old, new) if isinstance(old, dict) else _items(old, new)
                if pairs is None:
                    return False
                stack += pairs
            elif old != new and (old, new) not in self._texts and repr(old) != repr(new):
                return False
        return True

    def _mapping(self, old: dict[Any, Any], new: dict[Any, Any]) -> list[tuple[Any, Any]] | None:
        """Return the values to compare; None if keys disappeared, or were added without a text."""
        added = new.keys() - old.keys()
        if old.keys() - new.keys():
            return None
        pairs = [(old[key], new[key]) for key in old]
        if not added:
            return pairs
        fields = {field_name(str(key)): form_value(new[key]) for key in added}
        texts = {
            (move.old, move.new) for move in self._moves if move.fields == fields
        }.intersection(_strings(pairs))
        for text in texts:  # once each: a copy of it, as through an alias, has no added fields
            pairs.remove(text)
        return pairs if texts else None


def _items(old: Sequence[Any], new: Sequence[Any]) -> list[tuple[Any, Any]] | None:
    return list(zip(old, new, strict=True)) if len(old) == len(new) else None


def _strings(pairs: Collection[tuple[Any, Any]]) -> list[tuple[str, str]]:
    return [pair for pair in pairs if isinstance(pair[0], str) and isinstance(pair[1], str)]
