"""Bodies of type application/x-www-form-urlencoded: only pairs that change are rewritten."""

from dataclasses import dataclass

from flaglift.lossless.urlencoded import Pair, decoded, encoded, is_broken, pairs
from flaglift.shim.core.decision import Judge
from flaglift.shim.core.form import MOST_ENTRIES, FormEntry, RequestForm
from flaglift.shim.core.record import Reason
from flaglift.shim.core.refusal import Doubt


def rewrite_urlencoded(body: bytes, judge: Judge) -> bytes:
    """Return the body with its prompts translated.

    Raises `Doubt` if it is ambiguous, `Refusal` in mode `strict`.
    """
    if is_broken(body):
        raise Doubt(Reason.MALFORMED)
    if body.count(b"&") >= MOST_ENTRIES:
        raise Doubt(Reason.TOO_LARGE)
    if b";" in body:
        raise Doubt(Reason.ODD_SEPARATOR)
    form = RequestForm(judge)
    entries = [_entry(body, pair) for pair in pairs(body)]
    for entry in entries:
        form.see(entry)
    form.settle(entries, complete=True)
    return b"&".join(piece for entry in entries for piece in _written(entry))


@dataclass(slots=True, kw_only=True)
class _Pair(FormEntry):
    raw: bytes
    """All bytes of it, as the client sent them."""


def _entry(body: bytes, pair: Pair) -> _Pair:
    name = decoded(pair.name(body))
    if name is None:
        raise Doubt(Reason.INVALID_UTF8)
    return _Pair(name, decoded(body[pair.value : pair.end]), raw=body[pair.start : pair.end])


def _written(entry: _Pair) -> list[bytes]:
    name = entry.raw.partition(b"=")[0]
    written: list[bytes] = []
    if not entry.removed:
        new = entry.new_value
        written.append(entry.raw if new is None else name + b"=" + encoded(new))
    keep = "[]" if b"[" in name else ""  # in the style of the client's own names
    written += [encoded(added, keep=keep) + b"=" + encoded(value) for added, value in entry.added]
    return written
