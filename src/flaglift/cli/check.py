"""`flaglift check`."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from flaglift.cli import EXIT_FINDINGS, EXIT_UNUSABLE, in_one_line
from flaglift.cli.options import settings_for, settings_options
from flaglift.cli.sources import read_file, write_file
from flaglift.config import Settings
from flaglift.diagnostics import Applicability, Severity
from flaglift.errors import InputError

if TYPE_CHECKING:
    from flaglift.hosts.checking import Finding
    from flaglift.hosts.text import Form


@click.command(
    "check",
    short_help="Lint the prompts in files, and fix them.",
    epilog="Exit codes: 0 clean, 1 findings or a diff, 2 usage or input error.",
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--whole", "form", flag_value="whole", help="Each file is one prompt.")
@click.option(
    "--blocks", "form", flag_value="blocks", help="Prompts with blank lines between them."
)
@click.option("--fix", is_flag=True, help="Apply the safe fixes.")
@click.option("--unsafe-fixes", is_flag=True, help="Apply the unsafe fixes too.")
@click.option("--diff", is_flag=True, help="Print what the fixes would change; write nothing.")
@click.option(
    "--output-format",
    type=click.Choice(["full", "concise", "json"]),
    default="full",
    help="With the prompt's line (the default), one line a finding, or JSON.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "info"]),
    help="The least severity that makes the exit code 1; `warning` unless configured.",
)
@settings_options
def command(
    files: tuple[str, ...],
    form: str | None,
    fix: bool,
    unsafe_fixes: bool,
    diff: bool,
    output_format: str,
    **options: Any,
) -> int:
    """Lint the prompts in text files: one prompt a line, unless told otherwise.

    `-` reads standard input; with --fix the fixed text then goes to standard output and the
    findings to standard error.

    \b
    Examples:
      flaglift check prompts.txt
      flaglift check --whole prompt.txt --diff --unsafe-fixes
      flaglift check --blocks gallery.txt --fix
      flaglift check --select FL4 --edition 2026-04-29 prompts.txt
    """
    from flaglift.hosts.text import Form

    run = _Run(
        form=Form(form or "lines"),
        fixing=fix or unsafe_fixes,
        unsafe=unsafe_fixes,
        diff=diff,
        output_format=output_format,
        # The fixed text takes standard output.
        aside=(fix or unsafe_fixes) and not diff and "-" in files,
    )
    # What is wrong with a configuration is said before any file is touched.
    for path, settings in [(path, settings_for(path, options)) for path in files]:
        try:
            run.check(path, settings)
        except InputError as error:
            # The other files are still checked.
            click.echo(f"flaglift: {in_one_line(str(error))}", err=True)
            run.failed = True
    run.finish()
    return run.exit_code


@dataclass
class _Run:
    """One call of the verb: what was asked for, and what was found so far."""

    form: "Form"
    fixing: bool
    unsafe: bool
    diff: bool
    output_format: str
    aside: bool
    """Whether findings go to standard error."""
    findings: list[dict[str, Any]] = field(default_factory=list)
    counts: Counter[Severity] = field(default_factory=Counter)
    fixable: Counter[Applicability] = field(default_factory=Counter)
    changed: int = 0
    """Prompts that were fixed, or would be."""
    failed: bool = False
    failing: bool = False
    """Whether anything was found that makes the exit code 1."""

    def check(self, path: str, settings: Settings) -> None:
        """Check one file. Raises `InputError` where it cannot be read or written."""
        from flaglift.hosts.checking import fix_file, lint_file

        text = read_file(path)
        if self.diff or self.fixing:
            fixed = fix_file(text, self.form, settings, unsafe=self.unsafe)
            if self.diff:
                self._print_diff(path, text, fixed.text)
            elif path == "-":
                sys.stdout.write(fixed.text)  # echo would take escape sequences out
            elif fixed.text != text:
                write_file(path, fixed.text)
            self.changed += fixed.changed
            text = fixed.text
        if not self.diff:
            self._report(path, text, lint_file(text, self.form, settings), settings)

    def _print_diff(self, path: str, old: str, new: str) -> None:
        from flaglift.report.diff import unified_diff

        sys.stdout.write(unified_diff(old, new, path))
        self.failing |= old != new

    def _report(
        self, path: str, text: str, findings: Sequence["Finding"], settings: Settings
    ) -> None:
        from flaglift.report.findings import Source, as_dict, print_finding
        from flaglift.report.positions import Positions

        positions = Positions(text)
        name = "<stdin>" if path == "-" else path
        for offset, finding in findings:
            self.counts[finding.severity] += 1
            if finding.fix:
                self.fixable[finding.fix.applicability] += 1
            self.failing |= finding.severity.rank <= Severity(settings.fail_on).rank
            source = Source(name, positions, offset)
            if self.output_format == "json":
                self.findings.append(as_dict(finding, source))
            else:
                frame = self.output_format == "full"
                print_finding(finding, source, frame=frame, error=self.aside)

    def finish(self) -> None:
        """Print what is said once, after all files."""
        if self.output_format == "json" and not self.diff:
            click.echo(json.dumps(self.findings, ensure_ascii=False, indent=2), err=self.aside)
            return
        parts = [part for part in (self._changes(), self._counts(), self._hint()) if part]
        if parts:
            click.echo("; ".join(parts), err=True)

    def _changes(self) -> str:
        if not self.changed:
            return ""
        return f"{'would fix' if self.diff else 'fixed'} {_number(self.changed, 'prompt')}"

    def _counts(self) -> str:
        return ", ".join(
            f"{count} info" if severity is Severity.INFO else _number(count, severity.value)
            for severity in Severity
            if (count := self.counts[severity])
        )

    def _hint(self) -> str:
        """Return which options would fix something."""
        kinds = [(Applicability.SAFE, "--fix"), (Applicability.UNSAFE, "--unsafe-fixes")]
        return ", ".join(
            f"{count} fixable with {option}"
            for kind, option in kinds[2 if self.unsafe else self.fixing :]
            if (count := self.fixable[kind])
        )

    @property
    def exit_code(self) -> int:
        """2 where a file could not be checked, 1 where something was found, else 0."""
        return EXIT_UNUSABLE if self.failed else EXIT_FINDINGS if self.failing else 0


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
