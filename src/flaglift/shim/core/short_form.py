"""Short multipart bodies, rewritten once they are complete.

Most are the fields of a prompt without files: those are split at their boundary at once.
`Multipart` reads all others, and would give the same result for these.
"""

from functools import lru_cache

from flaglift.emit.form import form_value
from flaglift.shim.core.decision import Judge, PromptChange
from flaglift.shim.core.disposition import read_headers
from flaglift.shim.core.multipart import Multipart, Release
from flaglift.shim.core.names import read_name
from flaglift.shim.core.record import Reason
from flaglift.shim.core.refusal import Doubt
from flaglift.shim.core.scan import count_flags
from flaglift.shim.core.spool import Spool

_MOST_FIELDS = 100
_MOST_HEAD = 200
_BLANK = b"\r\n\r\n"
_FIELD = b'\r\nContent-Disposition: form-data; name="prompt[%b]"\r\n\r\n%b'
_CLOSING = (b"--", b"--\r\n")


def rewrite_multipart(body: bytes, boundary: bytes, judge: Judge, *, is_ascii: bool) -> bytes:
    """Return the body with its prompts translated.

    `is_ascii` is that of `Multipart`. Raises `Doubt` if it is ambiguous, `Refusal` in mode
    `strict`.
    """
    delimiter = b"\r\n--" + boundary
    pieces = (b"\r\n" + body).split(delimiter, _MOST_FIELDS + 1)
    values = None
    if not is_ascii and judge.route.root == "prompt":
        values = _values(pieces)
    if values is None:
        rewriter = Multipart(boundary, judge, Release.AT_END, Spool(len(body)), is_ascii=is_ascii)
        return b"".join((*rewriter.feed(body), *rewriter.finish()))
    beside = values.copy()
    text = beside.pop("text", None)
    if text is not None and (change := judge.decide(text, beside, complete=True)):
        return delimiter.join(_changed(pieces, list(values), change, delimiter[2:]))[2:]
    rest = "\n".join(beside.values()).encode()
    if rest and not judge.record.legacy and count_flags(rest, escapes=False):
        judge.record.found = Reason.FLAGS_ELSEWHERE
    return body


def _values(pieces: list[bytes]) -> dict[str, str] | None:
    """Return the values of the parts by field; None if it takes more to read one of them.

    The pieces are what stands before, between and after the delimiters.
    """
    if pieces[0] or pieces[-1] not in _CLOSING:
        return None
    values: dict[str, str] = {}
    for piece in pieces[1:-1]:
        head, blank, content = piece.partition(_BLANK)
        name = _plain_field(head) if blank and len(head) <= _MOST_HEAD else None
        if name is None or name in values:
            return None
        try:
            values[name] = content.decode()
        except UnicodeDecodeError:
            return None
    return values or None


@lru_cache(maxsize=256)
def _plain_field(head: bytes) -> str | None:
    """Return the field of the prompt that a part has, from its head without the blank line."""
    try:
        header = read_headers(head.removeprefix(b"\r\n"))
        place = read_name(header.name, "prompt")
    except Doubt:
        return None
    described = header.filename is not None or header.length or header.is_bound or header.is_ascii
    plain = head.startswith(b"\r\n") and header.is_text and not described
    return place.field if plain and place and not place.rest else None


def _changed(
    pieces: list[bytes], names: list[str], change: PromptChange, boundary: bytes
) -> list[bytes]:
    """Return the pieces of the new body. Raises `Doubt` if a value contains the boundary."""
    own = {name: form_value(value).encode() for name, value in change.filled.items()}
    if change.text is not None:
        own["text"] = change.text.encode()
    added = [
        _FIELD % (name.encode(), form_value(value).encode()) for name, value in change.added.items()
    ]
    if boundary in b"\n".join((*own.values(), *added)):  # no boundary has a line end in it
        raise Doubt(Reason.BOUNDARY_IN_VALUE)
    new: list[bytes] = []
    for name, piece in zip(["", *names, ""], pieces, strict=True):
        if name in own:
            new.append(piece.partition(_BLANK)[0] + _BLANK + own[name])
        elif name != "text":
            new.append(piece)
        if name == "text":
            new += added
    return new
