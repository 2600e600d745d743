import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaglift.catalog import Durations

SECONDS = st.integers(1, 3600)
DURATIONS = st.one_of(
    st.lists(SECONDS, min_size=1, max_size=6).map(lambda seconds: Durations.of(*seconds)),
    st.tuples(st.integers(1, 60), st.integers(0, 60)).map(
        lambda pair: Durations.between(pair[0], sum(pair))
    ),
)


@pytest.mark.parametrize(
    ("durations", "expected"),
    [
        (Durations.between(4, 12), "4–12 s"),
        (Durations.between(5, 5), "5 s"),
        (Durations.of(5), "5 s"),
        (Durations.of(5, 10), "5 or 10 s"),
        (Durations.of(8, 4, 6, 4), "4, 6 or 8 s"),
        (Durations.of(4, 5, 6), "4, 5 or 6 s"),
    ],
)
def test_as_text(durations: Durations, expected: str) -> None:
    assert str(durations) == expected


def test_a_range_is_not_a_set() -> None:
    assert Durations.between(4, 6).allowed == Durations.of(4, 5, 6).allowed
    assert Durations.between(4, 6) != Durations.of(4, 5, 6)


def test_a_tie_goes_to_the_shorter() -> None:
    assert Durations.of(4, 6, 8).nearest(7) == 6
    assert Durations.of(5, 10).nearest(-3) == 5
    assert Durations.of(5, 10).nearest(10**30) == 10


@given(durations=DURATIONS, seconds=st.integers())
def test_the_nearest_is_allowed_and_none_is_nearer(durations: Durations, seconds: int) -> None:
    nearest = durations.nearest(seconds)
    assert nearest in durations
    assert all(abs(nearest - seconds) <= abs(each - seconds) for each in durations.allowed)
    assert (seconds in durations) == (nearest == seconds)


@pytest.mark.parametrize(("low", "high"), [(5, 4), (0, 4), (1, 3601)])
def test_a_bad_range_is_refused(low: int, high: int) -> None:
    with pytest.raises(ValueError, match="duration"):
        Durations.between(low, high)


@pytest.mark.parametrize("seconds", [(), (0,), (5, -5), (3601,)])
def test_a_bad_set_is_refused(seconds: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="duration"):
        Durations.of(*seconds)
