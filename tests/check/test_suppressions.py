"""Findings that a comment or the configuration lets pass, and those suppressions that are idle."""

import json
import os
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flaglift.check import config_suppressions
from flaglift.check.directives import Directive, PlacedLiteral
from flaglift.check.document import PromptFile
from flaglift.check.fixing import fix_file
from flaglift.check.hosts.base import Host, Literal
from flaglift.check.hosts.finding import leaves
from flaglift.check.hosts.registry import host_named
from flaglift.check.inspecting import inspect
from flaglift.check.job import FileJob, Wanted
from flaglift.check.nearby import NearbyDirectives
from flaglift.check.unused import without_unused
from flaglift.report.places import LineIndex
from flaglift.settings import Settings
from repositories import CLEAN, LONG, SHORT, TWICE, codes, found, write
from running import flaglift

LOUD = f'"{LONG}"'


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lines(*rows: str, name: str = "a.py") -> list[tuple[int, str]]:
    """Line and code of each finding in a file of these lines."""
    write({name: "\n".join(rows) + "\n"})
    return [(line, code) for _, line, code in codes(name)]


def test_the_comment_is_on_the_line() -> None:
    assert lines(f"x = {LOUD}  # flaglift: ignore[FL402] our own model", f"y = {LOUD}") == [
        (2, "FL402")
    ]
    assert lines(f"x = {LOUD}  # flaglift: ignore[duration-out-of-range]") == []
    assert lines(f"x = {LOUD}  # flaglift:ignore [ FL402 , ] -- why") == []
    for rows in (
        ['x = """a', f'{LONG}"""  # flaglift: ignore[FL402]'],
        ["x = (", "    'a '  # flaglift: ignore[FL402]", f"    {LOUD}", ")"],
        ["x = (  # none", "    'a '", f"    {LOUD}  # flaglift: ignore[FL402]", ")"],
    ):
        assert lines(*rows) == []


def test_the_comment_is_on_the_line_before() -> None:
    mark = "# flaglift: ignore-next-line[FL402] why"
    assert lines(mark, f"x = {LOUD}", f"y = {LOUD}") == [(3, "FL402")]
    assert lines(mark, "# more about it", "", f"x = {LOUD}") == [(1, "FL901"), (4, "FL402")]
    assert lines(mark, "# more about it", f"x = {LOUD}") == []
    assert lines(mark, "# flaglift: ignore-next-line[FL001]", f"x = {LOUD}") == []
    assert lines(f"x = 1  {mark}", f"x = {LOUD}") == []
    assert lines(mark) == [(1, "FL901")]


def test_a_range_of_lines() -> None:
    rows = [
        "# flaglift: disable[FL402, FL104] why",
        f"a = {LOUD}",
        "# flaglift: enable[FL104]",
        f'b = "{LONG} --video"',
        "# flaglift: enable[FL402]",
        f"c = {LOUD}",
        "# flaglift: disable[FL402]",
        f"d = {LOUD}",
    ]
    assert lines(*rows) == [(1, "FL901"), (3, "FL901"), (4, "FL104"), (6, "FL402")]
    assert lines("# flaglift: enable[FL402]", f"a = {SHORT!r}") == [(1, "FL901")]


def test_a_whole_file() -> None:
    assert lines(f"a = {LOUD}", f"b = {LOUD}", "# flaglift: file-ignore[FL402] why") == []


