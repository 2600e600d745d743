"""`flaglift check`."""

import sys
from dataclasses import fields
from typing import Any

import click

from flaglift.cli.check_files import CheckOptions, Project, file_options

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
    short_help="Lint the prompts in files, and fix them.",
    epilog="Exit codes: 0 clean, 1 findings or a diff, 2 usage or input error.",
)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--fix", is_flag=True, help="Apply the safe fixes.")
@click.option(
    "--unsafe-fixes",
    is_flag=True,
    help="Apply the unsafe fixes too, and move flags to fields where there is a place for them.",
)
@click.option("--diff", is_flag=True, help="Print what the fixes would change; write nothing.")
@click.option("--watch", is_flag=True, help="Check again whenever a file changes.")
@click.option(
    "--output-format",
    "chosen_format",
    type=click.Choice(FORMATS),
    help="What is printed; `full` unless GitHub Actions runs this.",
)
@click.option(
    "--report",
    "reports",
    multiple=True,
    type=_report,
    metavar="FORMAT=FILE",
    help="Write the findings to a file too; may be given several times.",
)
@click.option("--statistics", is_flag=True, help="Print counts by rule, model and flag, and costs.")
@click.option("--show-prompts", is_flag=True, help="List what may be a prompt, and why it is one.")
@click.option("--show-files", is_flag=True, help="List the files that would be checked.")
@click.option("--show-settings", is_flag=True, help="Print the settings of each path.")
@click.option("--baseline", type=click.Path(), help="Do not report what this file lists.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "info"]),
    help="The least severity that makes the exit code 1; `warning` unless configured.",
)
@click.option(
    "--fail-on-unread",
    is_flag=True,
    help="Exit with 2 if flags are spelt in files of kinds that are not read.",
)
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if there are findings.")
@file_options
def command(paths: tuple[str, ...], watch: bool, **options: Any) -> int:
    """Lint the prompts in files: in text, one a line; in code and data, in its strings.

    Without a path, the current folder. Below a folder, files that git ignores are left out. `-`
    reads standard input; with --fix the fixed text then goes to standard output and the findings
    to standard error.

    \b
    Examples:
      flaglift check
      flaglift check --diff src/ prompts.txt
      flaglift check --fix --select FL1,FL2 prompts.txt
      flaglift check --since main --report sarif=flaglift.sarif
      flaglift check --blocks gallery.txt --edition 2026-04-29
      flaglift check --stdin-filename page.md - < page.md
    """
    chosen = CheckOptions(**{each.name: options.pop(each.name) for each in fields(CheckOptions)})

    def project() -> Project:
        return Project(paths, options, [path for _, path in chosen.reports])

    if watch:
        from flaglift.cli.check_watch import watch_and

        watch_and(paths, project, lambda files: _check(files, chosen))
    return _check(project(), chosen)


def _check(project: Project, options: CheckOptions) -> int:
    """Check files as the command line says; return the exit code."""
    if options.show_files or options.show_settings:
        return project.show_files() if options.show_files else project.show_settings()
    concerned = project.concerned()
    baseline = options.baseline or project.configuration.files.baseline
    if concerned or baseline or options.always_prints:
        from flaglift.cli.check_run import CheckRun

        run = CheckRun(project, options)
        run.check(concerned, baseline)
        return run.finish()
    # Most runs of a hook end here, and have not loaded a parser.
    if options.fixing and not options.diff:
        sys.stdout.write(project.selection.stdin.decode("utf-8", "surrogateescape"))
    unread = project.say_unread(fail=options.fail_on_unread)
    return max(project.say_problems(), unread)
