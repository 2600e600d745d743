"""`flaglift check --show-files` and `--show-settings`."""

import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from flaglift.check.configuration import Configuration
from flaglift.check.patterns import Patterns
from flaglift.cli.check_files import Project
from flaglift.report.text import visible


def show_files(project: Project) -> int:
    """Print the files that would be read for prompts, one a line; return the exit code."""
    for target in project.targets():
        if project.selection.may_read(target):
            sys.stdout.write(f"{visible(target.path)}\n")
    return 0


def show_settings(project: Project) -> int:
    """Print what is configured for each path; return the exit code."""
    for path in project.paths or ["."]:
        inside = str(Path(path) / "-") if Path(path).is_dir() else path
        configuration = project.selection.configuration(inside)
        source = configuration.source or "no configuration file"
        sys.stdout.write(f"# {visible(path)}: {visible(str(source))}\n")
        for name, value in settings_of(configuration).items():
            sys.stdout.write(f"{name} = {visible(_shown(value))}\n")
    return 0


def settings_of(configuration: Configuration) -> dict[str, Any]:
    """Return all that is configured, by key."""
    return {
        each.name.replace("_", "-"): getattr(part, each.name)
        for part in (configuration.settings, configuration.files)
        for each in fields(part)
    }


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