def test_other_hosts_have_their_comments() -> None:
    js = f"const x = {{ text: `{LONG}` }}; // flaglift: ignore[FL402]\n"
    block = f"/* flaglift: ignore[FL402] */ f({{ text: '{LONG}' }});\n"
    yaml = f"# flaglift: ignore-next-line[FL402]\ntext: {LONG}\n"
    curl = f"curl -F 'prompt[text]={LONG}' https://example.org"
    page = f"<!-- flaglift: ignore-next-line[FL402] -->\n```bash\n{curl}\n```\n"
    inside = f"```bash\n{curl} # flaglift: ignore[FL402] why\n```\n"
    write({"a.js": js, "b.ts": block, "c.yaml": yaml, "d.md": page, "e.md": inside, "f.sh": curl})
    assert codes() == [("f.sh", 1, "FL402")]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("a.sh", ["cat <<EOF >p.txt # {}", LONG, "EOF"], []),
        ("a.sh", ["# {next}", "cat <<EOF >p.txt", LONG, "EOF"], []),
        ("a.rb", ["x = { text: <<~T } # {}", f"  {LONG}", "T"], []),
        ("a.rb", ["# {next}", "create(text: <<~T)", f"  {LONG}", "T"], []),
        ("a.sh", ["# {next}", "curl https://example.org/ \\", "  -X POST \\",
                  f"  -F 'prompt[text]={LONG}'"], []),
        ("a.md", ["See `BAD` <!-- {} --> there."], []),
        ("a.md", ["| a | b |", "|---|---|", "| `BAD` <!-- {} --> | c |"], []),
        ("a.md", ["- one `BAD` <!-- {} -->", "- two"], []),
        ("a.py", ["x = BAD_  # noqa: E501  # {}"], []),
        ("a.py", ["x = BAD_  # type: ignore # {}"], []),
        ("a.js", ["const x = { text: BAD_ }; // eslint-disable-line max-len // {}"], []),
        ("a.py", ["x = BAD_  # write # {}"], [(1, "FL402")]),
        ("a.py", ["x = BAD_  # noqa, and see # the docs of {}"], [(1, "FL402")]),
    ],
)  # fmt: skip
def test_where_a_comment_can_stand(
    name: str, before: list[str], after: list[tuple[int, str]]
) -> None:
    rows = [
        row.replace("BAD_", LOUD)
        .replace("BAD", LONG)
        .replace("{next}", "flaglift: ignore-next-line[FL402] why")
        .replace("{}", "flaglift: ignore[FL402] why")
        for row in before
    ]
    assert lines(*rows, name=name) == after
    bare = "\n".join(row for row in rows if "ignore-next-line" not in row).replace("flaglift:", "-")
    write({name: bare + "\n"})
    assert "FL402" in [code for _, _, code in codes(name)]


ROW = "(1, 'BAD')"
DICT = ["{'id': 1,", "'text': 'BAD'}"]


