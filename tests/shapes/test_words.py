"""Which words leave a prompt to its shape, one kind after the other, and what it then says."""

from typing import Any

import pytest

from flaglift import Context, Settings, translate
from flaglift.linting.engine import Examination, examine
from flaglift.linting.fixing import assessment_of
from flaglift.shapes import ShapedPrompt, Shortcut, examined_translation, video_prompt_of
from flaglift.shapes.shape import assessment_from
from flaglift.shapes.shortcut import examined_findings

FLAGS = "--video --video_model kling25"
NAPS = '--video_prompt "it naps"'


def assert_shaped(known: str, text: str, *, is_shaped: bool) -> None:
    """Assert that a prompt is left to the shape of a known one or not, and says the same by it."""
    shortcut = Shortcut(Settings(), Context())
    shortcut.lint(known)
    result = shortcut.look(text)
    assert isinstance(result, ShapedPrompt) is is_shaped
    examined = examine(text, Settings(), Context())
    translated, alone = shortcut.translate(text), examined_translation(text, examined)
    assert translated == alone
    assert translated.to_dict() == alone.to_dict()  # with messages and fixes
    said = [each.to_dict() for each in examined_findings(examined)]
    assert [each.to_dict() for each in shortcut.lint(text)] == said
    if isinstance(result, ShapedPrompt):
        assessed = assessment_of(examined)
        assert assessment_from(result, lambda: examined.diagnostics) == assessed


@pytest.mark.parametrize("is_body_first", [True, False])
@pytest.mark.parametrize(
    ("words", "is_plain"),
    [
        ("it yawns", True),
        (r"it \"yawns\"", True),
        ("it yawns & naps", True),
        ("it yawns; a &amp; b", False),
        ("it yawns –", True),
        ("it yawns –video", False),
        ("ça bâille", True),
        ("it <yawns", False),
        (" ", False),
        ("it = 5", True),
        ("it\nyawns", True),
        ("it\nyawns=5", False),
    ],
)
def test_words_of_a_value(words: str, *, is_plain: bool, is_body_first: bool) -> None:
    order = "a {0} %s" if is_body_first else "%s a {0}"
    form = order % FLAGS + ' --video_prompt "{1}"'
    assert_shaped(form.format("cat", "it naps"), form.format("dog", words), is_shaped=is_plain)


@pytest.mark.parametrize("value", ["it yawns -- a dog", "it yawns --video"])
def test_dashes_in_a_value(value: str) -> None:
    form = f'a {{0}} {FLAGS} --video_prompt "{{1}}"'
    assert_shaped(form.format("cat", "it naps"), form.format("dog", value), is_shaped=False)


@pytest.mark.parametrize("is_body_first", [True, False])
@pytest.mark.parametrize(
    ("words", "is_plain"),
    [
        ("a dog", True),
        ('a "dog"', True),
        ('a "dog', False),
        ("a \\dog", False),
        ("a well-kept dog", True),
        ("a dog -video", False),
        ('a dog -"-video', False),
        ("salt & pepper", True),
        ("a &mdash;dog", False),
        ("un chien âgé", True),
        ("a dog – at home", True),
        ("a dog —video", False),
        ("a <lora:1:1> dog", True),
        ("a = dog", True),
    ],
)
def test_words_of_a_body(words: str, *, is_plain: bool, is_body_first: bool) -> None:
    form = f"{{0}} {FLAGS} {NAPS}" if is_body_first else f"{FLAGS} {NAPS} {{0}}"
    assert_shaped(form.format("a cat"), form.format(words), is_shaped=is_plain)


