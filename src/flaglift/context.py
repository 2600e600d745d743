"""What a request holds besides the prompt's text. Unknown is not the same as absent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_ABSENT: Sequence[Any] = (None, "", [], {})
"""Values with which a form or a JSON body sends no field."""


NULLS = ("", "\\N", "NULL", "null")
"""How formats without a null write one."""
_NOTHING_IN_TEXT = (*NULLS, "[]", "{}")


class Unstated(Enum):
    """A value that is there, and that nobody can tell before the request is made."""

    VALUE = "unstated"


UNSTATED = Unstated.VALUE
"""What a field holds that is computed later: a variable, an interpolation, a file's content."""


def is_absent(value: Any) -> bool:
    """Whether a field with this value is read like one that is not there.

    >>> is_absent([]), is_absent(0)
    (True, False)
    """
    return value in _ABSENT


def field_name(key: str) -> str:
    """Return the field that a key or a column stands for.

    >>> field_name("prompt[num_images]"), field_name("text")
    ('num_images', 'text')
    """
    return key.rpartition("[")[2].rstrip("]") if "[" in key else key


def stated(value: Any) -> Any:
    """Return a value of a document, a cell or a column as a context holds it.

    Of lists, objects and bytes only counts whether anything is in them.

    >>> stated(4), stated(["a.png"]) is UNSTATED, stated([]), stated("[]"), stated("NULL")
    (4, True, None, None, None)
    """
    if isinstance(value, list | dict | bytes):
        return UNSTATED if value else None
    return None if value in _NOTHING_IN_TEXT else value


@dataclass(frozen=True, slots=True)
class Context:
    """Fields of the request besides `text`, by name; one of None, "", [] or {} is absent.

    `UNSTATED` says that a field has a value which is not known. With `complete` the fields named
    are all there are; otherwise what is not named is unknown, and rules that need it advise or stay
    silent.

    >>> context = Context({"input_video": UNSTATED, "num_images": 1, "seed": None})
    >>> context.has("input_video"), context.has("seed"), context.has("style")
    (True, False, None)
    >>> context.get("input_video"), context.get("num_images")
    (None, 1)
    """

    given: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    complete: bool = False

    def get(self, name: str) -> Any:
        """Return the value given for a field; None where it is absent, unknown or unstated."""
        value = self.given.get(name)
        return None if value is UNSTATED or value in _ABSENT else value

    def has(self, *names: str) -> bool | None:
        """Tell whether the request holds any of the fields; None where that is not known."""
        if any(self.given.get(name) not in _ABSENT for name in names):
            return True
        if self.complete or all(name in self.given for name in names):
            return False
        return None

    def updated(self, fields: Mapping[str, Any]) -> "Context":
        """Return a context that holds these fields too, where it holds no other value for them."""
        if not fields:
            return self
        held = {name: value for name, value in self.given.items() if self.has(name)}
        return Context({**self.given, **fields, **held}, self.complete)
