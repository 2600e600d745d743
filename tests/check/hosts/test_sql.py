"""SQL: the columns of a row are fields; what a text is compared with stays as it is."""

import os
import re
import sqlite3
import subprocess
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.engine import make_url

from databases import engine_of, server
from flaglift import translate
from flaglift.check.document import PromptFile
from flaglift.check.hosts.base import Literal, LiteralChange, Rewritten, SelectiveHost
from flaglift.check.hosts.checking import lint_literal
from flaglift.check.hosts.finding import candidates
from flaglift.check.hosts.formats.sql import BACKSLASH, OPEN, OPTIONS, SqlHost
from flaglift.check.hosts.lifting import NOT_SENT, lift_literal
from flaglift.check.hosts.pieces import COMPARED, FRAGMENT
from flaglift.check.hosts.prefilter import may_hold_flags
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite
from flaglift.check.hosts.unread import unread
from flaglift.check.job import FileJob
from flaglift.diagnostics import Severity
from flaglift.settings import DEFAULT
from peers import program

SQL = host_named("sql")
PROMPT = "ohwx cat's --video --video_model kling25 --duration 5"
FIELDS = ("video_model", "video_prompt", "video_duration")
COLUMNS = ("id", "text", *FIELDS)


def prompts(source: str) -> list[Literal]:
    return [literal for literal, _ in candidates(source.encode(), host_named("sql"))]


def moved(source: str) -> Rewritten:
    changes = [lift_literal(each, DEFAULT, ["text"]) for each in prompts(source)]
    made = [each for each in changes if isinstance(each, LiteralChange)]
    return rewrite(source.encode(), host_named("sql"), made)


def why_not(source: str) -> str:
    """Return why the flags of the first prompt do not move."""
    change = lift_literal(prompts(source)[0], DEFAULT, ["text"])
    if isinstance(change, str):
        return change
    (refused,) = rewrite(source.encode(), host_named("sql"), [change]).refused
    return refused.reason


def rows(source: str) -> list[dict[str, Any]]:
    base = sqlite3.connect(":memory:")
    base.row_factory = sqlite3.Row
    base.executescript(f"CREATE TABLE p ({', '.join(COLUMNS)}, other DEFAULT 3);\n{source}")
    return [dict(row) for row in base.execute("SELECT * FROM p")]


HEAD = "INSERT INTO p ({}) VALUES "
ALL = HEAD.format(", ".join(COLUMNS))
WORDS = st.lists(st.sampled_from(["ohwx", "it's", "a,", "(b)", "\n", "é", "--", ";", "NULL"]))


@given(
    st.lists(st.tuples(WORDS, st.booleans()), min_size=1, max_size=3),
    st.permutations(COLUMNS),
    st.sampled_from(["NULL", "null", "''", " NULL "]),
)
def test_flags_move_to_columns_that_have_no_value(
    texts: list[tuple[list[str], bool]], columns: list[str], empty: str
) -> None:
    written = []
    for number, (words, with_flags) in enumerate(texts):
        prompt = " ".join(["x", *words]) + PROMPT.removeprefix("ohwx") * with_flags
        values = {"id": str(number), "text": "'" + prompt.replace("'", "''") + "'"}
        written.append("(" + ", ".join(values.get(each, empty) for each in columns) + ")")
    source = HEAD.format(", ".join(columns)) + ", ".join(written) + ";\n"
    wanted = rows(source)
    done = moved(source)
    assert not done.refused
    assert rows(done.data.decode()) == moved_rows(wanted)