@pytest.mark.parametrize(
    ("name", "rows", "left"),
    [
        # The statements of SQL: rows, assignments, conditions, arguments.
        ("a.sql", ["INSERT INTO p VALUES", "-- {next}", f"{ROW},", ROW], [4]),
        ("a.sql", ["INSERT INTO p VALUES", "-- {next}", "(1,", "'BAD'),", ROW], [5]),
        ("a.sql", ["INSERT INTO p VALUES (", "1, /* {next} */", "'BAD', 'BAD'),", "('BAD')"], [4]),
        ("a.sql", ["-- {next}", "INSERT INTO p VALUES (1, 'BAD'),", ROW], [3]),
        ("a.sql", ["UPDATE p SET", "-- {next}", "text = 'BAD'", "WHERE id = 1"], []),
        ("a.sql", ["UPDATE p SET id = 1,", "-- {next}", "text =", "'BAD', t = ", "'BAD'"], [5]),
        ("a.sql", ["UPDATE p", "-- {next}", "SET id = 1,", "text = 'BAD'"], []),
        ("a.sql", ["UPDATE p SET a = 'BAD', -- {}", "b = 'BAD'"], [2]),
        ("a.sql", ["UPDATE p SET -- {}", "a = 'BAD'"], []),
        ("a.sql", ["SELECT f(1,", "-- {next}", "f('x', (", "'BAD')));"], []),
        ("a.sql", ["SELECT 1 WHERE a = 2", "-- {next}", "AND f(1, (", "'BAD'))"], []),
        ("a.sql", ["SELECT 1;", "-- {next}", "SELECT 2)", ", 'BAD'"], []),
        ("a.sql", ["ALTER TABLE p ENGINE=x;", "INSERT INTO p VALUES", "# {next}", ROW], []),
        # Elements, pairs, records, arguments and joined parts of code.
        ("a.py", ["x = [", "# {next}", *DICT, ", 'BAD']"], [5]),
        ("a.py", ["# {next}", "x = [", "'BAD']"], [1, 3]),
        ("a.py", ["# {next}", "x = {", "'a': {'text':", "'BAD'}}"], [1, 4]),
        ("a.py", ["x = {", "# {next}", "'a': {'text':", "'BAD'},", "'b': {'text': 'BAD'}}"], [5]),
        ("a.py", ["f(", "# {next}", "text=g(", "'BAD'), b=", "'BAD')"], [5]),
        ("a.py", ["# {next}", "if x:", "  f('BAD')"], [1, 3]),
        ("a.py", ["x = ('a '", "# {next}", "'BAD')"], []),
        ("a.py", ["x = ' '.join([", "'a',", "# {next}", "'BAD'])"], []),
        ("a.py", ["x = {  # {}", "'a': 'BAD'}"], []),
        ("a.py", ["f('BAD',  # {}", "a='BAD')"], [2]),
        ("a.py", ["x = [", "'BAD',  # {}", "'BAD']"], [3]),
        ("a.py", ["f('''SELECT", "'BAD'", "''')  # {}"], []),
        ("a.py", ["f('''SELECT 'x',", "-- {next}", "1,", "'BAD'", "''')"], [2, 4]),
        ("a.js", ["x = [", "// {next}", "{id: 1,", "text: 'a ' +", "'BAD'}, ", "'BAD']"], [6]),
        ("a.jsx", ["x = <p>", "{/* {next} */}", "<A", "b='BAD'/>", "<B b='BAD'/></p>"], [5]),
        ("a.rb", ["x = [", "# {next}", "{id: 1,", "text: 'BAD'}, ", "'BAD']"], [5]),
        ("a.php", ["<?php", "$x = [", "# {next}", "['id' => 1,", "'a' => 'BAD'],", "'BAD'];"], [6]),
        ("a.php", ["<?php", "# {next}", "$x = [", "'BAD'];"], [2, 4]),
        ("a.go", ["package p", "var x = []M{", "// {next}", "{I: 1,", "T: `BAD`},", "{T: `BAD`}}"],
         [6]),
        ("a.go", ["package p", "var x = []string{", "// {next}", "`BAD`,", "`BAD`}"], [5]),
        # Pairs and records of data.
        ("a.yaml", ["- 1", "# {next}", "- id: 1", "  text: BAD", "- BAD"], [5]),
        ("a.yaml", ["a:", "  # {next}", "  text:", "    BAD", "  b: BAD"], [5]),
        ("a.yaml", ["# {next}", "a: {id: 1,", "  text: BAD}", "b: BAD"], [4]),
        ("a.yaml", ["# {next}", "id: 1", "text: BAD"], [1, 3]),
        ("a.yaml", ["# {next}", "- BAD", "- - BAD"], [3]),
        ("a.jsonc", ["[", "// {next}", '{"id": 1,', '"text": "BAD"},', '"BAD"]'], [5]),
        ("a.jsonc", ['{"a": 1,', "// {next}", '"b": {', '"text":', '"BAD"}, "c": 3}'], []),
        ("a.toml", ["a = [", "# {next}", "{id = 1, text = 'BAD'},", "'BAD']"], [4]),
        ("a.toml", ["# {next}", "text = {a = 1, b = '''", "BAD'''}"], []),
        # Commands, elements and tables.
        ("a.sh", ["# {next}", "export \\", "  PROMPT='BAD'"], []),
        ("a.sh", ["curl u -F 'prompt[text]=BAD' \\", "  -F x=1 # {}"], []),
        ("a.html", ["<ul>", "<!-- {next} -->", "<li", "id=a>BAD</li>", "<li>BAD</li></ul>"], [5]),
        ("a.md", ["| a |", "|---|", "| `BAD` | <!-- {} -->", "| `BAD` |"], [4]),
    ],
)  # fmt: skip
def test_a_comment_may_stand_in_an_expression(name: str, rows: list[str], left: list[int]) -> None:
    filled = [
        row.replace("BAD", LONG)
        .replace("{next}", "flaglift: ignore-next-line[FL402] why")
        .replace("{}", "flaglift: ignore[FL402] why")
        for row in rows
    ]
    codes = ["FL901" if "flaglift:" in filled[line - 1] else "FL402" for line in left]
    assert lines(*filled, name=name) == list(zip(left, codes, strict=True))
    before = Path(name).read_bytes()
    flaglift("check", "--fix", "--select", "FL402,FL901", name)
    assert (Path(name).read_bytes() == before) == ("FL901" not in codes)


def test_only_our_part_of_a_comment_is_taken_out() -> None:
    write({"a.py": f"x = {SHORT!r}  # noqa: E501  # flaglift: ignore[FL402] why\n"})
    assert flaglift("check", "--fix", "a.py").returncode == 0
    assert Path("a.py").read_text() == f"x = {SHORT!r}  # noqa: E501\n"
    write({"a.rb": f"x = {{ text: <<~T }} # flaglift: ignore[FL402] why\n  {LONG}\nT\n"})
    before = Path("a.rb").read_text()
    assert flaglift("check", "--fix", "a.rb").returncode == 0
    assert Path("a.rb").read_text() == before
    write({"a.md": f"See `{SHORT}` <!-- flaglift: ignore[FL402] why --> there.\n"})
    assert flaglift("check", "--fix", "a.md").returncode == 0
    assert Path("a.md").read_text() == f"See `{SHORT}`  there.\n"


