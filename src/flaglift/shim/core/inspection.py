"""The head of a request: decides whether its body is inspected, and by which rewriter."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import NamedTuple
from urllib.parse import unquote, unquote_to_bytes

from flaglift.shim.core.body import Rewriter, Untouched, Watched, Whole
from flaglift.shim.core.decision import Judge
from flaglift.shim.core.disposition import ASCII_FOR_ASCII
from flaglift.shim.core.json_body import rewrite_json
from flaglift.shim.core.multipart import Multipart, Release
from flaglift.shim.core.policy import Mode, Policy
from flaglift.shim.core.record import Reason, RequestOutcome, RequestRecord
from flaglift.shim.core.refusal import Doubt
from flaglift.shim.core.routes import Route, find_route, label_of
from flaglift.shim.core.scan import ScannedBody, count_flags, may_hold_flags
from flaglift.shim.core.short_form import rewrite_multipart
from flaglift.shim.core.spool import Discard, Spool
from flaglift.shim.core.urlencoded import rewrite_urlencoded

Headers = Iterable[tuple[bytes, bytes]]
"""Names, in lower case, and values."""

_SIGNATURE = re.compile(
    rb"digest|signature|\bsig\b|hmac|checksum|md5|crc-?(?:32|64)|sha-?(?:1|2|256|384|512)\b"
    rb"|(?:body|content|payload)-?hash|content-range"
)
"""Names of headers that are valid only for the unchanged body, or a part of it."""
_SIGNING_SCHEMES = frozenset((b"aws", b"hawk", b"mac", b"oauth", b"signature"))
_SIGNING_ALGORITHM = re.compile(rb"hmac|ecdsa|sha-?[12]")
"""What names of other schemes contain, such as `AWS4-ECDSA-P256-SHA256`."""
_WHOLE_DIGEST = re.compile(rb"\bqop *= *\"?auth-int")
_CHARSET = rb"(?: *; *charset *= *\"?(?:utf-?8|(%b))\"?)?" % ASCII_FOR_ASCII
_BOUNDARY = re.compile(
    rb"multipart/form-data%b *; *boundary="
    rb"(?:\"([^\"\\\r\n]{1,70})\"|([!#$%%&'*+.^_`|~0-9A-Za-z/:?=-]{1,70}))%b *;?"
    % (_CHARSET, _CHARSET),
    re.IGNORECASE,
)
_PLAIN_TYPE = re.compile(
    rb"(application/(?:json|x-www-form-urlencoded))%b *;?" % _CHARSET, re.IGNORECASE
)
_QUERY_FIELD = re.compile(r"(?:^|[&;?])[\[\] ]*(?:prompt|tune|text)\b", re.IGNORECASE)


class Target(NamedTuple):
    """The method and target of a request."""

    method: str
    path: str
    """The path without the query, as the client sent it."""
    query: str = ""


@dataclass(slots=True)
class Inspection:
    """One request on its way through an adapter."""

    route: Route | None
    mode: Mode
    record: RequestRecord
    rewriter: Rewriter
    label: str
    """The route's label, or the path without possible ids."""

    @property
    def reads(self) -> bool:
        """Whether the body may change, and be refused."""
        return not isinstance(self.rewriter, Untouched)

    @property
    def looks(self) -> bool:
        """Whether the body has to go through the rewriter."""
        return type(self.rewriter) is not Untouched

    @property
    def codes(self) -> str:
        """The outcome of the request and its reasons, as shown in a response header."""
        reason = [self.record.reason.value] if self.record.reason else []
        return " ".join([self.outcome.value, *reason, *sorted(self.record.codes)])

    @property
    def outcome(self) -> RequestOutcome:
        """The outcome of the request, after its body has passed."""
        if self.route is None:
            return RequestOutcome.UNTOUCHED if self.record.reason else RequestOutcome.OFF
        return RequestOutcome.OFF if self.mode is Mode.OFF else self.record.outcome


def inspect(
    target: Target, headers: Headers, policy: Policy, *, rereads: bool = False
) -> Inspection:
    """Return the inspection of a request, given its head.

    `rereads`: the body is fed only to find its changes, and read again to be sent.
    """
    route = find_route(target.method, target.path, policy.prefix)
    mode = policy.mode_for(target.path)
    record = RequestRecord()
    rewriter: Rewriter = Untouched()
    if route is None:
        by_name = dict_of(headers)
        if count_flags(target.query.encode("latin-1", "replace")):
            record.found = Reason.FLAGS_ELSEWHERE
        if may_hold_flags(target.method, by_name):
            rewriter = ScannedBody(by_name, record)
        return Inspection(None, mode, record, rewriter, label_of(target.path))
    if mode is not Mode.OFF:
        try:
            judge = Judge(route, policy, mode, record)
            rewriter = _open(target.query, dict_of(headers), judge, rereads=rereads)
            rewriter = Watched(rewriter) if mode is Mode.REPORT else rewriter
            record.unfinished = True
        except Doubt as doubt:
            record.found = doubt.reason
    return Inspection(route, mode, record, rewriter, route.label)


_MOST_DIGITS = 20
"""Lengths up to 2**64, which servers know."""


