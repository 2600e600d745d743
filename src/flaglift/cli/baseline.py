"""`flaglift baseline`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flaglift.cli import EXIT_UNUSABLE, tell
from flaglift.cli.check_files import Project, file_options
from flaglift.cli.grouping import GroupedCommand, grouped
from flaglift.cli.paths import NamedPath

if TYPE_CHECKING:
    from flaglift.report.record import LocatedFinding
    from flaglift.settings import Settings


@click.group(
    "baseline",
    short_help="Accept today's findings, so that only new ones count.",
    epilog="Exit codes: those of the command that is run.",
)
def command() -> None:
    """Accept today's findings, so that only new ones count.

    An entry is a prompt and a rule. It still counts if the prompt is moved, copied or quoted
    differently.

    \b
    Examples:
      flaglift baseline write
      flaglift check --baseline flaglift-baseline.json
      flaglift baseline prune
    """


_FILE = grouped("The baseline")(
    "--baseline",
    type=NamedPath(str),
    help="File of the baseline. [default: flaglift-baseline.json]",
)


@command.command(
    "write",
    cls=GroupedCommand,
    short_help="Write a baseline of all current findings.",
    epilog="Exit codes: 0 written, 2 usage or input error, or a file could not be read.",
)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@_FILE
@file_options
def write(paths: tuple[str, ...], baseline: str | None, **options: Any) -> int:
    """Write a baseline of all findings in the paths, or in the current directory.

    \b
    Examples:
      flaglift baseline write
      flaglift baseline write src/ --baseline src/known.json
    """
    from flaglift.check.baseline import baseline_of, refuse_other_files
    from flaglift.report.text import counted

    project = Project(paths, options)
    path = _path(project, baseline)
    refuse_other_files(path)
    records = _records(project)
    accepted = baseline_of(records)
    _save(path, accepted.text())
    entries = f"{len(accepted.entries)} entr{'y' if len(accepted.entries) == 1 else 'ies'}"
    hint = "" if project.configuration.files.baseline else f"; use it with --baseline {path}"
    tell(f"{path}: {entries} for {counted(len(records), 'finding')}{hint}")
    return EXIT_UNUSABLE if project.problems else 0


@command.command(
    "prune",
    cls=GroupedCommand,
    short_help="Remove entries that are no longer found.",
    epilog="Exit codes: 0 written, 2 usage or input error, or a file could not be read.",
)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@_FILE
@file_options
def prune(paths: tuple[str, ...], baseline: str | None, **options: Any) -> int:
    """Remove entries from the baseline that nothing in the paths reports any more.

    Give all paths that the baseline covers. The default is the current directory. Entries of rules
    that do not run stay.

    \b
    Examples:
      flaglift baseline prune
    """
    from flaglift.check.baseline import key_of, read_baseline

    if options["staged"] or options["since"] is not None:
        raise click.UsageError(
            "--staged and --since leave out files, so nothing can be pruned with them."
        )
    project = Project(paths, options)
    path = _path(project, baseline)
    old = read_baseline(path)
    keys = {key_of(record) for record in _records(project)}
    if project.problems:
        return EXIT_UNUSABLE  # entries that seem gone may be in files that could not be read
    idle = _idle_rules(project.configuration.settings)
    stale = {key for key in old.keys - keys if key.code not in idle}
    if stale:
        _save(path, old.without(stale).text())
    tell(f"{path}: {len(stale)} removed, {len(old.keys) - len(stale)} left")
    return 0


def _records(project: Project) -> "list[LocatedFinding]":
    from flaglift.check.job import Task

    records = []
    for outcome in project.outcomes(project.concerned(), Task()):
        records += outcome.inspection.records
        if outcome.problem:
            project.problems.append(outcome.problem)
    project.say_problems()
    return records


def _idle_rules(settings: "Settings") -> frozenset[str]:
    """Return the codes of the rules that do not run, of which nothing is known."""
    from flaglift.linting.engine import selected

    return selected((), ()) - selected(settings.select, settings.ignore)


def _path(project: Project, given: str | None) -> Path:
    from flaglift.check.baseline import DEFAULT_NAME

    configured = project.configuration.files.baseline
    return Path(given or (os.path.relpath(configured) if configured else DEFAULT_NAME))


def _save(path: Path, text: str) -> None:
    from flaglift.check.writing import create_file

    create_file(path, text.encode())
