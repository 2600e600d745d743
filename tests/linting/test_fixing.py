"""Fixes together: none takes what another needs, and what is offered is what is made."""

from collections import Counter
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaglift import Applicability, api
from flaglift.api import fix, lint
from flaglift.check.hosts.checking import only_made_fixes
from flaglift.check.hosts.registry import host_named
from flaglift.linting import engine
from flaglift.rules.subject import Subject
from flaglift.settings import DEFAULT
from strategies import prompts

BEGIN = "a cat --video --video_model kling25"

SPELT = [
    "{dashes}{name}{between}{value}",
    "{dashes}{name} {value} {dashes}{name}",
    "{dashes}{name} {dashes}{name}{between}{value}",
    '{dashes}{name}{between}{value} dog {dashes}{name} ""',
    "{dashes}{name}{between}{value} dog --video {dashes}{name} --video",
    "{dashes}{name} --video {value} {dashes}{name}{between}{value}",
]
VALUES = {"duration": "5", "video_model": "kling30_pro", "video_prompt": '"it yawns"'}
NAMES = {
    "duration": ["duration", "durat", "Duration", "duraiton", "durations", "duration2"],
    "video_model": ["video_model", "video-model", "video_m", "videomodel", "video_model2"],
    "video_prompt": ["video_prompt", "VIDEO_PROMPT", "video_promt", "video_p", "video_prompt2"],
}


@given(
    st.sampled_from([(name, each) for name, names in NAMES.items() for each in names]),
    st.sampled_from(SPELT),
    st.tuples(
        st.sampled_from(["--", "-", "\u2014", "--\u200b", "---"]),
        st.sampled_from([" ", "=", "", ":", "_", "-", " = ", "\xa0", ", "]),
    ),
    st.sampled_from(
        ["", " --duration", " --durat", " --video_prompt", " --video", ' "', " \u2014vidoe"]
    ),
    st.booleans(),
)
def test_no_value_is_lost(
    named: tuple[str, str], spelt: str, marks: tuple[str, str], end: str, alone: bool
) -> None:
    name, written = named
    dashes, between = marks
    value = VALUES[name]
    flag = spelt.format(dashes=dashes, name=written, between=between, value=value)
    text = f"a cat {flag} --video{end}" if alone else f"{BEGIN} {flag}{end}"
    fixed = fix(text, unsafe=True).text
    assert value.strip('"') in fixed


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ("a cat --duration5", "a cat --duration 5"),
        ("a cat --duration_5 sits", "a cat --duration 5 sits"),
        ("a cat --duration5 7", None),
        ("a cat --duration25 dog --duration2 x", "a cat --duration25 dog --duration 2 x"),
        (f"{BEGIN} dog --video-model kling30_pro", None),
        ("a cat --video_model2 kling25", None),
        ("a cat --durations 5", "a cat --duration 5"),
        (
            f"{BEGIN} --duration 5 dog --duration --video",
            "a cat --video_model kling25 --duration 5 dog --video",
        ),
        (f"{BEGIN} --duration 5 --duration", f"{BEGIN} --duration 5"),
        (f"{BEGIN} --duration 5 --durat", f"{BEGIN} --duration 5"),
        (f'{BEGIN} --video_prompt "it sits" --video_prompt', f'{BEGIN} --video_prompt "it sits"'),
        (f'{BEGIN} --video_prompt "it sits" --video_prompt ""', None),
        (f"{BEGIN} --video_prompt <lora:1:1>", None),
        (f"{BEGIN} --duration 5 --duration 5s", f"{BEGIN} --duration 5"),
        (f"{BEGIN} --duration 5 --duration 7", f"{BEGIN} --duration 5"),
        (" --duration", None),
    ],
)  # fmt: skip
def test_what_a_prompt_states_stays(text: str, fixed: str | None) -> None:
    assert fix(text, unsafe=True).text == (text if fixed is None else fixed)


@given(prompts(), st.booleans())
def test_fixing_again_changes_nothing(text: str, unsafe: bool) -> None:
    result = fix(text, unsafe=unsafe)
    again = fix(result.text, unsafe=unsafe)
    assert (again.text, again.fixed) == (result.text, ())
    assert again.remaining == again.unfixed == result.remaining


@given(prompts(), st.booleans())
def test_what_is_unfixed_is_told_of_the_text_as_it_was(text: str, unsafe: bool) -> None:
    result = fix(text, unsafe=unsafe)
    pairs = list(zip(result.remaining, result.unfixed, strict=True))
    for left, unfixed in pairs:
        assert (left.code, left.message) == (unfixed.code, unfixed.message)
        assert 0 <= unfixed.start <= unfixed.end <= len(text)
    if not result.fixed:
        assert all(left == unfixed for left, unfixed in pairs)


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        (f"a cat --video --video {BEGIN[14:]} --duration 7", "FL402", "7"),
        ("--video --video --video_model kling25 --duration 7 a cat --video", "FL402", "7"),
        (f"x --video {BEGIN} \u2014duration x --video=1 --VIDEO-MODEL", "FL103", "--video=1"),
    ],
)
def test_the_place_of_what_is_left(text: str, code: str, place: str) -> None:
    places = [each.span.of(text) for each in fix(text).unfixed if each.code == code]
    assert places == [place]


@given(prompts())
def test_what_is_said_to_be_fixable_goes_away(text: str) -> None:
    literals = list(host_named("whole").literals(f"a {text}".encode(errors="replace")))
    (text,) = (literal.text for literal in literals)
    found = lint(text)
    offered = only_made_fixes(literals[0], found, DEFAULT)
    assert offered == found
    for kind in (Applicability.SAFE, Applicability.UNSAFE):
        new = fix(text, unsafe=kind is Applicability.UNSAFE).text
        before, after = (Counter(each.code for each in lint(each)) for each in (text, new))
        said = Counter(each.code for each in offered if each.fix and each.fix.applicability is kind)
        for code, count in said.items():
            assert after[code] <= before[code] - count


@pytest.mark.parametrize(
    ("start", "unit", "end"),
    [
        (BEGIN, " --vidoe", ""),
        (BEGIN, " --video", ""),
        (f"{BEGIN} --duration 5", " --video --duration 5", " --dur"),
        (f"{BEGIN} \u2014duration x", " --vidoe", ""),
        (BEGIN, " --vidoe", " \u2014duration x"),
        (BEGIN, " --duration 5s", ' --video_prompt "'),
        (BEGIN, " \u2014duration x", ""),
        ("x --video_model veo31_fast_720p", " --video", "\nvideo_duration=5"),
    ],
)
@pytest.mark.no_cover
def test_more_fixes_take_hardly_more_readings(
    start: str, unit: str, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings: list[str] = []
    read = engine.subjects_of

    def counted(text: str, *others: Any) -> tuple[Subject, ...]:
        readings.append(text)
        return read(text, *others)

    monkeypatch.setattr(api, "subjects_of", counted)
    counts = []
    for many in (50, 400):
        fix(start + unit * many + end, unsafe=True)
        counts.append(len(readings))
        readings.clear()
    assert counts[1] <= counts[0] + 40
    assert counts[1] < 260


def test_one_fix_that_spoils_the_others_is_the_only_one_that_is_not_made() -> None:
    for at, many in product((0, 13, 39), (40,)):
        words = ["--vidoe"] * many
        words[at] = "\u2014duration x"
        text = f"{BEGIN} {' '.join(words)}"
        result = fix(text, unsafe=True)
        assert "--vidoe" not in result.text
        assert [each.span.of(text) for each in result.unfixed if each.code == "FL201"] == [
            "\u2014duration"
        ]
