"""A text that code changes before it is a prompt is reported, and not fixed."""

import pytest

from flaglift.check.hosts.base import Literal, LiteralChange
from flaglift.check.hosts.checking import lint_literal
from flaglift.check.hosts.finding import candidates
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite
from flaglift.settings import DEFAULT

BAD = "ohwx cat --video --video_model kling25 --duration 5s"


def prompt_in(name: str, source: str) -> Literal:
    (found,) = candidates(source.replace("BAD", BAD).encode(), host_named(name))
    assert found.decision.taken
    return found.literal


@pytest.mark.parametrize(
    ("name", "source", "applied"),
    [
        ("python", "x = 'BAD'.replace('5s', '6')", "replace"),
        ("python", "x = ('BAD').upper()", "upper"),
        ("python", "x = 'BAD'.strip('s')", "strip"),
        ("python", "x = 'BAD'.strip().lower()", "lower"),
        ("python", "x = ('ohwx a '\n     'BAD').lower()", "lower"),
        ("python", "x = ('BAD' if y else '').title()", "title"),
        ("python", "x = ' '.join(['BAD', 'b']).title()", "title"),
        ("python", "x = dedent('BAD').title()", "title"),
        ("python", "for x in 'BAD'.split(): y(x)", "split"),
        ("python", "x = 'BAD {y: >9}'.format(y)", "format"),
        ("python", "x = 'BAD' * 2", "*"),
        ("python", "x = ('BAD' or y).title()", "title"),
        ("python", "x = (y := 'BAD').title()", "title"),
        ("python", "x = shlex.split('BAD')", "shlex.split"),
        ("python", "x = re.sub(y, z,  # why\n  'BAD')", "re.sub"),
        ("python", "x = re.sub(y, z, string='BAD')", "re.sub"),
        ("javascript", "x = 'BAD'.split(' ').slice(1)", "split"),
        ("javascript", "x = `BAD`.replace('5s', '6')", "replace"),
        ("javascript", "x = (y ? 'BAD' : '')?.toUpperCase()", "toUpperCase"),
        ("typescript", "x = ('BAD' as string).slice(1)", "slice"),
        ("javascript", "x = decodeURIComponent('BAD')", "decodeURIComponent"),
        ("javascript", "x = ('BAD' ?? y).slice(1)", "slice"),
        ("javascript", "x = _.toUpper('BAD')", "_.toUpper"),
        ("ruby", "x = 'BAD'.sub('5s', '6')\n", "sub"),
        ("ruby", "x = 'BAD'.freeze.sub('5s', '6')\n", "sub"),
        ("ruby", "x = <<~X.sub('5s', '6')\n  BAD\nX\n", "sub"),
        ("ruby", "x = 'BAD' * 2\n", "*"),
        ("ruby", "x = ('BAD' || y).sub('5s', '6')\n", "sub"),
        ("ruby", "x = 'BAD'.tap { |y| y.sub!('5s', '6') }\n", "tap"),
        ("php", "<?php $x = str_replace('5s', '6', 'BAD');", "str_replace"),
        ("php", "<?php $x = \\ucfirst('BAD');", "\\ucfirst"),
        ("php", "<?php $x = explode(' ', 'BAD');", "explode"),
        ("php", "<?php $x = Str::of('BAD')->replace('5s', '6');", "replace"),
        ("go", 'package p\nvar x = strings.ReplaceAll("BAD", "5s", "6")\n', "strings.ReplaceAll"),
        ("go", 'package p\nvar x = strings.Fields("BAD")\n', "strings.Fields"),
        ("go", 'package p\nvar x = strings.Map(f, "BAD")\n', "strings.Map"),
        ("sql", "INSERT INTO t (text) VALUES (upper( 'BAD'));", "upper"),
        ("sql", "UPDATE t SET text = REPLACE('BAD', '5s', '6');", "REPLACE"),
        ("bash", "prompt=$(echo 'BAD' | sed s/5s/6/)\n", "sed"),
        ("bash", "prompt=$(printf '%s' 'BAD' | jq . | tr a b)\n", "tr"),
        ("bash", "prompt=$(sed s/5s/6/ <<< 'BAD')\n", "sed"),
        ("bash", "sed s/5s/6/ > prompts.txt <<'X'\nBAD\nX\n", "sed"),
    ],
)
def test_a_text_that_is_changed_before_it_is_used_is_not_fixed(
    name: str, source: str, applied: str
) -> None:
    literal = prompt_in(name, source)
    reason = f"`{applied}` is applied to it before it is used, so the effect of a fix is not known"
    assert literal.locked == reason
    assert "FL401" in [finding.code for finding in lint_literal(literal, DEFAULT)]
    data = source.replace("BAD", BAD).encode()
    text = literal.text.replace("5s", "5")
    new, (refused,) = rewrite(data, host_named(name), [LiteralChange(literal, text)])
    assert (new, refused.reason) == (data, reason)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("python", "x = 'BAD'.strip()"),
        ("python", "x = 'BAD'.rstrip('\\n').encode('utf-8')"),
        ("python", "x = dedent('BAD').strip()"),
        ("python", "x = _('BAD')"),
        ("python", "x = 'BAD {y} {{z}}'.format(y=z)"),
        ("python", "x = 'BAD %s' % y"),
        ("python", "requests.post(y, data={'text': 'BAD'})"),
        ("python", "y(prompt='BAD').replace('5s', '6')"),
        ("python", "x = y.replace('X', 'BAD')"),
        ("python", "x = re.sub('X', 'BAD', y)"),
        ("python", "x = y('a', 'b', 'c', 'd', 'BAD')"),
        ("python", f"x = {'(' * 20}'BAD'{')' * 20}"),
        ("javascript", "x = 'BAD'.trim()"),
        ("javascript", "x = ['BAD'].map(y)"),
        ("javascript", "fetch(x, {body: JSON.stringify({text: 'BAD'})}).then(y)"),
        ("javascript", "x.y.split('BAD')"),
        ("ruby", "X = 'BAD'.freeze\n"),
        ("ruby", "x = 'BAD'.strip.encode('utf-8')\n"),
        ("ruby", "x = <<~X.strip\n  BAD\nX\n"),
        ("ruby", "x = 'BAD' % y\n"),
        ("php", "<?php $x = trim('BAD');"),
        ("php", "<?php $x->post(['text' => 'BAD'])->replace('5s', '6');"),
        ("php", "<?php $x = str_replace('X', 'BAD', $y);"),
        ("go", 'package p\nvar x = strings.TrimSpace("BAD")\n'),
        ("go", 'package p\nvar x = fmt.Sprintf("BAD %s", y)\n'),
        ("go", 'package p\nvar x = []byte("BAD")\n'),
        ("sql", "UPDATE t SET text = TRIM('BAD');"),
        ("sql", "UPDATE t SET text = REPLACE(text, 'X', 'BAD');"),
        ("bash", "prompt=$(echo 'BAD' | jq -Rs .)\n"),
        ("bash", "curl -F 'text=BAD' https://api.astria.ai/tunes/1/prompts | sed s/a/b/\n"),
        ("bash", "prompt=$(jq . <<< 'BAD')\n"),
        ("bash", "for x in 'BAD'; do y \"$x\"; done\n"),
    ],
)
def test_a_text_that_is_used_as_it_is_is_fixed(name: str, source: str) -> None:
    literal = prompt_in(name, source)
    data = source.replace("BAD", BAD).encode()
    change = LiteralChange(literal, literal.text.replace("5s", "5"))
    assert rewrite(data, host_named(name), [change]) == (
        data.replace(b"kling25 --duration 5s", b"kling25 --duration 5"),
        (),
    )
