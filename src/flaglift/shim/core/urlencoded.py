"""Bodies of type application/x-www-form-urlencoded: only pairs that change are written anew."""

import re
from dataclasses import dataclass
from urllib.parse import quote, quote_plus, unquote_to_bytes

from flaglift.shim.core.decision import Judge
from flaglift.shim.core.form import MOST_ENTRIES, Entry, Form
from flaglift.shim.core.record import Reason
from flaglift.shim.core.refusal import Doubt

_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def rewrite_urlencoded(body: bytes, judge: Judge) -> bytes:
    """Return the body with its prompts translated.

    Raises `Doubt` where it can be read in two ways, `Refusal` in mode `strict`.
    """
    if _BROKEN_ESCAPE.search(body):
        raise Doubt(Reason.MALFORMED)
    if body.count(b"&") >= MOST_ENTRIES:
        raise Doubt(Reason.TOO_LARGE)
    if b";" in body:
        raise Doubt(Reason.ODD_SEPARATOR)
    form = Form(judge)
    entries = [_entry(pair) for pair in body.split(b"&")]
    for entry in entries:
        form.see(entry)
    form.settle(entries, complete=True)
    return b"&".join(piece for entry in entries for piece in _written(entry))


@dataclass(slots=True, kw_only=True)
class _Pair(Entry):
    raw: bytes
    """All bytes of it, as the client sent them."""


def _entry(pair: bytes) -> _Pair:
    name, _, value = pair.partition(b"=")
    try:
        decoded_name = _decoded(name)
    except UnicodeDecodeError:
        raise Doubt(Reason.INVALID_UTF8) from None
    try:
        return _Pair(decoded_name, _decoded(value), raw=pair)
    except UnicodeDecodeError:
        return _Pair(decoded_name, None, raw=pair)


def _decoded(quoted: bytes) -> str:
    return unquote_to_bytes(quoted.replace(b"+", b" ")).decode()


def _written(entry: _Pair) -> list[bytes]:
    name = entry.raw.partition(b"=")[0]
    pairs: list[bytes] = []
    if not entry.removed:
        new = entry.new_value
        pairs.append(entry.raw if new is None else _pair(name, new))
    safe = "[]" if b"[" in name else ""  # as the client writes its own names
    pairs += [_pair(quote(added, safe=safe).encode(), value) for added, value in entry.added]
    return pairs


def _pair(name: bytes, value: str) -> bytes:
    return name + b"=" + quote_plus(value).encode()
