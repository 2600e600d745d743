"""`flaglift serve`."""

import contextlib
import logging
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flaglift.cli import EXIT_INTERRUPTED
from flaglift.cli.grouping import GroupedCommand, grouped
from flaglift.cli.options import settings_for, settings_options
from flaglift.cli.serve_options import serve_options, with_file
from flaglift.errors import ConfigError
from flaglift.report.output import print_lines

if TYPE_CHECKING:
    from flaglift.shim.proxy.options import Options


@click.command(
    "serve",
    cls=GroupedCommand,
    short_help="Run a reverse proxy that translates prompts in requests.",
    epilog="Exit codes: 0 stopped by SIGTERM, 2 usage or configuration error, 130 interrupted.",
)
@serve_options
@grouped("The proxy")("--check", is_flag=True, help="Check the configuration, and do not start.")
@settings_options
@click.pass_context
def command(context: click.Context, /, **options: Any) -> int:
    """Run a reverse proxy: old clients send flags, the service gets form fields.

    Requests that carry prompts are rewritten; everything else passes through. /livez, /readyz,
    /healthz, /metrics and /traffic are pages of the proxy itself.

    Options can also be set in the table [serve] of the configuration, and in variables such as
    FLAGLIFT_SERVE_UPSTREAM. The command line overrides variables, and variables override the file.
    On SIGHUP the configuration is read again without dropping a request.

    \b
    Examples:
      flaglift serve --upstream https://api.example
      flaglift serve --upstream https://api.example --mode report --traffic traffic.db
      flaglift serve --upstream https://api.example --listen :8080 --operators 127.0.0.1:9090
      flaglift serve --upstream https://api.example --mode-for '/tunes/7/*=strict' --workers 2
    """
    with _signals_wait():
        return _serve(context, options)


@contextlib.contextmanager
def _signals_wait() -> Iterator[None]:
    """Block signals until a handler takes them.

    A signal that arrives while the program loads is handled like a later one, and a signal that
    arrives after the end has no effect.
    """
    signals = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}
    signals |= {signal.SIGUSR1, signal.SIGUSR2}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        while signal.sigtimedwait(signals, 0) is not None:
            pass  # arrived after the end
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(context: click.Context, options: dict[str, Any]) -> int:
    try:
        from flaglift.shim.proxy.assignment import Assignment
        from flaglift.shim.proxy.counters import reserve_counters

        assignment = Assignment.given()
        lost = reserve_counters() if assignment else ""
        from flaglift.shim.proxy.listeners import check_address, check_loop
        from flaglift.shim.proxy.logs import log_to_stderr
        from flaglift.shim.proxy.server import work
        from flaglift.shim.proxy.supervisor import Supervisor
    except ImportError as error:
        raise ConfigError(f"{error.name} is not installed: pip install 'flaglift[serve]'") from None
    check = options.pop("check")

    def resolve() -> "Options":
        resolved = _resolved(context, options)
        _check(resolved)
        log_to_stderr(resolved.log_format)
        return resolved

    resolved = resolve()
    if assignment:
        if lost:
            message = "counters in /metrics are those of this worker alone: %s"
            logging.getLogger("flaglift.shim").warning(message, lost)
        work(resolved, assignment)
        return 0
    if check:
        check_address(resolved.listen)
        if resolved.operators is not None:
            check_address(resolved.operators)
        check_loop(resolved.upstream, resolved.listen)
        mode = resolved.policy.mode.value
        print_lines([(f"the configuration is good: {resolved.upstream}, {mode}",)])
        return 0
    with Supervisor(resolved, resolve) as running:
        received = running.run()
    return EXIT_INTERRUPTED if received == signal.SIGINT else 0


