"""Components of Svelte and Vue, with their compilers as the judges."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from flaglift.check.hosts.base import Literal, LiteralChange
from flaglift.check.hosts.checking import fix_literal
from flaglift.check.hosts.finding import candidates
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite
from flaglift.settings import DEFAULT
from peers import program

BAD = "ohwx cat --video --video_model kling25 --duration 7"
OTHER = "a quiet dog"
HIDDEN = f"sks {BAD}"
"""What stands in comments and styles, and stays."""

Seen = Callable[[str, str], str]
"""Returns what a compiler sees in a component: of a kind, by its source."""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """The compilers of Svelte and Vue."""
    folder = tmp_path_factory.mktemp("components")
    (folder / "package.json").write_text("{}")
    shutil.copy(Path(__file__).with_name("components.js"), folder)
    subprocess.run(
        [program("npm"), "install", "--silent", "--no-audit", "--no-fund", "svelte@5",
         "@vue/compiler-sfc@3"],
        cwd=folder, check=True, timeout=240,
    )  # fmt: skip
    with subprocess.Popen(
        [program("node"), "components.js"],
        cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8",
    ) as judge:  # fmt: skip

        def ask(kind: str, source: str) -> str:
            assert judge.stdin
            assert judge.stdout
            judge.stdin.write(json.dumps([kind, source]) + "\n")
            judge.stdin.flush()
            answer = json.loads(judge.stdout.readline())
            return "" if answer is None else str(answer)

        yield ask


SVELTE = [
    "<p>BAD</p>",
    '<p title="BAD">x</p>',
    "<p title='BAD'>x</p>",
    "<Gen a={'BAD'} b={`BAD`}/>",
    '<Gen title="{x} BAD"/>',
    "<Gen {...{p: 'BAD'}}/>",
    "{@html 'BAD'}",
    "{#if x}BAD{/if}",
    "{#if f('BAD')}a{:else if g('BAD')}b{:else}c{/if}",
    "{#each ['BAD'] as p, i (p)}{p}{/each}",
    "{#await f('BAD')}a{:then x}b{:catch e}c{/await}",
    "{#key 'BAD'}<b>BAD</b>{/key}",
    "{#snippet s(a)}<p>BAD</p>{/snippet}",
    "{@render s('BAD')}",
    "{#if x}{@const y = 'BAD'}{/if}",
    "<b onclick={() => { if (a > b) { go('BAD') } }}>BAD</b>",
    "<b on:click|once={() => f('BAD')}/>",
    "<p style:color={'BAD'} use:f={'BAD'} transition:g={{p: 'BAD'}}>x</p>",
    "😀 {'é'} BAD <br>",
    '<svelte:head><title>BAD</title><meta content="BAD"></svelte:head>',
    "<br/>BAD<br>",
    "<textarea>BAD</textarea>",
    '<textarea value="BAD"></textarea>',
    "{'}'}{'{'}{f('BAD')}",
    "{x === '\\'}' ? 'BAD' : \"\\\"}\"}",
    "{/* } ' */ f('BAD')}",
    "{x > 3 ? 'BAD' : y < 2}",
    "<Gen a={{b: {c: 'BAD'}}} d={[{b: '}'}, 'BAD']}/>",
    "<Gen a={1 / 2} b='BAD' c={3 / 4}/>",
    "<p a='{x}' b=\"{'BAD'}\">it's</p>",
    "<p on:click='{() => go(\"BAD\")}'>x</p>",
    "<!-- HIDDEN { ' -->",
    "<p>\r\n  BAD\r\n</p>",
    "<pre>\n BAD</pre>",
    "<p>{y ?? 'BAD'}</p>",
    "<p>&lt;&amp; BAD &quot;</p>",
    "<svg><text>BAD</text><path d='x'/></svg>",
]
SVELTE_TOP = [
    "",
    "<script>// it's <p> {\nlet p = 'BAD'; const r = /[<>{}'\"]/;</script>",
    "<script module>export const a = `BAD`;</script><script lang=\"ts\">let b: A = 'BAD';</script>",
    "<style>a { color: red } /* HIDDEN ' { */</style>",
]
VUE = [
    "<p>BAD</p>",
    '<p title="BAD" :a="\'BAD\'" :b=\'"BAD"\' v-bind:c="`BAD`">x</p>',
    "{{ f('BAD') }}",
    '<p>{{ x ? "BAD" : `BAD` }} a < b</p>',
    "{{ a && f('&lt;', 'BAD') }}",
    '<p v-if="f(\'BAD\')">a</p><p v-else-if="y">b</p>',
    '<p v-for="p in [\'BAD\']" :key="p">BAD</p>',
    "<p v-for=\"(p, i) of f('BAD')\">x</p>",
    "<b @click=\"go('BAD'); done()\" @x.once=\"() => { p = 'BAD' }\">x</b>",
    "<b v-html=\"'BAD'\"/>",
    "<b v-on:y=\"go('BAD')\" v-on=\"{a: () => f('BAD')}\">x</b>",
    "<b v-my:a.m=\"'BAD'\" .p=\"'BAD'\"/>",
    '<C><template #default="{ p }">BAD {{ p }}</template></C>',
    "<b :[k]=\"'BAD'\" :class=\"f('BAD')\"/>",
    "<textarea>BAD</textarea>",
    '<textarea v-model="x" placeholder="BAD"></textarea>',
    "<br>BAD<C/>",
    "<p :a=\"x > 3 ? 'BAD' : `${y}`\">x</p>",
    '<p :a="&quot;BAD&quot;">&quot;BAD</p>',
    "AT&T & BAD",
    "<!-- HIDDEN -->",
    "<p>😀 BAD {{ '😀' + f('BAD') }}</p>",
    "<p>\r\nBAD\r\n</p>",
    "{{\n f('BAD')\n}}",
    "<svg><text>BAD</text></svg>",
    "<p>{ {{ x }} }} BAD</p>",
    '<template v-if="x">BAD</template>',
    "<p :a=\"f('it\\'s ', 'BAD')\">x</p>",
]
VUE_TOP = [
    "",
    "<script setup lang=\"ts\">\nconst p: string = 'BAD';\nf(p as X, `BAD`);\n</script>",
    "<script>\nexport default { data() { return { p: 'BAD' } } } // <p>\n</script>\n",
    '<script lang="tsx">const x = <p title="BAD">{\'BAD\'}</p></script>',
    "<style scoped>a { b: v-bind('x') } /* HIDDEN ' */</style>",
    '<i18n>{"a": "BAD"}</i18n>',
]


@st.composite
def components(draw: st.DrawFn, kind: str) -> str:
    """Return a component that holds prompts at some of the places where it may."""
    parts, tops = (SVELTE, SVELTE_TOP) if kind == "svelte" else (VUE, VUE_TOP)
    markup = "\n".join(draw(st.lists(st.sampled_from(parts), min_size=1, max_size=5, unique=True)))
    top = draw(st.sampled_from(tops))
    source = top + (markup if kind == "svelte" else f"\n<template>\n{markup}\n</template>\n")
    pieces = source.replace("HIDDEN", HIDDEN).split("BAD")
    held = draw(st.lists(st.booleans(), min_size=len(pieces) - 1, max_size=len(pieces) - 1))
    texts = [BAD.replace("t", f"t{i}", 1) if each else OTHER for i, each in enumerate(held)]
    return "".join(a + b for a, b in zip(pieces, [*texts, ""], strict=True))


def prompts(kind: str, source: str) -> list[Literal]:
    found = candidates(source.encode(), host_named(kind))
    return [literal for literal, said in found if said.taken]


@pytest.mark.parametrize("kind", ["svelte", "vue"])
@given(data=st.data())
def test_each_prompt_is_fixed_and_the_compiler_sees_the_rest(
    kind: str, data: st.DataObject, seen: Seen
) -> None:
    source = data.draw(components(kind))
    before = seen(kind, source)
    assert before
    found = prompts(kind, source)
    changes = [
        LiteralChange(each, fix_literal(each, DEFAULT, unsafe=True).text)
        for each in found
        if not each.locked
    ]
    new, refused = rewrite(source.encode(), host_named(kind), changes)
    assert not refused
    event(f"locked: {[each.locked for each in found if each.locked]}")
    if any(each.locked for each in found):
        return
    assert new.decode() == _corrected(source)
    assert seen(kind, new.decode()) == _corrected(before)


def _corrected(text: str) -> str:
    return HIDDEN.join(part.replace("--duration 7", "--duration 5") for part in text.split(HIDDEN))


SIGNS = [
    "a",
    "<",
    ">",
    "&",
    '"',
    "'",
    "{",
    "}",
    "{{",
    "}}",
    "`",
    "&lt;",
    "é",
    " ",
    "\\",
    "$",
    "</p>",
    "{x}",
    "-->",
    "${x}",
]


@pytest.mark.parametrize("kind", ["svelte", "vue"])
@given(data=st.data())
def test_any_text_reads_as_intended_or_is_refused(
    kind: str, data: st.DataObject, seen: Seen
) -> None:
    source = data.draw(components(kind))
    before = seen(kind, source)
    found = [
        each
        for each in prompts(kind, source)
        if re.fullmatch(BAD.replace("t", r"t\d+", 1), each.text)
    ]
    if not found:
        return
    literal = data.draw(st.sampled_from(found))
    text = "z" + data.draw(st.lists(st.sampled_from(SIGNS), max_size=4).map("".join)) + "z"
    text = re.sub(" +", " ", text)
    new, refused = rewrite(source.encode(), host_named(kind), [LiteralChange(literal, text)])
    if refused:
        assert new.decode() == source
        return
    after = seen(kind, new.decode())
    assert after
    written = json.dumps(text, ensure_ascii=False)[1:-1]
    assert after == before.replace(literal.text, written)
