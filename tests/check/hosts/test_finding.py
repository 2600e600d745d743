"""Literals in literals: exact positions through every level, edits, comments."""

import json

import pytest

from flaglift.check.hosts.base import HOLE, Literal, LiteralChange
from flaglift.check.hosts.checking import fix_literal
from flaglift.check.hosts.edits import apply
from flaglift.check.hosts.finding import candidates, comments, leaves
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import edits_of_each, rewrite
from flaglift.lossless.spans import Span
from flaglift.settings import DEFAULT

NESTED = [
    ("markdown", "> ```sh\n> curl -F 'text=a\n> \" X --video' u\n> ```\n", "markdown bash form"),
    ("markdown", "- a\n  ```js\n  x = [`a \\` X --video ${y}`]\n  ```\n", "markdown javascript"),
    ("markdown", "```console\n$ f \\\n  'a X --video'\nout\n```\n", "markdown console bash"),
    ("markdown", "```\n$ f 'a X --video'\n```\n", "markdown console bash"),
    ("markdown", "```\nb X --video\n\na X --video\n```\n", "markdown lines"),
    ("markdown", "```\nb X\n--video\nar=1:1\n```\n", "markdown blocks"),
    ("markdown", "```\na X --video\n---\nb X --video\n```\n", "markdown whole"),
    ("markdown", "---\na: \"\\u0041 X --video\"\n---\n", "markdown yaml"),
    ("markdown", "+++\na = \"X --video\"\n+++\n", "markdown toml"),
    ("bash", "curl -d '{\"text\": \"a \\u0041 X --video\"}' u", "bash json"),
    ("bash", "curl -d 'a=1&text=a+%41+X+--video' u", "bash form"),
    ("bash", "python3 - <<'E'\nx = 'a X --video'\nE\n", "bash python"),
    ("bash", "/usr/bin/node <<'E'\nx = 'a X --video'\nE\n", "bash javascript"),
    ("bash", "cat <<E\na X --video\nE\n", "bash"),
    ("json", json.dumps({"scripts": {"x": "f 'a X --video'"}}), "json bash"),
    ("json", json.dumps({"a": json.dumps({"b": "é X --video"})}), "json json"),
    ("json", json.dumps([json.dumps([json.dumps(["é \"X\" --video"])])]), "json json json"),
    ("yaml", "- run: |\n    f 'a\n    X --video'\n", "yaml bash"),
    ("yaml", "- script: [\"f 'X --video'\"]\n", "yaml bash"),
    ("python", "os.system('curl -F \"prompt[text]=é X --video\" u')", "python bash form"),
    ("python", "f('{\"text\": \"é X --video\"}')", "python json"),
    ("javascript", "f('{\"text\": \"é \\\\\"X --video\"}')", "javascript json"),
]  # fmt: skip


def prompt(name: str, source: str) -> Literal:
    found = leaves(host_named(name).literals(source.encode()))
    return next(literal for literal in found if "X" in literal.text)


@pytest.mark.parametrize(("name", "source", "hosts"), NESTED)
def test_places_are_exact_through_every_level(name: str, source: str, hosts: str) -> None:
    literal = prompt(name, source)
    assert literal.hosts == tuple(hosts.split())
    at = literal.text.index("X")
    place = literal.locate(Span(at, at + 1))
    assert source.encode()[slice(*place)] == b"X"
    assert literal.place.start <= place.start < place.end <= literal.place.end


@pytest.mark.parametrize(("name", "source", "hosts"), NESTED)
def test_edits_are_written_through_every_level(name: str, source: str, hosts: str) -> None:
    literal = prompt(name, source)
    text = literal.text.replace("X", "Y \"'\\Z")
    host = host_named(name)
    new, refused = rewrite(source.encode(), host, [LiteralChange(literal, text)])
    assert not refused
    found = [each.text for each in leaves(host.literals(new), every=True)]
    assert text in found
    assert len(found) == len(list(leaves(host.literals(source.encode()), every=True)))


def test_two_prompts_in_one_block_are_changed_together() -> None:
    source = b"```\na --video --video\nb --video --video\n```\n"
    host = host_named("markdown")
    found = [literal for literal, _ in candidates(source, host)]
    changes = [LiteralChange(each, fix_literal(each, DEFAULT).text) for each in found]
    new, refused = rewrite(source, host, changes)
    assert new == b"```\na --video\nb --video\n```\n"
    assert not refused


def test_a_change_that_fails_does_not_keep_the_others_back() -> None:
    source = b"a --video --video\nb --video --video\n"
    host = host_named("lines")
    first, second = (literal for literal, _ in candidates(source, host))
    changes = [LiteralChange(first, "a\n--video"), LiteralChange(second, "b --video")]
    new, refused = rewrite(source, host, changes)
    assert new == b"a --video --video\nb --video\n"
    assert [each.change for each in refused] == [changes[0]]


def test_changes_that_overlap_are_made_one_by_one() -> None:
    source = b'{"text": "a --video --video"}'
    host = host_named("json")
    ((literal, _),) = candidates(source, host)
    changes = [LiteralChange(literal, "a --video"), LiteralChange(literal, "b --video")]
    new, refused = rewrite(source, host, changes)
    assert new == b'{"text": "a --video"}'
    assert [each.reason for each in refused] == ["another change overlaps it"]


