"""What `flaglift` reads is what the service reads.

The reading of the service's public inference code can be rebuilt from the standard library: `shlex`
splits the prompt into words, with the apostrophe made literal, and `argparse` takes the flags out
of them. `reference` is that reading, and the judge: on generated prompts it and `flaglift` agree on
the flags, on their values and on the words that remain, and what it rejects is never translated.
They differ where the dialect's specification says so, marked [ours] there. `DIFFERENCES` lists each
case, with examples that prove it; nothing else differs.

The reference is `argparse` of Python 3.11. Later ones read `--video_model=--` otherwise, which is
among the differences, so that the tests hold there too.

CI runs 20,000 prompts. A million (`make oracle`):

    FLAGLIFT_ORACLE_EXAMPLES=1000000 pytest -n auto tests/test_oracle.py
"""

import argparse
import os
import random
import shlex
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import pytest
from hypothesis import given, settings

from flaglift.api import parse, translate
from flaglift.emit.translation import TranslationStatus
from flaglift.lossless.spans import Edit, apply_edits
from flaglift.settings import Settings
from flaglift.syntax import Feature, FlagName, Prompt, Quoting, Segment
from flaglift.syntax.flags import seconds
from flaglift.syntax.grammar import expression
from flaglift.syntax.words import WHITESPACE, split_words, unquote
from strategies import PIECES, PROMPTS, READABLE, WORDS, join, many

pytestmark = pytest.mark.no_cover  # it doubles the time, which is long

EXAMPLES = int(os.environ.get("FLAGLIFT_ORACLE_EXAMPLES", "20000"))
PART = 20_000
"""In one test of each kind of prompts: more of them keep several processes busy."""
SETTINGS = Settings(default_model="kling25")

Flags = dict[str, Any]


# ---- The reference ----------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(message)

    def print_help(self, file: object = None) -> None:  # noqa: ARG002
        raise ValueError("it was asked for its help (2.12)")


_PARSER = _Parser(exit_on_error=False)
_PARSER.add_argument("--video", action="store_true")
_PARSER.add_argument("--video_model")
_PARSER.add_argument("--video_prompt")
_PARSER.add_argument("--duration", type=int)

PLAIN_APOSTROPHE = "\N{MODIFIER LETTER APOSTROPHE}"
"""A character that `shlex` takes for a letter."""


def words(text: str, apostrophe: str = "\\'") -> list[str]:
    split = shlex.split(text.replace("'", apostrophe))
    return [word.replace(PLAIN_APOSTROPHE, "'") for word in split]


def reference(text: str, apostrophe: str = "\\'") -> tuple[Flags, list[str]] | None:
    """Return the flags and the words that remain; None where the prompt is rejected."""
    try:
        namespace, rest = _PARSER.parse_known_args(words(text, apostrophe))
    except (argparse.ArgumentError, ValueError):
        return None
    return {k: v for k, v in vars(namespace).items() if v is not None and v is not False}, rest


def ours(segment: Segment) -> Flags:
    """Return the flags that `flaglift` reads, in the reference's form; the last one counts."""
    flags: Flags = {}
    for flag in segment.flags:
        if flag.name is FlagName.VIDEO:
            flags[flag.name.value] = True
        elif flag.value:
            is_duration = flag.name is FlagName.DURATION
            flags[flag.name.value] = seconds(flag.value.text) if is_duration else flag.value.text
    return flags


# ---- The differences --------------------------------------------------------------------------


def apostrophe_in_group(prompt: Prompt) -> bool:
    return any(
        piece.lastgroup == "GROUP" and "'" in piece[0]
        for segment in prompt.segments
        for piece in expression("GROUP", "ESCAPED", "UNCLOSED_QUOTE").finditer(str(segment))
    )


def escaped_apostrophe(prompt: Prompt) -> bool:
    return prompt.has(Feature.ESCAPED_APOSTROPHE)


def quoted_dash_value(prompt: Prompt) -> bool:
    return any(_attachments(segment) for segment in prompt.segments)


def partly_quoted_dash_value(prompt: Prompt) -> bool:
    return any(word[:1] == "-" and " " in word for word in _words_without_flag(prompt))


def double_dash_value(prompt: Prompt) -> bool:
    return any(
        flag.value is None and unquote(flag.raw[len(flag.name) + 2 :]) == "=--"
        for flag in prompt.flags
    )


def integer_of_python(prompt: Prompt) -> bool:
    return any(
        flag.name is FlagName.DURATION
        and flag.value is not None
        and seconds(flag.value.text) is None
        and _is_integer(flag.value.text)
        for flag in prompt.flags
    )


def abbreviated_flag(prompt: Prompt) -> bool:
    return prompt.has(Feature.ABBREVIATION)


def quoted_flag(prompt: Prompt) -> bool:
    return prompt.has(Feature.QUOTED_FLAG)


def settings_block(prompt: Prompt) -> bool:
    return bool(prompt.settings)


def keyframes(prompt: Prompt) -> bool:
    return prompt.is_keyframes


