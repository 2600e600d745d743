"""The current on-disk configuration of each document; while broken, the last usable one."""

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flaglift.check.baseline import BaselineKey, read_baseline
from flaglift.check.configuration import Configuration, Configurations, validate
from flaglift.errors import ConfigError, FlagliftError
from flaglift.files import signature
from flaglift.settings import FILE_KEYS, NAMES, Settings, extended, settings_from

_State = dict[str, tuple[int, ...]]


@dataclass(frozen=True, eq=False)
class Resolved:
    """The configuration for the documents of a folder; each change creates a new one."""

    configuration: Configuration
    accepted: Collection[BaselineKey] = frozenset()
    """The content of the baseline."""
    problem: str = ""
    """Why the configuration cannot be used; the last usable one is in effect instead."""


class ConfigurationFiles:
    """Reads the configuration of each folder, and reads it again when one of its files changes.

    `given` is the configuration from the editor's own settings, which overrides that of the files;
    its key `configuration` names the file to use instead of the nearest one.
    """

    def __init__(self, given: Mapping[str, Any], folder: str) -> None:
        self._given = dict(given)
        self.folder = folder
        """The base directory for relative paths in the editor's settings."""
        only = self._given.pop("configuration", None)
        self._only = Path(folder, str(only)) if only else None
        self._known: dict[str, tuple[_State, Resolved]] = {}

    def of(self, path: str) -> Resolved:
        """Return the configuration for a file, by its absolute path."""
        folder = os.path.dirname(path)
        state, last = self._known.get(folder, ({}, Resolved(Configuration())))
        if state and all(signature(name) == was for name, was in state.items()):
            return last
        # Taken before the files are read, so that a change during the reading is not missed.
        state = {name: signature(name) for name in self._candidates(folder)}
        try:
            resolved = self._read(path)
            files = _files_of(resolved.configuration)
            state |= {str(name): signature(name) for name in files if str(name) not in state}
        except FlagliftError as error:
            state = {}  # which other files it depends on is unknown: read it again next time
            problem = str(error)
            resolved = replace(last, problem=problem) if last.problem != problem else last
        self._known[folder] = state, resolved
        return resolved

    def _candidates(self, folder: str) -> Iterator[str]:
        """Yield the paths whose creation or removal changes which file is the nearest."""
        if self._only:
            yield str(self._only)
            return
        place = Path(folder)
        for above in (place, *place.parents):
            yield from (str(above / name) for name in NAMES)

    def _read(self, path: str) -> Resolved:
        configuration = Configurations(self._only, change=self._changed).of(path)
        validate(configuration)
        baseline = configuration.files.baseline
        return Resolved(configuration, read_baseline(baseline).keys if baseline else frozenset())

    def _changed(self, settings: Settings) -> Settings:
        source = Path(self.folder, "the editor's settings")
        if elsewhere := sorted(FILE_KEYS & self._given.keys()):
            raise ConfigError(
                f"{source.name}: `{elsewhere[0]}` counts only in flaglift.toml or pyproject.toml"
            )
        try:
            return settings_from(self._given, source, settings)
        except ConfigError as error:
            raise ConfigError(str(error).replace(str(source), source.name)) from None


def _files_of(configuration: Configuration) -> Iterator[Path]:
    """Yield the files that a configuration was read from."""
    if configuration.source:
        yield from (path for path, _ in extended(configuration.source))
    for path in (configuration.settings.overlay, configuration.files.baseline):
        if path:
            yield path
