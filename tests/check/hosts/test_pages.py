"""SQL and HTML, in files and inside strings, with SQLite and Python's HTML parser as the judges."""

import sqlite3
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaglift.check.hosts.base import Literal, LiteralChange
from flaglift.check.hosts.checking import fix_literal, lint_literal
from flaglift.check.hosts.finding import candidates, comments
from flaglift.check.hosts.formats.sql import BACKSLASH, OPEN
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite
from flaglift.check.hosts.unread import unread
from flaglift.diagnostics import Severity
from flaglift.settings import DEFAULT

BAD = "ohwx cat --video --video_model kling25 --duration 7"


def prompts(name: str, source: str) -> list[Literal]:
    return [literal for literal, _ in candidates(source.encode(), host_named(name))]


def fixed(name: str, source: str) -> str:
    changes = []
    for literal in prompts(name, source):
        new = fix_literal(literal, DEFAULT, unsafe=True).text
        changes += [LiteralChange(literal, new)] if new != literal.text else []
    return rewrite(source.encode(), host_named(name), changes)[0].decode()


@pytest.mark.parametrize(
    ("name", "source", "hosts"),
    [
        ("python", "cur.execute(\"INSERT INTO p VALUES ('BAD')\")", "python sql"),
        ("python", "cur.execute(\"UPDATE p SET text = 'BAD' WHERE id = 3\")", "python sql"),
        ("python", 'SQL = """\nINSERT INTO p (text) VALUES (\'BAD\');\n"""\n', "python sql"),
        ("ruby", "execute \"UPDATE p SET text = 'BAD'\"\n", "ruby sql"),
        ("javascript", "x = '<p>BAD</p>'", "javascript html"),
        ("javascript", "x = `<li>BAD</li><li>a dog</li>`", "javascript html"),
        ("json", '{"body": "<b>a</b><p>BAD</p>"}', "json html"),
        ("markdown", "```sql\nINSERT INTO p VALUES ('BAD');\n```\n", "markdown sql"),
        ("markdown", "```html\n<p>BAD</p>\n```\n", "markdown html"),
        ("markdown", "```vue\n<template><p>BAD</p></template>\n```\n", "markdown vue"),
        ("bash", "psql <<'E'\nUPDATE p SET text = 'BAD' WHERE id = 1;\nE\n", "bash sql"),
        ("html", "<script>x = 'BAD'</script>", "html javascript"),
        ("vue", "<template><p :a=\"'BAD'\" /></template>", "vue typescript"),
    ],
)
def test_code_inside_a_string_keeps_its_punctuation(name: str, source: str, hosts: str) -> None:
    source = source.replace("BAD", BAD)
    (literal,) = prompts(name, source)
    assert literal.hosts == tuple(hosts.split())
    assert literal.text == BAD
    errors = [
        each.code for each in lint_literal(literal, DEFAULT) if each.severity is not Severity.INFO
    ]
    assert errors == ["FL402"]
    assert fixed(name, source) == source.replace("7", "5")


def test_two_statements_in_one_string_are_two_prompts() -> None:
    row = "INSERT INTO p (text) VALUES ('{}');\n"
    source = f'SQL = """\n{row.format(BAD)}{row.format(BAD)}"""\n'
    assert [each.text for each in prompts("python", source)] == [BAD, BAD]
    assert fixed("python", source) == source.replace("7", "5")


SIGNS = ["a", " --video", "'", "\\", '"', "é", "\n", "$$", ";", "--", "/*"]
CELLS = st.lists(st.sampled_from(SIGNS), max_size=8).map("".join)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@given(st.lists(CELLS, min_size=1, max_size=3), CELLS)
def test_strings_read_as_sqlite_reads_them(cells: list[str], new: str) -> None:
    source = f"SELECT 'x', {', '.join(map(_quoted, cells))} -- 'c'\n"
    row = list(sqlite3.connect(":memory:").execute(source).fetchone())
    host = host_named("sql")
    found = host.literals(source.encode())
    assert [each.text for each in found] == row or any(each.unclear for each in found)
    changed, refused = rewrite(source.encode(), host, [LiteralChange(found[1], new)])
    if refused:
        assert changed.decode() == source
    else:
        read = sqlite3.connect(":memory:").execute(changed.decode()).fetchone()
        assert list(read) == ["x", new, *row[2:]]


