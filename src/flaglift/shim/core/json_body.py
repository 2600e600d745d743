"""Bodies of type application/json: the text's value and new members are spliced in.

Every other character stays as it is: numbers as they are spelt, escapes, spaces, order.
"""

import json
from collections.abc import Iterator
from typing import Any

from flaglift.lossless.json_members import Member, elements, members, validate, value_of
from flaglift.lossless.json_tokens import JSON, skip_blanks
from flaglift.shim.core.decision import Judge, PromptChange
from flaglift.shim.core.form import MOST_ENTRIES
from flaglift.shim.core.record import Reason
from flaglift.shim.core.refusal import Doubt

_Object = dict[str, Member]
"""The members of an object, in order."""
_Edit = tuple[int, int, bytes]
"""A byte range of the body, and its replacement."""


def rewrite_json(body: bytes, judge: Judge) -> bytes:
    """Return the body with its prompts translated.

    Raises `Doubt` if it is not JSON or has repeated keys, `Refusal` in mode `strict`.
    """
    try:
        body.decode()
        validate(body, JSON, deep=False)  # blocks all other requests
        top = _object_at(body, skip_blanks(body, 0))
        edits: list[_Edit] = []
        for prompt in _prompts(body, top, judge.route.root):
            edits += _judged(body, prompt, judge)
        return _edited(body, edits) if edits else body
    except UnicodeError:
        raise Doubt(Reason.INVALID_UTF8) from None
    except (ValueError, RecursionError):
        raise Doubt(Reason.MALFORMED) from None


def _edited(body: bytes, edits: list[_Edit]) -> bytes:
    pieces: list[bytes] = []
    position = 0
    for start, end, content in sorted(edits):
        pieces += (body[position:start], content)
        position = end
    new = b"".join((*pieces, body[position:]))
    validate(new, JSON, deep=False)
    return new


def _object_at(body: bytes, start: int) -> _Object:
    """Read the object at a position. Raises `ValueError` for other values."""
    if body[start] != 0x7B:
        raise ValueError("not an object")
    entries = members(body, start)
    if len(entries) > MOST_ENTRIES:
        raise Doubt(Reason.TOO_LARGE)
    by_key = {member.key: member for member in entries}
    if len(by_key) < len(entries):
        raise Doubt(Reason.DUPLICATE_NAME)
    return by_key


def _prompts(body: bytes, top: _Object, root: str) -> Iterator[_Object]:
    """Yield the objects of the body that are prompts."""
    inner = top.get(root)
    if inner is None or body[inner.value] != 0x7B:
        if root == "prompt":
            yield top  # clients also send a prompt's fields without the wrapping `prompt`
        return
    prompt = _object_at(body, inner.value)
    if root == "prompt":
        if "text" in top:
            raise Doubt(Reason.DUPLICATE_NAME)
        yield prompt
        return
    if attributes := prompt.get("prompts_attributes"):
        yield from _elements(body, attributes)
    single = prompt.get("prompt_attributes")
    if single and body[single.value] == 0x7B:
        yield _object_at(body, single.value)


def _elements(body: bytes, attributes: Member) -> Iterator[_Object]:
    """Yield the objects in a list, or in an object whose keys are numbers."""
    starts: list[int] = []
    if body[attributes.value] == 0x7B:
        starts = [member.value for member in _object_at(body, attributes.value).values()]
    elif body[attributes.value] == 0x5B:
        starts = list(elements(body, attributes.value))
    if len(starts) > MOST_ENTRIES:
        raise Doubt(Reason.TOO_LARGE)
    yield from (_object_at(body, start) for start in starts if body[start] == 0x7B)


def _judged(body: bytes, prompt: _Object, judge: Judge) -> list[_Edit]:
    member = prompt.get("text")
    if member is None or body[member.value] != 0x22:
        return []
    beside = {key: value_of(body, other) for key, other in prompt.items() if key != "text"}
    change = judge.decide(value_of(body, member), beside, complete=True)
    return _edits(body, prompt, member, change) if change else []


def _edits(body: bytes, prompt: _Object, member: Member, change: PromptChange) -> list[_Edit]:
    """Return the edits that turn a prompt's flags into members, in the client's own style."""
    ascii_only = body.isascii() or b"\\u" in body[member.start : member.end]
    colon = body[member.key_end : member.value]
    comma = b"," + _blanks_between(body, prompt)

    def written(value: Any) -> bytes:
        return json.dumps(value, ensure_ascii=ascii_only).encode()

    added = [
        json.dumps(name).encode() + colon + written(value) for name, value in change.added.items()
    ]
    edits = [
        (prompt[name].value, prompt[name].end, written(value))
        for name, value in change.filled.items()
    ]
    if change.text is not None:
        added.insert(0, body[member.start : member.value] + written(change.text))
    if added:
        edits.append((member.start, member.end, comma.join(added)))
    else:
        edits.append(_without(prompt, member))
    return edits


def _blanks_between(body: bytes, prompt: _Object) -> bytes:
    """Return the blanks after the object's first comma, or else before its first key."""
    before = start = [member.start for member in prompt.values()][:2][-1]
    while body[before - 1] in b" \t\n\r":
        before -= 1
    return body[before:start]


def _without(prompt: _Object, member: Member) -> _Edit:
    """Return the edit that removes a member, with one of the commas around it."""
    following = [other.start for other in prompt.values() if other.start > member.start]
    if following:
        return member.start, following[0], b""
    preceding = [other.end for other in prompt.values() if other.end < member.start]
    return preceding[-1], member.end, b""