def test_what_each_change_alone_would_edit() -> None:
    source = b"a --video --video\nb --video --video\n"
    host = host_named("lines")
    first, second = (literal for literal, _ in candidates(source, host))
    texts = [(first, "a --video"), (second, "b"), (second, "a\nb"), (first, "c --video --video")]
    changes = [LiteralChange(*each) for each in texts]
    edits = edits_of_each(source, host, changes)
    made = [apply(source, each).decode().splitlines() for each in edits]
    assert made[0] == ["a --video", "b --video --video"]
    assert made[1] == ["a --video --video", "b"]
    assert edits[2] == []  # two lines are two prompts
    assert made[3] == ["c --video --video", "b --video --video"]
    assert edits_of_each(source, host, []) == []


def test_a_locked_literal_is_not_changed() -> None:
    source = b"x = f('a --video --video'"
    host = host_named("python")
    ((literal, _),) = candidates(source, host)
    new, refused = rewrite(source, host, [LiteralChange(literal, "a --video")])
    assert new == source
    assert [each.reason for each in refused] == ["the code around it does not parse"]


@pytest.mark.parametrize(
    ("source", "text", "reason"),
    [
        ("x = `a ${b} --video`", "a --video", "every interpolation"),
        ("x = 'a --video'", "a \ud800 --video", ""),
        ("x = r'a --video'", "a \"' --video", "cannot hold"),
    ],
)
def test_what_cannot_be_written_is_refused(source: str, text: str, reason: str) -> None:
    name = "python" if "r'" in source else "javascript"
    host = host_named(name)
    (literal,) = leaves(host.literals(source.encode()))
    new, refused = rewrite(source.encode(), host, [LiteralChange(literal, text)])
    assert new == source.encode()
    assert reason in refused[0].reason


def test_an_outer_hole_is_a_hole_of_what_is_inside() -> None:
    source = 'f(`{"text": "a ${x} X --video", "n": "${y}"}`)'
    literal = prompt("javascript", source)
    assert literal.hosts == ("javascript", "json")
    assert [hole.source for hole in literal.holes] == ["${x}"]
    assert literal.text == f"a {HOLE} X --video"
    new, refused = rewrite(
        source.encode(), host_named("javascript"), [LiteralChange(literal, f'a {HOLE} "Y" --video')]
    )
    assert not refused
    assert new.decode() == 'f(`{"text": "a ${x} \\\\"Y\\\\" --video", "n": "${y}"}`)'


def test_an_outer_hole_in_an_escape_is_a_hole() -> None:
    source = 'curl -d "text=a+%4${x}1+X+--video" u'
    literal = prompt("bash", source)
    assert HOLE in literal.text
    assert literal.holes[0].source == "${x}"


def test_placeholders_are_holes_and_stay_text() -> None:
    source = '{"text": "{{ subject }} é {y} --video --video_model {model} %s %(x)s"}'
    ((literal, decision),) = candidates(source.encode(), host_named("json"))
    assert decision.taken
    sources = [hole.source for hole in literal.holes]
    assert sources == ["{{ subject }}", "{y}", "{model}", "%s", "%(x)s"]
    text = literal.text.replace("é", "ü {z}")
    new, refused = rewrite(source.encode(), host_named("json"), [LiteralChange(literal, text)])
    assert not refused
    assert new.decode() == source.replace("é", "ü {z}")


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [
        ("python", "# a\nx = '# b'  #c\n", ["a", "c"]),
        ("javascript", "// a\n/* b */ x = '// c' /** d */\n", ["a", "b", "d"]),
        ("typescript", "// a", ["a"]),
        ("tsx", "x = <A>{/* a */}</A>", ["a"]),
        ("ruby", "# a\nx = '# b'\n=begin\nc\n=end\n", ["a", "=begin\nc\n=end"]),
        ("bash", "#!/bin/sh\nf '# a' # b\n", ["!/bin/sh", "b"]),
        ("json", "{} // a\n/* b */", ["a", "b"]),
        ("toml", "# a\nb = '# c' # d\n", ["a", "d"]),
        ("yaml", "# a\nb: '# c' # d\ne: |\n  # f\ng: h#i\n", ["a", "d"]),
        ("yaml", "# a\nb: [\n# c", ["a"]),
        ("markdown", "<!-- a -->\n\n```\n<!-- b -->\n```\n\n<!--\nc\n-->\n", ["a", "c"]),
        ("markdown", "```sh\n# a\nf # b\n```\n\n<!-- c -->\n", ["a", "b", "c"]),
        ("markdown", "> ```js\n> // é\n> x /* b\n> c */\n> ```\n", ["é", "b\nc"]),
        ("markdown", "```console\n$ # a\n```\n\n`# b`\n", ["a"]),
        ("csv", "# a\n", []),
        ("lines", "# a\n", []),
        ("bash", "curl -d 'text=# a' u", []),
    ],
)
def test_comments(name: str, source: str, expected: list[str]) -> None:
    found = comments(source.encode(), host_named(name))
    assert [comment.text for comment in found] == expected
    for comment in found:
        assert comment.text.split("\n")[0] in source.encode()[comment.start : comment.end].decode()
