"""Reads what a ledger has saved of a run: anything else than what was written is an error."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from flaglift.migrate.store import MigrationRun
from flaglift.migrate.tally import Tally, is_count

Kinds = Mapping[str, tuple[type, ...]]
"""The types that values may have, by name."""


def saved_run(
    values: Mapping[str, Any],
    kinds: Callable[[str, Mapping[str, Any]], Kinds],
    check_cursor: Callable[[Any], object],
) -> MigrationRun:
    """Return a run from the columns that a ledger saved.

    `kinds` returns what a run in a state keeps in its `info` for its store; `check_cursor` raises
    for what is no cursor. Raises `ValueError` if anything is not as it was written.
    """
    try:
        info, cursor = json.loads(values["info"]), json.loads(values["cursor"])
        tally = Tally.from_dict(json.loads(values["tally"]))
        check_kinds(info, {"options": (dict,), **kinds(values["state"], info)})
        if cursor is not None:
            check_cursor(cursor)
    except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError):
        raise ValueError(
            "is not as this version of flaglift writes it: it was edited, or is of another version;"
            " take the journal from a backup, or use that version"
        ) from None
    return MigrationRun(**{**values, "info": info, "cursor": cursor, "tally": tally})


def check_kinds(values: Mapping[str, Any], kinds: Kinds) -> None:
    """Raise `LookupError` for a value that is missing, `TypeError` for one of another type."""
    for name, types in kinds.items():
        if type(values[name]) not in types:
            raise TypeError(f"`{name}` is of another type")


def check_place(cursor: Mapping[str, Any]) -> None:
    """Raise `ValueError` for what is no cursor of a file or of a custom store."""
    place = cursor["at"] if "at" in cursor else [0, 0, cursor["key"]]
    if not all(map(is_count, place[:2])) or len(place) not in (2, 3):
        raise ValueError("no place in a file")
