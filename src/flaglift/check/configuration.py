"""The configuration of each file: that of the nearest folder above it."""

import os
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, NamedTuple

from flaglift.check.file_settings import READERS, FileSettings
from flaglift.errors import CatalogError, ConfigError
from flaglift.settings import DEFAULT, Settings, config_in, extended, settings_from


class Configuration(NamedTuple):
    """The configuration that applies to a file."""

    settings: Settings = DEFAULT
    files: FileSettings = FileSettings()
    source: Path | None = None

    def values(self) -> dict[str, Any]:
        """Return all that is configured, by key."""
        return {
            each.name.replace("_", "-"): getattr(part, each.name)
            for part in (self.settings, self.files)
            for each in fields(part)
        }

    def settings_of(self, path: str) -> Settings:
        """Return the settings for one file, by its absolute path."""
        codes = self.files.ignores(path)
        settings = self.settings
        return replace(settings, ignore=(*settings.ignore, *codes)) if codes else settings


def read_configuration(path: Path) -> Configuration:
    """Return the merged values of a configuration file and those it extends.

    Raises `ConfigError` with the file and the key of an error.
    """
    settings, values = DEFAULT, {}
    for source, table in reversed(extended(path)):
        settings = settings_from(table, source, settings)
        place = Path(os.path.abspath(source))
        for key, value in table.items():
            if key in READERS:
                values[key.replace("-", "_")] = READERS[key](value, key, place)
    return Configuration(settings, FileSettings(**values), path)


class Configurations:
    """Finds the configuration of each file, and reads it once.

    With `only`, that one applies to every file; if `isolated`, none does. `change` adds the values
    of the command line.
    """

    def __init__(
        self,
        only: Path | None = None,
        *,
        isolated: bool = False,
        change: Callable[[Settings], Settings] = lambda settings: settings,
    ) -> None:
        self._only = only
        self._isolated = isolated
        self._change = change
        self._known: dict[str, Configuration] = {}

    def of(self, path: str) -> Configuration:
        """Return the configuration of a file, by its absolute path; raises `ConfigError`."""
        one_for_all = self._only or self._isolated
        return self._folder("" if one_for_all else os.path.dirname(path))

    @property
    def used(self) -> list[Configuration]:
        """The distinct configurations used so far."""
        return list({id(each): each for each in self._known.values()}.values())

    def _folder(self, folder: str) -> Configuration:
        below = []
        # A loop: a tree may be deeper than calls may be.
        while folder not in self._known:
            below.append(folder)
            own = config_in(Path(folder)) if folder else self._only
            parent = os.path.dirname(folder)
            if own is not None or parent == folder:
                self._known[folder] = self._read(own)
            else:
                folder = parent
        found = self._known[folder]
        self._known |= dict.fromkeys(below, found)
        return found

    def _read(self, own: Path | None) -> Configuration:
        configuration = read_configuration(own) if own else Configuration()
        validate(configuration)
        changed = configuration._replace(settings=self._change(configuration.settings))
        if changed != configuration:
            validate(changed)
        return changed


def validate(configuration: Configuration) -> None:
    """Raise `ConfigError` or `CatalogError` for unknown rules and unusable catalogs.

    Errors are raised even if no prompt is found; parts without configuration are not loaded.
    """
    try:
        _validate_rules(configuration)
        _validate_catalog(configuration.settings)
    except (ConfigError, CatalogError) as error:
        source = configuration.source
        raise type(error)(f"{source}: {error}" if source else str(error)) from None


def _validate_rules(configuration: Configuration) -> None:
    settings, files, _ = configuration
    ignored = [codes for _, codes in files.per_file_ignores]
    suppressed = [rule for suppression in files.suppressions for rule in suppression.rules]
    if not (settings.select or settings.ignore or ignored or suppressed):
        return
    from flaglift.check.directives import code_of  # noqa: PLC0415 (slow to load)
    from flaglift.linting.engine import selected  # noqa: PLC0415 (slow to load)

    selected(settings.select, settings.ignore)
    for codes in ignored:
        selected((), codes)
    for rule in suppressed:
        code_of(rule)


def _validate_catalog(settings: Settings) -> None:
    if not (settings.edition or settings.overlay or settings.default_model):
        return
    from flaglift.catalog import load_catalog  # noqa: PLC0415 (few configurations have them)

    catalog = load_catalog(settings.edition, settings.overlay)
    if settings.default_model:
        catalog.require(settings.default_model)
