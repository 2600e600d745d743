"""How a process that helps begins: it heeds no Ctrl-C, and does not outlive who started it."""

import os
import signal
import threading
from multiprocessing import connection, parent_process
from multiprocessing.process import BaseProcess


def begin() -> None:
    """Leave Ctrl-C to the process that started this one, and leave with it.

    What a file is replaced with is there in one step, so that it does not matter when.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with, args=(parent_process(),), daemon=True).start()


def _leave_with(parent: BaseProcess | None) -> None:
    if parent:
        connection.wait([parent.sentinel])
        os._exit(1)
