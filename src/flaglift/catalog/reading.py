"""Parses the text of a data file to validated content, or to a message on what is wrong."""

import json
import tomllib
from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from flaglift.catalog.schema import CAPABILITY_KEYS, DataFile, TableRow
from flaglift.errors import FlagliftError
from flaglift.spelling import nearest

_SINGULAR = {"models": "model", "capabilities": "capability", "releases": "release"}

_SHAPES = {
    "tuple_type": "should be an array; one of tables has its name in double brackets: [[models]]",
    "model_type": "should be a table of keys and values",
}
"""What is wrong with a value of another type, in the words of TOML."""

_File = TypeVar("_File", bound=DataFile)


def parse_file(kind: type[_File], text: str, file: str, error: type[FlagliftError]) -> _File:
    """Return the content of a TOML file of the given kind.

    Raises `error` with one sentence that names the file (as `file`), the row and the problem, if
    the text is not TOML or not valid for that kind of file.
    """
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as problem:  # too long a number, too deep nesting
        raise error(f"{file}: not valid TOML: {problem}") from problem
    try:
        return kind.model_validate(document)
    except ValidationError as problem:
        raise error(f"{file}: {_first(problem.errors()[0], kind, document)}") from problem


def _first(detail: ErrorDetails, kind: type[DataFile], document: Mapping[str, Any]) -> str:
    """Return what is wrong, after its place: `model "kling25": durations: ...`."""
    row: type[TableRow] = kind
    places: list[str] = []
    rest = [str(part) for part in detail["loc"]]
    if len(rest) > 1 and rest[0] in kind.rows and rest[1].isdecimal():
        table, number, *rest = rest
        row = kind.rows[table]
        places.append(_row_name(_SINGULAR[table], int(number), document[table]))
    if detail["type"] in {"extra_forbidden", "missing"}:
        key = rest.pop()
        if detail["type"] == "missing":
            return ": ".join([*places, f'the key "{key}" is missing'])
        return ": ".join([*places, f"unknown key {_quoted(key)}{_proposal(key, row.model_fields)}"])
    return ": ".join([*places, *rest[:1], _complaint(detail)])


def _row_name(kind: str, number: int, rows: Any) -> str:
    row = rows[number]
    name = (row.get("name") or row.get("key")) if isinstance(row, dict) else None
    return f"{kind} {_quoted(name)}" if name else f"{kind} number {number + 1}"


def _complaint(detail: ErrorDetails) -> str:
    if detail["type"] == "value_error":
        return str(detail["ctx"]["error"])
    if detail["type"] == "literal_error" and detail["loc"][-1] != "syntax":
        key = detail["input"]
        return f"unknown capability {_quoted(key)}{_proposal(str(key), CAPABILITY_KEYS)}"
    message = _SHAPES.get(detail["type"], detail["msg"])
    return message[0].lower() + message[1:]


def _proposal(word: str, known: Collection[str]) -> str:
    near = nearest(word, known)
    return f', did you mean "{near}"?' if near else f" (known: {', '.join(known)})"


def _quoted(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
