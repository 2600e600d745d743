"""Why a body is left alone, and why a request is answered here."""

import json
from collections.abc import Sequence

from flaglift.diagnostics import Diagnostic
from flaglift.shim.core.record import Reason


class Doubt(Exception):  # noqa: N818 - not an error, and caught inside this package
    """The body, or a name in it, can be read in more than one way."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Refusal(Exception):  # noqa: N818 - an answer to the client, not an error of the program
    """The request is answered with an error and goes no further."""

    def __init__(self, status: int, field: str, messages: Sequence[str]) -> None:
        super().__init__(f"{status} {field}")
        self.status = status
        """The status code of the answer."""
        self.body: bytes = json.dumps({field: list(messages)}, ensure_ascii=False).encode()
        """The answer's body, JSON in the shape of the service's own validation errors."""


def refused_prompt(findings: Sequence[Diagnostic]) -> Refusal:
    """Return the answer to a prompt that cannot be translated."""
    reasons = [finding for finding in findings if finding.refuses] or findings
    return Refusal(422, "text", [f"{item.code} {item.rule}: {item.message}" for item in reasons])


_TOO_LATE = {
    Reason.DUPLICATE_NAME: "a field that the text's flags name comes again after a file, with "
    "another value; send all fields before the files, or the field without the flag",
    Reason.ARRAY_ORDER: "a field that comes after a file would belong to another prompt than it "
    "did; send all fields of a prompt before its files, or number the prompts",
    Reason.MALFORMED: "the multipart body is malformed or ends before its closing delimiter",
}


def too_late(reason: Reason) -> Refusal:
    """Return the answer to a body that turns out ambiguous after its beginning was sent."""
    message = _TOO_LATE.get(
        reason,
        f"after a file comes a field that cannot be read for certain ({reason.value}); send all "
        "fields before the files",
    )
    status = 400 if reason is Reason.MALFORMED else 422
    return Refusal(status, "base", [message])
