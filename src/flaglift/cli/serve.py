"""`flaglift serve`."""

import logging
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from flaglift.cli import EXIT_INTERRUPTED
from flaglift.cli.options import F, settings_for, settings_options
from flaglift.errors import ConfigError

_MODES = ("off", "report", "translate", "strict")
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


def _address(value: str) -> tuple[str, int]:
    match = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([^:\[\]\s]*)):([0-9]{1,5})", value)
    if match is None or int(match[3]) > 65535:
        raise click.BadParameter(f"{value!r} is not HOST:PORT, such as 127.0.0.1:8080 or [::1]:80")
    return match[1] or match[2] or "0.0.0.0", int(match[3])  # noqa: S104 - `:8080` asks for it


def _size(value: str) -> int:
    match = re.fullmatch(r"([1-9][0-9]{0,11})([kmg]?)(?:i?b)?", value.lower())
    if match is None:
        raise click.BadParameter(f"{value!r} is not a size, such as 65536, 64k or 1g")
    return int(match[1]) * _UNITS[match[2]]


def _path_mode(value: str) -> tuple[str, str]:
    pattern, _, mode = value.rpartition("=")
    if not pattern.startswith(("/", "*")) or mode not in _MODES:
        raise click.BadParameter(
            f"{value!r} is not a path pattern and a mode, such as '/tunes/*/prompts=strict'; "
            f"modes are {', '.join(_MODES)}"
        )
    return pattern, mode


def _seconds(value: str) -> float:
    match = re.fullmatch(r"[0-9]{0,6}(?:\.[0-9]{1,6})?", value)
    if match is None or not float(value or 0) > 0:
        raise click.BadParameter(f"{value!r} is not a number of seconds above 0, such as 30 or 0.5")
    return float(value)


def _header_name(value: str) -> str:
    if re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}", value) is None:
        raise click.BadParameter(f"{value!r} is not the name of a header, such as X-App")
    return value


def _timeout(name: str, default: int, text: str) -> Callable[[F], F]:
    return click.option(
        name,
        type=_seconds,
        metavar="SECONDS",
        default=str(default),
        show_default=True,
        help=f"Seconds {text}",
    )


@click.command(
    "serve",
    short_help="Run a reverse proxy that translates prompts in requests.",
    epilog="Exit codes: 0 ended by SIGTERM, 2 usage or configuration error, 130 interrupted.",
)
@click.option("--upstream", required=True, metavar="URL", help="The service, https://api.example.")
@click.option(
    "--listen",
    type=_address,
    metavar="HOST:PORT",
    default="127.0.0.1:8080",
    show_default=True,
    help="Where to listen.",
)
@click.option(
    "--operators",
    type=_address,
    metavar="HOST:PORT",
    help="Where /healthz, /metrics and /traffic are; beside the proxy if left out.",
)
@click.option("--mode", type=click.Choice(_MODES), default="translate", show_default=True)
@click.option(
    "--mode-for",
    "modes",
    type=_path_mode,
    metavar="PATTERN=MODE",
    multiple=True,
    help="The mode of some paths, such as '/tunes/*/prompts=strict'; the first that fits counts.",
)
@click.option(
    "--late-text",
    type=click.Choice(["pass", "chunked"]),
    default="pass",
    show_default=True,
    help="A text after a file in a body over --spool: pass it untouched, or send it in chunks.",
)
@click.option(
    "--spool",
    type=_size,
    metavar="SIZE",
    default="64m",
    show_default=True,
    help="The longest body to keep in a temporary file where a text may come after a file.",
)
@click.option(
    "--hold",
    type=_size,
    metavar="SIZE",
    default="1m",
    show_default=True,
    help="The most of one request to hold in memory; fields beyond it pass untouched.",
)
@click.option(
    "--max-body", type=_size, metavar="SIZE", help="The longest body; a longer one gets a 413."
)
@_timeout("--head-timeout", 30, "for a client to send a request's head.")
@_timeout("--client-timeout", 60, "to wait for a client, and one more for each 500 bytes it sends.")
@_timeout("--connect-timeout", 10, "to connect to the upstream.")
@_timeout("--upstream-timeout", 300, "the upstream may take to answer, or stop in between.")
@_timeout("--shutdown-timeout", 30, "for requests to end after SIGTERM or Ctrl-C.")
@click.option("--show-codes", is_flag=True, help="Add a header X-Flaglift to responses.")
@click.option(
    "--traffic",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Keep who sends flags in this file; `flaglift traffic` reads it.",
)
@click.option(
    "--caller-header",
    type=_header_name,
    metavar="NAME",
    help="A request header that names the caller.",
)
@settings_options
def command(**options: Any) -> int:
    """Run a reverse proxy: old clients send flags, the service gets form fields.

    Requests that carry prompts are rewritten, all else streams through. /healthz, /metrics and
    /traffic are the proxy's own.

    \b
    Examples:
      flaglift serve --upstream https://api.example
      flaglift serve --upstream https://api.example --mode report --traffic traffic.db
      flaglift serve --upstream https://api.example --listen :8080 --operators 127.0.0.1:9090
      flaglift serve --upstream https://api.example --mode-for '/tunes/7/*=strict'
    """
    try:
        from flaglift.shim.proxy.server import serve
    except ImportError as error:
        raise ConfigError(f"{error.name} is not installed: pip install 'flaglift[serve]'") from None
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    received = serve(_options(options))
    return EXIT_INTERRUPTED if received == signal.SIGINT else 0


