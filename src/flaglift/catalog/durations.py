"""The video lengths in whole seconds that a model supports."""

from dataclasses import dataclass

LONGEST = 3600
"""No published duration is close to an hour; a longer one in a file must be a mistake."""


@dataclass(frozen=True, slots=True)
class Durations:
    """A range or a set of whole seconds; `allowed` ascends and is never empty.

    >>> 7 in Durations.between(4, 12), 7 in Durations.of(4, 6, 8)
    (True, False)
    """

    allowed: tuple[int, ...]
    is_range: bool = False

    @classmethod
    def between(cls, shortest: int, longest: int) -> "Durations":
        """Return the range from `shortest` to `longest` seconds, both allowed.

        Raises `ValueError` unless 1 <= shortest <= longest <= 3600.
        """
        if shortest > longest:
            raise ValueError(
                f"the shortest duration, {shortest} s, is above the longest, {longest} s"
            )
        _check(shortest)
        _check(longest)
        return cls(tuple(range(shortest, longest + 1)), is_range=True)

    @classmethod
    def of(cls, *seconds: int) -> "Durations":
        """Return the set of the given seconds.

        Raises `ValueError` when there are none, or one is not between 1 and 3600.
        """
        if not seconds:
            raise ValueError("no duration is allowed at all")
        for each in seconds:
            _check(each)
        return cls(tuple(sorted(set(seconds))))

    def __contains__(self, seconds: object) -> bool:
        return seconds in self.allowed

    def nearest(self, seconds: int) -> int:
        """Return the allowed duration nearest to `seconds`, the shorter of two equally near.

        >>> Durations.of(4, 6, 8).nearest(5), Durations.between(4, 12).nearest(60)
        (4, 12)
        """
        return min(self.allowed, key=lambda each: (abs(each - seconds), each))

    def __str__(self) -> str:
        """Return the durations as text for people.

        >>> print(Durations.between(4, 12), Durations.of(4, 6, 8), Durations.of(5), sep="; ")
        4–12 s; 4, 6 or 8 s; 5 s
        """
        if self.is_range and len(self.allowed) > 1:
            return f"{self.allowed[0]}–{self.allowed[-1]} s"
        *others, last = map(str, self.allowed)
        return f"{', '.join(others)} or {last} s" if others else f"{last} s"


def read_durations(value: object) -> Durations:
    """Return durations from their form in the data files: `[5, 10]` or `{ min = 4, max = 12 }`.

    Raises `ValueError` for anything else.
    """
    if isinstance(value, list) and all(type(each) is int for each in value):
        return Durations.of(*value)
    if isinstance(value, dict) and sorted(value) == ["max", "min"]:
        low, high = value["min"], value["max"]
        if type(low) is int and type(high) is int:
            return Durations.between(low, high)
    raise ValueError("should be whole seconds, as in [5, 10] or { min = 4, max = 12 }")


def _check(seconds: int) -> None:
    if not 1 <= seconds <= LONGEST:
        raise ValueError(f"a duration is from 1 to {LONGEST} seconds, not {seconds}")
