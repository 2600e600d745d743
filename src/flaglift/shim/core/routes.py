"""Which requests carry prompts: decided by method and path, normalized as servers do."""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, unquote


@dataclass(frozen=True, slots=True)
class Route:
    """One of the service's requests with a prompt in its body."""

    label: str
    """The path with placeholders for its variable parts, as shown in reports."""
    root: str
    """Where the prompts are: in `prompt`, or in `tune` under `prompts_attributes`."""
    creates: bool
    """Whether the body is complete; an update leaves fields it does not name unchanged."""


# A POST is an update if the body, the query or a header says so (`_method=patch`). If none
# does, the service has nothing at that path, and the request does not matter.
_UPDATE = ("PATCH", "PUT", "POST")
_ROUTES = (
    (("POST",), "/tunes/:id/prompts", "prompt", True),
    (_UPDATE, "/tunes/:id/prompts/:id", "prompt", False),
    (_UPDATE, "/prompts/:id", "prompt", False),
    (("POST",), "/prompts/:id/duplicate", "prompt", False),
    (("POST",), "/tunes", "tune", True),
    (("POST",), "/p/:slug/tunes", "tune", True),
)
_TABLE = [
    (
        methods,
        re.compile(re.sub(r":\w+", r"[^/]+", label) + r"(?:\.\w+)?", re.ASCII),
        Route(label, root, creates),
    )
    for methods, label, root, creates in _ROUTES
]
_AUTHORITY = re.compile(r"[a-z][a-z0-9+.-]*://[^/]*", re.IGNORECASE)
_MOST_REMEMBERED = 200
"""The longest path that is cached, in code points."""
_MOST_LABEL = 80
_ASCII = bytes(range(128))
_IDENTIFIER = re.compile(r"(?<![^/])[^/0-9]*+[0-9][^/]*+")


def find_route(method: str, path: str, prefix: str = "") -> Route | None:
    """Return the route of a request; None if its body carries no prompts.

    `prefix` is the prefix of the service's own paths.

    >>> find_route("POST", "/tunes/7/prompts.json").label
    '/tunes/:id/prompts'
    >>> find_route("patch", "//x/../%70rompts/7").label
    '/prompts/:id'
    >>> find_route("GET", "/tunes/7/prompts") is None
    True
    """
    if len(path) <= _MOST_REMEMBERED:
        return _known_route(method.upper(), path, prefix)
    return _find_route(method.upper(), path, prefix)


def _find_route(method: str, path: str, prefix: str) -> Route | None:
    path = normalized(path)
    if prefix:
        prefix = normalized(prefix).rstrip("/")
        if not path.startswith(prefix + "/"):
            return None
        path = path[len(prefix) :]
    for methods, pattern, route in _TABLE:
        if method in methods and pattern.fullmatch(path):
            return route
    return None


def escaped(path: bytes) -> str:
    r"""Return a path as text, with non-ASCII bytes percent-encoded.

    >>> escaped(b"/caf\xc3\xa9")
    '/caf%C3%A9'
    """
    return path.decode() if path.isascii() else quote(path, safe=_ASCII)


def normalized(path: str) -> str:
    """Return a path as servers understand it.

    Escapes are decoded once, and empty and dot segments resolved.

    >>> normalized("/a//%62/./../c/")
    '/a/c'
    """
    return _remembered(path) if len(path) <= _MOST_REMEMBERED else _normalized(path)


def _normalized(path: str) -> str:
    if match := _AUTHORITY.match(path):
        path = path[match.end() :]
    segments: list[str] = []
    for segment in unquote(path, errors="replace").split("/"):
        if segment == "..":
            segments[-1:] = []
        elif segment not in ("", "."):
            segments.append(segment)
    return "/" + "/".join(segments)


_remembered = lru_cache(maxsize=1024)(_normalized)
_known_route = lru_cache(maxsize=1024)(_find_route)


def label_of(path: str) -> str:
    """Return an unknown path as shown in reports: without possible ids.

    >>> label_of("/gateway/tunes/7/prompts")
    '/gateway/tunes/:id/prompts'
    """
    label = re.sub(r"[^\x21-\x7e]", "?", _IDENTIFIER.sub(":id", normalized(path)))
    return label if len(label) <= _MOST_LABEL else label[: _MOST_LABEL - 1] + "*"
