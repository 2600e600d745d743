"""The options of `flaglift serve`, in the command line, the environment and a file."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from flaglift.cli.options import F
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
    return click.option(*names, envvar=variable, **more)


def _timeout(name: str, default: int, text: str) -> Callable[[F], F]:
    return _option(
        name, type=_seconds, metavar="SECONDS", default=str(default), show_default=True,
        help=f"Seconds {text}",
    )  # fmt: skip


_FILE = click.Path(path_type=Path, dir_okay=False)
_OPTIONS = (
    _option("--upstream", metavar="URL", help="The service, https://api.example or unix:/PATH."),
    _option(
        "--upstream-ca", type=_FILE,
        help="Certificates (PEM) of authorities to trust instead of the system's.",
    ),
    _option("--upstream-cert", type=_FILE, help="The certificate (PEM) to show to the upstream."),
    _option("--upstream-key", type=_FILE, help="Its key, if that is in another file."),
    _option(
        "--listen", type=_address, metavar="HOST:PORT", default="127.0.0.1:8080",
        show_default=True, help="Where to listen; or unix:/PATH.",
    ),
    _option(
        "--operators", type=_address, metavar="HOST:PORT",
        help="Where the pages for operators are; next to the proxy's own by default.",
    ),
    _option(
        "--workers", type=click.IntRange(1, 256), default=1, show_default=True,
        help="How many processes serve.",
    ),
    _option("--mode", type=click.Choice(_MODES), default="translate", show_default=True),
    _option(
        "--mode-for", "modes", type=_path_mode, metavar="PATTERN=MODE", multiple=True,
        help="The mode of some paths, such as '/tunes/*/prompts=strict'; the first that fits "
        "counts.",
    ),
    _option(
        "--prefix", type=_prefix, metavar="PATH", default="",
        help="What stands before the service's paths in what clients ask for, such as /gateway.",
    ),
    _option(
        "--late-text", type=click.Choice(["chunked", "pass"]), default="pass", show_default=True,
        help="A text after a file in a body over --spool: pass it untouched, or send it in chunks.",
    ),
    _option(
        "--spool", type=_size, metavar="SIZE", default="64m", show_default=True,
        help="The longest body to keep in a temporary file where a text may come after a file.",
    ),
    _option(
        "--hold", type=_size, metavar="SIZE", default="1m", show_default=True,
        help="The most of one request to hold in memory; fields beyond it pass untouched.",
    ),
    _option(
        "--max-body", type=_size, metavar="SIZE", help="The longest body; a longer one gets a 413."
    ),
    _option(
        "--max-connections", type=click.IntRange(1), metavar="N",
        help="The most connections of one process; as many as the descriptors allow by default.",
    ),
    _timeout("--head-timeout", 30, "for a client to send a request's head."),
    _timeout(
        "--client-timeout", 60, "to wait for a client, and one more for each 500 bytes it sends."
    ),
    _timeout("--connect-timeout", 10, "to connect to the upstream."),
    _timeout("--upstream-timeout", 300, "the upstream may take to answer, or stop in between."),
    _option(
        "--grace", type=click.FloatRange(0, 86400), metavar="SECONDS", default=0.0,
        show_default=True,
        help="Seconds to serve on after SIGTERM, with /readyz at 503, so that balancers notice.",
    ),
    _timeout("--shutdown-timeout", 30, "for requests to end after SIGTERM or Ctrl-C."),
    _option("--show-codes", is_flag=True, help="Add a header X-Flaglift to responses."),
    _option("--traffic", type=_FILE, help="Keep who sends flags in this file; see `traffic`."),
    _option(
        "--caller-header", type=_header_name, metavar="NAME",
        help="A request header that names the caller.",
    ),
    _option(
        "--trust-forwarded", is_flag=True,
        help="Believe X-Forwarded-* and Forwarded, and continue them; without it they end here.",
    ),
    _option(
        "--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True,
        help="How lines of the log are written.",
    ),
    _option(
        "--spans", is_flag=True,
        help="Send OpenTelemetry spans, to where OTEL_EXPORTER_OTLP_ENDPOINT says.",
    ),
)  # fmt: skip


def serve_options(command: F) -> F:
    """Add the options of the proxy itself, less those of translation."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def with_file(context: click.Context, config: Path | None, *, isolated: bool) -> dict[str, Any]:
    """Return the options of the proxy: those given, then the environment's, then the file's.

    The file is the nearest configuration, with a table `[serve]`. Raises `ConfigError` with the
    file and the key where something in it is wrong.
    """
    path = config if config or isolated else find_config(Path())
    own = {
        _key(param): param
        for param in context.command.params
        if isinstance(param.envvar, str) and param.envvar.startswith(_PREFIX)
    }
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


def _key(param: click.Parameter) -> str:
    return str(param.envvar).removeprefix(_PREFIX).lower().replace("_", "-")


def _read(context: click.Context, param: click.Parameter, value: Any, file: Path) -> Any:
    """Return a value of a file, read as the option of the same name is."""
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
