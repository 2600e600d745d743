"""Bodies of type application/json: the text's value and new members are spliced in.

Every other character stays as it is: numbers as they are spelt, escapes, spaces, order.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from flaglift.lossless.spans import Edit, apply_edits
from flaglift.shim.core.decision import Change, Judge
from flaglift.shim.core.form import MOST_ENTRIES
from flaglift.shim.core.record import Reason
from flaglift.shim.core.refusal import Doubt


def rewrite_json(body: bytes, judge: Judge) -> bytes:
    """Return the body with its prompts translated.

    Raises `Doubt` where it is not JSON or says a thing twice, `Refusal` in mode `strict`.
    """
    try:
        text = body.decode()
        top = _object_at(text, _after_blanks(text, 0))
        edits: list[Edit] = []
        for prompt in _prompts(text, top, judge.route.root):
            edits += _judged(text, prompt, judge)
        return apply_edits(text, edits).encode()
    except UnicodeError:
        raise Doubt(Reason.INVALID_UTF8) from None
    except (ValueError, RecursionError):
        raise Doubt(Reason.MALFORMED) from None


class _Member(NamedTuple):
    """A key and a value of an object, and where they stand, in code points."""

    start: int
    """The first quote of the key."""
    key_end: int
    value_start: int
    end: int
    value: Any


class _Object(NamedTuple):
    """An object's members, and where it ends."""

    members: dict[str, _Member]
    end: int


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_BLANKS = re.compile(r"[ \t\n\r]*")
_VALUE = json.JSONDecoder(parse_constant=_no_constant).raw_decode


def _after_blanks(text: str, at: int) -> int:
    match = _BLANKS.match(text, at)
    return match.end() if match else at


def _object_at(text: str, start: int) -> _Object:
    """Read the object at a position. Raises `ValueError` for other values and broken ones."""
    members: dict[str, _Member] = {}
    at = start
    separator = "{"
    while text[at : at + 1] == separator:
        key_start = _after_blanks(text, at + 1)
        if separator == "{" and text[key_start : key_start + 1] == "}":
            return _Object(members, key_start + 1)
        key, key_end = _VALUE(text, key_start)
        colon = _after_blanks(text, key_end)
        if not isinstance(key, str) or text[colon : colon + 1] != ":":
            raise ValueError("no key")
        value_start = _after_blanks(text, colon + 1)
        value, end = _VALUE(text, value_start)
        if key in members:
            raise Doubt(Reason.DUPLICATE_NAME)
        if len(members) == MOST_ENTRIES:
            raise Doubt(Reason.TOO_LARGE)
        members[key] = _Member(key_start, key_end, value_start, end, value)
        at, separator = _after_blanks(text, end), ","
    if not members or text[at : at + 1] != "}":
        raise ValueError("no object")
    return _Object(members, at + 1)


def _prompts(text: str, top: _Object, root: str) -> Iterator[_Object]:
    """Yield the objects of the body that are prompts."""
    if _after_blanks(text, top.end) != len(text):
        raise ValueError("something follows the object")
    inner = top.members.get(root)
    if inner is None or not isinstance(inner.value, dict):
        if root == "prompt":
            yield top  # clients also send the fields of the one prompt without the `prompt`
        return
    prompt = _object_at(text, inner.value_start)
    if root == "prompt":
        if "text" in top.members:
            raise Doubt(Reason.DUPLICATE_NAME)
        yield prompt
    elif attributes := prompt.members.get("prompts_attributes"):
        yield from _elements(text, attributes)


def _elements(text: str, attributes: _Member) -> Iterator[_Object]:
    """Yield the objects in a list, or in an object whose keys are numbers."""
    if isinstance(attributes.value, list) and len(attributes.value) > MOST_ENTRIES:
        raise Doubt(Reason.TOO_LARGE)
    if isinstance(attributes.value, dict):
        by_index = _object_at(text, attributes.value_start).members
        for member in by_index.values():
            if isinstance(member.value, dict):
                yield _object_at(text, member.value_start)
    elif isinstance(attributes.value, list):
        at = attributes.value_start
        for value in attributes.value:
            at = _after_blanks(text, at + 1)  # behind the bracket or the comma
            if isinstance(value, dict):
                yield _object_at(text, at)
            at = _after_blanks(text, _VALUE(text, at)[1])


def _judged(text: str, prompt: _Object, judge: Judge) -> list[Edit]:
    member = prompt.members.get("text")
    if member is None or not isinstance(member.value, str):
        return []
    beside = {key: other.value for key, other in prompt.members.items() if key != "text"}
    change = judge.decide(member.value, beside, complete=True)
    return _edits(text, prompt, member, change) if change else []


def _edits(text: str, prompt: _Object, member: _Member, change: Change) -> list[Edit]:
    """Return what makes a prompt's object say what its flags said, in the client's own style."""
    old = text[member.start : member.end]
    ascii_only = text.isascii() or "\\u" in old
    colon = text[member.key_end : member.value_start]
    comma = "," + _blanks_between(text, prompt)
    added = [
        json.dumps(name) + colon + json.dumps(value, ensure_ascii=ascii_only)
        for name, value in change.added.items()
    ]
    edits = []
    for name, value in change.filled.items():
        empty = prompt.members[name]
        new = json.dumps(value, ensure_ascii=ascii_only)
        edits.append(Edit(empty.value_start, empty.end, new))
    if change.text is not None:
        new = json.dumps(change.text, ensure_ascii=ascii_only)
        added.insert(0, text[member.start : member.value_start] + new)
    if added:
        edits.append(Edit(member.start, member.end, comma.join(added)))
    else:
        edits.append(_without(prompt, member))
    return edits


def _blanks_between(text: str, prompt: _Object) -> str:
    """Return the blanks behind the object's first comma, or else before its first key."""
    starts = [member.start for member in prompt.members.values()][:2]
    before = starts[-1]
    while text[before - 1] in " \t\n\r":
        before -= 1
    return text[before : starts[-1]]


def _without(prompt: _Object, member: _Member) -> Edit:
    """Return the edit that takes a member out, with one of the commas around it."""
    following = [other.start for other in prompt.members.values() if other.start > member.start]
    if following:
        return Edit(member.start, following[0], "")
    preceding = [other.end for other in prompt.members.values() if other.end < member.start]
    return Edit(preceding[-1], member.end, "")