@pytest.mark.parametrize(
    ("source", "key", "text"),
    [
        ("INSERT INTO p (id, text) VALUES (1, 'a --video')", "text", "a --video"),
        ("INSERT INTO p (id, text) VALUES (f(1, 2), 'a'), (2, 'b --video')", "text", "b --video"),
        ('UPDATE p SET "text" = \'a --video\'', "text", "a --video"),
        ("SELECT 1; INSERT INTO p VALUES ('a --video')", "", "a --video"),
        ("SELECT E'a\\n\\'\\x41\\u0042 --video'", "", "a\n'AB --video"),
        ("SELECT $t$a 'b --video$t$", "", "a 'b --video"),
        ("SELECT N'a --video'", "", "a --video"),
        ("COPY p (id, \"text\") FROM stdin;\n1\ta\\tb --video\n\\.\n", "text", "a\tb --video"),
        ("COPY p FROM stdin;\n1\ta --video", "", "a --video"),
        ("-- MySQL dump 10\nINSERT INTO `p` (`t`) VALUES ('it\\'s --video')", "t", "it's --video"),
        ("-- MySQL dump 10\nINSERT INTO p VALUES (\"a \"\"b --video\")", "", 'a "b --video'),
    ],
)  # fmt: skip
def test_strings_of_sql(source: str, key: str, text: str) -> None:
    (literal,) = prompts("sql", source)
    assert (literal.origin.key, literal.text, literal.unclear) == (key, text, "")


@pytest.mark.parametrize(
    "source",
    [
        "# it's a comment\nSELECT 'BAD';\n",
        "SELECT 1; # it's a comment\nSELECT 'BAD';\n",
        "  #it's\nSELECT 'BAD'; # no comment is open\n",
        "SELECT 'it\\'s BAD';\n",
        "SELECT 'it\\'s', 'BAD', 'it\\'s';\n",
        "SELECT 1 # it's\n, 'BAD', 'it\\'s' # it\n",
        "SELECT 'it\\'s', \"BAD\"; -- a comment\n",
        "INSERT INTO #t VALUES ('BAD');\n",
        "INSERT INTO\n#t VALUES ('BAD');\n",
        "SELECT a #> '{b}', '#', 'BAD';\n",
        "CREATE FUNCTION f() RETURNS text AS $$ BEGIN RETURN 'BAD'; END $$ LANGUAGE plpgsql;\n",
        "CREATE FUNCTION f() RETURNS text LANGUAGE plpython3u AS $x$\nreturn 'BAD'\n$x$;\n",
        "CREATE FUNCTION f() RETURNS text AS $$ return 'BAD' $$ LANGUAGE plv8",
        "DO $$ BEGIN EXECUTE 'INSERT INTO p VALUES (''BAD'')'; END $$;\n",
        "INSERT INTO p VALUES ('<p>BAD</p>');\n",
        "-- MySQL dump 10\n# BAD, it's a comment\nSELECT 'BAD';\n",
    ],
)
def test_a_string_that_one_database_alone_can_read_is_read_so(source: str) -> None:
    source = source.replace("BAD", BAD)
    said = [comment.text for comment in comments(source.encode(), host_named("sql"))]
    assert [each.text.split("'s ")[-1] for each in prompts("sql", source)] == [BAD]
    head, mark, tail = source.rpartition("--duration 7")
    assert fixed("sql", source) == f"{head}{mark[:-1]}5{tail}"
    assert not any(text.startswith("video") for text in said)


@pytest.mark.parametrize(
    "source",
    [
        "SELECT 'it\\'s', 'it\\'s', 'BAD';\n",
        "SELECT 1 # it's\n, 'a' # it's\n, 'BAD';\n",
        "SELECT 'x\\', 'BAD';\n",
        'SELECT "a BAD" FROM p;\n',
        "CREATE FUNCTION f() RETURNS text AS $$ return 'BAD' $$ LANGUAGE plperl",
    ],
)
def test_a_string_that_databases_read_differently_is_said_and_stays(source: str) -> None:
    source = source.replace("BAD", BAD)
    found = candidates(source.encode(), host_named("sql"))
    assert unread(source.encode(), host_named("sql")) or any(each.locked for each, _ in found)
    assert fixed("sql", source) == source


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("SELECT 'a\\n --video'", BACKSLASH),
        ("SELECT 'it\\'s', 'it\\'s', 'a --video'", BACKSLASH),
        ("SELECT 'a --video", OPEN),
        ("SELECT $$a --video", OPEN),
        ("SELECT E'a\\777 --video'", "an escape in it cannot be read"),
    ],
)
def test_strings_that_databases_read_differently_are_locked(source: str, reason: str) -> None:
    found = host_named("sql").literals(source.encode())
    assert any(each.unclear == reason for each in found)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.values: list[str] = []

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.values += [value for _, value in attrs if value is not None]


