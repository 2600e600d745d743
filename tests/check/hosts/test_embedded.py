"""Prompts in bytes, in words that hold options or scripts, and in HTML of Markdown."""

import pytest

from flaglift.check.hosts.base import Literal, LiteralChange
from flaglift.check.hosts.finding import candidates, comments
from flaglift.check.hosts.pieces import UNREAD
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite
from flaglift.check.hosts.unread import unread

BAD = "ohwx cat --video --video_model kling25 --duration 7"


def prompts(name: str, source: str) -> list[Literal]:
    return [each for each, said in candidates(source.encode(), host_named(name)) if said.taken]


@pytest.mark.parametrize(
    ("source", "hosts"),
    [
        ("python: x = b'BAD'", "python"),
        ('python: x = rb"""BAD"""', "python"),
        ('python: x = b\'{"prompt": {"text": "BAD"}}\'', "python json"),
        ("bash: bash -c \"curl -F 'prompt[text]=BAD' u\"", "bash bash form"),
        ("bash: /bin/sh -c 'P=\"BAD\"'", "bash bash"),
        ("bash: ssh h 'curl -F \"prompt[text]=BAD\" u'", "bash bash form"),
        ("bash: node -e 'f({text: \"BAD\"})'", "bash javascript"),
        ("bash: deno eval 'f({text: \"BAD\"})'", "bash javascript"),
        ("bash: sudo /usr/bin/python3.11 -Ic \"f(text='BAD')\"", "bash python"),
        ("bash: ruby -rjson -e 'f(text: \"BAD\")'", "bash ruby"),
        ("bash: bin/rails runner 'f(text: \"BAD\")'", "bash ruby"),
        ('bash: php -r \'f(["text" => "BAD"]);\'', "bash php"),
        ('bash: php artisan tinker --execute=\'f(["text" => "BAD"]);\'', "bash php"),
        ("bash: docker exec db psql d -tAc \"UPDATE p SET text = 'BAD'\"", "bash sql"),
        ("bash: mysql -e\"UPDATE p SET text = 'BAD'\"", "bash sql"),
        ("bash: su x -c \"gen --prompt 'BAD'\"", "bash bash"),
        ("bash: eval \"gen --prompt 'BAD'\"", "bash bash"),
        ("bash: watch \"gen --prompt 'BAD'\"", "bash bash"),
        ("bash: wget --post-data='prompt[text]=BAD' u", "bash form"),
        ("bash: wget --body-data 'id=1&text=BAD' u", "bash form"),
        ('bash: wget --post-data=\'{"text": "BAD"}\' u', "bash json"),
        ("bash: http POST u 'prompt[text]=BAD'", "bash form"),
        ("bash: curl u --data-urlencode='prompt[text]=BAD'", "bash form"),
        ("bash: curl u -d'prompt[text]=BAD' -F x=1", "bash form"),
        ("bash: curl u -Fprompt[text]='BAD'", "bash form"),
        ("bash: python gen.py -c 'BAD'", "bash"),
        ("bash: python -m gen -c 'BAD'", "bash"),
        ("bash: node gen.js -p 'BAD'", "bash"),
        ("bash: gen -c'BAD'", "bash"),
        ("bash: > 'BAD' a", "bash"),
        ("bash: gen --prompt='BAD'", "bash form"),
        ('bash: gen "--image-prompt=BAD"', "bash form"),
        ("yaml: args: ['--prompt=BAD']", "yaml form"),
        ("markdown: <pre>\nBAD\n</pre>\n", "markdown html"),
        ("markdown: > <p\n> title='BAD'>x</p>\n", "markdown html"),
        ("markdown: - <p>\r\n  BAD</p>\r\n", "markdown html"),
        ("markdown: <script>\nx = 'BAD'\n</script>\n", "markdown html javascript"),
    ],
)
def test_a_prompt_is_found_and_fixed_in_its_place(source: str, hosts: str) -> None:
    name, _, source = source.replace("BAD", BAD).partition(": ")
    (literal,) = prompts(name, source)
    assert literal.hosts == tuple(hosts.split())
    assert literal.text.strip() == BAD
    change = LiteralChange(literal, literal.text.replace("--duration 7", "--duration 5"))
    new, refused = rewrite(source.encode(), host_named(name), [change])
    assert not refused
    assert new.decode() == source.replace("--duration 7", "--duration 5")


@pytest.mark.parametrize(
    "source",
    ["perl -we 'f(text => \"BAD\");'", "Rscript -e 'f(text=\"BAD\")'", "pwsh -Command 'f \"BAD\"'"],
)
def test_code_of_a_language_that_is_not_read_is_said(source: str) -> None:
    data = source.replace("BAD", BAD).encode()
    assert all(each.locked == UNREAD for each in prompts("bash", data.decode()))
    assert {each.reason for each in unread(data, host_named("bash"))} == {UNREAD}
    assert not unread(b"perl -ne 'print if /--video/ && $x --duration'", host_named("bash"))


def test_bytes_have_other_escapes_and_hold_ascii() -> None:
    source = r"x = b'sks \x41\u0041\' cat --video'"
    (literal,) = (each for each, _ in candidates(source.encode(), host_named("python")))
    assert literal.text == r"sks A\u0041' cat --video"
    host = host_named("python")
    new, refused = rewrite(source.encode(), host, [LiteralChange(literal, "an é --video")])
    assert refused
    assert new.decode() == source
    (other,) = (each for each, _ in candidates(rb"x = b'\xff --video'", host))
    assert other.locked


def test_a_comment_of_html_in_markdown_is_one_comment() -> None:
    source = b"<!-- a -->\n\n<p>x</p> <!-- b -->\n"
    assert [each.text for each in comments(source, host_named("markdown"))] == ["a", "b"]
