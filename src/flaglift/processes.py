"""What processes have in common that do a part of the work for the one that starts them."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

_UNBROKEN = threading.Lock()

# Windows has neither of them.
_mask: Any = getattr(signal, "pthread_sigmask", lambda how, numbers: numbers)  # noqa: ARG005
_ENDING = {getattr(signal, name, signal.SIGINT) for name in ("SIGINT", "SIGTERM", "SIGHUP")}
"""What users, time limits and terminals end a process with; what it leaves then, stays."""


@contextmanager
def unbroken() -> Iterator[None]:
    """Let the block finish before a signal, or the end of the parent of a worker, ends this."""
    before = _mask(signal.SIG_BLOCK, _ENDING)
    try:
        with _UNBROKEN:
            yield
    finally:
        _mask(signal.SIG_SETMASK, before)


def start_worker() -> None:
    """Begin a worker: leave Ctrl-C to the process that started this one, and end with it."""
    from multiprocessing import parent_process  # noqa: PLC0415 (few runs are that large)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    before = _mask(signal.SIG_BLOCK, _ENDING)  # those are for the thread that may hold them off
    threading.Thread(target=_leave_with, args=(parent_process(),), daemon=True).start()
    _mask(signal.SIG_SETMASK, before)


def _leave_with(parent: "BaseProcess | None") -> None:
    from multiprocessing import connection  # noqa: PLC0415

    if parent:
        connection.wait([parent.sentinel])
        with _UNBROKEN:
            os._exit(1)
