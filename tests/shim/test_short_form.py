"""A short form that is split at once becomes what the reader of all forms makes of it."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flaglift.shim.core.policy import Mode, Policy
from flaglift.shim.core.record import Reason
from flaglift.shim.core.refusal import Refusal
from flaglift.shim.core.splices import spliced
from shim.forms import (
    BOUNDARY,
    LEGACY,
    MULTIPART,
    UNREADABLE,
    begin,
    field,
    multipart_body,
    text_field,
)

MARK = f"\r\n--{BOUNDARY}".encode()
TEXTS = [
    LEGACY,
    UNREADABLE,
    "a cat",
    "",
    "a cat\r\n\r\non a mat --video --video_model kling25",
    "--video --video_model happyhorse_720p --video_prompt dunes",
    'a cat --video --video_model kling25 --video_prompt "ü"',
    f"--{BOUNDARY[:9]}--video{BOUNDARY[9:]} --video_model kling25",
    "a cat " * 6000,
]
HEADS = [
    'Content-Disposition: form-data; name="prompt[text]"',
    'Content-Disposition: form-data; name="prompt[text]"\r\nContent-Type: text/plain',
    'Content-Disposition: form-data; name="prompt[text]"\r\nContent-Length: 4',
    'Content-Type: text/plain; charset=latin-1\r\nContent-Disposition: form-data; name="prompt[a]"',
    'Content-Disposition: form-data; name="prompt[text]"\r\nContent-MD5: abc',
    *(
        f'Content-Disposition: form-data; name="{name}"'
        for name in (
            "prompt[seed]",
            "prompt[video_model]",
            "prompt[video_duration]",
            "prompt[video_prompt]",
            "prompt[callback]",
            "prompt[image_references][]",
            "prompt[text][x]",
            "Prompt[text]",
            "other",
            "_charset_",
        )
    ),
    'Content-Disposition: form-data; name="prompt[image]"; filename="a.png"',
    "Content-Disposition: form-data",
    "",
]
VALUES = [*TEXTS, "5", "kling25", "--duration 5", f"--{BOUNDARY}", f"a\n--{BOUNDARY}--"]
parts = st.tuples(st.sampled_from(HEADS), st.sampled_from(VALUES))


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Return forms, most of them of a prompt's fields, some damaged."""
    pairs = [draw(parts) for _ in range(draw(st.integers(0, 3)))]
    if draw(st.booleans()):
        pairs.insert(draw(st.integers(0, len(pairs))), (HEADS[0], draw(st.sampled_from(TEXTS))))
    listed = "".join(f"--{BOUNDARY}\r\n{head}\r\n\r\n{value}\r\n" for head, value in pairs)
    end = draw(st.sampled_from(["--\r\n", "--", "--x", "-", ""]))
    body = bytearray(f"{listed}--{BOUNDARY}{end}".encode())
    for _ in range(draw(st.integers(0, 1))):
        at = draw(st.integers(0, len(body)))
        damage = draw(st.sampled_from([b"", b"\r\n", b"\r", b"\n", b"\xff", b"-", MARK]))
        body[at : at + draw(st.integers(0, 2))] = damage
    return bytes(body)


def made(body: bytes, policy: Policy, *, media_type: str = MULTIPART, whole: bool) -> Any:
    """Return what is sent, and what is recorded: of a body whose length is known, or is not."""
    length = len(body) if whole else None
    inspection = begin(media_type, policy, length=length, rereads=True)
    rewriter = inspection.rewriter
    try:
        rewriter.feed(body)
        rewriter.finish()
    except Refusal as refusal:
        return refusal.status, refusal.body, inspection.record
    return b"".join(spliced((body,), rewriter.splices)), inspection.record


@given(bodies(), st.sampled_from([Policy(), Policy(mode=Mode.STRICT)]), st.booleans())
@example(multipart_body([text_field()]), Policy(), False)
def test_it_becomes_what_the_reader_of_all_forms_makes_of_it(
    body: bytes, policy: Policy, is_ascii: bool
) -> None:
    charset = "; charset=us-ascii" if is_ascii else ""
    media_type = f"multipart/form-data{charset}; boundary={BOUNDARY}"
    at_once = made(body, policy, media_type=media_type, whole=True)
    assert at_once == made(body, policy, media_type=media_type, whole=False)


@pytest.mark.parametrize("count", [98, 99, 100, 101, 300])
def test_so_does_one_of_many_fields(count: int) -> None:
    fields = [
        text_field(str(number))._replace(name=f"prompt[f{number}]") for number in range(count)
    ]
    body = multipart_body([*fields, text_field()])
    new, record = made(body, Policy(), whole=True)
    assert (new, record) == made(body, Policy(), whole=False)
    assert new != body


def test_flags_beside_the_text_are_seen() -> None:
    body = multipart_body([text_field("a cat"), field("prompt[notes]", LEGACY)])
    new, record = made(body, Policy(), whole=True)
    assert new == body
    assert record.found is Reason.FLAGS_ELSEWHERE
