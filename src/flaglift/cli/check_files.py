"""The options and files of a run of `flaglift check` or `flaglift baseline`."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from flaglift.check.configuration import Configuration, Configurations, validate
from flaglift.check.patterns import Patterns
from flaglift.check.selecting import Concerned, Selection
from flaglift.check.walking import STDIN, FileTarget, Walk, missing
from flaglift.cli import EXIT_UNUSABLE, tell
from flaglift.cli.grouping import grouped
from flaglift.cli.options import settings_options, with_given
from flaglift.cli.sources import is_one_of, redirected, standard_input
from flaglift.report.output import print_lines

if TYPE_CHECKING:
    from flaglift.check.job import FileOutcome, Task

F = TypeVar("F", bound=Callable[..., Any])

_files = grouped("What is checked")
_FILES = (
    _files("--lines", "form", flag_value="lines", help="Each line of a text file is one prompt."),
    _files("--whole", "form", flag_value="whole", help="Each text file is one prompt."),
    _files(
        "--blocks",
        "form",
        flag_value="blocks",
        help="Blank lines separate the prompts of a text file.",
    ),
    _files(
        "--force-exclude",
        is_flag=True,
        help="Apply `exclude` to files given on the command line too.",
    ),
    _files(
        "--stdin-filename", metavar="NAME", help="File name that stands for standard input (`-`)."
    ),
    _files("--staged", is_flag=True, help="Check only files staged for the next commit."),
    _files("--since", metavar="REF", help="Check only files changed since this commit or branch."),
    _files("--no-cache", is_flag=True, help="Do not use the cache."),
    _files("-j", "--jobs", type=click.IntRange(1), help="Number of processes."),
)
"""The options for which files to read, and how."""


def file_options(command: F) -> F:
    """Add the options for which files are checked, and with which settings."""
    command = settings_options(command)
    for option in reversed(_FILES):
        command = option(command)
    return command


KnownFinding = tuple[tuple[str, str], str]
"""A prompt and a rule, as identified in a baseline, and the message."""


@dataclass(frozen=True)
class CheckOptions:
    """The options for the run as a whole; the others are for files and settings."""

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
    fail_on_unread: bool

    @property
    def output_format(self) -> str:
        """The output format: by default annotations in GitHub Actions."""
        in_action = os.environ.get("GITHUB_ACTIONS") == "true"
        return self.chosen_format or ("github" if in_action else "full")

    @property
    def fixing(self) -> bool:
        """Whether fixes are applied, or would be."""
        return self.fix or self.unsafe_fixes

    @property
    def always_prints(self) -> bool:
        """Whether there is something to print even if no file contains a flag."""
        for_people = self.output_format in ("full", "concise", "github")
        return bool(self.reports) or self.statistics or not for_people


class Project:
    """The files of one run, with their configurations.

    Removes the options for files from `options`; the remaining ones must be settings.
    """

    def __init__(
        self, paths: Sequence[str], options: Mapping[str, Any], reports: Sequence[str] = ()
    ) -> None:
        self.paths = paths
        """As the user names them; empty for the current folder."""
        self.problems: list[str] = []
        """One sentence for each file or folder that could not be read."""
        self.notes: list[str] = []
        """Other messages on how the files were found."""
        options = dict(options)
        self._staged = options.pop("staged")
        self._since = options.pop("since")
        if self._staged and self._since is not None:
            raise click.UsageError("--staged and --since cannot be combined.")
        if (self._staged or self._since is not None) and "-" in paths:
            raise click.UsageError("--staged and --since name files, so `-` cannot be one of them.")
        self._cached = not options.pop("no_cache")
        self._processes = options.pop("jobs")
        form, forced, name = (options.pop(k) for k in ("form", "force_exclude", "stdin_filename"))
        _validate(options)
        self.selection: Selection = Selection(
            Configurations(
                options["config"],
                isolated=options["isolated"],
                change=lambda settings: with_given(settings, options),
            ),
            form=form,
            force_exclude=forced,
            stdin_name=name or STDIN,
        )
        self._reports = frozenset(map(os.path.realpath, reports))
        self._report_names = frozenset(map(os.path.basename, (*reports, *self._reports)))
        if name and "-" not in paths:
            raise click.UsageError("--stdin-filename names standard input: give `-` as a path too.")

    @property
    def configuration(self) -> Configuration:
        """That of the current folder, which configures the run as a whole."""
        return self.selection.configuration("-")

    def targets(self) -> list[FileTarget]:
        """Return the files to check; raises `InputError` if git fails to list them."""
        walk = Walk()
        if self._staged or self._since is not None:
            from flaglift.check import git
            from flaglift.check.staged import Blobs

            if self._staged:
                self.selection.blobs = Blobs(os.curdir)
                changes = git.staged(os.curdir)
            else:
                changes = git.changed_since(os.curdir, self._since)
            targets = walk.changed(changes, self.paths)
        else:
            targets = walk.targets(self.paths or [os.curdir])
            outputs = redirected()
            if self._report_names or outputs:
                targets = [each for each in targets if not self._is_output(each, outputs)]
        self.problems += walk.problems
        self.notes += walk.notes
        self.notes += [
            f"{folder}: is another repository, so it is not looked into; name it to check it"
            for folder in walk.repositories
            if not self.selection.excludes_folder(folder)
        ]
        return targets

    def _is_output(self, target: FileTarget, outputs: list[os.stat_result]) -> bool:
        """Return whether a file found in a folder is written by this run."""
        path = target.path
        # Resolving is slow.
        is_report = os.path.basename(path) in self._report_names and (
            os.path.realpath(path) in self._reports
        )
        return not target.named and (is_report or is_one_of(path, outputs))

    def covers(self, folder: str) -> bool:
        """Return whether every file in a folder is checked."""
        if self._staged or self._since is not None:
            return False
        here = os.path.join(os.path.realpath(folder), "")
        folders = [path for path in self.paths or [os.curdir] if os.path.isdir(path)]
        return any(here.startswith(os.path.join(os.path.realpath(each), "")) for each in folders)

    def watched(self) -> list[str]:
        """Return the files to watch: a change to any of them requires another run."""
        configurations = [each.source for each in self.selection.configurations.used]
        files = [each.path for each in self.targets() if self.selection.reads(each)]
        return [*files, *(str(path) for path in configurations if path)]

    def concerned(self) -> list[Concerned]:
        """Return the files that may contain flags; unreadable files are recorded as problems."""
        if "-" in self.paths:
            self.selection.stdin = standard_input()
        files = []
        with self._reading() as targets:
            for each in self.selection.concerned(targets):
                if isinstance(each, Concerned):
                    files.append(each)
                elif each not in self.problems:
                    self.problems.append(each)
        return files

    @contextmanager
    def _reading(self) -> "Iterator[list[FileTarget]]":
        """Provide the files to check; afterwards, end the git that reads what is staged of them."""
        targets = self.targets()
        try:
            yield targets
        finally:
            if self.selection.blobs:
                self.selection.blobs.close()

    def outcomes(self, concerned: Sequence[Concerned], task: "Task") -> "Iterator[FileOutcome]":
        """Run a task on files.

        Raises `ConfigError` or `CatalogError` for unusable settings, before any file is touched.
        """
        from flaglift.check.cache import Cache, default_folder
        from flaglift.check.running import recall, run

        jobs = [self.selection.job(each) for each in concerned]
        cache = None
        folder = default_folder()
        if folder and self._cached and not task.changes:
            cache = Cache(folder, replacements=task.replacements)
        yield from run(jobs, recall(jobs, cache), task, cache, self._processes)

    def show_files(self) -> int:
        """Print the files that would be read for prompts, one per line; return the exit code.

        Files with flag spellings that would not be read go to standard error.
        """
        with self._reading() as targets:
            for target in targets:
                problem = target.named and target.path != "-" and missing(target.path)
                if problem:
                    self.problems.append(f"{target.path}: {problem}")
                elif self.selection.may_read(target):
                    print_lines([(target.path,)])
        for path in self.selection.unread.holding:
            tell(f"not read, and holds flag spellings: {path}")
        return self.say_problems()

    def say_unread(self, *, fail: bool) -> int:
        """Print how many files are of unsupported kinds, if any of them spells a flag.

        Return the resulting exit code; with `fail`, such files make the run fail.
        """
        unread = str(self.selection.unread)
        if unread:
            tell(f"flaglift: {unread}")
        return EXIT_UNUSABLE if fail and unread else 0

    def say_problems(self) -> int:
        """Print which files could not be checked and why; return the resulting exit code."""
        for line in (*self.notes, *self.problems):
            tell(f"flaglift: {line}")
        return EXIT_UNUSABLE if self.problems else 0

    def show_settings(self) -> int:
        """Print the configuration for each path; return the exit code."""
        for path in self.paths or [os.curdir]:
            inside = os.path.join(path, "-") if os.path.isdir(path) else path
            configuration = self.selection.configuration(inside)
            source = configuration.source or "no configuration file"
            values = configuration.values().items()
            print_lines([(f"# {path}: {source}",), *((f"{k} = {_shown(v)}",) for k, v in values)])
        return 0


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Patterns):
        return ", ".join(value.lines)
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return "[" + ", ".join(map(_shown, value)) + "]"
    return str(value)


def _validate(options: Mapping[str, Any]) -> None:
    """Raise for invalid options even if there is no prompt to check."""
    if any(options[name] for name in ("select", "ignore", "edition", "overlay", "default_model")):
        from flaglift.settings import DEFAULT

        validate(Configuration(with_given(DEFAULT, options)))
