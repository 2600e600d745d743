"""The catalog's data on one video model, and on one capability."""

from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import cached_property

from flaglift.catalog.durations import Durations


@dataclass(frozen=True)
class Model:
    """One video model; anything that its source does not state is None, and is never guessed.

    - `base_cost_cents`: the charge, in cents, for a video of `base_seconds`. The page states 5
      seconds for most models and 10 for the motion-control and animate models, and nothing for
      the Veo models.
    - `durations`: the supported seconds; None for a model known by name only.
    - `capabilities`: the keys of the `Capability` rows whose patterns cover it.
    - `source`: where this is published: a page, the changelog, or the path of an overlay.
    - `stated_default_seconds`: the length made when none is asked for, where that is published
      and is not the base.
    """

    name: str
    base_cost_cents: int | None = None
    base_seconds: int | None = None
    durations: Durations | None = None
    capabilities: frozenset[str] = frozenset()
    source: str = ""
    stated_default_seconds: int | None = None

    @property
    def allowed_seconds(self) -> tuple[int, ...] | None:
        """The supported seconds, ascending, or None if they are unknown."""
        return None if self.durations is None else self.durations.allowed

    @property
    def default_seconds(self) -> int | None:
        """The length in seconds if none is requested, or None if it is unknown.

        Source: the service's Image2Video page, "commonly 5; 8 for VEO3; 10 for motion-control /
        animate".
        """
        if self.stated_default_seconds is not None:
            return self.stated_default_seconds
        return None if self.durations is None else self.base_seconds

    @cached_property
    def cents_per_second(self) -> Decimal | None:
        """The price of one second in cents, or None if the base cost or its length is unknown."""
        if self.base_cost_cents is None or self.base_seconds is None:
            return None
        return Decimal(self.base_cost_cents) / self.base_seconds

    def price_cents(self, seconds: int | None) -> Decimal | None:
        """Return the price in cents of `seconds`; None means the default duration.

        The price is None if it is unknown, or if the model does not support the length.
        Source: the service's Image2Video page: the cost is for the base duration, and longer videos
        scale linearly; shorter ones, which it does not mention, are assumed to do the same.

        >>> kling = Model("kling25", 39, 5, Durations.of(5, 10))
        >>> kling.price_cents(10), kling.price_cents(None)
        (Decimal('78'), Decimal('39'))
        >>> kling.price_cents(7) is None
        True
        """
        length = self.default_seconds if seconds is None else seconds
        if self.base_cost_cents is None or self.base_seconds is None or length is None:
            return None
        if length <= 0 or (seconds is not None and self.durations and length not in self.durations):
            return None
        # Multiplied before dividing, so that thirds of a cent add up to exact results.
        return Decimal(self.base_cost_cents * length) / self.base_seconds

    def is_price_assumed(self, seconds: int | None) -> bool:
        """Return whether the price of a length is an assumption: it is below the base length.

        The service states that longer videos scale linearly, but says nothing about shorter ones.
        """
        length = self.default_seconds if seconds is None else seconds
        return length is not None and self.base_seconds is not None and length < self.base_seconds


@dataclass(frozen=True, slots=True)
class Capability:
    """Something that some models can do, with the name patterns of these models as published.

    `key` is the name that rules use (`first_last_keyframe`), `title` and `note` quote the page.
    """

    key: str
    title: str
    note: str
    patterns: tuple[str, ...]

    def covers(self, name: str) -> bool:
        """Return whether one of the patterns matches the model name; case matters.

        >>> Capability("motion_control", "Motion control", "", ("kling30_*",)).covers("kling30_4k")
        True
        """
        return any(matches(pattern, name) for pattern in self.patterns)


def matches(pattern: str, name: str) -> bool:
    """Return whether a shell pattern matches a model name; case matters.

    >>> matches("seedance2_*", "seedance2_4k"), matches("seedance2_*", "seedance25_720p")
    (True, False)
    """
    # Most patterns are a name or a prefix, and need no regular expression.
    stem = pattern.removesuffix("*")
    if any(special in stem for special in "*?["):
        return fnmatchcase(name, pattern)
    return name == pattern or (stem != pattern and name.startswith(stem))
