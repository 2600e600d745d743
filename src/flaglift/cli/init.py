"""`flaglift init`."""

from pathlib import Path

import click

from flaglift.cli import tell

_KEYS = """\
# Rules to report: codes, prefixes of codes, or names (see `flaglift rule`). Default: all.
#select = ["FL1", "FL3", "FL4"]
#ignore = ["legacy-syntax"]

# The lowest severity that makes the exit code 1: "error", "warning" or "info".
#fail-on = "warning"

# The date of the model catalog. Default: the newest edition.
#edition = 2026-04-29

# A file that adds models to the catalog or corrects them.
#overlay = "models.toml"

# The model for video prompts that name none.
#default-model = "kling25"

# Replace retired models that have an evident successor: kling25_5s by kling25 with 5 seconds.
#accept-successors = true

# The highest price of a prompt, in cents.
#budget = 100

# Refuse to translate prompts that have errors.
#strict = false

# A configuration that this one extends; the keys here override its keys.
#extend = "../flaglift.toml"

# Files to skip, as in a .gitignore. `force-exclude` skips them even if they are given on the
# command line, as a pre-commit hook does.
#exclude = ["vendor/", "*.min.js"]
#force-exclude = false

# How to read files whose names do not show their kind.
#hosts = { "*.prompts" = "blocks", "gallery.txt" = "blocks" }

# Where flags may move to fields next to the text, because a program sends them together: files,
# each with the place of the text unless all texts are meant. Requests in code need no entry.
#move-to-fields = ["packs/*.json: prompts[].text", "prompts.csv: text"]

# The size in bytes of the largest file to read.
#max-file-size = 10_000_000

# Rules not to report in some files.
#per-file-ignores = { "tests/" = ["FL4"] }

# Accepted findings; `flaglift baseline write` writes the file.
#baseline = "flaglift-baseline.json"

# Accept suppressions only if they give a reason.
#require-reason = false
"""

_SUPPRESSION = """\

# Suppressions in files without comments: by JSON pointer or line, by fingerprint, or by both.
# `flaglift check --show-prompts` shows them.
#[[{table}]]
#path = "prompts.json"
#at = "/3/text"
#prompt = "12bd9d9e9b89921b"
#rules = ["FL402"]
#reason = "our own model"
"""


@click.command(
    "init",
    short_help="Write a configuration file with every setting, commented out.",
    epilog="Exit codes: 0 written, 2 there is a configuration already, or it cannot be written.",
)
def command() -> None:
    """Write a configuration file with every setting, commented out and explained.

    It is added to `pyproject.toml` in the current directory, or written to a new `flaglift.toml`.

    \b
    Examples:
      flaglift init
    """
    from flaglift.check.writing import create_file, write_file
    from flaglift.errors import ConfigError, reason
    from flaglift.files import read_regular
    from flaglift.settings import config_in

    there = config_in(Path())
    if there:
        raise ConfigError(f"{there}: there is a configuration already")
    project = Path("pyproject.toml")
    if not project.exists():
        create_file(Path("flaglift.toml"), template("").encode())
        tell("wrote flaglift.toml")
        return
    try:
        old = read_regular(project)
    except OSError as error:
        raise ConfigError(f"{project}: cannot be read: {reason(error)}") from None
    end = b"\r\n" if b"\r\n" in old else b"\n"
    gap = b"" if not old.strip() else end if old.endswith(b"\n") else end * 2
    added = template("tool.flaglift").encode().replace(b"\n", end)
    write_file(str(project), old + gap + added, instead_of=old)
    tell("added [tool.flaglift] to pyproject.toml")


def template(table: str) -> str:
    """Return the configuration in a table of that name; if it is empty, for a whole file."""
    head = f"[{table}]\n" if table else ""
    prefix = f"{table}." if table else ""
    return head + _KEYS + _SUPPRESSION.format(table=f"{prefix}suppressions")
