"""Databases that do not behave: in each case the run is refused, or the data stays whole."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest
from sqlalchemy import exc, text

from databases import engine_of
from flaglift.cli import cli
from flaglift.errors import InputError
from flaglift.migrate.job import Job
from migrate.conftest import Database, open_database
from migrate.sources import applied, opened, planned, undone, verified

VIDEO = "cat {} --video --video_model kling25 --duration 5"
PRIVATE = "a secret lady --video --video_model kling25 --duration 5"


@pytest.fixture
def postgresql(tmp_path: Path) -> Iterator[Database]:
    yield from open_database("postgresql", tmp_path)


@pytest.fixture
def mysql(tmp_path: Path) -> Iterator[Database]:
    yield from open_database("mysql", tmp_path)


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    yield from open_database("sqlite", tmp_path)


def call(*argv: str) -> int:
    code: int = cli.main(["migrate", *argv], prog_name="flaglift", standalone_mode=False)
    return code


@pytest.fixture
def pooled(postgresql: Database) -> Iterator[str]:
    """The address of the database behind pgbouncer, with two connections to the server."""
    port = 20000 + os.getpid() % 10000
    server = postgresql.engine.url
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)  # pgbouncer runs as another user where root would run it
    config = folder / "pgbouncer.ini"
    config.write_text(
        f"[databases]\n* = host={server.host} port={server.port or 5432} user={server.username}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        "auth_type = any\npool_mode = transaction\ndefault_pool_size = 2\n"
        f"logfile = {folder}/log\npidfile = {folder}/pid\n"
    )
    as_root = ["-u", "nobody"] if os.getuid() == 0 else []
    with subprocess.Popen(
        ["/usr/sbin/pgbouncer", *as_root, str(config)], stderr=subprocess.DEVNULL
    ) as process:
        address = f"postgresql://pool@127.0.0.1:{port}/{server.database}"
        engine = engine_of(address)
        for _ in range(100):
            try:
                with engine.connect():
                    break
            except exc.OperationalError:
                time.sleep(0.05)
        try:
            yield address
        finally:
            process.terminate()
            process.wait()
            shutil.rmtree(folder)


def test_a_pooler_is_left_as_it_was(
    postgresql: Database, pooled: str, capsys: pytest.CaptureFixture[str]
) -> None:
    postgresql.prompts([VIDEO.format(i) for i in range(600)])
    postgresql.run("CREATE TABLE others (n INTEGER)")
    # Connections of an application, which also prepares statements in the same sessions.
    application = engine_of(pooled)
    for verb in ("plan", "apply", "verify", "undo", "apply"):
        assert call(verb, f"{pooled}#prompts", *["-q"] * (verb in ("plan", "apply"))) == 0
        for _ in range(6):
            with application.connect() as one, application.connect() as other:
                for connection in (one, other):
                    connection.execute(text("INSERT INTO others VALUES (1)"))
                    connection.commit()
                    settings = connection.execute(
                        text("SELECT current_setting('default_transaction_read_only')")
                    )
                    assert settings.scalar() == "off"
        assert postgresql.run("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == [(0,)]
    out, err = capsys.readouterr()
    assert "error ignored" not in err
    assert "a pooler or a proxy stands before the server" in out
    with opened(Job(f"{postgresql.url}#prompts"), write=False) as store:
        assert "pooler" not in [check.topic for check in store.checks()]
    assert postgresql.run("SELECT count(*) FROM prompts WHERE text LIKE '%--%'") == [(0,)]


def test_an_engine_without_transactions_is_refused(mysql: Database) -> None:
    source = mysql.prompts([VIDEO])
    for engine in ("MyISAM", "Aria", "MEMORY"):
        if engine == "MEMORY":
            mysql.run(
                "ALTER TABLE prompts MODIFY text VARCHAR(99), MODIFY video_prompt VARCHAR(99)"
            )
        mysql.run(f"ALTER TABLE prompts ENGINE={engine}")
        for verb in (planned, applied):
            with pytest.raises(InputError, match=f"engine {engine} has no transactions"):
                verb(source)
    mysql.run("ALTER TABLE prompts ENGINE=InnoDB")
    # Of these sessions only: other tests make tables on the same server.
    sessions = f"{mysql.url}?init_command=SET+default_storage_engine%3DMyISAM#prompts"
    assert applied(sessions).changed == 1
    assert mysql.run(
        "SELECT DISTINCT engine FROM information_schema.tables WHERE table_schema = database()"
    ) == [("InnoDB",)]


@contextmanager
def tenant(database: Database, *policies: str) -> Iterator[str]:
    """Give the address of the prompts for another account, and what it may see or change."""
    role = f"tenant_{os.getpid()}"
    for statement in (
        f"CREATE USER {role}",
        f"GRANT ALL ON SCHEMA public TO {role}",
        f"GRANT SELECT, UPDATE ON prompts TO {role}",
        "ALTER TABLE prompts ENABLE ROW LEVEL SECURITY",
        *(f"CREATE POLICY p{i} ON prompts {policy}" for i, policy in enumerate(policies)),
    ):
        database.run(statement)
    try:
        yield database.url.replace("postgres@", f"{role}@") + "#prompts"
    finally:
        database.run(f"DROP OWNED BY {role} CASCADE")
        database.run(f"DROP USER {role}")


def test_rows_that_a_policy_protects_are_refused(
    postgresql: Database, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    postgresql.prompts([VIDEO.format(i) for i in range(10)])
    policies = ("FOR SELECT USING (true)", "FOR UPDATE USING (id <= 5)")
    with tenant(postgresql, *policies) as source:
        listed = tmp_path / "refused.jsonl"
        for _ in range(2):
            assert call("apply", source, "-q", "--refused", str(listed)) == 1
            said = capsys.readouterr().out
            assert "`flaglift migrate apply --refused FILE` lists it" in said
            assert listed.read_text().count('"not-allowed"') == 5
            assert "deleted" not in said
            assert "5 refused" in said
            assert "policies hide or protect rows" in said
        assert call("verify", source) == 1
        assert "5 prompts hold flags and were to be translated" in capsys.readouterr().out


POLICIES = {
    "all": (["FOR SELECT USING (true)"], True),
    "all of any statement": (["USING (true)"], True),
    "some and all": (["USING (id < 3)", "FOR SELECT USING (true)"], True),
    "some": (["FOR SELECT USING (id <= 5)"], False),
    "all, but some only": (["USING (true)", "AS RESTRICTIVE USING (id <= 5)"], False),
    "all and a check of what is new": (
        ["USING (true)", "AS RESTRICTIVE FOR UPDATE USING (id <= 5)"],
        True,
    ),
    "all for others": (["FOR SELECT TO postgres USING (true)", "USING (id <= 5)"], False),
    "none": ([], False),
}


@pytest.mark.parametrize(("policies", "sees_all"), POLICIES.values(), ids=POLICIES)
def test_rows_that_a_policy_hides_keep_a_run_from_success(
    postgresql: Database,
    capsys: pytest.CaptureFixture[str],
    policies: list[str],
    sees_all: bool,
) -> None:
    postgresql.prompts(["a quiet cat"] * 10)
    with tenant(postgresql, *policies) as source:
        assert call("apply", source, "-q") == (0 if sees_all else 1)
        said = capsys.readouterr().out
        assert ("no prompt holds flags any more" in said) is sees_all
        assert ("not counted: policies may hide rows from this account" in said) is not sees_all
        assert call("verify", source) == (0 if sees_all else 1)
        assert ("policies may hide rows" in capsys.readouterr().out) is not sees_all
        # The owner sees all of them, whatever the policies.
        assert call("apply", postgresql.url + "#prompts", "-q") == 0


def test_an_undo_tells_of_policies(
    postgresql: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    owner = postgresql.prompts([VIDEO.format(i) for i in range(10)])
    before = postgresql.rows()
    with tenant(postgresql, "USING (true)") as source:
        assert call("apply", source, "-q") == 0
        postgresql.run("DROP POLICY p0 ON prompts")
        postgresql.run("CREATE POLICY seen ON prompts FOR SELECT USING (id <= 7)")
        postgresql.run("CREATE POLICY changed ON prompts FOR UPDATE USING (id <= 5)")
        capsys.readouterr()
        assert call("undo", source) == 1
        said = capsys.readouterr().out
        assert "5 records restored" in said
        assert (
            "2 rows read differently from before the run: a trigger or the column changes" in said
        )
        assert "or a policy protects them" in said
        assert "3 were edited or deleted since" in said
        assert "policies may hide rows from this account" in said
        assert call("undo", owner) == 0
    assert postgresql.rows() == before


def test_a_key_that_is_rounded_amid_the_table_is_not_taken_for_a_deleted_row(
    postgresql: Database,
) -> None:
    source = postgresql.prompts([], key="id double precision PRIMARY KEY")
    # What is looked at first are keys from either end, which have few digits.
    keys = [*range(150), *(200 + i / 3 for i in range(1, 9, 3)), *range(300, 450)]
    values = [{"i": key, "t": VIDEO.format(key)} for key in keys]
    with postgresql.engine.begin() as connection:
        connection.execute(text("INSERT INTO prompts (id, text) VALUES (:i, :t)"), values)
        name = postgresql.engine.url.database
        connection.execute(text(f"ALTER DATABASE {name} SET extra_float_digits = 0"))
    tally = applied(source, rows=50)
    assert (tally.changed, tally.gone) == (len(keys), 0)
    assert postgresql.run("SELECT count(*) FROM prompts WHERE text LIKE '%--%'") == [(0,)]


REFUSING = {
    "check": ["ALTER TABLE prompts ADD CHECK (text <> 'a secret lady')"],
    "unique": [
        "ALTER TABLE prompts ADD UNIQUE (text)",
        "INSERT INTO prompts (id, text) VALUES (0, 'a secret lady')",
    ],
    "deferred unique": [
        "ALTER TABLE prompts ADD UNIQUE (text) DEFERRABLE INITIALLY DEFERRED",
        "INSERT INTO prompts (id, text) VALUES (0, 'a secret lady')",
    ],
    "short": ["ALTER TABLE prompts ALTER video_prompt TYPE varchar(8)"],
    "padded": ["ALTER TABLE prompts ALTER video_prompt TYPE character(8)"],
    "domain": [
        "CREATE DOMAIN tiny AS varchar(8)",
        "ALTER TABLE prompts ALTER video_prompt TYPE tiny",
    ],
    "domain of a check": [
        "CREATE DOMAIN calm AS text CHECK (VALUE <> 'a secret lady')",
        "ALTER TABLE prompts ALTER video_prompt TYPE calm",
    ],
    "raise": [
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF NEW.text = 'a secret"
        " lady' THEN RAISE 'not %', NEW.text; END IF; RETURN NEW; END$$",
        "CREATE TRIGGER no BEFORE UPDATE ON prompts FOR EACH ROW EXECUTE FUNCTION no()",
    ],
}


@pytest.mark.parametrize("kind", [*REFUSING])
def test_a_row_that_postgresql_refuses(
    postgresql: Database, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source = postgresql.prompts([*map(VIDEO.format, range(40)), PRIVATE])
    for statement in REFUSING[kind]:
        postgresql.run(statement)
    before = postgresql.rows()
    assert call("apply", source, "-q") == 1
    said = capsys.readouterr().out
    assert "1 refused" in said
    assert "secret" not in said
    rows = postgresql.rows()
    assert rows[-1] == before[-1]
    assert [row[1] for row in rows[-41:-1]] == [f"cat {i}" for i in range(40)]
    assert call("verify", source) == (0 if kind in ("short", "padded") else 1)
    assert call("undo", source) == 0
    assert postgresql.rows() == before


@pytest.mark.parametrize(
    "change",
    [
        "ADD CHECK (id <> 3 OR text <> 'a secret lady')",
        "ADD UNIQUE (text(99))",
        "MODIFY video_prompt VARCHAR(8)",
        "MODIFY video_prompt TINYTEXT",
        "MODIFY video_prompt TEXT CHARACTER SET latin1",
        "MODIFY video_prompt TEXT CHARACTER SET utf8mb3",
        "MODIFY video_prompt TEXT CHARACTER SET koi8r",
        "MODIFY video_prompt ENUM('cat 1')",
    ],
)
def test_a_row_that_mysql_refuses(
    mysql: Database, change: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Even where the server's own mode is to cut what is too long, and to put `?` for the rest."""
    hard = PRIVATE.replace("a secret lady", "a secret lady " + "😀" * 70)
    hard = hard if "MODIFY" in change else PRIVATE
    source = mysql.prompts(["a secret lady", "cat 1 --video --video_model kling25", hard])
    mysql.run(f"ALTER TABLE prompts {change}")
    before = mysql.rows()
    assert call("apply", f"{mysql.url}?init_command=SET sql_mode=''#prompts", "-q") == 1
    said = capsys.readouterr().out
    assert "1 refused" in said
    assert "secret" not in said
    rows = mysql.rows()
    assert rows[2] == before[2]
    assert rows[1][1:4] == ("cat 1", "kling25", "cat 1")
    assert undone(source).restored == 1
    assert mysql.rows() == before


