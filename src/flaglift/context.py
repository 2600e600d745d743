"""What a request holds beside the prompt's text. Unknown is not the same as absent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Context:
    """Fields of the request beside `text`, by name; a value of None or "" says it is absent.

    With `complete` the fields named are all there are; otherwise what is not named is unknown, and
    rules that need it advise or stay silent.

    >>> context = Context({"input_video": "clip.mp4", "seed": None})
    >>> context.has("input_video"), context.has("seed"), context.has("num_images")
    (True, False, None)
    """

    given: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    complete: bool = False

    def get(self, name: str) -> Any:
        """Return the value given for a field; None where it is absent or unknown."""
        value = self.given.get(name)
        return None if value == "" else value

    def has(self, *names: str) -> bool | None:
        """Tell whether the request holds any of the fields; None where that is not known."""
        if any(self.get(name) is not None for name in names):
            return True
        if self.complete or all(name in self.given for name in names):
            return False
        return None

    def updated(self, fields: Mapping[str, Any]) -> "Context":
        """Return a context that holds these fields too, where it holds no other value for them."""
        if not fields:
            return self
        held = {name: self.given[name] for name in self.given if self.get(name) is not None}
        return Context({**self.given, **fields, **held}, self.complete)
