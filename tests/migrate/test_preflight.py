"""What is looked at before the first change: rights, replicas, modes, constraints, space."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import exc, inspect

import databases
from databases import engine_of
from flaglift.errors import InputError
from flaglift.migrate.errors import UnavailableError
from flaglift.migrate.job import Job
from flaglift.migrate.space import check_folder
from flaglift.migrate.sql.server import check_server
from migrate.conftest import Database, open_database
from migrate.sources import applied, opened, planned, undone
from running import flaglift

VIDEO = "cat {} --video --video_model kling25 --duration 5"


def said(source: str, topic: str, *outcomes: str) -> list[str]:
    """Return what a plan says of a topic."""
    with opened(Job(source), write=False) as store:
        return [
            check.sentence
            for check in store.checks()
            if check.topic == topic and check.outcome in (outcomes or ("note", "refuse"))
        ]


@contextmanager
def account(database: Database, *grants: str) -> Iterator[str]:
    """Create an account with rights; yield the address of `prompts` for it."""
    name = f"flaglift_reader_{os.getpid()}"
    user = f"{name}@'%'" if database.kind == "mysql" else name
    database.run(f"CREATE USER {user}")
    for grant in grants:
        database.run(f"GRANT {grant} TO {user}")
    start = database.url.index("://") + 3
    rest = database.url[database.url.index("@") + 1 :]
    try:
        yield f"{database.url[:start]}{name}@{rest}#prompts"
    finally:
        if database.kind == "postgresql":
            database.run(f"DROP OWNED BY {name}")
        database.run(f"DROP USER {user}")


@pytest.fixture(params=["postgresql", "mysql"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    yield from open_database(request.param, tmp_path)


def test_who_may_change_nothing_may_plan(server: Database) -> None:
    server.prompts([VIDEO])
    with account(server, "SELECT ON prompts") as source:
        assert planned(source).translated == 1
        (sentence,) = said(source, "rights")
        assert "`prompts` cannot be written" in sentence
        with pytest.raises(InputError, match="`prompts` cannot be written"):
            applied(source)
    assert said(f"{server.url}#prompts", "rights") == []
    assert len(said(f"{server.url}#prompts", "rights", "pass")) == 1


def test_who_may_keep_no_journal(server: Database) -> None:
    server.prompts([VIDEO])
    with account(server, "SELECT, UPDATE ON prompts") as source:
        lacks = (
            "no right to create them" if server.kind == "postgresql" else "CREATE command denied"
        )
        assert lacks in said(source, "rights")[0]
        with pytest.raises(InputError, match="may not create") as error:
            applied(source)
        assert "\n" not in str(error.value)
        assert f"TO {source.partition('://')[2].partition('@')[0]}" in str(error.value).replace(
            "`", ""
        )
        applied(f"{server.url}#prompts")
        assert "may not use the journal's tables" in said(source, "rights")[0]


def test_a_right_to_all_but_inserting_is_not_enough(server: Database) -> None:
    server.prompts([VIDEO])
    applied(f"{server.url}#prompts")
    server.run("INSERT INTO prompts (id, text) VALUES (2, 'a --video --video_model kling25')")
    tables = ("flaglift_runs", "flaglift_journal", "flaglift_leases")
    grants = (f"SELECT, UPDATE, DELETE ON {table}" for table in tables)
    with account(server, "SELECT, UPDATE ON prompts", *grants) as source:
        assert "may not use the journal's tables" in said(source, "rights")[0]
        with pytest.raises(InputError, match=r"may not use the journal's tables.*GRANT"):
            applied(source)


def test_a_right_to_some_of_the_columns_is_not_enough(server: Database) -> None:
    server.prompts([VIDEO])
    grants = "SELECT ON prompts", "UPDATE (text, video_model) ON prompts"
    with account(server, *grants) as source:
        with pytest.raises(InputError, match="`prompts` cannot be written"):
            applied(source)
        (sentence,) = said(source, "rights")
        assert "`prompts` cannot be written" in sentence
        if server.kind == "mysql":
            assert "UPDATE is denied for `video_prompt`, `video_duration`)" in sentence


def test_a_column_that_may_not_be_selected_is_named(server: Database) -> None:
    server.prompts([VIDEO])
    server.run("ALTER TABLE prompts ADD COLUMN num_images INTEGER, ADD COLUMN secret TEXT")
    names = "id, text, video_model, video_prompt, video_duration"
    with account(server, f"SELECT ({names}), UPDATE ON prompts") as source:
        for call in (planned, applied):
            with pytest.raises(InputError, match=r"cannot be read .* select `num_images`$"):
                call(source)
        assert not inspect(server.engine).has_table("flaglift_runs")
        server.run("ALTER TABLE prompts DROP COLUMN num_images")
        assert planned(source).translated == 1


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("id > current_setting('app.tenant')::int", "unrecognized configuration parameter"),
        ("may_see(id)", "raise exception"),
    ],
)
def test_a_policy_that_fails_is_not_taken_for_a_key(
    tmp_path: Path, condition: str, reason: str
) -> None:
    for database in open_database("postgresql", tmp_path):
        database.prompts([VIDEO])
        database.run(
            "CREATE FUNCTION may_see(integer) RETURNS boolean LANGUAGE plpgsql"
            " AS 'BEGIN RAISE ''no tenant''; END'"
        )
        with account(database, "SELECT, UPDATE ON prompts") as source:
            database.run("ALTER TABLE prompts ENABLE ROW LEVEL SECURITY")
            database.run(f"CREATE POLICY tenants ON prompts USING ({condition})")
            for call in (planned, applied):
                with pytest.raises(InputError, match=reason) as caught:
                    call(source)
                assert "the key" not in str(caught.value)


def test_adding_columns_needs_a_right_of_its_own(server: Database) -> None:
    server.run("CREATE TABLE prompts (id INTEGER PRIMARY KEY, text TEXT)")
    server.fill([VIDEO])
    before = server.rows()
    sentence, *grants = {
        "postgresql": ("columns cannot be added to `prompts`", "SELECT, UPDATE ON prompts"),
        "mysql": ("ALTER command denied", "SELECT, INSERT, UPDATE, DELETE, CREATE ON *.*"),
    }[server.kind]
    with account(server, *grants) as source:
        if server.kind == "postgresql":  # MySQL tells it of the statement alone
            with opened(Job(source, create_columns=True), write=False) as store:
                assert sentence in str(store.checks())
        with pytest.raises(InputError, match=sentence):
            applied(source, create_columns=True)
        assert server.rows() == before
    assert applied(f"{server.url}#prompts", create_columns=True).changed == 1


def test_columns_that_a_run_could_not_add_are_added_by_the_next(server: Database) -> None:
    server.run("CREATE TABLE prompts (id INTEGER PRIMARY KEY, text TEXT)")
    server.fill([VIDEO])
    waits = {
        "postgresql": "?options=-c%20lock_timeout%3D200",
        "mysql": "?init_command=SET%20lock_wait_timeout%3D1",
    }
    source = f"{server.url}#prompts"
    for taken_back in (True, False):
        with server.engine.begin() as reader:
            reader.exec_driver_sql("SELECT * FROM prompts").all()
            with pytest.raises(UnavailableError, match=r"[Ll]ock"):
                applied(f"{server.url}{waits[server.kind]}#prompts", create_columns=True)
        assert not taken_back or undone(source).notes == []
    assert applied(source, create_columns=True).changed == 1
    assert [column for row in server.rows() for column in row] == [
        1,
        "cat {}",
        "kling25",
        "cat {}",
        5,
    ]
    assert "were added by the run and still exist" in undone(source).notes[0]


@pytest.mark.parametrize(
    "grants",
    [
        ("SELECT, INSERT, UPDATE, DELETE, CREATE ON {database}.*",),
        tuple(
            f"SELECT, INSERT, UPDATE, DELETE, CREATE ON {{database}}.flaglift_{name}"
            for name in ("runs", "journal", "leases")
        ),
    ],
    ids=["of the database", "of tables that are not there"],
)
@pytest.mark.parametrize("by_role", [False, True])
def test_rights_that_mysql_s_catalog_does_not_tell(
    tmp_path: Path, grants: tuple[str, ...], by_role: bool
) -> None:
    for database in open_database("mysql", tmp_path):
        database.prompts([VIDEO])
        role = f"flaglift_role_{os.getpid()}"
        named = [grant.format(database=database.engine.url.database) for grant in grants]
        with ExitStack() as stack:
            if by_role:
                database.run(f"CREATE ROLE {role}")
                stack.callback(database.run, f"DROP ROLE {role}")
                for grant in named:
                    database.run(f"GRANT {grant} TO {role}")
            own = (role,) if by_role else named
            source = stack.enter_context(account(database, "SELECT, UPDATE ON prompts", *own))
            if by_role:
                user = source.partition("://")[2].partition("@")[0]
                database.run(f"SET DEFAULT ROLE {role} FOR {user}@'%'")
            assert len(said(source, "rights", "pass")) == 1
            assert applied(source).changed == 1


def test_asking_for_rights_fires_no_trigger(tmp_path: Path) -> None:
    for database in open_database("postgresql", tmp_path):
        source = database.prompts(["plain"])
        database.run("CREATE TABLE fired (n INTEGER)")
        database.run(
            "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN INSERT INTO fired VALUES (1); RETURN NULL; END'"
        )
        database.run(
            "CREATE TRIGGER t AFTER UPDATE ON prompts FOR EACH STATEMENT EXECUTE FUNCTION note()"
        )
        planned(source)
        applied(source)
        assert database.run("SELECT * FROM fired") == []


def test_a_mode_that_is_not_strict(tmp_path: Path) -> None:
    for database in open_database("mysql", tmp_path):
        source = database.prompts([VIDEO])
        assert "STRICT_ALL_TABLES" in said(source, "sql_mode", "pass")[0]
        with database.engine.connect() as connection:  # as behind a proxy that drops settings
            connection.exec_driver_sql("SET SESSION sql_mode = ''")
            assert [c.topic for c in check_server(connection) if c.outcome == "refuse"] == [
                "sql_mode"
            ]


def test_constraints_on_what_is_written_are_named(database: Database) -> None:
    source = database.prompts([VIDEO])
    assert said(source, "constraint") == []
    database.run("DROP TABLE prompts")
    database.run("CREATE TABLE models (name VARCHAR(60) PRIMARY KEY)")
    database.run(
        "CREATE TABLE prompts (id INTEGER PRIMARY KEY, text VARCHAR(200) UNIQUE, video_prompt TEXT,"
        " video_model VARCHAR(60), video_duration INTEGER, price INTEGER,"
        " CONSTRAINT lengths CHECK (video_duration < 11), CONSTRAINT prices CHECK (price > 0),"
        " CONSTRAINT models FOREIGN KEY (video_model) REFERENCES models (name))"
    )
    database.run("CREATE INDEX by_model ON prompts (video_model)")
    found = said(source, "constraint")
    assert len(found) == 3
    assert all(any(name in sentence for sentence in found) for name in ("`lengths`", "`models`"))


def test_a_unique_index_of_expressions_is_named(tmp_path: Path) -> None:
    for database in open_database("postgresql", tmp_path):
        source = database.prompts([VIDEO])
        database.run("CREATE UNIQUE INDEX lowered ON prompts (id, lower(video_prompt))")
        database.run("CREATE UNIQUE INDEX other ON prompts (id, lower('video'))")
        (sentence,) = said(source, "constraint")
        assert "`lowered` may refuse rows" in sentence


def test_a_sqlite_file_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for database in open_database("sqlite", tmp_path):
        source = database.prompts([VIDEO])
        assert said(source, "rights") == []
        with monkeypatch.context() as patched:  # root may write every file
            patched.setattr("flaglift.migrate.sql.server.os.access", lambda path, _: path.is_dir())
            assert said(source, "rights") == [
                f"{tmp_path / 'prompts.db'} cannot be written, and apply changes it"
            ]
        database.run("CREATE INDEX flaglift_runs ON prompts (text)")
        with pytest.raises(InputError, match=r"the journal's tables: [^;]*flaglift_runs") as caught:
            applied(source)
        assert "GRANT" not in str(caught.value)


def test_a_disk_without_room(tmp_path: Path) -> None:
    room = shutil.disk_usage(tmp_path).free
    assert check_folder(tmp_path, room // 2) == check_folder(tmp_path / "none", 1) == []
    (check,) = check_folder(tmp_path, 2 * room)
    assert check.outcome == "note"
    assert f"{2 * room:,} bytes" in check.sentence


def test_a_folder_that_takes_no_files() -> None:
    (check,) = check_folder(Path("/proc/self"), 1)
    assert "cannot be written" in check.sentence


@pytest.mark.parametrize("room", [0, 9, 14, 21, 22, 26, 27])
def test_a_name_that_leaves_no_room_for_those_beside_it(tmp_path: Path, room: int) -> None:
    stem = "\N{CAT FACE}" + "a" * (os.pathconf(tmp_path, "PC_NAME_MAX") - room - 4 - len(".jsonl"))
    source = tmp_path / f"{stem}.jsonl"
    source.write_text(json.dumps({"text": VIDEO}) + "\n")
    named = ["--journal", str(tmp_path / "journal"), "--to", str(tmp_path / "to.jsonl")]
    companions = (("the journal", "--journal", 22), ("the result", "--to", 27))
    notes = [
        f"the name of {what} is {more - room} bytes too long; apply needs another one, by {option}"
        for what, option, more in companions
        if room < more
    ]
    assert said(str(source), "name") == notes
    assert flaglift("migrate", "plan", str(source)).returncode == 0
    assert flaglift("migrate", "status", str(source)).returncode == 0
    done = flaglift("migrate", "apply", str(source), *named[: 4 * bool(notes)])
    assert done.returncode == 0, done.stderr
    if notes:
        refused = flaglift("migrate", "apply", str(source))
        assert (refused.returncode, notes[0] in refused.stderr) == (2, True)
        assert sorted(tmp_path.iterdir()) == sorted(
            [source, *(tmp_path / name for name in ("journal", "journal-lock", "to.jsonl"))]
        )


def test_what_was_looked_at_comes_first(tmp_path: Path) -> None:
    for database in open_database("sqlite", tmp_path):
        source = database.prompts([VIDEO])
        lines = flaglift("migrate", "apply", source, "-q").stdout.splitlines()
        assert lines[0].startswith("pass: ")
        assert "1 changed" in lines[2]
        assert not [line for line in lines[2:] if line.startswith("pass: ")]


@dataclass
class Standby:
    """A server of PostgreSQL and one that follows it."""

    primary: Database
    replica: str


def _port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def standby() -> Iterator[Standby]:
    with engine_of(databases.server("postgresql")).connect() as connection:
        query = "SELECT setting FROM pg_config WHERE name = 'BINDIR'"
        programs = Path(str(connection.exec_driver_sql(query).scalar()))
    folder = Path(tempfile.mkdtemp(prefix="flaglift-standby-"))
    folder.chmod(0o777)
    user = {"user": "nobody"} if os.getuid() == 0 else {}
    ports = _port(), _port()

    def run(program: str, *options: str) -> None:
        command = [programs / program, *options]
        subprocess.run(command, check=True, capture_output=True, cwd=folder, **user)  # type: ignore[call-overload]

    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)

        def start(name: str, port: int) -> str:
            options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c cluster_name={name}"
            options += " -c fsync=off -c wal_level=logical -c shared_buffers=8MB"
            place = str(folder / name)
            run("pg_ctl", "-D", place, "-w", "-l", f"{place}.log", "-o", options, "start")
            stack.callback(run, "pg_ctl", "-D", place, "-m", "immediate", "stop")
            return f"postgresql://postgres@127.0.0.1:{port}/postgres"

        run("initdb", "-D", str(folder / "first"), "-A", "trust", "-U", "postgres", "--no-sync")
        primary = start("first", ports[0])
        where = ("-h", "127.0.0.1", "-p", str(ports[0]), "-U", "postgres")
        run("pg_basebackup", *where, "-D", str(folder / "second"), "-R", "-c", "fast", "--no-sync")
        replica = start("second", ports[1])
        yield Standby(Database("postgresql", primary, engine_of(primary)), replica)


def test_replicas_and_slots_are_named(standby: Standby) -> None:
    source = standby.primary.prompts([VIDEO])
    end = time.monotonic() + 60
    while not (found := said(source, "replica")):
        assert time.monotonic() < end, "it does not follow"
        time.sleep(0.1)
    assert found == ["the replica `second` follows this server; --max-replica-lag lets it keep up"]
    standby.primary.run("SELECT pg_create_logical_replication_slot('feed', 'test_decoding')")
    assert said(source, "replica")[1:] == ["the replication slot `feed` passes every change on"]
    while True:
        try:
            (sentence,) = said(f"{standby.replica}#prompts", "replica")
            break
        except (InputError, exc.DBAPIError):  # the table has not come there yet
            assert time.monotonic() < end
            time.sleep(0.1)
    assert "read-only or a replica" in sentence
    assert planned(f"{standby.replica}#prompts").translated == 1
