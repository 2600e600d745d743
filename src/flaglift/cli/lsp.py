"""`flaglift lsp`."""

import gc
import os
import sys

import click

from flaglift.errors import ConfigError


@click.command(
    "lsp",
    short_help="Run the language server for editors.",
    epilog="Exit codes: 0 ended by the editor, 2 usage or input error, 130 interrupted.",
)
@click.option(
    "--tcp",
    metavar="[HOST:]PORT",
    help="Wait for one editor at this address, and not on standard input.",
)
@click.option("--stdio", is_flag=True, help="Use standard input and output, the default.")
def command(tcp: str | None, stdio: bool) -> int:
    """Run the language server, which editors start by themselves.

    It reads what the editor has open, unsaved or not, and finds what `flaglift check` would find.

    \b
    Examples:
      flaglift lsp
      flaglift lsp --tcp 127.0.0.1:7391
    """
    if tcp and stdio:
        raise click.UsageError("--tcp and --stdio exclude each other.")
    address = _address(tcp) if tcp else None
    try:
        from flaglift.lsp.features import make_server
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"`flaglift lsp` needs `{error.name}`, which is not installed; "
            "install flaglift with its extra: pip install 'flaglift[lsp]'"
        ) from None
    # The caches for large files contain no garbage, but collecting would scan them again and again:
    # each keystroke would take twice as long.
    gc.set_threshold(100_000, 50, 100)
    server = make_server()
    if address:
        server.start_tcp(*address)
    else:
        # Duplicated streams, which the server closes; other code's output goes elsewhere.
        with open(os.dup(0), "rb") as given, open(os.dup(1), "wb") as answers:
            sys.stdout = sys.stderr
            server.start_io(given, answers)
    return 0


def _address(given: str) -> tuple[str, int]:
    host, _, port = given.rpartition(":")
    if not port.isascii() or not port.isdigit() or int(port) > 65535:
        problem = f"{given!r} is not an address such as 127.0.0.1:7391"
        raise click.BadParameter(problem, param_hint="--tcp")
    return host or "127.0.0.1", int(port)
