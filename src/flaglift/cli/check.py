"""`flaglift check`."""

import datetime
import os
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from flaglift.cli.check_files import CheckOptions, KnownFinding, Project, file_options
from flaglift.cli.grouping import GroupedCommand, grouped
from flaglift.cli.options import date
from flaglift.cli.paths import NamedPath
from flaglift.report.output import put

_fixing = grouped("Fixing")
_output = grouped("Output")
_counted = grouped("Which findings count")

FORMATS = (
    "full",
    "concise",
    "json",
    "jsonl",
    "sarif",
    "github",
    "gitlab",
    "junit",
    "rdjson",
)


def _report(value: str) -> tuple[str, str]:
    form, sign, path = value.partition("=")
    if not sign or not path or form not in FORMATS:
        raise click.BadParameter(f"{value!r}: write FORMAT=FILE; formats are {', '.join(FORMATS)}")
    return form, path


@click.command(
    "check",
    cls=GroupedCommand,
    short_help="Lint the prompts in files, and fix them.",
    epilog="Exit codes: 0 clean, 1 findings or a diff, 2 usage or input error.",
)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@_fixing("--fix", is_flag=True, help="Apply the safe fixes.")
@_fixing(
    "--unsafe-fixes",
    is_flag=True,
    help="Apply the unsafe fixes too, and move flags to fields where that is certain.",
)
@_fixing("--diff", is_flag=True, help="Print what the fixes would change, and write nothing.")
@_fixing("--watch", is_flag=True, help="Check again whenever a file changes.")
@_output(
    "--output-format",
    "chosen_format",
    type=click.Choice(FORMATS),
    help="Output format. [default: full; in GitHub Actions: github]",
)
@_output(
    "--report",
    "reports",
    multiple=True,
    type=_report,
    metavar="FORMAT=FILE",
    help="Write the findings to a file, too. May be repeated.",
)
@_output("--statistics", is_flag=True, help="Print counts by rule, model and flag, and costs.")
@_output("--show-prompts", is_flag=True, help="List what is taken for a prompt, and why.")
@_output("--show-files", is_flag=True, help="List the files that would be checked.")
@_output("--show-settings", is_flag=True, help="Print the settings of each path.")
@_counted("--baseline", type=NamedPath(str), help="Do not report the findings listed in this file.")
@_counted(
    "--fail-on",
    type=click.Choice(["error", "warning", "info"]),
    help="Lowest severity that makes the exit code 1. [default: warning]",
)
@_counted(
    "--fail-on-unread",
    is_flag=True,
    help="Exit with 2 if a file of a kind that is not read contains flags.",
)
@_counted(
    "--since-edition",
    type=date,
    metavar="DATE",
    help="Report only what the catalog edition of this date would not, or would report otherwise.",
)
@_counted("--exit-zero", is_flag=True, help="Exit with 0 even if there are findings.")
@file_options
def command(
    paths: tuple[str, ...], watch: bool, since_edition: datetime.date | None, **options: Any
) -> int:
    """Lint the prompts in files: the lines of text files, and the strings in code and data.

    Without a PATH, the current directory is checked. In directories, files that git ignores are
    skipped. `-` reads standard input; with --fix, the fixed text goes to standard output and the
    findings go to standard error.

    \b
    Examples:
      flaglift check
      flaglift check --diff src/ prompts.txt
      flaglift check --fix --select FL1,FL2 prompts.txt
      flaglift check --since main --report sarif=flaglift.sarif
      flaglift check --blocks gallery.txt --edition 2026-04-29
      flaglift check --stdin-filename page.md - < page.md
      flaglift check --since-edition 2026-04-29
    """
    chosen = CheckOptions(**{each.name: options.pop(each.name) for each in fields(CheckOptions)})

    def project() -> Project:
        return Project(paths, options, [path for _, path in chosen.reports])

    if since_edition:
        if watch or chosen.fixing or chosen.diff or "-" in paths:
            raise click.UsageError(
                "--since-edition compares two editions, so it cannot be combined with fixes, "
                "--watch or `-`"
            )
        from flaglift.cli.check_run import findings_of

        before = findings_of(Project(paths, {**options, "edition": since_edition}))
        return _check(project(), chosen, before)
    if watch:
        from flaglift.cli.check_watch import watch_and

        watch_and(paths, project, lambda files: _check(files, chosen))
    return _check(project(), chosen)


def _refuse_overwriting(reports: Iterable[str], read: Iterable[str | Path]) -> None:
    """Raise `UsageError` for a report in place of a file that the run reads, or of another."""
    taken = {os.path.realpath(path) for path in read}
    for report in reports:
        path = os.path.realpath(report)
        if path in taken:
            raise click.UsageError(
                f"--report {report} would overwrite a file of this run; give it a name of its own"
            )
        taken.add(path)


def _check(
    project: Project, options: CheckOptions, known: frozenset[KnownFinding] = frozenset()
) -> int:
    """Check files as the options say, without known findings; return the exit code."""
    if options.show_files or options.show_settings:
        return project.show_files() if options.show_files else project.show_settings()
    configuration = project.configuration
    baseline = options.baseline or configuration.files.baseline
    read = (*project.paths, baseline, configuration.source, configuration.settings.overlay)
    _refuse_overwriting([path for _, path in options.reports], filter(None, read))
    concerned = project.concerned()
    if concerned or baseline or options.always_prints:
        from flaglift.cli.check_run import CheckRun

        run = CheckRun(project, options, known)
        run.check(concerned, baseline)
        return run.finish()
    # Most hook runs end here, without having loaded a parser.
    if options.fixing and not options.diff:
        put(project.selection.stdin.decode("utf-8", "surrogateescape"))
    unread = project.say_unread(fail=options.fail_on_unread)
    return max(project.say_problems(), unread)