def test_only_a_comment_that_begins_so_is_one() -> None:
    assert lines(f"x = {LOUD}  # see flaglift: ignore[FL402]") == [(1, "FL402")]
    inside = f'x = "{LONG} # flaglift: ignore[FL402]"'
    assert (1, "FL402") in lines(inside)
    assert (1, "FL402") in lines(f"{LONG} # flaglift: ignore[FL402]", name="a.txt")
    assert lines("# flaglift: ignore[FL402]", LONG, name="a.txt") == [(2, "FL402")]


@pytest.mark.parametrize(
    ("comment", "sentence"),
    [
        ("flaglift: ignore", "it cannot be read: write `flaglift: ignore[FL402] reason`"),
        ("flaglift: ignroe[FL402]", "it cannot be read"),
        ("flaglift: ignore[]", "it names no rule"),
        ("flaglift: ignore[FL999]", "there is no rule `FL999`"),
        ("flaglift: ignore[duration-out-of-rnge]", "did you mean `duration-out-of-range`?"),
    ],
)
def test_what_is_no_suppression_is_said(comment: str, sentence: str) -> None:
    write({"a.py": f"x = {LOUD}  # {comment}\n"})
    said = [each for each in found() if each["code"] == "FL901"]
    assert len(said) == 1
    assert sentence in said[0]["message"]
    assert said[0]["fix"] is None
    before = Path("a.py").read_text()
    flaglift("check", "--fix")
    assert Path("a.py").read_text() == before


def test_a_reason_can_be_asked_for() -> None:
    write(
        {
            "flaglift.toml": "require-reason = true",
            "a.py": f"x = {LOUD}  # flaglift: ignore[FL402]\n",
            "b.py": f"x = {LOUD}  # flaglift: ignore[FL402] -- \n",
            "c.py": f"x = {LOUD}  # flaglift: ignore[FL402] our own model\n",
            "d.py": f"# flaglift: disable[FL402] why\nx = {LOUD}\n# flaglift: enable[FL402]\n",
        }
    )
    assert codes() == [
        ("a.py", 1, "FL402"),
        ("a.py", 1, "FL901"),
        ("b.py", 1, "FL402"),
        ("b.py", 1, "FL901"),
    ]
    assert "it gives no reason" in flaglift("check", "a.py").stdout


def test_idle_ones_are_found_and_taken_out() -> None:
    old = (
        "# flaglift: file-ignore[FL101]\n"
        "#!x\n"
        f"a = {LOUD}  # flaglift: ignore[FL402, FL104, FL9999] why\n"
        "    # flaglift: ignore-next-line[FL402] why\n"
        "b = 'plain'  # flaglift: ignore[FL402]\n"
        "c = 1\r\n"
    )
    write({"a.py": old})
    assert [(line, code) for _, line, code in codes()] == [
        (1, "FL901"),
        (3, "FL901"),
        (3, "FL901"),
        (4, "FL901"),
        (5, "FL901"),
    ]
    run = flaglift("check", "--fix")
    assert "removed 4 suppressions" in run.stderr
    assert Path("a.py").read_bytes().decode() == (
        f"#!x\na = {LOUD}  # flaglift: ignore[FL402, FL9999] why\nb = 'plain'\nc = 1\r\n"
    )


def test_one_amid_code_goes_alone() -> None:
    write({"a.js": f"f(/* flaglift: ignore[FL402] */ {{ text: '{SHORT}' }});\n"})
    assert flaglift("check", "--fix").returncode == 0
    assert Path("a.js").read_text() == f"f( {{ text: '{SHORT}' }});\n"


def test_one_that_holds_a_file_together_stays() -> None:
    # Without the comment, what is code below it would be a part of the paragraph above.
    text = f"words\n<!-- flaglift: ignore[FL101] -->\n    {SHORT}\n"
    write({"a.md": text})
    assert codes() == [("a.md", 2, "FL901")]
    assert "removed" not in flaglift("check", "--fix").stderr
    assert Path("a.md").read_text() == text


def test_a_file_without_flags_may_hold_idle_ones() -> None:
    assert lines("x = 'plain'  # flaglift: ignore[FL402]") == [(1, "FL901")]
    assert lines("x = 'plain'  # flaglift is a tool") == []


def test_rules_that_do_not_run_are_not_judged() -> None:
    row = f"x = '{SHORT}'  # flaglift: ignore[FL402]"
    assert lines(row) == [(1, "FL901")]
    assert found("--select", "FL1,FL901", "a.py") == []
    assert codes("--ignore", "FL402") == []
    assert codes("--ignore", "FL901") == []
    assert "removed" not in flaglift("check", "--fix", "--ignore", "FL901").stderr


