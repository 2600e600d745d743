"""Strings that are put together are one prompt; flags alone in a constant are checked as such."""

import json
import sqlite3
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from check.hosts import judges
from flaglift.check.hosts.base import HOLE, Literal, LiteralChange
from flaglift.check.hosts.finding import candidates, leaves
from flaglift.check.hosts.lifting import lift_literal
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite
from flaglift.settings import DEFAULT


def texts(name: str, source: str) -> list[str]:
    return [literal.text for literal in leaves(host_named(name).literals(source.encode()))]


def only(name: str, source: str) -> Literal:
    ((literal, _),) = candidates(source.encode(), host_named(name))
    return literal


@pytest.mark.parametrize(
    ("name", "source", "text"),
    [
        ("javascript", "x = ['ohwx man', '--video'].join(' ')", "ohwx man --video"),
        ("javascript", "x = ['ohwx man', '--video'].join()", "ohwx man,--video"),
        ("javascript", "x = ['a', b, `c ${d}`, '--video'].join('\\n')", None),
        ("javascript", "x = ['a', b, `c ${d}`, '--video'].join(' ')", "a ￼ c ￼ --video"),
        ("javascript", "x = ['a ' + b, '--video'].join(' ')", "a ￼ --video"),
        ("javascript", "x = [b, '--video'].join(\" \") + c", "￼"),
        ("typescript", "const x: string = [\n  'a', // c\n  '--video',\n].join(' ')", "a --video"),
        ("python", "x = ' '.join(['ohwx man', '--video'])", "ohwx man --video"),
        ("python", "x = ' '.join(('a' 'b', '--video', c))", "ab --video ￼"),
        ("python", "x = ''.join(['a ', '--video'])", "a --video"),
        ("python", "y( = 1\nx = 'a --video'\ns = 'b'\n", "a --video"),  # which does not parse
        ("ruby", "x = ['ohwx man', '--video'].join(' ')", "ohwx man --video"),
        ("ruby", "x = ['ohwx man ', '--video'].join", "ohwx man --video"),
        ("javascript", "x = ('a --video ' + '--duration 5 ') + '--video'", None),
        ("python", "x = ('a ' 'b ') + ('--video' + c)", "a b --video￼"),
        ("ruby", "x = ('a ' + 'b ') + '--video'", "a b --video"),
        ("ruby", "x = %w[a\\ b c\\] --video].join(' ')", "a b c] --video"),
        ("ruby", "x = %w(a --video) * ' '", "a --video"),
        ("ruby", "x = %W[#{a}b c\\ d --video].join(' ')", "￼b c d --video"),
        ("ruby", "x = ['a', b, '--video'] * \" \"", "a ￼ --video"),
        ("ruby", "x = 'a ' + b << ' --video' << c", "a ￼ --video￼"),
        ("ruby", "x = 'a '.concat('--video', b)", "a --video￼"),
        ("javascript", "x = 'a '.concat('--video', b)", "a --video￼"),
        ("javascript", "x = ('a ' + b).concat(' --video')", None),
        ("sql", "UPDATE p SET text = text || ' --video'", "￼ --video"),
        ("sql", "UPDATE p SET text = p . text + N' --video' + ' it''s'", "￼ --video it's"),
        ("sql", "SELECT 'a' || /* b */ E' --video\\n' -- c\n || 'd' AS e", "a --video\nd"),
        ("sql", "SELECT 'a' || ($$ --video$$ || ('x'))", "a --videox"),
        ("sql", "SELECT ('a' || ' --video' || ?), (:b)", "a --video￼"),
        ("sql", "SELECT 'a' || lower(b) || 5 || @c || ' --video' || d[1] || 7;", "a￼￼￼ --video￼￼"),
        ("sql", "SELECT 'a' || (b, c) || ' --video'", "a￼ --video"),
        ("sql", "SELECT 'a'::varchar(9) || ' --video'::text FROM b", "a --video"),
        ("sql", "SELECT a ->> 'b' || ' --video'", "￼ --video"),
        ("sql", "SELECT 'a' * b || ' --video'", "￼ --video"),
        ("sql", "SELECT [a] + ' --video'", "￼ --video"),
        ("sql", "SELECT 'x' || CASE WHEN a THEN b END || ' --video'", "x￼ --video"),
        ("sql", "SELECT CASE WHEN a THEN b END || ' --video'", "￼ --video"),
        ("sql", "SELECT 'b' <> 'a' || ' --video'", "a --video"),
        ("sql", "SELECT 'b' = ('a' || ' --video'", "a --video"),
        ("sql", "SELECT 'b') || ('a' || ' --video')", "a --video"),
        ("sql", "SELECT CONCAT('a', CONCAT(' --video', b), ' c', )", "a --video￼ c"),
        ("sql", "SELECT concat_ws(', ', 'a', b, '--video')", "a, ￼, --video"),
        ("sql", "SELECT CONCAT_WS(x, 'a', '--video')", "a ￼ --video"),
        ("sql", "INSERT INTO p VALUES ('a' ' --video'\n\" b\") ENGINE=x", "a --video b"),
    ],
)
def test_what_is_joined_is_one_text(name: str, source: str, text: str | None) -> None:
    found = texts(name, source)
    if text is None:
        assert found
    elif text == "￼":
        assert found == ["￼ --video"]
    else:
        assert found == [text]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("javascript", "x = ['a cat', '--video'].map(' ')"),
        ("javascript", "x = list.join('--video')"),
        ("javascript", "x = ['a cat', '--video'].join(y)"),
        ("javascript", "x = join('a cat --video')"),
        ("python", "x = ' '.join(f('--video'))"),
        ("python", "x = y.join(['a cat', '--video'])"),
        ("python", "x = ' '.join()\ny = '--video'"),
        ("ruby", "x = y.join('--video')"),
        ("ruby", "x = join('--video')"),
        ("ruby", "x << 'a --video'"),
        ("ruby", "x.concat('a --video')"),
        ("ruby", "x = ['a --video'].concat"),
        ("ruby", "x = y * '--video'"),
        ("ruby", "x = %w[a --video]"),
        ("javascript", "x = y.concat('a --video')"),
        ("javascript", "x = ['a'].concat(['--video'])"),
        ("sql", "SELECT 'a --video' AS a, 'b'"),
        ("sql", "SELECT a || b, 'a --video'; SELECT 'c'"),
        ("sql", "SELECT lower('a --video')"),
        ("sql", "SELECT 'a' < 'b --video'"),
        ("sql", "UPDATE p SET a = b, text = 'a --video' WHERE c = d"),
        ("sql", "SELECT b || c = 'a --video'"),
        ("sql", "SELECT b ->> 'a --video'"),
        ("sql", "SELECT CASE WHEN b THEN 'a --video' ELSE c END"),
    ],
)
def test_what_is_not_known_to_be_joined_stays_apart(name: str, source: str) -> None:
    assert "--video" in " ".join(texts(name, source))
    assert not any("￼" in text for text in texts(name, source))


