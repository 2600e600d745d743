"""What each node knows about itself."""

import pytest

from flaglift.lossless.spans import Span
from flaglift.syntax import Feature, FlagName, Quoting, parse
from flaglift.syntax.block import read_block
from flaglift.syntax.flags import field_value, seconds
from flaglift.syntax.nodes import (
    Abbreviation,
    DoubleDash,
    Flag,
    FlagLike,
    HelpFlag,
    Node,
    OtherFlag,
    QuotedFlag,
    Reference,
    Separator,
    Setting,
    Text,
    Unclosed,
    UnknownFlag,
    Value,
)


def only(text: str) -> Node:
    [node] = parse(text).nodes
    return node


def kinds(text: str) -> list[tuple[str, str]]:
    return [(type(node).__name__, node.raw) for node in parse(text).nodes]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" a\tcat ", [("Text", " a\tcat ")]),
        ("a --video b", [("Text", "a "), ("Flag", "--video"), ("Text", " b")]),
        ("--video_prompt -x y", [("Flag", "--video_prompt"), ("Text", " -x"), ("Text", " y")]),
        ("--video_prompt --", [("Flag", "--video_prompt"), ("Text", " "), ("DoubleDash", "--")]),
        ('--duration= "', [("Flag", "--duration="), ("Text", " "), ("Unclosed", '"')]),
        ('a"b c', [("Text", "a"), ("Unclosed", '"b'), ("Text", " c")]),
        ("a \\", [("Text", "a "), ("Unclosed", "\\")]),
        ("--loras a 'b -x", [("OtherFlag", "--loras a 'b"), ("Text", " -x")]),
        ("--loras=a b", [("OtherFlag", "--loras=a"), ("Text", " b")]),
        ("--fill a", [("OtherFlag", "--fill"), ("Text", " a")]),
        ('"--foo" --bar', [("Text", '"--foo"'), ("Text", " "), ("UnknownFlag", "--bar")]),
        ("a\r\n---\nb", [("Text", "a\r\n"), ("Separator", "---"), ("Text", "\nb")]),
        ("a\nw=1\nh=2", [("Text", "a\n"), ("Setting", "w=1\n"), ("Setting", "h=2")]),
    ],
)
def test_the_nodes_of_a_prompt(text: str, expected: list[tuple[str, str]]) -> None:
    assert kinds(text) == expected


def test_text() -> None:
    node = only("a cat")
    assert node == Text(0, "a cat")
    assert (node.start, node.end, node.span, str(node)) == (0, 5, Span(0, 5), "a cat")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("--duration 5", Value(11, "5", "5", Quoting.NONE)),
        ("--duration=5", Value(11, "5", "5", Quoting.NONE)),
        ("--duration=", Value(11, "", "", Quoting.NONE)),
        ('--duration \t"5"', Value(12, '"5"', "5", Quoting.QUOTED)),
        ('--duration "5""6"', Value(11, '"5""6"', "56", Quoting.MIXED)),
        ("--duration \\5", Value(11, "\\5", "5", Quoting.MIXED)),
        ("--duration", None),
    ],
)
def test_a_flag(text: str, value: Value | None) -> None:
    node = only(text)
    assert node == Flag(0, text, FlagName.DURATION, value)
    assert isinstance(node, Flag)
    assert node.name_span == Span(0, 10)


@pytest.mark.parametrize(
    ("written", "expected"),
    [("5", 5), ("+5", 5), ("-5", -5), ("007", 7), ("9" * 4300, 10**4300 - 1)],
)
def test_seconds(written: str, expected: int) -> None:
    assert seconds(written) == expected


@pytest.mark.parametrize("written", ["", "+", "5s", "5.0", " 5", "5\n", "1_0", "٥", "9" * 4301])
def test_what_is_no_number_of_seconds(written: str) -> None:
    assert seconds(written) is None


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("--dur", (FlagName.DURATION,)),
        ("--d=5", (FlagName.DURATION,)),
        ("--video_m", (FlagName.VIDEO_MODEL,)),
        ("--video_", (FlagName.VIDEO_MODEL, FlagName.VIDEO_PROMPT)),
        ("--v", (FlagName.VIDEO, FlagName.VIDEO_MODEL, FlagName.VIDEO_PROMPT)),
        ("--=x", tuple(FlagName)),
    ],
)
def test_an_abbreviation(text: str, candidates: tuple[FlagName, ...]) -> None:
    assert only(text) == Abbreviation(0, text, candidates)


@pytest.mark.parametrize(
    "text",
    [
        "-h",
        '-"h"',
        r"-\h",
        '"-h"',
        '--"he"lp',
        '-h"e"',
        "--h",
        "--he",
        "--hel",
        "--help",
        "--h=1",
        '--"h"',
        r"--h\e",
        '--"hel"',
        '"--help"',
        '--"he=1"',
        '"--hel=a b"',
    ],
)
def test_what_asks_for_help_may_be_quoted(text: str) -> None:
    assert only(text) == HelpFlag(0, text)


