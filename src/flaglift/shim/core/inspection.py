"""The head of a request: whether its body is looked at, and by what."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple
from urllib.parse import unquote

from flaglift.shim.core.body import Rewriter, Untouched, Watched, Whole
from flaglift.shim.core.decision import Judge
from flaglift.shim.core.json_body import rewrite_json
from flaglift.shim.core.multipart import Multipart
from flaglift.shim.core.policy import Mode, Policy
from flaglift.shim.core.record import Outcome, Reason, Record
from flaglift.shim.core.refusal import Doubt
from flaglift.shim.core.routes import Route, find_route
from flaglift.shim.core.urlencoded import rewrite_urlencoded

Headers = Iterable[tuple[bytes, bytes]]
"""Names, in lower case, and values."""

_DIGESTS = {b"content-md5", b"x-amz-content-sha256"}
_SIGNATURE = re.compile(rb"digest|signature|hmac")
_SIGNED_SCHEMES = (b"aws4-hmac", b"signature ", b"oauth ", b"hmac", b"digest ")
_BOUNDARY = re.compile(
    rb"multipart/form-data *(?:; *charset=\"?utf-8\"? *)?"
    rb"; *boundary=(?:\"([^\"\\\r\n]{1,70})\"|([!#$%&'*+.^_`|~0-9A-Za-z/:?=-]{1,70})) *"
    rb"(?:; *charset=\"?utf-8\"? *)?",
    re.IGNORECASE,
)
_PLAIN_TYPE = re.compile(
    rb"(application/(?:json|x-www-form-urlencoded)) *(?:; *charset=\"?utf-8\"? *)?;?",
    re.IGNORECASE,
)
_QUERY_FIELD = re.compile(r"(?:^|[&;?])[\[\] ]*(?:prompt|tune|text)\b", re.IGNORECASE)


class Target(NamedTuple):
    """What a request asks for."""

    method: str
    path: str
    """Less the query, as the client sent it."""
    query: str = ""


@dataclass(slots=True)
class Inspection:
    """One request on its way through a fitting."""

    route: Route | None
    mode: Mode
    record: Record
    rewriter: Rewriter

    @property
    def reads(self) -> bool:
        """Whether the body is looked at."""
        return not isinstance(self.rewriter, Untouched)

    @property
    def outcome(self) -> Outcome:
        """What became of the request, once its body has passed."""
        looked_at = self.mode is not Mode.OFF and self.route is not None
        return self.record.outcome if looked_at else Outcome.OFF


def inspect(target: Target, headers: Headers, policy: Policy, *, announced: bool) -> Inspection:
    """Return what is to be done with a request, given its head.

    `announced` tells whether the length of the body that is sent on has to be known before its
    first byte.
    """
    path = target.path.removeprefix(policy.prefix)
    inside = target.path.startswith(policy.prefix)
    route = find_route(target.method, path) if inside else None
    mode = policy.mode_for(target.path)
    record = Record()
    rewriter: Rewriter = Untouched()
    if route is not None and mode is not Mode.OFF:
        try:
            judge = Judge(route, policy, mode, record)
            watched = mode is Mode.REPORT
            rewriter = _open(
                target.query, dict_of(headers), judge, announced=announced and not watched
            )
            rewriter = Watched(rewriter) if watched else rewriter
        except Doubt as doubt:
            record.reason = doubt.reason
    return Inspection(route, mode, record, rewriter)


def dict_of(headers: Headers) -> dict[bytes, list[bytes]]:
    """Return headers by name."""
    found: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        found.setdefault(name, []).append(value)
    return found


def _open(
    query: str, headers: dict[bytes, list[bytes]], judge: Judge, *, announced: bool
) -> Rewriter:
    """Return the rewriter for a body. Raises `Doubt` where there is none."""
    if any(v.strip().lower() != b"identity" for v in headers.get(b"content-encoding", [])):
        raise Doubt(Reason.CONTENT_ENCODING)
    if _is_signed(headers):
        raise Doubt(Reason.SIGNED_BODY)
    if query and _QUERY_FIELD.search(unquote(query)):
        raise Doubt(Reason.QUERY_FIELDS)
    types = headers.get(b"content-type", [])
    if len(types) != 1:
        raise Doubt(Reason.MEDIA_TYPE)
    media_type = types[0].strip()
    limit = judge.policy.hold_limit
    if match := _BOUNDARY.fullmatch(media_type):
        return Multipart(match[1] or match[2], judge, announced=announced)
    if match := _PLAIN_TYPE.fullmatch(media_type):
        is_json = match[1].lower().endswith(b"json")
        rewrite = rewrite_json if is_json else rewrite_urlencoded
        return Whole(partial(rewrite, judge=judge), limit, judge.record)
    raise Doubt(Reason.CHARSET if b"charset" in media_type.lower() else Reason.MEDIA_TYPE)


def _is_signed(headers: dict[bytes, list[bytes]]) -> bool:
    # Mostly no name looks like it, and one search over all of them says so.
    if not _DIGESTS.isdisjoint(headers) or _SIGNATURE.search(b"\n".join(headers)):
        for name in headers:
            wanted = name.startswith((b"want-", b"accept-"))  # asks for a digest of the answer
            if name in _DIGESTS or (_SIGNATURE.search(name) and not wanted):
                return True
    return any(
        value.lower().lstrip().startswith(_SIGNED_SCHEMES)
        for value in headers.get(b"authorization", ())
    )
