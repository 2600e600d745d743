from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaglift.catalog import Capability, Durations, Model, load_catalog

MODELS = load_catalog().edition.models


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("seedance_v15_720p", 5),
        ("wan_animate_720p", 10),
        ("dreamactor_m2", 10),
        ("happyhorse_motion_control", 10),
        ("kling30_motion_control_pro", 10),
        ("veo31_lite_720p", 8),
    ],
)
def test_the_default_is_the_documented_one(name: str, seconds: int) -> None:
    assert MODELS[name].default_seconds == seconds


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_every_default_is_allowed(model: Model) -> None:
    assert model.allowed_seconds is not None
    assert model.default_seconds in model.allowed_seconds


def test_the_price_is_linear_in_the_seconds() -> None:
    model = MODELS["kling30_motion_control"]
    assert model.cents_per_second == Decimal("27.7")
    assert model.price_cents(10) == model.price_cents(None) == 277
    assert model.price_cents(20) is None  # it makes 10 s only
    assert MODELS["seedance2_720p"].price_cents(15) == 396


def test_a_third_of_a_cent_adds_up() -> None:
    assert Model("thirds", 10, 3, Durations.of(3, 6)).price_cents(6) == 20


@pytest.mark.parametrize("seconds", [None, 4, 8])
def test_no_base_no_price(seconds: int | None) -> None:
    assert MODELS["veo31_fast_4k"].base_cost_cents == 264
    assert MODELS["veo31_fast_4k"].cents_per_second is None
    assert MODELS["veo31_fast_4k"].price_cents(seconds) is None


@pytest.mark.parametrize("seconds", [0, -5])
def test_no_video_no_price(seconds: int) -> None:
    assert MODELS["kling25"].price_cents(seconds) is None


def test_of_a_bare_name_nothing_is_known() -> None:
    model = Model("ours")
    assert model.allowed_seconds is None
    assert model.default_seconds is None
    assert model.cents_per_second is None
    assert model.price_cents(5) is None
    assert Model("ours", 10, 5).price_cents(None) is None


@given(seconds=st.integers(min_value=1, max_value=10**40))
def test_a_price_never_falls_with_the_seconds(seconds: int) -> None:
    model = Model("ours", 39, 5)
    price, longer = model.price_cents(seconds), model.price_cents(seconds + 1)
    assert price is not None
    assert longer is not None
    assert 0 < price <= longer


@pytest.mark.parametrize(
    ("pattern", "name", "covered"),
    [
        ("kling*", "kling25", True),
        ("kling*", "KLING25", False),
        ("kling", "kling25", False),
        ("kling25", "kling25", True),
        ("*_720p", "wan26_720p", True),
        ("wan2[67]_*", "wan27_1080p", True),
        ("wan2?_720p", "wan27_1080p", False),
    ],
)
def test_a_capability_covers_by_shell_pattern(pattern: str, name: str, covered: bool) -> None:
    assert Capability("motion_control", "Motion control", "", (pattern,)).covers(name) is covered


@pytest.mark.parametrize(
    ("seconds", "assumed"), [(None, False), (4, True), (5, False), (10, False)]
)
def test_a_price_below_the_base_length_is_an_assumption(seconds: int | None, assumed: bool) -> None:
    model = Model("ours", 39, 5, Durations.of(4, 5, 10))
    assert model.is_price_assumed(seconds) is assumed


def test_without_a_base_length_nothing_is_assumed() -> None:
    assert not Model("ours").is_price_assumed(5)
