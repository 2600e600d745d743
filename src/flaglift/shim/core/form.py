"""The entries of a form, multipart or urlencoded: the prompts they make up, and the changes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flaglift.emit.form import form_value
from flaglift.shim.core.decision import Judge, PromptChange
from flaglift.shim.core.names import ArrayOrder, FieldPlace, read_name
from flaglift.shim.core.record import Reason
from flaglift.shim.core.refusal import Doubt

MOST_ENTRIES = 10_000
"""The most entries read per request, since no other is served meanwhile."""

_UNREADABLE = "\N{REPLACEMENT CHARACTER}"
"""A placeholder for a value that is not UTF-8: it exists, but equals no value of a flag."""


@dataclass(slots=True)
class FormEntry:
    """One pair or part as received, and its replacement."""

    name: str
    value: str | None
    """None for a file, and if it is not valid UTF-8."""
    is_file: bool = False
    place: FieldPlace | None = None
    """What it means; None if it is not a field of a prompt."""
    new_value: str | None = None
    """The new value; None to leave it."""
    removed: bool = False
    added: list[tuple[str, str]] = field(default_factory=list)
    """Names and values of new entries that follow it."""

    @property
    def is_text(self) -> bool:
        """Whether it is the text of a prompt."""
        return self.place is not None and self.place.field == "text"


class RequestForm:
    """The entries of one form seen so far, in order."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._beside: dict[tuple[str, int], dict[str, Any]] = {}
        self._seen: set[FieldPlace] = set()
        self._kinds: dict[tuple[str, int, str], str] = {}
        self._owners: set[str] = set()
        self._lists = False  # an owner ends in `[]`
        self._order = ArrayOrder()
        self._sent_order = ArrayOrder()
        self._added: dict[tuple[str, int, str], str] = {}
        self._entries = 0
        self.has_text: bool = False
        """Whether a text was seen."""

    def see(self, entry: FormEntry) -> None:
        """Register an entry. Raises `Doubt` if it is ambiguous, or if there are too many."""
        self._entries += 1
        if self._entries > MOST_ENTRIES:
            raise Doubt(Reason.TOO_LARGE)
        entry.place = place = self._place(entry.name)
        if place is None:
            return
        if place.field == "text":
            if place.rest or entry.value is None:
                raise Doubt(Reason.ODD_NAME if place.rest else Reason.INVALID_UTF8)
            self.has_text = True
            self._once(place, None)
        else:
            self._once(place, entry.value)
            self._note(place, _UNREADABLE if entry.value is None else entry.value)

    def see_file(self, entry: FormEntry, filename: str) -> None:
        """Register a file; the name is empty if none was chosen. Raises `Doubt` like `see`."""
        self._entries += 1
        if self._entries > MOST_ENTRIES:
            raise Doubt(Reason.TOO_LARGE)
        entry.place = place = self._place(entry.name)
        if place is not None:
            if place.field == "text":
                raise Doubt(Reason.ODD_PART)
            self._once(place, None)
            self._note(place, filename or None)

    def settle(self, entries: Sequence[FormEntry], *, complete: bool, locked: bool = False) -> bool:
        """Decide what to send for the entries since the last call; return whether any changes.

        With `locked`, they are judged but sent unchanged. Raises `Doubt` if they cannot be
        told apart, `Refusal` in mode `strict`.
        """
        changed = False
        by_place: dict[FieldPlace | None, FormEntry] = {}
        for entry in entries:
            if entry.is_text and entry.place and entry.value is not None:
                beside = self._beside.get(entry.place.prompt, {})
                change = self._judge.decide(entry.value, beside, complete=complete)
                changed |= change is not None
                if change and change.filled and not by_place:  # filling is rare
                    by_place = {entry.place: entry for entry in entries if not entry.is_file}
                if change and not locked:
                    self._apply(change, entry.place, entry, by_place, complete=complete)
        if self._lists:
            self._check_order(entries)
        return changed

    def _place(self, name: str) -> FieldPlace | None:
        place = read_name(name, self._judge.route.root)
        if place is None:
            return None
        owner = place.owner
        self._owners.add(owner)
        self._lists |= owner.endswith("[]")
        if self._lists:
            if len(self._owners) > 1:  # a list and a mapping under one name
                raise Doubt(Reason.ODD_NAME)
            key = f"[{place.field}]{place.rest}"
            return place._replace(element=self._order.element_of(key))
        return place

    def _once(self, place: FieldPlace, value: str | None) -> None:
        """Check that a field comes once, and in one form."""
        key = (*place.prompt, place.field)
        if key in self._added and value == self._added[key] and not place.rest:
            return  # set by a flag and again after a file: the same value twice
        if key in self._added or (place in self._seen and not place.repeats):
            raise Doubt(Reason.DUPLICATE_NAME)
        self._seen.add(place)
        # A value, a list and a mapping under one name contradict each other.
        kind = "[]" if place.rest.startswith("[]") else place.rest[:1]
        if self._kinds.setdefault(key, kind) != kind:
            raise Doubt(Reason.ODD_NAME)

    def _note(self, place: FieldPlace, value: str | None) -> None:
        beside = self._beside.setdefault(place.prompt, {})
        if place.rest:
            beside.setdefault(place.field, []).append(value)
        else:
            beside[place.field] = value

    def _apply(
        self,
        change: PromptChange,
        place: FieldPlace,
        text: FormEntry,
        by_place: Mapping[FieldPlace | None, FormEntry],
        *,
        complete: bool,
    ) -> None:
        text.new_value, text.removed = change.text, change.text is None
        for name, value in change.filled.items():
            empty = by_place.get(place._replace(field=name))
            if empty is None:  # it is already sent, or it is a file
                raise Doubt(Reason.DUPLICATE_NAME)
            empty.new_value = form_value(value)
        for name, value in change.added.items():
            written = value if type(value) is str else form_value(value)
            text.added.append((f"{place.owner}[{name}]", written))
            if not complete:
                self._added[(*place.prompt, name)] = written

    def _check_order(self, entries: Sequence[FormEntry]) -> None:
        """Check that what is sent is read as the prompts that it belongs to.

        Without an index, the order of the entries determines which prompt each belongs to.
        """
        sent = [place for entry in entries for place in _places(entry)]
        for place in sent:
            element = self._sent_order.element_of(f"[{place.field}]{place.rest}")
            if element != place.element:
                raise Doubt(Reason.ARRAY_ORDER)


def _places(entry: FormEntry) -> Iterator[FieldPlace]:
    """Yield the places of an entry as sent, and of those added after it."""
    if entry.place:
        if not entry.removed:
            yield entry.place
        for name, _ in entry.added:
            key = name.removeprefix(entry.place.owner)[1:-1]
            yield entry.place._replace(field=key)
