"""Primary keys and values as JSON and back, for the journal and the checkpoint."""

import datetime
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flaglift.errors import InputError

_ENCODER = json.JSONEncoder(ensure_ascii=False)


def key_text(key: Sequence[Any]) -> str:
    r"""Return a key as JSON; values without a JSON type are tagged with their kind.

    Raises `InputError` for a kind of value that cannot be written down.

    >>> key_text((3, "a", b"\x00\xff"))
    '[3, "a", {"bytes": "00ff"}]'
    """
    if len(key) == 1 and type(key[0]) is int:
        return f"[{key[0]}]"
    return _ENCODER.encode([to_json(value) for value in key])


def key_of(text: str) -> tuple[Any, ...]:
    """Return the key that `key_text` wrote.

    >>> key_of('[3, {"decimal": "1.50"}]')
    (3, Decimal('1.50'))
    """
    return tuple(from_json(value) for value in json.loads(text))


def to_json(value: Any) -> Any:
    """Convert a value from a database to JSON.

    Raises `InputError` for a kind of value that cannot be written down.
    """
    if value is None or isinstance(value, (int, float)):
        return value
    if isinstance(value, str):
        if not has_surrogates(value):
            return value
        return {"surrogates": ascii(value)[1:-1]}
    for kind, (cls, write, _) in _KINDS.items():
        if isinstance(value, cls):
            return {kind: write(value)}
    raise InputError(
        f"a value of the kind {type(value).__name__} cannot be kept in the journal; numbers, texts,"
        " bytes and times can"
    )


def from_json(value: Any) -> Any:
    """Return the value that `to_json` was given."""
    if not isinstance(value, dict):
        return value
    ((kind, written),) = value.items()
    if kind == "surrogates":
        return json.loads(f'"{written}"')
    return _KINDS[kind][2](written)


def has_surrogates(value: str) -> bool:
    """Return whether a text contains invalid UTF-8, read as lone surrogates."""
    if value.isascii():
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return True
    return False


_KINDS: dict[str, tuple[Any, Any, Any]] = {
    "bytes": (bytes, bytes.hex, bytes.fromhex),
    "decimal": (Decimal, str, Decimal),
    "datetime": (
        datetime.datetime,
        datetime.datetime.isoformat,
        datetime.datetime.fromisoformat,
    ),
}
