"""Options that several commands share, and their conversion to settings and contexts."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import click

from flaglift.cli.grouping import grouped
from flaglift.cli.paths import NamedPath
from flaglift.cli.sources import checked
from flaglift.context import Context
from flaglift.errors import ConfigError
from flaglift.settings import DEFAULT, Settings, find_config, read_config
from flaglift.spelling import nearest

F = TypeVar("F", bound=Callable[..., Any])


_rules = grouped("Rules and translation")
_settings = grouped("Settings and catalog")
_request = grouped("The request")


def date(value: str) -> datetime.date:
    """Return the date given to an option."""
    try:
        return datetime.date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a date such as 2026-04-29") from None


def _cents(value: str) -> float:
    try:
        cents = float(value)
    except ValueError:
        cents = -1
    if not cents >= 0:  # also rejects NaN
        raise click.BadParameter(f"{value!r} is not a number of cents, 0 or more")
    return cents


def _switch(name: str, text: str) -> Callable[[F], F]:
    """Return a yes/no option; if neither is given, the configuration decides."""
    return _rules(f"--{name}/--no-{name}", default=None, help=text)


_CATALOG = (
    _settings("--config", type=NamedPath(), help="Read settings from this file only."),
    _settings("--isolated", is_flag=True, help="Do not look for a configuration file."),
    _settings(
        "--edition",
        type=date,
        metavar="DATE",
        help="Use the model catalog of this date, such as 2026-04-29. [default: the newest]",
    ),
    _settings(
        "--overlay",
        type=NamedPath(),
        help="Add or correct models from this TOML file.",
    ),
)
_SETTINGS = (
    _rules(
        "--select",
        multiple=True,
        metavar="RULES",
        help="Report only these rules: codes, prefixes of codes, or names, separated by commas.",
    ),
    _rules("--ignore", multiple=True, metavar="RULES", help="Do not report these rules."),
    _rules("--default-model", metavar="NAME", help="Model for video prompts that name none."),
    _switch("accept-successors", "Replace retired models that have an evident successor."),
    _rules("--budget", type=_cents, metavar="CENTS", help="Highest price of a prompt."),
    _switch("strict", "Refuse to translate prompts that have errors."),
    *_CATALOG,
)


def settings_options(command: F) -> F:
    """Add the options that make up `Settings`."""
    return _with_options(command, _SETTINGS)


def catalog_options(command: F) -> F:
    """Add the options that choose a model catalog."""
    return _with_options(command, _CATALOG)


def _with_options(command: F, options: Sequence[Callable[[F], F]]) -> F:
    for option in reversed(options):
        command = option(command)
    return command


def settings_for(place: str, options: Mapping[str, Any]) -> Settings:
    """Return the settings for a file or folder: its configuration, overridden by the options.

    `-` means the current folder. Raises `ConfigError` or `CatalogError` for settings that cannot
    be used, before any work.
    """
    from flaglift.catalog import load_catalog
    from flaglift.linting.engine import selected

    settings = _configured(Path() if place == "-" else Path(place), options)
    settings = with_given(settings, options)
    selected(settings.select, settings.ignore)
    catalog = load_catalog(settings.edition, settings.overlay)
    if settings.default_model:
        catalog.require(settings.default_model)
    return settings


def with_given(settings: Settings, options: Mapping[str, Any]) -> Settings:
    """Return settings overridden by the options.

    Raises `InputError` for a text that is not UTF-8.
    """
    given: dict[str, Any] = {}
    for name, value in options.items():
        if name in ("select", "ignore"):
            codes = tuple(code.strip() for item in value for code in item.split(","))
            given |= {name: codes} if codes else {}
        elif name not in ("config", "isolated") and value is not None:
            given[name] = (
                checked(value, f"--{name.replace('_', '-')}") if isinstance(value, str) else value
            )
    return replace(settings, **given)


def _configured(place: Path, options: Mapping[str, Any]) -> Settings:
    path = options["config"]
    if path is None and not options["isolated"]:
        path = find_config(place)
    return DEFAULT if path is None else _read(path)


@lru_cache(maxsize=256)
def _read(path: Path) -> Settings:
    from flaglift.linting.engine import selected

    settings = read_config(path)
    try:
        selected(settings.select, settings.ignore)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    return settings


def context_options(command: F) -> F:
    """Add the options that make up a `Context`."""
    complete = _request(
        "--complete",
        is_flag=True,
        help="The request has no other fields than those given by --with.",
    )
    given = _request(
        "--with",
        "given",
        multiple=True,
        metavar="FIELD=VALUE",
        help="Another field of the request; FIELD=@PATH for a file, FIELD= for an absent one.",
    )
    return given(complete(command))


def context_from(given: tuple[str, ...], complete: bool) -> Context:
    """Return the context given by `--with` and `--complete`.

    Raises `ConfigError` unless each is `FIELD=VALUE` with a field of a request.
    """
    from flaglift.emit.fields import request_field_names

    known = request_field_names()
    values: dict[str, str] = {}
    for item in given:
        name, sign, value = item.partition("=")
        if not sign:
            raise ConfigError(f"--with {item}: write FIELD=VALUE")
        if name not in known:
            close = nearest(name, known)
            hint = f"did you mean `{close}`?" if close else "see the service's list of form fields"
            raise ConfigError(f"--with {name}: no such field; {hint}")
        if value == "@":
            raise ConfigError(f"--with {item}: write FIELD=@PATH for a file")
        # A path may have any bytes; a value must be text.
        values[name] = value if value.startswith("@") else checked(value, f"--with {name}")
    return Context(values, complete)


ALL_RULES = "all"
"""The value of an option of rules that is given without one."""


def rule_codes(
    context: click.Context,  # noqa: ARG001 (as a callback of click's is called)
    option: click.Parameter,
    value: str | None,
) -> tuple[str, ...] | None:
    """Return the codes or names of rules in an option; empty for all, None without the option.

    Raises `ConfigError` for anything else, such as the argument that follows the option. An empty
    text does not stand for all: a script's variable may be unset.
    """
    from flaglift.linting.engine import selected

    if value is None:
        return None
    if value == ALL_RULES:
        return ()
    codes = tuple(filter(None, value.split(",")))
    if not codes:
        raise ConfigError(f"{option.opts[0]}={value}: names no rule; `{ALL_RULES}` stands for all")
    try:
        selected(codes, ())
    except ConfigError as error:
        raise ConfigError(f"{option.opts[0]}={value}: {error}; SOURCE comes first") from None
    return codes
