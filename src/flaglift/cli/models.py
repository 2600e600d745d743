"""`flaglift models`."""

import json
from typing import Any

import click

from flaglift.cli.grouping import GroupedCommand, grouped
from flaglift.cli.options import catalog_options, settings_for
from flaglift.errors import InputError

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
@catalog_options
def command(name: str | None, form: str, **options: Any) -> None:
    """List durations, prices and capabilities of the video models, or of one of them.

    \b
    Examples:
      flaglift models
      flaglift models kling25
      flaglift models --edition 2026-04-29 --format json
    """
    from flaglift.catalog import load_catalog
    from flaglift.report.models import as_dicts, print_models, what_is

    settings = settings_for("-", options)
    catalog = load_catalog(settings.edition, settings.overlay)
    models = catalog.models
    if name is not None:
        models = tuple(model for model in models if model.name == name)
        if not models:
            raise InputError(what_is(catalog.find(name), catalog))
    if form == "json":
        click.echo(json.dumps(as_dicts(catalog, models), ensure_ascii=False, indent=2))
    else:
        print_models(catalog, models)
