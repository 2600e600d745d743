"""Requests as documentation writes them, and PHP without its tags."""

import email.parser
import json
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaglift.check.hosts.base import Literal, LiteralChange
from flaglift.check.hosts.checking import lint_literal
from flaglift.check.hosts.finding import candidates, comments, leaves
from flaglift.check.hosts.formats.http import SIZED
from flaglift.check.hosts.lifting import lift_literal
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite
from flaglift.check.hosts.unread import unread
from flaglift.settings import DEFAULT

BAD = "ohwx cat --video --video_model kling25 --duration 7"
HEAD = "POST /tunes/1/prompts HTTP/1.1\nHost: api.example.com\n"
JSON = HEAD + "Content-Type: application/json\n\n"
FORM = HEAD + "Content-Type: application/x-www-form-urlencoded\n\n"


def prompts(name: str, source: str) -> list[Literal]:
    return [each.literal for each in candidates(source.encode(), host_named(name))]


def changed(name: str, source: str, literal: Literal) -> str:
    change = LiteralChange(literal, literal.text.replace("duration 7", "duration 5"))
    done = rewrite(source.encode(), host_named(name), [change])
    assert not done.refused
    return done.data.decode()


@pytest.mark.parametrize(
    ("source", "hosts"),
    [
        (JSON + json.dumps({"prompt": {"text": BAD}}), "http json"),
        (HEAD + "\n" + json.dumps([{"text": BAD}], indent=1) + "\n\n", "http json"),
        (FORM + "a=b&prompt[text]=" + BAD.replace(" ", "+"), "http form"),
        (JSON.replace("\n", "\r\n") + json.dumps({"prompt": {"text": BAD}}), "http json"),
        ("# a\nGET /x\n\n###\n" + JSON + json.dumps({"prompt": {"text": BAD}}), "http json"),
        (HEAD + "\n" + BAD, "http blocks"),
    ],
)
def test_a_body_is_read_by_its_type(source: str, hosts: str) -> None:
    (literal,) = prompts("http", source)
    assert literal.text == BAD
    assert literal.hosts == tuple(hosts.split())
    assert changed("http", source, literal) == source.replace("duration 7", "duration 5").replace(
        "duration+7", "duration+5"
    )
    fence = f"```http\n{source}\n```\n".replace("\r", "")
    (literal,) = prompts("markdown", fence)
    assert literal.hosts == ("markdown", *hosts.split())


def test_flags_move_to_fields_of_the_body() -> None:
    text = f'{BAD.replace("7", "5")} --video_prompt "it naps"'
    source = JSON + json.dumps({"prompt": {"text": text}})
    (literal,) = prompts("http", source)
    change = lift_literal(literal, DEFAULT)
    assert isinstance(change, LiteralChange)
    done = rewrite(source.encode(), host_named("http"), [change])
    assert not done.refused
    sent = json.loads(done.data.decode().partition("\n\n")[2])
    assert sent["prompt"]["text"] == "ohwx cat"
    assert sent["prompt"]["video_duration"] == 5


AROUND = [
    ("", "\n> {% client.assert(response.status === 200); %}\n"),
    ("", "\n\n> {%\n  client.log('a');\n\n  // b\n%}\n"),
    ("", "> ./handlers/log.js"),
    ("", "\n>> out.json\n"),
    ("", ">>! out.json\n<> 2024-01-01.200.json\n"),
    ("", "\n> {% it does not end"),
    ("< {% request.variables.set('a', 1) %}\n", ""),
    ("# c\n\n< {%\n  const a = 1;\n\n  const b = 2;\n%}\n< ./before.js\n@x = 1\n", ""),
]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize(("before", "after"), AROUND)
def test_what_a_client_runs_before_and_after_is_no_part_of_the_body(
    before: str, after: str, ending: str
) -> None:
    text = f'{BAD.replace("7", "5")} --video_prompt "it naps"'
    request = f"{before}{JSON}{json.dumps({'prompt': {'text': text}})}\n{after}"
    source = f"{request}\n###\n{request}".replace("\n", ending)
    literals = prompts("http", source)
    assert [literal.text for literal in literals] == [text, text]
    changes = [lift_literal(literal, DEFAULT) for literal in literals]
    assert all(isinstance(change, LiteralChange) for change in changes)
    done = rewrite(source.encode(), host_named("http"), changes)  # type: ignore[arg-type]
    assert not done.refused
    assert done.data.decode().count('"video_duration": 5}}') == 2
    form = f"{before}{FORM}prompt[text]={BAD.replace(' ', '+')}\n{after}"
    assert [literal.text for literal in prompts("http", form)] == [BAD]


def test_scripts_of_a_client_are_code() -> None:
    script = f'const a = "{BAD}";'
    source = f"< {{% {script}\n\n%}}\n{HEAD}\n{{}}\n> {{%\n{script} %}}\n###\n{HEAD}\n> {{% {BAD}"
    literals = prompts("http", source)
    assert [literal.text for literal in literals] == [BAD, BAD]
    assert {literal.hosts for literal in literals} == {("http", "javascript")}
    for literal in literals:
        assert changed("http", source, literal).count("--duration 5") == 1
    places = unread(source.encode(), host_named("http"))
    assert len(places) == 3
    assert places[0].start > source.index("###")


