"""Prompts in bytes, in words that hold options or scripts, and in HTML of Markdown."""

import pytest

from flaglift.check.hosts.base import Literal, LiteralChange
from flaglift.check.hosts.finding import candidates, comments
from flaglift.check.hosts.pieces import QUOTED, UNREAD
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite
from flaglift.check.hosts.unread import unread

BAD = "ohwx cat --video --video_model kling25 --duration 7"


def prompts(name: str, source: str) -> list[Literal]:
    return [each for each, said in candidates(source.encode(), host_named(name)) if said.taken]


@pytest.mark.parametrize(
    ("source", "hosts"),
    [
        ("python: x = b'BAD'", "python"),
        ('python: x = rb"""BAD"""', "python"),
        ('python: x = b\'{"prompt": {"text": "BAD"}}\'', "python json"),
        ("bash: bash -c \"curl -F 'prompt[text]=BAD' u\"", "bash bash form"),
        ("bash: /bin/sh -c 'P=\"BAD\"'", "bash bash"),
        ("bash: ssh h 'curl -F \"prompt[text]=BAD\" u'", "bash bash form"),
        ("bash: node -e 'f({text: \"BAD\"})'", "bash javascript"),
        ("bash: deno eval 'f({text: \"BAD\"})'", "bash javascript"),
        ("bash: sudo /usr/bin/python3.11 -Ic \"f(text='BAD')\"", "bash python"),
        ("bash: ruby -rjson -e 'f(text: \"BAD\")'", "bash ruby"),
        ("bash: bin/rails runner 'f(text: \"BAD\")'", "bash ruby"),
        ('bash: php -r \'f(["text" => "BAD"]);\'', "bash php"),
        ('bash: php artisan tinker --execute=\'f(["text" => "BAD"]);\'', "bash php"),
        ("bash: docker exec db psql d -tAc \"UPDATE p SET text = 'BAD'\"", "bash sql"),
        ("bash: mysql -e\"UPDATE p SET text = 'BAD'\"", "bash sql"),
        ("bash: su x -c \"gen --prompt 'BAD'\"", "bash bash"),
        ("bash: eval \"gen --prompt 'BAD'\"", "bash bash"),
        ("bash: watch \"gen --prompt 'BAD'\"", "bash bash"),
        ("bash: wget --post-data='prompt[text]=BAD' u", "bash form"),
        ("bash: wget --body-data 'id=1&text=BAD' u", "bash form"),
        ('bash: wget --post-data=\'{"text": "BAD"}\' u', "bash json"),
        ("bash: http POST u 'prompt[text]=BAD'", "bash form"),
        ("bash: curl u --data-urlencode='prompt[text]=BAD'", "bash form"),
        ("bash: curl u -d'prompt[text]=BAD' -F x=1", "bash form"),
        ("bash: curl u -Fprompt[text]='BAD'", "bash form"),
        ("bash: python gen.py -c 'BAD'", "bash"),
        ("bash: python -m gen -c 'BAD'", "bash"),
        ("bash: node gen.js -p 'BAD'", "bash"),
        ("bash: gen -c'BAD'", "bash"),
        ("bash: > 'BAD' a", "bash"),
        ("bash: gen --prompt='BAD'", "bash form"),
        ('bash: gen "--image-prompt=BAD"', "bash form"),
        ("yaml: args: ['--prompt=BAD']", "yaml form"),
        ("markdown: <pre>\nBAD\n</pre>\n", "markdown html"),
        ("markdown: > <p\n> title='BAD'>x</p>\n", "markdown html"),
        ("markdown: - <p>\r\n  BAD</p>\r\n", "markdown html"),
        ("markdown: <script>\nx = 'BAD'\n</script>\n", "markdown html javascript"),
    ],
)
def test_a_prompt_is_found_and_fixed_in_its_place(source: str, hosts: str) -> None:
    name, _, source = source.replace("BAD", BAD).partition(": ")
    (literal,) = prompts(name, source)
    assert literal.hosts == tuple(hosts.split())
    assert literal.text.strip() == BAD
    change = LiteralChange(literal, literal.text.replace("--duration 7", "--duration 5"))
    new, refused = rewrite(source.encode(), host_named(name), [change])
    assert not refused
    assert new.decode() == source.replace("--duration 7", "--duration 5")


