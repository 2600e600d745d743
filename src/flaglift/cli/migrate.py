"""`flaglift migrate`."""

from pathlib import Path
from typing import Any

import click

from flaglift.cli import EXIT_FINDINGS, EXIT_INTERRUPTED
from flaglift.cli.grouping import GroupedCommand, grouped
from flaglift.cli.migrate_options import (
    apply_options,
    format_option,
    job_options,
    pace_options,
    report_options,
    run_options,
    source_argument,
)
from flaglift.cli.options import settings_options
from flaglift.report.output import print_json
from flaglift.spelling import nearest

_journals = grouped("Which runs")


class _PlanByDefault(click.Group):
    """`migrate SOURCE` means `migrate plan SOURCE`: the default writes nothing."""

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
        " 2 usage or input error, 130 interrupted: run the same command again to resume."
    ),
)
def command() -> None:
    """Turn the flags of stored prompts into fields, and undo it.

    SOURCE is a file (.jsonl, .ndjson, .json, .csv, .tsv, each also .gz or .zst; .parquet), a
    table (postgresql://, mysql:// or sqlite:/// with #table), or a store of your own
    (python:MODULE:FUNCTION). `plan` is the default and writes nothing.

    \b
    Examples:
      flaglift migrate prompts.jsonl
      flaglift migrate plan prompts.csv --html plan.html
      flaglift migrate apply prompts.jsonl --to modern.jsonl
      flaglift migrate apply postgresql://app@db/shop#prompts --rows-per-second 2000
      flaglift migrate apply --engine spark 'warehouse/*.parquet' --to modern
      flaglift migrate undo postgresql://app@db/shop#prompts
    """


@command.command(
    "plan",
    cls=GroupedCommand,
    epilog="Exit codes: 0 clean, 1 something would be refused or could not be read, 2 usage or "
    "input error, 130 interrupted.",
)
@source_argument
@report_options
@pace_options
@run_options
@job_options
@settings_options
def plan(source: str, **options: Any) -> int:
    """Read everything, report what would change, and write nothing (the default).

    \b
    Examples:
      flaglift migrate plan prompts.jsonl
      flaglift migrate plan 'sqlite:///shop.db#prompts' --html plan.html --refused refused.jsonl
    """
    from flaglift.cli.migrate_outputs import write_document, write_text
    from flaglift.cli.migrate_runs import plan_source
    from flaglift.report.migration import print_plan
    from flaglift.report.migration_html import page

    document, finished = plan_source(source, options)
    if options["save"]:
        write_document(options["save"], document)
    if options["html"]:
        write_text(options["html"], page(document))
    if options["form"] == "json":
        print_json(document, indent=1)
    else:
        print_plan(document)
    if not finished:
        return EXIT_INTERRUPTED
    counts = document["counts"]
    return EXIT_FINDINGS if counts["refused"] or counts["problems"] else 0


@command.command(
    "apply",
    cls=GroupedCommand,
    epilog="Exit codes: 0 nothing is left to translate or --limit was reached, 1 something was "
    "refused or could not be read, 2 usage or input error, 130 interrupted: run the same command "
    "again to resume.",
)
@source_argument
@apply_options
@pace_options
@run_options
@job_options
@settings_options
def apply(source: str, **options: Any) -> int:
    """Apply the migration. If it is interrupted, run the same command again to resume.

    The result of a file is written next to it, or to --to; --replace replaces the file once the
    result is complete. A table is changed in place, chunk by chunk, while others use it.

    \b
    Examples:
      flaglift migrate apply prompts.jsonl --replace
      flaglift migrate apply prompts.csv --jobs 4
      flaglift migrate apply 'sqlite:///shop.db#prompts' --create-columns
      flaglift migrate apply 'postgresql://app@db/shop#prompts' --rows-per-second 2000
    """
    from flaglift.report.migration import print_applied

    if options["sample"] and not options["rehearse"]:
        raise click.UsageError("--sample is for --rehearse; --limit is for a run that is kept")
    options["limit"] = options["sample"] or options["limit"]
    if options["to"] and options["replace"]:
        raise click.UsageError("--to and --replace exclude each other")
    document, finished = _applied(source, options)
    if options["form"] == "json":
        print_json(document, indent=1)
    else:
        print_applied(document)
    if document["drifted"]:
        return EXIT_FINDINGS
    if not finished and document["interrupted"]:
        return EXIT_INTERRUPTED
    counts = document["counts"]
    left = document.get("left")
    if left is not None:  # counted at the end, in the source itself
        return EXIT_FINDINGS if any(left.values()) or counts["problems"] else 0
    return EXIT_FINDINGS if counts["refused"] or counts["problems"] or document.get("failed") else 0


