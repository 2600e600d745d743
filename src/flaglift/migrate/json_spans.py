"""Finds members of a JSON document by path, with their places in its bytes."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

_WS = re.compile(rb"[ \t\n\r]*+")
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_NESTING = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[{}\[\]]', re.DOTALL)
_SCALAR = re.compile(rb"[^\s,}\]]++")
_STEP = re.compile(r"(?:((?:[^.\[\]\\]|\\.)+)((?:\[\])*)|(\[\]))(\.|$)", re.DOTALL)


class Member(NamedTuple):
    """A key and its value in an object, in bytes of the document."""

    key: str
    start: int
    """Where the key's opening quote stands."""
    value: int
    end: int
    """The byte after the value."""


class Site(NamedTuple):
    """An object that holds a prompt."""

    place: str
    opening: int
    """Where its brace stands."""
    members: list[Member]


def parse_path(path: str) -> list[str]:
    r"""Return the steps of a path; `[]` is every element of a list, a backslash makes a dot plain.

    Raises `ValueError` for what is no path.

    >>> parse_path("prompts_attributes[].text"), parse_path(r"a\.b")
    (['prompts_attributes', '[]', 'text'], ['a.b'])
    """
    steps: list[str] = []
    position = 0
    more = True
    while more and (found := _STEP.match(path, position)):
        if found[3]:
            steps.append("[]")
        else:
            steps.append(re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL))
            steps += ["[]"] * (len(found[2]) // 2)
        position = found.end()
        more = bool(found[4])
    if more or position < len(path) or steps[-1] == "[]":
        raise ValueError(f"`{path}` is no path to a text such as `text`, `a.text` or `a[].text`")
    return steps


def check(data: bytes) -> None:
    """Raise `ValueError`, with a reason for people, unless the bytes are one JSON value."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise ValueError(
            f"not UTF-8: byte {error.start + 1} is 0x{data[error.start]:02x}"
        ) from None
    try:
        _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"not valid JSON: {error.msg.lower()} at column {error.pos + 1}") from None
    except RecursionError:
        raise ValueError("its JSON is nested too deeply") from None


# Numbers are never written back, and Python refuses to read very long ones.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)


def value_end(data: bytes, start: int) -> int:
    """Return the position after the value that starts there; the document must be valid."""
    first = data[start : start + 1]
    if first == b'"':
        return _STRING.match(data, start).end()  # type: ignore[union-attr]
    if first not in b"{[":
        return _SCALAR.match(data, start).end()  # type: ignore[union-attr]
    depth = 0
    for token in _NESTING.finditer(data, start):
        depth += {b"{": 1, b"[": 1, b"}": -1, b"]": -1}.get(token[0], 0)
        if not depth:
            return token.end()
    raise AssertionError("the document was checked before")


def skip(data: bytes, position: int) -> int:
    """Return the position of the next byte that is not white space."""
    return _WS.match(data, position).end()  # type: ignore[union-attr]


def members(data: bytes, opening: int) -> list[Member]:
    """Return the members of the object whose brace stands at `opening`, in order."""
    found: list[Member] = []
    position = skip(data, opening + 1)
    while data[position] == 0x22:
        key_end = value_end(data, position)
        value = skip(data, skip(data, key_end) + 1)
        end = value_end(data, value)
        raw = data[position + 1 : key_end - 1]
        key = json.loads(data[position:key_end]) if b"\\" in raw else raw.decode()
        found.append(Member(key, position, value, end))
        position = skip(data, end)
        position = skip(data, position + 1) if data[position] == 0x2C else position
    return found


def _elements(data: bytes, opening: int) -> Iterator[int]:
    position = skip(data, opening + 1)
    while data[position] != 0x5D:
        yield position
        position = skip(data, value_end(data, position))
        position = skip(data, position + 1) if data[position] == 0x2C else position


def sites(data: bytes, steps: list[str]) -> list[Site]:
    """Return the objects that hold the last step's key, by a path; the document must be valid.

    Raises `ValueError` where the path leads through a repeated key, or to a value of another kind
    than the path says. A missing or null step leads nowhere.
    """
    return list(_walk(data, skip(data, 0), steps, ""))


def _walk(data: bytes, start: int, steps: list[str], place: str) -> Iterator[Site]:
    step, rest = steps[0], steps[1:]
    if data.startswith(b"null", start):
        return
    wanted = b"[" if step == "[]" else b"{"
    if data[start : start + 1] != wanted:
        kind = "a list" if step == "[]" else "an object"
        raise ValueError(f"{f'`{place}`' if place else 'it'} is not {kind}")
    if step == "[]":
        for index, element in enumerate(_elements(data, start)):
            yield from _walk(data, element, rest, f"{place}[{index}]")
        return
    inside = members(data, start)
    matching = [member for member in inside if member.key == step]
    if len(matching) > 1:
        raise ValueError(f"the key `{step}` stands in it {len(matching)} times")
    for member in matching:
        here = f"{place}.{step}" if place else step
        if rest:
            yield from _walk(data, member.value, rest, here)
        else:
            yield Site(here, start, inside)


def value_of(data: bytes, member: Member) -> Any:
    """Return a member's value."""
    return json.loads(data[member.value : member.end])


def key_reader(path: str | None) -> Callable[[bytes], str | None]:
    """Return a function that reads a document's key; None for no path.

    The function raises `ValueError` where there is not exactly one; so does this for a bad path.
    """
    if path is None:
        return lambda data: None  # noqa: ARG005
    steps = parse_path(path)

    def read(data: bytes) -> str:
        found = sites(data, steps)
        if len(found) != 1:
            raise ValueError(f"there is no single key `{path}` in it")
        member = next(m for m in found[0].members if m.key == steps[-1])
        return str(value_of(data, member))

    return read
