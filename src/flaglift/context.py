"""What a request holds besides the prompt's text. Unknown is not the same as absent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Unstated(Enum):
    """A value that is there, and that nobody can tell before the request is made."""

    VALUE = "unstated"


UNSTATED = Unstated.VALUE
"""What a field holds that is computed later: a variable, an interpolation, a file's content."""


@dataclass(frozen=True, slots=True)
class Context:
    """Fields of the request beside `text`, by name; a value of None or "" says it is absent.

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
        return None if value in ("", UNSTATED) else value

    def has(self, *names: str) -> bool | None:
        """Tell whether the request holds any of the fields; None where that is not known."""
        if any(self.given.get(name) not in (None, "") for name in names):
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
