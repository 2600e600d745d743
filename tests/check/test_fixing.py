"""Fixing a file once does all there is to do."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaglift.check.document import PromptFile
from flaglift.check.fixing import fix_file
from flaglift.check.hosts.registry import host_named
from flaglift.check.job import FileJob, Fixed, Wanted
from flaglift.settings import DEFAULT
from running import flaglift

WORDS = st.lists(
    st.sampled_from(
        ["a dog", "--video", "—video", "--video_model", "kling25", "kling25_5s", "--duration", "5",
         "7", "--duration7", "--vidoe", "--video_prompt", '"it naps"', "it naps", "%s", "{x}",
         "--durat", "yawns,", "5s", "--video,"]
    ),
    max_size=9,
)  # fmt: skip
"""Parts of prompts, with and without a blank between them."""

PROMPTS = st.builds(
    lambda words, gaps: "".join(word + gap for word, gap in zip(words, gaps, strict=False)),
    WORDS,
    st.lists(st.sampled_from([" ", " ", " ", ""]), min_size=9, max_size=9),
)
FORMS: dict[str, Callable[[str], str]] = {
    "lines": lambda text: text,
    "python": lambda text: f"x = {json.dumps(text, ensure_ascii=False)}\n",
    "javascript": lambda text: (
        f"fetch(u, {{body: JSON.stringify({{prompt: {{text: {json.dumps(text)}}}}})}})\n"
    ),
    "json": lambda text: json.dumps({"prompt": {"text": text}}),
    "yaml": lambda text: f"prompt:\n  text: {json.dumps(text)}\n",
}


def fixed(data: bytes, name: str, *, unsafe: bool) -> Fixed:
    job = FileJob("a", "a", data, name, DEFAULT)
    wanted = Wanted(safe=True, unsafe=unsafe, moves=unsafe)
    return fix_file(PromptFile(data, host_named(name), job), wanted)[1]


@pytest.mark.parametrize("unsafe", [False, True])
@pytest.mark.parametrize("name", FORMS)
@settings(max_examples=100)
@given(PROMPTS)
def test_a_second_time_changes_nothing(name: str, unsafe: bool, text: str) -> None:
    data = FORMS[name](text).encode()
    once = fixed(data, name, unsafe=unsafe)
    again = fixed(once.data, name, unsafe=unsafe)
    assert again.data == once.data
    assert (again.fixed, again.moved) == (0, 0)
    assert (once.data == data) == (not once.fixed and not once.moved)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            'x = "a dog %s--video_model kling25_5s --video"',
            'x = "a dog %s --video_model kling25 --duration 5 --video"',
        ),
        (
            'x = "a dog —video %s--video_model kling25_5s"',
            'x = "a dog --video %s --video_model kling25 --duration 5"',
        ),
    ],
)
def test_a_fix_that_makes_way_for_another(source: str, expected: str) -> None:
    result = fixed(source.encode(), "python", unsafe=True)
    assert result.data.decode() == expected
    assert (result.fixed, result.moved) == (1, 0)


def test_prompts_that_get_other_numbers_are_fixed_to_the_end() -> None:
    """The first is no prompt any more once its flags have moved; the last needs two rounds."""
    data = (
        "post(u, data={'prompt[text]': 'a cat --video --video_model kling25'})\n"
        "x = 'a cow --video --video_model kling25'\n"
        "y = 'a dog %s--video_model kling25_5s --video'\n"
    )
    once = fixed(data.encode(), "python", unsafe=True)
    sent, same, other = once.data.decode().splitlines()
    assert "'a cat', 'prompt[video_model]': 'kling25'" in sent
    assert same == data.splitlines()[1]
    assert other == "y = 'a dog %s --video_model kling25 --duration 5 --video'"
    assert (once.fixed, once.moved) == (1, 1)
    assert fixed(once.data, "python", unsafe=True).data == once.data


def test_flags_move_once_nothing_else_is_to_be_fixed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("a.json")
    path.write_text(
        '{"prompt": {"text": "a cat --video --video --video_model kling25 --duration 7"}}'
    )
    run = flaglift("check", "--unsafe-fixes", path)
    assert (run.returncode, run.stderr) == (0, "moved 1 prompt to fields\n")
    assert json.loads(path.read_text()) == {
        "prompt": {
            "text": "a cat",
            "video_model": "kling25",
            "video_prompt": "a cat",
            "video_duration": 5,
        }
    }


@pytest.mark.parametrize(
    ("name", "source", "why"),
    [
        ("a.json", '{"prompt": {"text": "TEXT"}} ]', "this is not valid JSON: "),
        ("a.http", 'POST /\nDigest: x\n\n{"prompt": {"text": "TEXT"}}', "a header says what its "),
    ],
)
def test_why_flags_are_not_moved_out_of_what_cannot_be_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, source: str, why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    text = "a cat --video --video_model kling25 --video_prompt yawn"
    Path(name).write_text(source.replace("TEXT", text))
    assert f"(not moved: {why}" in flaglift("check", name).stdout
