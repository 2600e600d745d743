"""URL-encoded prompts in addresses and bodies are read wherever they stand."""

import json
from urllib.parse import quote, quote_plus, unquote, unquote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flaglift.check.hosts.base import Literal, LiteralChange
from flaglift.check.hosts.checking import lint_literal
from flaglift.check.hosts.finding import candidates
from flaglift.check.hosts.formats.markdown import MarkdownHost
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite
from flaglift.check.hosts.unread import unread
from flaglift.settings import DEFAULT

BAD = "a cat --video --video_model kling25 --duration 7"
PLUS, PERCENT = quote_plus(BAD), quote(BAD)
URL = f"https://x.y/new?n=1&text={PERCENT}&w=2#top"


def prompts(name: str, source: str) -> list[Literal]:
    return [each for each, said in candidates(source.encode(), host_named(name)) if said.taken]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("python", f'requests.get("https://x/?text={PLUS}")'),
        ("python", f'a = "See {URL}."'),
        ("python", f'a = b"{URL}"'),
        ("javascript", f"fetch(u, {{method: 'POST', body: 'prompt%5Btext%5D={PERCENT}&n=1'}})"),
        ("javascript", f"fetch(u, {{body: 'n=1&prompt[text]={PLUS}'}})"),
        ("javascript", f"fetch(u, {{body: 'prompt[text]={BAD}&n=1'}})"),
        ("javascript", f"a = `${{base}}/#/new?text={PERCENT}`"),
        ("javascript", f"a = 'https://x/?to=' + 'https%3A%2F%2Fy%3Ftext%3D{quote(PERCENT)}'"),
        ("tsx", f"a = <a href='{URL.replace('&', '&amp;')}'>x</a>;"),
        ("html", f'<a href="{URL.replace("&", "&amp;")}">x</a>'),
        ("html", f"<p>Open {URL}, now.</p>"),
        ("markdown", f"See [a]({URL}).\n"),
        ("markdown", f'See ![a](<{URL}> "b").\n'),
        ("markdown", f"See <{URL}>.\n"),
        ("markdown", f"[a]: {URL}\n"),
        ("markdown", f"| a |\n|---|\n| [a]({URL}) |\n"),
        ("markdown", f"See `GET {URL}`.\n"),
        ("yaml", f"url: {URL}\n"),
        ("yaml", f"body: |\n  prompt[text]={PERCENT}\n"),
        ("json", f'{{"url": "{URL}"}}'),
        ("toml", f"url = '{URL}'\n"),
        ("env", f"URL=https://x.y/?text={PERCENT}\n"),
        ("csv", f"a,b\n1,{URL}\n"),
        ("lines", f"{URL}\n"),
        ("bash", f"curl '{URL}'\n"),
        ("bash", f"wget --post-data 'text={PERCENT}' http://x\n"),
        ("http", f"POST /\nContent-Type: application/x-www-form-urlencoded\n\ntext={PERCENT}\n"),
    ],
)
def test_an_encoded_prompt_is_found_and_fixed_in_its_place(name: str, source: str) -> None:
    (literal,) = prompts(name, source)
    assert literal.text == BAD
    assert literal.hosts[-1] == "form"
    assert [each.code for each in lint_literal(literal, DEFAULT)].count("FL402") == 1
    change = LiteralChange(literal, BAD.replace("duration 7", "duration 5"))
    changed, refused = rewrite(source.encode(), host_named(name), [change])
    assert not refused
    old, new = source.replace("+", " "), changed.decode().replace("+", " ")
    assert unquote(unquote(new)) == unquote(unquote(old)).replace("duration 7", "duration 5")


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("python", f'if url == "{URL}": pass'),
        ("python", 'a = "https://x/?q=python+x.py+--video+--duration+5"'),
        ("javascript", "a = 'x=a+--b&c=--video'"),
        ("javascript", "a = 'a=b'; b = '--video?'"),
        ("markdown", "See https://x/?q=how%20to%20use%20--video.\n"),
        ("http", "GET https://x/?q=python%20--video\n\n"),
    ],
)
def test_addresses_without_a_prompt_of_their_own_are_passed(name: str, source: str) -> None:
    assert not any(lint_literal(each, DEFAULT) for each in prompts(name, source) if not each.doubt)
    assert unread(source.encode(), host_named(name)) == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("markdown", f"See {URL}\n"),
        ("http", f"GET {URL}\n\n"),
        ("http", f"GET https://x/\n  ?text={PLUS}\n\n"),
    ],
)
def test_an_encoded_prompt_where_nothing_is_read_is_said(name: str, source: str) -> None:
    assert prompts(name, source) == []
    assert unread(source.encode(), host_named(name))


def test_a_prompt_beside_an_address_is_the_prompt() -> None:
    (literal,) = prompts("python", f'a = "{BAD} https://x/?text=a+dog+--video"')
    assert literal.text.startswith(BAD)


def test_other_fields_of_an_address_are_beside_its_text() -> None:
    source = f'a = "https://x/?new&negative={PLUS}&video_model=ovi&text={PLUS}"'
    other, text = prompts("python", source)
    assert (other.beside, text.beside["video_model"]) == ({}, "ovi")
    assert "FL604" in {each.code for each in lint_literal(text, DEFAULT)}
    assert text.siblings is None


def test_an_escape_in_a_link_is_not_followed() -> None:
    host: MarkdownHost = host_named("markdown")  # type: ignore[assignment]
    (literal,) = host.literals(f"[a](https://x/\\_?text={PLUS})".encode())
    assert literal.unclear


@example("\u2028")  # which is written as an escape of JSON
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\ufffc\ufffd"), min_size=1))
def test_what_is_written_into_an_address_is_read_from_it(new: str) -> None:
    source = f'{{"url": "{URL}"}}'
    (literal,) = prompts("json", source)
    text = f"{new} {BAD}"
    changed, refused = rewrite(source.encode(), host_named("json"), [LiteralChange(literal, text)])
    if refused:
        assert changed.decode() == source
    else:
        value = json.loads(changed)["url"].partition("text=")[2].partition("&")[0]
        assert unquote_plus(value) == text
