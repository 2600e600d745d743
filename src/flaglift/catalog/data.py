"""The data files in the package: one per published edition, and the changelog.

Each file is read once, on first use.
"""

import datetime
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from flaglift.catalog.packaged import packaged_edition, packaged_releases
from flaglift.errors import CatalogError

if TYPE_CHECKING:
    from flaglift.catalog.schema import EditionFile, ReleasesFile

_FOLDER = Path(__file__).parent


@cache
def edition_dates() -> tuple[datetime.date, ...]:
    """Return the dates of the published editions in the package, oldest first.

    >>> [str(date) for date in edition_dates()][:2]
    ['2025-03-25', '2025-06-21']
    """
    return dates_of(file.name for file in (_FOLDER / "editions").iterdir())


def dates_of(names: Iterable[str]) -> tuple[datetime.date, ...]:
    """Return the dates in the names of edition files, oldest first.

    Raises `CatalogError` for a file whose name is not a date.

    >>> dates_of(["2025-06-21.toml"])
    (datetime.date(2025, 6, 21),)
    """
    try:
        return tuple(
            sorted(datetime.date.fromisoformat(name.removesuffix(".toml")) for name in names)
        )
    except ValueError as problem:
        raise CatalogError(f"an edition's file is not named by its date: {problem}") from problem


def edition_date_for(as_of: datetime.date) -> datetime.date:
    """Return the date of the newest edition that is not after `as_of`.

    Raises `CatalogError`, naming the first edition, when there is none.
    """
    dates = edition_dates()
    if as_of < dates[0]:
        raise CatalogError(f"there is no catalog for {as_of}: the first edition is of {dates[0]}")
    return max(date for date in dates if date <= as_of)


@cache
def edition_file(date: datetime.date) -> "EditionFile":
    """Return the content of the edition of exactly that date."""
    return packaged_edition((_FOLDER / "editions" / f"{date}.toml").read_text("utf-8"))


def parse_edition(text: str, name: str) -> "EditionFile":
    """Return the content of an edition file called `name`. Raises `CatalogError` if invalid."""
    from flaglift.catalog.reading import parse_file  # noqa: PLC0415 (they load pydantic)
    from flaglift.catalog.schema import EditionFile  # noqa: PLC0415

    edition = parse_file(EditionFile, text, name, CatalogError)
    if name != f"{edition.date}.toml":
        raise CatalogError(
            f"{name}: the file is named by another date than its own, {edition.date}"
        )
    return edition


@cache
def releases_file() -> "ReleasesFile":
    """Return the changelog's entries."""
    return packaged_releases((_FOLDER / "releases.toml").read_text("utf-8"))


@cache
def release_dates() -> dict[str, datetime.date]:
    """Return, for each model in the changelog, the date of its first mention, in order."""
    dates: dict[str, datetime.date] = {}
    for release in releases_file().releases:
        for name in release.models:
            dates.setdefault(name, release.date)
    return dates


@cache
def listed_names(date: datetime.date) -> frozenset[str]:
    """Return the names of the models that the edition of exactly that date lists."""
    return frozenset(row.name for row in edition_file(date).models)


def listings(name: str) -> tuple[datetime.date, ...]:
    """Return the dates of all editions that list the model, whatever the catalog's date.

    >>> [str(date) for date in listings("kling25_5s")]
    ['2025-10-27']
    """
    return tuple(date for date in edition_dates() if name in listed_names(date))
