"""The common part of the adapters for Python clients: one request, as its client has it."""

from collections.abc import Callable, Iterable

from flaglift.shim.core.inspection import Inspection, Target, content_length, inspect
from flaglift.shim.core.policy import Policy

Observer = Callable[[Inspection], None]
"""Called once for each request that carries prompts, with a record of it."""


class Outgoing:
    """The head of a request that a client is about to send, and the inspection of its body."""

    def __init__(
        self, target: Target, headers: Iterable[tuple[bytes, bytes]], policy: Policy
    ) -> None:
        self._target = target
        self._headers = [(name.lower(), value) for name, value in headers]
        self._policy = policy
        self.inspection: Inspection = inspect(target, self._headers, policy)
        lengths = [value for name, value in self._headers if name == b"content-length"]
        self.length: int | None = content_length(lengths)
        """The length of the client's body in bytes; None if unknown."""

    @property
    def is_small(self) -> bool:
        """Whether the whole body may be kept in memory."""
        return self.length is not None and self.length <= self._policy.hold_limit

    def reread(self) -> Inspection:
        """Return a new inspection, for a body that can be read twice."""
        self.inspection = inspect(self._target, self._headers, self._policy, rereads=True)
        return self.inspection


def rewrite_bytes(inspection: Inspection, body: bytes) -> bytes:
    """Return the bytes to send for a whole body. Raises `Refusal`."""
    first = b"".join(inspection.rewriter.feed(body))
    return first + b"".join(inspection.rewriter.finish())
