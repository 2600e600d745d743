import datetime
from pathlib import Path

import pytest

from flaglift.catalog import Catalog, Durations, Status, load_catalog
from flaglift.errors import ConfigError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "models.toml"


def overlaid(file: Path, text: str, day: datetime.date | None = None) -> Catalog:
    file.write_text(text, "utf-8")
    return load_catalog(day, file)


def test_a_model_is_added(file: Path) -> None:
    row = """name = "ours_720p", base_cost_cents = 20, base_seconds = 5, default_seconds = 6,
        durations = { min = 4, max = 12 }, capabilities = ["text_to_video"]"""
    catalog = overlaid(file, f"models = [{{ {row.replace(chr(10), '')} }}]")
    lookup = catalog.find("ours_720p")
    assert lookup.status is Status.LISTED
    assert (lookup.since, lookup.editions) == (None, ())
    model = lookup.model
    assert model is not None
    assert model.durations == Durations.between(4, 12)
    assert model.capabilities == {"text_to_video"}
    assert model.default_seconds == 6
    assert model.price_cents(None) == 24
    assert model.source == str(file)
    assert list(catalog.edition.models)[-1] == "ours_720p"
    assert catalog.find("ours_702p").suggestion == "ours_720p"


def test_a_partial_row_corrects_only_its_keys(file: Path) -> None:
    catalog = overlaid(file, '[[models]]\nname = "kling25"\nbase_cost_cents = 35\n')
    before, after = load_catalog().find("kling25").model, catalog.find("kling25").model
    assert before is not None
    assert after is not None
    assert (before.base_cost_cents, after.base_cost_cents) == (39, 35)
    assert after.durations == before.durations
    assert after.capabilities == before.capabilities
    assert (before.source, after.source) == (catalog.edition.source, str(file))
    assert list(catalog.edition.models) == list(load_catalog().edition.models)
    assert catalog.find("kling30_pro") == load_catalog().find("kling30_pro")


def test_capabilities_replace_those_of_the_patterns(file: Path) -> None:
    catalog = overlaid(file, '[[models]]\nname = "seedance2_720p"\ncapabilities = []\n')
    assert catalog.edition.models["seedance2_720p"].capabilities == frozenset()


def test_patterns_cover_an_added_model(file: Path) -> None:
    catalog = overlaid(file, '[[models]]\nname = "hailuo03"\n')
    assert catalog.edition.models["hailuo03"].capabilities == {"first_last_keyframe"}
    patterns = [pattern for _, pattern in catalog.edition.unmatched_patterns]
    assert patterns == ["wan21_*", "wan_fast_*"]


def test_a_named_model_becomes_listed(file: Path) -> None:
    catalog = overlaid(file, '[[models]]\nname = "wan30_720p"\ndurations = [5, 10]\n')
    lookup = catalog.find("wan30_720p")
    assert lookup.status is Status.LISTED
    assert str(lookup.since) == "2026-08-07"
    assert lookup.model is not None
    assert lookup.model.capabilities == {"multi_reference_images"}
    assert lookup.model.allowed_seconds == (5, 10)
    assert lookup.model.default_seconds is None
    assert [model.name for model in catalog.models].count("wan30_720p") == 1


def test_a_retired_model_is_brought_back(file: Path) -> None:
    catalog = overlaid(file, '[[models]]\nname = "ovi"\ndurations = [5]\n')
    assert catalog.find("ovi").status is Status.LISTED
    assert load_catalog().find("ovi").status is Status.RETIRED


def test_an_overlay_lies_over_any_edition(file: Path) -> None:
    catalog = overlaid(file, '[[models]]\nname = "x"\n', datetime.date(2025, 4, 1))
    assert list(catalog.edition.models) == ["720p", "480p", "x"]


def test_an_empty_overlay_changes_nothing(file: Path) -> None:
    assert overlaid(file, "").models == load_catalog().models


def test_the_same_text_is_read_once_and_another_anew(file: Path) -> None:
    first = overlaid(file, '[[models]]\nname = "x"\n')
    assert overlaid(file, '[[models]]\nname = "x"\n') is first
    assert overlaid(file, '[[models]]\nname = "y"\n').find("y").status is Status.LISTED


ROW = '[[models]]\nname = "x"\n'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("models = ", "not valid TOML: Invalid value (at end of document)"),
        (
            ROW + "base_cost_cent = 5",
            'model "x": unknown key "base_cost_cent", did you mean "base_',
        ),
        (ROW + "price = 5", 'model "x": unknown key "price" (known: name, base_cost_cents, '),
        ('[[model]]\nname = "x"', 'unknown key "model", did you mean "models"?'),
        ("[[models]]\ndurations = [5]", 'model number 1: the key "name" is missing'),
        ("models = [5]", "model number 1: should be a table of keys and values"),
        ("models = 5", "models: should be an array; one of tables has its name in double brackets"),
        ("[models]", "models: should be an array; one of tables has its name in double brackets"),
        ('[[models]]\nname = ""', "model number 1: name: should be one word"),
        ('[[models]]\nname = "a b"', 'model "a b": name: should be one word'),
        ("[[models]]\nname = 7", "model 7: name: input should be a valid string"),
        (ROW + 'base_cost_cents = "5"', 'model "x": base_cost_cents: input should be a valid int'),
        (ROW + "base_cost_cents = true", 'model "x": base_cost_cents: input should be a valid int'),
        (ROW + "base_cost_cents = -1", 'model "x": base_cost_cents: input should be greater than'),
        (ROW + f"base_cost_cents = {10**400}", 'model "x": base_cost_cents: input should be less'),
        (ROW + "base_seconds = 0", 'model "x": base_seconds: input should be greater than'),
        (ROW + "durations = []", 'model "x": durations: no duration is allowed at all'),
        (ROW + "durations = 5", 'model "x": durations: should be whole seconds, as in [5, 10] or'),
        (ROW + "durations = [5.0]", 'model "x": durations: should be whole seconds'),
        (ROW + "durations = [true]", 'model "x": durations: should be whole seconds'),
        (ROW + "durations = [0]", 'model "x": durations: a duration is from 1 to 3600 seconds'),
        (ROW + "durations = { min = 4 }", 'model "x": durations: should be whole seconds'),
        (ROW + 'durations = { min = 4, max = "5" }', 'model "x": durations: should be whole'),
        (ROW + "durations = { min = 9, max = 4 }", "the shortest duration, 9 s, is above the"),
        (ROW + 'capabilities = ["text_to_vdeo"]', 'did you mean "text_to_video"?'),
        (ROW + 'capabilities = ["flying"]', 'unknown capability "flying" (known: text_to_video, '),
        (ROW + "capabilities = [5]", "unknown capability 5 (known: "),
        (ROW + '"a\\nb" = 5', r'unknown key "a\nb" (known: '),
        ("models = " + "[" * 20_000, "not valid TOML: "),
        (ROW + "base_cost_cents = " + "9" * 5_000, "not valid TOML: "),
        (ROW + ROW, '"x" has 2 rows'),
    ],
)
def test_a_bad_overlay_is_refused_in_one_sentence(file: Path, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        overlaid(file, text)
    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    assert sentence in message
    assert "\n" not in message


def test_a_byte_order_mark_is_not_text(file: Path) -> None:
    assert overlaid(file, "\ufeff" + ROW).find("x").status is Status.LISTED


def test_an_overlay_that_cannot_be_read_is_refused(file: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load_catalog(None, file)
    file.write_bytes(b"name = '\xff'")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_catalog(None, file)