def _attachments(segment: Segment) -> list[Edit]:
    """Return the edits that attach with `=` each quoted value that begins with a dash."""
    return [
        Edit(flag.name_span.end - segment.start, flag.value.start - segment.start, "=")
        for flag in segment.flags
        if flag.value
        and flag.value.quoting is Quoting.QUOTED
        and flag.value.text[:1] == "-"
        and flag.raw[len(flag.name) + 2] in WHITESPACE
    ]


def _words_without_flag(prompt: Prompt) -> list[str]:
    """Return the words that stand where a value is missing, as they read."""
    found = []
    text = str(prompt)
    for flag in prompt.flags:
        if flag.name is not FlagName.VIDEO and flag.value is None:
            found += [unquote(word) for _, word in split_words(text[flag.end :])[:1]]
    return found


def _is_integer(text: str) -> bool:
    try:
        int(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class Difference:
    """A case that `flaglift` reads otherwise than the reference, or does not translate."""

    section: str
    reason: str
    applies: Callable[[Prompt], bool]
    refused: bool
    """Whether no such prompt is translated. Otherwise `adapted` tells how it is read."""
    examples: tuple[tuple[str, Flags | None, Flags | None], ...]
    """Prompts, what the reference reads in them, what we read: None where it is nothing."""


VIDEO = {"video": True}
ATTACHED_DASHES = _PARSER.parse_args(["--video_model=--"]).video_model
"""An empty list, or `--` in later Pythons."""

DIFFERENCES = (
    Difference(
        "1.2",
        "inside a group the reference leaves the backslash that makes the apostrophe literal",
        apostrophe_in_group,
        False,
        (
            (
                '--video --video_prompt "it\'s"',
                {**VIDEO, "video_prompt": "it\\'s"},
                {**VIDEO, "video_prompt": "it's"},
            ),
            (
                '--video --video_prompt "a\\\\\'b"',
                {**VIDEO, "video_prompt": "a\\\\'b"},
                {**VIDEO, "video_prompt": "a\\'b"},
            ),
        ),
    ),
    Difference(
        "1.3",
        "outside a group the reference turns a backslash with an apostrophe into an opened quote",
        escaped_apostrophe,
        True,
        (
            ("it\\'s --video", None, None),
            ("it\\'s 5 o\\'clock --video", VIDEO, None),
            ("--video --video_model \\'a\\'", {**VIDEO, "video_model": "\\a\\\\"}, None),
        ),
    ),
    Difference(
        "2.5",
        "who quotes a value means it as one, whatever it begins with",
        quoted_dash_value,
        False,
        (
            ('--video --video_prompt "--x"', None, {**VIDEO, "video_prompt": "--x"}),
            ('--video --video_prompt "-x"', None, {**VIDEO, "video_prompt": "-x"}),
            ('--video --video_prompt "--video"', None, {**VIDEO, "video_prompt": "--video"}),
            ('--video --video_prompt "--v=1 2"', None, {**VIDEO, "video_prompt": "--v=1 2"}),
        ),
    ),
    Difference(
        "2.5",
        "a dash outside the quotes begins a flag, even where the word holds a quoted space",
        partly_quoted_dash_value,
        True,
        (
            ('--video --video_prompt -x" "y', {**VIDEO, "video_prompt": "-x y"}, None),
            ('--video --video_prompt --x" "y', {**VIDEO, "video_prompt": "--x y"}, None),
            ("--video --video_prompt \\-x\\ y", {**VIDEO, "video_prompt": "-x y"}, None),
            ('--video --video_prompt "-"x\\ y', {**VIDEO, "video_prompt": "-x y"}, None),
        ),
    ),
    Difference(
        "2.5",
        "the reference drops an attached `--` and has an empty list for a value",
        double_dash_value,
        True,
        (
            ("--video --video_model=--", {**VIDEO, "video_model": ATTACHED_DASHES}, None),
            ('--video --video_prompt="--"', {**VIDEO, "video_prompt": ATTACHED_DASHES}, None),
        ),
    ),
    Difference(
        "2.7",
        "int() takes other scripts' digits, underscores between digits and spaces around them",
        integer_of_python,
        True,
        (
            ("--video --duration ٥", {**VIDEO, "duration": 5}, None),
            ("--video --duration 1_0", {**VIDEO, "duration": 10}, None),
            ('--video --duration " 5"', {**VIDEO, "duration": 5}, None),
            ('--video --duration "5\n"', {**VIDEO, "duration": 5}, None),
        ),
    ),
    Difference(
        "2.8",
        "no document knows abbreviations",
        abbreviated_flag,
        True,
        (
            ("--video --dur 5", {**VIDEO, "duration": 5}, None),
            ("--video --video_m=kling25", {**VIDEO, "video_model": "kling25"}, None),
            ("--vide --video_p=x", None, None),
        ),
    ),
    Difference(
        "2.10",
        "who quotes a flag may mean text",
        quoted_flag,
        True,
        (
            ('"--video" --duration 5', {**VIDEO, "duration": 5}, None),
            ("--video \\--duration 5", {**VIDEO, "duration": 5}, None),
            ('--video "--dur" 5', {**VIDEO, "duration": 5}, None),
            ('--video "--" --duration 5', VIDEO, None),
        ),
    ),
    Difference(
        "5.2",
        "a settings block is no part of the text",
        settings_block,
        False,
        (
            ("--video --video_prompt\nar=1:1", {**VIDEO, "video_prompt": "ar=1:1"}, None),
            ('a --video\nnegative_prompt=6" heel', None, VIDEO),
            ("a --video\nnegative_prompt='a", VIDEO, VIDEO),
        ),
    ),
    Difference(
        "5.3",
        "every keyframe has flags of its own, so there is no single reading",
        keyframes,
        True,
        (
            ("a --video\r\n---\r\nb --duration 5", {**VIDEO, "duration": 5}, None),
            ('--video --video_prompt "a\n---\nb"', {**VIDEO, "video_prompt": "a\n---\nb"}, None),
        ),
    ),
)


@pytest.mark.parametrize(
    ("difference", "text", "theirs", "expected"),
    [
        pytest.param(difference, *example, id=f"{difference.section} {example[0]}")
        for difference in DIFFERENCES
        for example in difference.examples
    ],
)
def test_the_difference_is_there(
    difference: Difference, text: str, theirs: Flags | None, expected: Flags | None
) -> None:
    prompt = parse(text)
    assert difference.applies(prompt)
    read = reference(text)
    assert (read and read[0]) == theirs
    refused = translate(text, SETTINGS).status is TranslationStatus.REFUSED
    assert (None if refused else ours(prompt.segments[0])) == expected


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda d: f"{d.section} {d.reason}")
def test_the_difference_is_one(difference: Difference) -> None:
    assert any(theirs != expected for _, theirs, expected in difference.examples)


