"""Words that look like flags: where each begins, and what is beside it."""

import pytest

from flaglift.syntax import parse
from flaglift.syntax.lookalikes import (
    flag_like,
    flag_likes,
    names_file,
    near_misses,
    near_misses_in,
)


@pytest.mark.parametrize(
    ("raw", "before", "found"),
    [
        ("--video--duration", "", [(7, "--video"), (14, "--duration")]),
        ("--video--duration", "e", [(7, "--video"), (14, "--duration")]),
        ("--vid--duration", " ", [(12, "--duration")]),
        ("--video---duration", "", [(7, "--video"), (14, "---duration")]),
        ("--x--duration", "", [(10, "--duration")]),
        ("--video", "", [(7, "--video")]),
        ("--xyz", "", []),
        ("---video", "", [(7, "---video")]),
        ("–––video–duration", "", []),
        ("-video--duration", "e", [(13, "--duration")]),
        ("-video--duration", "", [(7, "-video"), (13, "--duration")]),
    ],
)
def test_flags_that_are_joined(raw: str, before: str, found: list[tuple[int, str]]) -> None:
    assert [(each.start, each.raw) for each in flag_likes(7, raw, before)] == found


@pytest.mark.parametrize(
    ("text", "position", "is_file"),
    [
        (".mp4", 0, True),
        ("clip--video.mp4", 11, True),
        ("clip--video.mp4", 0, False),
        ("clip--video/1", 11, True),
        ("clip--video. A", 11, False),
        (". A", 0, False),
    ],
)
def test_what_goes_on_as_a_file_does(text: str, position: int, is_file: bool) -> None:
    assert names_file(text, position) is is_file


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("–video a cat –duration 5", ["–video", "–duration"]),
        ("–video on a mat --video x —video_model kling25", ["–video", "—video_model"]),
        ("a cat--video on a mat –duration 5", ["cat--video", "–duration"]),
        ("a cat\n–video \\–video –duration 5", ["–video", "–duration"]),
        ('--video "–video" –duration 5', ["–duration"]),
        ('a"b –c"–-video –duration', ['a"b –c"–-video', "–duration"]),
    ],
)
def test_each_has_the_word_that_it_is_in(text: str, found: list[str]) -> None:
    prompt = parse(text)
    misses = list(near_misses(prompt.segments[0].nodes, prompt.suspects))
    assert [miss.word for miss in misses] == found
    for miss in misses:
        assert text[miss.word_start : miss.word_end] == miss.word
        assert text[miss.start : miss.end] == miss.dashes + miss.written
        assert miss.word_start <= miss.start < miss.end <= miss.word_end


@pytest.mark.parametrize(
    ("raw", "before", "is_like"),
    [
        ("-video", "", True),
        ("-video", " ", True),
        ("-video", "\t", True),
        ("-video", "\r", True),
        ("-video", "\n", True),
        ("-video", "e", False),
        ("-video_model", "e", True),
        ("–video", "e", False),
        ("––video", "e", True),
        ("—video", "e", False),
        ("—video", " ", True),
        ("-vidoe_model", " ", False),
        ("-vidoe-model", " ", False),
        ("–vidoe_model", " ", False),
        ("—vidoe_model", " ", True),
        ("––vidoe_model", " ", True),
        ("––vidoe_model", "e", False),
        ("\u200b-video", "e", True),
        ("\u200bvideo", " ", False),
    ],
)
def test_what_a_run_of_dashes_and_a_name_are_like(raw: str, before: str, is_like: bool) -> None:
    assert (flag_like(0, raw, before) is not None) is is_like


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("–video", [(0, "–", "video")]),
        ("cat--video", [(3, "--", "video")]),
        ('"–video"', []),
        ('a"b"–-video', [(4, "–-", "video")]),
        ('–-video"b"', [(0, "–-", "video")]),
        ('"a"–-video"b"', []),
        (r"\–video", []),
        (r"\\–-video", [(2, "–-", "video")]),
        ("–video_", [(0, "–", "video")]),
        ("–video\u200b", [(0, "–", "video")]),
        ("—video_model–", [(0, "—", "video_model")]),
    ],
)
def test_near_misses_of_a_word(word: str, found: list[tuple[int, str, str]]) -> None:
    for misses, start in ((near_misses_in(word), 0), (near_misses_in(word, 9), 9)):
        assert [(miss.start - start, miss.dashes, miss.written) for miss in misses] == found
        assert all((miss.word, miss.word_start) == (word, start) for miss in misses)
