"""One run at a time on a table, whoever began the other one, and when."""

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from unittest.mock import patch

import pytest
from sqlalchemy import Connection, Table

from flaglift.errors import FlagliftError, InputError
from flaglift.migrate.errors import LockedError, UnavailableError
from flaglift.migrate.job import Job
from flaglift.migrate.sql import lease
from flaglift.migrate.sql.ledger import SqlLedger
from migrate.conftest import PROMPTS, Database
from migrate.sources import applied, opened, undone


def ended_process() -> int:
    """Return the number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def leave_a_lease(database: Database, source: str, **values: object) -> None:
    """Leave the lease of a run that was killed, with some columns of another holder's."""
    with opened(Job(source)) as store, store.writing(restart=False):
        rows = database.run("SELECT * FROM flaglift_leases")
    names = ("source", "owner", "holder", "machine", "pid", "taken", "expires")
    row = dict(zip(names, rows[0], strict=True)) | values
    columns, parameters = ", ".join(names), ", ".join(f":{name}" for name in names)
    database.run(f"INSERT INTO flaglift_leases ({columns}) VALUES ({parameters})", **row)


def is_held(source: str) -> bool:
    with opened(Job(source), write=False) as store:
        return store.is_held()


def test_a_killed_run_of_this_machine_keeps_nobody_away(database: Database) -> None:
    source = database.prompts(PROMPTS)
    leave_a_lease(database, source, pid=ended_process())
    assert not is_held(source)
    assert applied(source).changed == 4


def test_an_ended_run_of_this_process_keeps_nobody_away(database: Database) -> None:
    source = database.prompts(PROMPTS)
    leave_a_lease(database, source)
    assert not is_held(source)
    assert applied(source).changed == 4


def test_a_run_of_another_process_keeps_others_away(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = database.prompts(PROMPTS)
    leave_a_lease(database, source, pid=os.getppid())
    monkeypatch.setattr(lease, "_WAIT_SECONDS", 0)
    assert is_held(source)
    with pytest.raises(LockedError, match=rf"process {os.getppid()}, since"):
        applied(source)


def test_a_process_of_another_user_is_alive(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = database.prompts(PROMPTS)
    leave_a_lease(database, source, pid=os.getppid())
    monkeypatch.setattr(lease, "_WAIT_SECONDS", 0)
    with patch("os.kill", side_effect=PermissionError):  # root, as which this may run, is let
        assert is_held(source)
        with pytest.raises(LockedError):
            applied(source)


def test_a_process_number_of_another_machine_says_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = database.prompts(PROMPTS)
    leave_a_lease(database, source, pid=ended_process(), machine=f"not-{socket.gethostname()}")
    monkeypatch.setattr(lease, "_WAIT_SECONDS", 0)
    with pytest.raises(LockedError, match="another run is working on it"):
        applied(source)
    database.run("UPDATE flaglift_leases SET expires = 1")
    assert applied(source).changed == 4


def test_a_run_that_was_taken_over_writes_nothing_more(database: Database) -> None:
    source = database.prompts(PROMPTS)
    with opened(Job(source)) as store, store.writing(restart=False) as writer:
        database.run("UPDATE flaglift_leases SET owner = 'another'")
        with pytest.raises(LockedError, match="another run has taken over"), writer.step():
            pytest.fail("the lease was lost")
        assert database.run("SELECT owner FROM flaglift_leases") == [("another",)]


def test_two_runs_begun_at_the_same_moment(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = database.prompts(PROMPTS)
    with opened(Job(source)) as store, store.writing(restart=False):
        pass  # makes the tables
    both = threading.Barrier(2, timeout=10)
    real = lease.Lease._now
    met = threading.local()

    def meet(self: lease.Lease, connection: Connection) -> int:
        if not hasattr(met, "once") and database.kind != "sqlite":  # which lets one write at once
            met.once = True
            both.wait()
        return real(self, connection)

    ends: list[str] = []
    held = threading.Event()

    def run() -> None:
        try:
            with opened(Job(source)) as store, store.writing(restart=False):
                held.wait(10)
                ends.append("done")
        except FlagliftError as error:
            ends.append(f"{type(error).__name__}: {error}")
            held.set()

    monkeypatch.setattr(lease.Lease, "_now", meet)
    monkeypatch.setattr(lease, "_WAIT_SECONDS", 1)
    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    refused, done = sorted(ends)
    assert refused.startswith("LockedError: ")
    assert "another run is working on it" in refused
    assert done == "done"
    assert database.run("SELECT * FROM flaglift_leases") == []


def fail_to_tell_the_time(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Fail as a database does that ends one of two transactions."""
    left = iter(range(times))
    real = lease.Lease._now

    def fail(self: lease.Lease, connection: Connection) -> int:
        if next(left, None) is not None:
            raise UnavailableError("Deadlock found when trying to get lock")
        return real(self, connection)

    monkeypatch.setattr(lease.Lease, "_now", fail)
    monkeypatch.setattr("time.sleep", lambda _: None)


def test_a_transaction_that_is_ended_several_times(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = database.prompts(PROMPTS)
    fail_to_tell_the_time(monkeypatch, 5)
    assert applied(source).changed == 4


def test_a_transaction_that_is_always_ended(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = database.prompts(PROMPTS)
    fail_to_tell_the_time(monkeypatch, 10**9)
    monkeypatch.setattr(lease, "_WAIT_SECONDS", 0.1)
    with pytest.raises(UnavailableError, match="Deadlock"):
        applied(source)
    assert [*lease._HELD] == []
    assert database.run("SELECT * FROM flaglift_leases") == []


def test_a_lease_that_is_refused_for_good_is_not_in_use(database: Database) -> None:
    source = database.prompts(PROMPTS)
    refused = InputError("permission denied")
    with (
        patch.object(lease.Lease, "_try", side_effect=refused),
        pytest.raises(InputError, match="permission denied"),
    ):
        applied(source)
    assert [*lease._HELD] == []


def test_tables_that_another_first_run_creates_at_the_same_moment(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = database.prompts(PROMPTS)
    real = SqlLedger.missing
    looked: list[int] = []
    other = database.engine.connect()
    end = threading.Thread(target=commit_when_waited_for, args=(database, other))

    def missing(self: SqlLedger, connection: Connection) -> list[Table]:
        found = real(self, connection)
        looked.append(len(found))
        if len(looked) == 2 and database.kind != "sqlite":  # which lets one write at once
            # The first look is that of the checks, the second that of who creates them.
            other.begin()
            SqlLedger({"postgresql": "public"}.get(database.kind)).create(other)
            end.start()
        return found

    monkeypatch.setattr(SqlLedger, "missing", missing)
    assert applied(source).changed == 4
    assert looked[:2] == [3, 3]
    if end.ident:
        end.join(30)
    other.close()
    assert undone(source).restored == 4


def commit_when_waited_for(database: Database, other: Connection) -> None:
    """Commit what another transaction of PostgreSQL's waits for; MySQL has committed already."""
    waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ '^.CREATE'"
    until = time.monotonic() + 20
    while database.kind == "postgresql" and not database.run(waits) and time.monotonic() < until:
        time.sleep(0.01)
    other.commit()


def test_the_machine_is_told_where_there_are_no_process_spaces(tmp_path: Path) -> None:
    here = lease._machine()
    assert here.startswith(socket.gethostname())
    with patch("flaglift.migrate.sql.lease.Path", return_value=tmp_path / "none"):
        assert lease._machine() == f"{socket.gethostname()} "
