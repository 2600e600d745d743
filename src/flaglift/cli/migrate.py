"""`flaglift migrate`."""

import json
from pathlib import Path
from typing import Any

import click

from flaglift.cli import EXIT_FINDINGS, EXIT_INTERRUPTED
from flaglift.cli.migrate_options import (
    apply_options,
    job_options,
    pace_options,
    report_options,
    run_options,
    source_argument,
)
from flaglift.cli.options import settings_options
from flaglift.spelling import nearest


class _PlanByDefault(click.Group):
    """`migrate SOURCE` is `migrate plan SOURCE`: what writes nothing needs no name."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            close = nearest(args[0], self.commands)
            if close and not Path(args[0]).exists():
                ctx.fail(f"No such command or file '{args[0]}'. Did you mean '{close}'?")
            args = ["plan", *args]
        return super().parse_args(ctx, args)


@click.group(
    "migrate",
    cls=_PlanByDefault,
    short_help="Turn stored prompts into fields: files and databases.",
    epilog=(
        "Exit codes: 0 clean, 1 something was refused, could not be read or differs,"
        " 2 usage or input error, 130 interrupted: the same command goes on."
    ),
)
def command() -> None:
    """Turn stored prompts with flags in their text into modern fields, and take it back.

    SOURCE is a file (.jsonl, .ndjson, .json, .csv, .tsv, each also .gz or .zst; .parquet) or a
    table (postgresql://, mysql:// or sqlite:/// with #table). `plan` is the default and writes
    nothing.

    \b
    Examples:
      flaglift migrate prompts.jsonl
      flaglift migrate plan prompts.csv --html plan.html
      flaglift migrate apply prompts.jsonl --to modern.jsonl
      flaglift migrate apply postgresql://app@db/shop#prompts --rows-per-second 2000
      flaglift migrate apply --engine spark 'warehouse/*.parquet' --to modern
      flaglift migrate undo postgresql://app@db/shop#prompts
    """


@command.command("plan")
@source_argument
@report_options
@pace_options
@run_options
@job_options
@settings_options
def plan(source: str, **options: Any) -> int:
    """Read everything, say what would become of it, write nothing (the default)."""
    from flaglift.cli.migrate_runs import plan_source, told
    from flaglift.report.migration import print_plan
    from flaglift.report.migration_html import page

    document, finished = plan_source(source, options)
    if options["save"]:
        told(options["save"], json.dumps(document, ensure_ascii=False, indent=1))
    if options["html"]:
        told(options["html"], page(document))
    if options["form"] == "json":
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        print_plan(document)
    if not finished:
        return EXIT_INTERRUPTED
    counts = document["counts"]
    return EXIT_FINDINGS if counts["refused"] or counts["problems"] else 0


@command.command("apply")
@source_argument
@apply_options
@pace_options
@run_options
@job_options
@settings_options
def apply(source: str, **options: Any) -> int:
    """Write what the plan says; killed or stopped, the same command goes on from there.

    A file's result is written beside it, or to --to; --replace puts it in the file's place when it
    is complete. A table is changed in place, chunk by chunk, while others use it.
    """
    from flaglift.report.migration import print_applied

    if options["sample"] and not options["rehearse"]:
        raise click.UsageError("--sample is for --rehearse; --limit is for a run that is kept")
    options["limit"] = options["sample"] or options["limit"]
    if options["to"] and options["replace"]:
        raise click.UsageError("--to and --replace exclude each other")
    document, finished = _applied(source, options)
    if options["form"] == "json":
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        print_applied(document)
    if document["drifted"]:
        return EXIT_FINDINGS
    if not finished and document["interrupted"]:
        return EXIT_INTERRUPTED
    counts = document["counts"]
    left = document.get("left")
    if left is not None:  # counted at the end, in the source itself
        return EXIT_FINDINGS if any(left.values()) else 0
    return EXIT_FINDINGS if counts["refused"] or counts["problems"] or document.get("failed") else 0


def _applied(source: str, options: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    if options["engine"] == "spark":
        from flaglift.cli.migrate_spark import apply_files

        return apply_files(source, options), True
    from flaglift.cli.migrate_runs import apply_source

    return apply_source(source, options)


@command.command("status")
@source_argument
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@job_options
def status(source: str, form: str, **options: Any) -> int:
    """Show the runs on a source; also from another terminal, while one goes."""
    from flaglift.cli.migrate_journals import runs_of
    from flaglift.report.migration import print_runs

    runs = runs_of(source, options)
    if form == "json":
        click.echo(json.dumps(runs, ensure_ascii=False, indent=1))
    else:
        print_runs(source_name(runs, source), runs)
    return 0


@command.command("runs")
@source_argument
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@job_options
def runs(source: str, form: str, **options: Any) -> int:
    """Show the runs on a source and the size of their journals."""
    from flaglift.cli.migrate_journals import journals_of
    from flaglift.report.migration import print_runs

    found = journals_of(source, options)
    if form == "json":
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        print_runs(source_name(found, source), found)
    return 0


@command.command("purge")
@source_argument
@click.option("--run", "runs", multiple=True, metavar="RUN", help="The journal of this run.")
@click.option("--before", type=click.DateTime(["%Y-%m-%d"]), help="Of runs last written before.")
@click.option("--all", "every", is_flag=True, help="Of all runs.")
@job_options
def purge(source: str, **options: Any) -> int:
    """Delete journals, which hold the old prompts; their runs can then not be taken back."""
    from flaglift.cli.migrate_journals import purge_source
    from flaglift.report.migration import print_purged

    if not (options["runs"] or options["before"] or options["every"]):
        raise click.UsageError("name journals with --run, --before or --all; `runs` lists them")
    print_purged(purge_source(source, options))
    return 0


@command.command("verify")
@source_argument
@job_options
def verify(source: str, **options: Any) -> int:
    """Compare the journal with what is there now."""
    from flaglift.cli.migrate_runs import verify_source
    from flaglift.report.migration import print_checks

    held, broken = verify_source(source, options)
    print_checks(held, broken)
    return EXIT_FINDINGS if broken else 0


@command.command("undo")
@source_argument
@click.option("--run", "back_to", metavar="RUN", help="Take back this run and what came after it.")
@pace_options
@job_options
def undo(source: str, **options: Any) -> int:
    """Restore what all runs changed, to the byte; what was edited since is listed, not touched."""
    from flaglift.cli.migrate_runs import undo_source
    from flaglift.report.migration import print_undone

    document, finished = undo_source(source, options)
    print_undone(document)
    if not finished:
        return EXIT_INTERRUPTED
    return EXIT_FINDINGS if document["left"] else 0


def source_name(runs: list[dict[str, Any]], source: str) -> str:
    """Return what to call a source: a path, or the name of its runs; never a password."""
    return str(runs[0]["source"]) if runs else (source if "://" not in source else "the table")
