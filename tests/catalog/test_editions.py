import datetime
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

from flaglift.catalog import Edition, edition_dates, load_catalog
from flaglift.catalog.data import dates_of, edition_file, parse_edition, releases_file
from flaglift.catalog.reading import parse_file
from flaglift.catalog.schema import CAPABILITY_KEYS, ReleasesFile
from flaglift.errors import CatalogError

DATA = Path(__file__).parents[1] / "data"
PAGE = (DATA / "image2video-2026-04-29.txt").read_text("utf-8")
DAYS = ["2025-03-25", "2025-06-21", "2025-10-27", "2026-04-29", "2026-08-18", "2026-08-20"]


def edition(day: str) -> Edition:
    return load_catalog(datetime.date.fromisoformat(day)).edition


def table_of_the_page() -> list[tuple[str, int, list[int], bool]]:
    _, table, _ = PAGE.split("\n\n")
    rows = []
    for line in table.splitlines()[1:]:
        name, cents, durations = line.split(maxsplit=2)
        low, dash, high = durations.partition("–")
        seconds = (
            list(range(int(low), int(high) + 1)) if dash else [*map(int, durations.split(", "))]
        )
        rows.append((name, int(cents), seconds, bool(dash)))
    return rows


def matrix_of_the_page() -> list[tuple[str, str, tuple[str, ...]]]:
    lines = []
    for line in PAGE.split("\n\n")[2].splitlines():
        head, _, patterns = line.partition(": ")
        title, _, note = head.partition(" (")
        lines.append((title, note.removesuffix(")"), tuple(patterns.split(", "))))
    return lines


def test_the_edition_of_2026_04_29_is_the_page_row_by_row() -> None:
    rows = [
        (
            model.name,
            model.base_cost_cents,
            list(model.allowed_seconds or ()),
            model.durations is not None and model.durations.is_range,
        )
        for model in edition("2026-04-29").models.values()
    ]
    assert rows == table_of_the_page()
    assert len(rows) == 43


def test_the_edition_of_2026_04_29_has_the_matrix_of_the_page() -> None:
    capabilities = edition("2026-04-29").capabilities
    assert [(each.title, each.note, each.patterns) for each in capabilities] == matrix_of_the_page()


def test_what_the_patterns_cover() -> None:
    models = edition("2026-08-20").models
    assert models["kling30_motion_control"].capabilities == {
        "first_last_keyframe",
        "motion_control",
    }
    assert models["happyhorse_720p"].capabilities == {"text_to_video", "multi_reference_images"}
    assert models["wan22_720p"].capabilities == frozenset()
    assert models["seedance2_4k"].capabilities == set(CAPABILITY_KEYS) - {"motion_control"}


def test_prices_changed_between_2026_04_29_and_2026_08_18() -> None:
    before, after = edition("2026-04-29").models, edition("2026-08-18").models
    changed = {
        name: (model.base_cost_cents, after[name].base_cost_cents)
        for name, model in before.items()
        if model.base_cost_cents != after[name].base_cost_cents
    }
    assert changed == {
        "seedance2_480p": (120, 66),
        "seedance2_720p": (280, 132),
        "seedance2_1080p": (450, 330),
        "seedance2_fast_480p": (60, 55),
        "seedance2_fast_720p": (140, 110),
    }
    assert set(after) - set(before) == {"seedance2_4k", "seedance2_fast_4k", "seedance2_fast_1080p"}
    assert {name: after[name].durations for name in before} == {
        name: model.durations for name, model in before.items()
    }


def test_the_editions() -> None:
    assert [str(date) for date in edition_dates()] == DAYS
    assert [len(edition(day).models) for day in DAYS] == [2, 4, 21, 43, 46, 46]
    assert [edition(day).syntax for day in DAYS] == ["flags"] * 3 + ["fields"] * 3
    defaults = [edition(day).default_video_model for day in DAYS]
    assert defaults == ["720p", "seedance_720p", "seedance_720p", None, None, None]


@pytest.mark.parametrize("day", DAYS)
def test_every_edition_names_its_source(day: str) -> None:
    published = edition(day)
    assert str(published.date) == day
    assert day in published.source
    assert {model.source for model in published.models.values()} == {published.source}


def test_form_fields_grow() -> None:
    fields = [set(edition(day).form_fields) for day in DAYS]
    assert fields[:3] == [set()] * 3
    assert "video_audio" in fields[4] - fields[3]
    assert fields[5] - fields[4] == {"image_references", "image_reference_urls"}


def test_names_without_a_table_have_no_facts() -> None:
    model = edition("2025-10-27").models["kling25_5s"]
    assert (model.durations, model.base_cost_cents, model.default_seconds) == (None, None, None)


