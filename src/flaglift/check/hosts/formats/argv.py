"""The words of a command: a list in a document is one as well (`["sh", "-c", "..."]`)."""

from collections.abc import Callable, Sequence
from typing import Any

from flaglift.check.hosts.base import Origin
from flaglift.check.hosts.formats.commands import MOST_WORDS, language_of

_LISTS = frozenset({"command", "cmd", "args", "arguments", "argv", "entrypoint"})
_PROGRAMS = {
    "args": ("command", "entrypoint", "entryPoint"),
    "command": ("entrypoint", "entryPoint"),
}
"""The keys of the words before those of a key, in Kubernetes, Compose, actions and others."""
_OF_DOCKER = {"CMD": (), "CMD-SHELL": ("sh", "-c")}
"""What the first word of a health check stands for."""
_MOST_WORDS = 200
"""A longer list is one of data; to read what is before each of its elements takes too long."""


def as_word(
    origin: Origin, words: Callable[[], Sequence[str]], given: Callable[[str], Sequence[str]]
) -> Origin:
    """Return the origin of a text in a list, as that of a command's word if the list is one.

    `words` returns those of the list up to and including the text, and `given` those of another
    key of the mapping around the list. If the first word holds a blank, the list may be one of
    scripts.
    """
    key, path = origin.key, origin.path
    at = path[-1] if path[-2:-1] == (key,) else ""
    is_check = path[-3:-1] in (("healthcheck", "test"), ("healthCheck", "command"))
    if not isinstance(at, int) or at >= _MOST_WORDS or not (is_check or is_command(key)):
        return origin
    own = words()
    if not own:
        return origin
    before = next(filter(None, map(given, _PROGRAMS.get(key, ()))), ())
    first, *others = *before, *own
    command = [*_OF_DOCKER.get(first, (first,)), *others]
    return in_words(command, origin, is_command=True) if command else origin


def in_words(words: Sequence[str], origin: Origin, *, is_command: bool) -> Origin:
    """Return the origin of the last of some words, as that of code or, in a command, of a word."""
    *before, text = words
    language = language_of(before[-MOST_WORDS:], text)
    if language:
        return origin._replace(role="code", key=language, call="")
    if not is_command or len(words[0].split()) > 1:
        return origin
    option = before[-1] if before and before[-1].startswith("-") else ""
    return origin._replace(role="word", key=option, call=words[0])


def is_command(key: str) -> bool:
    """Return whether a list under a key holds the words of a command."""
    return key.lower() in _LISTS


def words_in(raw: bytes, read: Callable[[bytes], Any]) -> Sequence[str]:
    """Return the words in a list or in one text of a document; none in anything else."""
    try:
        value = read(raw)
    except (ValueError, RecursionError):
        return ()
    if isinstance(value, str):
        return value.split()
    return [str(each) for each in value] if isinstance(value, list) else ()
