"""Texts with tags inside are read as they are shown, and said where that is not known."""

import pytest

from flaglift.check.hosts.base import Literal, LiteralChange
from flaglift.check.hosts.checking import lint_literal
from flaglift.check.hosts.finding import candidates
from flaglift.check.hosts.pieces import DIVIDED, MARKED_UP
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite
from flaglift.check.hosts.unread import unread, unread_in_part
from flaglift.lossless.spans import Span
from flaglift.settings import DEFAULT

FLAGS = "--video --video_model kling25 --duration 7"
BAD = f"a cat {FLAGS}"


def prompts(name: str, source: str) -> list[Literal]:
    return [each for each, said in candidates(source.encode(), host_named(name)) if said.taken]


JOINED = [
    (f"<p>a <b>cat</b> {FLAGS}</p>", BAD),
    (f"<p>a <i>c<u>at</u></i><!-- x --> {FLAGS}</p>", BAD),
    (f"<p>a cat<br>{FLAGS}</p>", f"a cat\n{FLAGS}"),
    (f"<p>a <span>cat</span> <a href='x'>--video</a> {FLAGS[8:]}</p>", BAD),
    ("<p>a cat --video --video_model <code>kling25</code> --duration <b>7</b></p>", BAD),
    ("<p>a cat <code>--video</code> --video_model kling25 --duration 7</p>", BAD),
    ("<p>a <code>cat --video</code> --video_model kling25 --duration 7</p>", BAD),
    (
        "<p>a cat --video --video_model=<span>kling25</span> --duration<span>=7</span></p>",
        "a cat --video --video_model=kling25 --duration=7",
    ),
    (
        "<pre>a cat <span>--video</span> <span>--video_model</span><span>=</span><span>kling25"
        "</span><span> --duration 7</span></pre>",
        "a cat --video --video_model=kling25 --duration 7",
    ),
    (f"<p>Write <code>a <em>cat</em> {FLAGS}</code>.</p>", BAD),
    (f"<p><code>--video</code>: <code>{BAD}</code>.</p>", BAD),
    (f"<p>Write <b>{BAD}</b>, or not.</p>", BAD),
    (f"<p>black <b>{FLAGS}</b>, or not.</p>", f"black {FLAGS}"),
    (f"<p>sks cat {FLAGS}<a>Copy</a><a>Edit</a></p>", None),
    (f"<li><a>Copy</a><a>{BAD}</a></li>", BAD),
    (f"<p>a cat <b>{FLAGS}</b> on a mat</p>", f"{BAD} on a mat"),
    ("<p>a cat <i>--video_model</i> <b>kling25</b></p>", "a cat --video_model kling25"),
    (
        "<p><span>a cat --video on <b>a mat</b> --duration 7 sks</span></p>",
        "a cat --video on a mat --duration 7 sks",
    ),
    (f"<p>a <img src=x> cat {FLAGS}</p>", f"a  cat {FLAGS}"),
    (f"<x-card>{BAD}</x-card>", BAD),
    (f"<p>{BAD} <x-copy>Copy</x-copy></p>", BAD),
    (f"<p>a <x-b>cat</x-b> {FLAGS}</p>", None),
    (f"<p>x\n<x-b>\ny\n</x-b>\n{BAD}</p>", BAD),
    (f"<p>a cat<?x ?> {FLAGS}</p>", None),
    ("<p>a cat --video --duration 5<span>s</span></p>", None),
]
"""Sources, and the text that is read; None where none is, which is said."""


@pytest.mark.parametrize(("source", "text"), JOINED)
def test_a_text_with_tags_inside_is_read_as_it_is_shown(source: str, text: str | None) -> None:
    data, host = source.encode(), host_named("html")
    assert [each.text for each in prompts("html", source)] == ([text] if text else [])
    said = [] if text else [(data.find(b"--"), DIVIDED)]
    assert unread(data, host) == said
    assert unread_in_part(data, host, Span(0, len(data)), host.literals(data)) == said  # type: ignore[arg-type]


def test_a_command_with_unknown_tags_inside_is_not_said() -> None:
    data, host = b"<p>npm run <x-b>gen</x-b> --video --duration 7</p>", host_named("html")
    assert [each.origin.role for each in host.literals(data)] == ["divided"]
    assert unread(data, host) == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("javascript", "x = <p>a <b>cat</b> FLAGS</p>;"),
        ("tsx", "x = <p>a{' '}\n  <>cat</> <i>--video</i> --video_model <b>kling25</b> REST</p>;"),
        ("vue", "<template><p>a <b>cat</b> FLAGS</p></template>"),
        ("svelte", "<p>a <b>cat</b> FLAGS</p>"),
        ("php", "<p>a <b>cat</b> FLAGS</p><?php $a = 1; ?>"),
        ("markdown", "<p>a <b>cat</b> FLAGS</p>\n"),
        ("python", "x = '<p>a <b>cat</b> FLAGS</p>'\n"),
        ("json", '{"body": "a <strong>cat</strong> FLAGS"}'),
    ],
)
def test_everywhere_that_markup_is_read(name: str, source: str) -> None:
    source = source.replace("FLAGS", FLAGS).replace("REST", "--duration 7")
    (literal,) = prompts(name, source)
    assert literal.text.split() == BAD.split()
    (finding,) = (each for each in lint_literal(literal, DEFAULT) if each.code == "FL402")
    place = literal.locate(finding.span)
    assert source.encode()[slice(*place)] == b"7"
    new = literal.text.replace("duration 7", "duration 5")
    changed, refused = rewrite(source.encode(), host_named(name), [LiteralChange(literal, new)])
    assert not refused
    assert changed.decode() == source.replace("duration 7", "duration 5")


