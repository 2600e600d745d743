"""`flaglift traffic`."""

import json
import time
from pathlib import Path

import click

from flaglift.cli import EXIT_FINDINGS


@click.command(
    "traffic",
    short_help="Tell who still sends flags through the proxy.",
    epilog="Exit codes: 0 nobody did, and the proxy ran all the time; 1 otherwise; 2 usage error.",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--hours",
    type=click.IntRange(1, 24 * 366),
    default=24,
    show_default=True,
    help="How far to look back.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="Text, or JSON."
)
def command(file: Path, hours: int, form: str) -> int:
    """Tell who still sends flags, from the file that `flaglift serve --traffic` writes.

    \b
    Examples:
      flaglift traffic traffic.db
      flaglift traffic traffic.db --hours 168 && echo "the proxy can go"
    """
    from flaglift.shim.proxy.traffic import HOUR, Store

    with Store(file, create=False) as store:
        report = store.report(hours)
    if form == "json":
        click.echo(json.dumps(report.to_dict(), ensure_ascii=False, indent=2))
        return 0 if report.clean else EXIT_FINDINGS
    for row in report.rows:
        if row.legacy or row.unread:
            seen = time.strftime("%Y-%m-%d %H:00Z", time.gmtime(row.last))
            click.echo(
                f"{row.route}  {row.caller}  {row.agent}: {row.legacy} prompts with flags "
                f"({row.kept} not translated), {row.unread} requests not read, last {seen}"
            )
    if report.clean:
        click.echo(f"nobody sent flags in the last {hours} hours")
    if not report.complete:
        ran, asked = report.watched / HOUR, report.seconds / HOUR
        click.echo(f"the proxy ran for {ran:.1f} of the last {asked:.1f} hours", err=True)
    return 0 if report.clean else EXIT_FINDINGS
