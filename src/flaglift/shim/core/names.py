"""Names of form fields, and the prompt that each belongs to."""

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from flaglift.shim.core.record import Reason
from flaglift.shim.core.refusal import Doubt


class FieldPlace(NamedTuple):
    """The meaning of a name: a field of one of the request's prompts."""

    owner: str
    """`prompt`, `tune[prompts_attributes][3]`, `tune[prompts_attributes][]`, or, as the service's
    own client sends it, `tune[prompt_attributes]`."""
    element: int
    """Which prompt of an owner that ends in `[]`, from 0; else 0."""
    field: str
    rest: str
    """The brackets after the field, such as `[]` of a list."""

    @property
    def prompt(self) -> tuple[str, int]:
        """Which prompt it belongs to."""
        return self.owner, self.element

    @property
    def repeats(self) -> bool:
        """Whether the name may repeat, as for the entries of a list."""
        return "[]" in self.rest


_BRACKETS = re.compile(r"[\[\]]+")
_PATHS = {
    "prompt": (("prompt",),),
    "tune": (("tune", "prompts_attributes"), ("tune", "prompt_attributes")),
}
_NAMES = {
    "prompt": re.compile(r"(prompt)\[(\w+)\]((?:\[\w*\])*)", re.ASCII),
    "tune": re.compile(
        r"(tune\[prompts_attributes\]\[\d*\]|tune\[prompt_attributes\])\[(\w+)\]((?:\[\w*\])*)",
        re.ASCII,
    ),
}


def read_name(name: str, root: str) -> FieldPlace | None:
    """Return a name's meaning, as if its prompt were the first; None if it belongs to no prompt.

    Raises `Doubt` for a name that only some parsers read as a field of a prompt.

    >>> read_name("tune[prompts_attributes][][text]", "tune")
    FieldPlace(owner='tune[prompts_attributes][]', element=0, field='text', rest='')
    >>> read_name("tune[title]", "tune") is None
    True
    """
    return _remembered(name, root) if len(name) <= _MOST_REMEMBERED else _read(name, root)


def _read(name: str, root: str) -> FieldPlace | None:
    if match := _NAMES[root].fullmatch(name):
        return FieldPlace(match[1], 0, match[2], match[3])
    words = [word.strip("\0 \t\r\n'\".").lower() for word in _BRACKETS.split(unquote(name))]
    spoken = tuple(word for word in words if word)
    if any(spoken[: len(path)] == path for path in _PATHS[root]):
        raise Doubt(Reason.ODD_NAME)
    return None


_MOST_REMEMBERED = 100
"""The longest name that is cached, in code points: programs send the same ones every time."""
_remembered = lru_cache(maxsize=1024)(_read)


class ArrayOrder:
    """Tells entries without an index apart: a key that repeats starts the next element.

    >>> order = ArrayOrder()
    >>> [order.element_of(key) for key in ("[text]", "[seed]", "[images][]", "[images][]")]
    [0, 0, 0, 0]
    >>> [order.element_of("[seed]") for _ in range(3)]
    [1, 2, 3]
    """

    def __init__(self) -> None:
        self._element = 0
        self._keys: set[str] = set()

    def element_of(self, key: str) -> int:
        """Return the element that the next entry belongs to, given its name in the element."""
        if "[]" not in key:
            if key in self._keys:
                self._element += 1
                self._keys.clear()
            self._keys.add(key)
        return self._element
