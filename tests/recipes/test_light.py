"""The recipes that `make test-spark` runs, because their packages are small."""

import re

from recipes.recipe import printed


def test_polars() -> None:
    rows = [re.findall(r"\w+(?: \w+)?", line) for line in printed("polars").splitlines()]
    assert ["translated", "a cat", "kling25", "5"] in rows
    assert ["unchanged", "a dog", "null", "null"] in rows


def test_duckdb() -> None:
    assert printed("duckdb") == "[(1, 'translated', 'a cat', 'kling25')]\n"
