"""Corners of the formats that the properties do not reach: each a case with a name."""

import tomllib

import pytest

from flaglift.check.hosts.base import HOLE, ByteEdit, Literal, LiteralChange, Origin
from flaglift.check.hosts.checking import lint_literal
from flaglift.check.hosts.edits import EditPlan, UnwritableError, differences
from flaglift.check.hosts.finding import candidates, leaves
from flaglift.check.hosts.formats.shellwords import expansion_end
from flaglift.check.hosts.lifting import lift_literal
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import compare, rewrite
from flaglift.check.hosts.unread import unread
from flaglift.diagnostics import Severity
from flaglift.lossless.spans import Edit, apply_edits
from flaglift.settings import DEFAULT


def only(name: str, source: str) -> Literal:
    (literal,) = leaves(host_named(name).literals(source.encode()))
    return literal


@pytest.mark.parametrize(
    ("name", "source", "text"),
    [
        ("python", 'x = ("a"  # c\n  " --video")', "a --video"),
        ("ruby", 'x = "a\r\n--video"', "a\n--video"),
        ("ruby", "x = 'a\r\n--video'", "a\n--video"),
        ("ruby", "x = <<~E\r\n  a\r\n\r\n  --video\r\nE\r\n", "a\n\n--video\n"),
        ("csv", "a,text,\n1,a --video,", "a --video"),
        ("csv", "a;text\n1;a --video", "a --video"),
        ("csv", "a\ttext\n1\ta --video", "a --video"),
        ("csv", 'text\n"a --video', "a --video"),
        ("bash", "curl -d 'a&text=x+--video' u", "x --video"),
        ("bash", "curl -d 'text=%FF+--video' u", "\ufffd --video"),
        ("bash", "curl -d '%FFtext=1&text=x+--video' u", "x --video"),
        ("bash", 'f $"a --video"', "a --video"),
        ("bash", "f a\\ --video", "a --video"),
        ("bash", "cat <<E\na --video $x\\\nE\nE\n", None),
        ("bash", "cat <<\\E\na --video \\$\nE\n", "a --video \\$\n"),
        ("markdown", "---\n---\n\n`a --video`\n", "a --video"),
        ("markdown", "```\n\n```\n\n`` a ` --video ``", "a ` --video"),
        ("yaml", 'a: "x \\U0001F600 --video"', "x \U0001f600 --video"),
        ("yaml", "a: |\n  x --video\n   \nb: 1\n", "x --video\n \n"),
        ("toml", 'a = [1, 1.5, true, 2020-01-01, "x --video"]', "x --video"),
    ],
)
def test_texts(name: str, source: str, text: str | None) -> None:
    found = [literal.text for literal in leaves(host_named(name).literals(source.encode()))]
    assert found == ([text] if text else found)


@pytest.mark.parametrize(
    ("word", "rest"),
    [
        ("$x", " b"),
        ("$1", "2"),
        ("$@", ""),
        ("${x:-a}", "b"),
        ("${x:-\\}}", "b"),
        ('${x:-"}"}', "b"),
        ("${x:-${y}}", "b"),
        ("$(a (b) ')' \")\" $(c) `d)`)", "e"),
        ("$((1 + (2)))", "b"),
        ("`a \\` b`", "c"),
    ],
)
def test_where_an_expansion_ends(word: str, rest: str) -> None:
    assert expansion_end((word + rest).encode(), 0) == len(word)


@pytest.mark.parametrize("word", [b"`a", b"$(a", b"${a'"])
def test_an_expansion_that_stays_open(word: bytes) -> None:
    assert expansion_end(word, 0) == len(word) + 1


def test_an_apostrophe_in_a_quoted_expansion_is_a_character() -> None:
    assert expansion_end(b"${x:-it's}b", 0, quoted=True) == 10


def test_a_hole_behind_an_escape_is_a_hole() -> None:
    literal = only("python", "os.system(f'curl -F prompt[text]=a\\\\ \\\\{x}\\\\ --video u')")
    assert literal.text == f"a {HOLE} --video"
    assert literal.holes[0].source == "{x}"


def test_text_between_two_placeholders_is_written() -> None:
    for name, source in (
        ("lines", "{a}{b} --video"),
        ("yaml", "x: |\n  {a}{b} --video\n"),
        ("json", '"{a}{b} --video"'),
    ):
        host = host_named(name)
        literal = only(name, source)
        text = literal.text.replace(HOLE * 2, f"{HOLE}, {HOLE}")
        new, refused = rewrite(source.encode(), host, [LiteralChange(literal, text)])
        assert not refused
        assert new.decode() == source.replace("}{", "}, {")


