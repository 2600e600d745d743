"""Where a literal stands, in every language: role, key, call."""

import pytest

from flaglift.check.hosts.base import Literal
from flaglift.check.hosts.registry import host_named

MARKED = "a --video"


def literal_in(name: str, source: str) -> Literal:
    """Return the literal that holds the mark."""
    found = host_named(name).literals(source.encode())
    return next(literal for literal in found if MARKED in literal.text)


@pytest.mark.parametrize(
    ("name", "source", "role", "key", "call"),
    [
        ("python", "x = 'a --video'", "value", "x", ""),
        ("python", "self.prompt = 'a --video'", "value", "prompt", ""),
        ("python", "x: str = 'a --video'", "value", "x", ""),
        ("python", "x += 'a --video'", "value", "x", ""),
        ("python", "def f(x='a --video', y: str = 1): pass", "value", "x", ""),
        ("python", "if (x := 'a --video'): pass", "value", "x", ""),
        ("python", "f('a --video')", "argument", "", "f"),
        ("python", "a.b(1, ['a --video'])", "argument", "", "a.b"),
        ("python", "a.b('text', 'a --video')", "argument", "text", "a.b"),
        ("python", "a.b(text='a --video'.strip())", "value", "text", "a.b"),
        ("python", "f({'prompt[text]': 'a --video'})", "value", "prompt[text]", "f"),
        ("python", "x = {'a': {'text': ('a --video')}}", "value", "text", ""),
        ("python", "x = {'a --video': 1}", "key", "", ""),
        ("python", "x['a --video'] = 1", "operand", "", ""),
        ("python", "y = x['a --video']", "operand", "", ""),
        ("python", "if x == 'a --video': pass", "operand", "", ""),
        ("python", "if 'a --video' in x: pass", "operand", "", ""),
        ("python", "def f():\n    'a --video'", "statement", "", ""),
        ("python", "def f():\n    return 'a --video'", "value", "", ""),
        ("python", "f(f'{x} a --video' 'b' + y)", "argument", "", "f"),
        ("javascript", "const x = 'a --video'", "value", "x", ""),
        ("javascript", "x.y = 'a --video'", "value", "y", ""),
        (
            "javascript",
            "f.append('prompt[text]', `a --video ${x}`)",
            "argument",
            "prompt[text]",
            "f.append",
        ),
        ("javascript", "new Option('a --video')", "argument", "", "Option"),
        ("python", "p.add_argument('-p', '--p', default='a --video')", "default", "--p", ""),
        ("python", "p.add_argument('p', nargs='*', default=['a --video'])", "default", "p", ""),
        ("python", "p.add_argument('--p', help='a --video')", "option", "help", ""),
        ("python", "p.add_argument('a --video', default=1)", "option", "", ""),
        ("python", "@click.option(\n'--p',\n# c\ndefault='a --video')", "default", "--p", ""),
        ("python", "x: str = typer.Option('a --video', help='y')", "value", "x", ""),
        ("python", "x = Argument('a --video', '--p')", "default", "--p", ""),
        ("python", "x = Option('p', 'a --video')", "option", "", ""),
        ("python", "f(add_option(default='a --video'))", "value", "default", "f"),
        ("javascript", "p.option('--p <p>', 'b', 'a --video')", "default", "--p <p>", ""),
        ("javascript", "p.option('--p <p>', 'a --video')", "option", "", ""),
        ("javascript", "y.option('p', {default: 'a --video'})", "default", "p", ""),
        ("javascript", "y.options({p: {default: 'a --video'}})", "default", "p", ""),
        ("javascript", "y.options({p: {describe: 'a --video'}})", "option", "describe", ""),
        ("ruby", "option :p, default: 'a --video'", "default", "p", ""),
        ("ruby", "o.on('--p P', 'a --video')", "option", "", ""),
        ("php", "<?php $this->addOption('p', null, 4, 'b', 'a --video');", "default", "p", ""),
        ("php", "<?php $this->addArgument('p', 4, 'a --video');", "option", "", ""),
        ("go", 'package a\nvar p = flag.String("p", "a --video", "b")', "default", "p", ""),
        ("go", 'package a\nvar p = flag.String("p", "", "a --video")', "option", "", ""),
        ("javascript", "x = {text: 'a --video'}", "value", "text", ""),
        ("javascript", "x = {'a --video': 1}", "key", "", ""),
        ("javascript", "if (x === 'a --video') {}", "operand", "", ""),
        ("javascript", "x['a --video']", "operand", "", ""),
        ("javascript", "switch (x) { case 'a --video': }", "operand", "", ""),
        ("javascript", "x = y ? 'a --video' : ''", "value", "x", ""),
        ("javascript", "'a --video';", "statement", "", ""),
        ("javascript", "const f = (x = 'a --video') => 1", "value", "x", ""),
        ("javascript", "x = <A p='a --video'/>", "value", "p", ""),
        ("javascript", "x = <A p={`a --video`}/>", "value", "p", ""),
        ("javascript", "class A { p = 'a --video' }", "value", "p", ""),
        ("typescript", "class A { p: string = 'a --video' }", "value", "p", ""),
        ("tsx", "const x: string = f<string>('a --video') as string", "argument", "", "f"),
        ("ruby", "x = 'a --video'", "value", "x", ""),
        ("ruby", "@x ||= 'a --video'", "value", "x", ""),
        ("ruby", "a.create(text: 'a --video')", "value", "text", "a.create"),
        ("ruby", "f 'text', 'a --video'", "argument", "text", "f"),
        ("ruby", "x = {'text' => 'a --video'}", "value", "text", ""),
        ("ruby", "f(<<~T)\n  a --video\nT\n", "argument", "", "f"),
        ("ruby", "raise 'x' if y == 'a --video'", "operand", "", ""),
        ("ruby", "x['a --video']", "operand", "", ""),
        ("ruby", "def f(x: 'a --video', y: 1)\nend", "value", "x", ""),
        ("bash", "x='a --video'", "value", "x", ""),
        ("bash", "f -F 'a --video'", "word", "-F", "f"),
        ("bash", "f -- 'a --video'", "word", "--", "f"),
        ("bash", "f x 'a --video'", "word", "", "f"),
        ("bash", "'a --video' b", "command", "", "'a --video'"),
        ("bash", "[ \"$x\" = 'a --video' ]", "operand", "", ""),
        ("bash", "case $x in 'a --video') ;; esac", "operand", "", ""),
        ("bash", "for x in 'a --video'; do :; done", "word", "", ""),
        ("bash", "cat <<E\na --video\nE\n", "document", "", "cat"),
        ("bash", "x=$(python3 <<E\na --video\nE\n)", "document", "", "python3"),
        ("bash", "{ a; } <<E\na --video\nE\n", "document", "", ""),
        ("json", '{"a": ["a --video"]}', "value", "a", ""),
        ("json", '"a --video"', "value", "", ""),
        ("yaml", "a: {b: [a --video]}", "value", "b", ""),
        ("yaml", "a --video", "value", "", ""),
        ("toml", "a.b = 'a --video'", "value", "b", ""),
        ("csv", "text\na --video\n", "cell", "text", ""),
        ("csv", "x y,text\na,b,a --video\n", "cell", "", ""),
        ("lines", "a --video", "text", "", ""),
        ("markdown", "`a --video`", "inline", "", ""),
        ("markdown", "```py x\na --video\n```\n", "code", "py", ""),
        ("markdown", "```{.python}\na --video\n```\n", "code", "python", ""),
        ("markdown", "```\na --video\n```\n", "code", "", ""),
    ],
)
def test_origins(name: str, source: str, role: str, key: str, call: str) -> None:
    assert literal_in(name, source).origin[:3] == (role, key, call)


