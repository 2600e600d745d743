"""How the suite runs hypothesis: without deadlines, because machines differ."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("ci", deadline=None, max_examples=200)
settings.register_profile("long", deadline=None, max_examples=20_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads what another one, or the user, has cached."""
    folder = tmp_path_factory.getbasetemp() / "flaglift-cache" / os.urandom(8).hex()
    monkeypatch.setenv("FLAGLIFT_CACHE_DIR", str(folder))
    return folder