def test_a_row_that_a_trigger_of_mysql_or_sqlite_refuses(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    if database.kind == "postgresql":
        return
    source = database.prompts([*map(VIDEO.format, range(9)), PRIVATE])
    body = {
        "sqlite": "BEFORE UPDATE ON prompts WHEN NEW.text LIKE '%secret%'"
        " BEGIN SELECT RAISE(ABORT, 'no secret lady'); END",
        "mysql": "BEFORE UPDATE ON prompts FOR EACH ROW IF NEW.text LIKE '%secret%' THEN SIGNAL"
        " SQLSTATE '45000' SET MESSAGE_TEXT = 'no secret lady'; END IF",
    }[database.kind]
    database.run(f"CREATE TRIGGER guard {body}")
    assert call("apply", source, "-q") == 1
    said = capsys.readouterr().out
    assert "1 refused" in said
    assert "secret" not in said
    assert database.rows()[-1][1] == PRIVATE


@pytest.mark.parametrize("kind", ["NUMERIC(6,2)", "DECIMAL(5,1)", "REAL", "FLOAT", "CHAR(9)"])
def test_what_a_column_spells_otherwise(database: Database, kind: str) -> None:
    source = database.prompts([VIDEO.format(1), VIDEO.format(2)])
    database.run("DROP TABLE prompts")
    database.run(
        "CREATE TABLE prompts (id INTEGER PRIMARY KEY, text TEXT, video_model CHAR(32),"
        f" video_prompt TEXT, video_duration {kind})"
    )
    database.fill([VIDEO.format(1), VIDEO.format(2)])
    database.run("UPDATE prompts SET video_duration = 5 WHERE id = 2")
    before = database.rows()
    tally = applied(source)
    assert (tally.changed, tally.refused) == (2, 0)
    assert verified(source)[1] == []
    assert undone(source).restored == 2
    assert database.rows() == before


def test_a_trigger_that_rewrites(postgresql: Database) -> None:
    source = postgresql.prompts([VIDEO.format(1)])
    before = postgresql.rows()
    postgresql.run(
        "CREATE FUNCTION loud() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN NEW.video_prompt = upper(NEW.video_prompt); RETURN NEW; END'"
    )
    postgresql.run(
        "CREATE TRIGGER loud BEFORE UPDATE ON prompts FOR EACH ROW EXECUTE FUNCTION loud()"
    )
    assert applied(source).changed == 1
    assert postgresql.rows()[0][3] == "CAT 1"
    assert verified(source)[1] == []
    assert undone(source).restored == 1
    assert postgresql.rows() == before


def test_a_document_with_prompts_far_apart(database: Database) -> None:
    kind = {"postgresql": "JSONB", "sqlite": "TEXT", "mysql": "JSON"}[database.kind]
    database.run(f"CREATE TABLE prompts (id INTEGER PRIMARY KEY, doc {kind})")
    document = f'{{"prompts": [{{"text": "{PRIVATE}"}}, {{"text": "{"x" * 90_000}"}}, '
    document += f'{{"text": "{PRIVATE}"}}]}}'
    database.run("INSERT INTO prompts VALUES (1, :d)", d=document)
    before = database.rows()
    source = f"{database.url}#prompts"
    assert applied(source, json_column="doc", text="prompts[].text").changed == 1
    assert undone(source).restored == 1
    assert database.rows() == before


def test_a_damaged_journal_restores_nothing(database: Database) -> None:
    source = database.prompts([VIDEO.format(i) for i in range(3)])
    applied(source)
    after = database.rows()
    for damage in ("substr(entries, 1, 40)", "entries"):
        changed = f"UPDATE flaglift_journal SET entries = {damage}"
        database.run(changed if "substr" in damage else f"{changed}, digest = 'x'")
        for verb in (undone, verified):
            with pytest.raises(InputError, match="is not as it was written, so nothing"):
                verb(source)
        assert database.rows() == after


def test_one_table_has_one_name(database: Database) -> None:
    source = database.prompts([VIDEO.format(1)])
    schema = {"postgresql": "public", "sqlite": "main"}.get(
        database.kind, str(database.engine.url.database)
    )
    other = f"{database.url}#{schema}.prompts"
    assert applied(source).changed == 1
    with opened(Job(other)) as store:
        assert [run.source for run in store.runs()] == [f"{schema}.prompts"]
    if database.kind == "sqlite":
        other = f"{database.url}#Prompts"
    assert undone(other).restored == 1
    database.run("CREATE VIEW shown AS SELECT * FROM prompts")
    with pytest.raises(InputError, match="`shown` is a view"):
        planned(f"{database.url}#shown")
    quote = "`" if database.kind == "mysql" else '"'
    database.run(f"ALTER TABLE prompts RENAME TO {quote}my.prompts{quote}")
    assert applied(f"{database.url}#my.prompts").changed == 1


def test_fields_that_are_filled_are_not_texts_without_flags(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    source = database.prompts([VIDEO.format(1)])
    assert call("apply", source, "-q", "--expand") == 0
    assert "the texts keep their flags until `--contract`" in capsys.readouterr().out
    assert call("apply", source, "-q", "--contract") == 0
    assert "no prompt holds flags any more" in capsys.readouterr().out


def test_documents_without_flags_that_cannot_be_read_count_at_the_end(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    database.run("CREATE TABLE things (id INTEGER PRIMARY KEY, doc TEXT)")
    documents = (json.dumps({"text": VIDEO.format(1)}), "[1]", '"x"', None)
    for number, document in enumerate(documents):
        database.run("INSERT INTO things (id, doc) VALUES (:i, :d)", i=number, d=document)
    source = f"{database.url}#things"
    assert call("apply", source, "-q", "--json-column", "doc", "--keep-going") == 1
    said = capsys.readouterr().out
    assert "counted in the source at the end, still with flags: 2 unreadable" in said
    assert call("verify", source) == 1
    assert "2 rows cannot be read" in capsys.readouterr().out


def test_a_text_that_sqlite_holds_and_nobody_can_read_is_no_success(
    sqlite: Database,
) -> None:
    source = sqlite.prompts([VIDEO.format(1), "a cat"])
    sqlite.run("UPDATE prompts SET text = CAST(x'ff' AS TEXT) WHERE text = 'a cat'")
    assert call("apply", source, "-q", "--keep-going") == 1


def test_a_run_keeps_its_options(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    database.run(
        "CREATE TABLE things (id INTEGER PRIMARY KEY, prompt TEXT, model TEXT, vp TEXT, seconds"
        " INTEGER)"
    )
    database.run("INSERT INTO things (id, prompt) VALUES (1, :t)", t=VIDEO.format(1))
    source = f"{database.url}#things"
    options = ["--text-column", "prompt", "--target", "video_model=model"]
    options += ["--target", "video_prompt=vp", "--target", "video_duration=seconds"]
    assert call("apply", source, "-q", *options) == 0
    assert "no prompt holds flags any more" in capsys.readouterr().out
    assert call("verify", source) == 0
    assert call("status", source) == 0
    assert " by " in capsys.readouterr().out
    assert call("undo", source) == 0
    assert database.run("SELECT prompt, model FROM things") == [(VIDEO.format(1), None)]


def test_a_second_account_is_told_which_rights_it_lacks(tmp_path: Path) -> None:
    for kind in ("postgresql", "mysql"):
        for database in open_database(kind, tmp_path):
            applied(database.prompts([VIDEO]))
            name = f"second_{kind[:2]}{os.getpid()}"
            host = "" if kind == "postgresql" else "@'%'"
            database.run(f"CREATE USER {name}{host}")
            database.run(f"GRANT SELECT, UPDATE ON prompts TO {name}{host}")
            try:
                start = database.url.index("://") + 3
                rest = database.url[database.url.index("@") + 1 :]
                source = f"{database.url[:start]}{name}@{rest}#prompts"
                granting = rf"GRANT SELECT, INSERT.*flaglift_runs.*TO `?{name}"
                for verb in (applied, verified, undone):
                    with pytest.raises(InputError, match=granting):
                        verb(source)
                for table in ("runs", "journal"):
                    database.run(f"GRANT SELECT ON flaglift_{table} TO {name}{host}")
                assert verified(source)[1] == []
                with pytest.raises(InputError, match=granting):
                    undone(source)
                for table in ("runs", "journal", "leases"):
                    rights = "SELECT, INSERT, UPDATE, DELETE"
                    database.run(f"GRANT {rights} ON flaglift_{table} TO {name}{host}")
                assert undone(source).restored == 1
            finally:
                if not host:
                    database.run(f"DROP OWNED BY {name}")
                database.run(f"DROP USER {name}{host}")


def make_slow(database: Database, *, row: float, most: str) -> None:
    """Have an update take some seconds a row, and limit the time of a statement."""
    database.run(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
        f" 'BEGIN PERFORM pg_sleep({row}); RETURN NEW; END'"
    )
    database.run(
        "CREATE TRIGGER slow BEFORE UPDATE ON prompts FOR EACH ROW EXECUTE FUNCTION slow()"
    )
    name = database.engine.url.database
    database.run(f"ALTER DATABASE {name} SET statement_timeout = '{most}'")


def test_statements_that_take_too_long_are_tried_smaller(
    postgresql: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = postgresql.prompts([VIDEO.format(i) for i in range(60)])
    make_slow(postgresql, row=0.01, most="300ms")
    assert applied(source, patience=(0.01,) * 4).changed == 60


def test_an_undo_that_takes_too_long_is_tried_smaller(postgresql: Database) -> None:
    source = postgresql.prompts([VIDEO.format(i) for i in range(60)])
    before = postgresql.rows()
    applied(source)
    postgresql.run("UPDATE prompts SET text = 'mine' WHERE id IN (20, 60)")
    make_slow(postgresql, row=0.01, most="300ms")
    assert undone(source, patience=(0.01,) * 4).restored == 58
    kept = [row for row in postgresql.rows() if row[0] not in (20, 60)]
    assert kept == [row for row in before if row[0] not in (20, 60)]
    assert undone(source).restored == 0


@pytest.mark.parametrize("late", [0, 4])
def test_few_rows_that_take_too_long_are_written_in_parts(postgresql: Database, late: int) -> None:
    texts = [VIDEO.format(i) for i in range(5)]
    source = postgresql.prompts(texts[late:])
    postgresql.run("UPDATE prompts SET id = id + 100")
    make_slow(postgresql, row=0.2, most="500ms")
    behind = [texts[:late]]

    def watch(*_: object) -> None:
        postgresql.fill(behind.pop() if behind else [])

    assert applied(source, patience=(0.01,) * 3, watch=watch).changed == 5
    assert verified(source)[1] == []


def test_rows_that_come_in_behind_the_cursor(database: Database) -> None:
    source = database.prompts([VIDEO.format(i) for i in range(30)], key="id INTEGER PRIMARY KEY")
    database.run("UPDATE prompts SET id = id + 100")
    late = iter([[1, 2], [3]])

    def watch(*_: object) -> None:
        rows = [{"i": i, "t": VIDEO.format(f"late {i}")} for i in next(late, [])]
        with database.engine.begin() as connection:
            for row in rows:
                connection.execute(text("INSERT INTO prompts (id, text) VALUES (:i, :t)"), row)

    assert applied(source, rows=10, watch=watch).changed == 33
    assert database.run("SELECT count(*) FROM prompts WHERE text LIKE '%--%'") == [(0,)]
    assert verified(source)[1] == []


def test_zero_seconds_mean_no_duration(database: Database) -> None:
    source = database.prompts([])
    database.run("DROP TABLE prompts")
    database.run(
        "CREATE TABLE prompts (id INTEGER PRIMARY KEY, text TEXT, video_model VARCHAR(60) NOT NULL"
        " DEFAULT 'none', video_prompt VARCHAR(999) NOT NULL DEFAULT '', video_duration INTEGER NOT"
        " NULL DEFAULT 0)"
    )
    database.fill([VIDEO.format(1)])
    before = database.rows()
    assert applied(source).refusals == {"FL604": 1}
    assert applied(source, empty={"video_model": ("none",)}).changed == 1
    assert undone(source).restored == 1
    assert database.rows() == before


def test_child_tables_are_not_part_of_a_table(postgresql: Database) -> None:
    source = postgresql.prompts([VIDEO.format(i) for i in range(2)])
    postgresql.run("CREATE TABLE child () INHERITS (prompts)")
    postgresql.run("INSERT INTO child (id, text) VALUES (1, :t), (3, :t)", t=VIDEO)
    assert applied(source).changed == 2
    assert postgresql.run("SELECT count(*) FROM child WHERE text LIKE '%--%'") == [(2,)]
    assert undone(source).restored == 2


def test_flags_in_child_tables_keep_a_run_from_success(
    postgresql: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    source = postgresql.prompts([VIDEO.format(i) for i in range(2)])
    for number in range(7):
        of = "prompts" if number < 6 else "Child5"
        postgresql.run(f'CREATE TABLE "Child{number}" (PRIMARY KEY (id)) INHERITS ("{of}")')
        postgresql.run(f'INSERT INTO "Child{number}" (id, text) VALUES (1, :t), (2, :t)', t=VIDEO)
    for verb in ("apply", "verify"):
        assert call(verb, source, *["-q"] * (verb == "apply")) == 1
        said = " ".join(capsys.readouterr().out.split())
        assert "14 rows of child tables may hold flags; migrate each table" in said
        assert '"Child0" (2), "Child1" (2)' in said
        assert "and 2 more tables" in said
        assert "no prompt holds flags any more" not in said
    assert call("apply", source, "-q", "--where", "id > 2") == 0
    for number in range(7):
        child = source.replace("#prompts", f"#Child{number}")
        assert call("apply", child, "-q") == (1 if number == 5 else 0)
    assert call("apply", source, "-q") == 0
    assert call("verify", source) == 0


def test_a_database_of_any_bytes(postgresql: Database, tmp_path: Path) -> None:
    name = f"flaglift_ascii_{os.getpid()}"
    with postgresql.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(
            f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C'"
            " LC_CTYPE 'C'"
        )
        url = postgresql.engine.url.set(drivername="postgresql", database=name).render_as_string(
            hide_password=False
        )
        other = Database("postgresql", url, engine_of(f"{url}?client_encoding=utf8"))
        try:
            source = other.prompts([VIDEO.format(1), "é --video --video_model kling25", "x"])
            other.run("UPDATE prompts SET text = CAST(text AS text) || chr(255) WHERE id = 3")
            tally = applied(source)
            assert (tally.changed, tally.problems) == (2, 1)
            assert verified(source)[1] == []
        finally:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_rehearsal_keeps_nothing(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    source = database.prompts([*map(VIDEO.format, range(30)), PRIVATE])
    database.run("CREATE UNIQUE INDEX once ON prompts (video_duration, id)")
    add = "CHECK (video_prompt <> 'a secret lady')"
    if database.kind != "sqlite":
        database.run(f"ALTER TABLE prompts ADD {add}")
    before = database.rows()
    assert call("apply", source, "-q", "--rehearse") == (0 if database.kind == "sqlite" else 1)
    said = capsys.readouterr().out
    assert "31 records read" in said
    assert "nothing was kept" in said
    assert ("refused-by-database" in said) == (database.kind != "sqlite")
    assert database.rows() == before
    assert call("apply", source, "-q", "--rehearse", "--sample", "5") == 0
    assert "5 records read, 5 changed" in capsys.readouterr().out
    with opened(Job(source), write=False) as store:
        assert store.runs() == []
    with pytest.raises(click.UsageError, match="--sample is for --rehearse"):
        call("apply", source, "--sample", "5")
    database.run("ALTER TABLE prompts DROP COLUMN video_model")
    with pytest.raises(InputError, match="add them, and rehearse then"):
        call("apply", source, "--rehearse")


def test_a_file_is_not_rehearsed(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text("{}\n")
    with pytest.raises(InputError, match="--rehearse is for tables"):
        call("apply", str(tmp_path / "p.jsonl"), "--rehearse")


def test_dots_in_names(database: Database) -> None:
    if database.kind == "sqlite":
        database.run('CREATE TABLE "a.b.c" (id INTEGER PRIMARY KEY, text TEXT)')
        assert planned(f"{database.url}#a.b.c").records == 0
        return
    quote = "`{}`" if database.kind == "mysql" else '"{}"'
    schemas = [f"flaglift.{os.getpid()}", f"flaglift.{os.getpid()}.two"]
    try:
        for schema in schemas:
            database.run(f"CREATE SCHEMA {quote.format(schema)}")
        tables = [(schemas[0], "two.prompts"), (schemas[0], "other.one"), (schemas[1], "prompts")]
        for count, (schema, table) in enumerate(tables, 1):
            place = f"{quote.format(schema)}.{quote.format(table)}"
            database.run(
                f"CREATE TABLE {place} (id INTEGER PRIMARY KEY, text VARCHAR(99), video_model"
                " VARCHAR(60), video_prompt TEXT, video_duration INTEGER)"
            )
            if count < len(tables):
                database.run(f"INSERT INTO {place} (id, text) VALUES (1, '{VIDEO}')")
                continue
            with pytest.raises(InputError, match=r"may be the table `two\.prompts` of .* rename"):
                planned(f"{database.url}#{schema}.{table}")
        source = f"{database.url}#{schemas[0]}.other.one"
        assert applied(source).changed == 1
        assert undone(source).restored == 1
        with pytest.raises(InputError, match=r"did you mean `other\.one`"):
            planned(f"{database.url}#{schemas[0]}.other.ons")
    finally:
        for schema in schemas:
            cascade = " CASCADE" if database.kind == "postgresql" else ""
            database.run(f"DROP SCHEMA IF EXISTS {quote.format(schema)}{cascade}")


@pytest.mark.parametrize(
    ("kind", "declared"),
    [("postgresql", "bytea"), ("postgresql", "text[]"), ("postgresql", "tsvector"),
     ("postgresql", "date"), ("mysql", "BLOB"), ("mysql", "DATETIME")],
)  # fmt: skip
def test_a_column_that_holds_no_texts_is_refused(tmp_path: Path, kind: str, declared: str) -> None:
    for database in open_database(kind, tmp_path):
        database.run(
            f"CREATE TABLE prompts (id INTEGER PRIMARY KEY, text {declared}, video_model"
            " VARCHAR(60), video_prompt TEXT, video_duration INTEGER)"
        )
        for verb in (planned, applied):
            with pytest.raises(InputError, match="which does not take a prompt"):
                verb(f"{database.url}#prompts")


def test_texts_of_a_type_of_its_own(postgresql: Database) -> None:
    postgresql.run("CREATE DOMAIN prompt AS xml")
    for declared in ("xml", "prompt"):
        postgresql.run("DROP TABLE IF EXISTS prompts")
        postgresql.run(
            f"CREATE TABLE prompts (id INTEGER PRIMARY KEY, text {declared}, video_model"
            " VARCHAR(60), video_prompt TEXT, video_duration INTEGER)"
        )
        postgresql.run(f"INSERT INTO prompts (id, text) VALUES (1, '{VIDEO}')")
        before = postgresql.rows()
        assert applied(f"{postgresql.url}#prompts").changed == 1
        assert undone(f"{postgresql.url}#prompts").restored == 1
        assert postgresql.rows() == before


def test_a_run_that_has_written_nothing_holds_up_no_other(database: Database) -> None:
    source = database.prompts([VIDEO])
    with opened(Job(source, where="1 = 1")) as store, store.writing(restart=False):
        pass
    assert applied(source).changed == 1
    with opened(Job(source), write=False) as store:
        assert sorted(run.state for run in store.runs()) == ["finished", "stopped"]
