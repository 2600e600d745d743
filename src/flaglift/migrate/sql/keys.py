"""Primary keys as JSON and back: the journal and the checkpoint hold them."""

import datetime
import json
import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flaglift.errors import InputError


def key_text(key: Sequence[Any]) -> str:
    r"""Return a key as JSON; values that JSON does not have carry their kind.

    Raises `InputError` for a kind of value that cannot be written down.

    >>> key_text((3, "a", b"\x00\xff"))
    '[3, "a", {"bytes": "00ff"}]'
    """
    return json.dumps([_plain(value) for value in key], ensure_ascii=False)


def key_of(text: str) -> tuple[Any, ...]:
    """Return the key that `key_text` wrote.

    >>> key_of('[3, {"uuid": "12345678-1234-5678-1234-567812345678"}]')
    (3, UUID('12345678-1234-5678-1234-567812345678'))
    """
    return tuple(_value(value) for value in json.loads(text))


def _plain(value: Any) -> Any:
    if isinstance(value, str) and not value.isascii():
        return {"surrogates": ascii(value)[1:-1]} if _has_surrogates(value) else value
    if value is None or isinstance(value, str | int | float):
        return value
    for kind, (cls, write, _) in _KINDS.items():
        if isinstance(value, cls):
            return {kind: write(value)}
    raise InputError(
        f"a key of the kind {type(value).__name__} cannot be kept in the journal; a primary key"
        " of numbers, texts, bytes, UUIDs or times can"
    )


def _has_surrogates(value: str) -> bool:
    return any(0xD800 <= ord(character) < 0xE000 for character in value)


def _value(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, written),) = value.items()
    if kind == "surrogates":
        return json.loads(f'"{written}"')
    return _KINDS[kind][2](written)


_KINDS: dict[str, tuple[Any, Any, Any]] = {
    "bytes": (bytes, bytes.hex, bytes.fromhex),
    "uuid": (uuid.UUID, str, uuid.UUID),
    "decimal": (Decimal, str, Decimal),
    "datetime": (
        datetime.datetime,
        datetime.datetime.isoformat,
        datetime.datetime.fromisoformat,
    ),
    "date": (datetime.date, datetime.date.isoformat, datetime.date.fromisoformat),
    "time": (datetime.time, datetime.time.isoformat, datetime.time.fromisoformat),
}