@pytest.mark.parametrize("day", DAYS[3:])
def test_patterns_that_match_nothing_are_kept_and_listed(day: str) -> None:
    published = edition(day)
    unmatched = tuple(
        ("first_last_keyframe", pattern) for pattern in ("wan21_*", "wan_fast_*", "hailuo*")
    )
    assert published.unmatched_patterns == unmatched
    kept = {(each.key, pattern) for each in published.capabilities for pattern in each.patterns}
    assert kept.issuperset(unmatched)


def test_editions_without_a_matrix_have_no_unmatched_patterns() -> None:
    assert edition("2025-10-27").unmatched_patterns == ()


def test_the_newest_edition_not_after_the_day() -> None:
    assert str(edition("2026-08-19").date) == "2026-08-18"
    assert str(edition("2030-01-01").date) == "2026-08-20"
    catalog = load_catalog(datetime.date(2026, 8, 19))
    assert str(catalog.as_of) == "2026-08-19"


def test_the_default_is_the_newest_edition() -> None:
    assert load_catalog() is load_catalog(edition_dates()[-1])
    assert load_catalog().as_of == load_catalog().edition.date == edition_dates()[-1]


def test_before_the_first_edition_there_is_nothing() -> None:
    with pytest.raises(CatalogError, match="the first edition is of 2025-03-25"):
        load_catalog(datetime.date(2025, 3, 24))


GOOD = """\
date = 2027-01-01
syntax = "fields"
source = "A page."
models = [{ name = "one", base_cost_cents = 5, base_seconds = 5, durations = [5] }]
"""
MATRIX = '[[capabilities]]\nkey = "motion_control"\ntitle = "Motion control"\npatterns = ["o*"]\n'


def test_good_data_is_read() -> None:
    assert parse_edition(GOOD + MATRIX, "2027-01-01.toml").models[0].name == "one"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("date =", "not valid TOML"),
        (GOOD.replace("2027-01-01", "2027-01-02"), "another date than its own, 2027-01-02"),
        (GOOD.replace("2027-01-01", '"2027-01-01"'), "date: input should be a valid date"),
        (GOOD.replace('"fields"', '"form"'), "syntax: input should be 'flags' or 'fields'"),
        (GOOD.replace('source = "A page."', ""), 'the key "source" is missing'),
        (GOOD.replace("source =", "sourse ="), 'the key "source" is missing'),
        (GOOD + "sourse = 1", 'unknown key "sourse", did you mean "source"?'),
        (GOOD + 'default_video_model = "two"', 'the default model "two" is not listed'),
        (GOOD.replace("= 5,", "= -5,", 1), 'model "one": base_cost_cents: input should be greater'),
        (GOOD.replace("[5]", "[]"), 'model "one": durations: no duration is allowed at all'),
        (GOOD + MATRIX + MATRIX, '"motion_control" has 2 rows'),
        (GOOD + MATRIX.replace("motion_", "motio_"), 'did you mean "motion_control"?'),
        (GOOD + MATRIX.replace('"o*"', ""), 'capability "motion_control": patterns: '),
    ],
)
def test_bad_data_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(CatalogError) as caught:
        parse_edition(text, "2027-01-01.toml")
    assert str(caught.value).startswith("2027-01-01.toml: ")
    assert sentence in str(caught.value)


def test_a_file_is_named_by_its_date() -> None:
    with pytest.raises(CatalogError, match="not named by its date"):
        dates_of(["newest.toml"])


def test_releases_are_in_order() -> None:
    row = '[[releases]]\ndate = {}\nnote = "n"\nmodels = ["a"]\n'
    text = 'source = "s"\n' + row.format("2026-01-02") + row.format("2026-01-01")
    with pytest.raises(CatalogError, match="not in the order of their dates"):
        parse_file(ReleasesFile, text, "releases.toml", CatalogError)


def as_values(value: Any) -> Any:
    """Return the content of a data file as plain values, however it was read."""
    if isinstance(value, tuple):
        return [as_values(each) for each in value]
    if isinstance(value, BaseModel):
        return {name: as_values(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, SimpleNamespace):
        return {name: as_values(each) for name, each in vars(value).items()}
    return value


@pytest.mark.parametrize("date", edition_dates(), ids=str)
def test_an_edition_of_the_package_is_what_its_checked_file_says(date: datetime.date) -> None:
    name = f"{date}.toml"
    text = (files("flaglift.catalog") / "editions" / name).read_text("utf-8")
    checked = as_values(parse_edition(text, name))
    assert as_values(edition_file(date)) == checked


def test_the_changelog_of_the_package_is_what_its_checked_file_says() -> None:
    text = (files("flaglift.catalog") / "releases.toml").read_text("utf-8")
    checked = parse_file(ReleasesFile, text, "releases.toml", CatalogError)
    assert as_values(releases_file()) == as_values(checked)
