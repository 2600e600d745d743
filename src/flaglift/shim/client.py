"""What the fittings for Python clients share: one request, as its client holds it."""

from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from flaglift.shim.core.inspection import Inspection, Target, content_length, dict_of, inspect
from flaglift.shim.core.policy import Policy

Observer = Callable[[Inspection], None]
"""Called once for each request that carries prompts, with what was seen in it."""


class Outgoing:
    """The head of a request that a client is about to send, and what is seen in its body."""

    def __init__(
        self, method: str, url: str, headers: Iterable[tuple[bytes, bytes]], policy: Policy
    ) -> None:
        address = urlsplit(url)
        self._target = Target(method, address.path or "/", address.query)
        self._headers = [(name.lower(), value) for name, value in headers]
        self._policy = policy
        self.length: int | None = content_length(dict_of(self._headers))
        """The length of the client's body in bytes; None where it is not said."""
        self.inspection: Inspection = inspect(self._target, self._headers, policy)

    @property
    def is_small(self) -> bool:
        """Whether the whole body may be in memory."""
        return self.length is not None and self.length <= self._policy.hold_limit

    def reread(self) -> Inspection:
        """Return a new inspection, for a body that can be read twice."""
        self.inspection = inspect(self._target, self._headers, self._policy, rereads=True)
        return self.inspection


def rewrite_bytes(inspection: Inspection, body: bytes) -> bytes:
    """Return what is sent for a whole body. Raises `Refusal`."""
    first = b"".join(inspection.rewriter.feed(body))
    return first + b"".join(inspection.rewriter.finish())
