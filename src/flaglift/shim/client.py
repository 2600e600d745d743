"""What the fittings for Python clients share: one request, as its client holds it."""

from collections.abc import Callable, Iterable
from functools import partial
from urllib.parse import urlsplit

from flaglift.shim.core.inspection import Headers, Inspection, Target, inspect
from flaglift.shim.core.policy import Policy

Observer = Callable[[Inspection], None]
"""Called once for each request that carries prompts, with what was seen in it."""


def inspector(
    method: str, url: str, headers: Headers, policy: Policy, *, announced: bool
) -> Callable[[], Inspection]:
    """Return what begins an inspection of a request, as often as its body is sent."""
    address = urlsplit(url)
    target = Target(method, address.path or "/", address.query)
    return partial(inspect, target, list(headers), policy, announced=announced)


def rewrite_bytes(inspection: Inspection, body: bytes) -> bytes:
    """Return what is sent for a whole body. Raises `Refusal`."""
    return inspection.rewriter.feed(body) + inspection.rewriter.finish()


def lowered(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return headers with their names in lower case."""
    return [(name.lower(), value) for name, value in headers]