def test_fixes_leave_alone_what_is_let_pass() -> None:
    write({"a.py": f"x = '{LONG} --video'  # flaglift: ignore[FL104, FL402, FL001]\n"})
    before = Path("a.py").read_text()
    assert flaglift("check", "--unsafe-fixes").returncode == 0
    assert Path("a.py").read_text() == before


PYTHON_ROWS = st.lists(
    st.one_of(
        st.builds(
            "{}# flaglift: {}[{}] {}".format,
            st.sampled_from(["", "    ", f"x = {LOUD}  ", f"x = '{SHORT}' ", "y = 1  "]),
            st.sampled_from(["ignore", "ignore-next-line", "disable", "enable", "file-ignore"]),
            st.lists(st.sampled_from(["FL402", "FL104", "legacy-syntax", "FLX"]), min_size=1).map(
                ", ".join
            ),
            st.sampled_from(["", "why", "日本 😀"]),
        ),
        st.sampled_from(["", "# prose", f"x = {LOUD}", f"z = '{SHORT} --video'", "é = 'é'"]),
    ),
    max_size=7,
)


@settings(max_examples=150)
@given(PYTHON_ROWS, st.sampled_from(["\n", "\r\n"]))
def test_taking_idle_ones_out_changes_nothing_else(rows: list[str], end: str) -> None:
    data = end.join([*rows, ""]).encode()
    host = host_named("python")
    job = FileJob("a.py", "a.py", data, "python", Settings(select=("FL402", "FL901")))
    new = fix_file(PromptFile(data, host, job), Wanted(safe=True))[1].data

    def prompts(source: bytes) -> list[str]:
        return [literal.text for literal in leaves(host.literals(source))]

    def said(source: bytes) -> list[str]:
        records = inspect(PromptFile(source, host, job)).records
        return [f"{r.finding.code} {r.finding.message}" for r in records if not r.finding.fix]

    def counted(source: bytes) -> int:
        records = inspect(PromptFile(source, host, job)).records
        return sum(r.finding.code == "FL402" for r in records)

    assert prompts(new) == prompts(data)
    assert counted(new) == counted(data)
    assert said(new) == said(data)
    _, again = fix_file(PromptFile(new, host, job), Wanted(safe=True))
    assert (again.data, again.taken_out) == (new, 0)
    assert [
        r
        for r in inspect(PromptFile(new, host, job)).records
        if r.finding.code == "FL901" and r.finding.fix
    ] == []


@given(PYTHON_ROWS, st.booleans())
def test_only_the_suppressions_nearby_are_asked(rows: list[str], in_one_dict: bool) -> None:
    if in_one_dict:
        rows = ["p = {", *(row.replace(" = ", "': ").replace("x", "'x") for row in rows), "}"]
    data = "\n".join([*rows, ""]).encode()
    file = PromptFile(
        data, host_named("python"), FileJob("a.py", "a.py", data, "python", Settings())
    )
    nearby = NearbyDirectives(file.directives, file.lines)
    for literal in leaves(host_named("python").literals(data)):
        near = nearby.of(literal)
        asked = [each for each in file.directives if each.codes_for(literal, file.lines)]
        assert [each for each in near if each.codes_for(literal, file.lines)] == asked


def test_a_suppression_is_compared_with_what_is_next_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Directive] = []
    codes_for = Directive.codes_for

    def counting(self: Directive, literal: PlacedLiteral, index: LineIndex) -> set[str]:
        asked.append(self)
        return codes_for(self, literal, index)

    monkeypatch.setattr(Directive, "codes_for", counting)
    row = f"x = {LOUD}  # flaglift: ignore[FL402] why"
    data = "\n".join([row] * 50).encode()
    file = PromptFile(
        data, host_named("python"), FileJob("a.py", "a.py", data, "python", Settings())
    )
    assert len(list(file.prompts())) == len(asked) == 50


def test_idle_ones_are_taken_out_together() -> None:
    read: list[bytes] = []

    class Counting(NamedTuple):
        host: Host

        def literals(self, data: bytes) -> Sequence[Literal]:
            read.append(data)
            return self.host.literals(data)

    def taken_out(rows: list[str]) -> tuple[int, int]:
        data = "\n".join(rows).encode()
        job = FileJob("a.md", "a.md", data, "markdown", Settings())
        file = PromptFile(data, host_named("markdown"), job)
        read.clear()
        counting = cast("Host", Counting(file.host))
        _, count = without_unused(data, counting, file.directives, file.judged)
        return count, len(read)

    alone = "words\n\n<!-- flaglift: ignore[FL101] -->\n\nmore\n"
    holding = f"words\n<!-- flaglift: ignore[FL101] -->\n    {SHORT}\n\n"
    assert taken_out([alone] * 100) == (100, 2)
    count, readings = taken_out([*[alone] * 50, holding, *[alone] * 50])
    assert count == 100
    assert readings < 20
    # Where hardly any can be taken out, the rest is left alone.
    count, readings = taken_out([holding] * 300)
    assert count == 0
    assert readings <= 201


