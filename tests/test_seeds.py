"""Properties are tried with other examples in each run, in CI too."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = """
import conftest
from hypothesis import given, strategies

@given(strategies.binary(min_size=16))
def show(example):
    print(example.hex())

show()
"""


@pytest.mark.parametrize("environment", [{"CI": "true"}, {}])
def test_each_run_takes_other_examples(environment: dict[str, str]) -> None:
    kept = {key: value for key, value in os.environ.items() if key != "CI"}
    runs = [
        subprocess.run(
            [sys.executable, "-c", EXAMPLES],
            cwd=Path(__file__).parent, env={**kept, **environment, "HYPOTHESIS_PROFILE": "ci"},
            check=True, capture_output=True, text=True, timeout=60,
        ).stdout
        for _ in range(2)
    ]  # fmt: skip
    assert runs[0] != runs[1]
