"""The catalog's models as a table and as JSON-ready values."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rich.table import Column

from flaglift.catalog import Catalog, Model, ModelLookup, Status
from flaglift.report.terminal import say, show


def as_dicts(catalog: Catalog, models: Sequence[Model]) -> list[dict[str, Any]]:
    """Return models as JSON-ready values: costs in cents, durations in whole seconds."""
    return [
        {
            "name": model.name,
            "base_cost_cents": model.base_cost_cents,
            "base_seconds": model.base_seconds,
            "cents_per_second": _number(model.cents_per_second),
            "allowed_seconds": model.allowed_seconds and list(model.allowed_seconds),
            "default_seconds": model.default_seconds,
            "capabilities": sorted(model.capabilities),
            "status": catalog.find(model.name).status.value,
            "edition": catalog.edition.date.isoformat(),
            "source": model.source,
        }
        for model in models
    ]


def print_models(catalog: Catalog, models: Sequence[Model]) -> None:
    """Print models as a table, and the patterns of the edition that match no model."""
    columns = (
        Column("model", no_wrap=True),
        Column("durations", no_wrap=True),
        Column("base price", no_wrap=True, justify="right"),
        Column("per second", no_wrap=True, justify="right"),
        Column("capabilities"),
    )
    rows = (
        (
            model.name,
            str(model.durations) if model.durations else "not published",
            _price(model),
            _cents(model.cents_per_second),
            ", ".join(sorted(key.replace("_", " ") for key in model.capabilities)),
        )
        for model in models
    )
    show(columns, rows)
    say()
    single = models[0] if len(models) == 1 else None
    say(f"Source: {single.source if single else catalog.edition.source}")
    if len(models) > 1 and catalog.edition.unmatched_patterns:
        patterns = ", ".join(pattern for _, pattern in catalog.edition.unmatched_patterns)
        say(f"Published capability patterns that match no model: {patterns}")


def what_is(lookup: ModelLookup, catalog: Catalog) -> str:
    """Return one sentence on a name that the catalog does not list at its date."""
    date = catalog.edition.date
    if lookup.status is Status.RETIRED:
        successor = lookup.successor
        hint = (
            f"; `{successor.name}` with {successor.seconds} seconds follows it" if successor else ""
        )
        listed = f"listed from {lookup.since} to {lookup.until}"
        return f"`{lookup.name}` is retired: {listed}{hint}"
    if lookup.status is Status.NEWER:
        return f"`{lookup.name}` came on {lookup.since}, after the edition of {date}"
    hint = f"; did you mean `{lookup.suggestion}`?" if lookup.suggestion else ""
    return f"there is no model `{lookup.name}` in the edition of {date}{hint}"


def _price(model: Model) -> str:
    known = model.base_cost_cents is not None and model.base_seconds is not None
    return f"{_cents(model.base_cost_cents)}{f' for {model.base_seconds} s' if known else ''}"


def _cents(value: int | Decimal | None) -> str:
    return "" if value is None else f"{_number(value)} ¢"


def _number(value: int | Decimal | None) -> int | float | None:
    """Return a number that JSON shows without needless digits."""
    if value is None:
        return None
    number = Decimal(value)
    return int(number) if number == int(number) else float(round(number, 4))
