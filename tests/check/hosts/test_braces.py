"""Svelte and Vue: expressions in braces are code, and holes in what stands around them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from check.hosts.moving import moved
from flaglift.check.hosts.base import Literal, LiteralChange
from flaglift.check.hosts.checking import fix_literal, lint_literal
from flaglift.check.hosts.finding import candidates
from flaglift.check.hosts.formats.braces import markup
from flaglift.check.hosts.pieces import CONDITIONAL
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite
from flaglift.check.hosts.unread import unread
from flaglift.settings import DEFAULT

BAD = "ohwx cat --video --video_model kling25 --duration 7"


def prompts(name: str, source: str) -> list[Literal]:
    found = candidates(source.encode(), host_named(name))
    return [literal for literal, decision in found if decision.taken]


def fixed(name: str, source: str) -> str:
    changes = [
        LiteralChange(each, fix_literal(each, DEFAULT, unsafe=True).text)
        for each in prompts(name, source)
    ]
    done = rewrite(source.encode(), host_named(name), changes)
    assert not done.refused, done.refused
    return done.data.decode()


SVELTE = [
    "<p>{'BAD'}</p>",
    "<p>a < b {'BAD'} {x < 3 && y}</p>",
    "<Gen prompt={'BAD'} />",
    "<Gen prompt={`BAD`} b={x > 3}/>",
    "<button on:click={() => send('BAD')}>x</button>",
    '<button onclick={() => { if (a > b) { p = "BAD" } }}>x</button>',
    "<Gen {...{prompt: 'BAD'}} />",
    "{@html 'BAD'}",
    "{@const x = 'BAD'}",
    "{#each ['BAD'] as prompt, i (prompt)}<b>{prompt}</b>{/each}",
    "{#if f('BAD')}a{:else if b}{:else}c{/if}",
    "{#await f('BAD') then x}a{/await}",
    "<style>a { b: c }</style><script>if (a) { b }</script><!-- { --><p>{'BAD'}</p>",
    "<script lang='ts'>const q: string = 'BAD';</script>{x /* } */}",
    "<Gen prompt='BAD' a={'}'} />",
    "<p>{ {a: {b: 'BAD'}}.a.b }</p>",
    "{x === '\\'}' ? 'BAD' : ''}",
    '<p>{f("\\"}", "BAD")}</p>',
]
VUE = [
    "<p>{{ 'BAD' }}</p>",
    "<p>{{ a < b ? 'BAD' : c }}</p>",
    "<p>{ {{ x }} }} {{ 'BAD' }}</p>",
    "<Gen :prompt=\"'BAD'\" />",
    "<Gen v-for=\"(p, i) in ['BAD']\" />",
    "<Gen v-for=\"p of ['BAD']\" />",
    "<b @click=\"send('BAD'); done()\">x</b>",
    "<b v-on:click=\"() => { p = 'BAD' }\">x</b>",
    "<p title='BAD'>{{ x }}</p>",
    "<b .prop=\"'BAD'\">x</b>",
    "<b :a=\"'BAD' as string\">x</b>",
]
HTML = [
    "<b onclick=\"go('BAD')\">x</b>",
    "<b x-data=\"{p: 'BAD'}\">x</b>",
    "<b ng-init=\"p='BAD'\"></b>",
]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        *(("svelte", each) for each in SVELTE),
        *(("vue", each) for each in VUE),
        *(("html", each) for each in HTML),
    ],
)
def test_prompts_in_expressions_are_read_and_fixed(name: str, source: str) -> None:
    source = source.replace("BAD", BAD)
    (literal,) = prompts(name, source)
    assert literal.text == BAD
    assert fixed(name, source) == source.replace("--duration 7", "--duration 5")


@pytest.mark.parametrize("value", ["{d}", "{d > 5 ? 5 : 10}", "{f({a: 1})}", "{@html d}"])
@pytest.mark.parametrize("around", ["<p>%s</p>", '<Gen prompt="%s" />', "<textarea>%s</textarea>"])
def test_an_expression_is_a_hole_in_a_text(value: str, around: str) -> None:
    text = f"ohwx cat --video --video_model kling25 --duration {value}"
    (literal,) = prompts("svelte", around % text)
    assert [hole.source for hole in literal.holes] == [value]
    assert "FL401" not in [each.code for each in lint_literal(literal, DEFAULT)]


def test_a_hole_in_vue_may_be_any_expression() -> None:
    (literal,) = prompts("vue", f"<p>{BAD.removesuffix('7')}{{{{ a < b ? {{c: 1}}.c : 5 }}}}</p>")
    assert [hole.source for hole in literal.holes] == ["{{ a < b ? {c: 1}.c : 5 }}"]


def test_statements_make_a_text_conditional() -> None:
    (literal,) = prompts("svelte", f"<p>a {{#if x}}{BAD}{{:else}}b{{/if}} c</p>")
    assert literal.locked == CONDITIONAL
    readings = ["".join(span.of(literal.text) for span in each) for each in literal.possible]
    assert readings == [f"a {BAD} c", "a b c"]


def test_flags_move_in_an_expression() -> None:
    source = (
        "<b onclick={() => fetch(u, {prompt: {text: 'a cat --video --video_model kling25'}})}/>"
    )
    assert "text: 'a cat', video_model: 'kling25', " in moved("svelte", source)


@pytest.mark.parametrize(
    "source", ["<p>{ 'BAD'", "<p>{x</p>\n{'BAD'}", "<script>'BAD'", "<!-- {BAD}"]
)
def test_braces_that_stay_open_are_none(source: str) -> None:
    source = source.replace("BAD", BAD)
    host = host_named("svelte")
    assert markup("svelte", source.encode()).expressions == ()
    assert prompts("svelte", source) or unread(source.encode(), host) or source.startswith("<!--")


PIECES = [
    "{", "}", "{{", "}}", "'", '"', "`", "<p>", "</p>", "<!--", "-->", "<script>", "</script>", "a",
    "{#if a}", "{/if}", "{:else}", " --video", "/*", "*/", "<b x={", "\n", "é",
]  # fmt: skip


@given(
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.sampled_from(["svelte", "vue"])
)
def test_expressions_do_not_overlap_and_hide_nothing_else(source: str, name: str) -> None:
    data = source.encode()
    masked, expressions = markup(name, data)
    assert len(masked) == len(data)
    end = 0
    for place, code, _ in expressions:
        assert end <= place.start < place.end <= len(data)
        assert place.start <= code.start <= code.end <= place.end
        assert data[end : place.start] == masked[end : place.start]
        end = place.end
    assert data[end:] == masked[end:]
    for literal in host_named(name).literals(data):
        assert literal.start <= literal.end <= len(data)
