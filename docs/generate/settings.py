"""The keys of the configuration, from the text that `flaglift init` writes."""

import re

import click

from flaglift.cli.init import template
from flaglift.cli.serve import command as serve
from generate.markdown import document, fenced, prose, table


def pages() -> dict[str, str]:
    """Return the page of the settings."""
    blocks = [*_keys()]
    context = click.Context(serve)
    options = [
        (
            f"`{(o.name or '').replace('_', '-')}`",
            prose((o.get_help_record(context) or ("", ""))[1]),
        )
        for o in serve.params
        if isinstance(o, click.Option) and "--check" not in o.opts
    ]
    return {
        "settings.md": document(
            "# Settings",
            "Settings are in the table `[tool.flaglift]` of `pyproject.toml`, or without a table "
            "in `flaglift.toml`. For each file, the nearest configuration above it counts. "
            "`flaglift init` writes a file with every key in it, commented out. An option on the "
            "command line overrides the configuration.",
            *blocks,
            "## `[tool.flaglift.serve]`",
            "The options of [`flaglift serve`](commands/serve.md), by their long names. A variable "
            "such as `FLAGLIFT_SERVE_UPSTREAM` overrides the file.",
            table(("key", "what it sets"), options),
            "## A complete file",
            fenced(template("tool.flaglift").rstrip(), "toml"),
        )
    }


def _keys() -> list[str]:
    blocks = []
    text = template("")
    for comment, keys in re.findall(r"((?:^# .*\n)+)((?:^#\S.*\n?)+)", text, re.MULTILINE):
        names = re.findall(r"^#(?:\[\[)?([a-z-]+)(?: =|\]\])", keys, re.MULTILINE)
        if "suppressions" in names:
            names = ["suppressions"]
        says = " ".join(line.removeprefix("# ") for line in comment.splitlines())
        example = "\n".join(line.removeprefix("#") for line in keys.splitlines())
        heading = ", ".join(f"`{name}`" for name in names)
        blocks.append(f"## {heading}\n\n{prose(says)}\n\n{fenced(example, 'toml')}")
    return blocks
