"""The command line: one module per command, imported when it is called."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any, TextIO

import click

from flaglift.errors import FlagliftError, reason
from flaglift.report.escaping import harmless, in_one_line

_VERBS = {
    "translate": "Translate a prompt's flags into form fields.",
    "check": "Lint the prompts in files, and fix them.",
    "parse": "Show how a prompt is read.",
    "baseline": "Accept today's findings, so that only new ones count.",
    "lsp": "Run the language server for editors.",
    "init": "Write a configuration file with every setting, commented out.",
    "migrate": "Migrate stored prompts, in files and databases.",
    "models": "List the video models of a catalog edition.",
    "rule": "Explain a rule, or list all rules.",
    "docs": "Open the documentation.",
    "serve": "Run a reverse proxy that translates prompts in requests.",
    "traffic": "List the callers that still send flags.",
}

EXIT_FINDINGS = 1
EXIT_UNUSABLE = 2
EXIT_INTERRUPTED = 130
EXIT_CLOSED_PIPE = 141
"""The shell's exit code for a program that was ended by a closed pipe."""


class _OutputError(FlagliftError):
    """The output cannot be written."""


class _ClosedPipeError(FlagliftError):
    """The reader of the output has closed the pipe, as `head` does after some lines."""


@contextmanager
def _output() -> Iterator[None]:
    """Turn output errors into messages, before click exits without one for a closed pipe.

    Errors with named files are turned into messages where they occur.
    """
    try:
        yield
    except BrokenPipeError:
        raise _ClosedPipeError from None
    except OSError as error:
        raise _OutputError(f"the output cannot be written: {reason(error)}") from None


class _Verbs(click.Group):
    """Knows the commands by name, so that the imports of one do not slow down another."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        with _output():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        with _output():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_VERBS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        command: click.Command = import_module(f"flaglift.cli.{cmd_name}").command
        return command

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(_VERBS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from flaglift.spelling import nearest

        if args[0] not in _VERBS and not ctx.resilient_parsing:
            close = nearest(args[0], _VERBS)
            hint = f"Did you mean '{close}'?" if close else f"The verbs are: {', '.join(_VERBS)}."
            ctx.fail(f"No such verb '{args[0]}'. {hint}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Verbs,
    subcommand_metavar="VERB ...",
    options_metavar="",
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
    epilog=(
        "Exit codes: 0 clean, 1 findings or a refused prompt, 2 usage or input error, "
        "130 interrupted."
    ),
)
@click.version_option(package_name="flaglift", message="%(prog)s %(version)s")
def cli() -> None:
    """Find legacy video flags in prompt text, check them, and turn them into form fields.

    \b
    Examples:
      flaglift translate 'a cat --video --video_model kling25 --video_prompt "it yawns"'
      flaglift check prompts.txt
      flaglift rule FL402
    """


def main() -> None:
    """Run the command line; every failure ends in a one-sentence message and an exit code."""
    try:
        _open_streams()
        code = cli.main(prog_name="flaglift", standalone_mode=False)
        with _output():
            sys.stdout.flush()
    except (click.exceptions.Abort, KeyboardInterrupt):
        _fail("flaglift: interrupted", EXIT_INTERRUPTED)
    except click.ClickException as error:
        _fail(_usage(error), EXIT_UNUSABLE)
    except _ClosedPipeError:
        _discard(sys.stdout)
        sys.exit(EXIT_CLOSED_PIPE)
    except FlagliftError as error:
        if isinstance(error, _OutputError):
            _discard(sys.stdout)
        _fail(f"flaglift: {in_one_line(str(error))}", EXIT_UNUSABLE)
    else:
        sys.exit(code)


def _open_streams() -> None:
    """Make the streams use UTF-8 and unchanged line ends; invalid bytes pass through."""
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stdout is None:
        raise FlagliftError("the standard output is closed")
    if isinstance(getattr(sys.stdout, "buffer", None), io.RawIOBase):
        # PYTHONUNBUFFERED: such a stream loses what a pipe did not accept while being closed.
        sys.stdout = open(sys.stdout.fileno(), "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="surrogateescape", newline="\n")


def _usage(error: click.ClickException) -> str:
    """Return click's message about a command line that cannot be used."""
    said = io.StringIO()
    error.show(said)
    text = harmless(said.getvalue().rstrip("\n"))
    if isinstance(error, click.NoSuchOption) and not error.possibilities:
        text += " Put `--` before a text that starts with a dash."
    return text


def tell(sentence: str) -> None:
    """Print a sentence in one line to standard error; names in it may hold any characters."""
    sys.stdout.flush()  # keeps the order if both streams go to the same place
    click.echo(in_one_line(sentence), err=True)


def _fail(text: str, code: int) -> None:
    try:
        click.echo(text, err=True)
    except OSError:
        _discard(sys.stderr)  # it cannot be written; only the exit code is left
    sys.exit(code)


def _discard(stream: TextIO) -> None:
    """Discard what is still buffered, which Python would otherwise report as an error at exit."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
