"""The configuration of each file: that of the nearest folder above it."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from flaglift.check.file_settings import FileSettings
from flaglift.settings import DEFAULT, Settings, config_in, extended, settings_from


class Configuration(NamedTuple):
    """All that is configured for a file."""

    settings: Settings = DEFAULT
    files: FileSettings = FileSettings()
    source: Path | None = None


def read_configuration(path: Path) -> Configuration:
    """Return what a configuration file and those it extends say.

    Raises `ConfigError` with the file and the key where something is wrong.
    """
    from flaglift.check.keys import READERS  # noqa: PLC0415 (many projects have no file)

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

    With `only`, that one counts for every file; if `isolated`, none does. `change` puts on top what
    the command line says.
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
        alike = self._only or self._isolated
        return self._folder("" if alike else os.path.dirname(path))

    @property
    def used(self) -> list[Configuration]:
        """Those that were asked for so far, each once."""
        return list({id(each): each for each in self._known.values()}.values())

    def _folder(self, folder: str) -> Configuration:
        if folder not in self._known:
            self._known[folder] = self._found(folder)
        return self._known[folder]

    def _found(self, folder: str) -> Configuration:
        own = config_in(Path(folder)) if folder else self._only
        parent = os.path.dirname(folder)
        if own is None and parent != folder:
            return self._folder(parent)
        found = read_configuration(own) if own else Configuration()
        return found._replace(settings=self._change(found.settings))


def with_ignores(settings: Settings, codes: tuple[str, ...]) -> Settings:
    """Return settings that ignore more rules."""
    return replace(settings, ignore=(*settings.ignore, *codes)) if codes else settings
