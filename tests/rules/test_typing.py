"""The rules about typing (FL2xx), on prompts put together from what people type."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaglift.api import fix, lint, parse, translate
from flaglift.diagnostics import Applicability, Diagnostic
from flaglift.emit.translation import TranslationStatus
from flaglift.lossless.spans import apply_edits

CODES = {f"FL20{digit}" for digit in range(1, 10)}

FLAGS = [
    "--video",
    "--video_model",
    "--video_prompt",
    "--duration",
    "--fill",
    "--loras",
    "--",
    "-x",
]
NEAR = [
    "\u2014video", "\u2013video_model", "\u2212\u2212duration", "--VIDEO", "--Video_Model",
    "--video-model", "--video\u2010prompt", "--vidoe", "--video_", "--dur", "-video", "---video",
]  # fmt: skip
UNSEEN = ["\u00a0", "\u200b", "\ufeff", "\u3000", "\u202a"]
ESCAPED = ['\\"', '\\\\"', '\\\\\\"']
CURLED = ["\u201c", "\u201d", "\u201e", "\u00ab", "\u00bb", "\u2018", "\u2019"]
ENTITIES = ["&quot;", "&#39;", "&amp;quot;", "&nbsp;", "&lt;lora:1:1&gt;", "&amp;", "&", "&T;"]
QUOTES = ['"', "'", "\\", *ESCAPED, *CURLED, *ENTITIES[:3]]
MARKS = [",", ".", ":", ";", "(", ")", "*", "=", "-", "_", "\u2014"]
WORDS = ["a", "cat", "5", "kling25", "kling25,", "it's", "\u00e9", "w=5", "---"]
BLANKS = [" ", " ", " ", " ", "  ", "\t", "\n", "\r\n"]

GROUPS = [FLAGS, NEAR, UNSEEN, QUOTES, ENTITIES, MARKS, WORDS, BLANKS, BLANKS, FLAGS]
prompts = st.lists(st.one_of(*map(st.sampled_from, GROUPS)), max_size=14).map("".join)


@st.composite
def quotations(draw: st.DrawFn) -> str:
    """Return a value in what is meant as quotes, most often closed."""
    opening = draw(st.sampled_from(QUOTES))
    closing = {"\u201c": "\u201d", "\u00ab": "\u00bb", "\u2018": "\u2019"}.get(opening, opening)
    inside = st.sampled_from([*WORDS, *QUOTES, *MARKS, *BLANKS, *BLANKS, *WORDS])
    value = "".join(draw(st.lists(inside, max_size=5)))
    flag = draw(st.sampled_from(FLAGS[1:4])) + draw(st.sampled_from([" ", "=", "\n", " "]))
    end = draw(st.sampled_from([closing, closing, closing, ""]))
    return f" {flag}{opening}{value}{end}" + draw(st.sampled_from(["", ",", *BLANKS]))


mixtures = st.one_of(prompts, st.lists(st.one_of(prompts, quotations()), max_size=4).map("".join))


def findings(text: str) -> list[Diagnostic]:
    return [finding for finding in lint(text) if finding.code in CODES]


@given(mixtures)
def test_every_fix_removes_its_finding_and_touches_nothing_else(text: str) -> None:
    found = findings(text)
    counts = Counter(finding.code for finding in found)
    for finding in found:
        assert 0 <= finding.start < finding.end <= len(text)
        if finding.fix is None:
            continue
        is_keyframes = parse(text).is_keyframes  # which are never rewritten
        kind = Applicability.DISPLAY_ONLY if is_keyframes else Applicability.UNSAFE
        assert finding.fix.applicability is kind
        fixed = apply_edits(text, finding.fix.edits)
        low = min(edit.start for edit in finding.fix.edits)
        high = max(edit.end for edit in finding.fix.edits)
        assert fixed.startswith(text[:low])
        assert fixed.endswith(text[high:])
        assert len(fixed) >= low + len(text) - high
        after = Counter(other.code for other in findings(fixed))
        assert after[finding.code] < counts[finding.code], (finding, fixed)


def fixed(text: str) -> str:
    return fix(text, unsafe=True).text


def test_a_prompt_out_of_writing_software() -> None:
    typed = "a cat \u2014video \u2014video_model kling25 \u2014video_prompt \u201cshe smiles\u201d"
    assert fixed(typed) == 'a cat --video --video_model kling25 --video_prompt "she smiles"'


def test_a_word_with_many_defects() -> None:
    assert fixed("a cat (\u2013\u200bVideo\u2010MODEL:) kling25, --video") == (
        "a cat --video_model kling25 --video"
    )


def test_a_prompt_out_of_a_web_page() -> None:
    typed = "&lt;lora:1:1&gt; a cat --video --video_prompt &quot;it&#39;s calm&quot; --duration 5"
    assert fixed(typed) == '<lora:1:1> a cat --video --video_prompt "it\'s calm" --duration 5'


def test_the_findings_change_no_translation() -> None:
    """What is read is read as the service reads it (dialect section 6)."""
    translation = translate(
        "a cat --video --video_model kling25 --video_prompt \u201cit sits\u201d"
    )
    assert translation.status is TranslationStatus.TRANSLATED
    assert translation.values["video_prompt"] == "\u201cit"
    assert translation.values["text"] == "a cat sits\u201d"


@pytest.mark.parametrize(
    "value",
    [
        "\u201c--\u201d",
        "'--'",
        r"\"--\"",
        "&quot;--&quot;",
        "&#45;&#45;",
        "&nbsp;",
        "&" + "amp;" * 9,
    ],
)
def test_what_can_be_no_value_is_left_alone(value: str) -> None:
    (finding,) = findings(f"a cat --video --video_prompt={value} --video_model kling25")
    assert finding.fix is None


@pytest.mark.parametrize(
    "spoilt", ["&quot;a cat&quot;", "'a cat'", "\u201ca cat\u201d", r"\"a cat\""]
)
def test_a_quote_that_is_open_elsewhere_has_to_be_closed_first(spoilt: str) -> None:
    (finding,) = findings(f'--video_prompt {spoilt} --video --video_model kling25 6" heel')
    assert finding.fix is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("--video_prompt &quot;a &lt;lora:1:1&gt; b&quot; --video", '"a <lora:1:1> b"'),
        ('--video_prompt \\"she says "hi" now\\" --video', r'"she says \"hi\" now"'),
        ("--duration\u200b5 --video", "--duration 5"),
        ("--Video_Model=\u200bkling25,\u3000--video", "--video_model=kling25 --video"),
        ("--video\u200bmodel kling25", "--video_model kling25"),
        ("--video_model=\u200bkling25,--video", "--video_model=kling25"),
        ("--video_prompt=\u200b--video", "--video_prompt="),
        ("a\\\u200b--video --video_model kling25", "\\\u200b--video"),
        ('--video_model "kling25\u200b"\u3000 --video', "--video_model kling25 --video"),
        ("--video_model \u200b kling25 --video", "--video_model  kling25"),
        ("--video_model \u200bkling25\u3000--video", "--video_model kling25 --video"),
    ],
)
def test_odd_ones(typed: str, meant: str) -> None:
    assert meant in fixed(typed)


HOSTILE = [
    "\u2014video ",
    ",--VIDEO",
    "--video_model: ",
    "--video \u00a0",
    "\u00a0--video",
    "--video_prompt 'a ",
    "--video_prompt \u201ca ",
    '--video_prompt \\"a ',
    "--video_prompt &quot;a ",
    "--video_prompt &amp;amp;amp; ",
    "&nbsp;--video",
    "(--video)",
    "--video_prompt 'a' ",
]


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("start", ["", "--video_prompt '", "--video_model \u200b"])
@pytest.mark.no_cover
def test_long_hostile_prompts_are_linted_to_their_end(start: str, piece: str) -> None:
    text = start + piece * 3200  # what is not linear does not come back from this
    found = lint(text)
    assert found == sorted(found)
    assert all(finding.end <= len(text) for finding in found)
