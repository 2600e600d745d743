"""The catalog of video models as of a date."""

import datetime
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from flaglift.catalog.data import edition_date_for, edition_dates, listings, release_dates
from flaglift.catalog.edition import Edition, published
from flaglift.catalog.lookup import ModelLookup, Status, successor_of
from flaglift.catalog.model import Model
from flaglift.catalog.overlay import overlaid, read_overlay
from flaglift.errors import ConfigError
from flaglift.spelling import nearest


@dataclass(frozen=True, eq=False)
class Catalog:
    """The models that exist on the day `as_of`, by the newest edition of that day.

    >>> catalog = load_catalog()
    >>> catalog.find("kling25").status, catalog.find("kling25_5s").status
    (<Status.LISTED: 'listed'>, <Status.RETIRED: 'retired'>)
    """

    edition: Edition
    as_of: datetime.date

    @cached_property
    def models(self) -> tuple[Model, ...]:
        """The listed models in published order, followed by those known by name only."""
        return (*self.edition.models.values(), *self.edition.named.values())

    def find(self, name: str) -> ModelLookup:
        """Return what the catalog has on a name, for any name; case matters.

        >>> lookup = load_catalog().find("kling25_5s")
        >>> str(lookup.since), str(lookup.until), lookup.successor
        ('2025-09-25', '2025-10-27', Successor(name='kling25', seconds=5))
        >>> load_catalog().find("kling30_prro").suggestion
        'kling30_pro'
        """
        return _remembered(self, name) if len(name) <= _LONGEST_REMEMBERED else self._find(name)

    def require(self, name: str) -> None:
        """Raise `ConfigError`, with a suggestion, for a name that never belonged to a model."""
        lookup = self.find(name)
        if lookup.status is Status.UNKNOWN:
            close = lookup.suggestion
            hint = f"did you mean `{close}`?" if close else "`flaglift models` lists them"
            raise ConfigError(f"there is no model `{name}`; {hint}")

    def _find(self, name: str) -> ModelLookup:
        model = self.edition.models.get(name)
        if model is not None:
            return ModelLookup(name, Status.LISTED, model)
        model = self.edition.named.get(name)
        if model is not None:
            return ModelLookup(name, Status.NAMED, model)
        editions = listings(name)
        past = [date for date in editions if date <= self.edition.date]
        if past:
            successor = successor_of(name, self.edition.models)
            return ModelLookup(name, Status.RETIRED, until=past[-1], successor=successor)
        if editions or name in release_dates():
            return ModelLookup(name, Status.NEWER)
        known = (*self.edition.models, *self.edition.named)
        return ModelLookup(name, Status.UNKNOWN, suggestion=nearest(name, known))


_LONGEST_REMEMBERED = 100
"""In code points: longer names are not models', and caching them would only waste memory."""


@lru_cache(maxsize=4096)
def _remembered(catalog: Catalog, name: str) -> ModelLookup:
    # The rules ask several times for each prompt, and the search for similar names is slow.
    return catalog._find(name)


def load_catalog(as_of: datetime.date | None = None, overlay: Path | None = None) -> Catalog:
    """Return the catalog of a day, by default that of the newest edition.

    `overlay` is a TOML file of the user's that adds or corrects models. Catalogs are cached by day
    and by the text of the overlay. Raises `CatalogError` for a day before the first edition, and
    `ConfigError` for an overlay that cannot be used.

    >>> import datetime
    >>> load_catalog(datetime.date(2026, 5, 1)).edition.date
    datetime.date(2026, 4, 29)
    """
    day = edition_dates()[-1] if as_of is None else as_of
    if overlay is None:
        return _catalog(day, None)
    return _catalog(day, (str(overlay), read_overlay(overlay)))


@lru_cache(maxsize=64)
def _catalog(as_of: datetime.date, overlay: tuple[str, str] | None) -> Catalog:
    edition = published(edition_date_for(as_of), as_of)
    if overlay is not None:
        path, text = overlay
        edition = overlaid(edition, text, path)
    return Catalog(edition, as_of)
