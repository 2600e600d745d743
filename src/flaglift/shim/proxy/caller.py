"""Who sent a request, in a form that can be kept: never a credential, never an address given."""

import hashlib
import hmac
import re

from flaglift.shim.asgi import Scope

_PRODUCT = re.compile(rb"[\w.+-]{1,40}(?:/[\w.+-]{1,20})?")
_SHOWN = re.compile(rb"[\x21-\x7e]{1,80}")


class Callers:
    """Names callers; the same caller has the same name as long as the secret is the same.

    A caller is known by the header that `header` names, or by a keyed hash of its `Authorization`
    (the credential cannot be found from it), or by the address it connects from. What a client says
    of where it comes from, such as `X-Forwarded-For`, does not count.
    """

    def __init__(self, secret: bytes, header: str | None = None) -> None:
        self._secret = secret
        self._header = header.lower().encode() if header else None

    def name(self, scope: Scope) -> str:
        """Return the name of a request's caller."""
        headers = dict(scope["headers"])
        if self._header and (match := _SHOWN.fullmatch(headers.get(self._header, b""))):
            return match[0].decode()
        if credential := headers.get(b"authorization"):
            return f"key-{hmac.new(self._secret, credential, hashlib.sha256).hexdigest()[:10]}"
        client = scope.get("client")
        return str(client[0]) if client else "local"

    @staticmethod
    def agent(scope: Scope) -> str:
        """Return the first product of a request's User-Agent, such as `python-requests/2.31`."""
        for name, value in scope["headers"]:
            if name == b"user-agent" and (match := _PRODUCT.match(value)):
                return match[0].decode()
        return "-"