def test_quotations_in_a_text_are_part_of_it() -> None:
    source = f"{HEAD}\n> {BAD}\n>> more\n\n> {{% log(); %}}\n"
    (literal,) = prompts("http", source)
    assert literal.text == f"> {BAD}\n>> more"


@pytest.mark.parametrize("header", ["Content-Length: 9", "Digest: sha-256=x", "content-md5: y"])
def test_a_body_of_a_declared_length_stays(header: str) -> None:
    (literal,) = prompts("http", f"{HEAD}{header}\n\n{json.dumps({'text': BAD})}")
    assert literal.locked == SIZED


PARTS = """\
POST /tunes/1/prompts
Content-Type: multipart/form-data; boundary=BOUNDARY

--b c
Content-Disposition: form-data; name="prompt[text]"

TEXT
--b c
Content-Disposition: form-data; name="prompt[text]"
Content-Length: 51

TEXT
--b c
Content-Disposition: form-data; name="prompt[image]"; filename="a.txt"

TEXT
--b c
Content-Disposition: form-data; name="no content"
--b c
Content-Disposition: form-data; name="empty"


--b c--
"""


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_fields_of_a_body_in_parts_are_read_one_by_one(ending: str) -> None:
    source = PARTS.replace("TEXT", BAD).replace("BOUNDARY", '"b c"').replace("\n", ending)
    first, sized = prompts("http", source)
    assert first.text == sized.text == BAD
    assert sized.locked == SIZED
    assert changed("http", source, first) == source.replace("duration 7", "duration 5", 1)


@pytest.mark.parametrize("declared", ["", "; boundary=x"])
def test_parts_whose_boundary_is_not_found_are_no_fields(declared: str) -> None:
    source = PARTS.replace("TEXT", BAD).replace("; boundary=BOUNDARY", declared)
    assert prompts("http", source) == []
    assert unread(source.encode(), host_named("http"))


def test_what_is_no_body_and_what_are_comments() -> None:
    host = host_named("http")
    assert host.literals(b"GET /?a=--video HTTP/1.1\nHost: a\n") == []
    assert host.literals(HEAD.encode() + b"\n") == []
    source = f"# a\n// b\n{JSON}# {BAD}\n###\n# c\nGET /\n"
    assert [each.text for each in comments(source.encode(), host)] == ["a", "b", "c"]


@given(st.dictionaries(st.text(min_size=1, max_size=3), st.text(max_size=9), max_size=3))
def test_bodies_are_what_a_reader_of_messages_and_forms_says(fields: dict[str, str]) -> None:
    body = urlencode({**fields, "prompt[text]": f"{BAD} é"})
    source = FORM + body
    message = email.parser.Parser().parsestr(source.partition("\n")[2])
    expected = dict(parse_qsl(message.get_payload(), keep_blank_values=True))
    texts = [each.text for each in leaves(host_named("http").literals(source.encode()))]
    assert texts == [expected["prompt[text]"]]


@pytest.mark.parametrize(
    ("name", "source", "hosts"),
    [
        ("markdown", "```php\n$data = ['text' => 'BAD'];\n```\n", "markdown php"),
        ("markdown", "```php\n<?php\n$data = ['text' => 'BAD'];\n```\n", "markdown php"),
        ("markdown", '```php\n// a\nrun("BAD");\n```\n', "markdown php"),
        ("javascript", "const h = \"$data = ['text' => 'BAD'];\";", "javascript php"),
        ("javascript", "h = `$c->post('BAD');\n$d = 1;`", "javascript php"),
        ("python", 'h = """<?php $a = \'BAD\'; ?>"""', "python php"),
        ("php", "$a = 'BAD';", "php"),
    ],
)
def test_php_without_its_tags(name: str, source: str, hosts: str) -> None:
    source = source.replace("BAD", BAD)
    (literal,) = prompts(name, source)
    assert literal.hosts == tuple(hosts.split())
    assert literal.text == BAD
    codes = {each.code for each in lint_literal(literal, DEFAULT)}
    assert "FL402" in codes
    assert not codes & {"FL401", "FL301", "FL104"}
    assert changed(name, source, literal) == source.replace("7", "5")


def test_two_prompts_in_one_list_of_a_block_are_two() -> None:
    source = f"```php\n$data = ['{BAD}', '{BAD.replace('cat', 'dog')}'];\n```\n"
    assert [each.text for each in prompts("markdown", source)] == [BAD, BAD.replace("cat", "dog")]


def test_a_price_is_no_php() -> None:
    for text in ("$5 for a cat --video; yes", "$cash = --video", "cost $x; --video"):
        (literal,) = prompts("javascript", f"x = {json.dumps(text)}")
        assert literal.hosts == ("javascript",)
