"""The options of `flaglift serve`, from the command line, the environment and a file."""

import os
import re
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from flaglift.cli.grouping import GroupedOption
from flaglift.cli.numbers import Finite
from flaglift.cli.options import F
from flaglift.cli.paths import NamedPath
from flaglift.errors import ConfigError
from flaglift.settings import extended, find_config
from flaglift.spelling import nearest

_MODES = ("off", "report", "translate", "strict")
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_PREFIX = "FLAGLIFT_SERVE_"


def _address(value: str) -> tuple[str, int] | Path:
    if value.startswith("unix:/"):
        return Path(value.removeprefix("unix:"))
    match = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([^:\[\]\s]*)):([0-9]{1,5})", value)
    if match is None or int(match[3]) > 65535:
        raise click.BadParameter(
            f"{value!r} is not HOST:PORT or unix:PATH, such as 127.0.0.1:8080 or [::1]:80"
        )
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


def _prefix(value: str) -> str:
    if re.fullmatch(r"(?:/[!$&'()*+,;=:@%\w.~-]+)*", value, re.ASCII) is None:
        raise click.BadParameter(f"{value!r} is not the beginning of a path, such as /gateway")
    return value


def _option(*names: str, **more: Any) -> Callable[[F], F]:
    variable = _PREFIX + names[0].removeprefix("--").upper().replace("-", "_")
    return click.option(*names, cls=GroupedOption, envvar=variable, **more)


_proxy = partial(_option, group="The proxy")
_limit = partial(_option, group="Bodies and limits")
_time = partial(_option, group="Times")
_record = partial(_option, group="What is recorded")


def _timeout(name: str, default: int, text: str) -> Callable[[F], F]:
    return _time(
        name, type=_seconds, metavar="SECONDS", default=str(default),
        help=f"Seconds {text}",
    )  # fmt: skip


_FILE = NamedPath(dir_okay=False)
_OPTIONS = (
    _proxy("--upstream", metavar="URL", help="The service: https://api.example, or unix:/PATH."),
    _proxy(
        "--upstream-ca", type=_FILE,
        help="Certificates (PEM) of authorities to trust instead of the system's.",
    ),
    _proxy("--upstream-cert", type=_FILE, help="The certificate (PEM) to show to the upstream."),
    _proxy("--upstream-key", type=_FILE, help="Its key, if that is in another file."),
    _proxy(
        "--listen", type=_address, metavar="HOST:PORT", default="127.0.0.1:8080",
        help="Address to listen on, or unix:/PATH.",
    ),
    _proxy(
        "--operators", type=_address, metavar="HOST:PORT",
        help="Address of the pages for operators; by default they share the proxy's address.",
    ),
    _proxy(
        "--workers", type=click.IntRange(1, 256), default=1,
        help="Number of worker processes.",
    ),
    _proxy(
        "--mode", type=click.Choice(_MODES), default="translate",
        help="off: pass everything on; report: only count; translate; strict: answer 422 to prompts"
        " that cannot be translated.",
    ),
    _proxy(
        "--mode-for", "modes", type=_path_mode, metavar="PATTERN=MODE", multiple=True,
        help="Mode for some paths, such as '/tunes/*/prompts=strict'; the first match counts.",
    ),
    _proxy(
        "--prefix", type=_prefix, metavar="PATH", default="",
        help="Path that clients put before the service's paths, such as /gateway.",
    ),
    _proxy("--no-via", is_flag=True, help="Do not add Via to requests and responses."),
    _limit(
        "--late-text", type=click.Choice(["chunked", "pass"]), default="pass",
        help="What to do with a text that follows a file in a body longer than --spool: pass it "
        "unchanged, or send the request chunked.",
    ),
    _limit(
        "--spool", type=_size, metavar="SIZE", default="64m",
        help="Longest body to keep in a temporary file when a text may follow a file.",
    ),
    _limit(
        "--hold", type=_size, metavar="SIZE", default="1m",
        help="Most bytes of one request to hold in memory; fields after them pass unchanged.",
    ),
    _limit(
        "--max-body", type=_size, metavar="SIZE",
        help="Longest body; a longer one is answered with 413.",
    ),
    _limit(
        "--max-connections", type=click.IntRange(1), metavar="N",
        help="Most connections of one process; by default as many as the system allows.",
    ),
    _timeout("--head-timeout", 30, "for a client to send a request's head."),
    _timeout(
        "--client-timeout", 60, "to wait for a client, and one more for each 500 bytes it sends."
    ),
    _timeout("--connect-timeout", 10, "to connect to the upstream."),
    _timeout("--upstream-timeout", 300, "the upstream may take to answer, or stop in between."),
    _time(
        "--grace", type=Finite(0, 86400), metavar="SECONDS", default=0.0,

        help="Seconds to keep serving after SIGTERM, with /readyz at 503 for balancers to notice.",
    ),
    _timeout("--shutdown-timeout", 30, "for requests to end after SIGTERM or Ctrl-C."),
    _record("--show-codes", is_flag=True, help="Add a header X-Flaglift to responses."),
    _record(
        "--traffic", type=_FILE,
        help="Record callers that still send flags in this file; see `flaglift traffic`.",
    ),
    _record(
        "--caller-header", type=_header_name, metavar="NAME",
        help="Request header that names the caller.",
    ),
    _record(
        "--trust-forwarded", is_flag=True,
        help="Trust and extend X-Forwarded-* and Forwarded headers, which are otherwise removed.",
    ),
    _record(
        "--log-format", type=click.Choice(["text", "json"]), default="text",
        help="Format of the log.",
    ),
    _record(
        "--spans", is_flag=True,
        help="Send OpenTelemetry spans to the address in OTEL_EXPORTER_OTLP_ENDPOINT.",
    ),
)  # fmt: skip


