"""`flaglift traffic`."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flaglift.cli import EXIT_FINDINGS, tell
from flaglift.cli.grouping import GroupedCommand, grouped
from flaglift.cli.paths import NamedPath
from flaglift.report.output import print_json, print_lines

if TYPE_CHECKING:
    from flaglift.shim.proxy.report import TrafficRow


_output = grouped("Output")


@click.command(
    "traffic",
    cls=GroupedCommand,
    short_help="List the callers that still send flags.",
    epilog="Exit codes: 0 nobody sends flags, and the proxy ran all the time; 1 otherwise; 2 usage "
    "error.",
)
@click.argument("file", type=NamedPath())
@_output(
    "--hours",
    type=click.IntRange(1, 24 * 366),
    default=24,
    help="Hours to look back.",
)
@_output(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="Output format."
)
def command(file: Path, hours: int, form: str) -> int:
    """List the callers that still send flags, from the file that `flaglift serve --traffic` writes.

    Callers that no longer send flags are listed with the last time they did. Counts are kept by
    the hour, so the first hour may include requests from before the period.

    \b
    Examples:
      flaglift traffic traffic.db
      flaglift traffic traffic.db --hours 168 && echo "the proxy can go"
    """
    from flaglift.shim.proxy.report import HOUR
    from flaglift.shim.proxy.traffic import TrafficStore

    with TrafficStore(file, reads=True) as store:
        report = store.report(hours)
    if form == "json":
        print_json(report.to_dict())
    else:
        rows = sorted(report.rows, key=lambda row: (-row.legacy, -row.unread.total()))
        print_lines((_line(row),) for row in rows if row.last)
        if report.clean:
            print_lines([(f"nobody sent flags in the last {_count(hours, 'hour')}",)])
    for run in report.lost:
        tell(f"a worker ended at {_time(run.seen)} and lost what it counted last")
    if not report.covered:
        ran = report.watched / HOUR
        tell(
            f"the proxy ran, with all its workers, for {ran:.1f} of the last "
            f"{_count(hours, 'hour')}"
        )
    return 0 if report.clean else EXIT_FINDINGS


def _line(row: "TrafficRow") -> str:
    who = f"{row.route}  {row.caller}  {row.agent}"
    if row.silent:
        return f"{who}: silent since {_time(row.last)}"
    reasons = ", ".join(f"{reason} {count}" for reason, count in row.unread.most_common())
    unread = f"{_count(row.unread.total(), 'request')} not read" + (reasons and f" ({reasons})")
    legacy = f"{_count(row.legacy, 'prompt')} with flags ({row.kept} not translated)"
    return f"{who}: {legacy}, {unread}, last {_time(row.last)}"


def _count(number: float, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _time(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(moment))