SQL_PARTS = st.lists(st.sampled_from(["a", " --video", "it''s", " --duration 7", "\n", "é"]),
                     min_size=1, max_size=5)  # fmt: skip


@given(SQL_PARTS, st.data())
def test_a_database_joins_the_same(parts: list[str], data: st.DataObject) -> None:
    expression = f"'{parts[0]}'"
    for part in parts[1:]:
        sign = data.draw(st.sampled_from([" || ", "||", " /* + */\n|| -- 'x'\n"]))
        form = data.draw(st.sampled_from(["{}{}'{}'", "({}{}'{}')", "{}{}('{}')"]))
        expression = form.format(expression, sign, part)
    source = f"SELECT {expression}"
    (expected,) = sqlite3.connect(":memory:").execute(source).fetchone()
    (literal,) = host_named("sql").literals(source.encode())
    assert literal.text == expected
    changed, refused = rewrite(
        source.encode(), host_named("sql"), [LiteralChange(literal, "b" + expected)]
    )
    assert not refused
    assert sqlite3.connect(":memory:").execute(changed.decode()).fetchone() == (f"b{expected}",)


def test_what_is_joined_in_a_row_is_all_that_its_column_gets() -> None:
    head = "INSERT INTO p (text, video_model, video_prompt) VALUES "
    source = f"{head}('a --video' || ' --video_model kling25', NULL, NULL)"
    literal = only("sql", source)
    change = lift_literal(literal, DEFAULT, ["text"])
    assert isinstance(change, LiteralChange)
    new, refused = rewrite(source.encode(), host_named("sql"), [change])
    assert not refused
    assert new.decode().endswith("VALUES ('a' || '', 'kling25', 'a')")


