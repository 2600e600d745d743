"""Compares a run with its plan as it proceeds: too large a difference stops the run."""

from collections.abc import Iterator
from typing import Any

from flaglift.errors import FlagliftError, InputError
from flaglift.migrate.tally import Tally

_NO_PLAN = "is not a plan that `flaglift migrate plan --save` wrote"
_OUTCOMES = ("translated", "unchanged", "refused", "problems", "without")


class DriftError(FlagliftError):
    """An outcome occurred more often than planned, by more than the allowed share."""


class SavedPlan:
    """The counts of a saved plan."""

    def __init__(self, document: Any, fingerprint: str, most: float) -> None:
        """`most` is the share of the planned records by which an outcome may be exceeded.

        Raises `InputError` for a plan of another job, or for a file that is not a plan.
        """
        try:
            counts, made = document["counts"], document["fingerprint"]
        except (KeyError, TypeError):
            raise InputError(_NO_PLAN) from None
        try:
            self._counts = Tally.from_dict(counts)
        except ValueError as error:
            raise InputError(f"{_NO_PLAN}: {error}; make it again") from None
        missing = ", ".join(f"`{name}`" for name in self._counts.to_dict() if name not in counts)
        if missing:
            raise InputError(f"{_NO_PLAN}: its counts lack {missing}; make it again")
        if made != fingerprint:
            raise InputError(
                "the plan was made with other options, another catalog or another version of"
                " flaglift; make it again"
            )
        self._most = most

    def check(self, tally: Tally) -> None:
        """Raise `DriftError` if an outcome has occurred too often."""
        allowed = self._most * max(1, self._counts.records)
        for outcome, planned, counted in self._pairs(tally):
            if counted - planned > allowed:
                raise DriftError(
                    f"stopped: {counted:,} prompts are {outcome}, and the plan has {planned:,};"
                    f" --max-drift allows {self._most:.0%} of {self._counts.records:,} records"
                    " more. Everything written so far is kept; plan again, or continue with a"
                    " larger --max-drift"
                )

    def differences(self, tally: Tally, *, whole: bool) -> list[str]:
        """Return what differs from the plan, one sentence each.

        For a run that has not read the `whole` source, only excesses count as differences.
        """
        pairs = [("records", self._counts.records, tally.records), *self._pairs(tally)]
        return [
            f"{outcome}: {counted:,}, planned {planned:,}"
            for outcome, planned, counted in pairs
            if counted > planned or (whole and counted < planned)
        ]

    def _pairs(self, tally: Tally) -> Iterator[tuple[str, int, int]]:
        for outcome in _OUTCOMES:
            yield outcome, getattr(self._counts, outcome), getattr(tally, outcome)
        for code in sorted({*self._counts.refusals, *tally.refusals}):
            yield f"refused by {code}", self._counts.refusals[code], tally.refusals[code]
