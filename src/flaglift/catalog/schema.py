"""The schema of the data files: an edition, the changelog and an overlay."""

import datetime
from collections import Counter
from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, model_validator

from flaglift.catalog.durations import LONGEST, Durations, read_durations

CapabilityKey = Literal[
    "text_to_video",
    "multi_reference_images",
    "reference_video",
    "reference_audio",
    "generated_audio",
    "first_last_keyframe",
    "motion_control",
]
HIGHEST_PRICE = 10_000_000
"""Cents: any number below is a price, and the sum of many prices is still a number."""

CAPABILITY_KEYS: tuple[str, ...] = get_args(CapabilityKey)


def _one_word(value: str) -> str:
    if value.split() != [value]:
        raise ValueError("should be one word")
    return value


_Name = Annotated[str, AfterValidator(_one_word)]
_Text = Annotated[str, Field(min_length=1)]
_Date = Annotated[datetime.date, Field(strict=True)]
_Cents = Annotated[int, Field(strict=True, ge=0, le=HIGHEST_PRICE)]
_Seconds = Annotated[int, Field(strict=True, ge=1, le=LONGEST)]


class TableRow(BaseModel):
    """A table of a data file: immutable, and without unknown keys."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid")


class ModelRow(TableRow):
    """A model in a table: only its name is always published.

    The keys are named as in `flaglift.catalog.Model`; `default_seconds` is only given if it differs
    from `base_seconds`.
    """

    name: _Name
    base_cost_cents: _Cents | None = None
    base_seconds: _Seconds | None = None
    default_seconds: _Seconds | None = None
    durations: Annotated[Durations, PlainValidator(read_durations)] | None = None


class OverlayRow(ModelRow):
    """A model of an overlay, which may also state capabilities."""

    capabilities: tuple[CapabilityKey, ...] | None = None


class CapabilityRow(TableRow):
    """A line of the capability matrix."""

    key: CapabilityKey
    title: _Text
    note: str = ""
    patterns: Annotated[tuple[_Name, ...], Field(min_length=1)]


class ReleaseRow(TableRow):
    """An entry of the changelog that names models."""

    date: _Date
    note: _Text
    models: Annotated[tuple[_Name, ...], Field(min_length=1)]


class DataFile(TableRow):
    """A whole data file; `rows` gives the types of the tables in its arrays."""

    rows: ClassVar[dict[str, type[TableRow]]]


class EditionFile(DataFile):
    """One published edition of the service's Image2Video page, with a sentence on its source."""

    rows: ClassVar[dict[str, type[TableRow]]] = {"models": ModelRow, "capabilities": CapabilityRow}

    date: _Date
    syntax: Literal["flags", "fields"]
    source: _Text
    default_video_model: _Name | None = None
    form_fields: tuple[_Name, ...] = ()
    models: Annotated[tuple[ModelRow, ...], Field(min_length=1)]
    capabilities: tuple[CapabilityRow, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [row.name for row in self.models]
        _once(names)
        _once(row.key for row in self.capabilities)
        if self.default_video_model not in (None, *names):
            raise ValueError(f'the default model "{self.default_video_model}" is not listed')
        return self


class ReleasesFile(DataFile):
    """The entries of the service's changelog that name models, in order of date."""

    rows: ClassVar[dict[str, type[TableRow]]] = {"releases": ReleaseRow}

    source: _Text
    releases: Annotated[tuple[ReleaseRow, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        dates = [row.date for row in self.releases]
        if dates != sorted(dates):
            raise ValueError("the releases are not in the order of their dates")
        return self


class OverlayFile(DataFile):
    """A user's additions and corrections; a row for an existing model gives only the changes."""

    rows: ClassVar[dict[str, type[TableRow]]] = {"models": OverlayRow}

    models: tuple[OverlayRow, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _once(row.name for row in self.models)
        return self


def _once(names: Iterable[str]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise ValueError(f'"{name}" has {count} rows')
