"""Flags alone in a constant are checked; code of an unread language is not edited; extents."""

import pytest

from flaglift.check.hosts.base import HOLE, Literal, LiteralChange
from flaglift.check.hosts.checking import lint_literal
from flaglift.check.hosts.finding import candidates
from flaglift.check.hosts.pieces import FRAGMENT, QUOTED, SEVERAL, UNREAD
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite
from flaglift.check.hosts.several import quoted_prompts
from flaglift.diagnostics import Severity
from flaglift.settings import DEFAULT


def prompts(name: str, source: str) -> list[Literal]:
    return [
        lit for lit, decision in candidates(source.encode(), host_named(name)) if decision.taken
    ]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("javascript", "const FLAGS = ' --video --video_model kling25 --duration 7'"),
        ("python", "FLAGS = '--video --video_model kling25 --duration 7'"),
        ("ruby", "FLAGS = ' --video --video_model kling25 --duration 7'\n"),
        ("bash", "FLAGS='--video --video_model kling25 --duration 7'\n"),
    ],
)
def test_flags_alone_in_a_constant_are_checked_as_flags_without_a_text(
    name: str, source: str
) -> None:
    (literal,) = prompts(name, source)
    assert literal.locked == FRAGMENT
    found = [each for each in lint_literal(literal, DEFAULT) if each.severity is not Severity.INFO]
    assert [each.code for each in found] == ["FL402"]
    assert source.encode()[slice(*literal.locate(found[0].span))] == b"7"
    new, refused = rewrite(
        source.encode(), host_named(name), [LiteralChange(literal, literal.text)]
    )
    assert new.decode() == source
    assert [each.reason for each in refused] == [FRAGMENT]


@pytest.mark.parametrize(
    "source",
    ["FLAGS = '--video --video_model svd --duration 7'", "FLAGS = '--video --duration 7'",
     "f('--video --video_model kling25')", "x = ['--video', '--video_model kling25']"],
)  # fmt: skip
def test_flags_of_other_programs_are_not(source: str) -> None:
    for literal in prompts("python", source):
        assert {each.severity for each in lint_literal(literal, DEFAULT)} <= {Severity.INFO}


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("a cat --video --video_model kling25 --duration", "{} ▢"),
        ("a cat --video --video_model kling25 --duration ", "{}▢"),
        ("a cat --video --video_model kling25 --duration=", "{}▢"),
        ("a cat --video --duration 5 --video_model ", "{}▢"),
        ('a cat --video --video_model kling25 --video_prompt "', '{}▢"'),
        ('a cat --video --video_model kling25 --video_prompt "it ', '{}▢"'),
    ],
)
@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("python", "p = '{}'\np += x"),
        ("python", "p = '{}'.replace(x, y) + z"),
        ("javascript", "parts.push('{}')"),
        ("ruby", "s = '{}'.dup\ns << x\n"),
        ("php", "$p = '{}'; $p .= 5;"),
        ("bash", "p='{}'\np+=5\n"),
    ],
)
def test_a_text_that_ends_before_the_end_of_a_value_continues_elsewhere(
    name: str, source: str, text: str, whole: str
) -> None:
    (literal,) = prompts(name, source.format(text))
    assert literal.locked == FRAGMENT
    assert literal.text.replace(HOLE, "▢") == whole.format(text)
    assert {each.severity for each in lint_literal(literal, DEFAULT)} <= {Severity.INFO}


@pytest.mark.parametrize(
    ("name", "source", "code"),
    [
        ("json", '{"prompt": "a cat --video --video_model kling25 --duration"}', "FL102"),
        ("python", "x = {'text': 'a cat --video --video_model kling25 --duration '}", "FL102"),
        ("python", "x = 'a cat --video --duration --video_model kling25'", "FL102"),
        ("python", "x = 'a cat --video --video_model kling25 --video_prompt \"it'", "FL101"),
        ("python", "x = 'a 6\" heel --video --video_model kling25 '", "FL101"),
    ],
)
def test_a_text_that_is_whole_lacks_its_end(name: str, source: str, code: str) -> None:
    (literal,) = prompts(name, source)
    assert code in [each.code for each in lint_literal(literal, DEFAULT)]


