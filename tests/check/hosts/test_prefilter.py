"""Files that the prefilter drops hold no flag, however it is written."""

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from flaglift.check.hosts.prefilter import FLAGS, may_hold_flags
from flaglift.syntax import Feature, FlagName, parse
from strategies import prompts, texts


def test_the_names_are_those_of_the_dialect() -> None:
    assert set(FLAGS) == set(FlagName)


@pytest.mark.parametrize(
    "text",
    [
        "a --video",
        "a —video",
        "a -video",
        "−−duration 5",
        "--VIDEO",
        "--vid",
        "--vidoe",
        "--video-model x",
        "a\u200b--\u200bduration",
        '--"video"',
        '"--video"',
        "\\--video",
        r"\u002d\u002dvideo",
        r"\u{2d}\u{2D}video",
        r"\x2d-v\x69deo",
        r"\U0000002d-video",
        r"\055\055video",
        r"\u2014video",
        "%2D%2Dvideo",
        r"\-\-video",
        r"\-\-vid",
        '"-"-vidoe',
    ],
)
def test_spellings_that_are_seen(text: str) -> None:
    assert may_hold_flags(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "video duration",
        "--verbose --version --debug --dry-run -v -d",
        "a -- b --- c",
        "var(--vendor) --display",
        r"\u0026 \n \033[1m \x1b \x00",
        "een — twee – drie",
        "100%25",
    ],
)
def test_files_that_are_dropped(text: str) -> None:
    assert not may_hold_flags(text.encode())


@given(st.one_of(prompts(), texts()))
def test_no_prompt_is_missed(text: str) -> None:
    assume(text.isprintable() or "\ud800" not in text)
    concerned = parse(text).has(Feature.CONCERNED)
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return
    spelt = text.replace('"', "").replace("\\", "")
    if concerned and parse(spelt).has(Feature.CONCERNED):
        assert may_hold_flags(data)
        assert may_hold_flags(json.dumps(text).encode())
