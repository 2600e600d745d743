"""The workers of `flaglift serve`: started, watched, replaced.

The supervisor owns the socket, and all workers accept from it, so that a worker that fails, or
is replaced to change the configuration, leaves no connection unaccepted. No
connection is accepted before a worker serves.
"""

import logging
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from flaglift.errors import ConfigError, FlagliftError, reason
from flaglift.shim.proxy.assignment import REPLACED, Assignment
from flaglift.shim.proxy.counters import CountersFolder
from flaglift.shim.proxy.listeners import bound, check_loop, passed_by_systemd, shown
from flaglift.shim.proxy.notify import notify
from flaglift.shim.proxy.options import Options

LOGGER = logging.getLogger("flaglift.shim")
_SAFE_PATH = ["-P"] if sys.modules["__main__"].__spec__ is None or sys.flags.safe_path else []
"""Keeps `-m` from importing a file of the folder it is started in, such as http.py, unless this
program was started that way."""
_WITHOUT_MEANING = {signal.SIGUSR1, signal.SIGUSR2}
_SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD, *_WITHOUT_MEANING}
_LEAST_SECONDS = 1.0
"""How long a worker must have run to be replaced at once; otherwise, replacing is delayed by it."""
_START_SECONDS = 60.0
"""How long a new worker may take to listen."""
_KILL_SECONDS = 5.0
"""The grace period for a worker to end after its time limit."""


