"""Go: where a string stands, what is joined, and where fields can go; its parser is the judge."""

import pytest

from check.hosts import judges
from check.hosts.moving import moved, only
from flaglift.check.hosts.base import LiteralChange
from flaglift.check.hosts.checking import lint_literal
from flaglift.check.hosts.finding import candidates, comments, leaves
from flaglift.check.hosts.lifting import lift_literal
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite
from flaglift.check.hosts.unread import unread
from flaglift.settings import DEFAULT

HOST = host_named("go")
P = "a cat --video --video_model kling25 --duration 5 --video_prompt x"


def go(body: str) -> str:
    return f"package m\n\nfunc f() {{\n\t{body}\n}}\n".replace("P", P)


FIELDS = {
    'v := map[string]string{"prompt[text]": "P", "n": "1"}': (
        'v := map[string]string{"prompt[text]": "a cat", "prompt[video_model]": "kling25", '
        '"prompt[video_prompt]": "x", "prompt[video_duration]": "5", "n": "1"}'
    ),
    "v := map[string]any{`prompt[text]`: `P`}": (
        "v := map[string]any{`prompt[text]`: `a cat`, `prompt[video_model]`: `kling25`, "
        "`prompt[video_prompt]`: `x`, `prompt[video_duration]`: 5}"
    ),
    'v := map[string]interface{}{"prompt[text]": "P"}': (
        'v := map[string]interface{}{"prompt[text]": "a cat", "prompt[video_model]": "kling25", '
        '"prompt[video_prompt]": "x", "prompt[video_duration]": 5}'
    ),
    'v := url.Values{"prompt[text]": {"P"}}': (
        'v := url.Values{"prompt[text]": {"a cat"}, "prompt[video_model]": {"kling25"}, '
        '"prompt[video_prompt]": {"x"}, "prompt[video_duration]": {"5"}}'
    ),
    'v.Set("prompt[text]", "P")\n\tv.Set("n", "1")': (
        'v.Set("prompt[text]", "a cat")\n\tv.Set("prompt[video_model]", "kling25")\n\t'
        'v.Set("prompt[video_prompt]", "x")\n\tv.Set("prompt[video_duration]", "5")\n\t'
        'v.Set("n", "1")'
    ),
    'w.WriteField("prompt[text]", "P")': (
        'w.WriteField("prompt[text]", "a cat")\n\tw.WriteField("prompt[video_model]", "kling25")'
        '\n\tw.WriteField("prompt[video_prompt]", "x")'
        '\n\tw.WriteField("prompt[video_duration]", "5")'
    ),
}


@pytest.mark.parametrize("before", FIELDS)
def test_flags_move_to_fields(before: str) -> None:
    new = moved("go", go(before))
    assert new == go(FIELDS[before])
    assert judges.go(new) is not None or "[]string" not in new


@pytest.mark.parametrize(
    "body",
    [
        'v := Prompt{Text: "P"}',
        'v := map[string]Prompt{"prompt[text]": "P"}',
        'v := map[string]string{"title": "P"}',
        'v := Values{"prompt[text]": {"P"}}',
        'v := url.Values{"prompt[text]": {"P", "b"}}',
        'v.Get("prompt[text]", "P")',
        'v := []string{"P"}',
        'err := w.WriteField("prompt[text]", "P")',
    ],
)
def test_there_is_no_place_for_fields(body: str) -> None:
    source = go(body)
    for literal in leaves(HOST.literals(source.encode())):
        assert literal.siblings is None
    assert only("go", source).beside == {}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ('v := map[string]string{k: "1", "prompt[text]": "P"}', "it is not clear which field"),
        ('v := map[string]string{"prompt[text]": "b", "prompt[text]": "P"}', "is there twice"),
    ],
)
def test_flags_stay_where_the_fields_are_in_doubt(body: str, why: str) -> None:
    source = go(body)
    change = lift_literal(only("go", source), DEFAULT)
    assert isinstance(change, LiteralChange)
    done = rewrite(source.encode(), HOST, [change])
    assert [why in each.reason for each in done.refused] == [True]


def test_a_field_that_is_there_is_seen() -> None:
    for value in ('"wan25_720p"', "model"):
        literal = only(
            "go",
            go(f'v := map[string]string{{"prompt[text]": "P", "prompt[video_model]": {value}}}'),
        )
        assert "FL604" in {each.code for each in lint_literal(literal, DEFAULT)}


@pytest.mark.parametrize(
    ("body", "role", "key", "call"),
    [
        ('prompt := "P"', "value", "prompt", ""),
        ('prompt = "P"', "value", "prompt", ""),
        ('const label = "P"', "value", "label", ""),
        ('var prompt string = "P"', "value", "prompt", ""),
        ('send(ctx, "P")', "argument", "", "send"),
        ('x := m["P"]', "operand", "", ""),
        ('if x == "P" {}', "operand", "", ""),
        ('switch x { case "P": }', "operand", "", ""),
        ('flag.String("--video", "P", "")', "default", "--video", ""),
    ],
)
def test_where_a_string_stands(body: str, role: str, key: str, call: str) -> None:
    (literal,) = [each for each in leaves(HOST.literals(go(body).encode())) if each.text == P]
    found = literal.origin
    assert found.role == role
    assert found.call.endswith(call)
    if role != "operand":
        assert found.key == key


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        ('x := strings.Join([]string{"a", "--video"}, " ")', ["a --video"]),
        ('x := strings.Join([]string{"a", b, "--video"}, ", ")', ["a, \ufffc, --video"]),
        ('x := strings.Join(list, "--video")', ["--video"]),
        ('x := strings.Join([]string{0: "a", 1: "--video"}, " ")', ["--video"]),
        ('x := strings.Join([]string{"a", "--video"}, "\\n")', ["--video"]),
        ('x := strings.Join([]string{"a --video"}, sep)', ["a --video"]),
        ('x := strings.Join("--video")', ["--video"]),
        ('x := fmt.Sprint("a", "--video")', ["--video"]),
        ('x := "a " + (`b ` + "--video") + c', ["a b --video\ufffc"]),
        ('x := "a \\x2d-video \\u002d \\055 \\a"', ["a --video - - \a"]),
    ],
)
def test_what_is_put_together(body: str, texts: list[str]) -> None:
    found = [each for each in leaves(HOST.literals(go(body).encode())) if "--video" in each.text]
    assert [each.text for each in found if not each.locked] == texts


def test_comments_broken_code_and_other_files() -> None:
    source = go("// a --video\n\t/* b */ x := 1")
    assert [each.text for each in comments(source.encode(), HOST)] == ["a --video", "b"]
    broken = b'package m\nfunc f() {\n x := (\n}\nvar q = "a --video\n'
    assert unread(broken, HOST) or all(each.locked for each in HOST.literals(broken))
    (block,) = [
        each.literal
        for each in candidates(f"```go\n{go('x := `P`')}```\n".encode(), host_named("markdown"))
    ]
    assert block.hosts == ("markdown", "go")


@pytest.mark.parametrize("source", ["package m\n\n`P`\n", 'package m\n\nfunc f() {\n\t"P"\n}\n'])
def test_a_text_that_stands_alone_is_a_prompt(source: str) -> None:
    """Go refuses it: the code that it belonged to is gone."""
    (found,) = candidates(source.replace("P", P).encode(), HOST)
    assert found.decision.taken