@pytest.mark.parametrize(
    ("name", "source", "pointer"),
    [
        ("json", '{"a/b": {"~": ["x", "a --video"]}}', "/a~1b/~0/1"),
        ("json", '{"a": 1} {"b": "a --video"}', "/1/b"),
        ("jsonl", '{"a": "a --video"}', "/0/a"),
        ("json", '// c\n[/* c */ 1, "a --video"]', "/1"),
        ("yaml", "- a\n- b: {c: a --video}\n", "/1/b/c"),
        ("yaml", "a: 1\n---\nb: a --video\n", "/1/b"),
        ("yaml", "? [k]\n: a --video\n", "/"),
        ("yaml", "? {k: v}\n: [x, a --video]\n", "//1"),
        ("toml", "[a.'b c']\n[[a.d]]\n[[a.d]]\nx = [1, {y = 'a --video'}]\n", "/a/d/1/x/1/y"),
        ("csv", "id,text\n1,a --video\n", "/1/text"),
        ("csv", "1,a --video\n", "/0/1"),
        ("lines", "x\ny\na --video\n", "/2"),
        ("python", "x = 'a --video'", ""),
    ],
)
def test_pointers(name: str, source: str, pointer: str) -> None:
    assert literal_in(name, source).pointer == pointer


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("python", "x = ('a --video'"),
        ("python", "def f(:\n  x = 'a --video'"),
        ("python", "x = f'{y!} a --video'"),
        ("javascript", "x = {text: 'a --video'"),
        ("javascript", "require(`x)\nf('a --video')"),
        ("json", '{"a": "a --video"'),
        ("json", '{"a" "a --video"}'),
        ("toml", "a = 'a --video'\nb = = 1\n"),
        ("yaml", "a: a --video\nb: [\n"),
        ("bash", "if x; then f 'a --video'"),
        ("bash", "cat <<E\na --video"),
        ("ruby", "x = {a: 'a --video'"),
    ],
)
def test_broken_code_is_read_and_locked(name: str, source: str) -> None:
    assert literal_in(name, source).locked