def _applied(source: str, options: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    if options["engine"] == "spark":
        from flaglift.cli.migrate_spark import apply_files

        return apply_files(source, options), True
    from flaglift.cli.migrate_runs import apply_source
    from flaglift.report.migration import print_preflight

    shown = (lambda _: None) if options["form"] == "json" else print_preflight
    return apply_source(source, options, shown)


@command.command(
    "status",
    cls=GroupedCommand,
    epilog="Exit codes: 0 shown, 2 usage or input error.",
)
@source_argument
@format_option
@job_options
def status(source: str, form: str, **options: Any) -> int:
    """Show the runs on a source. Works from another terminal during a run, too.

    \b
    Examples:
      flaglift migrate status prompts.jsonl
      flaglift migrate status 'sqlite:///shop.db#prompts' --format json
    """
    from flaglift.cli.migrate_journals import runs_of

    return _show_runs(runs_of(source, options), source, form)


@command.command("runs", cls=GroupedCommand, epilog="Exit codes: 0 shown, 2 usage or input error.")
@source_argument
@format_option
@job_options
def runs(source: str, form: str, **options: Any) -> int:
    """Show the runs on a source and the size of their journals.

    \b
    Examples:
      flaglift migrate runs prompts.jsonl
      flaglift migrate runs 'sqlite:///shop.db#prompts' --format json
    """
    from flaglift.cli.migrate_journals import journals_of

    return _show_runs(journals_of(source, options), source, form)


def _show_runs(shown: list[dict[str, Any]], source: str, form: str) -> int:
    from flaglift.report.migration import print_runs

    if form == "json":
        print_json(shown, indent=1)
    else:
        print_runs(source_name(shown, source), shown)
    return 0


@command.command(
    "purge",
    cls=GroupedCommand,
    epilog="Exit codes: 0 deleted, 2 usage or input error.",
)
@source_argument
@_journals("--run", "runs", multiple=True, metavar="RUN", help="Delete the journal of this run.")
@_journals(
    "--before",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Delete journals last written before this day.",
)
@_journals("--all", "every", is_flag=True, help="Delete all journals.")
@job_options
def purge(source: str, **options: Any) -> int:
    """Delete journals, which hold the old prompts. Their runs can no longer be undone.

    \b
    Examples:
      flaglift migrate purge prompts.jsonl --all
      flaglift migrate purge 'sqlite:///shop.db#prompts' --before 2027-01-01
    """
    from flaglift.cli.migrate_journals import purge_source
    from flaglift.report.migration import print_purged

    if not (options["runs"] or options["before"] or options["every"]):
        raise click.UsageError("name journals with --run, --before or --all; `runs` lists them")
    print_purged(purge_source(source, options))
    return 0


@command.command(
    "verify",
    cls=GroupedCommand,
    epilog="Exit codes: 0 the journal and the source agree, 1 they differ, 2 usage or input error.",
)
@source_argument
@job_options
def verify(source: str, **options: Any) -> int:
    """Compare the source with the journal.

    \b
    Examples:
      flaglift migrate verify prompts.jsonl
      flaglift migrate verify 'sqlite:///shop.db#prompts'
    """
    from flaglift.cli.migrate_runs import verify_source
    from flaglift.report.migration import print_checks

    held, broken = verify_source(source, options)
    print_checks(held, broken)
    return EXIT_FINDINGS if broken else 0


@command.command(
    "undo",
    cls=GroupedCommand,
    epilog="Exit codes: 0 everything was restored, 1 some records were edited since, or would not "
    "read as before, 2 usage or input error, 130 interrupted.",
)
@source_argument
@_journals("--run", "back_to", metavar="RUN", help="Undo this run and all later ones.")
@pace_options
@job_options
def undo(source: str, **options: Any) -> int:
    """Restore what all runs changed, byte for byte. Later edits are listed, not touched.

    \b
    Examples:
      flaglift migrate undo prompts.jsonl
      flaglift migrate undo 'sqlite:///shop.db#prompts'
    """
    from flaglift.cli.migrate_runs import undo_source
    from flaglift.report.migration import print_undone

    document, finished = undo_source(source, options)
    print_undone(document)
    if not finished:
        return EXIT_INTERRUPTED
    return 0 if document["whole"] else EXIT_FINDINGS


def source_name(runs: list[dict[str, Any]], source: str) -> str:
    """Return the display name of a source: a path, or its runs' name; never a password."""
    return str(runs[0]["source"]) if runs else (source if "://" not in source else "the table")
