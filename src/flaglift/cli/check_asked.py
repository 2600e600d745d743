"""What the command line asks of a run of `flaglift check`, and whether there is anything to do."""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import click

from flaglift.cli import EXIT_UNUSABLE, in_one_line
from flaglift.cli.check_files import Project


class Asked(NamedTuple):
    """The options that are about the run; the others are about files and settings."""

    fix: bool
    unsafe_fixes: bool
    diff: bool
    chosen_format: str | None
    reports: tuple[tuple[str, str], ...]
    statistics: bool
    show_prompts: bool
    show_files: bool
    show_settings: bool
    baseline: str | None
    exit_zero: bool

    @property
    def output_format(self) -> str:
        """The format to print: annotations where GitHub runs this and nobody says otherwise."""
        in_action = os.environ.get("GITHUB_ACTIONS") == "true"
        return self.chosen_format or ("github" if in_action else "full")

    @property
    def fixing(self) -> bool:
        """Whether fixes are applied, or would be."""
        return self.fix or self.unsafe_fixes


def check(paths: Sequence[str], options: Mapping[str, Any]) -> int:
    """Check files as the command line says; return the exit code."""
    rest = dict(options)
    asked = Asked(**{name: rest.pop(name) for name in Asked._fields})
    project = Project(paths, rest)
    if asked.show_files or asked.show_settings:
        from flaglift.cli.check_show import show_files, show_settings

        return show_files(project) if asked.show_files else show_settings(project)
    concerned = project.concerned()
    baseline = asked.baseline or project.configuration.files.baseline
    for_people = asked.output_format in ("full", "concise", "github")
    if concerned or asked.reports or asked.statistics or baseline or not for_people:
        from flaglift.cli.check_run import Run

        run = Run(project, asked)
        run.check(concerned, baseline)
        return run.finish()
    # Most runs of a hook end here, and have not loaded a parser.
    for problem in project.problems:
        click.echo(f"flaglift: {in_one_line(problem.text)}", err=True)
    if asked.fixing and not asked.diff:
        sys.stdout.write(project.selection.stdin.decode("utf-8", "surrogateescape"))
    return EXIT_UNUSABLE if any(problem.fatal for problem in project.problems) else 0