def _read(document: str) -> tuple[list[str], list[str]]:
    reader = _Reader()
    reader.feed(document)
    reader.close()
    return reader.texts, reader.values


PIECES = [
    "a",
    "--video",
    " ",
    "&amp;",
    "&lt;",
    "&quot;",
    "&#39;",
    "&#x41;",
    "é",
    "'",
    ";",
    "\n",
    "%",
]
MARKUP = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join)
NEW = st.lists(st.sampled_from(["a", "<", "&", '"', "'", "&lt;", "é", " --video"]), min_size=1,
               max_size=5).map("".join)  # fmt: skip


@given(MARKUP, MARKUP, NEW)
def test_texts_and_attributes_read_as_a_browser_reads_them(text: str, value: str, new: str) -> None:
    source = f'<p>x</p><b title="{value}">z{text}z</b>'
    host = host_named("html")
    first, attribute, body = host.literals(source.encode())
    texts, values = _read(source)
    assert (first.text, body.text, attribute.text) == (texts[0], texts[1], values[0])
    changed, refused = rewrite(
        source.encode(), host, [LiteralChange(attribute, new), LiteralChange(body, f"z{new}z")]
    )
    assert not refused
    assert _read(changed.decode()) == (["x", f"z{new}z"], [new])


@pytest.mark.parametrize(
    ("name", "source", "texts"),
    [
        ("html", "<textarea>\na <b> --video</textarea>", ["a <b> --video"]),
        ("html", "<p>a --video&copy b</p>", ["a --video\ufffd b"]),
        ("html", "<p a=b--video>", ["b--video"]),
        ("html", "<p>a\r\n--video</p>", ["a\n--video"]),
        ("html", "<p>a < b --video</p>", ["a < b --video"]),
        ("html", "<p>1<2 <3 <- &-& AT&T --video &</p>", ["1<2 <3 <- &-& AT&T --video &"]),
        ("html", "<p>x</p></p>a --video<p>y</p></x>b --video", ["a --video", "b --video"]),
        ("html", "</p><textarea>a --video</textarea>", ["a --video"]),
        ("vue", "<template><p>a < b --video</p></template>", ["a < b --video"]),
        ("html", "<style>a { --video: 1 }</style>", []),
        ("svelte", "<p>{#if v}--video{/if}</p>", ["{#if \ufffc}--video{/if}"]),
    ],
)
def test_corners_of_html(name: str, source: str, texts: list[str]) -> None:
    found = [each for each in host_named(name).literals(source.encode()) if "--video" in each.text]
    assert [each.text for each in found] == texts


def test_comments_of_pages() -> None:
    sql = b"-- a\nSELECT '-- b', 1 /* c */;\n"
    assert [each.text for each in comments(sql, host_named("sql"))] == ["a", "c"]
    assert [each.text for each in comments(b"<!-- a --><p>b", host_named("html"))] == ["a"]


UNREAD = [
    ("yaml", 'a: "x" y\nprompt: BAD\n'),
    ("yaml", "{{- if .Values.video }}\nprompt: BAD\n"),
    ("yaml", "%YAML 1.3\n---\nprompt: BAD\n"),
    ("yaml", "a: b\n\tc: d\nprompt: BAD\n"),
    ("bash", "f " + '"$(f ' * 200 + "'BAD'" + ')"' * 200),
    ("javascript", "x = {;\ny = BAD"),
    ("python", "def (:\n  BAD\n"),
    ("ruby", "def (\n  BAD\n"),
    ("html", "<p <b\nBAD"),
    ("html", "a <b BAD"),
    ("html", "<p>x</p></p><i title='x><p>BAD"),
    ("toml", "a = = b\nBAD\n"),
    ("json", '{"a" 1}\nBAD'),
]