class _Process:
    """A worker, and the two pipes to it."""

    def __init__(
        self, assignment: Assignment, listeners: list[socket.socket], variables: dict[str, str]
    ) -> None:
        """Start it. Raises `OSError`."""
        files = [listener.fileno() for listener in listeners]
        with ExitStack() as own, ExitStack() as others:
            self._ready, says_ready = _pipe(own, others, reads=True)
            self._lifeline, lives = _pipe(own, others, reads=False)
            variables |= assignment.with_files(files, says_ready, lives).variable()
            self.started = time.monotonic()
            self.popen = subprocess.Popen(  # noqa: S603 - the same program again
                [sys.executable, *_SAFE_PATH, "-m", "flaglift", *sys.argv[1:]],
                env={**os.environ, **variables},
                pass_fds=[*files, says_ready, lives],
                process_group=0,  # a terminal's Ctrl-C goes only to the supervisor
            )
            own.pop_all()
        self._has_listened = False

    def listens(self, seconds: float = 0) -> bool:
        """Return whether it is listening; wait at most this many seconds, or until it ends."""
        if not self._has_listened and select.select([self._ready], [], [], seconds)[0]:
            self._has_listened = os.read(self._ready, 1) == b"1"
        return self._has_listened

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send it a signal, if it has not ended."""
        self.popen.send_signal(number)

    def close(self) -> None:
        """Close its pipes."""
        os.close(self._ready)
        os.close(self._lifeline)


def _pipe(own: ExitStack, others: ExitStack, *, reads: bool) -> tuple[int, int]:
    """Return our end of a pipe, which reads or writes, and that of the other process."""
    ends = os.pipe()
    mine, theirs = ends if reads else ends[::-1]
    own.callback(os.close, mine)
    others.callback(os.close, theirs)
    return mine, theirs


class Supervisor:
    """Runs workers until SIGTERM or SIGINT; `reload` raises if the configuration is invalid."""

    def __init__(self, options: Options, reload: Callable[[], Options]) -> None:
        self._options = options
        self._reload = reload
        self._id = secrets.token_hex(8)
        self._counters = CountersFolder()
        self._passed: list[socket.socket] = []
        self._listeners: list[socket.socket] = []  # the proxy's, and that of the pages
        self._workers: dict[int, _Process] = {}
        self._leaving: list[_Process] = []

    def __enter__(self) -> Self:
        """Listen. Raises `ConfigError` if that is impossible."""
        self._passed = passed_by_systemd()
        try:
            self._listen()
        except ConfigError:
            self._close_listeners()
            raise
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)  # they are waited for
        return self

    def __exit__(self, *exception: object) -> None:
        for process in self._everybody():
            process.stop(signal.SIGKILL)
            process.popen.wait()
            process.close()
        self._close_listeners()
        self._counters.close()
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def _listen(self) -> None:
        """Bind the addresses. Of the passed sockets, the second is for the pages."""
        options, passed = self._options, self._passed
        if len(passed) > 2:
            raise ConfigError(
                f"{len(passed)} sockets were passed: give one, and one for --operators"
            )
        self._listeners += passed or [bound(options.listen)]
        if options.operators and not passed[1:]:
            self._listeners.append(bound(options.operators))
        check_loop(options.upstream, self._listeners[0])

    def run(self) -> int:
        """Run until SIGTERM or SIGINT, and return that signal.

        Raises `ConfigError` if the workers do not start.
        """
        if failure := self._start():
            raise ConfigError(failure)
        options = self._options
        addresses = map(shown, self._listeners)
        where = " and ".join(one if "unix:" in one else f"http://{one}" for one in addresses)
        LOGGER.info(
            "listening on %s, upstream %s, mode %s, workers %d",
            where,
            options.upstream,
            options.policy.mode.value,
            options.workers,
        )
        notify("READY=1")
        while True:
            received = self._next_signal()
            if received == signal.SIGHUP:
                self._replace()
            elif received in _WITHOUT_MEANING:
                name = signal.Signals(received).name
                LOGGER.warning("%s is ignored: SIGHUP reloads, SIGTERM ends", name)
            elif received != signal.SIGCHLD:
                break
            self._bury()  # each time: a pending SIGHUP is received before a SIGCHLD
            self._fill()
        notify("STOPPING=1")
        self._end()
        LOGGER.info("ended")
        return received

    def _next_signal(self) -> int:
        """Wait for a signal; SIGCHLD also stands for the time to start a missing worker."""
        if len(self._workers) == self._options.workers:
            return signal.sigwait(_SIGNALS)
        received = signal.sigtimedwait(_SIGNALS, _LEAST_SECONDS)
        return signal.SIGCHLD if received is None else received.si_signo

    def _start(self) -> str:
        """Start all workers; return why not all of them are listening, if so."""
        started: dict[int, _Process] = {}
        failure = ""
        try:
            for number in range(self._options.workers):
                started[number] = self._begin(number)
        except OSError as error:
            failure = f"a worker cannot be started: {reason(error)}"
        else:
            if not all(process.listens(_START_SECONDS) for process in started.values()):
                failure = "a worker did not start"
        if not failure:
            self._leaving += self._workers.values()
            self._workers = started
            return ""
        self._leaving += started.values()
        for process in started.values():
            process.stop()
        return failure

    def _begin(self, number: int) -> _Process:
        """Start a worker. Raises `OSError`."""
        assignment = Assignment(self._id, number, self._options.workers)
        return _Process(assignment, self._listeners, self._counters.variable())

    def _replace(self) -> None:
        """Start workers with the current configuration, and let the old ones end."""
        notify("RELOADING=1")
        try:
            options = self._reload()
        except FlagliftError as error:
            LOGGER.error("the configuration is not reloaded: %s", error)  # noqa: TRY400
        else:
            for name in ("listen", "operators", "workers"):
                if getattr(options, name) != getattr(self._options, name):
                    LOGGER.warning("%s has changed: that needs a restart", name)
            old = list(self._workers.values())
            if failure := self._start():
                LOGGER.error("the configuration is not reloaded: %s", failure)
            else:
                for process in old:
                    process.stop(REPLACED)
                LOGGER.info("reloaded")
        notify("READY=1")

    def _bury(self) -> None:
        """Forget ended workers."""
        for process in [one for one in self._leaving if one.popen.poll() is not None]:
            self._leaving.remove(process)
            process.close()
        ended = [pair for pair in self._workers.items() if pair[1].popen.poll() is not None]
        for number, process in ended:
            LOGGER.error("worker %d ended with %d", number, process.popen.returncode)
            process.close()
            del self._workers[number]
            if time.monotonic() - process.started < _LEAST_SECONDS:
                time.sleep(_LEAST_SECONDS)

    def _fill(self) -> None:
        """Start the workers that are missing, because they ended unexpectedly."""
        for number in range(self._options.workers):
            if number not in self._workers:
                try:
                    self._workers[number] = self._begin(number)
                except OSError as error:
                    LOGGER.error("worker %d cannot be started: %s", number, reason(error))  # noqa: TRY400

    def _end(self) -> None:
        """Have all workers end, at once after a second signal."""
        options = self._options
        seconds = options.grace_seconds + options.shutdown_seconds + _KILL_SECONDS
        self._leaving += self._workers.values()
        self._workers = {}
        for process in self._leaving:
            process.stop()
        self._close_listeners()
        until = time.monotonic() + seconds
        while self._leaving and (left := until - time.monotonic()) > 0:
            received = signal.sigtimedwait(_SIGNALS, left)
            self._bury()
            if received is not None and received.si_signo in (signal.SIGTERM, signal.SIGINT):
                for process in self._leaving:
                    process.stop()

    def _close_listeners(self) -> None:
        """Stop listening; workers keep their sockets until they are told to stop."""
        for listener in self._listeners:
            name = listener.getsockname()
            listener.close()
            if isinstance(name, str) and listener not in self._passed:
                Path(name).unlink(missing_ok=True)
        self._listeners = []

    def _everybody(self) -> list[_Process]:
        return [*self._workers.values(), *self._leaving]
