"""Placeholders of all usual spellings are holes; statements make what they enclose conditional."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaglift.check.hosts.base import Literal, LiteralChange
from flaglift.check.hosts.checking import fix_literal, lint_literal
from flaglift.check.hosts.finding import candidates
from flaglift.check.hosts.pieces import CONDITIONAL, SEVERAL
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite
from flaglift.diagnostics import Severity
from flaglift.settings import DEFAULT

PLACEHOLDERS = [
    "{}", "{0}", "{d}", "{d:d}", "{d:.0f}", "{d!r}", "{d['a']}", "{d[0]}", "{input.d}", "{ d }",
    "{{ d }}", "{{d}}", "{{{d}}}", "{{ d | default(5) }}", "{{d|int}}", "{{ d or 5 }}",
    '{{ cfg["d"] }}', "{{ f(x) }}", "{{-d-}}", "{{ .Values.d }}", "{{- .Values.d -}}",
    "${d}", "${D:-5}", "$D", "$(D)", "${{ env.D }}", "${{ inputs.d || 5 }}", "#{d}",
    "%d", "%i", "%s", "%(d)s", "%(d)02d", "%02d", "<%= d %>", "<%- d %>", "<?= $d ?>",
    "[[d]]", "[[ d ]]", "__D__", "%%D%%",
    "$((D+1))", "$(f $(g))", "%<d>d", "%{d}", "{!d!}", "{!! $d !!}", "{{> d}}",
    "{{ d | default({}) }}", "{% d %}", '{% include "d" %}', "{%= d %}", "${f({a: 1})}",
]  # fmt: skip


OF_VALUES = [
    "<d>", "<duration>", "<<d>>", "<d:5>", "<d/>", "[d]", "[how long]", "(d)", "«d»",
    "{d|5}", "{d or 5}", "`d`", "`expr 5`", ":d", "@d", "@@d@@", "%D%", "~d~", "|d|", "#d#", "^d^",
    "(( d ))", "§d§", "&d;", "$1", "$@", "$[d]", "SECONDS", "N", "...", "…", "5|10", "[5|10]",
]  # fmt: skip
MISTYPED = ["<5>", "(5)", "[5]", "~5", "*5*", "5s", "five", "5,", "<5s>", "?", "${", "{{", "5..10"]


def only(name: str, source: str) -> Literal:
    ((literal, _),) = candidates(source.encode(), host_named(name))
    return literal


@pytest.mark.parametrize("spelling", PLACEHOLDERS)
@pytest.mark.parametrize("flag", ["--duration", "--video_model"])
@pytest.mark.no_cover
def test_a_placeholder_is_a_hole(spelling: str, flag: str) -> None:
    rest = {"--duration": "--video_model kling25", "--video_model": "--duration 5"}[flag]
    text = f'a cat --video {rest} {flag} {spelling} --video_prompt "it yawns"'
    for name, source in (
        ("json", json.dumps({"prompt": text})),
        ("yaml", "prompt: '" + text.replace("'", "''") + "'"),
        ("python", f"prompt = {text!r}"),
        ("lines", text),
    ):
        literal = only(name, source)
        assert len(literal.holes) == 1, literal.text
        found = lint_literal(literal, DEFAULT)
        assert {each.severity for each in found} <= {Severity.INFO}, (name, found)
        new, refused = rewrite(
            source.encode(), host_named(name), [LiteralChange(literal, f"{literal.text} x")]
        )
        assert not refused
        assert only(name, new.decode()).spelt(f"{literal.text} x") == f"{text} x"


@pytest.mark.parametrize("spelling", OF_VALUES)
@pytest.mark.parametrize("flag", ["--duration", "--video_model"])
@pytest.mark.parametrize("between", [" %s", "=%s", ' "%s"'])
@pytest.mark.no_cover
def test_some_are_holes_only_where_a_value_belongs(spelling: str, flag: str, between: str) -> None:
    rest = {"--duration": "--video_model kling25", "--video_model": "--duration 5"}[flag]
    source = json.dumps(
        {"prompt": f"a {spelling} cat --video {rest} {flag}{between % spelling}"},
        ensure_ascii=False,
    )
    literal = only("json", source)
    assert [hole.source for hole in literal.holes][-1:] == [spelling]
    assert {each.severity for each in lint_literal(literal, DEFAULT)} <= {Severity.INFO}


@pytest.mark.parametrize("value", MISTYPED)
def test_a_mistyped_number_is_none(value: str) -> None:
    literal = only("lines", f"a cat --video --video_model kling25 --duration {value}")
    assert [each.code for each in lint_literal(literal, DEFAULT)][-1:] == ["FL401"]


@pytest.mark.parametrize("value", ["@kling25", "<kling25>", "KLING25", "[klng25]", "SEEDANCE"])
def test_nor_is_a_model_with_other_characters_around_it(value: str) -> None:
    literal = only("lines", f"a cat --video --video_model {value}")
    assert "FL301" in [each.code for each in lint_literal(literal, DEFAULT)]


@pytest.mark.parametrize("value", ["<seconds>", "SECONDS", "{4,5,6}"])
def test_a_line_of_help_is_one_with_placeholders_too(value: str) -> None:
    source = f"x = 'usage of it: a --video --video_model x --duration {value}'"
    ((_, decision),) = candidates(source.encode(), host_named("python"))
    assert any("flag" in each.text or "command" in each.text for each in decision.reasons)
    assert not decision.taken


@pytest.mark.parametrize(
    "text",
    [
        "50% off",
        "100%",
        "a {red|blue} cat",
        "$100",
        "{a b}",
        "<lora:x:1>",
        "a_b__c",
        "{{}}",
        "@else_b",
        "@if",
    ],
)
def test_words_are_no_placeholders(text: str) -> None:
    assert only("lines", f"{text} --video").holes == ()


SENTENCE = "a {{ s }} %s--video --video_model kling25 --duration 7%s"
STATEMENTS = [
    ("{% if v %}", "{% endif %}"),
    ("{%- if v -%}", "{%- endif -%}"),
    ("{{#video}}", "{{/video}}"),
    ("{{^still}}", "{{/still}}"),
    ("{{#if v}}", "{{/if}}"),
    ("{{ if .v }}", "{{ end }}"),
    ("{{- range .v -}}", "{{- end -}}"),
    ("<% if v %>", "<% end %>"),
    ("<% if (v) { %>", "<% } %>"),
    ("<?php if ($v): ?>", "<?php endif ?>"),
    ("@if($v) ", " @endif"),
    ("@unless ($v) ", " @endunless"),
    ("@foreach ($v as $w) ", " @endforeach"),
]


@pytest.mark.parametrize(("start", "end"), STATEMENTS)
@pytest.mark.parametrize("name", ["yaml", "python", "lines"])
def test_what_a_statement_encloses_is_possible_and_not_edited(
    name: str, start: str, end: str
) -> None:
    text = SENTENCE % (start, end)
    source = {"yaml": f"prompt: '{text}'", "python": f"p = Template({text!r})"}.get(name, text)
    literal = only(name, source)
    assert literal.locked == CONDITIONAL
    found = lint_literal(literal, DEFAULT)
    assert {each.severity for each in found} <= {Severity.INFO, Severity.WARNING}
    assert {each.code for each in found if each.severity is Severity.WARNING} == {"FL402"}
    (duration,) = (each for each in found if each.code == "FL402")
    place = literal.locate(duration.span)
    assert source.encode()[slice(*place)] == b"7"
    changed = fix_literal(literal, DEFAULT, unsafe=True).text
    new, _ = rewrite(source.encode(), host_named(name), [LiteralChange(literal, changed)])
    assert new.decode() == source


def test_both_branches_are_read() -> None:
    durations = "{% if v %}7{% elif w %}5{% else %}8{% endif %}"
    text = f"a cat --video --video_model kling25 --duration {durations}"
    literal = only("lines", text)
    found = [each for each in lint_literal(literal, DEFAULT) if each.code == "FL402"]
    assert [literal.text[slice(*each.span)] for each in found] == ["7", "8"]
    assert not any(each.code == "FL104" for each in lint_literal(literal, DEFAULT))


def test_a_word_that_a_statement_is_part_of_is_one_word() -> None:
    literal = only(
        "lines", "a cat --video --video_model kling{% if new %}25{% endif %}{{ x }}{# c #}"
    )
    assert not [each for each in lint_literal(literal, DEFAULT) if each.code == "FL104"]
    assert len(literal.holes) == 1


@pytest.mark.parametrize("text", ["a {% endif %} --video", "a {% else %}b --video {% if x %}"])
def test_statements_that_do_not_match_lock_the_text_too(text: str) -> None:
    literal = only("lines", text)
    assert literal.locked == CONDITIONAL
    assert lint_literal(literal, DEFAULT)


def test_an_escape_inside_a_placeholder_belongs_to_it() -> None:
    source = json.dumps({"prompt": 'a cat --video --duration {{ cfg["d"] }} x'})
    literal = only("json", source)
    assert [hole.source for hole in literal.holes] == ['{{ cfg[\\"d\\"] }}']
    new, refused = rewrite(
        source.encode(),
        host_named("json"),
        [LiteralChange(literal, literal.text.replace("x", "y"))],
    )
    assert not refused
    assert new.decode() == source.replace(" x", " y")


def test_an_interpolation_is_in_no_placeholder() -> None:
    literal = only("javascript", "p = `a {{ ${x} }} {d} --video`")
    assert [hole.source for hole in literal.holes] == ["${x}", "{d}"]


@given(
    st.lists(st.sampled_from(["{% if a %}", "{% else %}", "{% endif %}", "x", "{d}", " --video"]))
)
def test_statements_of_any_order_are_read(parts: list[str]) -> None:
    for literal, _ in candidates("".join(parts).encode(), host_named("whole")):
        # `--video` again after other words may begin another prompt.
        doubts = {""} if not any("%" in part for part in parts) else {literal.doubt} - {""}
        assert literal.doubt in doubts | {SEVERAL}
        for each in lint_literal(literal, DEFAULT):
            assert 0 <= each.start <= each.end <= len(literal.text)


@pytest.mark.parametrize("source", ["x = `a {{ ${n} }} --video`", "x = `{a[${n}]} cat --video`"])
def test_a_placeholder_that_the_host_fills_is_not_one_whole(source: str) -> None:
    literal = only("javascript", source)
    assert [hole.source for hole in literal.holes] == ["${n}"]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("yaml", "prompt: \"{{ x | default('BAD') }}\"\n"),
        ("yaml", "prompt: 'a {{ x or \"BAD\" }} b'\n"),
        ("yaml", "prompt: 'a --video_model ${M:-`BAD`}'\n"),
        ("json", '{"a": "{% set p = \'BAD\' %}"}'),
        ("python", 'x = \'{{"text": "BAD"}}\'.format()'),
        ("html", "<p>{% set p = 'BAD' %}</p>"),
        ("html", "<p>{{ 'BAD' }}</p>"),
        ("svelte", "<p>{#if x === 'BAD'}a{/if}</p>"),
        ("vue", "<p>{{ x || 'BAD' }}</p>"),
    ],
)
def test_a_prompt_in_the_code_of_a_template_is_found(name: str, source: str) -> None:
    bad = "a cat --video --video_model kling25 --duration 7"
    (literal,) = (
        each
        for each, said in candidates(source.replace("BAD", bad).encode(), host_named(name))
        if said.taken and each.text == bad
    )
    assert [
        each.code for each in lint_literal(literal, DEFAULT) if each.severity is not Severity.INFO
    ] == ["FL402"]
