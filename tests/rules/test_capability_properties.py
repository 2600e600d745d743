"""The capability rules on random prompts: places, fixes, and nothing touched beside them."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaglift.api import lint, translate
from flaglift.context import Context
from flaglift.diagnostics import Applicability, Diagnostic, Severity
from flaglift.emit.translation import TranslationStatus
from flaglift.lossless.spans import Span, apply_edits
from flaglift.rules import RULES
from flaglift.settings import Settings
from flaglift.syntax import parse
from flaglift.syntax.nodes import Quoting
from flaglift.syntax.references import lift_references, references_in

CODES = {rule.code for rule in RULES if rule.code.startswith("FL5")}

MODELS = ["kling25", "seedance2_720p", "kling30_motion_control", "seedance25", "wan22_720p", "ovi"]
REFERENCES = ["<lora:1:1>", "<faceid:2>", "<lora:a b:1>", '<lora:"x":1>', "<lora:", "2:1>", "<"]
MARKS = [
    '"',
    "\\",
    "\\\\",
    '\\"',
    "'",
    " ",
    "\t",
    "\n",
    "\r\n",
    "--",
    "-",
    "=",
    "x",
    "\u2014",
    "---",
]
FLAGS = [
    " --video ",
    " --video",
    " --video_model ",
    " --video_prompt ",
    " --video_prompt=",
    ' --video_prompt "',
    " --duration 5 ",
    " --video_mod x ",
    "\u2014video",
    " --fill ",
    "\n---\n",
    *(f" --video_model {model} " for model in MODELS),
]
VALUES = ["1:1", "16x9", "adaptive", "4", "1", "true", "false", "https://a", "<lora:1:1> he", " "]
KEYS = [
    "ar",
    "aspect_ratio",
    "num_images",
    "video_model",
    "video_prompt",
    "video_audio",
    "audio_reference_url",
    "video_first_frame_url",
    "video_last_frame_url",
    "input_video_url",
]
FRAGMENTS = st.sampled_from([*REFERENCES, *MARKS, *FLAGS, "a man", "waves"])
LINES = st.builds("\n{}={}".format, st.sampled_from(KEYS), st.sampled_from(["", *VALUES, *MODELS]))
PROSE = st.lists(FRAGMENTS, max_size=8).map("".join)
QUOTED = st.lists(st.sampled_from([*REFERENCES, *MARKS, "he waves"]), max_size=6).map("".join)
CAREFUL = st.builds(
    'a man --video --video_model {} --video_prompt{}"{}" {}'.format,
    st.sampled_from(MODELS),
    st.sampled_from([" ", "=", "\t"]),
    QUOTED,
    PROSE,
)
TEXTS = st.builds(
    "{}{}".format, st.one_of(PROSE, CAREFUL), st.lists(LINES, max_size=4).map("".join)
)
CONTEXTS = st.builds(
    Context,
    st.dictionaries(
        st.sampled_from([*KEYS[1:], "video_last_frame", "image_references", "audio_reference"]),
        st.sampled_from([None, "", *VALUES, *MODELS, True, 4]),
        max_size=3,
    ),
    st.booleans(),
)
SETTINGS = st.sampled_from(
    [
        Settings(),
        Settings(default_model="kling25"),
        Settings(accept_successors=True, edition=datetime.date(2026, 8, 18)),
        Settings(default_model="seedance2_4k", edition=datetime.date(2026, 4, 29)),
    ]
)


def ours(text: str, settings: Settings, context: Context) -> list[Diagnostic]:
    return [f for f in lint(text, settings, context) if f.code in CODES]


@given(text=TEXTS, settings=SETTINGS, context=CONTEXTS)
def test_findings_and_fixes(text: str, settings: Settings, context: Context) -> None:
    found = ours(text, settings, context)
    before = translate(text, settings, context)
    for finding in found:
        assert 0 <= finding.start < finding.end <= len(text)
        assert not finding.refuses
        assert finding.severity is not Severity.INFO or not context.complete
        if finding.fix is None:
            continue
        fixed = apply_edits(text, finding.fix.edits)
        assert len(fixed) <= len(text) + len("https://")
        left = [f.code for f in ours(fixed, settings, context)]
        assert left.count(finding.code) < [f.code for f in found].count(finding.code)
        is_keyframes = parse(text).is_keyframes  # which are never rewritten
        kind = Applicability.DISPLAY_ONLY if is_keyframes else Applicability.UNSAFE
        assert finding.fix.applicability is kind
        if before.status is TranslationStatus.TRANSLATED:
            after = translate(fixed, settings, context)
            assert after.status is TranslationStatus.TRANSLATED
            changed = {"aspect_ratio", "num_images", "video_prompt", "video_audio"}
            for name in {*before.values, *after.values} - changed:
                assert before.values.get(name) == after.values.get(name)


@given(text=TEXTS, settings=SETTINGS, context=CONTEXTS)
def test_silent_where_the_service_reads_no_video(
    text: str, settings: Settings, context: Context
) -> None:
    assert ours('a 6" heel ' + text.replace('"', ""), settings, context) == []
    assert ours(text.replace("--", "+"), settings, context) == []


@given(raw=QUOTED.map('"{}"'.format))
def test_references_are_lifted_from_a_value_or_left_alone(raw: str) -> None:
    values = [flag.value for flag in parse(f"--video_prompt {raw}").flags]
    if [value.raw for value in values if value] != [raw]:
        return
    value = values[0]
    assert value
    spans = references_in(raw)
    edits = lift_references(raw, value.quoting, spans) if spans else None
    if edits is None:
        return
    left = apply_edits(raw, edits)
    (flag,) = parse(f"--video_prompt {left}").flags
    assert flag.value
    assert flag.value.raw == left
    assert flag.value.quoting is value.quoting
    assert flag.value.text.split() == without(value.text).split()


def without(text: str) -> str:
    for span in reversed(references_in(text)):
        text = text[: span.start] + " " + text[span.end :]
    return text


@pytest.mark.parametrize(
    ("raw", "style"),
    [
        ('"<lora:1:1>"', Quoting.QUOTED),
        ('"<lora:1:1> \t"', Quoting.QUOTED),
        ('"a\\<lora:1:1>"', Quoting.QUOTED),
        ('"a\n<lora:1:1>---"', Quoting.QUOTED),
        ('"<lora:1:1>--"', Quoting.QUOTED),
        ("<lora:1:1>", Quoting.NONE),
        ("<lora:1:1>-x", Quoting.NONE),
        ('<lora:1:1>"a b"', Quoting.MIXED),
        ("<lora:1:1>", None),
        ("a <lora:1:1>--video", None),
        ("a\t<lora:1:1>\t--video", None),
    ],
)
def test_references_that_stay(raw: str, style: Quoting | None) -> None:
    assert lift_references(raw, style, references_in(raw)) is None


def test_the_finding_is_on_the_line_that_gives_the_value() -> None:
    text = "a cat --video\nvideo_model=seedance2_720p\naspect_ratio=3:2\nnum_images=2\n"
    places = {f.code: Span(f.start, f.end).of(text) for f in ours(text, Settings(), Context())}
    assert places == {"FL505": "aspect_ratio=3:2", "FL506": "num_images=2"}


def test_the_finding_is_on_the_model_where_no_line_gives_the_value() -> None:
    text = "a cat --video\nvideo_model=seedance2_720p"
    (finding,) = ours(text, Settings(), Context({"num_images": 2}))
    assert Span(finding.start, finding.end).of(text) == "seedance2_720p"
    (finding,) = ours(
        "a cat --video", Settings(default_model="kling25"), Context({"num_images": 2})
    )
    assert (finding.start, finding.end) == (6, 13)


def test_each_keyframe_has_its_own_finding_about_the_block_they_share() -> None:
    frame = "a cat --video --video_model kling25"
    text = f"{frame}\r\n---\r\na dog\r\n---\r\n{frame}\r\nnum_images=2"
    found = ours(text, Settings(), Context())
    assert [(f.code, f.span.of(text)) for f in found] == [("FL506", "kling25")] * 2
    assert found[0].start < found[1].start


def test_the_block_holds_what_the_request_says_is_absent_beside_it() -> None:
    text = "a cat --video --video_model kling25\nnum_images=2"
    (finding,) = ours(text, Settings(), Context({"num_images": None}))
    assert finding.fix
    assert ours(apply_edits(text, finding.fix.edits), Settings(), Context({"num_images": ""})) == []


def test_blank_lines_after_the_block_are_no_value() -> None:
    (setting,) = parse("a cat --video\nnum_images=1\n \n\t\n").settings
    assert setting.value == "1"
    text = "a cat --video --video_model kling25\nnum_images=1\r\n \r\n"
    assert ours(text, Settings(), Context()) == []


def test_no_rule_looks_for_a_video_in_a_keyframe_without_flags() -> None:
    text = "a cat --video --video_model kling25\n---\na dog"
    context = Context({"video_duration": 7, "num_images": 4})
    found = lint(text, Settings(default_model="kling25", select=("FL4", "FL5")), context)
    assert [(f.code, f.span.of(text)) for f in found] == [
        ("FL402", "kling25"),
        ("FL506", "kling25"),
    ]
