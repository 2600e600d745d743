"""`flaglift models`."""

import datetime
from pathlib import Path
from typing import Any

import click

from flaglift.cli.grouping import GroupedCommand, grouped
from flaglift.cli.options import catalog_options, date, settings_for
from flaglift.errors import InputError
from flaglift.report.output import print_json, print_lines

_output = grouped("Output")


@click.command(
    "models",
    cls=GroupedCommand,
    short_help="List the video models of a catalog edition.",
    epilog="Exit codes: 0 listed, 2 no such model or edition.",
)
@click.argument("name", required=False)
@_output(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    help="Output format.",
)
@_output(
    "--diff",
    "compared",
    nargs=2,
    type=date,
    metavar="OLD NEW",
    help="Print what changed between the editions of two dates.",
)
@catalog_options
def command(
    name: str | None,
    form: str,
    compared: tuple[datetime.date, datetime.date] | None,
    **options: Any,
) -> None:
    """List durations, prices and capabilities of the video models, or of one of them.

    \b
    Examples:
      flaglift models
      flaglift models kling25
      flaglift models --edition 2026-04-29 --format json
      flaglift models --diff 2026-04-29 2026-08-20
    """
    from flaglift.catalog import load_catalog
    from flaglift.report.models import as_dicts, print_models, what_is

    settings = settings_for("-", options)
    if compared:
        _print_differences(*compared, settings.overlay, name, form)
        return
    catalog = load_catalog(settings.edition, settings.overlay)
    models = catalog.models
    if name is not None:
        models = tuple(model for model in models if model.name == name)
        if not models:
            raise InputError(what_is(catalog.find(name), catalog))
    if form == "json":
        print_json(as_dicts(catalog, models))
    else:
        print_models(catalog, models)


def _print_differences(
    old: datetime.date, new: datetime.date, overlay: Path | None, name: str | None, form: str
) -> None:
    """Print the changes between two editions, for all models or for one."""
    from flaglift.catalog import load_catalog
    from flaglift.catalog.differences import differences, sentences

    editions = [load_catalog(day, overlay).edition for day in (old, new)]
    changes = [each for each in differences(*editions) if name in (None, each.name)]
    if form == "json":
        values = [
            {"name": each.name, "change": each.kind, "changes": [*map(list, each.changes)]}
            for each in changes
        ]
        print_json(values)
        return
    said = [
        f"{editions[0].date} to {editions[1].date}",
        *(sentences(changes) or ["nothing changed"]),
    ]
    print_lines((line,) for line in said)
