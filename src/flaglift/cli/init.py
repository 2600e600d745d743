"""`flaglift init`."""

from pathlib import Path

import click

_KEYS = """\
# Rules to report: codes, beginnings of codes, or names; all if left out (see `flaglift rule`).
#select = ["FL1", "FL3", "FL4"]
#ignore = ["legacy-syntax"]

# The least severity that makes the exit code 1: "error", "warning" or "info".
#fail-on = "warning"

# The model catalog of that day; the newest if left out.
#edition = 2026-04-29

# Your own models and corrections of the catalog.
#overlay = "models.toml"

# The model of video prompts that name none.
#default-model = "kling25"

# Take kling25_5s for kling25 with 5 seconds, and so on.
#accept-successors = true

# Cents that one prompt may cost.
#budget = 100

# Refuse to translate a prompt with any error.
#strict = false

# Another configuration to begin with; the keys of this one replace its keys.
#extend = "../flaglift.toml"

# Files to leave out, as in a .gitignore. `force-exclude` leaves them out even if they are named,
# as a pre-commit hook does.
#exclude = ["vendor/", "*.min.js"]
#force-exclude = false

# How files are read that their names do not tell.
#hosts = { "*.prompts" = "blocks", "gallery.txt" = "blocks" }

# Where flags may move to fields next to the text, because the program sends them together: files,
# each with the place of the text if not all are meant. Requests that are seen need no entry.
#move-to-fields = ["packs/*.json: prompts[].text", "prompts.csv: text"]

# Bytes of the largest file that is read.
#max-file-size = 10_000_000

# Rules not to report in some files.
#per-file-ignores = { "tests/" = ["FL4"] }

# Findings to live with; `flaglift baseline write` lists them.
#baseline = "flaglift-baseline.json"

# Let suppressions count only if they say why they are there.
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


@click.command("init", short_help="Write a configuration to begin with.")
def command() -> None:
    """Write a configuration to begin with: every key, commented, with what it does.

    It is added to the `pyproject.toml` of the current folder, or becomes a new `flaglift.toml`.

    \b
    Examples:
      flaglift init
    """
    from flaglift.check.writing import create_file, write_file
    from flaglift.errors import ConfigError
    from flaglift.settings import config_in

    there = config_in(Path())
    if there:
        raise ConfigError(f"{there}: there is a configuration already")
    project = Path("pyproject.toml")
    if not project.exists():
        create_file(Path("flaglift.toml"), template("").encode())
        click.echo("wrote flaglift.toml", err=True)
        return
    old = project.read_bytes()
    end = b"\r\n" if b"\r\n" in old else b"\n"
    gap = b"" if not old.strip() else end if old.endswith(b"\n") else end * 2
    added = template("tool.flaglift").encode().replace(b"\n", end)
    write_file(str(project), old + gap + added, instead_of=old)
    click.echo("added [tool.flaglift] to pyproject.toml", err=True)


def template(table: str) -> str:
    """Return the configuration for a table of that name; without a name, for the whole file."""
    head = f"[{table}]\n" if table else ""
    prefix = f"{table}." if table else ""
    return head + _KEYS + _SUPPRESSION.format(table=f"{prefix}suppressions")
