import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaglift.spelling import distance, nearest
from lossless.timing import with_effort

WORDS = st.text(alphabet="ab1_", max_size=8)


def plainly(a: str, b: str) -> int:
    """Optimal string alignment by its definition, without a band or a limit."""
    if not a or not b:
        return len(a) + len(b)
    costs = [
        plainly(a[:-1], b) + 1,
        plainly(a, b[:-1]) + 1,
        plainly(a[:-1], b[:-1]) + (a[-1] != b[-1]),
    ]
    if len(a) > 1 and len(b) > 1 and a[-1] == b[-2] and a[-2] == b[-1]:
        costs.append(plainly(a[:-2], b[:-2]) + 1)
    return min(costs)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("", "", 0),
        ("", "abc", 3),
        ("video", "video", 0),
        ("video", "vidoe", 1),
        ("video", "vido", 1),
        ("ca", "abc", 3),
        ("kitten", "sitting", 3),
    ],
)
def test_distance(a: str, b: str, expected: int) -> None:
    assert distance(a, b) == distance(b, a) == expected


@given(a=WORDS.filter(lambda word: len(word) < 6), b=WORDS.filter(lambda word: len(word) < 6))
def test_distance_is_that_of_the_definition(a: str, b: str) -> None:
    assert distance(a, b) == plainly(a, b)


@given(a=WORDS, b=WORDS, limit=st.integers(0, 9))
def test_a_limit_changes_only_what_is_above_it(a: str, b: str, limit: int) -> None:
    assert distance(a, b, limit=limit) == min(distance(a, b), limit + 1)


MODELS = [
    "seedance_v15_720p",
    "seedance_v15_audio_720p",
    "seedance2_720p",
    "seedance2_480p",
    "kling30_pro",
    "veo31_fast_720p",
    "veo31_fast_1080p",
    "wan26_720p",
]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("seedance_v15_702p", "seedance_v15_720p"),
        ("seedance_v15_72p", "seedance_v15_720p"),
        ("seedance_v15_720", "seedance_v15_720p"),
        ("kling30_prro", "kling30_pro"),
        ("seedance2_7200p", "seedance2_720p"),
        ("SEEDANCE2-720P", "seedance2_720p"),
        ("seedance2_720p", "seedance2_720p"),
        ("veo31fast_720p", "veo31_fast_720p"),
    ],
)
def test_a_slip_is_seen(word: str, expected: str) -> None:
    assert nearest(word, MODELS) == expected


@pytest.mark.parametrize(
    "word",
    [
        "wan26_480p",  # another resolution
        "wan28_720p",  # another version
        "seedance_v15_1080p",
        "veo31_fast_1440p",
        "sora",
        "",
    ],
)
def test_another_word_is_no_slip(word: str) -> None:
    assert nearest(word, MODELS) is None


def test_equally_near_is_nothing() -> None:
    assert nearest("beta", ["bet", "betas"]) is None
    assert nearest("beta", ["bet", "betas", "beta"]) == "beta"
    assert nearest("a-b", ["a_b", "A-B"]) is None


def test_a_candidate_given_twice_is_one() -> None:
    assert nearest("bet", ["beta", "beta"]) == "beta"


def test_the_limit_is_the_callers_or_a_quarter_of_the_word() -> None:
    assert nearest("durtn", ["duration"]) is None
    assert nearest("durtn", ["duration"], limit=3) == "duration"
    assert nearest("duratio", ["duration"], limit=0) is None
    assert nearest("duration", ["duration"], limit=0) == "duration"
    assert nearest("x" * 40, ["x" * 36 + "yyyy"]) is None


@given(word=WORDS, candidates=st.lists(WORDS))
def test_what_is_proposed_is_a_candidate_and_no_other_is_nearer(
    word: str, candidates: list[str]
) -> None:
    found = nearest(word, candidates)
    if found is not None:
        assert found in candidates
        away = distance(word, found)
        assert away <= max(1, len(word) // 4)
        assert all(distance(word, each) > away for each in candidates if each != found)


def test_a_huge_word_costs_nothing() -> None:
    word = "x" * 10_000_000
    found, effort = with_effort(lambda: nearest(word, MODELS))
    assert (found, effort < 2) == (None, True)
    away, effort = with_effort(lambda: distance(word, "x", limit=3))
    assert (away, effort < 2) == (4, True)