def test_an_edit_reaches_across_no_tag() -> None:
    source = f"<p>a <b>cat</b> {FLAGS}</p>"
    (literal,) = prompts("html", source)
    data, host = source.encode(), host_named("html")
    new = f"the dog {FLAGS}"
    assert rewrite(data, host, [LiteralChange(literal, new)]).data.decode() == source.replace(
        "a <b>cat", "the <b>dog"
    )
    changed, (refused,) = rewrite(data, host, [LiteralChange(literal, f"adog {FLAGS}")])
    assert (changed, refused.reason) == (data, MARKED_UP)


@pytest.mark.parametrize(
    "source",
    [
        f"<p>{BAD}<br>a dog {FLAGS}</p>",
        f"<p><span>{BAD}</span><span>a dog {FLAGS}</span></p>",
        f"<p><span>{BAD}</span> or <span>a dog {FLAGS}</span></p>",
        f"<p>Write <code>{BAD}</code>, not <code>a dog {FLAGS}</code>.</p>",
    ],
)
def test_prompts_side_by_side_are_prompts_of_their_own(source: str) -> None:
    texts = [each.text.removeprefix("or ") for each in prompts("html", source)]
    assert [text.removesuffix(" or ") for text in texts] == [BAD, f"a dog {FLAGS}"]


@pytest.mark.parametrize(
    "source",
    [
        "<p>Use <code>--video</code> to make a video, and <code>--duration 5</code> for its "
        "length.</p>",
        "<p>Choose with <code>--video_model kling25</code> or <code>--video_model seedance25</code>"
        "</p>",
        "<li>Five seconds: <code>--video --video_model kling25 --duration 5</code></li>",
        "<p>Use:<br>python gen.py --video --video_model kling25 --duration 5</p>",
        "<p>Run <b>./gen.sh --video --video_model kling25 --duration 5</b></p>",
        "<p>Run<br>npx <b>gen</b> --video --video_model kling25 --duration 5</p>",
        "<p>In old versions this is also <strong>--video_model kling25</strong> (deprecated).</p>",
        "<p>In old versions this is also <b>--video_model kling25</b>.</p>",
        "<p>With <em>--video_model kling25</em> or <em>--duration 5</em>, a clip is made.</p>",
        "<li><x-flag>--video</x-flag> makes a video</li>",
        "<x-row><x-a>--video_model</x-a><x-b>kling25</x-b></x-row>",
        "<td>--video_model kling25</td><td>the model</td>",
    ],
)
def test_talk_of_flags_with_tags_inside_is_none(source: str) -> None:
    assert prompts("html", source) == []
    assert unread(source.encode(), host_named("html")) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (f"<p>{BAD}</p>", BAD),
        (f"&lt;p&gt;{BAD}&lt;/p&gt;", BAD),
        (f"a <b>cat</b> {FLAGS}", BAD),
        (f"{BAD}<hr>", BAD),
        (f"{BAD}</x>", BAD),
        (f"<center>{BAD}", BAD),
        (f"<i title='&lt;b&gt;{BAD}&lt;/b&gt;'>", BAD),
        (f"{{&quot;html&quot;: &quot;<p>{BAD}</p>&quot;}}", BAD),
        (f"a <seconds> cat {FLAGS}", f"a <seconds> cat {FLAGS}"),
    ],
)
@pytest.mark.parametrize("name", ["html", "vue", "svelte"])
def test_markup_in_the_value_of_an_attribute_is_no_part_of_a_prompt(
    name: str, value: str, text: str
) -> None:
    if name == "svelte" and "{" in value:
        value = value.replace("{", "&#123;").replace("}", "&#125;")
    source = f'<template><iframe srcdoc="{value}"></iframe></template>'
    (literal,) = prompts(name, source)
    assert literal.text == text
    change = LiteralChange(literal, text.replace("duration 7", "duration 5"))
    changed, refused = rewrite(source.encode(), host_named(name), [change])
    assert not refused
    assert changed.decode() == source.replace("duration 7", "duration 5")


def test_markup_in_a_field_is_text() -> None:
    (literal,) = prompts("html", f"<textarea>a <b>cat</b> {FLAGS}</textarea>")
    assert literal.text == f"a <b>cat</b> {FLAGS}"
