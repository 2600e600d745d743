"""Who sent a request, in a storable form: never a credential, never a claimed address."""

import hmac
import re
from functools import lru_cache, partial

from flaglift.shim.proxy.request import Request

_SHOWN = re.compile(rb"[\x21-\x7e]{1,80}")


class Callers:
    """Names callers; the same caller has the same name as long as the secret is the same.

    A caller is known by the header that `header` names, or by a keyed hash of its `Authorization`
    (from which the credential cannot be recovered), or by the address it connects from. Claims of
    a client about its origin, such as `X-Forwarded-For`, do not count.
    """

    def __init__(self, secret: bytes, header: str | None = None) -> None:
        # There are several names per request, and many requests with one credential.
        self._name_of = lru_cache(maxsize=1024)(partial(_key_name, secret))
        self._header = header.lower().encode() if header else None

    def name(self, request: Request) -> str:
        """Return the name of a request's caller."""
        headers = dict(request.names)
        if self._header and (match := _SHOWN.fullmatch(headers.get(self._header, b""))):
            return match[0].decode()
        if credential := headers.get(b"authorization"):
            return self._name_of(credential)
        return request.client or "local"


def _key_name(secret: bytes, credential: bytes) -> str:
    return f"key-{hmac.digest(secret, credential, 'sha256').hex()[:10]}"
