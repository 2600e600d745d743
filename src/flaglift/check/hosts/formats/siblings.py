"""Adding fields next to a prompt's text, in the style of the file."""

import re
import shlex
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flaglift.check.hosts.base import ByteEdit
from flaglift.check.hosts.formats.curl import PLAIN_OPTION, is_special
from flaglift.emit.form import form_value
from flaglift.lossless.spans import Span

TEXT_KEY = re.compile(r"(?:^|\[)text\]?$")
"""A key for a prompt's text: `text`, `prompt[text]`."""
FIELD_KEY = re.compile(r"(?:^|\[)(?:text|video_prompt)\]?$")
"""A key for a prompt's text, or for the field that its video prompt has become."""

_REST = re.compile(rb"(?P<comma>[ \t]*,)?[ \t]*(?:(?:#|//|/\*)[^\n]*?)?(?=\r?\n)")

Write = Callable[[Any], bytes]
"""Encodes a value as a literal of a language."""


def renamed(key: bytes, name: str) -> bytes:
    """Return the key for another field, spelled like the key of the text.

    >>> renamed(b"'prompt[text]'", "video_model")
    b"'prompt[video_model]'"
    """
    before, _, after = key.rpartition(b"text")
    return before + name.encode() + after


_REQUESTS = ("prompt", "prompts_attributes")
"""The keys that contain prompts in a request of the service."""
_REPLIES = re.compile(
    r"^(?:api_?|expected_?|mock_?|last_?)?"
    r"(?:repl(?:y|ies)|responses?|results?|answers?|outputs?|returns?|received|expected|mocks?)"
    r"(?:_?(?:body|data|json))?$",
    re.IGNORECASE,
)
"""The keys that contain a server's response in a recording."""


def is_request_key(key: str) -> bool:
    """Return whether a key names a field of a request: `prompt[text]`, but not `text`.

    >>> is_request_key("prompt[text]"), is_request_key("tune[prompts_attributes][][text]")
    (True, True)
    >>> is_request_key("text"), is_request_key("song[text]")
    (False, False)
    """
    return key.startswith("prompt[") or (key.startswith("tune[") and "[prompts_attributes]" in key)


def is_request_path(path: Sequence[str | int]) -> bool:
    """Return whether a path of keys leads to the text of a prompt in a request.

    >>> is_request_path(("tune", "prompts_attributes", 0, "text")), is_request_path(("a", "text"))
    (True, False)
    >>> is_request_path(("response", "body", "prompt", "text"))
    False
    """
    keys = [part for part in path if isinstance(part, str)]
    if not keys or any(map(_REPLIES.match, keys)):
        return False
    return is_request_key(keys[-1]) or keys[-2:-1] in ([k] for k in _REQUESTS)


def twice(key: str, others: Iterable[str]) -> Sequence[str]:
    """Return the doubt about which request the fields next to a key belong to, if it is repeated.

    >>> twice("prompt[text]", ["prompt[w]", "prompt[text]"])
    ['the field `prompt[text]` is there twice']
    """
    return [f"the field `{key}` is there twice"] if "[]" not in key and key in others else []


class Adding(ABC):
    """A place where fields can be added that are not present yet."""

    taken: Set[str]
    """The fields that are present."""
    doubts: Sequence[str]
    """Why it is uncertain what the fields would become part of."""

    def insert(self, fields: Mapping[str, Any]) -> Sequence[ByteEdit] | str:
        """Return the edits that add fields, or a string with the reason why there are none."""
        if self.doubts:
            return self.doubts[0]
        clash = self.taken & set(fields)
        return f"`{min(clash)}` is there already" if clash else self.edits(fields)

    @abstractmethod
    def edits(self, fields: Mapping[str, Any]) -> Sequence[ByteEdit]:
        """Return the edits that add fields."""


@dataclass(frozen=True)
class Entries(Adding):
    """The pairs of a mapping with brackets and commas: JSON, a dict, an object, a hash."""

    data: bytes
    pair: Span
    key: Span
    value: Span
    close: int
    """The position of the closing bracket."""
    taken: Set[str]
    """The keys of the mapping, as field names."""
    write: Write
    doubts: Sequence[str] = ()
    levels: int = 0
    variable: str = ""
    """The variable that the mapping is assigned to."""

    def edits(self, fields: Mapping[str, Any]) -> Sequence[ByteEdit]:
        """Return the edits that add pairs after the text's, on new lines if it has its own line."""
        between = self.data[self.key.end : self.value.start]
        key = self.data[slice(*self.key)]
        pairs = [renamed(key, name) + between + self.write(value) for name, value in fields.items()]
        indent = self.data[self.data.rfind(b"\n", 0, self.pair.start) + 1 : self.pair.start]
        rest = _REST.match(self.data, self.pair.end, self.close)
        if indent.strip() or rest is None:
            end = self.pair.end
            return [ByteEdit(end, end, b"".join(b", " + pair for pair in pairs))]
        line = line_end(self.data, rest.end()) + indent
        if rest["comma"]:
            return [ByteEdit(rest.end(), rest.end(), b"".join(line + p + b"," for p in pairs))]
        added = ByteEdit(rest.end(), rest.end(), line + (b"," + line).join(pairs))
        if rest.end() == self.pair.end:
            return [added._replace(content=b"," + added.content)]
        return [ByteEdit(self.pair.end, self.pair.end, b","), added]


