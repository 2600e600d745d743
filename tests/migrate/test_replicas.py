"""A run waits for replicas of MariaDB: real ones, of a server that this test starts."""

import re
import subprocess
import sys
import time
from dataclasses import dataclass
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Engine, text

from databases import engine_of, start_mariadb
from flaglift.errors import InputError
from flaglift.migrate.errors import UnavailableError
from flaglift.migrate.job import Job
from flaglift.migrate.limits import LoadLimits
from flaglift.migrate.sql.load import Replicas, status_statement
from migrate.conftest import Database
from migrate.sources import opened
from running import flaglift

VIDEO = "cat {} --video --video_model kling25 --duration 5"
SMALL = ("--bind-address=127.0.0.1", "--innodb-buffer-pool-size=8M", "--skip-name-resolve")


@dataclass
class Pair:
    """A primary with a table of prompts, and a replica of it."""

    primary: str
    replica: str
    source: str
    database: Database
    on_replica: Engine

    def run(self, sql: str) -> None:
        with self.on_replica.begin() as connection:
            connection.exec_driver_sql(sql)

    def catch_up(self) -> None:
        (reached,) = self.database.run("SELECT @@gtid_binlog_pos")[0]
        with self.on_replica.connect() as connection:
            waited = connection.execute(text("SELECT master_gtid_wait(:at, 60)"), {"at": reached})
            assert waited.scalar() == 0


@pytest.fixture(scope="module")
def pair() -> Pair:
    primary = start_mariadb("--log-bin", "--server-id=1", *SMALL)
    replica = start_mariadb("--server-id=2", *SMALL)
    address = urlsplit(primary)
    database = Database("mysql", primary, engine_of(primary))
    database.run("CREATE DATABASE shop")
    database.run("CREATE USER follower IDENTIFIED BY 'f'")
    database.run("GRANT REPLICATION SLAVE ON *.* TO follower")
    url = address._replace(path="/shop").geturl()
    database = Database("mysql", url, engine_of(url))
    source = database.prompts([VIDEO.format(i) for i in range(20)])
    made = Pair(primary, replica, source, database, engine_of(replica))
    made.run(
        f"CHANGE MASTER TO master_host='127.0.0.1', master_port={address.port},"
        " master_user='follower', master_password='f', master_use_gtid=slave_pos"
    )
    made.run("START SLAVE")
    made.catch_up()
    return made


def test_a_replica_that_falls_behind(pair: Pair) -> None:
    with (
        opened(Job(pair.source), write=False) as store,
        LoadLimits(store, None, 0.5, [pair.replica]).watching() as limits,
    ):
        assert limits() is None
        with pair.on_replica.connect() as holding:
            holding.exec_driver_sql("FLUSH TABLES WITH READ LOCK")
            pair.database.run("INSERT INTO prompts (id, text) VALUES (100, 'late')")
            end = time.monotonic() + 60
            while (reason := limits()) is None:
                assert time.monotonic() < end
                time.sleep(0.1)
            assert re.fullmatch(r"the lag is \d+, above the limit of 0\.5", reason)
            holding.exec_driver_sql("UNLOCK TABLES")
        pair.catch_up()
        assert limits() is None


def test_a_run_waits_for_a_replica_that_does_not_replicate(pair: Pair) -> None:
    pair.run("STOP SLAVE SQL_THREAD")
    command = [sys.executable, "-m", "flaglift", "migrate", "apply", pair.source, "-q"]
    options = ["--max-replica-lag", "5", "--replica", pair.replica]
    with subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr is not None
        assert running.stderr.readline() == "waiting: a replica does not replicate\n"
        pair.run("START SLAVE SQL_THREAD")
        out, _ = running.communicate(timeout=120)
    assert running.returncode == 0, out
    pair.catch_up()
    replicated = Database("mysql", "", engine_of(f"{pair.replica.rpartition('/')[0]}/shop"))
    assert replicated.rows() == pair.database.rows()
    assert replicated.rows()[0][2] == "kling25"


def test_what_is_no_replica(pair: Pair) -> None:
    with pytest.raises(InputError, match="is not a replica"):
        Replicas([pair.primary]).check()
    with pytest.raises(InputError, match="--replica is for MySQL and MariaDB"):
        Replicas(["postgresql://app:secret@db/shop"])
    with pytest.raises(InputError, match="a database is named like"):
        Replicas(["db"])
    result = flaglift("migrate", "plan", pair.source, "-q", "--max-replica-lag", "5")
    assert result.returncode == 2
    assert "--replica names replicas" in result.stderr


def test_a_replica_that_is_away(pair: Pair) -> None:
    nobody = Replicas([pair.replica, "mysql://root:secret@127.0.0.1:1/mysql"])
    with pytest.raises(UnavailableError) as raised:
        nobody.check()
    assert "secret" not in str(raised.value)
    assert nobody.lag() == float("inf")
    nobody.close()


def test_what_servers_call_it() -> None:
    statements = [
        status_statement(SimpleNamespace(is_mariadb=mariadb, server_version_info=version))
        for mariadb, version in ((True, (10, 11)), (False, (8, 0, 22)), (False, (5, 7, 44)))
    ]
    assert statements == ["SHOW ALL SLAVES STATUS", "SHOW REPLICA STATUS", "SHOW SLAVE STATUS"]


def test_a_plan_names_the_replicas_and_knows_one(pair: Pair) -> None:
    def said(source: str) -> list[str]:
        with opened(Job(source), write=False) as store:
            return [check.sentence for check in store.checks() if check.topic == "replica"]

    (sentence,) = said(pair.source)
    assert sentence.startswith("the replica `")
    pair.run("SET GLOBAL read_only = 1")
    (sentence,) = said(pair.source.replace(pair.primary.split("/")[2], pair.replica.split("/")[2]))
    assert "read-only or a replica" in sentence
