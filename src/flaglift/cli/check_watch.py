"""`flaglift check --watch`."""

import sys
import time
from collections.abc import Callable, Sequence
from typing import NoReturn

import click

from flaglift.errors import ConfigError, FlagliftError


def watch_and(paths: Sequence[str], check: Callable[[], int]) -> NoReturn:
    """Check now, and again after each change, until Ctrl-C.

    Raises `ConfigError` where the package for it is not installed, or there is nothing to watch.
    """
    try:
        from watchfiles import watch
    except ModuleNotFoundError:
        raise ConfigError(
            "--watch needs `watchfiles`, which is not installed; "
            "install flaglift with its extra: pip install 'flaglift[watch]'"
        ) from None
    if "-" in paths:
        raise ConfigError("--watch cannot watch standard input")
    _once(check)
    changes = watch(*(paths or ["."]), raise_interrupt=True)
    while True:
        next(changes)
        _once(check)


def _once(check: Callable[[], int]) -> None:
    """Check; what is wrong is said, and may be right after the next change."""
    click.echo(f"flaglift: checking at {time.strftime('%H:%M:%S')}", err=True)
    try:
        check()
    except FlagliftError as error:
        click.echo(f"flaglift: {error}", err=True)
    sys.stdout.flush()