@pytest.mark.parametrize("text", ['x"y"', '-"x"', '"-xh"', r"du\ration", '"duration"'])
def test_a_quoted_word_that_begins_no_flag_is_text(text: str) -> None:
    assert only(text) == Text(0, text)


def test_what_a_flag_stores() -> None:
    assert field_value(FlagName.VIDEO, "") is True
    assert field_value(FlagName.DURATION, "+5") == 5
    assert field_value(FlagName.DURATION, "5s") is None
    assert field_value(FlagName.VIDEO_PROMPT, "5") == "5"


def test_an_abbreviation_has_a_name() -> None:
    node = only("--dur=5")
    assert isinstance(node, Abbreviation)
    assert node.name == "dur"


@pytest.mark.parametrize(
    ("text", "name", "takes_more"),
    [
        ("--fill", "--fill", False),
        ("--fill=x", "--fill", False),
        ("--mask_prompt", "--mask_prompt", True),
        ("--mask_prompt=", "--mask_prompt", False),
        ('--mask_prompt "a b"', "--mask_prompt", False),
        ("--loras", "--loras", True),
        ("--loras a -5 -.5", "--loras", True),
        ("--loras=a", "--loras", False),
    ],
)
def test_a_flag_of_the_service(text: str, name: str, takes_more: bool) -> None:
    assert only(text) == OtherFlag(0, text, name, takes_more)


def test_the_smaller_nodes() -> None:
    assert only("--") == DoubleDash(0, "--")
    assert only('--vid"eo"') == QuotedFlag(0, '--vid"eo"', "--video")
    assert only('"--"') == QuotedFlag(0, '"--"', "--")
    assert only("--foo") == UnknownFlag(0, "--foo")
    assert only('"a') == Unclosed(0, '"a')
    assert parse("---").separators == (Separator(0, "---"),)


def test_segments_of_keyframes() -> None:
    prompt = parse("a --video\r\n---\r\n---\r\nb --duration 5")
    assert prompt.is_keyframes
    assert [str(segment) for segment in prompt.segments] == [
        "a --video\r\n",
        "\r\n",
        "\r\nb --duration 5",
    ]
    assert [segment.start for segment in prompt.segments] == [0, 14, 19]
    assert [segment.is_video for segment in prompt.segments] == [True, False, False]
    assert [flag.name.value for flag in prompt.flags] == ["video", "duration"]


def test_flags_of_later_keyframes_are_where_they_are_in_the_text() -> None:
    text = "a --video\n---\nb --video_model kling25 --duration 5"
    flags = parse(text).flags
    assert [text[flag.start : flag.end] for flag in flags] == [flag.raw for flag in flags]
    values = [flag.value for flag in flags[1:]]
    assert [value and value.span.of(text) for value in values] == ["kling25", "5"]


def test_a_settings_block_has_a_field_once_and_its_first_two_values() -> None:
    prompt = parse("a --video\nar=1:1\nseed=\nar=9:16\nar=9:16\nseed=5\nar=4:3\naspect_ratio=2:1")
    block, lines = read_block(prompt)
    assert block == {"aspect_ratio": "2:1", "seed": "5"}
    assert [str(line.raw).strip() for line in lines] == ["ar=1:1", "ar=9:16", "seed=5"]


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("a\nseed=5\n---\nb", 2),
        ("a\nseed=5\\\n---\nb", 1),
        ("a\nseed=5\\\\\n---\nb", 2),
        ("a\nseed=5\\\r\n---\nb", 1),
        ("a\\\n---\nb", 1),
        ("---\na", 2),
    ],
)
def test_a_separator_is_part_of_a_word_behind_a_backslash(text: str, segments: int) -> None:
    assert len(parse(text).segments) == segments


def test_an_empty_segment_has_a_place() -> None:
    first, second = parse("---").segments
    assert (first.start, first.end, first.nodes) == (0, 0, ())
    assert (second.start, second.end, second.body) == (3, 3, ())


def test_the_last_flag_counts() -> None:
    [segment] = parse('--duration 5 a --duration=10 --video_model "" -- --duration 7').segments
    assert segment.last(FlagName.DURATION) == segment.flags[1]
    assert segment.value(FlagName.DURATION) == "10"
    assert segment.value(FlagName.VIDEO_MODEL) == ""
    assert segment.last(FlagName.VIDEO) is None
    assert segment.value(FlagName.VIDEO) is None
    assert [flag.raw for flag in segment.late] == ["--duration 7"]
    assert [text.raw for text in segment.body] == [" a ", " ", " ", " "]


