import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaglift.catalog import Status, Successor, edition_dates, load_catalog
from flaglift.catalog.data import listings, release_dates
from flaglift.catalog.lookup import ModelLookup, successor_of

NEWEST = "2026-08-20"


def find(name: str, day: str = NEWEST) -> ModelLookup:
    return load_catalog(datetime.date.fromisoformat(day)).find(name)


@pytest.mark.parametrize(
    ("name", "day", "status"),
    [
        ("kling25", NEWEST, "listed"),
        ("720p", "2025-03-25", "listed"),
        ("720p", "2025-06-20", "listed"),
        ("720p", "2025-06-21", "retired"),
        ("720p", NEWEST, "retired"),
        ("ovi", NEWEST, "retired"),
        ("kling25_5s", "2025-09-24", "newer"),
        ("kling25_5s", "2025-09-25", "named"),
        ("kling25_5s", "2025-10-27", "listed"),
        ("kling25_5s", "2026-04-29", "retired"),
        ("dreamactor_m2", "2026-03-01", "named"),
        ("infinitetalk_480p", "2026-04-29", "newer"),
        ("infinitetalk_480p", "2026-06-08", "named"),
        ("infinitetalk_480p", NEWEST, "named"),
        ("seedance2_4k", "2026-06-25", "newer"),
        ("seedance2_4k", "2026-06-26", "named"),
        ("seedance2_4k", "2026-08-18", "listed"),
        ("cinematic_video", "2026-04-28", "newer"),
        ("seedance_480p", NEWEST, "listed"),
        ("sora", NEWEST, "unknown"),
        ("Kling25", NEWEST, "unknown"),
        ("", NEWEST, "unknown"),
    ],
)
def test_the_status_depends_on_the_day(name: str, day: str, status: str) -> None:
    assert find(name, day).status == Status(status)


def test_a_listed_model() -> None:
    lookup = find("wan22_720p")
    assert lookup.model is load_catalog().edition.models["wan22_720p"]
    assert str(lookup.since) == "2025-10-27"
    assert len(lookup.editions) == 4
    assert lookup.until is None


def test_since_is_the_first_mention_anywhere() -> None:
    assert str(find("seedance_480p").since) == "2025-06-21"
    assert str(find("kling30_4k").since) == "2026-04-24"
    assert find("sora").since is None


def test_a_named_model_has_what_the_patterns_say_and_no_more() -> None:
    model = find("ray32_edit_540p").model
    assert model is not None
    assert model.capabilities == {"multi_reference_images"}
    assert (model.durations, model.base_cost_cents, model.price_cents(None)) == (None, None, None)
    assert model.source == "The service's changelog, 2026-06-12."
    older = find("seedance2_4k", "2026-07-01").model
    assert older is not None
    assert "first_last_keyframe" in older.capabilities


def test_a_retired_model() -> None:
    lookup = find("kling25_10s")
    assert lookup.model is None
    assert str(lookup.until) == "2025-10-27"
    assert lookup.successor == Successor("kling25", 10)
    assert find("seedance_720p").successor is None


def test_a_newer_model() -> None:
    lookup = find("seedance25_720p", "2026-04-29")
    assert (lookup.model, lookup.until, lookup.suggestion) == (None, None, None)
    assert str(lookup.since) == "2026-08-07"


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("seedance_v15_702p", "seedance_v15_720p"),
        ("kling30_prro", "kling30_pro"),
        ("seedance2_7200p", "seedance2_720p"),
        ("infinite_talk_480p", "infinitetalk_480p"),
        ("KLING25", "kling25"),
        ("veo31_fast_1440p", None),
        ("sora", None),
    ],
)
def test_an_unknown_model(name: str, suggestion: str | None) -> None:
    assert find(name) == ModelLookup(name, Status.UNKNOWN, suggestion=suggestion)


def test_only_models_of_the_day_are_suggested() -> None:
    assert find("kling25_5ss", "2026-04-29").suggestion is None
    assert find("kling25_5ss", "2025-10-27").suggestion == "kling25_5s"


@pytest.mark.parametrize(
    "name", ["kling25_7s", "kling25_05s", "kling25_5", "nothing_5s", "infinitetalk_480p_5s", "_5s"]
)
def test_no_successor_is_guessed(name: str) -> None:
    catalog = load_catalog()
    assert successor_of(name, {model.name: model for model in catalog.models}) is None


def test_the_models_are_the_listed_and_then_the_named() -> None:
    catalog = load_catalog()
    statuses = [catalog.find(model.name).status for model in catalog.models]
    assert statuses == [Status.LISTED] * 46 + [Status.NAMED] * 21
    assert len({model.name for model in catalog.models}) == len(catalog.models)


@given(
    name=st.sampled_from(sorted({*release_dates(), *load_catalog().edition.models, "ovi", "sora"})),
    day=st.dates(edition_dates()[0], datetime.date(2027, 1, 1)),
)
def test_every_standing_agrees_with_the_dates(name: str, day: datetime.date) -> None:
    lookup = load_catalog(day).find(name)
    listed = [date for date in listings(name) if date <= load_catalog(day).edition.date]
    assert (lookup.model is not None) == (lookup.status in {Status.LISTED, Status.NAMED})
    assert (lookup.since is None) == (lookup.status is Status.UNKNOWN)
    assert (lookup.until is not None) == (lookup.status is Status.RETIRED)
    if lookup.status is Status.RETIRED:
        assert lookup.until == listed[-1]
    if lookup.status in {Status.NAMED, Status.NEWER}:
        assert not listed
