"""Runs flaglift in forks of one process, and ends them with SIGKILL where it is told to.

Reads one JSON object a line: `argv`; `kill_at`, the number of a boundary, or `kill_after`, seconds;
`rows`, the size of all chunks. Answers with the boundaries that the run came by and how it ended.
A boundary stands between any two changes of a database or a file, before the first and after the
last.
"""

import gc
import json
import os
import signal
import sqlite3
import sys
import threading
import time
import types
from typing import Any

import sqlalchemy
from sqlalchemy import event

# What the forks need is imported once, here.
from flaglift import translate
from flaglift.cli import cli, migrate_runs
from flaglift.errors import FlagliftError
from flaglift.migrate import throttle
from flaglift.migrate.files import (
    delimited,
    json_array,
    jsonl,
    ledger,
    output,
    parquet_writer,
    writer,
)
from flaglift.migrate.sql import store
from flaglift.report import migration

PRELOADED = (migrate_runs, migration, delimited, json_array, jsonl, store)

READS = (
    "SELECT", "SHOW", "PRAGMA", "DESC", "SET", "EXPLAIN", "SAVEPOINT", "RELEASE", "BEGIN", "START",
    "PREPARE", "DEALLOCATE",
)  # fmt: skip
"""How statements begin that leave a database as it is."""


class Boundaries:
    """Counts boundaries, and ends the process at one of them."""

    def __init__(self, kill_at: int | None) -> None:
        self.kill_at = kill_at
        self.count = 0
        self._changed = True
        self._written = False

    def __call__(self, *_: Any) -> None:
        """Come by; it is a boundary if something has changed since the last one."""
        if self._changed:
            self._changed = False
            self.count += 1
            if self.count == self.kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    def before_statement(self, statement: str) -> None:
        self()
        if not statement.lstrip().upper().startswith(READS):
            self._changed = self._written = True

    def before_commit(self, *_: Any) -> None:
        self()
        self._changed, self._written = self._written, False

    def around(self, place: Any, name: str, *, flush: bool = False) -> None:
        """Put a boundary before and after a function."""
        real = getattr(place, name)

        def function(*args: Any, **options: Any) -> Any:
            self()
            result = real(*args, **options)
            if flush:
                args[0]._file.flush()
            self._changed = True
            self()
            return result

        setattr(place, name, function)


def instrument(boundary: Boundaries) -> None:
    for name in ("fsync", "replace", "link", "unlink"):
        boundary.around(os, name)
    boundary.around(output.Output, "append", flush=True)
    boundary.around(parquet_writer.ParquetResult, "_write_group")
    boundary.around(writer.FileWriter, "finish")
    connect = sqlite3.connect

    def traced(*args: Any, **options: Any) -> Any:
        connection = connect(*args, **options)
        connection.set_trace_callback(boundary.before_statement)
        return connection

    # The ledger's own, so that SQLAlchemy's connections are not counted twice.
    traced_module = types.SimpleNamespace(**{**vars(sqlite3), "connect": traced})
    setattr(ledger, "sqlite3", traced_module)  # noqa: B010 (no type checker knows better)

    event.listen(
        sqlalchemy.Engine,
        "before_cursor_execute",
        lambda *given: boundary.before_statement(given[2]),
    )
    event.listen(sqlalchemy.Engine, "commit", boundary.before_commit)
    for moment in ("begin", "rollback"):
        event.listen(sqlalchemy.Engine, moment, lambda *_: boundary())


def chunks_of(rows: int) -> None:
    def begin(self: throttle.Throttle) -> None:
        self.rows = rows

    throttle.Throttle.__post_init__ = begin  # type: ignore[method-assign]
    throttle.Throttle.learn = lambda *_: None  # type: ignore[method-assign]


def child(order: dict[str, Any], answer: int) -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    boundary = Boundaries(order.get("kill_at"))
    if order.get("rows"):
        chunks_of(order["rows"])
    if not order.get("kill_after"):
        instrument(boundary)
    said = ""
    try:
        code = cli.main(order["argv"], prog_name="flaglift", standalone_mode=False)
    except FlagliftError as error:
        code, said = 2, str(error)
    os.write(
        answer, json.dumps({"boundaries": boundary.count, "code": code, "said": said}).encode()
    )
    os._exit(0)


def run(order: dict[str, Any]) -> dict[str, Any]:
    end, answer = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(end)
        try:
            child(order, answer)
        finally:
            os._exit(70)
    os.close(answer)
    if order.get("kill_after"):
        timer = threading.Timer(order["kill_after"], os.kill, (pid, signal.SIGKILL))
        timer.start()
        _, status = os.waitpid(pid, 0)
        timer.cancel()
        timer.join()
    else:
        _, status = os.waitpid(pid, 0)
    said = b""
    while part := os.read(end, 65536):
        said += part
    os.close(end)
    killed = os.WIFSIGNALED(status)
    return {"killed": killed, **(json.loads(said) if said else {"boundaries": None, "code": None})}


if __name__ == "__main__":
    translate("a --video --video_model kling25")
    for driver in ("sqlite+pysqlite", "postgresql+psycopg", "mysql+pymysql"):
        sqlalchemy.create_engine(f"{driver}://").dialect.import_dbapi()
    gc.freeze()  # or each fork would look at all that was imported, and so copy it
    for line in sys.stdin:
        began = time.monotonic()
        result = run(json.loads(line))
        sys.stdout.write(json.dumps({**result, "seconds": time.monotonic() - began}) + "\n")
        sys.stdout.flush()