@dataclass(frozen=True)
class LinePairs(Adding):
    """The pairs of a mapping with one pair per line: a YAML block, a TOML table."""

    data: bytes
    key: Span
    between: bytes
    end: int
    """The end of the value, including line ends that are part of it."""
    taken: Set[str]
    write: Write
    doubts: Sequence[str] = ()
    levels: int = 0

    def edits(self, fields: Mapping[str, Any]) -> Sequence[ByteEdit]:
        """Return the edit that adds lines after the text's."""
        column = self.key.start - self.data.rfind(b"\n", 0, self.key.start) - 1
        key = self.data[slice(*self.key)]
        pairs = [
            b" " * column + renamed(key, name) + self.between + self.write(value)
            for name, value in fields.items()
        ]
        ending = line_end(self.data, self.data.find(b"\n", self.key.start))
        if self.data[self.end - 1 : self.end] == b"\n":  # a block scalar
            return [ByteEdit(self.end, self.end, b"".join(pair + ending for pair in pairs))]
        at = self.data.find(b"\n", self.end)
        at = len(self.data) if at < 0 else at
        at -= self.data[at - 1 : at] == b"\r"
        return [ByteEdit(at, at, b"".join(ending + pair for pair in pairs))]


@dataclass(frozen=True)
class Statement(Adding):
    """A statement that adds one field, such as `form.append("prompt[text]", text)`."""

    data: bytes
    statement: Span
    key: Span
    value: Span
    taken: Set[str]
    write: Write
    doubts: Sequence[str] = ()
    levels: int = 0

    def edits(self, fields: Mapping[str, Any]) -> Sequence[ByteEdit]:
        """Return the edit that adds the same statement for each field after it."""
        start, end = self.statement
        indent = self.data[self.data.rfind(b"\n", 0, start) + 1 : start]
        at, line = end, b" " if self.data[end - 1 : end] == b";" else b"; "
        if not indent.strip():
            line = line_end(self.data, end) + indent
            rest = _REST.match(self.data, end)
            at = rest.end() if rest else end
        before = self.data[start : self.key.start]
        between = self.data[self.key.end : self.value.start]
        after = self.data[self.value.end : end]
        key = self.data[slice(*self.key)]
        added = b"".join(
            line + before + renamed(key, name) + between + self.write(form_value(value)) + after
            for name, value in fields.items()
        )
        return [ByteEdit(at, at, added)]


@dataclass(frozen=True)
class Option(Adding):
    """A command-line option that adds one field: `-F 'prompt[text]=a cat'`."""

    data: bytes
    option: Span
    word: Span
    key: str
    encoded: bool
    taken: Set[str]
    doubts: Sequence[str] = ()
    levels: int = 1

    def edits(self, fields: Mapping[str, Any]) -> Sequence[ByteEdit]:
        """Return the edit that adds an option for each field, on its own line if the text's is."""
        start, end = self.option.start, self.word.end
        indent = self.data[self.data.rfind(b"\n", 0, start) + 1 : start]
        line = (
            b" " if indent.strip() or not indent else b" \\" + line_end(self.data, start) + indent
        )
        words = [self._words(name, form_value(value)) for name, value in fields.items()]
        return [ByteEdit(end, end, b"".join(line + each for each in words))]

    def _words(self, name: str, value: str) -> bytes:
        option = self.data[slice(*self.option)].decode()
        if is_special(option, value):
            option = PLAIN_OPTION
        written = quote(value) if self.encoded else value
        field = f"{renamed(self.key.encode(), name).decode()}={written}"
        return f"{option} {shlex.quote(field)}".encode()


def line_end(data: bytes, at: int) -> bytes:
    """Return the line end in use around a position."""
    end = data.find(b"\n", max(at, 0))
    return b"\r\n" if data[max(end - 1, 0) : end + 1] == b"\r\n" else b"\n"