# ---- The property -----------------------------------------------------------------------------


def adapted(segment: Segment) -> tuple[Flags, list[str]] | None:
    """Return the reference's reading of a segment, less the differences in which we read on.

    The settings block and the other keyframes are not in a segment; a value attached with `=` may
    begin with a dash; an apostrophe is a letter.
    """
    text = apply_edits(str(segment), _attachments(segment))
    return reference(text, PLAIN_APOSTROPHE)


def check(text: str) -> str:
    """Compare the readings of one prompt, and return what became of it."""
    prompt = parse(text)
    translation = translate(text, SETTINGS)
    status = translation.status
    applying = [difference for difference in DIFFERENCES if difference.applies(prompt)]
    readings = [adapted(s) for s in prompt.segments] if applying else [reference(text)]
    if None in readings or any(difference.refused for difference in applying):
        assert status is not TranslationStatus.TRANSLATED
        assert status is TranslationStatus.REFUSED or not prompt.flags
        return "rejected"
    [reading] = readings
    assert reading is not None
    flags, rest = reading
    assert ours(prompt.segments[0]) == flags
    assert not prompt.has(Feature.UNREADABLE)
    if status is TranslationStatus.TRANSLATED:
        fields = translation.values
        assert words(fields.get("text", ""), PLAIN_APOSTROPHE) == rest
        assert fields == fields | {FIELDS[flag]: flags[flag] for flag in FIELDS if flag in flags}
    elif status is TranslationStatus.REFUSED:
        reasons = {finding.rule for finding in translation.diagnostics if finding.refuses}
        assert reasons <= OTHER_REASONS
    return status.value if flags else "no flags"


FIELDS = {
    "video_model": "video_model",
    "video_prompt": "video_prompt",
    "duration": "video_duration",
}

OTHER_REASONS = {
    "unknown-model",
    "retired-model",
    "missing-video-prompt",
    "duration-without-video",
    "field-conflict",
    "swallowed-word",
}
"""Why a prompt that the reference reads is refused all the same, its flags read alike."""


@pytest.mark.parametrize("part", range(EXAMPLES // PART))
@pytest.mark.parametrize(
    ("fragments", "most", "fifths"),
    [
        pytest.param(READABLE, 14, 2, id="readable"),
        pytest.param(WORDS, 8, 2, id="nearly readable"),
        pytest.param(PIECES, 24, 1, id="broken"),
    ],
)
def test_the_readings_agree(fragments: Sequence[str], most: int, fifths: int, part: int) -> None:
    @settings(max_examples=PART * fifths // 5 // PROMPTS, deadline=None)
    @given(many(fragments, most))
    def check_all(texts: list[str]) -> None:
        for text in texts:
            check(text)

    check_all()


def test_the_prompts_reach_everything() -> None:
    choices = random.Random(0)  # noqa: S311
    reached: Counter[str] = Counter()
    for fragments, most in ((READABLE, 14), (WORDS, 8), (PIECES, 24)):
        for _ in range(1000):
            text = join(fragments, choices.randbytes(choices.randrange(most)))
            reached[check(text)] += 1
            prompt = parse(text)
            reached.update(d.applies.__name__ for d in DIFFERENCES if d.applies(prompt))
    assert reached["translated"] > 600
    assert reached["rejected"] > 600
    assert all(reached[d.applies.__name__] > 20 for d in DIFFERENCES), reached
