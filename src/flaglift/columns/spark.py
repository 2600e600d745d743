"""Columns of prompts in Spark, from version 4.1 on: a function for tables, and tasks for files.

`translate_udf` is for tables whose layout is up to Spark. Files that must keep their layout are
migrated individually, each as a task, with `each`, which `flaglift migrate apply --engine spark`
calls.
"""

import os
import re
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from flaglift.api import UNKNOWN
from flaglift.columns.arrow import pa
from flaglift.columns.column import ColumnTranslator
from flaglift.context import Context
from flaglift.errors import InputError
from flaglift.settings import DEFAULT, Settings
from flaglift.syntax.flags import FIELD_FLAGS, ValueKind

try:
    from py4j.protocol import Py4JJavaError
    from pyspark import SparkConf
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession
    from pyspark.sql.functions import arrow_udf
    from pyspark.sql.types import (
        ArrayType,
        BooleanType,
        LongType,
        MapType,
        StringType,
        StructField,
        StructType,
    )
except ImportError:
    raise InputError("Spark needs the extra `spark`: pip install 'flaglift[spark]'") from None

_TYPES = {ValueKind.WHOLE_NUMBER: LongType(), ValueKind.SWITCH: BooleanType()}

RESULT = StructType(
    [
        StructField("status", StringType()),
        StructField("text", StringType()),
        *(
            StructField(field, _TYPES.get(flag.kind, StringType()))
            for field, flag in FIELD_FLAGS.items()
        ),
        StructField("others", MapType(StringType(), StringType())),
        StructField("codes", ArrayType(StringType())),
    ]
)
"""The type of the result of `translate_udf`: `flaglift.columns.RESULT` as a Spark type."""

In = TypeVar("In")
Out = TypeVar("Out")


def translate_udf(settings: Settings = DEFAULT, context: Context = UNKNOWN) -> Any:
    """Return a function for Spark's tables: a column of prompts in, a column of `RESULT` out.

    The results are those of `flaglift.translate`; a null gives a null. An overlay in the settings
    must be readable under its path by all executors. Raises for settings as `flaglift.lint` does.

        prompts.select("id", translate_udf()("text").alias("new")).select("id", "new.*")
    """
    given, complete = tuple(context.given.items()), context.complete
    translator_of(settings, given, complete)

    def translated(column: pa.Array) -> pa.Array:
        return translator_of(settings, given, complete)(column)

    return arrow_udf(translated, returnType=RESULT)


@lru_cache(maxsize=8)
def translator_of(
    settings: Settings,
    given: tuple[tuple[str, Any], ...],
    complete: bool,
) -> ColumnTranslator:
    """Return the translator that a worker process reuses for all batches."""
    return ColumnTranslator(settings, Context(dict(given), complete), threads=1)


def each(items: Sequence[In], work: Callable[[In], Out], master: str | None = None) -> list[Out]:
    """Return the results of some work on each item: one task each, retried if its process is lost.

    `work` must be idempotent, even if run twice at the same time. An existing session takes
    precedence, then `master`, then Spark's configuration, then this machine. Raises `RuntimeError`
    if Spark gives up, with its reason in one line.
    """
    if not items:
        return []
    context = session(master).sparkContext
    try:
        # In batches of one: each result is available when its task ends, not when all have ended.
        results: list[Out] = context.parallelize(items, len(items)).map(work).collect()
    except (Py4JJavaError, PySparkException) as error:
        raise RuntimeError(_reason(str(error))) from None
    return results


_EXCEPTION = re.compile(r"^(?:: )?[\w.]*(?:Error|Exception): .*", re.MULTILINE)


def _reason(said: str) -> str:
    """Return the line of Spark's message that names the last exception; else the first line."""
    named: list[str] = _EXCEPTION.findall(said) or said.strip().split("\n")[:1]
    return named[-1].lstrip(": ")


def session(master: str | None = None) -> SparkSession:
    """Return the existing session, or start one: at `master`, or as Spark is configured."""
    active = SparkSession.getActiveSession()
    if active is not None:
        return active
    conf = SparkConf().setAppName("flaglift")
    master = master or conf.get("spark.master") or "local[*,4]"  # a lost process is not a lost job
    conf.setMaster(master).setIfMissing("spark.ui.showConsoleProgress", "false")
    choose_python(master)
    begun = SparkSession.builder.config(conf=conf).getOrCreate()
    begun.sparkContext.setLogLevel("ERROR")
    return begun


def choose_python(master: str) -> None:
    """Let workers on this machine use this interpreter; on a cluster that is up to the user."""
    if master.startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
