"""Where a model name stands in the catalog: listed, known, yet to come, gone, or never heard of."""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from flaglift.catalog.data import listings, release_dates
from flaglift.catalog.model import Model


class Status(StrEnum):
    """The five standings of a name, as seen on the catalog's date."""

    LISTED = "listed"
    """The edition in use, or the user's overlay, has a row for it."""

    NAMED = "named"
    """The changelog names it by the catalog's date, and no edition has had a row for it yet."""

    NEWER = "newer"
    """Only a release or an edition after the catalog's date has it."""

    RETIRED = "retired"
    """An earlier edition listed it, and the edition in use does not."""

    UNKNOWN = "unknown"
    """No edition and no release, of whatever date, has it."""


@dataclass(frozen=True, slots=True)
class Successor:
    """The model, and the duration in seconds, that a retired name evidently stands for."""

    name: str
    seconds: int


@dataclass(frozen=True, slots=True)
class ModelLookup:
    """What the catalog knows about one name.

    - `model`: the model, if it is listed or named; of others there is nothing that holds today.
    - `until`: the date of the last edition that listed a retired model.
    - `successor`: for a retired model, and only where it is evident from the names.
    - `suggestion`: for an unknown name, the listed or named model it is a misspelling of.
    """

    name: str
    status: Status
    model: Model | None = None
    until: datetime.date | None = None
    successor: Successor | None = None
    suggestion: str | None = None

    @property
    def editions(self) -> tuple[datetime.date, ...]:
        """The dates of all published editions that list the model, also after the catalog's."""
        return listings(self.name)

    @property
    def since(self) -> datetime.date | None:
        """The day on which the changelog or an edition first had the model, if one ever did."""
        released = release_dates().get(self.name)
        days = self.editions if released is None else (released, *self.editions)
        return min(days, default=None)


def successor_of(name: str, models: Mapping[str, Model]) -> Successor | None:
    """Return the successor of a retired `<model>_<N>s`: a listed model that makes N seconds.

    Ground: dialect section 3.5. Nothing else is evident from a name.
    """
    match = re.fullmatch("(.+)_([1-9][0-9]{0,3})s", name)
    model = models.get(match[1]) if match else None
    if match is None or model is None or model.durations is None:
        return None
    seconds = int(match[2])
    return Successor(model.name, seconds) if seconds in model.durations else None
