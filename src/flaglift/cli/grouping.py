"""Help that lists a command's options in groups, in the order in which they are declared."""

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
        """Write the options, by group."""
        for title, params in option_groups(self, ctx).items():
            with formatter.section(title):
                formatter.write_dl([r for p in params if (r := p.get_help_record(ctx))])


def option_groups(command: click.Command, context: click.Context) -> dict[str, list[click.Option]]:
    """Return the options of a command that its help shows, by the title of their group."""
    groups: dict[str, list[click.Option]] = {}
    for param in command.get_params(context):
        if isinstance(param, click.Option) and not param.hidden:
            groups.setdefault(getattr(param, "group", _OTHERS), []).append(param)
    return groups


def grouped(title: str) -> Callable[..., Callable[[F], F]]:
    """Return what declares options of a group, as `click.option` does."""
    return partial(click.option, cls=GroupedOption, group=title)