@pytest.mark.parametrize(("name", "source"), UNREAD)
def test_what_the_reader_did_not_reach_is_said(name: str, source: str) -> None:
    data = source.replace("BAD", BAD).encode()
    host = host_named(name)
    missed = unread(data, host)
    seen = [literal for literal, _ in candidates(data, host)]
    assert missed or seen
    for each in missed:
        assert data[each.start :].startswith(b"--")
        assert each.reason


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("javascript", "let video = 2; --video; while (--duration > 0) {}"),
        ("bash", "# --video\nf --video 'a --duration 5' <<E\n--video\nE\n"),
        ("yaml", "a: b # --video\n--video: c\n"),
        ("html", "<style>a{--video:1}</style><!-- --video -->"),
        ("json", '{"--video": 1}'),
        ("lines", "--video"),
    ],
)
def test_what_was_read_is_not_said_to_be_missed(name: str, source: str) -> None:
    assert unread(source.encode(), host_named(name)) == []


class Events(HTMLParser):
    """What Python's reader finds, texts without the places where it cuts them."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.events: list[tuple[object, ...]] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.events.append((tag, *attrs))

    def handle_endtag(self, tag: str) -> None:
        self.events.append(("/", tag))

    def handle_data(self, data: str) -> None:
        before = self.events.pop()[1] if self.events and self.events[-1][0] == "text" else ""
        self.events.append(("text", f"{before}{data}"))

    def handle_comment(self, data: str) -> None:
        self.events.append(("comment", data))


PARTS = [
    "<div>", "<p>", "<b>", "<li a>", "<br/>", "<i a=b c='<'>", " x ", " &amp; ", "\n",
    "<!-- > -->", "<?x ?>", "<!DOCTYPE html>", "<td>", "<script>a</script>",
    "<style>b > c</style>", f'<u title="{BAD}">', f"<p id='{BAD}'/>", f"<span>{BAD}",
    f"<textarea>{BAD}</textarea>",
]  # fmt: skip
ODD = ["a < b", "</div>", "</p>", "</b>", "</ul>", f"</em>{BAD}</em>"]


@given(st.lists(st.sampled_from(PARTS), max_size=12).map("".join))
def test_elements_that_are_never_closed_lock_nothing(source: str) -> None:
    assert fixed("html", source) == source.replace("--duration 7", "--duration 5")


@given(st.lists(st.sampled_from(PARTS + ODD), max_size=12).map("".join))
def test_elements_that_were_never_opened_stay_what_they_are(source: str) -> None:
    before, after = (str(Events(each).events) for each in (source, fixed("html", source)))
    assert before.replace("--duration 7", "--duration 5") == after.replace(
        "--duration 7", "--duration 5"
    )


@pytest.mark.parametrize(
    "source",
    [
        '<div title="x><p id="BAD">',
        '<p><b a=\'<i title="BAD">',
        '<p><b <i title="BAD">',
        '<p><style>a<i title="BAD">',
        '<p></b "><i title="BAD">',
        '<p><svg><![CDATA[<b></svg><i title="BAD">',
    ],
)
def test_what_comes_after_a_tag_that_cannot_be_read_is_not_edited(source: str) -> None:
    source = source.replace("BAD", BAD)
    assert fixed("html", source) == source


@pytest.mark.parametrize(
    "attribute",
    [
        """:x="'BAD'\"""",
        """v-bind:x="{text: 'BAD'}\"""",
        """v-html="a ? 'BAD' : b\"""",
        """v-for="x in ['BAD']\"""",
        """@click="send('BAD')\"""",
        """v-on:click="if (a) { send('BAD') }\"""",
        """x-data="{text: 'BAD'}\"""",
    ],
)
@pytest.mark.parametrize("name", ["vue", "html"])
def test_values_of_attributes_that_are_code_are_read_as_expressions(
    attribute: str, name: str
) -> None:
    prompt = "a cat --video --video_model kling25 --duration 7"
    source = f"<template><p {attribute.replace('BAD', prompt)}>y</p></template>"
    ((literal, decision),) = candidates(source.encode(), host_named(name))
    assert (literal.text, decision.taken) == (prompt, True)
    change = LiteralChange(literal, prompt.replace("7", "5"))
    new, refused = rewrite(source.encode(), host_named(name), [change])
    assert (new.decode(), list(refused)) == (source.replace("7", "5"), [])
