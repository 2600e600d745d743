"""Help that lists a command's options in groups, in order of declaration."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

_OTHERS = "Help"


class GroupedOption(click.Option):
    """An option that belongs to a group."""

    def __init__(self, *names: Any, group: str, **more: Any) -> None:
        super().__init__(*names, **more)
        self.group = group


class GroupedCommand(click.Command):
    """A command whose help has a section for each group of its options."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help of the options, by group."""
        for title, params in option_groups(self, ctx).items():
            with formatter.section(title):
                formatter.write_dl([r for p in params if (r := p.get_help_record(ctx))])


def option_groups(command: click.Command, context: click.Context) -> dict[str, list[click.Option]]:
    """Return the options in a command's help, by the title of their group."""
    groups: dict[str, list[click.Option]] = {}
    for param in command.get_params(context):
        if isinstance(param, click.Option) and not param.hidden:
            groups.setdefault(getattr(param, "group", _OTHERS), []).append(param)
    return groups


def grouped(title: str) -> Callable[..., Callable[[F], F]]:
    """Return a decorator like `click.option` for options of a group."""
    return partial(click.option, cls=GroupedOption, group=title)
