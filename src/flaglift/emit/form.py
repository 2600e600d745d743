"""Values in the encoding of a form."""

from typing import Any


def form_value(value: Any) -> str:
    """Return a field's value as a form encodes it.

    >>> form_value(True), form_value(4), form_value(0.5), form_value("a")
    ('true', '4', '0.5', 'a')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def number_of(value: Any, *, whole: bool) -> int | float:
    """Return a field's value as a number. Raises `ValueError` if it is none, or must be `whole`.

    >>> number_of("5", whole=True), number_of(True, whole=True), number_of(3.5, whole=False)
    (5, 1, 3.5)
    """
    if isinstance(value, float) and not value.is_integer():
        if whole:
            raise ValueError("not a whole number")
        return value
    return int(value)


def agree(one: Any, other: Any) -> bool:
    """Return whether two values are the same in a form, or are a boolean and the number for it.

    >>> agree("5", 5), agree(True, "true"), agree(True, 1), agree(True, "1"), agree(2, True)
    (True, True, True, False, False)
    """
    if isinstance(one, bool) != isinstance(other, bool) and one == other:
        return True  # numeric columns are also used for booleans
    return form_value(one) == form_value(other)
