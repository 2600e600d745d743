"""The most that others may have to do while a run goes on."""

from flaglift.errors import InputError
from flaglift.migrate.store import Store


class LoadLimits:
    """Tells between chunks whether a run is to wait."""

    def __init__(self, store: Store, load: float | None, lag: float | None) -> None:
        """`load` is in running statements, `lag` in seconds; None for no limit.

        Raises `InputError` where the store does not tell one of them.
        """
        self._store = store
        wanted = {"load": ("--max-load", load), "lag": ("--max-replica-lag", lag)}
        self._most = {name: most for name, (_, most) in wanted.items() if most is not None}
        known = store.pressure() if self._most else {}
        for name in self._most:
            if name not in known:
                raise InputError(f"{store.name}: does not tell what {wanted[name][0]} limits")

    def __call__(self) -> str | None:
        """Return what is above its limit."""
        now = self._store.pressure() if self._most else {}
        for name, most in self._most.items():
            if now[name] > most:
                return f"the {name} is {now[name]:g}, and is to be at most {most:g}"
        return None