def test_a_change_of_many_words_is_one_edit() -> None:
    old, new = " ".join(map(str, range(3000))), " ".join(map(str, range(5000, 8000)))
    edits = differences(old, new) or []
    assert len(edits) == 1
    assert apply_edits(old, edits) == new


def test_differences_keep_holes() -> None:
    assert differences(f"a {HOLE} b", "a b", [2]) is None
    assert differences(f"a {HOLE} b", f"c {HOLE} b", [2]) == [Edit(0, 1, "c")]
    assert differences("a b", "a c", whole=True) == [Edit(0, 3, "a c")]


@pytest.mark.parametrize("name", ["bash", "markdown"])
@pytest.mark.parametrize("key", [b"text", b"prompt[text]", b"tune[prompts_attributes][][text]"])
def test_two_prompts_of_one_word_have_no_place_for_fields(name: str, key: bytes) -> None:
    flags = b"--video --video_model kling25"
    source = b"curl -d 'prompt[text]=a " + flags + b"&" + key + b"=b " + flags + b"' u\n"
    source = source if name == "bash" else b"```sh\n" + source + b"```\n"
    host = host_named(name)
    changes = [lift_literal(literal, DEFAULT, [""]) for literal, _ in candidates(source, host)]
    assert len(changes) == 2
    new, refused = rewrite(
        source, host, [each for each in changes if isinstance(each, LiteralChange)]
    )
    assert {each.reason for each in refused} == {f"`{key.decode()}` is in the same word"}
    assert new == source


def test_two_prompts_of_one_row_cannot_fill_one_cell() -> None:
    source = (
        b"text,prompt[text],video_model,video_prompt\r\n"
        b'a --video --video_model kling25,b --video --video_model kling25,"",""\r\n'
    )
    host = host_named("csv")
    changes = [lift_literal(literal, DEFAULT, [""]) for literal, _ in candidates(source, host)]
    new, refused = rewrite(
        source, host, [each for each in changes if isinstance(each, LiteralChange)]
    )
    assert len(refused) == 1
    assert new.endswith(b"\r\na,b --video --video_model kling25,kling25,a\r\n")


def test_a_cell_that_holds_something_is_not_filled() -> None:
    literal = only("csv", "text,video_model\na --video,x\n")
    assert literal.siblings is not None
    assert literal.siblings.insert({"video_model": "y"}) == "`video_model` is there already"


@pytest.mark.parametrize(
    ("name", "source", "beside"),
    [
        ("json", '{"text": "a --video", "a": "\\q", "b": [1]}', {"a": "q", "b": HOLE}),
        ("json", '{"text": "a --video", "b": [], "c": 1.5}', {"b": None, "c": 1.5}),
        ("toml", 'text = "a --video"\na = {x = 1, x = 2}\nb = true\n', {"b": True}),
        ("yaml", "{a: 1, text: a --video, b: ~, c: '', d: {e: f}}", {"a": "1", "b": None, "c": ""}),
        (
            "python",
            "{'text': 'a --video', 'a': True, 'b': None, 'c': x, 'd': -3, 'e': 'f', 'g': 'h\\n'}",
            {"a": True, "b": None, "c": HOLE, "d": -3, "e": "f", "g": HOLE},
        ),
        ("javascript", "x = {text: 'a --video', a: null, b: 1, ...c}", {"a": None, "b": 1}),
        ("ruby", "{text: 'a --video', 'prompt[a]' => nil, b: 1}", {"a": None, "b": 1}),
        (
            "javascript",
            "f.append('text', 'a --video'); f.append('a', 1); g.append('b', 2); f.append(x); y();",
            {"a": 1},
        ),
        ("bash", "curl -F 'prompt[text]=a --video' -F a=1 -d b=2+3", {"a": "1", "b": "2 3"}),
        (
            "bash",
            "curl -F 'prompt[text]=a --video' -F b=@f -F \"c=$N\" --form-string d=@f",
            {"b": HOLE, "c": HOLE, "d": "@f"},
        ),
        ("csv", "id,text,seed\n1,a --video,5\n", {"id": "1", "seed": "5"}),
        ("python", "f('text', 'a --video')", {}),
        ("javascript", "f.append('a --video', 1)", {}),
        ("javascript", "f.append('title', 'a --video')", {}),
        ("javascript", "x = f.append('text', 'a --video')", {}),
        ("lines", "a --video", {}),
    ],
)  # fmt: skip
def test_what_stands_beside_a_text(name: str, source: str, beside: dict[str, object]) -> None:
    assert only(name, source).beside == beside