@pytest.mark.parametrize(
    ("name", "source", "reason"),
    [
        ("python", r"x = 'a --video \N{NO SUCH NAME}'", "escape"),
        ("python", r"x = 'a --video \ud83d'", "escape"),
        ("python", r"x = 'a --video \U00110000'", "escape"),
        ("javascript", r"x = 'a --video \ud83d'", "escape"),
        ("javascript", r"x = 'a --video \u{110000}'", "escape"),
        ("javascript", "x = String.raw`a --video \\n`", "String.raw"),
        ("json", r'"a --video \q"', "escape"),
        ("json", r'"a --video \ud83d"', "escape"),
        ("toml", r'a = "a --video \UFFFFFFFF"', "escape"),
        ("yaml", "a: 'a --video'\nb: x\u2028\n", "line ends"),
        ("yaml", "a: |\n   a --video\n  \u2028\nb: 1\n", "line ends"),
        ("bash", r"f $'a --video \x00'", "escape"),
        ("bash", r"f $'a --video \xff'", "escape"),
        ("bash", "f {'a --video',b}", "words"),
        ("ruby", r'x = "a --video \xff"', "escape"),
        ("ruby", r'x = "a --video \C-a"', "escape"),
        ("ruby", r'x = "a --video \u{110000}"', "escape"),
        ("ruby", "x = <<~E\n  a --video \\\n  b\nE\n", "indentation"),
        ("ruby", "x = <<~E\n\ta --video\nE\n", "indentation"),
        ("ruby", "x = <<E\na --video \\\nE\nE\n", "last line"),
        ("markdown", "- a\n\n\t```\n\ta --video\n\t```\n", "tabs"),
        ("markdown", "- a\n\n      a --video\n", "indented"),
        ("markdown", "`a --video\nb`", "another line"),
        ("markdown", "| a |\n|---|\n| `a --video \\| b` |\n", "another line"),
    ],
)
def test_what_cannot_be_followed_is_locked(name: str, source: str, reason: str) -> None:
    assert reason in literal_in(name, source).locked


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("javascript", "import x from 'a --video'"),
        ("javascript", "export * from 'a --video'"),
        ("ruby", "x = %w[a --video]"),
        ("bash", "# a --video"),
        ("markdown", "a --video\n\n# a --video"),
        ("json", '{"a --video": 1}'),
        ("yaml", "a --video: 1\n? [a --video]\n: 2\n"),
        ("toml", "'a --video' = 1\n['a --video'.b]\n"),
        ("yaml", "[a: b\nc: a --video"),
    ],
)
def test_what_is_no_value_is_no_literal(name: str, source: str) -> None:
    found = host_named(name).literals(source.encode())
    assert [literal.text for literal in found if MARKED in literal.text] == []
