"""The user's request: where the prompts are, and where their fields go."""

import datetime
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType, NoneType
from typing import Any

from flaglift.catalog.overlay import read_overlay
from flaglift.context import NULLS
from flaglift.emit.form import form_value
from flaglift.errors import InputError
from flaglift.migrate.mending import NOTHING, Mending
from flaglift.settings import DEFAULT, Settings
from flaglift.syntax.flags import FIELD_FLAGS, ValueKind

WHOLE, EXPAND, CONTRACT = "whole", "expand", "contract"
"""Both forms change at once; the fields are filled and the text stays; the text is shortened if
the fields have the values of its flags."""

DEFAULT_TARGETS = MappingProxyType({field: field for field in FIELD_FLAGS})

USUALLY_EMPTY = MappingProxyType(
    {
        field: (*NULLS, "0") if flag.kind is ValueKind.WHOLE_NUMBER else NULLS
        for field, flag in FIELD_FLAGS.items()
        if flag.kind is not ValueKind.TEXT
    }
)
"""Values by flag field that always stand for an empty one; for a text, the empty text and
the null that servers write into CSV.
"""


_MOST_BYTES = 2**40
"""The most that `most_bytes` can be."""


@cache
def own_version() -> str:
    """Return the version of this package, which is read from a file."""
    return version("flaglift")


@dataclass(frozen=True)
class Job:
    """One migration. Two jobs with the same fingerprint do the same to every record."""

    source: str
    """A path, or a database URL with `#table`. It may hold a password: never print it."""
    text: str = "text"
    """The column, key or path that has the prompts."""
    targets: Mapping[str, str] = field(default_factory=lambda: dict(DEFAULT_TARGETS))
    """Maps fields to columns, or to keys next to the text."""
    key: str | None = None
    """The column or key that identifies a record in reports and the journal."""
    json_column: str | None = None
    """The database column with JSON documents, if `text` is a path in them."""
    where: str | None = None
    """An SQL condition."""
    limit: int | None = None
    """The most records to decide on: for a file in total, for a database per call."""
    encoding: str = "utf-8"
    delimiter: str | None = None
    create_columns: bool = False
    most_bytes: int = 64 * 2**20
    """Longer records are skipped and reported."""
    journal: Path | None = None
    """The journal of a file; next to it if None."""
    to: Path | None = None
    """The file to write; next to the source if None."""
    replace: bool = False
    """Replace the source with the result when it is complete."""
    empty: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Values by field that stand for an empty one, in addition to `USUALLY_EMPTY`."""
    mending: Mending = NOTHING
    """Changes to prompts before they are translated."""
    step: str = WHOLE
    """`whole`, or one of the steps of a migration under readers of both forms."""
    settings: Settings = DEFAULT

    def is_empty(self, name: str, value: object) -> bool:
        """Return whether a value of a field stands for an empty one, as `0` does for a duration."""
        spelled = form_value(value)
        usual = ("", "\\N") if name in FIELD_FLAGS else NULLS
        return spelled in USUALLY_EMPTY.get(name, usual) or spelled in self.empty.get(name, ())

    def options(self) -> dict[str, Any]:
        """Return the options that a run stores for verify and undo, as JSON-ready values."""
        return {
            "text": self.text, "targets": dict(self.targets), "key": self.key,
            "json_column": self.json_column, "where": self.where, "encoding": self.encoding,
            "delimiter": self.delimiter, "most_bytes": self.most_bytes,
            "empty": {name: list(values) for name, values in self.empty.items()},
            "mending": self.mending.to_dict(),
            "step": self.step,
            "settings": _settings_to_json(self.settings),
        }  # fmt: skip

    def kept(self) -> dict[str, Any]:
        """Return what a run's `info` keeps of it: the options, and what tells if they change."""
        options = self.options()
        return {"options": options, "options_sha": _digest(options)}

    def with_options(self, info: Mapping[str, Any], journal: object) -> "Job":
        """Return the job with the options stored in a run's `info`, which a journal holds.

        Raises `InputError` if they are not as `kept` returned them.
        """
        options = info["options"]
        try:
            if info.get("options_sha", _digest(options)) != _digest(options):
                raise ValueError("edited")  # noqa: TRY301 (one message for all that is wrong)
            for name, usual in Job("").options().items():
                _check_kind(options[name], usual)
            empty = {name: tuple(values) for name, values in options["empty"].items()}
            settings = _settings_from_json(options["settings"])
            mending = Mending.from_dict(options["mending"])
            read = {"empty": empty, "settings": settings, "mending": mending}
            return replace(self, **{**options, **read})
        except (LookupError, TypeError, ValueError, AttributeError):
            raise InputError(
                f"{journal}: the options of the run are not as this version of flaglift writes"
                " them: they were edited, or are of another version; take the journal from a"
                " backup, or use that version"
            ) from None

    @property
    def fingerprint(self) -> str:
        """A hash of everything that determines the output, including this version's behavior."""
        chosen = asdict(self.settings)
        overlay = self.settings.overlay
        chosen["overlay"] = None if overlay is None else read_overlay(overlay)
        parts = [
            own_version(), chosen, self.text, dict(self.targets), self.key, self.json_column,
            self.where, self.encoding, self.delimiter, self.create_columns, dict(self.empty),
            self.mending.to_dict(), self.step,
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:16]


def _digest(options: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(options, sort_keys=True).encode()).hexdigest()[:16]


def _check_kind(value: Any, usual: object) -> None:
    """Raise `TypeError` for an option that is not of the type or size that it usually has."""
    too_large = type(value) is int and not 0 < value <= _MOST_BYTES
    if too_large or type(value) not in ((NoneType, str) if usual is None else (type(usual),)):
        raise TypeError("an option is of another type")


def _settings_to_json(settings: Settings) -> dict[str, Any]:
    values = asdict(settings)
    overlay = settings.overlay and str(settings.overlay.resolve())
    edition = settings.edition and settings.edition.isoformat()
    return {**values, "overlay": overlay, "edition": edition}


def _settings_from_json(values: Mapping[str, Any]) -> Settings:
    overlay = values["overlay"] and Path(values["overlay"])
    edition = values["edition"] and datetime.date.fromisoformat(values["edition"])
    codes = {name: tuple(values[name]) for name in ("select", "ignore")}
    return Settings(**{**values, **codes, "overlay": overlay, "edition": edition})


def missing_columns(names: Sequence[str]) -> str:
    """Return the message for missing columns that should be written."""
    return (
        f"there is no column {', '.join(names)}; --create-columns adds what is missing, and"
        " --target FIELD=COLUMN names another"
    )
