"""Bodies for the tests, made by hand, and read by parsers that flaglift has no part in."""

import io
import json
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote_plus

import multipart  # type: ignore[import-untyped]
from python_multipart import MultipartParser

from flaglift.shim.core.inspection import Inspection, Target, inspect
from flaglift.shim.core.policy import Policy

LEGACY = 'a cat --video --video_model kling25 --duration 5 --video_prompt "it yawns"'
LIFTED = {
    "text": "a cat",
    "video_model": "kling25",
    "video_prompt": "it yawns",
    "video_duration": "5",
}
UNREADABLE = 'a 6" heel --video --video_model kling25'
BOUNDARY = "----flagliftTest7MA4YWxk"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"
URLENCODED = "application/x-www-form-urlencoded"
JSON = "application/json"
TRANSLATE = Policy()


NotAForm = multipart.MultipartError
"""What `read_multipart` raises for a form that is not complete."""


class Part(NamedTuple):
    """One part of a multipart form."""

    name: str
    content: bytes
    filename: str | None = None


def field(name: str, value: str) -> Part:
    return Part(name, value.encode())


def text_field(value: str = LEGACY) -> Part:
    return field("prompt[text]", value)


def file(name: str = "prompt[input_image]", content: bytes = b"\x89PNG\r\n--\r\n" * 9) -> Part:
    return Part(name, content, "a.png")


def lifted(owner: str = "prompt") -> list[Part]:
    """The parts that `LEGACY` becomes."""
    return [field(f"{owner}[{name}]", value) for name, value in LIFTED.items()]


def multipart_body(parts: Iterable[Part], *, closed: bool = True, end: bytes = b"\r\n") -> bytes:
    pieces = []
    for part in parts:
        filename = "" if part.filename is None else f'; filename="{part.filename}"'
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{part.name}"{filename}\r\n'
        pieces.append(head.encode() + b"\r\n" + part.content + b"\r\n")
    return b"".join(pieces) + (f"--{BOUNDARY}--".encode() + end if closed else b"")


def urlencoded_body(pairs: Iterable[tuple[str, str]]) -> bytes:
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs).encode()


def json_body(value: Any, **style: Any) -> bytes:
    return json.dumps(value, **style).encode()


class Done(NamedTuple):
    """What a rewriter made of a body."""

    body: bytes
    inspection: Inspection
    delta: int | None
    """What was said of the length before the first byte was sent."""


def begin(
    media_type: str,
    policy: Policy = TRANSLATE,
    method: str = "POST",
    path: str = "/tunes/7/prompts",
    *,
    length: int | None = None,
    rereads: bool = False,
) -> Inspection:
    headers = [(b"content-type", media_type.encode())]
    if length is not None:
        headers.append((b"content-length", str(length).encode()))
    return inspect(Target(method, path), headers, policy, rereads=rereads)


def rewrite(
    body: bytes,
    media_type: str = MULTIPART,
    policy: Policy = TRANSLATE,
    *,
    cuts: Sequence[int] = (),
    method: str = "POST",
    path: str = "/tunes/7/prompts",
    announced: bool = True,
) -> Done:
    """Feed a body in the chunks that the cuts make, as a fitting does."""
    length = len(body) if announced else None
    inspection = begin(media_type, policy, method, path, length=length)
    rewriter = inspection.rewriter
    out = []
    promised: list[int | None] = []
    edges = [0, *sorted(cuts), len(body)]
    for start, end in pairwise(edges):
        new = b"".join(rewriter.feed(body[start:end]))
        if rewriter.settled and not promised:
            promised.append(rewriter.delta)
        assert not new or rewriter.settled, "bytes before the length is known"
        out.append(new)
    out += rewriter.finish()
    return Done(b"".join(out), inspection, promised[0] if promised else rewriter.delta)


def read_multipart(body: bytes) -> list[Part]:
    """Read a form with the library `multipart`, which is strict about where a body ends."""
    found = []
    parser = multipart.MultipartParser(io.BytesIO(body), BOUNDARY, strict=False)
    for part in parser:
        found.append(Part(part.name, part.raw, part.filename or None))
        part.close()
    return found


def read_multipart_otherwise(body: bytes) -> list[tuple[bytes, bytes]]:
    """Read the headers and contents of a form's parts with the library `python-multipart`."""
    found: list[list[bytes]] = []
    ended = []
    parser = MultipartParser(
        BOUNDARY,
        {
            "on_part_begin": lambda: found.append([b"", b""]),
            "on_header_value": lambda data, start, end: _append(found, 0, data[start:end]),
            "on_part_data": lambda data, start, end: _append(found, 1, data[start:end]),
            "on_end": lambda: ended.append(True),
        },
    )
    parser.write(body)
    parser.finalize()
    assert ended, "the form has no end"
    return [(head, content) for head, content in found]


def _append(found: list[list[bytes]], index: int, data: bytes) -> None:
    found[-1][index] += data


def read_urlencoded(body: bytes) -> list[tuple[str, str]]:
    return parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=bool(body))