def _options(given: dict[str, Any]) -> Any:
    from flaglift.shim.core.policy import LateText, Mode, Policy
    from flaglift.shim.proxy.options import Limits, Options, Timeouts

    own = {key: given.pop(key) for key in _OWN}
    settings = settings_for("-", given)
    return Options(
        upstream=_checked(own["upstream"]),
        listen=own["listen"],
        operators=own["operators"],
        policy=Policy(
            mode=Mode(own["mode"]),
            modes=tuple((pattern, Mode(mode)) for pattern, mode in own["modes"]),
            settings=settings,
            late_text=LateText(own["late_text"]),
            hold_limit=own["hold"],
            spool_limit=own["spool"],
        ),
        limits=Limits(own["max_body"], own["client_timeout"], own["head_timeout"]),
        timeouts=Timeouts(own["connect_timeout"], own["upstream_timeout"]),
        shutdown_seconds=own["shutdown_timeout"],
        show_codes=own["show_codes"],
        traffic=own["traffic"],
        caller_header=own["caller_header"],
    )


_OWN = (
    "upstream",
    "listen",
    "operators",
    "mode",
    "modes",
    "late_text",
    "hold",
    "spool",
    "max_body",
    "head_timeout",
    "client_timeout",
    "connect_timeout",
    "upstream_timeout",
    "shutdown_timeout",
    "show_codes",
    "traffic",
    "caller_header",
)


_UPSTREAM = re.compile(
    r"https?://(?:[0-9a-z](?:[0-9a-z._-]*[0-9a-z])?\.?|\[[0-9a-f:.]+\])(?::[0-9]+)?"
    r"(?:/(?:[0-9a-z._~!$&'()*+,;=:/-]|%[0-9a-f]{2})*)?",
    re.IGNORECASE | re.ASCII,
)


def _checked(upstream: str) -> str:
    """Return the upstream's address. Raises `ConfigError` where it is none."""
    from urllib.parse import urlsplit

    if "@" in upstream:  # what may be a password is not repeated
        raise ConfigError("--upstream: write https://HOST, without a user or password")
    try:
        good = _UPSTREAM.fullmatch(upstream) is not None and urlsplit(upstream).port != 0
    except ValueError:  # a port over 65535, or brackets around what is no address
        good = False
    if not good:
        raise ConfigError(
            f"--upstream {upstream!r}: write https://HOST in ASCII, with a port and a path if need "
            "be, and no query"
        )
    return upstream
