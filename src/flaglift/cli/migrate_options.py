"""The options of `flaglift migrate`, and the job that they describe."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from flaglift.cli.grouping import grouped
from flaglift.cli.numbers import Finite
from flaglift.cli.options import ALL_RULES, rule_codes, settings_for
from flaglift.cli.paths import NamedPath
from flaglift.errors import ConfigError
from flaglift.migrate.job import CONTRACT, DEFAULT_TARGETS, EXPAND, WHOLE, Job
from flaglift.migrate.mending import Mending
from flaglift.migrate.opening import is_url
from flaglift.settings import DEFAULT, Settings
from flaglift.syntax.flags import FIELD_FLAGS

F = TypeVar("F", bound=Callable[..., Any])

Decorator = Callable[[F], F]
"""A decorator that adds an option to a command."""

_applying = grouped("Applying")
_report = grouped("Report")
_load = grouped("Load on the database")
_run = grouped("What is decided and listed")
_where = grouped("Where prompts and fields are")
_fixing = grouped("Fixing and translating")

_PATH = NamedPath(dir_okay=False)


def _all(*options: Decorator[F]) -> Decorator[F]:
    def add(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


source_argument: Decorator[Any] = click.argument("source", metavar="SOURCE")

job_options: Decorator[Any] = _all(
    _where(
        "--text-column",
        "text",
        default="text",
        help="Column of the prompts; in JSON a path such as `prompt.text` or"
        " `prompts_attributes[].text`.",
    ),
    _where(
        "--target",
        "targets",
        multiple=True,
        metavar="FIELD=COLUMN",
        help="Column that a field goes to, or in JSON the key next to the text. By default"
        f" {', '.join(FIELD_FLAGS)} go to columns of the same names.",
    ),
    _where(
        "--empty",
        "empty",
        multiple=True,
        metavar="FIELD=VALUE",
        help="Value that stands for an empty field, as an empty text and 0 seconds do.",
    ),
    _where(
        "--key", help="Column that identifies a record of a file. [default: the record's number]"
    ),
    _where("--json-column", help="JSON column of a table, in which --text-column is a path."),
    _where("--where", metavar="SQL", help="Only rows that match this SQL condition."),
    _where("--encoding", default="utf-8", help="Encoding of a CSV or TSV file."),
    _where("--delimiter", help="Delimiter of a CSV file. [default: a comma]"),
    _fixing("--fix", "safe", is_flag=True, help="Apply safe fixes before translating."),
    _fixing(
        "--unsafe-fixes",
        "unsafe",
        is_flag=False,
        flag_value=ALL_RULES,
        callback=rule_codes,
        metavar="[CODES]",
        help="Apply the unsafe fixes, too: all, or those of rules such as FL401,FL109.",
    ),
    _fixing(
        "--model",
        "models",
        multiple=True,
        metavar="OLD=NEW",
        help="Use model NEW where prompts name OLD.",
    ),
    _fixing("--expand", is_flag=True, help="Fill the fields and leave the text, for all readers."),
    _fixing("--contract", is_flag=True, help="Shorten the text where the fields hold its flags."),
    _where("--create-columns", is_flag=True, help="Add missing target columns."),
    _where(
        "--most-bytes",
        type=click.IntRange(1024, 2**40),
        default=64 * 2**20,
        help="Skip records longer than this.",
    ),
    _where("--journal", type=_PATH, help="Journal of a file. [default: FILE.flaglift]"),
)

run_options: Decorator[Any] = _all(
    _run(
        "--refused", type=_PATH, help="List refused and unreadable records in this file, as JSONL."
    ),
    _run("--with-text", is_flag=True, help="Add prompts and messages to the list of --refused."),
    _run(
        "-j",
        "--jobs",
        type=click.IntRange(1),
        default=1,
        help="Number of processes that read a file and decide on its prompts.",
    ),
    _run("--limit", type=click.IntRange(min=1), help="Stop after this many records."),
    _run("-q", "--quiet", is_flag=True, help="Do not show progress."),
)

pace_options: Decorator[Any] = _all(
    _load(
        "--rows-per-second",
        type=Finite(min=0, min_open=True),
        help="Process at most this many rows per second.",
    ),
    _load("--pause-file", type=_PATH, help="Pause while this file exists."),
    _load(
        "--control-file",
        type=_PATH,
        help="Read this while running: rate = 500, chunk = 0.2, pause = true, stop = true.",
    ),
    _load(
        "--max-load",
        type=Finite(min=0),
        metavar="N",
        help="Wait while others run more than N statements on the server.",
    ),
    _load(
        "--max-replica-lag",
        type=Finite(min=0),
        metavar="SECONDS",
        help="Wait while a replica lags more than this.",
    ),
    _load(
        "--replica",
        multiple=True,
        metavar="ADDRESS",
        help="Replica of MySQL or MariaDB whose lag counts, such as mysql://app@replica. May be"
        " repeated; PostgreSQL knows its own.",
    ),
    _load(
        "--chunk-seconds",
        type=Finite(min=0.01),
        default=0.5,
        help="Target duration of a chunk.",
    ),
)

format_option: Decorator[Any] = grouped("Report")(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="Output format.",
)

report_options: Decorator[Any] = _all(
    format_option,
    _report("--html", type=_PATH, help="Write the report as an HTML page."),
    _report("--save", type=_PATH, help="Write the plan for `apply --plan`."),
    _report(
        "--samples",
        type=click.IntRange(min=0),
        default=3,
        help="Number of sample prompts shown for each outcome.",
    ),
)

apply_options: Decorator[Any] = _all(
    _applying(
        "--to", type=NamedPath(), help="Write the result of a file to this path."
    ),
    _applying("--replace", is_flag=True, help="Replace the file with the result."),
    _applying("--rehearse", is_flag=True, help="Write each chunk of a table and roll it back."),
    _applying("--sample", type=click.IntRange(min=1), help="Rehearse this many records."),
    _applying("--keep-going", is_flag=True, help="Skip records that cannot be read."),
    _applying("--restart", is_flag=True, help="Start again instead of resuming."),
    _applying("--plan", "planned", type=_PATH, help="Compare with this plan, and stop if the data"
                 " has changed."),
    _applying(
        "--max-drift",
        type=Finite(min=0, max=1),
        default=0.05,
        help="Share of the records by which an outcome may exceed the plan.",
    ),
    _applying("--engine", type=click.Choice(["local", "spark"]), default="local",
                 help="With spark, SOURCE is a pattern, each file a task, and --to a directory."),
    _applying("--master", help="Spark master. [default: Spark's configuration, or this machine]"),
    format_option,
)  # fmt: skip


def job_from(source: str, options: dict[str, Any]) -> Job:
    """Return the job that the options describe.

    Raises `ConfigError` for an invalid target, for one column of two fields, and for both steps.
    """
    names = (
        "text", "key", "json_column", "where", "encoding", "delimiter", "create_columns",
        "most_bytes", "journal", "limit", "to", "replace",
    )  # fmt: skip
    chosen = {name: options[name] for name in names if options.get(name) is not None}
    empty = _empty(options["empty"])
    targets = _targets(options["targets"], options["text"])
    settings = _settings(source, options)
    mending = _mending(options, settings)
    return Job(
        source, targets=targets, empty=empty, settings=settings, mending=mending,
        step=_step(options), **chosen,
    )  # fmt: skip


def _step(options: dict[str, Any]) -> str:
    expand, contract = options.get("expand"), options.get("contract")
    if expand and contract:
        raise ConfigError("--expand and --contract are two runs: expand first, then contract")
    return EXPAND if expand else CONTRACT if contract else WHOLE


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
    models: dict[str, str] = {}
    for item in options["models"]:
        old, sign, new = item.rpartition("=")
        if not sign or not old or not new:
            raise ConfigError(f"--model {item}: write OLD=NEW, as in kling20=kling25")
        models[old] = _listed(new, settings)
    codes = options["unsafe"]
    return Mending(models, options["safe"] or codes is not None, codes)


def _listed(model: str, settings: Settings) -> str:
    """Return the name of a model that the catalog lists. Raises `ConfigError` if it does not."""
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


def _targets(given: tuple[str, ...], text: str) -> dict[str, str]:
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
    held = {text: "text"}
    for field, column in targets.items():
        other = held.setdefault(column, field)
        if other != field:
            where = f"--target {field}={column}: `{column}` is the column of `{other}`"
            raise ConfigError(f"{where}; each field needs one of its own")
    return targets
