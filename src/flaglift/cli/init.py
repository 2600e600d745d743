"""`flaglift init`."""

from pathlib import Path

import click


@click.command("init", short_help="Write a configuration to begin with.")
def command() -> None:
    """Write a configuration to begin with: every key, commented, with what it does.

    It is added to the `pyproject.toml` of the current folder, or becomes a new `flaglift.toml`.

    \b
    Examples:
      flaglift init
    """
    from flaglift.check.template import template
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
