"""What processes have in common that do a part of the work for the one that starts them."""

import os
import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess


def start_worker() -> None:
    """Begin a worker: leave Ctrl-C to the process that started this one, and end with it."""
    from multiprocessing import parent_process  # noqa: PLC0415 (few runs are that large)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with, args=(parent_process(),), daemon=True).start()


def _leave_with(parent: "BaseProcess | None") -> None:
    from multiprocessing import connection  # noqa: PLC0415

    if parent:
        connection.wait([parent.sentinel])
        os._exit(1)