def dict_of(headers: Headers) -> dict[bytes, list[bytes]]:
    """Return headers by name."""
    values: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        values.setdefault(name, []).append(value)
    return values


def content_length(lengths: Sequence[bytes]) -> int | None:
    """Return the declared length of the body in bytes, considering all fields for it.

    >>> content_length([b"052"]), content_length([b"5_2"]), content_length([b"52", b"52"])
    (52, None, None)
    """
    if len(lengths) != 1 or not lengths[0].isdigit():
        return None
    digits = lengths[0].lstrip(b"0") or b"0"
    return int(digits) if len(digits) <= _MOST_DIGITS else None


def _open(
    query: str, headers: dict[bytes, list[bytes]], judge: Judge, *, rereads: bool
) -> Rewriter:
    """Return the rewriter for a body. Raises `Doubt` if there is none."""
    codings = headers.get(b"content-encoding")
    if codings and any(coding.strip().lower() != b"identity" for coding in codings):
        raise Doubt(Reason.CONTENT_ENCODING)
    if _is_signed(headers):
        raise Doubt(Reason.SIGNED_BODY)
    if query and _QUERY_FIELD.search(unquote(query)):
        raise Doubt(Reason.QUERY_FIELDS)
    if query and count_flags(query.encode("latin-1", "replace")):
        raise Doubt(Reason.FLAGS_ELSEWHERE)
    length = _length(headers)
    types = headers.get(b"content-type", [])
    if len(types) != 1:
        raise Doubt(Reason.MEDIA_TYPE)
    media_type = types[0].strip()
    limit = judge.policy.hold_limit
    if match := _BOUNDARY.fullmatch(media_type):
        boundary, is_ascii = match[2] or match[3], bool(match[1] or match[4])
        if length is not None and length <= limit:
            rewrite = partial(rewrite_multipart, boundary=boundary, judge=judge, is_ascii=is_ascii)
            return Whole(rewrite, limit, judge.record)
        release = Release.AT_END if rereads else _release(length, judge.policy)
        keeps = not rereads and judge.mode is not Mode.REPORT
        store = Spool(limit) if keeps else Discard()
        return Multipart(boundary, judge, release, store, is_ascii=is_ascii)
    if match := _PLAIN_TYPE.fullmatch(media_type):
        is_json = match[1].lower().endswith(b"json")
        rewrite = partial(rewrite_json if is_json else rewrite_urlencoded, judge=judge)
        if match[2]:
            rewrite = partial(_only_ascii, rewrite)
        check = partial(_and_flags_elsewhere, rewrite, judge.record, is_json)
        return Whole(check, limit, judge.record)
    raise Doubt(Reason.CHARSET if b"charset" in media_type.lower() else Reason.MEDIA_TYPE)


def _length(headers: dict[bytes, list[bytes]]) -> int | None:
    """Return the declared length of the body, if there is one. Raises `Doubt` if it is unclear."""
    lengths = headers.get(b"content-length", ())
    length = content_length(lengths)
    if length is None and lengths:
        raise Doubt(Reason.NO_LENGTH)
    return length


def _release(length: int | None, policy: Policy) -> Release:
    if length is None:
        return Release.AT_FILES
    return Release.AT_LAST_TEXT if length <= policy.spool_limit else Release.AT_FIRST_FILE


def _and_flags_elsewhere(
    rewrite: Callable[[bytes], bytes], record: RequestRecord, is_json: bool, body: bytes
) -> bytes:
    """Rewrite a body; report flags in it that belong to no prompt."""
    new = rewrite(body)
    if not record.legacy and count_flags(body, escapes=not is_json) > record.mentions:
        record.found = Reason.FLAGS_ELSEWHERE
    return new


def _only_ascii(rewrite: Callable[[bytes], bytes], body: bytes) -> bytes:
    """Rewrite a body in a declared charset that agrees with UTF-8 only for ASCII."""
    if not unquote_to_bytes(body).isascii():
        raise Doubt(Reason.CHARSET)
    return rewrite(body)


def _is_signed(headers: dict[bytes, list[bytes]]) -> bool:
    names = b"\n".join(headers)
    remembered = len(names) <= _MOST_REMEMBERED
    if _has_signature(names) if remembered else _has_signature.__wrapped__(names):
        return True
    return any(map(_signs, headers.get(b"authorization", ())))


_MOST_REMEMBERED = 1000
"""The longest names of a request's headers that are cached, in bytes: clients send the same."""


@lru_cache(maxsize=256)
def _has_signature(names: bytes) -> bool:
    """Whether one of the names, one a line, says that its header covers the body."""
    for name in names.split(b"\n"):
        wanted = name.startswith((b"want-", b"accept-"))  # asks for a digest of the answer
        if not wanted and _SIGNATURE.search(name):
            return True
    return False


def _signs(authorization: bytes) -> bool:
    """Whether a value of `Authorization` is valid for this body only, or may be."""
    scheme, _, rest = authorization.strip().lower().partition(b" ")
    if scheme == b"bearer":
        return False
    if scheme == b"digest":
        return _WHOLE_DIGEST.search(rest) is not None
    known = scheme in _SIGNING_SCHEMES or _SIGNING_ALGORITHM.search(scheme) is not None
    return known and bool(rest)
