"""The keys of a configuration that are about files, and how each is read."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flaglift.check.file_settings import Suppression
from flaglift.check.patterns import Patterns
from flaglift.errors import ConfigError


def _wrong(path: Path, key: str, what: str) -> ConfigError:
    return ConfigError(f"{path}: `{key}` must be {what}")


def _strings(value: Any, key: str, path: Path, what: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise _wrong(path, key, what)
    return tuple(value)


def _patterns(value: Any, key: str, path: Path) -> Patterns:
    what = 'a list of patterns, such as ["vendor/"]'
    return Patterns(str(path.parent), _strings(value, key, path, what))


def _by_pattern(value: Any, key: str, path: Path, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(path, key, what)
    return value


def _per_file(value: Any, key: str, path: Path) -> tuple[tuple[Patterns, tuple[str, ...]], ...]:
    what = 'a table of patterns and rules, such as { "tests/" = ["FL402"] }'
    return tuple(
        (Patterns(str(path.parent), (pattern,)), _strings(codes, key, path, what))
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
    return tuple((Patterns(str(path.parent), (pattern,)), name) for pattern, name in table.items())


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
            raise wrong(f"`{key}` is no {'list' if list in kinds else 'text'}")
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
}
