"""The command line: a page for each verb, from the commands themselves."""

import inspect
import re
from collections.abc import Iterator

import click

from flaglift.cli import cli
from flaglift.cli.grouping import option_groups
from generate.markdown import document, fenced, prose, table, toctree


def pages() -> dict[str, str]:
    """Return a page for each verb, with the verbs below it, and one that lists them."""
    context = click.Context(cli, info_name="flaglift")
    verbs = {name: cli.get_command(context, name) for name in cli.list_commands(context)}
    known = {name: command for name, command in verbs.items() if command is not None}
    index = document(
        "# Command line",
        table(
            ("verb", "what it does"),
            (
                (f"[`flaglift {name}`]({name}.md)", prose(command.get_short_help_str(200)))
                for name, command in known.items()
            ),
        ),
        "`flaglift --help` and `flaglift VERB --help` print the same in the terminal. "
        "`flaglift --version` prints the version.",
        prose(cli.epilog or ""),
        toctree(known),
    )
    found = {"commands/index.md": index}
    for name, command in known.items():
        found[f"commands/{name}.md"] = document(*_command(f"flaglift {name}", command, "#"))
    return found


def walk(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """Yield a command and those below it, each with the words that call it."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from walk(below, f"{path} {name}")


def find(words: str) -> click.Command:
    """Return a command by the words that call it."""
    return dict(walk(cli, "flaglift"))[words]


def _command(path: str, command: click.Command, level: str) -> Iterator[str]:
    for words, each in walk(command, path):
        # The settings of the whole command line hold for each verb, as when one is called.
        whole = click.Context(cli, info_name="flaglift", **cli.context_settings)
        context = click.Context(each, parent=whole, info_name=words.removeprefix("flaglift "))
        usage = " ".join([words, *each.collect_usage_pieces(context)])
        yield f"{level if words == path else level + '#'} {words}"
        yield fenced(usage, "console")
        yield from _help(each)
        yield f"```{{program}} {words}\n```"
        yield from _options(each, context)
        if each.epilog:
            yield prose(each.epilog)


def _help(command: click.Command) -> Iterator[str]:
    """Yield the paragraphs of a command's help; those that click keeps as they are, as code."""
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        if not paragraph.startswith("\b"):
            yield prose(" ".join(paragraph.split()))
            continue
        title, *lines = paragraph.removeprefix("\b\n").splitlines()
        yield f"**{title.rstrip(':')}**"
        yield fenced("\n".join(line.strip() for line in lines), "shell")


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    for title, options in option_groups(command, context).items():
        yield f"**{title}**"
        for option in options:
            record = option.get_help_record(context)
            assert record is not None
            names, text = record
            yield fenced(prose(text), f"{{option}} {_signature(names)}")


def _signature(names: str) -> str:
    """Return the names of an option as Sphinx lists them: with commas, the value after the last."""
    return re.sub(r"\s*/\s*", ", ", names)