# In the configuration.


def configured(*tables: dict[str, Any], name: str = "flaglift.toml") -> str:
    prefix = "" if name == "flaglift.toml" else "tool.flaglift."
    return "\n".join(
        f"[[{prefix}suppressions]]\n"
        + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
        for table in tables
    )


PROMPTS = json.dumps({"a": {"text": LONG}, "b": [{"text": "indeed " + LONG}]}, indent=1)


def test_files_without_comments_are_let_pass_by_place_or_fingerprint() -> None:
    write(
        {"p.json": PROMPTS, "q.csv": f"id,text\n1,{LONG}\n2,{LONG}\n", "r.txt": f"{LONG}\n{LONG}\n"}
    )
    (first, second) = (each for each in found("p.json") if each["code"] == "FL402")
    assert (first["pointer"], second["pointer"]) == ("/a/text", "/b/0/text")
    assert len(codes()) == 6
    rules = {"rules": ["FL402"]}
    for table, left in (
        ({"path": "p.json", "at": "/a/text"}, {"p.json": 1}),
        ({"path": "p.json", "prompt": second["fingerprint"]}, {"p.json": 1}),
        ({"path": "p.json", "at": "/b/0/text", "prompt": second["fingerprint"]}, {"p.json": 1}),
        ({"path": "q.csv", "at": 2}, {"q.csv": 1}),
        ({"path": "./r.txt", "at": 2, "reason": "why"}, {"r.txt": 1}),
        ({"path": "r.txt", "prompt": first["fingerprint"]}, {"r.txt": 0}),
    ):
        write({"flaglift.toml": configured(table | rules)})
        counts = dict.fromkeys(("p.json", "q.csv", "r.txt"), 0)
        for path, _, code in codes():
            assert code == "FL402"
            counts[path] += 1
        assert counts == dict.fromkeys(counts, 2) | left


def test_one_that_fits_nothing_is_reported_where_it_stands_and_taken_out() -> None:
    good = {"path": "p.json", "at": "/a/text", "rules": ["FL402"]}
    idle = {"path": "p.json", "at": "/a/text", "prompt": "0123456789abcdef", "rules": ["FL402"]}
    half = {"path": "p.json", "at": "/b/0/text", "rules": ["duration-out-of-range", "FL104"]}
    other = {"path": "elsewhere.json", "at": 1, "rules": ["FL402"]}
    text = "strict = false\n\n" + configured(good, idle, half, other) + "\n# the end\n[hosts]\n"
    write({"flaglift.toml": text, "p.json": PROMPTS})
    said = [each for each in found() if each["code"] == "FL901"]
    assert [(f["path"], f["line"]) for f in said] == [("flaglift.toml", n) for n in (8, 14, 19)]
    assert said[0]["message"].startswith("FL402 is suppressed for p.json and reports nothing there")
    assert said[2]["message"].startswith("there is no file elsewhere.json; correct the path")
    assert [bool(f["fix"]) for f in said] == [True, False, False]
    assert "removed 1 suppression" in flaglift("check", "--fix").stderr
    expected = "strict = false\n\n" + configured(good, half, other) + "\n# the end\n[hosts]\n"
    assert Path("flaglift.toml").read_text() == expected


def test_one_for_a_file_that_is_not_there_is_reported_where_all_files_are_checked() -> None:
    lost = {"path": "sub/gone.json", "at": "/a/text", "rules": ["FL402"]}
    write({"flaglift.toml": configured(lost), "p.json": PROMPTS, "q/r.json": PROMPTS})
    for paths, count in (
        ([], 1),
        (["."], 1),
        (["p.json"], 0),
        (["q"], 0),
        (["--ignore", "FL901"], 0),
    ):
        said = [each for each in found(*paths) if each["code"] == "FL901"]
        assert [each["message"][:31] for each in said] == [
            "there is no file sub/gone.json;"
        ] * count
    flaglift("check", "--fix")
    assert Path("flaglift.toml").read_text() == configured(lost)  # it may come back
    write({"sub/gone.json": PROMPTS})
    assert [each for each in found() if each["code"] == "FL901"] == []


