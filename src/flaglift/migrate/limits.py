"""Limits on a server's load from other clients during a run."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from flaglift.errors import InputError
from flaglift.migrate.errors import UnavailableError, missing_extra
from flaglift.migrate.store import Store

_OPTIONS = {"load": "--max-load", "lag": "--max-replica-lag"}


class LoadLimits:
    """Decides between chunks whether a run has to wait."""

    def __init__(
        self, store: Store, load: float | None, lag: float | None, replicas: Sequence[str] = ()
    ) -> None:
        """`load` is in running statements, `lag` in seconds; None for no limit.

        `replicas` are addresses of replicas of MySQL or MariaDB, whose primary does not know how
        far behind they are. Raises `InputError` for an invalid value.
        """
        self._store = store
        self._most = {k: most for k, most in (("load", load), ("lag", lag)) if most is not None}
        self._replicas = None
        if replicas:
            try:
                from flaglift.migrate.sql.load import Replicas  # noqa: PLC0415 (an extra)
            except ModuleNotFoundError:
                raise missing_extra("sql", "a replica") from None
            self._replicas = Replicas(replicas)

    @contextmanager
    def watching(self) -> Iterator["LoadLimits"]:
        """Keep connections to replicas for the block.

        Raises `InputError` if a limited quantity cannot be measured.
        """
        try:
            if self._replicas is not None:
                self._replicas.check()
            known = self._now()
            for name in self._most.keys() - known.keys():
                hint = "; --replica names replicas of MySQL or MariaDB" if name == "lag" else ""
                raise InputError(
                    f"{self._store.name}: does not tell what {_OPTIONS[name]} limits{hint}"
                )
            yield self
        finally:
            if self._replicas is not None:
                self._replicas.close()

    def _now(self) -> Mapping[str, float]:
        if not self._most:
            return {}
        lag = {} if self._replicas is None else {"lag": self._replicas.lag()}
        return {**self._store.pressure(), **lag}

    def __call__(self) -> str | None:
        """Return a description of what exceeds its limit.

        None, too, if the store does not answer: the next chunk waits for it to come back.
        """
        try:
            now = self._now()
        except UnavailableError:
            return None
        for name, most in self._most.items():
            if math.isinf(now[name]):
                return "a replica does not replicate"
            if now[name] > most:
                return f"the {name} is {now[name]:g}, above the limit of {most:g}"
        return None
