"""Changes documents whose prompts are of known shapes, with the fields spelled in place.

Only the bytes of the text and new members after it are written, or, where fields are there and
empty, the whole document as Python's writer spells it, if it was spelled so before. What is spelled
in another way is left to `JsonRewriter`.
"""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from flaglift.lossless.json_tokens import encoded_text
from flaglift.migrate.files.byte_changes import ShapedChanges
from flaglift.migrate.files.patches import patch_of
from flaglift.migrate.job import Job
from flaglift.migrate.json_rewriting import gap_of, writer_for
from flaglift.migrate.json_values import read_any
from flaglift.migrate.request import request_keys
from flaglift.migrate.shape_decision import VIDEO_PROMPT, Read, ShapeDecider, SharedOutcome
from flaglift.shapes import ShapedPrompt, video_prompt_of
from flaglift.syntax.flags import FIELD_FLAGS

_MOST_LAYOUTS = 1000
_decoded = json.JSONDecoder().raw_decode


class _Layout(NamedTuple):
    """What objects with the same keys have in common."""

    read: Read
    watched: tuple[str, ...]
    """Keys that affect the result unless their values are null."""
    holds_fields: bool
    """Whether there are keys of targets: their values are written in place."""


_Style = tuple[str, str, bool]
"""How an object is spelled: the colon, the white space after a comma, and whether it is ASCII."""


class _Members(NamedTuple):
    """New members for all prompts with one outcome, in one style."""

    before: str
    """What is written before the video prompt."""
    after: str
    values: Mapping[str, Any]
    """Their values by key."""


class JsonShapes:
    """Changes documents of one source."""

    def __init__(self, job: Job, text: str, key: str | None, decide: ShapeDecider) -> None:
        """`text` and `key` are keys of a document, not paths."""
        self._job = job
        self._text = text
        self._key = key
        self._decide = decide
        self._name = encoded_text(text, ascii_only=False)
        self._is_ascii = text.isascii() and "/" not in text and "\\" not in self._name
        self._keys = {field: job.targets.get(field, field) for field in FIELD_FLAGS}
        self._taken = frozenset((text, *job.targets.values()))
        self._layouts: dict[tuple[str, ...], _Layout | None] = {}
        self._members: dict[tuple[SharedOutcome, _Style], _Members] = {}

    def change(
        self, changes: ShapedChanges, data: bytes, document: dict[str, Any], number: int, start: int
    ) -> bool:
        """Add the change of a document to those of its chunk; return whether it could be decided.

        `start` is its position in the chunk.
        """
        keys = tuple(document)
        if keys not in self._layouts:
            if len(self._layouts) > _MOST_LAYOUTS:
                self._layouts.clear()
            self._layouts[keys] = self._layout(keys)
        layout = self._layouts[keys]
        if layout is None:
            return False
        for key in layout.watched:
            if document[key] is not None:
                return False
        prompt = layout.read(document[self._text])
        outcome = self._decide(prompt) if prompt else None
        if prompt is None or outcome is None:
            return False
        write = self._filled if layout.holds_fields else self._changed
        new = write(data.decode(), document, prompt, outcome)
        if new is None:
            return False
        key = (str(document[self._key]) if self._key else "") or str(number)
        changes.add(start, start + len(data), new, key, outcome.codes, patch_of(data, new))
        changes.count(outcome)
        return True

    def _layout(self, keys: tuple[str, ...]) -> _Layout | None:
        """Return the layout of objects; None if some of them have to be decided one by one."""
        held = [*self._taken.intersection(keys).difference((self._text,))]
        others = {*keys}.difference(held)
        if any(key.endswith("]") for key in keys) or not others.isdisjoint(self._keys.values()):
            return None
        context = {field: key for key, field in request_keys(keys, self._taken)}
        read, beside = self._decide.reader(context)
        watched = (*held, *(context[field] for field in beside))
        return _Layout(read, watched, bool(held))

    def _filled(
        self, line: str, document: dict[str, Any], prompt: ShapedPrompt, outcome: SharedOutcome
    ) -> bytes | None:
        """Return the new document, in which empty fields are filled.

        None if the document is not spelled as Python's writer spells it. Then its other members
        come out as they were.
        """
        spell = writer_for(line)
        try:
            if spell(document) != line:
                return None
        except RecursionError:
            return None
        own = {self._keys[field]: value for field, value in outcome.fields.items()}
        own[self._keys[VIDEO_PROMPT]] = video_prompt_of(prompt) or ""
        added = {self._text: prompt.text}
        added |= {key: value for key, value in own.items() if key not in document}
        after: dict[str, Any] = {}
        for key, value in document.items():
            if key == self._text:
                after |= added
            else:
                after[key] = own.get(key, value)
        return _encoded(spell(after))

    def _changed(
        self, line: str, document: dict[str, Any], prompt: ShapedPrompt, outcome: SharedOutcome
    ) -> bytes | None:
        """Return the new document.

        None if the document is spelled differently around its text, or if the result would not
        read as intended.
        """
        at = line.find(self._name)
        value = at + len(self._name)
        colon = ": " if line.startswith(": ", value) else ":"
        if at < 0 or not line.startswith(f'{colon}"', value):
            return None
        value += len(colon)
        end = _decoded(line, value)[1]
        ascii_only = line.isascii()
        spell = partial(encoded_text, ascii_only=ascii_only)
        text = spell(prompt.text)
        # What stays has to keep its spelling.
        if not line.startswith(text[:-1], value) and line[value:end] != spell(document[self._text]):
            return None
        style = colon, gap_of(line, at, value, end), ascii_only
        members = self._members.get((outcome, style)) or self._new_members(outcome, style)
        video_prompt = video_prompt_of(prompt) or ""
        new = (
            f"{line[:value]}{text}{members.before}{spell(video_prompt)}{members.after}{line[end:]}"
        )
        if not self._is_only_text(line):
            own = {self._text: prompt.text, self._keys[VIDEO_PROMPT]: video_prompt}
            if read_any(new) != {**document, **members.values, **own}:
                return None
        return _encoded(new)

    def _is_only_text(self, line: str) -> bool:
        """Return whether the key of the text can only be where it was found.

        The document has this key, the line has its spelling once, and no character of ASCII is
        escaped by its number, so it is not spelled in any other way either.
        """
        return self._is_ascii and line.count(self._name) == 1 and "\\u00" not in line

    def _new_members(self, outcome: SharedOutcome, style: _Style) -> _Members:
        colon, gap, ascii_only = style
        spell = partial(encoded_text, ascii_only=ascii_only)
        values = {self._keys[field]: value for field, value in outcome.fields.items()}
        own = self._keys[VIDEO_PROMPT]
        pieces = {
            key: f",{gap}{spell(key)}{colon}{'' if key == own else spell(value)}"
            for key, value in values.items()
        }
        keys = [*pieces]
        first = keys.index(own) + 1
        members = _Members(
            "".join(pieces[key] for key in keys[:first]),
            "".join(pieces[key] for key in keys[first:]),
            values,
        )
        if len(self._members) > _MOST_LAYOUTS:
            self._members.clear()
        self._members[outcome, style] = members
        return members


def _encoded(document: str) -> bytes | None:
    try:
        return document.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which was escaped
        return None
