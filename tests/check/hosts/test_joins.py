"""Strings that are put together are one prompt; flags alone in a constant are checked as such."""

import json
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from check.hosts import judges
from flaglift.check.hosts.base import Literal, LiteralChange
from flaglift.check.hosts.finding import candidates, leaves
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite


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
    ],
)
def test_what_is_not_known_to_be_joined_stays_apart(name: str, source: str) -> None:
    assert "--video" in " ".join(texts(name, source))
    assert not any("￼" in text for text in texts(name, source))


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
