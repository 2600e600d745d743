"""Members of objects and elements of lists, with their positions in a valid document.

Only the requested values are parsed: everything in between is skipped.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from flaglift.lossless.json_reader import Document, read
from flaglift.lossless.json_tokens import COMMENT, JSON, PYTHON, WORD, Grammar, decoded, skip_blanks

_STRING = rb'"(?:[^"\\]++|\\.)*+"' + rb"|'(?:[^'\\]++|\\.)*+'"
_SIMPLE = re.compile(_STRING + b"|" + WORD, re.DOTALL)
# A lone quote begins a string that does not end in the buffer.
_NESTING = re.compile(_STRING + b"|" + COMMENT + rb"|[{}\[\]\"']", re.DOTALL)
_DEPTH = {b"{": 1, b"[": 1, b"}": -1, b"]": -1}
_STEP = re.compile(r"(?:((?:[^.\[\]\\]|\\.)+)((?:\[\])*)|(\[\]))(\.|$)", re.DOTALL)


class Member(NamedTuple):
    """A key and its value in an object, in bytes of the document."""

    key: str
    start: int
    """Where the key begins."""
    key_end: int
    value: int
    end: int
    """The byte after the value."""


class JsonObject(NamedTuple):
    """An object that a path leads to."""

    place: str
    opening: int
    """The position of its brace."""
    members: list[Member]


def value_end(data: bytes, start: int) -> int | None:
    """Return the end of the value that starts at a position; None if it is not in the data.

    >>> value_end(b'[{"a": "]"} , 2]', 1), value_end(b'[{"a": "]"', 1)
    (11, None)
    """
    if data[start : start + 1] not in (b"{", b"["):
        simple = _SIMPLE.match(data, start)
        return simple.end() if simple else None
    depth = 0
    for token in _NESTING.finditer(data, start):
        depth += _DEPTH.get(token[0], 0)
        if not depth:
            return token.end()
        if token[0] in (b'"', b"'"):
            break
    return None


def _end(data: bytes, start: int) -> int:
    end = value_end(data, start)
    if end is None:
        raise ValueError("a value does not end")
    return end


def members(data: bytes, opening: int) -> list[Member]:
    """Return the members of the object whose brace is at `opening`, in order, with duplicates."""
    members: list[Member] = []
    position = skip_blanks(data, opening + 1)
    while data[position : position + 1] != b"}":
        key_end = _end(data, position)
        value = skip_blanks(data, skip_blanks(data, key_end) + 1)
        end = _end(data, value)
        members.append(Member(decoded(data[position:key_end]) or "", position, key_end, value, end))
        position = _next(data, end)
    return members


def closing(data: bytes, inside: Sequence[Member]) -> int:
    """Return the position of the brace that closes the object with these members."""
    return _next(data, inside[-1].end)


def elements(data: bytes, opening: int) -> Iterator[int]:
    """Yield the start of each element of the list whose bracket is at `opening`."""
    position = skip_blanks(data, opening + 1)
    while data[position : position + 1] != b"]":
        yield position
        position = _next(data, _end(data, position))


def _next(data: bytes, end: int) -> int:
    position = skip_blanks(data, end)
    return skip_blanks(data, position + 1) if data[position] == 0x2C else position


def _no_constant(name: str) -> str:
    raise ValueError(f"not valid JSON: {name} is not a value of it")


# Numbers are never written back, and Python refuses to parse very long ones.
_DECODERS = {
    JSON: json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_no_constant),
    PYTHON: json.JSONDecoder(parse_int=str, parse_float=str),
}


def validate(data: bytes, grammar: Grammar = PYTHON, *, deep: bool = True) -> None:
    """Raise `ValueError`, with a readable reason, unless the bytes are exactly one JSON value.

    With `deep`, values nested too deeply for the standard library are read too, which takes seconds
    for a megabyte; without it, they raise `RecursionError`.
    """
    try:
        _DECODERS[grammar].decode(data.decode())
    except UnicodeDecodeError as error:
        raise ValueError(
            f"not UTF-8: byte {error.start + 1} is 0x{data[error.start]:02x}"
        ) from None
    except json.JSONDecodeError as error:
        # Some of these messages end with the preposition of the place already.
        what = error.msg.lower().removesuffix(" at")
        raise ValueError(f"not valid JSON: {what} at column {error.pos + 1}") from None
    except RecursionError:
        if not deep:
            raise
        documents = read(data, grammar).documents
        if len(documents) != 1 or documents[0].fault:
            raise ValueError(_invalid(documents)) from None


def _invalid(documents: Sequence[Document]) -> str:
    fault = next((each for each in documents if each.fault), None)
    if fault:
        return f"not valid JSON: {fault.fault} at byte {fault.at + 1}"
    return f"not valid JSON: extra data at byte {documents[1].start + 1}"


def parse_path(path: str) -> list[str]:
    r"""Return the steps of a path; `[]` means all elements of a list, a backslash escapes a dot.

    Raises `ValueError` if it is not a valid path.

    >>> parse_path("prompts_attributes[].text"), parse_path(r"a\.b")
    (['prompts_attributes', '[]', 'text'], ['a.b'])
    """
    steps: list[str] = []
    position = 0
    more = True
    while more and (step := _STEP.match(path, position)):
        if step[3]:
            steps.append("[]")
        else:
            steps.append(re.sub(r"\\(.)", r"\1", step[1], flags=re.DOTALL))
            steps += ["[]"] * (len(step[2]) // 2)
        position = step.end()
        more = bool(step[4])
    if more or position < len(path) or steps[-1] == "[]":
        raise ValueError(f"`{path}` is not a path to a text such as `text`, `a.text` or `a[].text`")
    return steps


def sites(data: bytes, steps: Sequence[str]) -> list[JsonObject]:
    """Return the objects that contain the last step's key, in order; the document must be valid.

    Raises `ValueError` if the path leads through a duplicate key, or to a value of another type
    than the path implies. A missing or null step leads nowhere.
    """
    values = [("", skip_blanks(data, 0))]
    for step in steps[:-1]:
        values = [inner for place, start in values for inner in _inside(data, start, step, place)]
    return [
        JsonObject(joined(place, steps[-1]), start, inside)
        for place, start in values
        if not _is_null(data, start)
        for inside in (_members_at(data, start, place),)
        if single(inside, steps[-1])
    ]


def _inside(data: bytes, start: int, step: str, place: str) -> Iterator[tuple[str, int]]:
    """Yield the paths and start positions of the values that one step leads to."""
    if _is_null(data, start):
        return
    if step == "[]":
        if data[start] != 0x5B:
            raise ValueError(f"{named(place)} is not a list")
        for index, element in enumerate(elements(data, start)):
            yield f"{place}[{index}]", element
        return
    member = single(_members_at(data, start, place), step)
    if member:
        yield joined(place, step), member.value


def _members_at(data: bytes, start: int, place: str) -> list[Member]:
    if data[start] != 0x7B:
        raise ValueError(f"{named(place)} is not an object")
    return members(data, start)


def _is_null(data: bytes, start: int) -> bool:
    return data.startswith(b"null", start)


def named(place: str) -> str:
    """Return the name of the value at a path, for use in a sentence."""
    return f"`{place}`" if place else "it"


def joined(place: str, step: str) -> str:
    """Return the path of a key in the value at another path."""
    return f"{place}.{step}" if place else step


def single(inside: Sequence[Member], key: str) -> Member | None:
    """Return the member with a key; None if there is none. Raises `ValueError` for duplicates."""
    matching = [member for member in inside if member.key == key]
    if len(matching) > 1:
        raise ValueError(f"the key `{key}` stands in it {len(matching)} times")
    return matching[0] if matching else None


def value_of(data: bytes, member: Member) -> Any:
    """Return a member's value. Raises `RecursionError` if it is nested too deeply."""
    return json.loads(data[member.value : member.end])