def test_a_change_keeps_the_elements() -> None:
    source = "x = ['ohwx man', '--video', '--video', '--video_model kling25'].join(' ')"
    literal = only("javascript", source)
    new, refused = rewrite(
        source.encode(),
        host_named("javascript"),
        [LiteralChange(literal, "ohwx man --video --video_model kling25")],
    )
    assert not refused
    assert new.decode() == "x = ['ohwx man', '--video', '--video_model kling25'].join(' ')"


WORDS = st.lists(st.sampled_from(["a", "--video", "it's", '"x"', "--duration 7", "\\", "é"]),
                 min_size=1, max_size=5)  # fmt: skip


@given(WORDS, WORDS, st.sampled_from([" ", "", ", "]))
def test_the_real_reader_joins_the_same(words: list[str], new: list[str], between: str) -> None:
    elements = ", ".join(map(json.dumps, words))
    source = f"[[{elements}].join({json.dumps(between)})]"
    expected = judges.node(source)
    found = [each for each in host_named("javascript").literals(source.encode()) if each.start == 1]
    assert [each.text for each in found] == expected
    text = between.join(new)
    changed, refused = rewrite(
        source.encode(), host_named("javascript"), [LiteralChange(found[0], text)]
    )
    if refused:
        assert changed.decode() == source
    else:
        assert judges.node(changed.decode()) == [text]


@pytest.mark.parametrize(
    "source",
    [
        "now=`date`\ncurl -F 'prompt[text]=BAD' http://x/\n",
        "D=`dirname \"$0\"`\ncurl -F 'prompt[text]=BAD' x\n",
        "rm `ls`\ncurl -F 'prompt[text]=BAD' x\n",
        "if [ `id -u` = 0 ]; then :; fi\ncurl -F 'prompt[text]=BAD' x\n",
        'ID=`curl http://x/ -F "prompt[text]=BAD"`\n',
        "ID=\"$(curl http://x/ -F 'prompt[text]=BAD')\"\n",
        'echo "a $(curl -F "prompt[text]=BAD" x) b"\n',
        "x=${y:-$(curl -F 'prompt[text]=BAD' x)}\n",
    ],
)
def test_words_around_and_inside_substitutions_are_found(source: str) -> None:
    text = "a cat --video --video_model kling25 --duration 7"
    source = source.replace("BAD", text)
    assert subprocess.run(["bash", "-n"], input=source.encode(), check=False).returncode == 0
    literal = only("bash", source)
    assert literal.text == text
    new, refused = rewrite(
        source.encode(), host_named("bash"), [LiteralChange(literal, text.replace("7", "5"))]
    )
    assert not refused
    assert new.decode() == source.replace("7", "5")


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("ruby", 'x = "a --video#{y}" + z', 'x = "a --video#{y}b" + z'),
        ("ruby", 'x = "a --video#{y}#{z}" + "c"', 'x = "a --video#{y}b#{z}" + "c"'),
        ("ruby", 'x = "a --video" + y + "#{z}c"', 'x = "a --video" + y + "b#{z}c"'),
        ("python", "x = f'a --video{y}' f'{z}c'", "x = f'a --video{y}b' f'{z}c'"),
        ("python", "x = f'a --video{y}{z}' + 'c'", "x = f'a --video{y}b{z}' + 'c'"),
        ("python", "x = 'a --video' + y + '' + z", "x = 'a --video' + y + 'b' + z"),
        ("javascript", "x = `a --video${y}` + z", "x = `a --video${y}b` + z"),
        ("php", '<?php $x = "a --video{$y}" . $z;', '<?php $x = "a --video{$y}b" . $z;'),
    ],
)
def test_text_is_put_between_two_values(name: str, before: str, after: str) -> None:
    """Within the string of the first one, if that goes on behind it."""
    literal = only(name, before)
    at = literal.text.index(HOLE) + 1
    text = f"{literal.text[:at]}b{literal.text[at:]}"
    host = host_named(name)
    assert rewrite(before.encode(), host, [LiteralChange(literal, text)]) == (after.encode(), ())
