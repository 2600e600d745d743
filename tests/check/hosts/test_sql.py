"""SQL: the columns of a row are fields; what a text is compared with stays as it is."""

import sqlite3
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databases import engine_of, server
from flaglift import translate
from flaglift.check.hosts.base import Literal, LiteralChange, Rewritten
from flaglift.check.hosts.checking import lint_literal
from flaglift.check.hosts.finding import candidates
from flaglift.check.hosts.lifting import NOT_SENT, lift_literal
from flaglift.check.hosts.pieces import COMPARED
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite
from flaglift.diagnostics import Severity
from flaglift.settings import DEFAULT

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
        text = " ".join(["x", *words]) + PROMPT.removeprefix("ohwx") * with_flags
        values = {"id": str(number), "text": "'" + text.replace("'", "''") + "'"}
        written.append("(" + ", ".join(values.get(each, empty) for each in columns) + ")")
    source = HEAD.format(", ".join(columns)) + ", ".join(written) + ";\n"
    wanted = rows(source)
    for row in wanted:
        result = translate(row["text"])
        row.update(result.values if result.status == "translated" else {})
    done = moved(source)
    assert not done.refused
    assert rows(done.data.decode()) == wanted


@pytest.mark.parametrize(
    ("columns", "values", "reason"),
    [
        (COLUMNS, "1, BAD, 'kling30_pro', NULL, NULL", "`video_model` is `kling25`"),
        (COLUMNS, "1, BAD, f('x'), NULL, NULL", "with a value that is not known here"),
        (COLUMNS, "1, BAD, NULL /* none */, NULL, NULL", "with a value that is not known here"),
        (COLUMNS, "1, BAD, NULL, NULL, DEFAULT", "with a value that is not known here"),
        (COLUMNS[:3], "1, BAD, NULL", "there is no column `video_prompt`"),
        ((*COLUMNS, "video_model"), "1, BAD, NULL, NULL, NULL, NULL", "more than one column"),
        (COLUMNS, "1, BAD, NULL, NULL", "there is no place for fields"),
    ],
)
def test_what_else_a_row_holds_keeps_flags_in_the_text(
    columns: tuple[str, ...], values: str, reason: str
) -> None:
    text = "'" + PROMPT.replace("'", "''") + "'"
    source = HEAD.format(", ".join(columns)) + f"({values.replace('BAD', text)});"
    assert reason in why_not(source)


def test_a_value_that_a_row_has_already_is_not_added_again() -> None:
    flags = """--video --video_model kling25 --video_prompt "it''s" --duration 5"""
    source = f"{ALL}(1, 'a cat {flags}', 'kling25', NULL, 5)"
    assert moved(source).data.decode() == f"{ALL}(1, 'a cat', 'kling25', 'it''s', 5)"


def test_what_a_string_cannot_hold_stays() -> None:
    flags = '--video --video_model kling25 --video_prompt "a\\b"'
    source = f"{ALL}(1, $$a {flags}$$, NULL, NULL, NULL)"
    assert why_not(source) == "a SQL string cannot hold the video_prompt"


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
