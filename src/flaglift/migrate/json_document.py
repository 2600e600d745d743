"""Prompts in a JSON document: read by path, written back by splicing; no other byte moves."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from flaglift.context import UNSTATED
from flaglift.lossless.json_members import Member, parse_path, single, sites, validate, value_of
from flaglift.migrate.job import Job
from flaglift.migrate.json_rewriting import JsonRewriter
from flaglift.migrate.json_shapes import JsonShapes
from flaglift.migrate.json_values import UNREAD, document_of, holders
from flaglift.migrate.records import Problem, Stored, StoredRecord, Verdict
from flaglift.migrate.request import context_of, request_field
from flaglift.migrate.shape_decision import ShapeDecider
from flaglift.syntax.concern import may_concern

Change = Callable[[bytes, dict[str, Any], int, int], bool]
"""Takes a document, given its bytes, its values, its number and its position in the chunk."""


class JsonDocuments:
    """Reads and writes prompts in documents of one shape."""

    def __init__(self, path: str, targets: Mapping[str, str], key: str | None = None) -> None:
        """`targets` maps fields to keys next to the text; `key` is the path of a document's name.

        Raises `ValueError` for an invalid path.
        """
        self._steps = parse_path(path)
        self._targets = targets
        self._taken = frozenset((self._steps[-1], *targets.values()))
        self._key = None if key is None else parse_path(key)
        self._named = f"there is no single key `{key}` in it"
        self.write: Callable[[bytes, Sequence[Verdict]], bytes] = JsonRewriter(
            self._steps, targets
        ).write

    def shapes(self, job: Job, decide: ShapeDecider) -> JsonShapes | None:
        """Return what changes documents by shape; None if prompts or keys are further inside."""
        if len(self._steps) > 1 or (self._key and len(self._key) > 1):
            return None
        return JsonShapes(job, self._steps[0], self._key[0] if self._key else None, decide)

    def record(  # noqa: PLR0913 (what is known about a document)
        self,
        data: bytes,
        number: int,
        start: int,
        *,
        every: bool,
        change: Change | None = None,
        document: Any = UNREAD,
    ) -> StoredRecord | Problem | None:
        """Return the document at a position in its chunk, or the problem with it.

        None for a single prompt without anything like a flag, unless `every` one is wanted:
        most prompts are like that, and skipping them here is fast. Also None for one that `change`
        has taken. `document` has its values, if they are known.
        """
        try:
            document = document_of(data) if document is UNREAD else document
        except (ValueError, RecursionError):
            read = partial(self._found_by_places, data)
        else:
            if not every and self._is_single(document):
                if not may_concern(document[self._steps[0]]):
                    return None
                if change and change(data, document, number, start):
                    return None
            read = partial(self._found, document)
        try:
            prompts, key = read()
        except ValueError as error:
            return Problem(str(number), str(error))
        return StoredRecord(key or str(number), prompts, slice(start, start + len(data)))

    def _is_single(self, document: Any) -> bool:
        if len(self._steps) > 1 or type(document) is not dict:
            return False
        if type(document.get(self._steps[0])) is not str:
            return False
        # A document without its key has to be reported.
        return self._key is None or (len(self._key) == 1 and self._key[0] in document)

    def read(self, data: bytes) -> tuple[Stored, ...]:
        """Return the prompts of a document.

        Raises `ValueError`, with a readable reason, if it is not valid JSON, if a text or a
        target occurs twice, or if a text is not a string.
        """
        try:
            document = document_of(data)
        except (ValueError, RecursionError):
            return self._read_places(data)
        return self._prompts(document)

    def _prompts(self, document: Any) -> tuple[Stored, ...]:
        prompts = [
            self._stored(place, holder.get, holder, context_of(holder, self._taken))
            for place, holder in holders(document, self._steps)
        ]
        return tuple(stored for stored in prompts if stored is not None)

    def _read_places(self, data: bytes) -> tuple[Stored, ...]:
        validate(data)
        places = []
        for site in sites(data, self._steps):

            def value(key: str, inside: Sequence[Member] = site.members) -> Any:
                member = single(inside, key)
                return None if member is None else _value(data, member)

            context = context_of(_values(data, site.members), self._taken)
            present = [member.key for member in site.members]
            places.append(self._stored(site.place, value, present, context))
        return tuple(stored for stored in places if stored is not None)

    def _stored(
        self,
        place: str,
        value: Callable[[str], Any],
        present: Collection[str],
        context: Mapping[str, Any],
    ) -> Stored | None:
        text = value(self._steps[-1])
        if text is None:
            return None
        if not isinstance(text, str):
            raise ValueError(f"`{place}` is not a text")  # noqa: TRY004
        held = {field: value(key) for field, key in self._targets.items()}
        for field in held.keys() & context.keys() if context else ():
            if self._targets[field] == field and field not in present:
                held[field] = context[field]  # it is written to the key with the other spelling
        return Stored(place, text, held, context)

    def _found(self, document: Any) -> tuple[tuple[Stored, ...], str | None]:
        if len(self._steps) == 1 and type(document) is dict:  # nearly always
            step, context = self._steps[0], context_of(document, self._taken)
            stored = self._stored(step, document.get, document, context)
            prompts = tuple(one for one in (stored,) if one is not None)
        else:
            prompts = self._prompts(document)
        if self._key is None:
            return prompts, None
        name = self._key[-1]
        return prompts, self._only(inside[name] for _, inside in holders(document, self._key))

    def _found_by_places(self, data: bytes) -> tuple[tuple[Stored, ...], str | None]:
        prompts = self._read_places(data)
        if self._key is None:
            return prompts, None
        members = (single(site.members, self._key[-1]) for site in sites(data, self._key))
        return prompts, self._only(_value(data, member) for member in members if member)

    def _only(self, values: Iterable[Any]) -> str:
        values_given = list(values)
        if len(values_given) != 1:
            raise ValueError(self._named)
        return str(values_given[0])


def _value(data: bytes, member: Member) -> Any:
    try:
        return value_of(data, member)
    except ValueError:  # the document is valid, so it is a number that Python does not convert
        raise ValueError(f"`{member.key}` has more digits than can be read") from None


def _values(data: bytes, members: Sequence[Member]) -> dict[str, Any]:
    """Return the values of members by key; for a repeated key, only a marker that it exists."""
    values: dict[str, Any] = {}
    for member in members:
        if request_field(member.key):
            twice = member.key in values
            values[member.key] = UNSTATED if twice else _value(data, member)
    return values
