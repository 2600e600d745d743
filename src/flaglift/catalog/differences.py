"""The differences between two editions of the catalog."""

from collections.abc import Iterable
from dataclasses import dataclass

from flaglift.catalog.edition import Edition
from flaglift.catalog.model import Model


@dataclass(frozen=True, slots=True)
class ModelDifference:
    """How one model differs between two editions.

    - `old`, `new`: the model in each edition; None if that edition does not list it.
    - `changes`: for a model that both list, (what, before, after) as text for people.
    """

    name: str
    old: Model | None
    new: Model | None
    changes: tuple[tuple[str, str, str], ...] = ()

    @property
    def kind(self) -> str:
        """Whether the model was `added`, `removed` or `changed`."""
        return "removed" if self.new is None else "added" if self.old is None else "changed"


def differences(old: Edition, new: Edition) -> tuple[ModelDifference, ...]:
    """Return the listed models that differ: removed ones, then added and changed ones.

    >>> import datetime
    >>> from flaglift.catalog import load_catalog
    >>> april = load_catalog(datetime.date(2026, 4, 29)).edition
    >>> august = load_catalog(datetime.date(2026, 8, 18)).edition
    >>> {each.name: each.changes for each in differences(april, august)}["seedance2_fast_480p"][0]
    ('price', '60 ¢ for 5 s', '55 ¢ for 5 s')
    >>> differences(april, april)
    ()
    """
    removed = [
        ModelDifference(name, model, None)
        for name, model in old.models.items()
        if name not in new.models
    ]
    differences = (
        _difference(name, old.models.get(name), model) for name, model in new.models.items()
    )
    return (*removed, *(each for each in differences if each.old is None or each.changes))


def _difference(name: str, old: Model | None, new: Model) -> ModelDifference:
    if old is None:
        return ModelDifference(name, None, new)
    was, now = facts(old), facts(new)
    changes = tuple((what, was[what], now[what]) for what in now if was[what] != now[what])
    return ModelDifference(name, old, new, changes)


def facts(model: Model) -> dict[str, str]:
    """Return what an edition publishes about a model, as text for people.

    >>> facts(Model("kling25", 39, 5))["price"]
    '39 ¢ for 5 s'
    """
    price, base = model.base_cost_cents, model.base_seconds
    default = model.default_seconds
    return {
        "durations": str(model.durations or "not published"),
        "price": "not published"
        if price is None
        else f"{price} ¢" + ("" if base is None else f" for {base} s"),
        "default duration": "not published" if default is None else f"{default} s",
        "capabilities": ", ".join(sorted(model.capabilities)).replace("_", " ") or "none",
    }


def sentences(differences: Iterable[ModelDifference]) -> list[str]:
    """Return a line for each different model: `+` added, `-` removed, `~` changed.

    >>> kling = Model("kling25", 39, 5)
    >>> sentences([ModelDifference("kling25", kling, kling, (("price", "39 ¢", "41 ¢"),))])
    ['~ kling25: price 39 ¢ → 41 ¢']
    """
    return [_sentence(each) for each in differences]


def _sentence(difference: ModelDifference) -> str:
    if difference.new is None:
        return f"- {difference.name}"
    if difference.old is None:
        known = facts(difference.new)
        return f"+ {difference.name}: {known['durations']}, {known['price']}"
    changes = "; ".join(f"{what} {old} → {new}" for what, old, new in difference.changes)
    return f"~ {difference.name}: {changes}"
