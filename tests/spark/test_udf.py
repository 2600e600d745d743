"""Prompts in Spark's tables: every row is what `translate` says."""

import random
from typing import Any

import pyarrow as pa
import pytest

from columns.shaped import shaped
from columns.test_same_as_translate import CONTEXTS, SETTINGS, in_arrow, row
from flaglift import Context, Settings
from flaglift.columns import RESULT
from flaglift.columns.spark import translate_udf
from flaglift.errors import ConfigError


def prompts(count: int) -> list[str | None]:
    choose = random.Random(5)  # noqa: S311
    made = (shaped(choose.randbytes(choose.randrange(30))) for _ in range(count))
    return [None, *filter(in_arrow, made), None]


def translated(spark: Any, texts: list[str | None], udf: Any) -> list[dict[str, Any] | None]:
    table = spark.createDataFrame(list(enumerate(texts)), "number int, text string")
    found = table.repartition(3).select("number", udf("text").alias("new")).collect()
    rows = {number: new and new.asDict() for number, new in found}
    return [rows[number] for number in range(len(texts))]


def as_spark_has_it(expected: dict[str, Any] | None) -> dict[str, Any] | None:
    return expected and {**expected, "others": dict(expected["others"])}


@pytest.mark.parametrize(
    ("settings", "context"), [(SETTINGS[0], CONTEXTS[0]), (SETTINGS[2], CONTEXTS[1])]
)
def test_every_row_is_what_translate_says(spark: Any, settings: Settings, context: Context) -> None:
    texts = prompts(2500)
    assert translated(spark, texts, translate_udf(settings, context)) == [
        as_spark_has_it(row(text, settings, context)) for text in texts
    ]


def test_the_function_takes_a_batch_and_gives_one_back() -> None:
    found = translate_udf().func(pa.array(["a cat --video --video_model kling25", "a dog", None]))
    assert found.type == RESULT
    assert found.field("status").to_pylist() == ["translated", "unchanged", None]
    assert found.field("text").to_pylist() == ["a cat", "a dog", None]


def test_settings_are_checked_before_any_work() -> None:
    with pytest.raises(ConfigError, match="there is no rule"):
        translate_udf(Settings(ignore=("FL999",)))