@pytest.mark.parametrize(
    "form",
    [
        "a {0} --video --video_model kling25",
        "  a {0} --video --video_model kling25",
        "a {0}\v --video --video_model kling25",
        "--video a {0} --video_model kling25",
        "--video --video_model kling25 a {0} ",
        "--video --video_model kling25 \va {0}\v",
        "a {0} --video by day \v --video_model kling25",
        "a {0} --video \v by day \v --video_model kling25  in June  ",
        "a {0} --video by day --video_model kling25 in June  ",
        "a {0}\r--video by day\r--video_model kling25\rin June\r",
        "a {0}\r\n--video by day\n--video_model kling25\nin June\n",
        "a {0}\n--video by day\n--video_model kling25\nin June\n",
        "--video\na {0}\n\n--video_model kling25",
    ],
)
@pytest.mark.parametrize("after", ["", f" {NAPS}"])
def test_blanks_around_words(form: str, after: str) -> None:
    form += after
    assert_shaped(form.format("cat"), form.format("dog"), is_shaped=True)
    shortcut = Shortcut(Settings(), Context())
    for words in ("cat", "dog"):
        text = form.format(words)
        shaped = shortcut.first_of_its_shape(text)
        assert shaped
        assert video_prompt_of(shaped) == translate(text).values["video_prompt"]


@pytest.mark.parametrize(
    ("words", "is_plain"),
    [("a dog\nseed=4", False), ("a dog\nby day", True), ("a dog, seed=4", True)],
)
def test_a_settings_block_behind_the_flags(words: str, *, is_plain: bool) -> None:
    for before in ("", "by day ", "by day\n"):
        known, text = (f"{before}{FLAGS} {end}" for end in ("a cat", words))
        assert_shaped(known, text, is_shaped=is_plain)


def test_a_video_prompt_beside_the_text_is_that_of_all_prompts_of_a_shape() -> None:
    shortcut = Shortcut(Settings(), Context({"video_prompt": "it naps"}))
    # With values beside it, the first prompt may well be the only one: nothing is learnt of it.
    assert shortcut.first_of_its_shape(f"a cat {FLAGS}") is None
    for words in ("dog", "cow"):
        shaped = shortcut.first_of_its_shape(f"a {words} {FLAGS}")
        assert shaped
        assert video_prompt_of(shaped) == "it naps"


@pytest.mark.parametrize("words", ["dog", "dog with a well-kept garden"])
@pytest.mark.parametrize(
    "form",
    [
        "a {0} --video --video_model kling25",
        "a {0} --video --video_model kling25 --duration 7",
        "a {0} --duration 7 --video --video_model nobodys",
        "a {0} --video --video_model sora2_720p --duration 99",
        'a {0} --duration 7 --video --video_prompt "it {0}" --video_model kling25',
        '--video_prompt "it {0}" --video a {0} --duration 7 --video_model kling25',
        '--video --duration 7 a {0} --video_prompt "it {0}" --video_model kling25 by day',
        "a {0} --duration 5 --video_model kling25",
        "a {0} --video --duration 5",
        'a {0} --video_prompt "it {0}"',
    ],
)
def test_what_is_said_of_the_second_prompt_of_a_shape(form: str, words: str) -> None:
    assert_shaped(form.format("cat"), form.format(words), is_shaped=True)


def test_what_no_shape_decides_is_the_first_of_none(monkeypatch: pytest.MonkeyPatch) -> None:
    shortcut = Shortcut(Settings(), Context())
    examined: list[str] = []

    def recorded(text: str, *rest: Any) -> Examination:
        examined.append(text)
        return examine(text, *rest)

    monkeypatch.setattr("flaglift.shapes.shortcut.examine", recorded)
    for _ in range(2):
        for text in (f"a cat {FLAGS} --video", "a cat"):
            assert shortcut.first_of_its_shape(text) is None
            assert examined.pop() == text
            assert examined == []  # it takes its time, and a second look sees the same


@pytest.mark.parametrize("after", ["", f" {NAPS}"])
def test_flags_that_come_last_are_known_by_their_tail(
    after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is how most prompts are written, and looking each flag up takes several times as long."""
    shortcut = Shortcut(Settings(), Context())
    shortcut.lint(f"a cat {FLAGS}{after}")
    monkeypatch.setattr("flaglift.shapes.shortcut.cut_at_all_flags", None)
    assert isinstance(shortcut.look(f"a dog {FLAGS}{after}"), ShapedPrompt)
    monkeypatch.setattr("flaglift.shapes.shortcut.shape_of", None)
    assert isinstance(shortcut.look(f"a cow {FLAGS}{after}"), ShapedPrompt)