def test_the_last_one_leaves_the_rest_of_the_project_file() -> None:
    idle = {"path": "p.json", "at": "/z", "rules": ["FL402"]}
    text = configured(idle, name="pyproject.toml")
    head, tail = '[project]\r\nname = "x"\r\n\r\n', "# about ruff\r\n[tool.ruff]\r\n"
    crlf = text.replace("\n", "\r\n")
    write({"pyproject.toml": head + crlf + "\r\n" + tail, "p.json": PROMPTS})
    assert "removed 1 suppression" in flaglift("check", "--fix").stderr
    assert Path("pyproject.toml").read_bytes().decode() == head + tail


@pytest.mark.parametrize(
    "text",
    [
        'suppressions = [{ path = "p.json", at = "/z", rules = ["FL402"] }]\n',
        '[[suppressions]]\npath = "p.json"\nat = "/z"\nrules = ["FL402"]\n'
        'reason = """\n[[suppressions]]\n"""\n',
        '[[suppressions]]\npath = "p.json"\nat = "/z"\nrules = ["FL402"]\nreason = """\n[x\n"""\n',
    ],
)
def test_one_that_cannot_be_taken_out_safely_stays(text: str) -> None:
    write({"flaglift.toml": text, "p.json": PROMPTS})
    assert [each["code"] for each in found("--select", "FL402,FL901", "--ignore", "FL001")][
        -1:
    ] == ["FL901"]
    flaglift("check", "--fix")
    assert Path("flaglift.toml").read_text() == text


def test_one_that_another_process_took_out_is_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    idle = {"path": "p.json", "at": "/z", "rules": ["FL402"]}
    write({"flaglift.toml": configured(idle), "p.json": PROMPTS})
    take_out = config_suppressions.take_out

    def late(unused: Any) -> int:
        write({"flaglift.toml": ""})
        return take_out(unused)

    monkeypatch.setattr(config_suppressions, "take_out", late)
    assert "removed" not in flaglift("check", "--fix").stderr


@pytest.mark.parametrize("times", [1, 99])
def test_batches_of_a_hook_take_out_theirs_side_by_side(
    times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    idle = {"path": "p.json", "at": "/z", "rules": ["FL402"]}
    other = {"path": "q.json", "at": "/z", "rules": ["FL402"]}
    write({"flaglift.toml": configured(other, idle), "p.json": PROMPTS})
    real, calls = os.fsync, []

    def late(handle: int) -> None:
        real(handle)
        calls.append(handle)
        if len(calls) <= times:
            write({"flaglift.toml": configured(idle) + "#" * len(calls)})

    monkeypatch.setattr(os, "fsync", late)
    run = flaglift("check", "--fix", "p.json")
    assert ("removed 1 suppression" in run.stderr) is (times == 1)
    assert Path("flaglift.toml").read_text() == ("#" if times == 1 else configured(idle) + "#" * 10)


def test_a_file_that_is_not_checked_is_not_judged() -> None:
    idle = {"path": "p.json", "at": "/z", "rules": ["FL402"]}
    write({"flaglift.toml": configured(idle), "p.json": PROMPTS, "a.txt": SHORT})
    assert codes("a.txt") == []
    assert codes("--ignore", "FL402") == []
    assert {code for _, _, code in codes("--select", "FL402")} == {"FL402"}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["", "\n", "# why\n"])), max_size=5))
