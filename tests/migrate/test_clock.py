"""Who ran a migration, and when."""

import getpass
import os
import re
from typing import NoReturn

import pytest

from flaglift.migrate.clock import new_id, now, who


def test_a_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    assert who().startswith(f"{getpass.getuser()}@")

    def nobody() -> NoReturn:
        raise OSError("no username set in the environment")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert who().startswith(f"{os.getuid()}@")


def test_runs_sort_by_their_time() -> None:
    names = [new_id() for _ in range(50)]
    assert sorted(name[:-5] for name in names) == [name[:-5] for name in names]
    assert len({*names}) == 50
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", now())
