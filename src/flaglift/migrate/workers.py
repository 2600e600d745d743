"""Decides on a file's chunks in several processes; this one splits, writes and journals.

The output is the same with any number of processes: chunks are cut here, in the order of
the file, and written here in that order, whichever process finishes first.
"""

import gc
import multiprocessing
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from dataclasses import dataclass

from flaglift.errors import InputError
from flaglift.migrate.chunks import ChunkDecider
from flaglift.migrate.control import Control, DecidedChunk, Look
from flaglift.migrate.decision import decider_of
from flaglift.migrate.engine import Ahead
from flaglift.migrate.files.store import FileStore
from flaglift.migrate.job import Job
from flaglift.migrate.records import Chunk, Cursor
from flaglift.migrate.store import Store
from flaglift.processes import start_worker

_READY = 2
"""Chunks queued in addition to one per process, so that no process has to wait."""


@dataclass
class _Sent:
    """A chunk sent, or to be sent, to a process for deciding."""

    chunk: Chunk
    future: "Future[DecidedChunk] | None" = None


class Workers:
    """Processes that decide on the chunks of one file."""

    def __init__(self, job: Job, store: FileStore, control: Control, processes: int) -> None:
        self._job = job
        self._store = store
        self._control = control
        self._processes = processes
        self._pool = self._begun()

    def _begun(self) -> ProcessPoolExecutor:
        # Forked processes would hold the journal's lock as long as they live.
        return ProcessPoolExecutor(
            self._processes,
            multiprocessing.get_context("spawn"),
            _start,
            (self._job, self._store, self._control.look),
        )

    def close(self) -> None:
        """End the processes."""
        self._pool.shutdown(cancel_futures=True)

    def parts(self, cursor: Cursor | None, *, write: bool) -> Iterator[DecidedChunk]:
        """Return the parts of the file from a cursor onward, in order.

        Raises `InputError` if processes die twice while deciding on a chunk.
        """
        waiting: deque[_Sent] = deque()
        more = True
        while True:
            while more and len(waiting) < self._processes + _READY:
                chunk = self._store.cut(cursor, self._control.throttle.rows)
                if chunk is None:
                    more = False
                else:
                    waiting.append(_Sent(chunk))
                    cursor = chunk.cursor
            if not waiting:
                return
            yield self._received(waiting, write=write)

    def _received(self, waiting: deque[_Sent], *, write: bool) -> DecidedChunk:
        """Return the next part; if a process has died, new processes decide on that chunk alone."""
        for sent in (waiting, [waiting[0]]):
            try:
                first, *_ = [self._sent(each, write=write) for each in sent]
                part = first.result()
            except BrokenProcessPool:
                self._pool.shutdown()
                self._pool = self._begun()
                for each in waiting:
                    each.future = None
            else:
                waiting.popleft()
                return part
        raise InputError(
            f"{self._store.name}: a process ended while it decided on the next {self._store.unit}s,"
            " and so did another one; what was written before is kept: run the same command again"
            " with --jobs 1 to resume"
        )

    def _sent(self, sent: _Sent, *, write: bool) -> "Future[DecidedChunk]":
        if sent.future is None:
            sent.future = self._pool.submit(_part, sent.chunk, write)
        return sent.future


def check_jobs(store: Store, jobs: int, limit: int | None) -> None:
    """Raise `InputError` if only a single process can decide."""
    if jobs > 1 and not isinstance(store, FileStore):
        raise InputError(
            f"{store.name}: --jobs is for files; the records of any other store are read, locked"
            " and written chunk by chunk, each after the one before"
        )
    if jobs > 1 and limit is not None:
        raise InputError(f"{store.name}: --limit counts in one process; omit --jobs")


@contextmanager
def deciding(job: Job, store: Store, control: Control, jobs: int) -> Iterator[Ahead | None]:
    """Yield the workers that decide on a file; None if this process decides."""
    if jobs > 1 and isinstance(store, FileStore):
        with closing(Workers(job, store, control, jobs)) as workers:
            yield workers.parts
    else:
        yield None


_worker: ChunkDecider | None = None


def _start(job: Job, store: FileStore, look: Look) -> None:
    global _worker  # noqa: PLW0603 (one for each process)
    start_worker()
    _worker = ChunkDecider(store, decider_of(job, store.fields), look)
    gc.freeze()  # as in the process that writes


def _part(chunk: Chunk, write: bool) -> DecidedChunk:
    """Return a part without the data that only the deciding process needs."""
    if _worker is None or not isinstance(_worker.store, FileStore):
        raise AssertionError("a process decides for one file")
    started = time.monotonic()
    part = _worker(_worker.store.parse(chunk), write=write)
    left = part.chunk._replace(records=(), body=None, columns=None)
    return part._replace(chunk=left, decided=(), seconds=time.monotonic() - started)
