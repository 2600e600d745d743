"""The keys of a configuration that concern files: their values, and how each is read."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from flaglift.check.patterns import Patterns, configured, too_many
from flaglift.errors import ConfigError

LARGEST = 10_000_000
"""The size limit of files to read, in bytes, unless configured."""


_PLACE = re.compile(r"(?![/$.])(?:[^\[]|\[\])*+")
"""Where a text is in a document, but for JSON pointers, JSONPath and numbers of items."""


class Suppression(NamedTuple):
    """Rules that are not reported for one prompt of a file, for hosts without comments."""

    source: Path
    """The configuration file."""
    number: int
    """Its index among the file's suppressions, from 0."""
    path: str
    """The file, absolute."""
    at: str | int | None
    """The JSON pointer to the prompt, or the line that it begins in; None for any place."""
    prompt: str | None
    """The prompt's fingerprint; None for any prompt."""
    rules: tuple[str, ...]
    """Codes or names."""
    reason: str


@dataclass(frozen=True)
class FileSettings:
    """The keys of a configuration that concern files."""

    exclude: Patterns | None = None
    force_exclude: bool = False
    """Whether `exclude` also applies to files that the user names."""
    per_file_ignores: tuple[tuple[Patterns, tuple[str, ...]], ...] = ()
    """Codes, beginnings of codes or names of rules not to run on the files matched."""
    hosts: tuple[tuple[Patterns, str], ...] = ()
    """The host for matching files, whatever their name."""
    max_file_size: int = LARGEST
    """The limit in bytes."""
    baseline: Path | None = None
    require_reason: bool = False
    """Whether a suppression counts only if it states a reason."""
    suppressions: tuple[Suppression, ...] = ()
    move_to_fields: tuple[tuple[Patterns, str], ...] = ()
    """Files whose records are sent as requests, each with the place of the text in a record."""

    def sent(self, path: str) -> tuple[str, ...]:
        """Return the places in a file, by its absolute path, whose fields are sent with them."""
        return tuple(place for patterns, place in self.move_to_fields if patterns.match(path))

    def ignores(self, path: str) -> tuple[str, ...]:
        """Return the rules not to run on a file, by its absolute path."""
        matching = [codes for patterns, codes in self.per_file_ignores if patterns.match(path)]
        return tuple(code for codes in matching for code in codes)

    def host(self, path: str) -> str | None:
        """Return the host configured for a file, by its absolute path; the last match counts."""
        return next((name for patterns, name in self.hosts[::-1] if patterns.match(path)), None)

    def excludes(self, path: str) -> bool:
        """Return whether a file, by its absolute path, is excluded."""
        return self.exclude is not None and self.exclude.match(path)


def _wrong(path: Path, key: str, what: str) -> ConfigError:
    return ConfigError(f"{path}: `{key}` must be {what}")


def _strings(value: Any, key: str, path: Path, what: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise _wrong(path, key, what)
    return tuple(value)


def _patterns(value: Any, key: str, path: Path) -> Patterns:
    what = 'a list of patterns, such as ["vendor/"]'
    return _checked(path, key, *_strings(value, key, path, what))


def _checked(path: Path, key: str, *lines: str) -> Patterns:
    try:
        return configured(str(path.parent), lines)
    except ConfigError as error:
        raise ConfigError(f"{path}: `{key}`: {error}") from None


def _by_pattern(value: Any, key: str, path: Path, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(path, key, what)
    if excess := too_many([*value]):
        raise ConfigError(f"{path}: `{key}`: {excess}")
    return value


def _per_file(value: Any, key: str, path: Path) -> tuple[tuple[Patterns, tuple[str, ...]], ...]:
    what = 'a table of patterns and rules, such as { "tests/" = ["FL402"] }'
    return tuple(
        (_checked(path, key, pattern), _strings(codes, key, path, what))
        for pattern, codes in _by_pattern(value, key, path, what).items()
    )


def _hosts(value: Any, key: str, path: Path) -> tuple[tuple[Patterns, str], ...]:
    from flaglift.check.hosts.registry import NAMES  # noqa: PLC0415 (few configurations have it)

    what = (
        f'a table of patterns and hosts, such as {{ "*.prompts" = "blocks" }}; {", ".join(NAMES)}'
    )
    table = _by_pattern(value, key, path, what)
    if not all(name in NAMES for name in table.values()):
        raise _wrong(path, key, what)
    return tuple((_checked(path, key, pattern), name) for pattern, name in table.items())


def _places(value: Any, key: str, path: Path) -> tuple[tuple[Patterns, str], ...]:
    what = 'a list of patterns, each with a place, such as ["packs/*.json: prompts[].text"]'
    entries = [entry.partition(": ") for entry in _strings(value, key, path, what)]
    for pattern, _, place in entries:
        if ":" in pattern or not _PLACE.fullmatch(place.strip()):
            raise ConfigError(
                f"{path}: `{key}`: {pattern + ': ' * bool(place) + place!r}: write `: ` and the "
                "place after the pattern: names with `.` between them, and `[]` for any item"
            )
    return tuple((_checked(path, key, pattern), place.strip()) for pattern, _, place in entries)


def _switch(value: Any, key: str, path: Path) -> bool:
    if not isinstance(value, bool):
        raise _wrong(path, key, "true or false")
    return value


def _bytes(value: Any, key: str, path: Path) -> int:
    if type(value) is not int or value < 1:
        raise _wrong(path, key, "a number of bytes, 1 or more")
    return value


def _file(value: Any, key: str, path: Path) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise _wrong(path, key, "a path")
    return path.parent / value


def _suppressions(value: Any, key: str, path: Path) -> tuple[Suppression, ...]:
    if not isinstance(value, list):
        raise _wrong(path, key, "tables: [[tool.flaglift.suppressions]]")
    return tuple(_suppression(each, number, path) for number, each in enumerate(value))


def _suppression(value: Any, number: int, path: Path) -> Suppression:
    def wrong(what: str) -> ConfigError:
        return ConfigError(f"{path}: suppression {number + 1}: {what}")

    known: dict[str, tuple[type, ...]] = {
        "path": (str,),
        "at": (str, int),
        "prompt": (str,),
        "rules": (list,),
        "reason": (str,),
    }
    if not isinstance(value, dict) or not value.keys() <= known.keys():
        raise wrong(f"its keys are {', '.join(f'`{key}`' for key in known)}")
    for key, kinds in known.items():
        if key in value and type(value[key]) not in kinds:
            raise wrong(f"`{key}` is not a {'list' if list in kinds else 'string'}")
    rules = value.get("rules", [])
    if not value.get("path") or not rules or not all(isinstance(rule, str) for rule in rules):
        raise wrong('it needs `path`, a file, and `rules`, such as ["FL402"]')
    if "at" not in value and "prompt" not in value:
        raise wrong("it needs `at`, a JSON pointer or a line, or `prompt`, a fingerprint")
    return Suppression(
        source=path,
        number=number,
        path=os.path.normpath(path.parent / value["path"]),
        at=value.get("at"),
        prompt=value.get("prompt"),
        rules=tuple(rules),
        reason=value.get("reason", ""),
    )


READERS: Mapping[str, Callable[[Any, str, Path], Any]] = {
    "exclude": _patterns,
    "force-exclude": _switch,
    "per-file-ignores": _per_file,
    "hosts": _hosts,
    "max-file-size": _bytes,
    "baseline": _file,
    "require-reason": _switch,
    "suppressions": _suppressions,
    "move-to-fields": _places,
}
