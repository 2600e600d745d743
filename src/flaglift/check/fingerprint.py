"""What stays the same of a prompt when it is moved, re-quoted, or spaced otherwise."""

import json
import re
from collections.abc import Iterator
from hashlib import sha256

from flaglift.syntax import Prompt, parse
from flaglift.syntax.nodes import Flag, Text

_WHITESPACE = re.compile("[ \t\r\n]+")  # as the dialect separates words (section 1.1)


def fingerprint(text: str) -> str:
    r"""Return the fingerprint of a prompt: 16 hexadecimal digits of its AST's hash.

    Values of flags count as they read, words as they stand, and whitespace between them not at all.

    >>> fingerprint("a cat --duration 5") == fingerprint(' a  cat\t--duration="5" ')
    True
    >>> fingerprint("a cat --duration 5") == fingerprint("a cat --duration 6")
    False
    """
    parts = list(_parts(parse(text)))
    return sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _parts(prompt: Prompt) -> Iterator[list[str | None]]:
    for node in prompt.nodes:
        if isinstance(node, Flag):
            yield [node.name.value, node.value.text if node.value else None]
            continue
        raw = _WHITESPACE.sub(" ", node.raw).strip(" ")
        if raw or not isinstance(node, Text):
            yield [type(node).__name__, raw]
