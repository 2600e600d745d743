"""What processes have in common that do a part of the work for the one that starts them."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

_UNBROKEN = threading.Lock()


@contextmanager
def _masked() -> Iterator[None]:
    """Hold off what users, time limits and terminals end a process with."""
    before = signal.pthread_sigmask(
        signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    )
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_signals_held = _masked if hasattr(signal, "pthread_sigmask") else nullcontext  # not on Windows


@contextmanager
def unbroken() -> Iterator[None]:
    """Let the block finish before a signal, or the end of the parent of a worker, ends this."""
    with _signals_held(), _UNBROKEN:
        yield


def start_worker() -> None:
    """Begin a worker: leave Ctrl-C to the process that started this one, and end with it."""
    from multiprocessing import parent_process  # noqa: PLC0415 (few runs are that large)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with _signals_held():  # the new thread never takes them: they wait for the one that writes
        threading.Thread(target=_leave_with, args=(parent_process(),), daemon=True).start()


def _leave_with(parent: "BaseProcess | None") -> None:
    from multiprocessing import connection  # noqa: PLC0415

    if parent:
        connection.wait([parent.sentinel])
        with _UNBROKEN:
            os._exit(1)