def moved_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows after the flags in their texts moved to their columns."""
    results = [translate(row["text"]) for row in rows]
    return [
        row | (result.values if result.status == "translated" else {})
        for row, result in zip(rows, results, strict=True)
    ]


TEXTS = [PROMPT, 'it\'s `a` "dog"; (x),\n-- NULL', "a\\b --video --video_model kling25", "é %"]
TABLE = """CREATE TABLE {} (
  id integer NOT NULL, -- a number, (unique)
  text text,
  video_model varchar(20) DEFAULT 'a, b',
  video_prompt text,
  video_duration numeric(5,2),
  CONSTRAINT prompts_id UNIQUE (id, video_duration)
)"""


def test_a_dump_of_sqlite_tells_the_columns_of_its_rows() -> None:
    base = sqlite3.connect(":memory:")
    base.execute(TABLE.format('"my prompts"'))
    rows = [{**dict.fromkeys(COLUMNS), "id": n, "text": text} for n, text in enumerate(TEXTS)]
    base.executemany('INSERT INTO "my prompts" (id, text, video_model) VALUES (?, ?, NULL)',
                     [(row["id"], row["text"]) for row in rows])  # fmt: skip
    done = moved("\n".join(base.iterdump()))
    assert [each.reason for each in done.refused] == [BACKSLASH]
    read = sqlite3.connect(":memory:")
    read.row_factory = sqlite3.Row
    read.executescript(done.data.decode())
    wanted = [row if n == 2 else moved_rows([row])[0] for n, row in enumerate(rows)]
    assert [dict(row) for row in read.execute('SELECT * FROM "my prompts" ORDER BY id')] == wanted


@pytest.mark.parametrize("options", [[], ["--compact"], ["--skip-extended-insert", "--replace"]])
def test_a_dump_of_mariadb_tells_the_columns_of_its_rows(options: list[str]) -> None:
    address = make_url(server("mysql"))
    name = f"flaglift_dump_{os.getpid()}"
    engine = engine_of(server("mysql"))
    rows = [{**dict.fromkeys(COLUMNS), "id": n, "text": text} for n, text in enumerate(TEXTS)]
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        try:
            connection.exec_driver_sql(f"USE {name}")
            connection.exec_driver_sql(TABLE.format("prompts"))
            insert = text("INSERT INTO prompts (id, text, video_model) VALUES (:id, :text, NULL)")
            connection.execute(insert, rows)
            connection.commit()
            host = [
                f"--host={address.host}",
                f"--port={address.port}",
                f"--user={address.username}",
            ]
            command = [program("mariadb-dump"), "--no-defaults", *host, *options, name]
            dumped = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            done = moved(dumped)
            assert not done.refused
            connection.exec_driver_sql("DROP TABLE prompts")
            for statement in re.split(r";\n", done.data.decode()):
                if statement.strip():
                    connection.exec_driver_sql(statement.replace("%", "%%"))
            read = connection.exec_driver_sql("SELECT * FROM prompts ORDER BY id")
            assert [dict(row) for row in read.mappings()] == moved_rows(rows)
        finally:
            connection.exec_driver_sql(f"DROP DATABASE {name}")


def test_a_dump_of_postgresql_tells_the_columns_of_its_rows() -> None:
    """As `pg_dump --inserts` writes it, in which each name has its schema."""
    schema = f"flaglift_dump_{os.getpid()}"
    rows = [{**dict.fromkeys(COLUMNS), "id": n, "text": text} for n, text in enumerate(TEXTS[:2])]
    written = [each.replace("'", "''") for each in TEXTS[:2]]
    source = (
        f"SET default_tablespace = '';\n\n{TABLE.format(f'{schema}.prompts')};\n\n\n"
        f"ALTER TABLE {schema}.prompts OWNER TO CURRENT_USER;\n\n"
        + "".join(
            f"INSERT INTO {schema}.prompts VALUES ({n}, '{each}', NULL, NULL, NULL);\n"
            for n, each in enumerate(written)
        )
        + f"ALTER TABLE ONLY {schema}.prompts ADD CONSTRAINT a PRIMARY KEY (id);\n"
    )
    done = moved(source)
    assert not done.refused
    with engine_of(server("postgresql")).connect() as connection:  # and all is rolled back
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
        connection.exec_driver_sql(done.data.decode().replace("%", "%%"))
        read = connection.exec_driver_sql(f"SELECT * FROM {schema}.prompts ORDER BY id")
        assert [dict(row) for row in read.mappings()] == moved_rows(rows)


CREATE = TABLE.format("p") + ";\n"
VALUES = "INSERT INTO p VALUES (1, 'a --video --video_model kling25', NULL, NULL, NULL)"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (VALUES, "no `CREATE TABLE p` above it shows which column it is for"),
        (f"CREATE TABLE q (a int);\n{VALUES}", "no `CREATE TABLE p` above"),
        (f"{CREATE}{VALUES.replace(' p ', ' s.p ')}", "no `CREATE TABLE s.p` above"),
        (f"{CREATE}USE other;\n{VALUES}", "no `CREATE TABLE p` above"),
        (f"{CREATE}SET search_path = other;\n{VALUES}", "no `CREATE TABLE p` above"),
        (f"{CREATE}ALTER TABLE p ADD COLUMN b int;\n{VALUES}", "`ALTER TABLE` changes the columns"),
        (f"{CREATE}CREATE TABLE p (id int);\n{VALUES}", "`p` is created twice"),
        (f"CREATE TABLE p (id int) INHERITS (q);\n{VALUES}", "`INHERITS` gives it other columns"),
        (f"CREATE TABLE p AS SELECT 1;\n{VALUES}", "`AS` gives it other columns"),
        (f"CREATE TABLE p (id int, LIKE q);\n{VALUES}", "the columns of `p` cannot be read"),
        (f"CREATE TABLE p ('id' int, text text);\n{VALUES}", "the columns of `p` cannot be read"),
        (f"CREATE TABLE p (id int, 'text');\n{VALUES}", "the columns of `p` cannot be read"),
        (f"CREATE TABLE p (id int, text text);\n{VALUES}", "there are 5 values for 2 columns"),
        (
            f"CREATE TRIGGER t BEGIN INSERT INTO p (id) VALUES (1); END;\n{VALUES}",
            "no `CREATE TABLE",
        ),
        (f"CREATE INDEX i ON p (id, text);\n{VALUES}", "no `CREATE TABLE p` above"),
        ("COPY p FROM stdin;\n1\ta --video --video_model kling25\n", "no `CREATE TABLE p` above"),
        # One value more than there are columns, and the statement ends inside it.
        ("INSERT INTO p (id) VALUES (1, 'a --video --video_model kling25'", "only a part of what"),
        (
            "INSERT INTO p (id) VALUES (1, 'a --video --video_model kling25' |",
            "only a part of what",
        ),
    ],
)
def test_a_row_whose_columns_are_not_known_stays_and_it_is_said_why(
    source: str, reason: str
) -> None:
    assert reason in why_not(source)


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE IF NOT EXISTS p (id int, text text, video_model text, video_prompt text,"
        " video_duration int);",
        f"{CREATE}{CREATE}",
        f"{CREATE}ALTER TABLE p OWNER TO me;\nALTER TABLE;\nCREATE INDEX i ON p (text);",
        f"{CREATE}INSERT INTO q VALUES ('x');\nUPDATE p SET id = 2;",
        "CREATE TABLE p (id int,/* a */ -- b\ntext text, video_model text, video_prompt text,"
        " video_duration int) PARTITION BY RANGE (id);",
    ],
)
def test_a_row_whose_columns_are_known_gets_fields(change: str) -> None:
    source = f"{change}\n{VALUES}"
    assert moved(source).data.decode() == source.replace(
        "'a --video --video_model kling25', NULL, NULL", "'a', 'kling25', 'a'"
    )


def test_the_indexes_of_mysql_are_no_columns() -> None:
    columns = "`text` text, video_model text, video_prompt text, KEY `k` (`text`), INDEX (`text`)"
    source = f"CREATE TABLE p ({columns}) ENGINE=InnoDB;\nINSERT INTO p VALUE ('BAD', NULL, NULL)"
    wanted = source.replace("'BAD', NULL, NULL", "'a', 'kling25', 'a'")
    assert moved(source.replace("BAD", "a --video --video_model kling25")).data.decode() == wanted


def test_rows_that_are_copied_get_fields_by_the_table() -> None:
    source = f"{CREATE}COPY p FROM stdin;\n1\ta --video --video_model kling25\t\\N\t\\N\t\\N\n"
    assert moved(source).data.decode() == f"{CREATE}COPY p FROM stdin;\n1\ta\tkling25\ta\t\\N\n"


def test_cells_that_are_copied_with_options_are_not_edited() -> None:
    source = "COPY p (id, text) FROM stdin WITH (FORMAT csv);\n1,a cat --video --duration 7\n\\.\n"
    assert [each.locked for each in prompts(source)] == [OPTIONS]


EMPTY = "video_model = NULL, video_prompt = NULL, video_duration = ''"


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        (f"UPDATE p SET text = 'BAD', {EMPTY} WHERE id = 1", None),
        (f"UPDATE p SET text = 'BAD', {EMPTY}", None),
        (f"UPDATE p SET {EMPTY}, text = 'BAD' RETURNING id, id;", None),
        (f"UPDATE p SET id = (SELECT 1, 2), text = 'BAD', {EMPTY};", None),
        (f"INSERT INTO p SET text = 'BAD', {EMPTY}", None),
        (f"INSERT INTO p (id) VALUES (1) ON DUPLICATE KEY UPDATE text = 'BAD', {EMPTY}", None),
        (f"INSERT INTO p (id) VALUES (1) ON CONFLICT DO UPDATE SET text = 'BAD', {EMPTY}", None),
        (
            "UPDATE p JOIN q ON p.id = q.id SET p.text = 'BAD', p.video_model = NULL,"
            " q.video_model = 'x', p.video_prompt = NULL, p.video_duration = ''",
            None,
        ),
        ("UPDATE p SET text = 'BAD'", "no column `video_model` is filled here"),
        ("UPDATE p SET p.text = 'BAD', q.video_model = NULL", "no column `video_model` is filled"),
        (f"UPDATE p SET text = 'BAD', {EMPTY}, {EMPTY}", "`video_model` is named more than once"),
        (
            f"UPDATE p SET text = 'BAD' COLLATE x, {EMPTY}",
            "it is only a part of what the column gets",
        ),
        (f"UPDATE p SET text = upper('BAD'), {EMPTY}", "there is no place for fields"),
        (f"UPDATE p SET text = 'BAD', {EMPTY.replace('NULL', 'a = b', 1)}", "not known here"),
    ],
)
def test_what_a_statement_assigns_are_fields(source: str, wanted: str | None) -> None:
    source = source.replace("BAD", "a --video --video_model kling25 --duration 5")
    if wanted:
        assert wanted in why_not(source)
        return
    new = source.replace("a --video --video_model kling25 --duration 5", "a")
    for name, value in [("model", "'kling25'"), ("prompt", "'a'"), ("duration", "5")]:
        new = re.sub(rf"(?<!q\.)(video_{name} = )(?:NULL|'')", rf"\g<1>{value}", new)
    assert moved(source).data.decode() == new


@pytest.mark.parametrize(
    "value",
    ["CASE WHEN a THEN 'BAD' ELSE 'a dog' END", "'BAD' COLLATE x", "_utf8'BAD'"],
)
def test_a_text_that_is_not_all_that_its_column_gets_stays(value: str) -> None:
    row = f"(1, {value}, NULL, NULL, NULL)".replace("BAD", "a --video --video_model kling25")
    assert why_not(ALL + row) == "it is only a part of what the column gets"


def test_columns_may_be_named_with_their_table() -> None:
    head = "INSERT INTO p (p.text, p.video_model, p . video_prompt) VALUES "
    done = moved(f"{head}('a --video --video_model kling25', NULL, NULL)")
    assert done.data.decode() == f"{head}('a', 'kling25', 'a')"


def test_a_statement_without_an_end_ends_where_rows_are_inserted_again() -> None:
    first = "INSERT INTO p (a, b) VALUES (1, 'x')\n"
    source = f"{first}INSERT INTO p (text, video_model, video_prompt) VALUES ('BAD', NULL, NULL)"
    wanted = source.replace("'BAD', NULL, NULL", "'a', 'kling25', 'a'")
    assert moved(source.replace("BAD", "a --video --video_model kling25")).data.decode() == wanted


NEXT = "-- flaglift: ignore-next-line[FL402] why\n"


@pytest.mark.parametrize(
    ("source", "is_about"),
    [
        (f"{NEXT}INSERT INTO p (id, text)\nVALUES\n  (1, 'BAD')", True),
        (f"{NEXT}UPDATE p\nSET id = 1,\n  text = 'BAD'", True),
        (f"{NEXT}SELECT\n  'BAD'", True),
        (f"{NEXT}COPY p (text) FROM stdin;\nBAD\n\\.\n", True),
        (f"INSERT INTO p (text) VALUES ('x'),\n{NEXT}(\n'BAD')", True),
        ("INSERT INTO p (text) VALUES ('x'), -- flaglift: ignore[FL402] why\n('BAD')", False),
        (f"{NEXT}SELECT 1;\nSELECT 'BAD'", False),
    ],
)
def test_a_comment_above_a_statement_is_about_its_first_row(source: str, is_about: bool) -> None:
    data = source.replace("BAD", BAD).encode()
    file = PromptFile(data, host_named("sql"), FileJob("p.sql", "p.sql", data, "sql", DEFAULT))
    suppressed = [set(prompt.suppressing) for prompt in file.prompts()]
    assert suppressed == [{"FL402"} if is_about else set()]


@pytest.mark.parametrize(
    ("columns", "values", "reason"),
    [
        (COLUMNS, "1, BAD, 'kling30_pro', NULL, NULL", "`video_model` is `kling25`"),
        (COLUMNS, "1, BAD, f('x'), NULL, NULL", "with a value that is not known here"),
        (COLUMNS, "1, BAD, NULL /* none */, NULL, NULL", "with a value that is not known here"),
        (COLUMNS, "1, BAD, 'a' || 'b', NULL, NULL", "with a value that is not known here"),
        (COLUMNS, "1, BAD, '[]', NULL, NULL", "`video_model` is there already"),
        (COLUMNS, "1, BAD, NULL, NULL, DEFAULT", "with a value that is not known here"),
        (COLUMNS[:3], "1, BAD, NULL", "no column `video_prompt` is filled here"),
        ((*COLUMNS, "video_model"), "1, BAD, NULL, NULL, NULL, NULL", "is named more than once"),
        (COLUMNS, "1, BAD, NULL, NULL", "there are 4 values for 5 columns"),
    ],
)
def test_what_else_a_row_holds_keeps_flags_in_the_text(
    columns: tuple[str, ...], values: str, reason: str
) -> None:
    quoted = "'" + PROMPT.replace("'", "''") + "'"
    source = HEAD.format(", ".join(columns)) + f"({values.replace('BAD', quoted)});"
    assert reason in why_not(source)


def test_a_value_that_a_row_has_already_is_not_added_again() -> None:
    flags = """--video --video_model kling25 --video_prompt "it''s" --duration 5"""
    source = f"{ALL}(1, 'a cat {flags}', 'kling25', NULL, 5)"
    assert moved(source).data.decode() == f"{ALL}(1, 'a cat', 'kling25', 'it''s', 5)"


def test_what_a_string_cannot_hold_stays() -> None:
    flags = '--video --video_model kling25 --video_prompt "a\\b"'
    source = f"{ALL}(1, $$a {flags}$$, NULL, NULL, NULL)"
    assert why_not(source) == "a SQL string cannot hold the video_prompt"


@pytest.mark.parametrize("quotes", ["q'[]'", "Q'{}'", "nq'()'", "NQ'<>'", "q'!!'", "q'xx'"])
def test_strings_of_oracle_end_where_their_sign_stands_before_a_quote(quotes: str) -> None:
    opening, closing = quotes[:-2], quotes[-2:]
    text_ = "it's [a] (cat) --video --video_model kling25 --duration 7"
    source = f"INSERT INTO p (a, text) VALUES (1, {opening}{text_}{closing}, 'b');"
    (literal,) = prompts(source)
    assert literal.text == text_
    assert {each.code for each in lint_literal(literal, DEFAULT)} == {"FL001", "FL601", "FL402"}
    change = LiteralChange(literal, text_.replace("7", "5"))
    done = rewrite(source.encode(), host_named("sql"), [change])
    assert done.data.decode() == source.replace("7", "5")
    refused = rewrite(
        source.encode(), host_named("sql"), [LiteralChange(literal, f"a{closing}--video")]
    )
    assert len(refused.refused) == 1


def test_strings_of_oracle_that_are_not_closed_are_not_edited() -> None:
    (literal,) = prompts("SELECT q'[a cat --video --video_model kling25 --duration 7', 1")
    assert literal.unclear == OPEN


def test_a_name_before_a_quote_is_no_string_of_oracle() -> None:
    (literal,) = prompts("SELECT faq'a cat --video --video_model kling25 --duration 7'")
    assert literal.text == "a cat --video --video_model kling25 --duration 7"


def test_nothing_moves_unless_the_configuration_says_that_columns_are_sent() -> None:
    (literal,) = prompts(f"{ALL}(1, 'a --video', 2, 3, 4)")
    assert lift_literal(literal, DEFAULT) == NOT_SENT


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_copied_rows_read_as_postgresql_reads_them(ending: str) -> None:
    head = f"COPY p ({', '.join(COLUMNS)}) FROM stdin;{ending}"
    lines = [
        "1\tohwx cat\\\\s --video --video_model kling25 --duration 5\t\\N\t\\N\t\\N",
        '2\ta --video --video_model kling25 --video_prompt "b\\tc"\t\t\t\\N',
        "3\ta dog\tkling25\t\\N\t7",
        "4\ta --video --video_model kling25\tkling30_pro\t\\N\t7",
    ]
    source = head + "".join(line + ending for line in lines) + f"\\.{ending}SELECT 'a --video';\n"
    wanted = [
        (1, "ohwx cat\\s", "kling25", "ohwx cats", 5),
        (2, "a", "kling25", "b\tc", None),
        (3, "a dog", "kling25", None, 7),
        (4, "a --video --video_model kling25", "kling30_pro", None, 7),
    ]
    done = moved(source)
    assert not done.refused
    body = done.data.decode().removeprefix(head).partition("\\.")[0]
    assert done.data.decode().startswith(head)
    engine = engine_of(server("postgresql"))
    with engine.connect() as connection:
        cursor = connection.connection.cursor()
        cursor.execute(
            "CREATE TEMP TABLE p (id int, text text, video_model text, video_prompt text,"
            " video_duration int)"
        )
        with cursor.copy(f"COPY p ({', '.join(COLUMNS)}) FROM STDIN") as copy:
            copy.write(body)
        cursor.execute("SELECT * FROM p ORDER BY id")
        assert cursor.fetchall() == wanted


BAD = "ohwx cat --video --video_model kling25 --duration 7"


@pytest.mark.parametrize(
    "source",
    [
        "SELECT * FROM p WHERE text = 'BAD'",
        "SELECT * FROM p WHERE id = 1 AND text IN ('x', 'BAD')",
        "SELECT * FROM p JOIN q ON q.text = 'BAD'",
        "UPDATE p SET id = CASE WHEN text = 'BAD' THEN 1 END",
        "DELETE FROM p WHERE text <> $$BAD$$",
        "SELECT text REGEXP 'BAD' FROM p",
    ],
)
def test_what_is_compared_is_not_edited(source: str) -> None:
    (literal,) = prompts(source.replace("BAD", BAD))
    assert (literal.origin.role, literal.locked) == ("operand", COMPARED)
    found = [each for each in lint_literal(literal, DEFAULT) if each.severity is not Severity.INFO]
    assert [(each.code, each.severity, each.fix) for each in found] == [
        ("FL402", Severity.WARNING, None)
    ]


@pytest.mark.parametrize(
    "source",
    [
        "UPDATE p SET text = 'BAD' WHERE id = 3",
        "UPDATE p JOIN q ON q.a = p.a SET text = 'BAD'",
        "SELECT CASE WHEN a = 1 THEN 'BAD' END",
        "WITH a AS (SELECT 1 WHERE b = 2) INSERT INTO p SELECT 'BAD'",
        "INSERT INTO p (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET text = 'BAD'",
        "SELECT 1 FROM p WHERE a = 1; SELECT 'BAD'",
        "SELECT \"where\", 'BAD'",
    ],
)
def test_what_is_written_is(source: str) -> None:
    (literal,) = prompts(source.replace("BAD", BAD))
    assert (literal.origin.role, literal.locked) == ("value", "")


@pytest.mark.parametrize("operator", ["LIKE", "NOT LIKE", "ilike"])
def test_a_wildcard_stands_for_any_text(operator: str) -> None:
    (literal,) = prompts(f"SELECT x {operator} '%cat --video --video_model kling25%'")
    assert [hole.source for hole in literal.holes] == ["%", "%"]
    assert {each.severity for each in lint_literal(literal, DEFAULT)} <= {Severity.INFO}


def test_a_name_begins_at_no_byte_within_a_character() -> None:
    source = "INSERT INTO prompts (id, text) VALUES (2é, 'a --video'), (1$é, 'b --video');"
    texts = [literal.text for literal in host_named("sql").literals(source.encode())]
    assert texts == ["a --video", "b --video"]


CASES = [
    "UPDATE p SET text = CASE WHEN a THEN 'FLAGS' ELSE '' END;",
    "UPDATE p JOIN q ON q.id = p.id SET p.text = CASE WHEN a THEN 'FLAGS' END;",
    "UPDATE p SET text = text || CASE a WHEN 1 THEN ' FLAGS' END;",
    "SELECT 'a cat ' || CASE WHEN a THEN 'FLAGS' ELSE '' END FROM p;",
    "SELECT text || (CASE WHEN a THEN ' FLAGS' END) FROM p;",
    "SELECT CONCAT('a cat ', CASE WHEN a THEN 'FLAGS' END) FROM p;",
    "SELECT text || COALESCE(b, ' FLAGS') FROM p;",
    "SELECT text || IF(a, ' FLAGS', '') FROM p;",
    "INSERT INTO p (text) VALUES ('a cat' || (CASE WHEN a THEN ' FLAGS' END));",
    "SELECT text || COALESCE(' --video --duration 7 --video_model ' || m, '') FROM p;",
]
"""Statements with flags that an expression puts to a text elsewhere."""


@pytest.mark.parametrize("source", CASES)
def test_that_flags_in_an_expression_are_a_part_of_a_text(source: str) -> None:
    source = source.replace("FLAGS", "--video --video_model kling25 --duration 7")
    ((literal, said),) = candidates(source.encode(), SQL)
    assert said.taken
    assert literal.locked == FRAGMENT
    found = {finding.code: finding.severity for finding in lint_literal(literal, DEFAULT)}
    assert "FL601" not in found
    assert found.get("FL402", Severity.WARNING) is Severity.WARNING


def test_that_a_value_of_only_flags_is_no_prompt_for_an_image() -> None:
    source = b"INSERT INTO p (text) VALUES ('--video --video_model kling25');"
    ((literal, _),) = candidates(source, SQL)
    assert "FL601" in {finding.code for finding in lint_literal(literal, DEFAULT)}


@pytest.mark.parametrize(
    ("head", "comments", "locked"),
    [
        ("FROM stdin; -- C", ["C"], False),
        ("FROM stdin; /* C */ -- D", ["C", "D"], False),
        ("FROM stdin /* C; D */;", ["C; D"], False),
        ("FROM stdin -- C; D\n;", ["C; D"], False),
        ("FROM stdin\n-- C\n; -- D", ["C", "D"], False),
        ("FROM stdin WITH (FORMAT text) -- C\n;", ["C"], True),
        ("FROM stdin WITH DELIMITER ';'; -- C", ["C"], True),
    ],
)
def test_that_comments_of_copy_are_read(head: str, comments: list[str], locked: bool) -> None:
    said = "a dog --video --video_model kling25"
    head = head.replace("C", said)
    source = f"COPY p (text) {head}\na cat --video --video_model kling25\n\\.\nSELECT 1; -- E\n"
    data = source.encode()
    ((literal, taken),) = candidates(data, SQL)
    assert taken.taken
    assert literal.text == "a cat --video --video_model kling25"
    assert bool(literal.locked) is locked
    expected = [each.replace("C", said) for each in comments]
    assert [each.text for each in SQL.comments(data)] == [*expected, "E"]
    assert unread(data, SQL) == []


CELLS = st.sampled_from(
    [
        *(
            "1",
            "-2",
            "1e5",
            "NULL",
            "''",
            "'a'",
            "'it''s'",
            "E'a'",
            "N'a'",
            "q'[a]'",
            "$$a$$",
            "(1)",
        ),
        *(
            "now()",
            "'a' || 'b'",
            "'a\\'",
            '"a"',
            "`a`",
            "'a' 'b'",
            "- 1",
            "a.b",
            "/* , */ 1",
            "# 1",
        ),
        *("'a cat --video --video_model kling25'", "'a cat ' || '--video --duration 5'", "-- ,\n1"),
    ]
)


@given(
    st.lists(st.lists(CELLS, max_size=3).map(", ".join).map("({})".format), max_size=5),
    st.sampled_from(["", "(id, text, other) ", "(text) "]),
    st.sampled_from([";\n", " ON CONFLICT DO NOTHING;", "\n"]),
    st.sampled_from(["", "-- MySQL dump\n"]),
)
def test_rows_that_are_left_out_change_nothing_around_them(
    values: list[str], columns: str, end: str, head: str
) -> None:
    rows = ",\n".join(values)
    insert = f"INSERT INTO p {columns}VALUES {rows}{end}"
    data = f"{head}{insert}{insert.lower()}SELECT 'a cat --video';".encode()

    def seen(literals: list[Literal]) -> list[tuple[Any, ...]]:
        return [
            (e.place, e.text, e.origin, e.beside, e.unclear, e.locked, e.siblings is None)
            for e in literals
            if may_hold_flags(e.text.encode())
        ]

    assert isinstance(SQL, SelectiveHost)
    assert seen(SQL.flagged(data)) == seen(SQL.literals(data))
    for mysql in (False, True):
        part, whole = (SqlHost().read(data, mysql=mysql, every=every) for every in (False, True))
        assert part[1:] == whole[1:]
