"""Databases and sources for the tests of stores: real ones."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, exc, text

import databases
from databases import engine_of

PROMPTS = [
    "a cat --video --video_model kling25 --duration 5",
    "plain",
    'é "tall" cat --video --video_model seedance_v15_720p --video_prompt "it\\"s \\\\ 猫"',
    'a 6" heel --video --video_model kling25',
    "dog --video --video_model kling25 runs --duration 10 fast",
    "x --video --video_model kling25 --duration 5\n",
]
"""Four that are translated, one without flags, one that is refused."""


@dataclass
class Database:
    """A database of its own for one test."""

    kind: str
    url: str
    engine: Engine

    def run(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        with self.engine.begin() as connection:
            result = connection.execute(text(sql), values)
            return [tuple(row) for row in result] if result.returns_rows else []

    def prompts(
        self,
        texts: Sequence[str | None],
        name: str = "prompts",
        key: str = "id INTEGER PRIMARY KEY",
    ) -> str:
        """Create a table of prompts; return its address."""
        self.run(
            f"CREATE TABLE {name} ({key}, text TEXT, video_model VARCHAR(60), video_prompt TEXT,"
            " video_duration INTEGER)"
        )
        self.fill(texts, name)
        return f"{self.url}#{name}"

    def fill(self, texts: Sequence[str | None], name: str = "prompts") -> None:
        """Put prompts into a table."""
        rows = [{"i": i, "t": t} for i, t in enumerate(texts, 1)]
        if rows:
            with self.engine.begin() as connection:
                connection.execute(text(f"INSERT INTO {name} (id, text) VALUES (:i, :t)"), rows)

    def rows(self, name: str = "prompts", order: str = "id") -> list[tuple[Any, ...]]:
        return self.run(f"SELECT * FROM {name} ORDER BY {order}")


@pytest.fixture(scope="module", autouse=True)
def _no_certificates() -> Iterator[None]:
    """PyMySQL would read those of the machine for each connection: most of a short test's time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", os.devnull)
        yield


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    yield from open_database(request.param, tmp_path)


def open_database(kind: str, tmp_path: Path) -> Iterator[Database]:
    if kind == "sqlite":
        (tmp_path / "prompts.db").touch()
        url = f"sqlite:///{tmp_path / 'prompts.db'}"
        yield Database(kind, url, engine_of(url))
        return
    address = databases.server(kind)
    server = engine_of(address)
    name = f"flaglift_test_{os.getpid()}"
    try:
        with server.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
            if kind == "postgresql":  # processes are killed here, not the server
                connection.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
    except exc.OperationalError as error:
        pytest.fail(f"no {kind} server answers at {address} ({error.orig})")
    url = server.url.set(drivername=kind, database=name).render_as_string(hide_password=False)
    database = Database(kind, url, engine_of(url))
    try:
        yield database
    finally:
        with server.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            force = " WITH (FORCE)" if kind == "postgresql" else ""
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}{force}")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of its own, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
