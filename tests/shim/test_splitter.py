"""The pieces of a multipart body, at the bounds of what is read."""

import pytest

from flaglift.shim.core.refusal import Doubt
from flaglift.shim.core.splitter import MOST_HEADER_BYTES, MultipartPiece, Splitter

DELIMITER = b"\r\n--x\r\n"


def body_with(header_bytes: int) -> bytes:
    """Return a body whose second part has headers of so many bytes, its delimiter counted."""
    name = b"X: "
    headers = name + b"y" * (header_bytes - len(DELIMITER) - len(name))
    return b"--x\r\nA: b\r\n\r\nfirst" + DELIMITER + headers + b"\r\n\r\nsecond\r\n--x--\r\n"


def pieces(body: bytes, chunk: int) -> list[MultipartPiece]:
    splitter = Splitter(b"x")
    parts = (body[at : at + chunk] for at in range(0, len(body), chunk))
    kinds = [kind for part in parts for kind, _ in splitter.feed(part)]
    return [kind for kind in kinds if kind is not MultipartPiece.DATA]


@pytest.mark.parametrize("chunk", [1_000_000, 4096, 1000, MOST_HEADER_BYTES + 4, 97])
def test_headers_of_exactly_the_bound_are_read_and_no_longer_ones(chunk: int) -> None:
    head, end = MultipartPiece.HEAD, MultipartPiece.END
    assert pieces(body_with(MOST_HEADER_BYTES), chunk) == [head, head, end]
    with pytest.raises(Doubt):
        pieces(body_with(MOST_HEADER_BYTES + 1), chunk)


def test_a_delimiter_is_found_wherever_the_body_is_cut() -> None:
    body = body_with(100)
    for cut in range(len(body)):
        splitter = Splitter(b"x")
        found = [*splitter.feed(body[:cut]), *splitter.feed(body[cut:])]
        assert [kind for kind, _ in found if kind is not MultipartPiece.DATA] == pieces(body, 1)
        assert b"".join(raw for _, raw in found) + splitter.held == body
