"""Which requests carry prompts."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Route:
    """One of the service's requests with a prompt in its body."""

    label: str
    """The path with names for its variable parts, as reports show it."""
    root: str
    """Where the prompts are: in `prompt`, or in `tune` under `prompts_attributes`."""
    creates: bool
    """Whether the body is all there is; an update leaves fields it does not name as they are."""


_UPDATE = ("PATCH", "PUT")
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
        re.compile(re.sub(r":\w+", r"[^/.]+", label) + r"(?:\.json)?/?"),
        Route(label, root, creates),
    )
    for methods, label, root, creates in _ROUTES
]


def find_route(method: str, path: str) -> Route | None:
    """Return the route of a request; None where its body carries no prompts.

    >>> find_route("POST", "/tunes/7/prompts.json").label
    '/tunes/:id/prompts'
    >>> find_route("GET", "/tunes/7/prompts") is None
    True
    """
    for methods, pattern, route in _TABLE:
        if method in methods and pattern.fullmatch(path):
            return route
    return None