def _resolved(context: click.Context, given: dict[str, Any]) -> "Options":
    """Return the current options from the command line, the environment and the file.

    Raises `ConfigError` or `CatalogError` for options that cannot be used.
    """
    from flaglift.shim.core.policy import LateText, Mode, Policy
    from flaglift.shim.proxy.logs import LogFormat
    from flaglift.shim.proxy.options import Certificates, Limits, Options, Timeouts

    own = with_file(context, given["config"], isolated=given["isolated"])
    settings = settings_for("-", {key: given[key] for key in given if key not in own})
    return Options(
        upstream=_upstream(own["upstream"]),
        listen=own["listen"],
        operators=own["operators"],
        policy=Policy(
            mode=Mode(own["mode"]),
            modes=tuple((pattern, Mode(mode)) for pattern, mode in own["modes"]),
            settings=settings,
            late_text=LateText(own["late_text"]),
            hold_limit=own["hold"],
            spool_limit=own["spool"],
            prefix=own["prefix"],
        ),
        limits=Limits(
            body_bytes=own["max_body"],
            client_seconds=own["client_timeout"],
            head_seconds=own["head_timeout"],
            connections=own["max_connections"],
        ),
        timeouts=Timeouts(own["connect_timeout"], own["upstream_timeout"]),
        certificates=Certificates(own["upstream_ca"], own["upstream_cert"], own["upstream_key"]),
        grace_seconds=own["grace"],
        shutdown_seconds=own["shutdown_timeout"],
        workers=own["workers"],
        show_codes=own["show_codes"],
        traffic=own["traffic"],
        caller_header=own["caller_header"],
        trust_forwarded=own["trust_forwarded"],
        via=not own["no_via"],
        log_format=LogFormat(own["log_format"]),
        spans=own["spans"],
    )


def _check(options: "Options") -> None:
    """Raise `ConfigError` for options that would make the workers fail."""
    from flaglift.shim.proxy.traffic import check_traffic
    from flaglift.shim.proxy.upstream import Upstream

    listen = options.listen
    if listen == options.operators and (isinstance(listen, Path) or listen[1] > 0):
        raise ConfigError(
            "--operators is the address of --listen; without it, the pages for operators are there"
        )
    check_traffic(options.traffic)
    Upstream.of(options)  # checks certificates, and HTTPS_PROXY
    try:
        if options.spans:
            import flaglift.shim.proxy.spans  # noqa: F401 - workers use it
    except ImportError as error:
        raise ConfigError(f"{error.name} is not installed: pip install 'flaglift[otel]'") from None


_LABEL = "[0-9a-z_](?:[0-9a-z_-]{0,61}[0-9a-z_])?"
_UPSTREAM = re.compile(
    rf"unix:/.+|https?://(?:{_LABEL}(?:\.{_LABEL})*\.?|\[[0-9a-f:.]+\])(?::[0-9]+)?"
    r"(?:/(?:[0-9a-z._~!$&'()*+,;=:/-]|%[0-9a-f]{2})*)?",
    re.IGNORECASE | re.ASCII,
)
_MOST_PATH_BYTES = 107
"""The longest path of a unix socket that the kernel accepts."""


def _upstream(address: str | None) -> str:
    """Return the upstream's address. Raises `ConfigError` if it is invalid."""
    from urllib.parse import urlsplit

    if address is None:
        raise ConfigError(
            "no upstream: give --upstream URL, FLAGLIFT_SERVE_UPSTREAM, or `upstream` in the table "
            "[serve] of the configuration file"
        )
    if "@" in address and not address.startswith("unix:"):  # may be a password: not printed
        raise ConfigError("--upstream: write https://HOST, without a user or password")
    try:
        good = _UPSTREAM.fullmatch(address) is not None and urlsplit(address).port != 0
    except ValueError:  # a port over 65535, or brackets around something other than an address
        good = False
    if address.startswith("unix:") and len(os.fsencode(address)) > len("unix:") + _MOST_PATH_BYTES:
        raise ConfigError(
            f"--upstream {address}: the path of a socket has at most {_MOST_PATH_BYTES} bytes"
        )
    if not good:
        raise ConfigError(
            f"--upstream {address!r}: write https://HOST in ASCII, with a port and a path if need "
            "be, and no query; or unix:/PATH"
        )
    return address
