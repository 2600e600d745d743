"""Addresses of databases that are not understood."""

import pytest

from flaglift.errors import InputError
from flaglift.migrate.sql.connection import database_url


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("postgresql://db/shop", "name the table after a #"),
        ("oracle://db/shop#prompts", "not a database that is known"),
        ("mysql+mysqldb://db/shop#prompts", "only the driver of mysql"),
    ],
)
def test_what_is_no_address_of_a_table(source: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        database_url(source)


def test_a_password_is_not_shown() -> None:
    with pytest.raises(InputError) as caught:
        database_url("postgresql://app:secret@db/shop")
    assert "secret" not in str(caught.value)
