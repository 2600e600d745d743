"""How the suite runs hypothesis: without deadlines, because machines differ."""

import os
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

# These have environments of their own: `make test-spark`, `make test-recipes`.
collect_ignore = [
    path
    for path, package in (
        ("spark", "pyspark"),
        ("recipes/test_light.py", "polars"),
        ("recipes/test_heavy.py", "ray"),
    )
    if not find_spec(package)
]

settings.register_profile("ci", deadline=None, max_examples=200)
settings.register_profile("long", deadline=None, max_examples=20_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads what another one, or the user, has cached."""
    folder = tmp_path_factory.getbasetemp() / "flaglift-cache" / os.urandom(8).hex()
    monkeypatch.setenv("FLAGLIFT_CACHE_DIR", str(folder))
    return folder
