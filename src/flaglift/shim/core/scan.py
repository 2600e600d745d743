"""Bodies that are not parsed, scanned for anything that reads as a flag.

If they have any, it is not proven that flags are no longer sent.
"""

import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from flaglift.shim.core.body import Untouched
from flaglift.shim.core.record import Reason, RequestRecord

# Quotes, backslashes and zero bytes (of UTF-16 and UTF-32) may stand between the letters.
_BETWEEN = rb"[\"\\\0]{0,4}"
_NAMES = [_BETWEEN.join(name.split()) for name in (b"v i d e o", b"d u r a t i o n")]
"""All names of flags begin with one of these."""
_FLAG = re.compile(_BETWEEN.join([b"-", b"-", b"(?:%b)" % b"|".join(_NAMES)]))
_JSON_ESCAPE = re.compile(rb"\\u00([2-7][0-9a-fA-F])")
_ENCODED_PART = re.compile(
    rb"content-transfer-encoding *: *(?:base64|quoted-printable)|content-encoding *: *[^i\s]",
    re.IGNORECASE,
)
_LONGEST = 512
"""More bytes than the longest spelling of a flag, or of a part header, searched for."""
_WITHOUT_BODY = ("GET", "HEAD", "OPTIONS", "TRACE")
_NO_FORM = re.compile(
    rb"\s*(?:(?:image|video|audio|font)/|application/octet-stream)", re.IGNORECASE
)
_OTHER_CHARSET = re.compile(
    rb"charset *= *\"?(?!utf-?(?:8|16|32)|us-ascii|ascii|iso-?8859|latin|windows-125)",
    re.IGNORECASE,
)


def count_flags(data: bytes, *, escapes: bool = True) -> int:
    r"""Count the flags in a body, escaped or not.

    >>> count_flags(b"text=%2D-video+--video_model+x"), count_flags(rb'"\\u002d-vid\\u0065o"')
    (2, 1)
    """
    if escapes and b"%" in data:
        data = unquote_to_bytes(data)
    if b"\\u00" in data:
        data = _JSON_ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), data)
    return len(_FLAG.findall(data))


def may_hold_flags(method: str, headers: dict[bytes, list[bytes]]) -> bool:
    """Whether a request may have a body that a server reads as a form or as JSON."""
    if b"content-length" not in headers and b"transfer-encoding" not in headers:
        return method.upper() not in _WITHOUT_BODY  # HTTP/2 does not have to announce a body
    if headers.get(b"content-length") == [b"0"]:
        return False
    return not any(_NO_FORM.match(value) for value in headers.get(b"content-type", ()))


class ScannedBody(Untouched):
    """Passes a body on unchanged, and notes whether it contains flags or is opaque."""

    def __init__(self, headers: dict[bytes, list[bytes]], record: RequestRecord) -> None:
        media_type = b"\n".join(headers.get(b"content-type", []))
        self._is_multipart = b"multipart/" in media_type.lower()
        self._record = record
        self._tail = b""
        encodings = [value.strip().lower() for value in headers.get(b"content-encoding", [])]
        if _OTHER_CHARSET.search(media_type) or set(encodings) - {b"identity", b""}:
            record.found = Reason.FLAGS_ELSEWHERE
        # Over HTTP/2, a body that is not announced is usually none, and apps do not read it.
        record.unfinished = b"content-length" in headers or b"transfer-encoding" in headers

    def feed(self, data: bytes) -> Iterable[bytes]:
        """Return the chunk."""
        if self._record.found is None:
            seen = self._tail + data
            self._tail = seen[-_LONGEST:]
            encoded = self._is_multipart and _ENCODED_PART.search(seen)
            if encoded or count_flags(seen, escapes=not self._is_multipart):
                self._record.found = Reason.FLAGS_ELSEWHERE
        return (data,)

    def finish(self) -> Iterable[bytes]:
        """Return nothing: all is passed on."""
        self._record.unfinished = False
        return ()
