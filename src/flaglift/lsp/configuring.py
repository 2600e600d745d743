"""The configuration of each document as it is on disk now; while broken, as it was before."""

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flaglift.check.baseline import BaselineKey, read_baseline
from flaglift.check.configuration import Configuration, Configurations, validate
from flaglift.errors import ConfigError, FlagliftError
from flaglift.files import signature
from flaglift.settings import NAMES, Settings, extended, settings_from

_State = dict[str, tuple[int, ...]]


@dataclass(frozen=True, eq=False)
class Resolved:
    """What is configured for the documents of a folder; another one after each change."""

    configuration: Configuration
    accepted: Collection[BaselineKey] = frozenset()
    """What the baseline holds."""
    problem: str = ""
    """Why the configuration cannot be used; the last one that could stands in for it."""


class ConfigurationFiles:
    """Reads the configuration of each folder, and reads it again when a file of it changed.

    `given` is what the editor's own settings say, with the keys of the configuration, on top of the
    files; its key `configuration` names the file that counts instead of the nearest one.
    """

    def __init__(self, given: Mapping[str, Any], folder: str) -> None:
        self._given = dict(given)
        self.folder = folder
        """Where relative paths of the editor's settings begin."""
        only = self._given.pop("configuration", None)
        self._only = Path(folder, str(only)) if only else None
        self._known: dict[str, tuple[_State, Resolved]] = {}

    def of(self, path: str) -> Resolved:
        """Return what is configured for a file, by its absolute path."""
        folder = os.path.dirname(path)
        state, last = self._known.get(folder, ({}, Resolved(Configuration())))
        if state and all(signature(name) == was for name, was in state.items()):
            return last
        # As it is before the files are read, so that a change meanwhile is not missed.
        state = {name: signature(name) for name in self._candidates(folder)}
        try:
            resolved = self._read(path)
            files = _files_of(resolved.configuration)
            state |= {str(name): signature(name) for name in files if str(name) not in state}
        except FlagliftError as error:
            state = {}  # which other files it may be about is not known: it is read again
            problem = str(error)
            resolved = replace(last, problem=problem) if last.problem != problem else last
        self._known[folder] = state, resolved
        return resolved

    def _candidates(self, folder: str) -> Iterator[str]:
        """Yield the paths whose appearance changes which file is the nearest."""
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
        try:
            return settings_from(self._given, source, settings)
        except ConfigError as error:
            raise ConfigError(str(error).replace(str(source), source.name)) from None


def _files_of(configuration: Configuration) -> Iterator[Path]:
    """Yield the files that a configuration is made of."""
    if configuration.source:
        yield from (path for path, _ in extended(configuration.source))
    for path in (configuration.settings.overlay, configuration.files.baseline):
        if path:
            yield path
