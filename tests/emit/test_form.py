"""Values as a form carries them, and as numbers."""

import pytest

from flaglift.emit.form import number_of


@pytest.mark.parametrize(
    ("value", "whole", "number"),
    [
        ("5", True, 5),
        (" 5 ", False, 5),
        (5.0, True, 5),
        (5.0, False, 5),
        (3.5, False, 3.5),
        (True, True, 1),
        (7, False, 7),
    ],
)
def test_what_is_a_number(value: object, whole: bool, number: float) -> None:
    read = number_of(value, whole=whole)
    assert (type(read), read) == (type(number), number)


@pytest.mark.parametrize("value", ["", "x", "3.5", 3.5])
def test_what_is_no_whole_number(value: object) -> None:
    with pytest.raises(ValueError, match=r"^not a whole number$|^invalid literal"):
        number_of(value, whole=True)