def test_idle_ones_go_and_every_other_key_stays(tables: list[tuple[bool, str]]) -> None:
    good = {"path": "p.json", "at": "/a/text", "rules": ["FL402"]}
    idle = {"path": "p.json", "at": "/z", "rules": ["FL402"]}
    parts = [configured(idle if gone else good) + gap for gone, gap in tables]
    tail = "[hosts]\n'*.x' = 'lines'\n"
    write({"flaglift.toml": "".join(parts) + tail, "p.json": PROMPTS})
    flaglift("check", "--fix")
    left = tomllib.loads(Path("flaglift.toml").read_text())
    assert left.get("suppressions", []) == [good for gone, _ in tables if not gone]
    assert left["hosts"] == {"*.x": "lines"}
    assert Path("flaglift.toml").read_text().endswith(tail)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("a.rb", f"# flaglift: ignore-next-line[FL402] why\nprompt = <<~T\n  {LONG}\nT\n"),
        ("a.rb", f"prompt = <<~T # flaglift: ignore[FL402] why\n  {LONG}\nT\n"),
        ("a.sh", f"# flaglift: ignore-next-line[FL402] why\ncat <<'E' > p.txt\n{LONG}\nE\n"),
        ("a.sh", f"cat <<'E' # flaglift: ignore[FL402] why\n{LONG}\nE\n"),
        (
            "a.sh",
            "# flaglift: ignore-next-line[FL402] why\n"
            f"curl \\\n  -F a=b \\\n  -F 'prompt[text]={LONG}'\n",
        ),
        (
            "a.md",
            f"<!-- flaglift: ignore-next-line[FL402] why -->\n| a |\n|---|\n| `{LONG}` |\n",
        ),
        ("a.yaml", f"a: >- # flaglift: ignore[FL402] why\n  {LONG}\n"),
        (
            "a.html",
            "<!-- flaglift: ignore-next-line[FL402] why -->\n"
            f"<textarea\n  rows=2>{LONG}</textarea>\n",
        ),
        (
            "a.http",
            "# flaglift: ignore-next-line[FL402] why\n"
            f'POST /p\nA: b\n\n{{"prompt": {{"text": "{LONG}"}}}}\n',
        ),
    ],
)
def test_a_comment_at_what_opens_a_prompt_is_about_it(name: str, source: str) -> None:
    write({name: source})
    run = flaglift("check", "--select", "FL402,FL901")
    assert (run.returncode, run.stdout) == (0, "")
    flaglift("check", "--fix", "--select", "FL402,FL901")
    assert Path(name).read_text() == source


OUTSIDE = f"<!-- {{}} -->\n{LONG}\n"
BROKEN = f'# {{}}\na: "x" y\nprompt: {LONG}\n'
FENCE = f'# a\n\n<!-- {{}} -->\n```rust\n// a\n\nlet a = "{LONG}";\n```\n'


@pytest.mark.parametrize(
    ("name", "source", "comment", "hides"),
    [
        ("a.md", OUTSIDE, "file-ignore", True),
        ("a.md", OUTSIDE, "ignore-next-line", True),
        ("a.md", OUTSIDE, "disable", True),
        ("a.md", OUTSIDE, "enable", False),
        ("a.md", f"{LONG} <!-- {{}} -->\n", "ignore", True),
        ("a.md", f"# {LONG}\n\nother <!-- {{}} -->\n", "ignore", False),
        ("a.md", FENCE, "ignore-next-line", True),
        ("a.yaml", BROKEN, "file-ignore", True),
        ("a.yaml", BROKEN, "disable", True),
        ("a.yaml", BROKEN, "ignore-next-line", False),
        ("a.env", f"# {{}}\nD: {LONG}\n", "ignore-next-line", True),
    ],
)
def test_a_place_that_was_not_read_can_be_let_pass(
    name: str, source: str, comment: str, hides: bool
) -> None:
    write({name: source.format(f"flaglift: {comment}[unread] why")})
    run = flaglift("check", "--no-cache")
    idle = "unread is enabled here" if comment == "enable" else "unread is suppressed here"
    assert (idle in run.stdout) is not hides
    assert (f"flaglift: {name}:" in run.stderr) is not hides
    assert run.returncode == (0 if hides else 2)


def test_only_the_places_that_a_comment_covers_are_let_pass() -> None:
    write({"a.md": OUTSIDE.format("flaglift: ignore-next-line[unread]") + f"\n## {LONG}\n"})
    run = flaglift("check")
    assert (run.returncode, run.stdout) == (2, "")
    assert "a.md:4: not read: " in run.stderr
    assert run.stderr.rstrip().endswith("it holds 4 flag spellings")


def test_a_comment_about_places_that_are_read_is_taken_out() -> None:
    write({"a.md": "<!-- flaglift: file-ignore[unread] -->\n# a\n\nuse `--video`\n"})
    assert codes() == [("a.md", 1, "FL901")]
    assert flaglift("check", "--fix").returncode == 0
    assert Path("a.md").read_text() == "# a\n\nuse `--video`\n"
    kept = OUTSIDE.format("flaglift: file-ignore[unread, FL402] why") + "\n```\n{}\n```\n"
    write({"a.md": kept.format(TWICE + " --duration 7")})
    assert flaglift("check", "--fix").returncode == 0
    assert Path("a.md").read_text() == kept.format(CLEAN + " --duration 7")


def test_the_configuration_can_let_a_line_pass_that_was_not_read() -> None:
    rows = {"path": "a.yaml", "at": 3, "rules": ["unread"], "reason": "of another program"}
    write({"flaglift.toml": configured(rows), "a.yaml": BROKEN.format("a")})
    run = flaglift("check")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    write({"flaglift.toml": configured(rows | {"at": 2})})
    assert "unread is suppressed for a.yaml and reports nothing there" in flaglift("check").stdout
