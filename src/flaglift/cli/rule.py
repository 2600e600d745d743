"""`flaglift rule`."""

import click

from flaglift.report.output import print_json


@click.command(
    "rule",
    short_help="Explain a rule, or list all rules.",
    epilog="Exit codes: 0 shown, 2 no such rule.",
)
@click.argument("code", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="Output format.",
)
def command(code: str | None, form: str) -> None:
    """Explain a rule, by its code or name. Without one, list all rules.

    \b
    Examples:
      flaglift rule
      flaglift rule FL402
      flaglift rule duration-out-of-range --format json
    """
    from flaglift.linting.engine import find_rule
    from flaglift.report.rules import as_dict, print_page, print_rules
    from flaglift.rules import RULES

    rules = RULES if code is None else (find_rule(code),)
    if form == "json":
        documents = [as_dict(rule) for rule in rules]
        shown = documents if code is None else documents[0]
        print_json(shown)
    elif code is None:
        print_rules(rules)
    else:
        print_page(rules[0])
