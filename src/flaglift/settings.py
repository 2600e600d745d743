"""Settings, and where they are found: `[tool.flaglift]` in `pyproject.toml`, or `flaglift.toml`."""

import datetime
import os
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from flaglift.errors import ConfigError
from flaglift.files import read_regular
from flaglift.spelling import nearest


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user chose. Every verb takes one; the default is what a new user gets."""

    select: tuple[str, ...] = ()
    """Codes, beginnings of codes or names of the rules to run; empty for all."""
    ignore: tuple[str, ...] = ()
    """Codes, beginnings of codes or names of the rules not to run."""
    edition: datetime.date | None = None
    """The date whose model catalog counts; None for the newest edition."""
    overlay: Path | None = None
    """A TOML file that adds models to the catalog or corrects them."""
    default_model: str | None = None
    """The model of video prompts that name none (dialect section 3.2)."""
    accept_successors: bool = False
    """Replace a retired model where its successor is evident (dialect section 3.5)."""
    budget: float | None = None
    """The most that one prompt may cost, in cents."""
    strict: bool = False
    """Refuse to translate a prompt that has any error (dialect section 4.5)."""
    fail_on: str = "warning"
    """The least severity that makes `flaglift check` exit with 1."""


DEFAULT = Settings()

KEYS = {field.name.replace("_", "-") for field in fields(Settings)}
"""Keys that say how prompts are read."""
NAMES = ("flaglift.toml", "pyproject.toml")
"""What configuration files are called; the first counts where a folder has both."""

FILE_KEYS = frozenset(
    {
        "exclude",
        "force-exclude",
        "per-file-ignores",
        "hosts",
        "max-file-size",
        "move-to-fields",
        "baseline",
        "require-reason",
        "suppressions",
    }
)
"""Keys that say which files are checked, and how: read where the files are walked."""

_ELSEWHERE = FILE_KEYS | {"serve"}
"""Keys that others read: besides those about files, the table of options of `flaglift serve`."""


def find_config(start: Path) -> Path | None:
    """Return the nearest configuration file at or above a file or folder; None where there is none.

    A `pyproject.toml` counts only if it has a table `[tool.flaglift]`.

    Raises `ConfigError` where one cannot be read.
    """
    try:
        folder = Path(os.path.abspath(start))  # what `..` leaves behind is not above
    except FileNotFoundError:  # the current folder is gone
        return None
    paths = map(config_in, (folder, *folder.parents))
    return next((path for path in paths if path), None)


def config_in(folder: Path) -> Path | None:
    """Return the configuration file in a folder itself; raises as `find_config` does."""
    for name in NAMES:
        path = folder / name
        if os.path.isfile(path) and _table(path) is not None:
            return path
    return None


def read_config(path: Path) -> Settings:
    """Return the settings in a file and those it extends; paths in a file are relative to it.

    Raises `ConfigError` with the file and the key where something is wrong.
    """
    settings = DEFAULT
    for file, table in reversed(extended(path)):
        settings = settings_from(table, file, settings)
    return settings


def extended(path: Path) -> list[tuple[Path, dict[str, Any]]]:
    """Return a configuration file's table and those of the files it extends, the nearest first.

    Raises `ConfigError` where one has no table, cannot be read, or extends itself.
    """
    chain: list[tuple[Path, dict[str, Any]]] = []
    while True:
        table = _table(path)
        if table is None:
            raise ConfigError(f"{path}: there is no table [tool.flaglift] in it")
        if any(os.path.realpath(path) == os.path.realpath(file) for file, _ in chain):
            raise ConfigError(f"{chain[-1][0]}: `extend` leads back to {path}")
        extend = table.pop("extend", None)
        chain.append((path, table))
        if extend is None:
            return chain
        path = _path(extend, "extend", path)


def settings_from(table: Mapping[str, Any], path: Path, base: Settings = DEFAULT) -> Settings:
    """Return the settings in a table that was read from a file, on top of others.

    Raises `ConfigError` for unknown keys, naming the close one, and for values of the wrong type.
    """
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key in _ELSEWHERE:
            continue
        if key not in KEYS:
            known = sorted({*KEYS, *_ELSEWHERE, "extend"})
            close = nearest(key, known)
            hint = f"did you mean `{close}`?" if close else f"known keys: {', '.join(known)}"
            shown = key if key.isprintable() else ascii(key)[1:-1]
            raise ConfigError(f"{path}: unknown key `{shown}`; {hint}")
        values[key.replace("-", "_")] = _READERS[key](value, key, path)
    return replace(base, **values)


def _table(path: Path) -> dict[str, Any] | None:
    try:
        document = tomllib.loads(read_regular(path).decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}") from None
    except (ValueError, RecursionError) as error:  # a number or a nesting may be too long
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    if path.name != "pyproject.toml":
        return document
    tool = document.get("tool", {})
    table = tool.get("flaglift") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise ConfigError(f"{path}: tool.flaglift must be a table")
    return table


def _wrong(path: Path, key: str, what: str) -> ConfigError:
    return ConfigError(f"{path}: `{key}` must be {what}")


def _names(value: Any, key: str, path: Path) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _wrong(path, key, 'a list of codes or names, such as ["FL402"]')
    return tuple(value)


def _date(value: Any, key: str, path: Path) -> datetime.date:
    if type(value) is datetime.date:
        return value
    try:
        return datetime.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise _wrong(path, key, "a date, such as 2026-04-29") from None


def _path(value: Any, key: str, path: Path) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise _wrong(path, key, "a path")
    return path.parent / value


def _text(value: Any, key: str, path: Path) -> str:
    if not isinstance(value, str) or not value:
        raise _wrong(path, key, "a name")
    return value


def _switch(value: Any, key: str, path: Path) -> bool:
    if not isinstance(value, bool):
        raise _wrong(path, key, "true or false")
    return value


def _cents(value: Any, key: str, path: Path) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise _wrong(path, key, "a number of cents, 0 or more")
    return float(min(value, sys.float_info.max))  # an integer may be larger than any float


def _severity(value: Any, key: str, path: Path) -> str:
    if value not in ("error", "warning", "info"):
        raise _wrong(path, key, '"error", "warning" or "info"')
    return str(value)


_READERS = {
    "select": _names,
    "ignore": _names,
    "edition": _date,
    "overlay": _path,
    "default-model": _text,
    "accept-successors": _switch,
    "budget": _cents,
    "strict": _switch,
    "fail-on": _severity,
}
