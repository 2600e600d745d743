"""The status of a model name in the catalog: listed, named, newer, retired or unknown."""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from flaglift.catalog.data import listings, release_dates
from flaglift.catalog.model import Model


class Status(StrEnum):
    """The five statuses of a name, as of the catalog's date."""

    LISTED = "listed"
    """The current edition, or the user's overlay, has a row for it."""

    NAMED = "named"
    """The changelog names it by the catalog's date, but no edition has had a row for it yet."""

    NEWER = "newer"
    """Only releases or editions after the catalog's date have it."""

    RETIRED = "retired"
    """An earlier edition listed it, but the current edition does not."""

    UNKNOWN = "unknown"
    """No edition and no release of any date has it."""


@dataclass(frozen=True, slots=True)
class Successor:
    """The model and the duration in seconds that evidently replace a retired name."""

    name: str
    seconds: int


@dataclass(frozen=True, slots=True)
class ModelLookup:
    """The result of looking up one name.

    - `model`: the model, if it is listed or named; for others, no facts are valid today.
    - `until`: the date of the last edition that listed a retired model.
    - `successor`: for a retired model, but only if it is evident from the names.
    - `suggestion`: for an unknown name, the listed or named model that it may misspell.
    """

    name: str
    status: Status
    model: Model | None = None
    until: datetime.date | None = None
    successor: Successor | None = None
    suggestion: str | None = None

    @property
    def editions(self) -> tuple[datetime.date, ...]:
        """The dates of all published editions that list the model, including later ones."""
        return listings(self.name)

    @property
    def since(self) -> datetime.date | None:
        """The day on which the changelog or an edition first had the model, if any did."""
        released = release_dates().get(self.name)
        days = self.editions if released is None else (released, *self.editions)
        return min(days, default=None)


def successor_of(name: str, models: Mapping[str, Model]) -> Successor | None:
    """Return the successor of a retired `<model>_<N>s`: a listed model that supports N seconds.

    Source: dialect section 3.5. Names imply nothing else.
    """
    match = re.fullmatch("(.+)_([1-9][0-9]{0,3})s", name)
    model = models.get(match[1]) if match else None
    if match is None or model is None or model.durations is None:
        return None
    seconds = int(match[2])
    return Successor(model.name, seconds) if seconds in model.durations else None
