"""A user's own TOML file that adds models to the catalog, or corrects some keys of its rows.

[[models]]
name = "kling25"
base_cost_cents = 35

[[models]]
name = "our_own_720p"
base_cost_cents = 20
base_seconds = 5
durations = { min = 4, max = 12 }
capabilities = ["text_to_video"]
"""

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from flaglift.catalog.edition import Edition, covering
from flaglift.catalog.model import Model
from flaglift.errors import ConfigError
from flaglift.files import read_regular

if TYPE_CHECKING:
    from flaglift.catalog.schema import OverlayRow


def read_overlay(path: Path) -> str:
    """Return the text of an overlay. Raises `ConfigError` if it cannot be read as UTF-8 text."""
    try:
        return read_regular(path).decode("utf-8-sig")
    except OSError as problem:
        raise ConfigError(f"{path}: cannot be read: {problem.strerror}") from problem
    except UnicodeDecodeError as problem:
        raise ConfigError(f"{path}: not UTF-8: {problem.reason}") from problem


def overlaid(edition: Edition, text: str, path: str) -> Edition:
    """Return the edition with the models of an overlay added or corrected.

    A row for a model that the edition lists, or the changelog names, changes the keys it gives; any
    other row is a new model, to which the published patterns apply unless it states its
    capabilities. All these models become listed, with `path` as their source. Raises `ConfigError`
    if the text is not a valid overlay.
    """
    from flaglift.catalog.reading import parse_file  # noqa: PLC0415 (they load pydantic)
    from flaglift.catalog.schema import OverlayFile  # noqa: PLC0415

    models = dict(edition.models)
    for row in parse_file(OverlayFile, text, path, ConfigError).models:
        models[row.name] = _corrected(edition, row, path)
    return replace(edition, models=MappingProxyType(models))


def _corrected(edition: Edition, row: "OverlayRow", path: str) -> Model:
    model = edition.models.get(row.name) or edition.named.get(row.name)
    if model is None:
        model = Model(row.name, capabilities=covering(edition.capabilities, row.name))
    changes: dict[str, Any] = {key: getattr(row, key) for key in row.model_fields_set}
    if "default_seconds" in changes:
        changes["stated_default_seconds"] = changes.pop("default_seconds")
    if "capabilities" in changes:
        changes["capabilities"] = frozenset(changes["capabilities"])
    return replace(model, **changes, source=path)