def test_what_stands_beside_a_text_counts_for_the_rules() -> None:
    source = '{"text": "a --video --video_model kling25", "num_images": 4}'
    assert "FL506" in {found.code for found in lint_literal(only("json", source), DEFAULT)}


@pytest.mark.parametrize(
    ("name", "source", "codes"),
    [
        # What is computed later is there: it is not missing, and not wrong.
        ("python", "{'text': 'a cat --video', 'video_model': m, 'num_images': n}", ["FL001"]),
        ("json", '{"text": "a --video --video_prompt b", "video_model": "{{ m }}"}', ["FL001"]),
        ("bash", "curl -F 'prompt[text]=a --video' -F prompt[video_model]=$M", ["FL001", "FL601"]),
        (
            "javascript",
            "x = {text: 'a --video --video_model kling25', video_model: m, video_prompt: p}",
            ["FL001", "FL604"],
        ),
        (
            "bash",
            "curl -F 'prompt[text]=a --video --video_model wan_animate_720p --video_prompt b'"
            " -F prompt[input_video]=@a.mp4",
            ["FL001"],
        ),
    ],
)
def test_a_value_that_is_not_known(name: str, source: str, codes: list[str]) -> None:
    found = lint_literal(only(name, source), DEFAULT)
    assert [each.code for each in found if each.code != "FL601" or "FL601" in codes] == codes
    assert all(each.severity is not Severity.ERROR for each in found)


def test_a_call_in_a_class_head_has_no_name() -> None:
    assert only("python", "class A(B, x='a --video'): pass").origin == Origin("value", "x")


def test_strings_that_nobody_added_are_noticed() -> None:
    host = host_named("json")
    before, after = host.literals(b'["a"]'), host.literals(b'["a", "b"]')
    with pytest.raises(UnwritableError, match="more strings"):
        compare(before, after, EditPlan(), [])
    added = EditPlan([ByteEdit(4, 4, b', "b"')], [ByteEdit(4, 4, b', "b"')])
    compare(before, after, added, [])
    with pytest.raises(UnwritableError, match="rest of the file"):
        compare(after, before, EditPlan(), [])


def test_quotes_of_the_text_are_kept_where_they_can_be() -> None:
    literal = only("toml", "text = 'a cat --video'\n")
    assert literal.siblings is not None
    edits = literal.siblings.insert({"video_model": "a", "video_prompt": "it's"})
    assert [edit.content for edit in edits if isinstance(edit, ByteEdit)] == [
        b"\nvideo_model = 'a'\nvideo_prompt = \"it's\""
    ]


@pytest.mark.parametrize(
    ("source", "written"),
    [
        (b'a = """x --video"""\n', b'a = """\n\ny --video"""\n'),
        (b'a = """\nx --video"""\n', b'a = """\n\ny --video"""\n'),
    ],
)
def test_a_line_end_that_begins_a_toml_string_is_kept(source: bytes, written: bytes) -> None:
    host = host_named("toml")
    (literal,) = host.literals(source)
    new, refused = rewrite(source, host, [LiteralChange(literal, "\ny --video")])
    assert not refused
    assert new == written


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "value",
    [
        '"""a \\ \t \n  b"""',
        '"""a \\\n\n \n  b"""',
        '"""a \\\\\\ \n b \\\\ \n c"""',
        "'''a \\ \n b'''",
        '"""\\\n"""',
    ],
)
def test_a_toml_string_that_goes_on_behind_blanks_locks_nothing(value: str, end: str) -> None:
    text = f'x = {value} # \\ \ntext = "a cat --video" # --video\n'.replace("\n", end)
    first, second = host_named("toml").literals(text.encode())
    assert [first.text, second.text] == list(tomllib.loads(text).values())
    assert (first.locked, second.locked) == ("", "")


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("python", 'x = (\ny = """\nf("a") + "--video"\nz = 1\n'),
        ("javascript", "x = {;\ny = `\nf('--video');\nlet z = `1;\n"),
        ("ruby", "x = (]\ny = <<~T\n  f '--video'\n"),
        ("php", '<?php x = (]; \n$y = \'a\n f("--video");\n'),
        ("bash", "cat <<E\nf --video\n"),
        ("bash", "x=$(\n f 'a\n g --video\n"),
    ],
)
def test_lines_behind_an_error_that_a_string_takes_are_said(name: str, source: str) -> None:
    assert unread(source.encode(), host_named(name))


def test_a_prompt_of_several_lines_behind_an_error_is_reported_as_one() -> None:
    source = b"x = {;\nprompt = `a cat --video --video_model kling25\n  --duration 5`;\n"
    host = host_named("javascript")
    ((literal, decision),) = candidates(source, host)
    assert decision.taken
    assert literal.locked
    assert unread(source, host) == []
