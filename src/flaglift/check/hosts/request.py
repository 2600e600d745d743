"""The request that a prompt is part of, as far as the file says it."""

from typing import Any

from flaglift.check.hosts.base import HOLE, Literal
from flaglift.check.hosts.placeholders import PLACEHOLDER
from flaglift.context import UNSTATED, Context


def request_of(literal: Literal) -> Context:
    """Return what stands beside a literal; what is computed later is there, and not known."""
    return Context({name: _known(value) for name, value in literal.beside.items()})


def _known(value: Any) -> Any:
    unknown = isinstance(value, str) and (HOLE in value or PLACEHOLDER.search(value))
    return UNSTATED if unknown else value