@pytest.mark.parametrize(
    "source",
    ["perl -we 'f(text => \"BAD\");'", "Rscript -e 'f(text=\"BAD\")'", "pwsh -Command 'f \"BAD\"'"],
)
def test_code_of_a_language_that_is_not_read_is_said(source: str) -> None:
    data = source.replace("BAD", BAD).encode()
    assert all(each.locked == UNREAD for each in prompts("bash", data.decode()))
    assert {each.reason for each in unread(data, host_named("bash"))} == {UNREAD}
    assert not unread(b"perl -ne 'print if /--video/ && $x --duration'", host_named("bash"))


@pytest.mark.parametrize(
    ("source", "hosts"),
    [
        ("python: os.system('gen --prompt \"BAD\"')", "python bash"),
        ("python: os.popen('gen ' + '--prompt \"BAD\"')", "python bash"),
        ("python: subprocess.run(f\"gen {x} --prompt 'BAD'\", shell=True)", "python bash"),
        ("python: run(['sh', '-c', \"gen --prompt 'BAD'\"])", "python bash"),
        ("python: run(['python', '-c', \"f(text='BAD')\"])", "python python"),
        ("python: run(['gen', '--prompt', 'BAD'])", "python"),
        ("python: os.system(a, 'BAD')", "python"),
        ("python: replicate.run('BAD')", "python"),
        ("javascript: cp.execSync(`gen --prompt 'BAD'`)", "javascript bash"),
        ("javascript: exec(\"gen --prompt 'BAD'\", (e) => 1)", "javascript bash"),
        ("javascript: spawn('sh', ['-c', \"gen --prompt 'BAD'\"])", "javascript bash"),
        ("typescript: spawn(\"gen --prompt 'BAD'\", {shell: true})", "typescript bash"),
        ("javascript: /x/.exec('BAD')", "javascript"),
        ("ruby: system \"gen --prompt 'BAD'\"", "ruby bash"),
        ("ruby: system('gen', '--prompt', 'BAD')", "ruby"),
        ("ruby: Open3.capture2e(\"gen --prompt 'BAD'\", chdir: x)", "ruby bash"),
        ("php: <?php exec(\"gen --prompt 'BAD'\", $out);", "php bash"),
        ("php: <?php new Process(['sh', '-c', \"gen --prompt 'BAD'\"]);", "php bash"),
        ('go: package p\nvar x = exec.Command("sh", "-c", `gen -p \'BAD\'`)', "go bash"),
        ('go: package p\nvar x = []string{"bash", "-c", `gen -p \'BAD\'`}', "go bash"),
    ],
)
def test_what_a_call_runs_is_read_as_a_command(source: str, hosts: str) -> None:
    name, _, source = source.replace("BAD", BAD).partition(": ")
    found = prompts(name, source)
    assert [each.hosts for each in found] == [tuple(hosts.split())]
    change = LiteralChange(found[0], found[0].text.replace("--duration 7", "--duration 5"))
    new, refused = rewrite(source.encode(), host_named(name), [change])
    assert not refused
    assert new.decode() == source.replace("--duration 7", "--duration 5")


def test_a_line_of_a_shell_in_a_template_is_read() -> None:
    (literal,) = prompts("javascript", f"await $`gen --prompt '{BAD}'`")
    assert literal.hosts == ("javascript", "bash")
    (other,) = prompts("javascript", f"x = html`{BAD}`")
    assert other.hosts == ("javascript",)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("python", "cmd = \"gen --prompt 'BAD'\""),
        ("python", "c.run(\"gen -p 'BAD'\")"),
        ("toml", "run_it = \"gen --prompt 'BAD'\""),
        ("yaml", "args: ['-c', 'gen --prompt \"BAD\"']"),
    ],
)
def test_a_prompt_after_an_option_is_checked_and_not_edited(name: str, source: str) -> None:
    (literal,) = prompts(name, source.replace("BAD", BAD))
    assert literal.locked == QUOTED
    assert [literal.part(each).literal.text for each in literal.possible] == [BAD]


def test_bytes_have_other_escapes_and_hold_ascii() -> None:
    source = r"x = b'sks \x41\u0041\' cat --video'"
    (literal,) = (each for each, _ in candidates(source.encode(), host_named("python")))
    assert literal.text == r"sks A\u0041' cat --video"
    host = host_named("python")
    new, refused = rewrite(source.encode(), host, [LiteralChange(literal, "an é --video")])
    assert refused
    assert new.decode() == source
    (other,) = (each for each, _ in candidates(rb"x = b'\xff --video'", host))
    assert other.locked


def test_a_comment_of_html_in_markdown_is_one_comment() -> None:
    source = b"<!-- a -->\n\n<p>x</p> <!-- b -->\n"
    assert [each.text for each in comments(source, host_named("markdown"))] == ["a", "b"]
