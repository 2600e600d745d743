"""The data files in the package, as plain values.

They have the names and defaults of `flaglift.catalog.schema`, which validates them in the tests,
so that reading a prompt need not wait for that, or for pydantic. Users' files are always validated.
"""

import tomllib
from collections.abc import Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from flaglift.catalog.durations import read_durations

if TYPE_CHECKING:
    from flaglift.catalog.schema import EditionFile, ReleasesFile

_EDITION = {"default_video_model": None, "form_fields": (), "capabilities": ()}
_MODEL = {
    "base_cost_cents": None,
    "base_seconds": None,
    "default_seconds": None,
}
_CAPABILITY = {"note": ""}


def packaged_edition(text: str) -> "EditionFile":
    """Return the content of an edition file in the package."""
    document = tomllib.loads(text)
    document["models"] = tuple(_model(row) for row in document["models"])
    rows = document.get("capabilities", ())
    document["capabilities"] = tuple(_record(row, _CAPABILITY) for row in rows)
    return cast("EditionFile", _record(document, _EDITION))


def packaged_releases(text: str) -> "ReleasesFile":
    """Return the content of the changelog file in the package."""
    document = tomllib.loads(text)
    document["releases"] = tuple(_record(row, {}) for row in document["releases"])
    return cast("ReleasesFile", _record(document, {}))


def _model(row: Mapping[str, Any]) -> SimpleNamespace:
    durations = row.get("durations")
    read = None if durations is None else read_durations(durations)
    return _record({**row, "durations": read}, _MODEL)


def _record(row: Mapping[str, Any], defaults: Mapping[str, Any]) -> SimpleNamespace:
    lists = {key: tuple(value) for key, value in row.items() if isinstance(value, list)}
    return SimpleNamespace(**{**defaults, **row, **lists})
