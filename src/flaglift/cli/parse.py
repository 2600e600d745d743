"""`flaglift parse`."""

import click

from flaglift.cli.sources import read_text
from flaglift.report.output import print_json


@click.command(
    "parse",
    short_help="Show how a prompt is read.",
    epilog="Exit codes: 0 shown, 2 usage or input error.",
)
@click.argument("text")
@click.option(
    "--format",
    "form",
    type=click.Choice(["tree", "json"]),
    default="tree",
    help="Output format.",
)
def command(text: str, form: str) -> None:
    """Show how a prompt is read: its syntax tree, with positions in code points.

    \b
    Examples:
      flaglift parse 'a cat --video --duration 5'
      flaglift parse --format json - < prompt.txt
    """
    from flaglift.report.tree import as_dict, print_tree
    from flaglift.syntax import parse

    prompt = parse(read_text(text))
    if form == "json":
        print_json(as_dict(prompt))
    else:
        print_tree(prompt)
