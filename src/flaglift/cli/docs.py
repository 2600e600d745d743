"""`flaglift docs`."""

import click

from flaglift.report.output import print_lines


@click.command(
    "docs",
    short_help="Open the documentation.",
    epilog="Exit codes: 0 opened or printed, 2 no such rule.",
)
@click.argument("code", required=False)
@click.option(
    "--print", "only_print", is_flag=True, help="Print the address instead of opening it."
)
def command(code: str | None, only_print: bool) -> None:
    """Open the documentation in a browser, or the page of a rule, by its code or name.

    The copy that is installed with flaglift is opened. Where there is none, the address of the
    documentation on the web is printed.

    \b
    Examples:
      flaglift docs
      flaglift docs FL402
      flaglift docs --print duration-out-of-range
    """
    import webbrowser

    from flaglift.documentation import installed_page, web_page
    from flaglift.linting.engine import find_rule

    known = None if code is None else find_rule(code).code
    page = installed_page(known)
    address = page.as_uri() if page else web_page(known)
    if only_print or page is None or not webbrowser.open(address):
        print_lines([(address,)])
