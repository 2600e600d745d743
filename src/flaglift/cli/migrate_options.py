"""The options of `flaglift migrate`, and the job that they make up."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from flaglift.cli.options import settings_for
from flaglift.errors import ConfigError
from flaglift.migrate.job import CONTRACT, DEFAULT_TARGETS, EXPAND, Job
from flaglift.migrate.mending import Mending
from flaglift.migrate.opening import is_url
from flaglift.settings import DEFAULT, Settings
from flaglift.syntax.flags import FIELD_FLAGS

F = TypeVar("F", bound=Callable[..., Any])

_PATH = click.Path(path_type=Path, dir_okay=False)


def _all(*options: Callable[[F], F]) -> Callable[[F], F]:
    def add(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


source_argument = click.argument("source", metavar="SOURCE")

job_options = _all(
    click.option(
        "--text-column",
        "text",
        default="text",
        help="The prompts' column; in JSON a path: `prompt.text`, `prompts_attributes[].text`.",
    ),
    click.option(
        "--target",
        "targets",
        multiple=True,
        metavar="FIELD=COLUMN",
        help="The column that takes a field, or the key next to the text in JSON. By default"
        f" {', '.join(FIELD_FLAGS)} go to columns of their own names.",
    ),
    click.option(
        "--empty",
        "empty",
        multiple=True,
        metavar="FIELD=VALUE",
        help="A value that means that a field has none, besides the empty text, and 0 seconds.",
    ),
    click.option("--key", help="The column that names a record of a file; its number if left out."),
    click.option("--json-column", help="The table's column of JSON that --text-column leads into."),
    click.option("--where", metavar="SQL", help="Only the table's rows that fulfil this."),
    click.option("--encoding", default="utf-8", help="Of a CSV or TSV file; utf-8 if left out."),
    click.option("--delimiter", help="Of a CSV file; a comma if left out."),
    click.option("--fix", "safe", is_flag=True, help="Apply safe fixes before translating."),
    click.option(
        "--unsafe-fixes",
        "unsafe",
        is_flag=False,
        flag_value="",
        metavar="[CODES]",
        help="Apply the unsafe fixes, too: all, or those of rules such as FL401,FL109.",
    ),
    click.option(
        "--model",
        "models",
        multiple=True,
        metavar="OLD=NEW",
        help="Take another model where prompts name OLD.",
    ),
    click.option(
        "--expand",
        "step",
        flag_value=EXPAND,
        help="Fill the fields and leave the text, for readers of both forms.",
    ),
    click.option(
        "--contract",
        "step",
        flag_value=CONTRACT,
        help="Shorten the text where the fields hold what its flags say.",
    ),
    click.option("--create-columns", is_flag=True, help="Add target columns that are missing."),
    click.option(
        "--most-bytes",
        type=click.IntRange(min=1024),
        default=64 * 2**20,
        help="Pass by longer records (64 MiB).",
    ),
    click.option("--journal", type=_PATH, help="A file's journal; beside it if left out."),
)

run_options = _all(
    click.option("--refused", type=_PATH, help="List refused and unreadable records, as JSONL."),
    click.option("--with-text", is_flag=True, help="List them with their prompts and reasons."),
    click.option("--limit", type=click.IntRange(min=1), help="Decide on this many records only."),
    click.option("-q", "--quiet", is_flag=True, help="Show no progress."),
)

pace_options = _all(
    click.option(
        "--rows-per-second", type=click.FloatRange(min=0, min_open=True), help="Go no faster."
    ),
    click.option("--pause-file", type=_PATH, help="Pause while this file is there."),
    click.option(
        "--control-file",
        type=_PATH,
        help="Read this while running: rate = 500, chunk = 0.2, pause = true, stop = true.",
    ),
    click.option(
        "--max-load",
        type=click.FloatRange(min=0),
        metavar="N",
        help="Wait while others run more than N statements on the server.",
    ),
    click.option(
        "--max-replica-lag",
        type=click.FloatRange(min=0),
        metavar="SECONDS",
        help="Wait while a replica of PostgreSQL is further behind.",
    ),
    click.option(
        "--chunk-seconds",
        type=click.FloatRange(min=0.01),
        default=0.5,
        help="How long a chunk should take (0.5).",
    ),
)

report_options = _all(
    click.option(
        "--format", "form", type=click.Choice(["text", "json"]), default="text", help="On output."
    ),
    click.option("--html", type=_PATH, help="Write the report as a page to look at."),
    click.option("--save", type=_PATH, help="Write the plan for `apply --plan`."),
    click.option(
        "--samples",
        type=click.IntRange(min=0),
        default=3,
        help="Prompts shown of each outcome (3).",
    ),
)

apply_options = _all(
    click.option(
        "--to", type=click.Path(path_type=Path), help="Write the result of a file here."
    ),
    click.option("--replace", is_flag=True, help="Put the result in the place of the file."),
    click.option("--rehearse", is_flag=True, help="Write a table's chunks and roll each back."),
    click.option("--sample", type=click.IntRange(min=1), help="Rehearse this many records."),
    click.option("--keep-going", is_flag=True, help="Pass by records that cannot be read."),
    click.option("--restart", is_flag=True, help="Begin again instead of going on."),
    click.option("--plan", "planned", type=_PATH, help="Compare with this plan, and stop if it"
                 " differs."),
    click.option(
        "--max-drift",
        type=click.FloatRange(min=0, max=1),
        default=0.05,
        help="The share of records by which an outcome may exceed the plan (0.05).",
    ),
    click.option("--engine", type=click.Choice(["local", "spark"]), default="local",
                 help="spark: SOURCE is a pattern, each file a task, --to a folder."),
    click.option("--master", help="Where Spark runs; as it is configured, or here, if left out."),
    click.option("--format", "form", type=click.Choice(["text", "json"]), default="text"),
)  # fmt: skip


def job_from(source: str, options: dict[str, Any]) -> Job:
    """Return the job that the options describe.

    Raises `ConfigError` for a target that is none.
    """
    names = (
        "text", "key", "json_column", "where", "encoding", "delimiter", "create_columns",
        "most_bytes", "journal", "limit", "to", "replace", "step",
    )  # fmt: skip
    chosen = {name: options[name] for name in names if options.get(name) is not None}
    empty = _empty(options["empty"])
    targets = _targets(options["targets"])
    settings = _settings(source, options)
    mending = _mending(options, settings)
    return Job(source, targets=targets, empty=empty, settings=settings, mending=mending, **chosen)


def _settings(source: str, options: dict[str, Any]) -> Settings:
    if "config" not in options:
        return DEFAULT
    names = (
        "config", "isolated", "select", "ignore", "edition", "overlay", "default_model",
        "accept_successors", "budget", "strict",
    )  # fmt: skip
    place = "." if is_url(source) else source
    return settings_for(place, {name: options[name] for name in names})


def _mending(options: dict[str, Any], settings: Settings) -> Mending:
    from flaglift.linting.engine import selected

    models: dict[str, str] = {}
    for item in options["models"]:
        old, sign, new = item.rpartition("=")
        if not sign or not old or not new:
            raise ConfigError(f"--model {item}: write OLD=NEW, as in kling20=kling25")
        models[old] = _listed(new, settings)
    unsafe = options["unsafe"]
    codes = None if unsafe is None else tuple(filter(None, unsafe.split(",")))
    if codes:
        try:
            selected(codes, ())
        except ConfigError as error:
            raise ConfigError(f"--unsafe-fixes={unsafe}: {error}; SOURCE comes first") from None
    return Mending(models, options["safe"] or codes is not None, codes)


def _listed(model: str, settings: Settings) -> str:
    """Return the name of a model that the catalog lists. Raises `ConfigError` for another."""
    from flaglift.catalog import load_catalog
    from flaglift.spelling import nearest

    catalog = load_catalog(settings.edition, settings.overlay)
    names = [each.name for each in catalog.models]
    if model not in names:
        close = nearest(model, names)
        hint = f"did you mean `{close}`?" if close else "`flaglift models` lists them"
        raise ConfigError(f"--model: there is no model `{model}`; {hint}")
    return model


def _empty(given: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    from flaglift.emit.fields import Fields

    empty: dict[str, tuple[str, ...]] = {}
    for item in given:
        field, sign, value = item.partition("=")
        if not sign or field not in Fields.model_fields:
            raise ConfigError(f"--empty {item}: write FIELD=VALUE, as in video_model=none")
        empty[field] = (*empty.get(field, ()), value)
    return empty


def _targets(given: tuple[str, ...]) -> dict[str, str]:
    from flaglift.emit.fields import field_names
    from flaglift.spelling import nearest

    targets = dict(DEFAULT_TARGETS)
    known = field_names() - {"text"}
    for item in given:
        field, sign, column = item.partition("=")
        if not sign or not column:
            raise ConfigError(f"--target {item}: write FIELD=COLUMN")
        if field not in known:
            close = nearest(field, known)
            hint = f"did you mean `{close}`?" if close else "see the service's list of form fields"
            raise ConfigError(f"--target {field}: no such field; {hint}")
        targets[field] = column
    return targets