def serve_options(command: F) -> F:
    """Add the options of the proxy itself, without those of translation."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def with_file(context: click.Context, config: Path | None, *, isolated: bool) -> dict[str, Any]:
    """Return the options of the proxy: those given, then the environment's, then the file's.

    The file is the nearest configuration with a table `[serve]`. Raises `ConfigError`, with file
    and key, for an invalid value in it, and for a misspelled variable.
    """
    path = config if config or isolated else find_config(Path())
    own = {
        _key(param): param
        for param in context.command.params
        if isinstance(param.envvar, str) and param.envvar.startswith(_PREFIX)
    }
    _check_variables(own)
    values = {str(param.name): context.params[str(param.name)] for param in own.values()}
    chain = extended(path) if path else []
    for file, table in reversed(chain):
        serve = table.get("serve", {})
        if not isinstance(serve, dict):
            raise ConfigError(f"{file}: `serve` must be a table")
        for key, value in serve.items():
            if key not in own:
                close = nearest(key, own)
                hint = f"did you mean `{close}`?" if close else f"known keys: {', '.join(own)}"
                raise ConfigError(f"{file}: unknown key `serve.{ascii(key)[1:-1]}`; {hint}")
            name = str(own[key].name)
            given = context.get_parameter_source(name) is not ParameterSource.DEFAULT
            read = _read(context, own[key], value, file)
            values[name] = values[name] if given else read
    return values


def _check_variables(own: Iterable[str]) -> None:
    """Raise `ConfigError` for a variable that is probably a misspelled option.

    Others are ignored: Kubernetes sets FLAGLIFT_SERVE_SERVICE_HOST for a service of that name.
    """
    for variable in os.environ:
        key = variable.removeprefix(_PREFIX).lower().replace("_", "-")
        close = None if key in own or not variable.startswith(_PREFIX) else nearest(key, own)
        if close:
            meant = _PREFIX + close.upper().replace("-", "_")
            raise ConfigError(f"unknown variable {ascii(variable)[1:-1]}; did you mean {meant}?")


def _key(param: click.Parameter) -> str:
    return str(param.envvar).removeprefix(_PREFIX).lower().replace("_", "-")


def _read(context: click.Context, param: click.Parameter, value: Any, file: Path) -> Any:
    """Return a value from a file, parsed like the option of the same name."""
    wrong = f"{file}: `serve.{_key(param)}`"
    if param.multiple and isinstance(value, dict):
        value = [f"{pattern}={mode}" for pattern, mode in value.items()]
    items = value if param.multiple and isinstance(value, list) else [value]
    if not all(isinstance(item, str | int | float) for item in items) or (
        isinstance(value, bool) is not bool(getattr(param, "is_flag", False))
    ):
        raise ConfigError(f"{wrong} is of the wrong type")
    if isinstance(param.type, click.Path):
        value = str(file.parent / value)
    try:
        text = [str(item) for item in items] if param.multiple else value
        return param.type_cast_value(context, text if param.multiple else _text(text))
    except click.BadParameter as error:
        raise ConfigError(f"{wrong}: {error.message}") from None


def _text(value: Any) -> Any:
    return value if isinstance(value, bool) else str(value)
