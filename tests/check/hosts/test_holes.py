"""Prompts with holes: what is certain, what is possible, what is not said, and what is fixed."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import flaglift
from flaglift.check.hosts.base import HOLE, Literal
from flaglift.check.hosts.checking import fix_literal, lint_literal
from flaglift.check.hosts.finding import leaves
from flaglift.check.hosts.holes import FilledTemplate, HoleKind, kind_of
from flaglift.check.hosts.registry import host_named
from flaglift.diagnostics import Severity
from flaglift.lossless.spans import Span
from flaglift.settings import DEFAULT, Settings
from strategies import nearly_readable, readable

JAVASCRIPT = host_named("javascript")


def template(source: str) -> Literal:
    (literal,) = leaves(JAVASCRIPT.literals(f"const t = `{source}`".encode()))
    return literal


def codes(source: str, settings: Settings = DEFAULT) -> dict[str, Severity]:
    return {found.code: found.severity for found in lint_literal(template(source), settings)}


def test_what_all_values_bring_about_is_reported_as_it_is() -> None:
    found = codes("a ${g} --video --video_model kling25 --duration 7")
    assert found["FL402"] is Severity.ERROR


def test_what_most_values_bring_about_is_a_warning() -> None:
    found = lint_literal(template("a cat --video --video_model ${m} --duration 60"), DEFAULT)
    (finding,) = (each for each in found if each.code == "FL402")
    assert finding.severity is Severity.WARNING
    assert finding.message.startswith("with ${m} = seedance_480p: ")


def test_what_few_values_bring_about_is_not_reported() -> None:
    assert "FL402" not in codes("a cat --video --video_model ${m} --duration 5")


@pytest.mark.parametrize(
    "source",
    [
        "a cat --video --video_model ${m}",
        "a cat --video --video_model seedance_${resolution}",
        "a cat --video --video_model kling25 --duration ${d}",
        "a cat --video --video_model kling25 --duration=${d}0",
        "a cat --video --video_model kling25 --duration=${d}${unit}",
        "a cat --video --video_model kling25 --duration ~${d}",
        "a cat --video --video_model ${m}_5s",
        'a cat --video --video_model kling25 --video_prompt "${p}"',
    ],
)
def test_a_hole_itself_is_never_reported(source: str) -> None:
    literal = template(source)
    for finding in lint_literal(literal, DEFAULT):
        assert not literal.touches_hole(finding.span)
        assert finding.severity is Severity.INFO


@pytest.mark.parametrize(
    ("name", "source", "hole"),
    [
        ("python", "x = f'ohwx cat --video --duration {x}s'", "{x}"),
        ("python", "x = 'ohwx cat --video --duration %ds' % x", "%d"),
        ("python", "x = 'ohwx cat --video --duration {}s'.format(x)", "{}"),
        ("python", "x = 'ohwx cat --video --duration ' + x + 's'", "x"),
        ("javascript", "x = `ohwx cat --video --duration ${x}sec`", "${x}"),
        ("javascript", 'x = `ohwx cat --video --duration "${x}s"`', "${x}"),
        ("ruby", 'x = "ohwx cat --video --duration #{x}.0"\n', "#{x}"),
        ("ruby", "x = 'ohwx cat --video --duration %{x}s' % y\n", "%{x}"),
        ("php", '<?php $x = "ohwx cat --video --duration {$x}s";', "{$x}"),
        ("php", "<?php $x = sprintf('ohwx cat --video --duration %1$ds', $x);", "%1$d"),
        ("go", 'package p\nvar x = fmt.Sprintf("ohwx cat --video --duration %vs", x)\n', "%v"),
        ("bash", 'prompt="ohwx cat --video --duration ${x}s"\n', "${x}"),
        ("yaml", "prompt: ohwx cat --video --duration {{ x }}s\n", "{{ x }}"),
    ],
)
def test_a_unit_after_a_number_is_reported_in_all_kinds_of_templates(
    name: str, source: str, hole: str
) -> None:
    literal, *_ = leaves(host_named(name).literals(source.encode()))
    found = [each for each in lint_literal(literal, DEFAULT) if each.code == "FL401"]
    assert [each.message.partition(": ")[0] for each in found] == [f"with {hole} = 5"]
    assert not any(each.fix for each in found)


@pytest.mark.parametrize("verb", ["%v", "%d", "%[2]d", "%3d", "%s", "%q", "%1$d", "%(n)d"])
def test_a_verb_of_a_format_is_no_malformed_duration(verb: str) -> None:
    source = f"x = 'ohwx cat --video --video_model kling25 --duration {verb}' % y"
    literal, *_ = leaves(host_named("python").literals(source.encode()))
    assert {each.severity for each in lint_literal(literal, DEFAULT)} == {Severity.INFO}
    assert [hole.source for hole in literal.holes] == [verb]


def test_what_a_hole_may_add_is_not_missed() -> None:
    assert "FL303" in codes("a cat --video")
    assert "FL303" not in codes("a cat --video ${flags}")
    assert "FL601" not in codes("a cat --video --video_model kling25 ${flags}")


def test_a_message_spells_a_hole_as_the_file_does() -> None:
    literal = template("a-${subject} on a mat --video --video_model kling25 --duration 5")
    messages = [finding.message for finding in lint_literal(literal, DEFAULT)]
    assert any("a-${subject} on a mat" in message for message in messages)
    assert not any("▢" in message for message in messages)


def test_a_message_with_several_holes_leaves_them_open() -> None:
    literal = template("a-${a} and-${b} --video --video_model kling25")
    messages = [finding.message for finding in lint_literal(literal, DEFAULT)]
    assert any("a-… and-…" in message for message in messages)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a ${g} --video --video_model kling25 --duration 7", "5"),
        ("a ${g} —video --video_model kling25", "--video"),
        ("a ${g} --video --video --video_model ${m}", f"a {HOLE} --video --video_model"),
    ],
)
def test_a_fix_that_all_values_agree_on_is_made(source: str, text: str) -> None:
    fixed = fix_literal(template(source), DEFAULT, unsafe=True)
    assert text in fixed.text
    assert not fixed.refused
    assert fixed.text.count(HOLE) == template(source).text.count(HOLE)


def test_nothing_is_fixed_where_nothing_is_wrong() -> None:
    literal = template("a ${g} --video --video_model kling25 --video_prompt 'x'")
    assert fix_literal(literal, DEFAULT).text == literal.text


@pytest.mark.parametrize("word", ["${g}--", "--${g}", "-${g}-"])
def test_a_hole_that_may_end_the_flags_leaves_the_text_as_it_is(word: str) -> None:
    flags = '--video --video_model kling25 --video_prompt "x" --video_prompt "y"'
    literal = template(f"a cat --video_prompt z {word} {flags}")
    fixed = fix_literal(literal, DEFAULT)
    assert fixed.text == literal.text
    assert fixed.refused == "the fix depends on the value of ${g}"


def test_suppressed_rules_are_not_fixed() -> None:
    literal = template("a cat --video --video_model kling25 --duration 7")
    assert fix_literal(literal, DEFAULT, unsafe=True, suppressed=["FL402"]).text == literal.text


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ("${a} cat --video_model ${b} --duration ${c}", "WORDS MODEL SECONDS"),
        ('a${a} "${b}" "x ${c}" --video_model=${d}', "PART PART PART MODEL"),
        ("--video_prompt ${a} --duration ${b}s --video_model k${c}", "PART SECONDS PART"),
        ("--duration ${a}0 --duration ${b}${c}", "PART PART PART"),
        ("\n${a}\t${b}", "WORDS WORDS"),
    ],
)
def test_kinds_of_holes(source: str, kinds: str) -> None:
    literal = template(f"{source} --video")
    assert [kind_of(literal.prompt, hole.at).name for hole in literal.holes] == kinds.split()


VALUES = [
    "a",
    "",
    "ohwx woman",
    "it's",
    "5",
    "10",
    "kling25",
    "veo31_fast_720p",
    '"a b"',
    "<lora:1:1>",
]


@given(st.one_of(readable(), nearly_readable()), st.integers(0), st.data())
def test_a_safe_fix_keeps_the_fields_whatever_the_hole_holds(
    text: str, place: int, data: st.DataObject
) -> None:
    assume("`" not in text and "\\" not in text and "$" not in text)
    at = place % (len(text) + 1)
    source = f"{text[:at]}${{x}}{text[at:]}"
    literals = list(leaves(JAVASCRIPT.literals(f"const t = `{source}`".encode()), every=True))
    assume(len(literals) == 1)
    literal = literals[0]
    fixed = fix_literal(literal, DEFAULT)
    if fixed.text == literal.text:
        return
    value = data.draw(st.sampled_from(VALUES))
    before, after = (each.replace(HOLE, value) for each in (literal.text, fixed.text))
    old, new = flaglift.translate(before), flaglift.translate(after)
    assert (old.status, old.values.get("video_model")) == (
        new.status,
        new.values.get("video_model"),
    )
    if old.status == "translated":
        assert old.values == new.values


@given(st.text("ab ", max_size=8), st.lists(st.integers(0, 8), max_size=3), st.data())
def test_a_place_in_a_reading_is_one_in_the_template(
    text: str, places: list[int], data: st.DataObject
) -> None:
    holes = sorted({place for place in places if place <= len(text)})
    marked = "".join((HOLE if i in holes else "") + c for i, c in enumerate([*text, ""]))
    at = [i for i, c in enumerate(marked) if c == HOLE]
    values = tuple((i, data.draw(st.sampled_from(["", "x", "two words"]))) for i in at)
    reading = FilledTemplate(marked, values)
    for start in range(len(reading.text) + 1):
        for end in range(start, len(reading.text) + 1):
            span = reading.back(start, end)
            assert 0 <= span.start <= span.end <= len(marked)
            if HOLE not in Span(*span).of(marked):
                assert Span(*span).of(marked) == reading.text[start:end]


def test_every_kind_is_described() -> None:
    assert all(kind.value for kind in HoleKind)
