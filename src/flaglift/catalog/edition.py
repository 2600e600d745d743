"""A published edition as of a date: its models, and those known by name only."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from flaglift.catalog.data import edition_dates, edition_file, listed_names, release_dates
from flaglift.catalog.model import Capability, Model, matches

if TYPE_CHECKING:
    from flaglift.catalog.schema import EditionFile, ModelRow


@dataclass(frozen=True, eq=False)
class Edition:
    """The content of one edition of the service's Image2Video page.

    - `date`: the day of the edition; `as_of`: the day up to which the changelog counts, too.
    - `syntax`: whether the edition documents `flags` in the text or form `fields`.
    - `source`: a sentence that says where it was published.
    - `default_video_model`: the model used where none was given; None once the field is required.
    - `models`: the models of its table by name, in the published order.
    - `capabilities`: the lines of its capability matrix; none in the editions before 2026-04-29.
    - `form_fields`: the names of the form fields it documents; none in those editions.
    """

    date: datetime.date
    as_of: datetime.date
    syntax: str
    source: str
    default_video_model: str | None
    models: Mapping[str, Model]
    capabilities: tuple[Capability, ...]
    form_fields: tuple[str, ...]

    @cached_property
    def named(self) -> Mapping[str, Model]:
        """The models that the changelog names by `as_of` and that no edition has listed by then.

        Published patterns may give them capabilities; nothing else about them is known.
        """
        past = {
            name for date in edition_dates() if date <= self.date for name in listed_names(date)
        }
        return MappingProxyType(
            {
                name: Model(
                    name,
                    capabilities=covering(self.capabilities, name),
                    source=f"The service's changelog, {date}.",
                )
                for name, date in release_dates().items()
                if date <= self.as_of and name not in past and name not in self.models
            }
        )

    @cached_property
    def unmatched_patterns(self) -> tuple[tuple[str, str], ...]:
        """The (capability key, pattern) pairs that match no listed and no named model.

        Such patterns are on the pages (`wan21_*`, `wan_fast_*`, `hailuo*`); none is dropped.
        """
        known = (*self.models, *self.named)
        return tuple(
            (capability.key, pattern)
            for capability in self.capabilities
            for pattern in capability.patterns
            if not any(matches(pattern, name) for name in known)
        )


def covering(capabilities: Iterable[Capability], name: str) -> frozenset[str]:
    """Return the keys of the capabilities whose patterns cover the model name."""
    return frozenset(each.key for each in capabilities if each.covers(name))


def published(date: datetime.date, as_of: datetime.date) -> Edition:
    """Return the edition of `date` as of the day `as_of`."""
    return edition_of(edition_file(date), as_of)


def edition_of(file: "EditionFile", as_of: datetime.date) -> Edition:
    """Return the edition in an edition file, as of the day `as_of`."""
    capabilities = tuple(
        Capability(row.key, row.title, row.note, row.patterns) for row in file.capabilities
    )
    return Edition(
        date=file.date,
        as_of=as_of,
        syntax=file.syntax,
        source=file.source,
        default_video_model=file.default_video_model,
        models=MappingProxyType(
            {
                row.name: _model(row, covering(capabilities, row.name), file.source)
                for row in file.models
            }
        ),
        capabilities=capabilities,
        form_fields=file.form_fields,
    )


def _model(row: "ModelRow", capabilities: frozenset[str], source: str) -> Model:
    return Model(
        name=row.name,
        base_cost_cents=row.base_cost_cents,
        base_seconds=row.base_seconds,
        durations=row.durations,
        capabilities=capabilities,
        source=source,
        stated_default_seconds=row.default_seconds,
    )
