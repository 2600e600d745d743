"""CSV that is not comma and RFC 4180, and rows that readers read otherwise."""

from typing import Any

import pytest

from flaglift import translate
from flaglift.check.hosts.base import Literal, LiteralChange
from flaglift.check.hosts.checking import lint_literal
from flaglift.check.hosts.finding import candidates, leaves
from flaglift.check.hosts.pieces import TORN
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite
from flaglift.check.hosts.unread import unread
from flaglift.diagnostics import Severity
from flaglift.linting.engine import examine
from flaglift.settings import DEFAULT

PROMPT = "a cat, big --video --video_model kling25 --duration 5"


def prompts(source: str, name: str = "csv") -> list[Literal]:
    return list(leaves(host_named(name).literals(source.encode())))


def moved(source: str, name: str = "csv") -> str:
    changes = [as_fields(literal) for literal in prompts(source, name)]
    return rewrite(source.encode(), host_named(name), changes).data.decode()


def as_fields(literal: Literal) -> LiteralChange:
    fields = translate(literal.text).values
    return LiteralChange(literal, fields["text"], {k: v for k, v in fields.items() if k != "text"})


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        (
            "csv",
            'id,text,video_model,video_prompt,video_duration\n1,"a \\"nice\\" P",,,\n2,"c",,,\n',
            'id,text,video_model,video_prompt,video_duration\n'
            '1,"a \\"nice\\" a cat, big",kling25,"a nice a cat, big",5\n2,"c",,,\n',
        ),
        (
            "csv",
            "id;text, english;video_model;video_prompt;video_duration;text\n1;x;;;;P\n2;y;;;;z\n",
            "id;text, english;video_model;video_prompt;video_duration;text\n"
            "1;x;kling25;a cat, big;5;a cat, big\n2;y;;;;z\n",
        ),
        (
            "csv",
            "id|text|video_model|video_prompt|video_duration\n1|P|||\n",
            "id|text|video_model|video_prompt|video_duration\n1|a cat, big|kling25|a cat, big|5\n",
        ),
        (
            "csv",
            "sep=;\nid;text;video_model;video_prompt;video_duration\n1;P;;;\n",
            "sep=;\nid;text;video_model;video_prompt;video_duration\n"
            "1;a cat, big;kling25;a cat, big;5\n",
        ),
        (
            "tsv",
            'text\tvideo_model\tvideo_prompt\tvideo_duration\na 6" P\t\t""\t\n',
            'text\tvideo_model\tvideo_prompt\tvideo_duration\na 6" P\t\t""\t\n',
        ),
    ],
)  # fmt: skip
def test_flags_move_to_cells_in_any_dialect(name: str, before: str, after: str) -> None:
    assert moved(before.replace("P", PROMPT), name) == after.replace("P", PROMPT)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ('id,text\n1,a 6" --video\n', "the row has a quote in a cell that is not quoted"),
        ('id,text\n1"2,a cat --video\n', "the row has a quote in a cell that is not quoted"),
        ('id,text\n"1"2,a cat --video\n', "the row has text after a closing quote"),
        ("id,text\n1,a cat, big --video\n", "the row has 3 cells, and the first row 2"),
        ('id,text\n1,"a cat --video\n', "the row has a quote that is not closed"),
        ("text,text\n1,a cat --video\n", "the column `text` is there twice"),
        ("a;b,text\n1;2,a cat --video\n", "',' and ';' part its rows equally well"),
        ('id,text\n1,"a \\"b\\" \\\\ --video"\n2,"c"\n', "has a backslash"),
    ],
)
def test_a_row_in_doubt_is_locked_whole(source: str, reason: str) -> None:
    (literal,) = [each for each in prompts(source) if "--video" in each.text]
    assert reason in literal.locked
    made = rewrite(source.encode(), host_named("csv"), [LiteralChange(literal, "a cat")])
    assert made.data.decode() == source


@pytest.mark.parametrize(
    ("rows", "torn"),
    [
        ('1, "a cat, big --video --video_model kling25 --duration 5"\n', [1]),
        ('1,\t"a cat --video --video_prompt ""it naps"""\n', [1]),
        ("1,'a cat, big --video --video_model kling25 --duration 5'\n", [1]),
        ("1, 'a' , 'a dog, big --video --video_model kling25'\n", [1]),
        ('1,a 6" cat --video --duration 5\n', []),
        ("1,'a cat --video --duration 5'\n", []),
        ("1,it's a cat, big --video --video_model kling25 --duration 5\n", []),
        (' "1",a cat --video --duration 5\n2, "a --video --duration 5"\n3,b --video\n', [1, 2]),
    ],
)
def test_a_cell_that_readers_take_apart_is_not_read(rows: str, torn: list[int]) -> None:
    data, host = f"id,text\n{rows}".encode(), host_named("csv")
    found = unread(data, host)
    assert [data.count(b"\n", 0, place.start) for place in found] == torn
    assert {place.reason for place in found} <= {TORN}
    read = [literal.start for literal, said in candidates(data, host) if said.taken]
    lines = {data.count(b"\n", 0, start) for start in read}
    assert lines == {*range(1, rows.count("\n") + 1)} - {*torn}


def test_a_column_that_is_there_twice_takes_no_field() -> None:
    source = f'text,video_model,video_model,video_prompt,video_duration\n"{PROMPT}",,,,\n'
    assert moved(source) == source


def test_what_a_cell_cannot_hold_is_not_moved() -> None:
    source = 'text,video_model,video_prompt,video_duration\n"a \\"b\\" --video",,,\n'
    (literal,) = [each for each in prompts(source) if "--video" in each.text]
    assert literal.siblings is not None
    assert literal.siblings.insert({"video_prompt": "a\\b"}) == (
        "a cell of this file cannot hold the video_prompt"
    )


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (f"1;{PROMPT};3\n", set()),
        (f"prompt, english;n\n{PROMPT};3\n", set()),
        (f"1;{PROMPT.replace('n 5', 'n 7')};3\n", {("FL402", Severity.WARNING)}),
        (f"1,2;{PROMPT.replace('n 5', 'n 7')}\n", {("FL402", Severity.WARNING)}),
    ],
)
def test_what_two_delimiters_part_equally_is_possible(
    source: str, said: set[tuple[str, Severity]]
) -> None:
    (literal,) = [each for each in prompts(source) if "--video" in each.text]
    assert "part its rows equally well" in literal.locked
    found = lint_literal(literal, DEFAULT)
    assert {(each.code, each.severity) for each in found if each.code[:3] == "FL4"} == said
    assert {each.fix for each in found} == {None}


def test_values_that_differ_from_row_to_row_cost_no_examination(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = (f"{n},a cat {n} --video --video_model kling25,{n}\n" for n in range(100))
    source = "".join(("id,text,seed\n", *rows))
    examined: list[str] = []

    def counting(text: str, *rest: Any) -> Any:
        examined.append(text)
        return examine(text, *rest)

    monkeypatch.setattr("flaglift.shapes.shortcut.examine", counting)
    found = [each.code for literal in prompts(source) for each in lint_literal(literal, DEFAULT)]
    assert found.count("FL001") == 100
    assert len(examined) < 5
