"""A literal that holds several prompts is read as each of them, or not edited: never as one."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaglift.check.hosts.base import Literal, LiteralChange
from flaglift.check.hosts.checking import fix_literal, lint_literal
from flaglift.check.hosts.finding import candidates
from flaglift.check.hosts.pieces import SEVERAL
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite
from flaglift.check.hosts.several import has_one_a_line, prompts_in
from flaglift.diagnostics import Severity
from flaglift.settings import DEFAULT

P1 = 'ohwx cat --video --video_model kling25 --video_prompt "it naps"'
P2 = 'ohwx dog --video --video_model kling30_pro --video_prompt "it runs"'
BAD = 'ohwx dog --video --video_model kling25 --duration 7 --video_prompt "it runs"'


def prompts(name: str, source: str) -> list[Literal]:
    return [literal for literal, decision in candidates(source.encode(), host_named(name))]


def fixed(name: str, source: str) -> str:
    changes = []
    for literal in prompts(name, source):
        new = fix_literal(literal, DEFAULT, unsafe=True).text
        changes += [LiteralChange(literal, new)] if new != literal.text else []
    return rewrite(source.encode(), host_named(name), changes)[0].decode()


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


CONTAINERS = [
    ("yaml", lambda a, b: f"prompts: |\n  {a}\n  {b}\n"),
    ("yaml", lambda a, b: f"prompts: |\n  {a}\n\n  {b}\n"),
    ("python", lambda a, b: f'PROMPTS = """\n{a}\n{b}\n"""\n'),
    ("python", lambda a, b: f"PROMPTS = {a + chr(10) + b!r}\n"),
    ("json", lambda a, b: json.dumps({"prompt": f"{a}\n{b}"})),
    ("json", lambda a, b: json.dumps({"prompt": f"{a}\r\n{b}\r\n"})),
    ("javascript", lambda a, b: f"const prompts = `\n{a}\n{b}`\n"),
    ("typescript", lambda a, b: f"const prompts: string = `{a}\n  {b}`\n"),
    ("ruby", lambda a, b: f"prompts = <<~T\n  {a}\n  {b}\nT\n"),
    ("toml", lambda a, b: f"prompt = '''\n{a}\n{b}\n'''\n"),
    ("csv", lambda a, b: "prompt\n" + quoted(f"{a}\n{b}") + "\n"),
    ("blocks", lambda a, b: f"{a}\n{b}\n"),
    ("whole", lambda a, b: f"{a}\n{b}\n"),
    ("bash", lambda a, b: f"cat <<'E'\n{a}\n{b}\nE\n"),
]


@pytest.mark.parametrize(("name", "write"), CONTAINERS)
def test_nothing_is_fixed_in_what_may_be_several(name: str, write: object) -> None:
    assert callable(write)
    for second in (P2, BAD, BAD.replace("--video ", "—video "), BAD.replace("--video ", "")):
        source = write(P1, second)
        assert fixed(name, source) == source
    (literal,) = prompts(name, write(P1, P2))
    assert literal.locked == SEVERAL
    found = lint_literal(literal, DEFAULT)
    assert [each.code for each in found if each.severity is not Severity.INFO] == ["FL104"]
    assert "this may be 2 prompts" in next(each.message for each in found if each.code == "FL104")
    (literal,) = prompts(name, write(P1, BAD))
    possible = [each for each in lint_literal(literal, DEFAULT) if each.code == "FL402"]
    assert [(each.severity, each.fix) for each in possible] == [(Severity.WARNING, None)]
    assert literal.text[slice(*possible[0].span)] == "7"


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("markdown", f"```\n{P1}\n{BAD}\n```\n"),
        ("markdown", f"```text\n{P1}\n\n{BAD}\n```\n"),
        ("bash", f"cat <<'E' > prompts.txt\n{P1}\n{BAD}\nE\n"),
        ("bash", f"cat > 'prompts.txt' <<'E'\n{P1}\n{BAD}\nE\n"),
        ("bash", f"cat << 'E' >> out/prompts.txt\n{P1}\n{BAD}\nE\n"),
        ("bash", f"tee prompts.txt <<'E'\n{P1}\n{BAD}\nE\n"),
        ("lines", f"{P1}\n{BAD}\n"),
    ],
)
def test_they_are_one_a_line_where_the_place_is_known_for_that(name: str, source: str) -> None:
    assert [literal.text for literal in prompts(name, source)] == [P1, BAD]
    assert fixed(name, source) == source.replace("7", "5")


def test_a_here_document_that_becomes_another_file_is_read_as_that() -> None:
    (literal,) = prompts("bash", "cat > p.yaml <<'E'\nprompt: a cat --video\nE\n")
    assert literal.hosts == ("bash", "yaml")


@pytest.mark.parametrize(
    "text",
    [
        "a cat --video\n--video --duration 5",
        "a cat\non a mat\n--video --video_model kling25",
        "a cat --video\n---\na dog --video",
        'a cat --video --video_prompt "she smiles\nand waves" --video_model kling25',
        "a cat --video\nar=1:1\nnum_images=4",
        "a cat --video --duration 5 --video_model kling25\n\n\n",
        "a cat --video --video",
        "a cat --video --video_model x, big --video_prompt y --duration 5",
        "a cat --video_model x, big --video --video",
        'a cat --video --video_prompt "a dog --video"',
    ],
)
def test_one_prompt_is_one(text: str) -> None:
    assert prompts_in(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "a cat --video\na dog --video",
        "a cat\n--video\n\na dog\n--video",
        "a cat —video\r\na dog --vidoe",
        '6" heels --video\n5" heels --video',
        "--video\na dog --video",
        "a cat --video_model x\nb --video\nc --video_model y",
        "a cat --video\na dog --video\n---\na cow --video",
        "a cat --video a dog --video",
    ],
)
def test_several_prompts_are_several(text: str) -> None:
    places = prompts_in(text)
    assert len(places) > 1
    assert all(a.end <= b.start for a, b in pairwise(places))


SEPARATORS = [
    "|", " | ", "; ", ";", ", ", "\t", "\r", "\u2028", "\v", "\f", "\\n", " || ", " --- ", " / ",
    "###", "~~~", "\x85", " <sep> ", "\x1e", " // ", " && ", "%%", ". ", " and ", " ", "\n5 ",
]  # fmt: skip


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("name", ["json", "python"])
def test_two_prompts_in_a_line_are_not_one(separator: str, name: str) -> None:
    text = P1 + separator + BAD
    source = json.dumps({"prompt": text}) if name == "json" else f"prompts = {text!r}"
    (literal,) = prompts(name, source)
    assert literal.locked == SEVERAL
    assert fixed(name, source) == source
    places = [place.of(literal.text) for (place,) in literal.possible]
    assert len(places) == 2
    assert places[1].endswith(BAD)
    assert P1 in places[0]


def test_the_settings_of_a_prompt_stay_with_it() -> None:
    text = f"{P1}\nar=1:1\n\n{P2}"
    assert [place.of(text) for place in prompts_in(text)] == [f"{P1}\nar=1:1", P2]


def test_a_block_with_flags_on_lines_of_their_own_is_no_list_of_lines() -> None:
    assert has_one_a_line("a --video\nb --video")
    assert not has_one_a_line("a\n--video\nb\n--video")


@given(st.lists(st.sampled_from([P1, P2, BAD, "a cat", "--video", "", "---", "ar=1:1"])))
def test_every_flag_is_in_one_of_the_places(lines: list[str]) -> None:
    text = "\n".join(lines)
    places = prompts_in(text)
    inside = "".join(place.of(text) for place in places)
    assert not places or inside.count("--") >= text.replace("---", "").count("--video")


@given(st.lists(st.sampled_from([P1, P2, BAD]), min_size=2, max_size=4), st.booleans())
def test_what_is_said_of_each_is_said_at_its_place(lines: list[str], spaced: bool) -> None:
    text = ("\n\n" if spaced else "\n").join(lines)
    (literal,) = prompts("json", json.dumps({"prompt": text}))
    found = [each for each in lint_literal(literal, DEFAULT) if each.code == "FL402"]
    assert len(found) == lines.count(BAD)
    assert all(text[slice(*each.span)] == "7" for each in found)