P = "ohwx cat --video --video_model kling25 --duration 7"


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("python", f"x = \"text: '{P}'\""),
        ("python", f"x = \"const p = '{P}';\""),
        ("python", f"x = \"send('{P}')\""),
        ("python", f"x = \"send(1, '{P}')\""),
        ("python", f"x = \"p='{P}'\""),
        ("javascript", f'x = `const p = "{P}";`'),
        ("javascript", f'x = "`{P}`"'),
        ("python", f"x = '\"{P}\"'"),
        ("python", f"x = \" '{P}';\""),
        ("javascript", f"x = 'let p = \\'{P}\\';'"),
        ("markdown", f"```\nsend('{P}')\n```\n"),
        ("markdown", f'```rust\nlet p = "{P}";\n```\n'),
    ],
)
def test_a_prompt_in_the_quotes_of_code_is_read_and_not_edited(name: str, source: str) -> None:
    (literal,) = prompts(name, source)
    assert literal.doubt == QUOTED
    assert [literal.text[slice(*place)] for places in literal.possible for place in places] == [P]
    found = [each for each in lint_literal(literal, DEFAULT) if each.severity is not Severity.INFO]
    assert [(each.code, each.severity, each.fix) for each in found] == [
        ("FL402", Severity.WARNING, None)
    ]
    assert source.encode()[slice(*literal.locate(found[0].span))] == b"7"


@pytest.mark.parametrize(
    "text",
    [
        "a cat --video --video_prompt='she waves --video'",
        "a cat (a 'big' one) --video --duration 5",
        "a cat, 'tis big --video --video_prompt it's",
        "it's a cat: 'go' --video",
        "a cat ('go --video",
        "x=('a'), ('b')",
    ],
)
def test_quotes_of_a_prompt_are_no_code(text: str) -> None:
    assert quoted_prompts(text) == ()


@pytest.mark.parametrize(
    ("statement", "host"),
    [
        (f"INSERT IGNORE INTO p VALUES ('{P}')", "sql"),  # noqa: S608
        (f"insert or replace into p values ('{P}')", "sql"),  # noqa: S608
        (f"-- seed\nINSERT INTO p VALUES ('{P}')", "sql"),
        (f"CALL add('{P}')", "sql"),
        (f"<prompt>{P}</prompt>", "html"),
        (f"<a:b x='1'>{P}</a:b >", "html"),
        (f"<my-prompt text='{P}'></my-prompt>", "html"),
    ],
)
def test_statements_and_elements_in_strings_are_read_as_such(statement: str, host: str) -> None:
    ((literal, _),) = candidates(f"x = {statement!r}".encode(), host_named("python"))
    assert (literal.hosts, literal.text, literal.locked) == (("python", host), P, "")


def test_references_are_no_elements() -> None:
    source = f"x = '<lora:a:1> {P} <faceid:2:1>'"
    ((literal, _),) = candidates(source.encode(), host_named("python"))
    assert literal.hosts == ("python",)


def test_code_in_a_language_that_is_not_read_is_not_edited() -> None:
    source = '```rust\nlet p = "ohwx cat --video --video_model kling25 --duration 7";\n```\n'
    ((literal, _),) = candidates(source.encode(), host_named("markdown"))
    assert literal.locked == UNREAD
    source = f"```cobol\n{P}\n{P} x\n```\n"
    ((literal, _),) = candidates(source.encode(), host_named("markdown"))
    assert (literal.locked, literal.doubt) == (UNREAD, SEVERAL)


@pytest.mark.parametrize(
    ("name", "source", "opener"),
    [
        ("ruby", "f(1)\nprompt = <<~T\n  BAD\nT\n", "<<~T"),
        ("bash", "f 1\ncat <<EOF > prompts.txt\nBAD\nEOF\n", "EOF"),
        ("bash", "f 1\ncurl -s \\\n  -F 'prompt[text]=BAD' \\\n  u\n", "curl"),
        ("markdown", "| a |\n|---|\n| `BAD` |\n", "| a |"),
        ("python", "f(1)\nx = ('a '\n  'BAD')\n", "'a '"),
        ("markdown", "See `BAD` there.\n", "`BAD"),
        ("json", '{"prompt": "BAD"}', '"BAD'),
        ("html", "<p>a</p>\n<textarea\n  rows=2>BAD</textarea>\n", "<textarea"),
        ("vue", "<template><p></p>\n<x\n  prompt='BAD'\n/></template>\n", "<x"),
        ("http", '# a\n\nPOST /x\nHost: y\n\n{"text": "BAD"}\n', "POST"),
    ],
)
def test_a_literal_extends_from_what_opens_it(name: str, source: str, opener: str) -> None:
    source = source.replace("BAD", "ohwx cat --video --video_model kling25 --duration 7")
    opener = opener.replace("BAD", "ohwx cat --video")
    ((literal, _),) = candidates(source.encode(), host_named(name))
    around: Literal | None = literal
    starts = []
    while around is not None:
        starts.append(around.extent.start)
        around = around.outer
    assert source.encode().index(opener.encode()) in starts
    assert literal.extent.end == literal.place.end
