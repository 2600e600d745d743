"""Notifications to systemd: the proxy is ready, reloading, stopping."""

import logging
import os
import socket
import time

from flaglift.errors import reason

LOGGER = logging.getLogger("flaglift.shim")


def notify(state: str) -> None:
    """Send a state such as `READY=1` to the service manager, if one is waiting for it.

    A failure is only logged: requests are served anyway.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if state == "RELOADING=1":  # timestamped, to distinguish it from an older one
        state += f"\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
            client.connect("\0" + address[1:] if address.startswith("@") else address)
            client.sendall(state.encode())
    except OSError as error:
        LOGGER.warning("NOTIFY_SOCKET=%s cannot be told: %s", address, reason(error))
