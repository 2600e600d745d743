import pytest

from flaglift.syntax import Feature, parse

EXAMPLES = {
    Feature.FLAG: "--duration 5",
    Feature.VIDEO: "--video_prompt x",
    Feature.UNCLOSED: 'a "',
    Feature.MISSING_VALUE: "--duration",
    Feature.SWITCH_VALUE: "--video=1",
    Feature.MALFORMED_DURATION: "--duration 5s",
    Feature.REPEATED: "--duration 5 --video --duration 5",
    Feature.ABBREVIATION: "--v 5",
    Feature.NEAR_ABBREVIATION: "--vid",
    Feature.QUOTED_FLAG: '"--video"',
    Feature.UNKNOWN_FLAG: "--foo",
    Feature.OTHER_FLAG: "--fill",
    Feature.DOUBLE_DASH: "a -- b",
    Feature.LATE_FLAG: "a -- --video",
    Feature.FLAG_LIKE: "\u2014video",
    Feature.REFERENCE: "<lora:1>",
    Feature.SETTING: "w=1",
    Feature.KEYFRAMES: "a\n---\nb",
    Feature.ESCAPED_APOSTROPHE: "it\\'s",
    Feature.HELP_FLAG: "-hands",
    Feature.HOLDS_APART: "--loras a --video b",
    Feature.NO_TEXT: " --video\n",
    Feature.NO_SWITCH: "a --duration 5",
    Feature.NO_VIDEO_PROMPT: "a --video",
    Feature.BLANK_VIDEO_PROMPT: '--video_prompt " "',
    Feature.BARE_VIDEO_PROMPT: "--video_prompt=",
    Feature.BRACKETED_VIDEO_PROMPT: '--video_prompt "a < b"',
    Feature.MARKED_VALUE: "--video_model 'a",
    Feature.ENTITY: "&quot;a",
    Feature.ENTITY_FLAG: "&mdash;video",
    Feature.UNSEEN: "a\xa0b",
    Feature.FLAG_IN_VALUE: "--video_model a--b",
}


def test_every_feature_has_an_example() -> None:
    assert set(EXAMPLES) == set(Feature)


@pytest.mark.parametrize(
    ("feature", "text"), [pytest.param(f, t, id=str(f.name)) for f, t in EXAMPLES.items()]
)
def test_a_feature_is_there(feature: Feature, text: str) -> None:
    assert parse(text).has(feature)
    assert not parse("a cat").has(feature)


def test_plain_text_has_no_features() -> None:
    assert parse("a cat on a mat, well-known, 5 - 3 = 2, 'x'[:0]").features == 0
    assert parse("").features == 0


@pytest.mark.parametrize(
    ("feature", "text"),
    [
        (Feature.VIDEO, "--duration 5"),
        (Feature.NEAR_ABBREVIATION, "--v --d --vi"),
        (Feature.ABBREVIATION, "-- --vid"),
        (Feature.QUOTED_FLAG, '-- "--video"'),
        (Feature.REPEATED, "--video -- --video"),
        (Feature.REPEATED, "--video\n---\n--video"),
        (Feature.MISSING_VALUE, "a -- --duration"),
        (Feature.ESCAPED_APOSTROPHE, '"it\\\'s"'),
        (Feature.ESCAPED_APOSTROPHE, "a\\\\'"),
        (Feature.ESCAPED_APOSTROPHE, "a\nstyle=it\\'s"),
        (Feature.HOLDS_APART, "--loras a --video"),
        (Feature.HOLDS_APART, "--loras a --video --fill b"),
        (Feature.HOLDS_APART, "--loras=a --video b"),
        (Feature.HOLDS_APART, "--mask_prompt a --video b"),
        (Feature.HOLDS_APART, "--loras a --foo --video b"),
        (Feature.HOLDS_APART, "--loras a -- --video b"),
        (Feature.HOLDS_APART, "a --- --video"),
        (Feature.HOLDS_APART, "a\n--- b --video"),
        (Feature.HOLDS_APART, "a\n--- --foo\n"),
        (Feature.NO_TEXT, "--video a"),
        (Feature.NO_TEXT, "a -- --video"),
        (Feature.NO_SWITCH, "--video --duration 5"),
        (Feature.NO_VIDEO_PROMPT, '--video --video_prompt "b"'),
        (Feature.BLANK_VIDEO_PROMPT, "--video_prompt= --video_prompt b"),
        (Feature.BARE_VIDEO_PROMPT, '--video_prompt b --video_prompt "b"'),
    ],
)
def test_a_feature_is_not_there(feature: Feature, text: str) -> None:
    assert not parse(text).has(feature)


@pytest.mark.parametrize(
    "text",
    [
        "--loras --video b",
        "--loras a --video \n --duration 5 b",
        "--mask_prompt --video fg",
        "a\n--- --video\nb",
        "a --video\n ---\nb",
        "x\n---\na\n--- --video",
    ],
)
def test_flags_hold_words_apart(text: str) -> None:
    assert parse(text).has(Feature.HOLDS_APART)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a cat --video", "FLAG VIDEO NO_VIDEO_PROMPT"),
        (
            "--video_model 'a--b --duration 5s --video_prompt \"a < b\" it\\'s &quot; —video\xa0",
            "FLAG VIDEO MALFORMED_DURATION FLAG_LIKE ENTITY UNSEEN ESCAPED_APOSTROPHE"
            " NO_SWITCH BRACKETED_VIDEO_PROMPT MARKED_VALUE FLAG_IN_VALUE",
        ),
        (
            '--video=1 --video_prompt x --video_prompt " "',
            "FLAG VIDEO SWITCH_VALUE REPEATED NO_TEXT BLANK_VIDEO_PROMPT",
        ),
        ("a --video_prompt=", "FLAG VIDEO NO_SWITCH BLANK_VIDEO_PROMPT BARE_VIDEO_PROMPT"),
        ("<lora:1> &mdash;video — a\nw=1", "REFERENCE SETTING ENTITY ENTITY_FLAG"),
        (
            '--fill --foo --vid --v "--video" -- --duration 5 <lora:1>',
            "ABBREVIATION NEAR_ABBREVIATION QUOTED_FLAG UNKNOWN_FLAG OTHER_FLAG"
            " DOUBLE_DASH LATE_FLAG REFERENCE",
        ),
        ("a\n---\nb --video", "FLAG VIDEO KEYFRAMES NO_VIDEO_PROMPT"),
        ("a -- --video", "DOUBLE_DASH LATE_FLAG"),
        ("--loras a --video b", "FLAG VIDEO OTHER_FLAG HOLDS_APART NO_VIDEO_PROMPT"),
        ("-hands --duration 5", "FLAG HELP_FLAG NO_SWITCH NO_VIDEO_PROMPT"),
        ('a " --video', "FLAG VIDEO UNCLOSED NO_VIDEO_PROMPT"),
        (
            '--duration +5 --video_model "\'a"',
            "FLAG VIDEO NO_TEXT NO_SWITCH NO_VIDEO_PROMPT MARKED_VALUE",
        ),
        ("a\x0b --video", "FLAG VIDEO NO_VIDEO_PROMPT"),
        (" \x0b --video", "FLAG VIDEO NO_VIDEO_PROMPT"),
        ("--loras a\x0b--video b", "OTHER_FLAG"),
        ("--loras a --video \x0b b", "FLAG VIDEO OTHER_FLAG HOLDS_APART NO_VIDEO_PROMPT"),
    ],
)
def test_all_features_of_a_text(text: str, names: str) -> None:
    features = parse(text).features
    assert features == sum(Feature[name].value for name in names.split())
