"""The other request fields in a prompt's record, recognized by the names of keys or columns."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from flaglift.context import UNSTATED, field_name, stated
from flaglift.emit.fields import request_field_names
from flaglift.migrate.job import Job


@lru_cache(maxsize=4096)
def request_field(key: str) -> str | None:
    """Return the field of a request that a key or a column is named after; None for none.

    >>> request_field("prompt[num_images]"), request_field("created_at")
    ('num_images', None)
    """
    name = field_name(key)
    return name if name in request_field_names() else None


def key_of_field(field: str, present: Collection[str]) -> str:
    """Return the key that a field is written to: of the same name, or spelled like `prompt[seed]`.

    >>> key_of_field("seed", ["prompt[seed]"]), key_of_field("seed", ["seed", "prompt[seed]"])
    ('prompt[seed]', 'seed')
    """
    if field not in present:
        others = [key for key in present if key.endswith("]") and request_field(key) == field]
        if len(others) == 1:
            return others[0]
    return field


def context_columns(names: Iterable[str], job: Job) -> dict[str, str]:
    """Return the columns with request fields, other than those of the job, by field.

    A field that the job has a column for may have another one, spelled like `prompt[seed]`. If two
    others have the same field, it is unknown which one counts.
    """
    taken = {job.text, *job.targets.values()}
    pairs = [(request_field(name), name) for name in names if name not in taken]
    times = Counter(field for field, _ in pairs)
    return {field: name for field, name in pairs if field is not None and times[field] == 1}


def context_of(values: Mapping[str, Any], taken: frozenset[str]) -> dict[str, Any]:
    """Return the other request fields in an object; `taken` are the keys of the job."""
    context: dict[str, Any] = {}
    for key, field in request_keys(tuple(values), taken):
        context[field] = UNSTATED if field in context else stated(values[key])
    return context


@lru_cache(maxsize=1024)
def request_keys(keys: tuple[str, ...], taken: frozenset[str]) -> Sequence[tuple[str, str]]:
    """Return the keys with request fields, and the fields: most objects of a source are alike."""
    pairs = ((key, request_field(key)) for key in keys if key not in taken)
    return [(key, field) for key, field in pairs if field is not None]
