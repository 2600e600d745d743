"""Values as a form carries them."""

from typing import Any


def form_value(value: Any) -> str:
    """Return a field's value as a form carries it.

    >>> form_value(True), form_value(4), form_value(0.5), form_value("a")
    ('true', '4', '0.5', 'a')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