def test_a_flag_without_a_value_has_none_that_counts() -> None:
    [segment] = parse("--duration 5 --duration").segments
    assert segment.last(FlagName.DURATION) is segment.flags[1]
    assert segment.value(FlagName.DURATION) is None


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("ar=1:1", [("ar", "1:1")]),
        ("a\nar=1:1\r\nnegative_prompt=\r\n", [("ar", "1:1"), ("negative_prompt", "")]),
        ("a\nstyle=a = b ", [("style", "a = b ")]),
        ("a\nw=1\n \n\t\r\n", [("w", "1")]),
        ("a\nstyle=6\" it's \\", [("style", "6\" it's \\")]),
        ("a\nw=1\nh=2\n---\nb\nseed=3", [("seed", "3")]),
        ("a\nw=1\n\nh=2", [("h", "2")]),
        ("a\nw=1\nb", []),
        ("a\nnobodys=1", []),
        ("a w=1", []),
        ("a --video\nstyle=aX\r\nseed=X", [("style", "aX"), ("seed", "X")]),
    ],
)
def test_settings(text: str, settings: list[tuple[str, str]]) -> None:
    prompt = parse(text)
    assert [(setting.key, setting.value) for setting in prompt.settings] == settings
    assert prompt.has(Feature.SETTING) == bool(settings)


@pytest.mark.parametrize(
    "block",
    ["negative_prompt=a —video look\n", "negative_prompt=-video_model b", "style=a -duration5"],
)
def test_nothing_in_a_settings_block_looks_like_a_flag(block: str) -> None:
    for text in ("", "a cat —video\n", "a cat --vidoe\n", "a\n---\na -video\n"):
        prompt = parse(text + block)
        assert prompt.settings
        assert prompt.suspects == parse(text).suspects
        assert prompt.has(Feature.FLAG_LIKE) == bool(prompt.suspects)


def test_a_setting_has_its_line_end() -> None:
    assert parse("a\nw=1\r\nh=2\n\n").settings == (
        Setting(2, "w=1\r\n", "w", "1"),
        Setting(7, "h=2\n\n", "h", "2"),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<lora:123:0.5>", Reference(0, "<lora:123:0.5>", "lora", "123", 0.5)),
        ("<lora:123:>", Reference(0, "<lora:123:>", "lora", "123", None)),
        ("<lora:123:x>", Reference(0, "<lora:123:x>", "lora", "123", None)),
        ("<lora:my style:1>", Reference(0, "<lora:my style:1>", "lora", "my style", 1.0)),
        ("<faceid:123>", Reference(0, "<faceid:123>", "faceid", "123", None)),
        ("<<faceid:1:-1>", Reference(1, "<faceid:1:-1>", "faceid", "1", -1.0)),
        ('--video_prompt "<lora:1>"', Reference(16, "<lora:1>", "lora", "1", None)),
        ("a\nstyle=<lora:1>", Reference(8, "<lora:1>", "lora", "1", None)),
    ],
)
@pytest.mark.parametrize("after", ["", " —video", " --vidoe", " –"])
def test_a_reference(text: str, expected: Reference, after: str) -> None:
    """Beside what looks like a flag, it is found in another way."""
    assert parse(f"{text}{after}").references == (expected,)


@pytest.mark.parametrize("text", ["<lora>", "<lora:>", "<lora:1:2:3>", "<lora:a\nb>", "<tune:1>"])
def test_what_is_no_reference(text: str) -> None:
    assert parse(text).references == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a \u2014video", FlagLike(2, "\u2014video", FlagName.VIDEO)),
        ("-Video", FlagLike(0, "-Video", FlagName.VIDEO)),
        ("\xa0--DURATION", FlagLike(0, "\xa0--DURATION", FlagName.DURATION)),
        ("--video-model x", FlagLike(0, "--video-model", FlagName.VIDEO_MODEL)),
        ("--vidoe", FlagLike(0, "--vidoe", FlagName.VIDEO)),
        ("--video\u200b", FlagLike(0, "--video\u200b", FlagName.VIDEO)),
        ("a--video", FlagLike(1, "--video", FlagName.VIDEO)),
        ("a-video_model", FlagLike(1, "-video_model", FlagName.VIDEO_MODEL)),
    ],
)
def test_what_looks_like_a_flag(text: str, expected: FlagLike) -> None:
    assert parse(text).suspects == (expected,)


@pytest.mark.parametrize(
    "text",
    [
        "a wide-video",
        "a \u2014 video",
        "now\u2014video",
        "-vidoe",
        "a--vidoe",
        "\xa0video",
        "--tiled_upscale",
        "--video_prompt \u2014video",
        "\u2014nothing",
        "--nothing",
    ],
)
def test_what_looks_like_none(text: str) -> None:
    assert parse(text).suspects == ()
