"""What a reader could not place is said, and the run is no clean one."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaglift.check.directives import PlacedLiteral, unread_spot
from flaglift.check.hosts.registry import host_named
from flaglift.check.nearby import Holders
from flaglift.lossless.spans import Span
from lossless.timing import with_effort
from repositories import LONG, write
from running import flaglift

RECORDED = [
    {
        "cell_type": "code",
        "source": "x",
        "outputs": [{"output_type": "stream", "name": "stdout", "text": LONG}],
    }
]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_part_that_was_not_read_is_said_each_time() -> None:
    write({"a.yaml": f'a: "x" y\nprompt: {LONG}\n', "b.txt": LONG})
    for _ in range(2):  # the second time from the cache, where there is one
        run = flaglift("check", "--select", "FL402")
        assert run.returncode == 2
        assert "a.yaml:2: not read: the code around it does not parse; it holds" in run.stderr
        assert "b.txt:1:" in run.stdout


def test_a_part_that_was_not_read_is_said_after_fixes_too() -> None:
    write({"a.yaml": f'b: {LONG}\na: "x" y\nprompt: {LONG}\n'})
    run = flaglift("check", "--unsafe-fixes")
    assert run.returncode == 2
    assert "a.yaml:3: not read" in run.stderr


def test_a_file_that_was_read_to_its_end_is_clean() -> None:
    write({"a.yaml": "# --video\na: b\n", "a.js": "let video = 1; --video;\n"})
    run = flaglift("check")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("name", "source", "line"),
    [
        ("a.md", f'---\na: "x" y\nprompt: {LONG}\n---\n', 3),
        ("a.yaml", f"text: {{\n  {LONG[:-20]}\n", 2),
        ("a.md", f'# é\n\n```yaml\na: "x" y\nprompt: {LONG}\n```\n', 5),
        ("a.md", f"- ```python\n  x = (\n  b = 1 {LONG}\n  ```\n", 3),
        ("a.html", f"<script>\nlet x = (\nfoo {LONG}\n</script>\n", 3),
        ("a.yaml", f'run: |\n  curl -X POST http://x -d @- <<E\n  {{}}\n  E\nb: "x" {LONG}\n', 5),
        (
            "a.ipynb",
            json.dumps(
                {"nbformat": 4, "cells": [{"cell_type": "code", "source": f"x = (\n{LONG}"}]}
            ),
            1,
        ),
        ("a.py", f"x = 1\n'{LONG}'\n\n)\n", 2),
        ("a.js", f"let x = 1\n'{LONG}'; f()\n\n)\n", 2),
        ("a.php", f"<?php\n'{LONG}';\n\n)\n", 2),
        ("a.rb", f"x = 1 )\nz = %w[a b\nh = {{text: '{LONG[:-20]}'}}\n", 3),
    ],
)
def test_code_that_was_not_read_is_said(name: str, source: str, line: int) -> None:
    write({name: source})
    run = flaglift("check")
    assert (run.returncode, run.stdout) == (2, "")
    said = f"flaglift: {name}:{line}: not read: the code around it does not parse; it holds"
    assert run.stderr.startswith(said)


@pytest.mark.parametrize(
    ("name", "source", "line"),
    [
        ("a.md", f"# {LONG}\n", 1),
        ("a.md", f"Some text.\n\n{LONG}\n\n- {LONG}\n\n> {LONG}\n", 3),
        ("a.md", f"| a | b |\n|---|---|\n| 1 | {LONG} |\n", 3),
        ("a.mdx", f"import X from 'x'\n\ntext {LONG}\n", 3),
        ("a.rb", f"x = 1\n__END__\n{LONG}\n", 3),
        ("a.php", f"<?php\n$a = 1;\n__halt_compiler();\n{LONG}\n", 4),
        ("a.http", f"POST http://x\nX-Prompt: {LONG}\n\na\n", 2),
        ("a.env", f"D: {LONG}\n", 1),
        ("a.md", f'# a\n\n```rust\nlet a = "{LONG}";\n```\n', 4),
        ("a.yaml", f"b: 1\na: {{{LONG}}}\n", 2),
        ("a.yaml", f"? {LONG}\n? b\n", 1),
        ("a.yaml", f"a: !!set {{b, {LONG}}}\n", 1),
        ("a.md", f"Run curl -F 'prompt[text]={LONG}' http://x\n", 1),
        ("a.md", f"```js\nlet a = 1;\nx\n```\n\n{LONG}\n", 6),
    ],
)
def test_prompts_where_nothing_is_read_are_said(name: str, source: str, line: int) -> None:
    write({name: source})
    run = flaglift("check")
    assert run.returncode == 2
    assert f"{name}:{line}: not read: " in run.stderr


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("a.md", "# Flags\n\nUse --video and --duration 5, or --video_model.\n"),
        ("a.md", "- --video makes a video\n- the --duration flag is gone\n"),
        ("a.js", "for (let video = 9; video; --video) { --duration; }\n"),
        ("a.c.rb", "x = 1 # see --video\n"),
        ("a.php", "<?php\nwhile (--$video) { $a = `ffmpeg -i a.mp4 --video`; }\n"),
        ("a.env", "# --video\nA=b\n"),
        ("a.md", '```rust\nlet a = args.contains("--video --duration");\n```\n'),
        ("a.json", json.dumps({LONG: 1})),
        ("a.yaml", f"{LONG}: 1\n"),
        ("a.yaml", "a: {--video, --duration}\nb:\n  --video_model:\n"),
        ("a.toml", f"'{LONG}' = 1\n"),
        ("a.ipynb", json.dumps({"nbformat": 4, "metadata": {"a": LONG}, "cells": RECORDED})),
    ],
)
def test_talk_of_flags_where_nothing_is_read_is_none(name: str, source: str) -> None:
    write({name: source})
    run = flaglift("check")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


OPTIONS = """\
while [ $# -gt 0 ]; do
  case "$1" in
    --video) video=1; shift;;
    (--duration) seconds=$2; shift 2;;
    -m | --video_model=* | --video_model ) model=$2;;
  esac
done
case $1 in --video) a;; --duration) b;; esac
"""


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("a.sh", OPTIONS),
        ("a.sh", f"{OPTIONS}if ! git diff --cached HEAD --\nthen exit; fi\n"),  # does not parse
        ("a.yaml", f"run: |\n  {OPTIONS.replace(chr(10), chr(10) + '  ')}\n"),
        ("a.sh", "[[ $1 == --video* || $2 =~ (^| )--duration=([0-9]+) ]] && exit\n"),
        ("a.sh", '[ "$1" = --video -o "$1" == --duration ] && exit\n'),
        ("a.sh", "a=${b#--video } c=${d##*--duration=} e=${f//--video/--audio}\n"),
        ("a.js", r"t.match(/--video --video_model (\S+) --duration\s+(\d+)/)"),
        ("a.ts", f"if (/{LONG}/.test(t)) {{}}"),
        ("a.rb", f"a = t.sub(/{LONG}/, '') if t =~ %r{{{LONG}}}\n"),
    ],
)
def test_what_code_compares_with_is_no_prompt(name: str, source: str) -> None:
    write({name: source})
    run = flaglift("check")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("name", "source", "line"),
    [
        ("a.sh", f"{OPTIONS}[[ a\n{LONG}\n", 10),
        ("a.js", f"x = (;\n/{LONG}/\n", 2),
        ("a.js", f"a = /--video/;\nb = {LONG}\n", 2),
    ],
)
def test_what_may_be_anything_is_said_beside_it(name: str, source: str, line: int) -> None:
    write({name: source})
    run = flaglift("check")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith(f"flaglift: {name}:{line}: not read: ")


@pytest.mark.parametrize(
    ("script", "lines"),
    [
        (f'gen "a 6" heel {LONG[:-20]}"\necho x "y"\n', [1]),
        (f"gen {LONG[:-20]}'\nx='a --video'\n", [1]),
        (f"fi\ngen {LONG[:-20]}`\n", [2]),
        ('fi\nmy_tool run it --video --video_model kling25 --duration 5\n', [2]),
        ('fi\nffmpeg -i "a --video --duration 5\n"\n', [2]),
        (f"echo $'a\\n\nPROMPT='{LONG[:-20]}' run\n", [2]),  # its quotes are those of others
        (f'x=1 )\nexport PROMPT={LONG[:-20]}"\n', [2]),  # begins like a command
        (f"cat < E > f )\n{LONG}\nE\n", [2]),  # a here-document without its operator
        (f"id=gen '{LONG[:-20]}'`\n", [1]),  # the substitution stays open
        (f'p=(\n  {LONG[:-20]}"\n  a dog"\n)\n', [2]),  # the parser is content
        (f'gen "a\nb" {LONG[:-20]} "c\nd"\n', [2]),
        (f"cur#l -F 'prompt[text]={LONG[:-20]}\n", [1]),  # is no comment
        (f"gen {LONG[:-20]}\necho 'b\nc'\n", []),
    ],
)  # fmt: skip
def test_words_are_said_where_their_quotes_are_torn(script: str, lines: list[int]) -> None:
    write({"a.sh": script})
    run = flaglift("check")
    said = [each for each in run.stderr.splitlines() if " not read: the code" in each]
    assert [each.split(":")[2] for each in said] == [str(line) for line in lines]


def test_documents_inside_documents_are_read_to_a_bound() -> None:
    source = f"{LONG}\n"
    for fence in range(3, 60):
        source = f"{'`' * fence}md\n{source}{'`' * fence}\n"
    write({"a.md": source})
    run = flaglift("check", "--select", "FL402")
    assert run.returncode == 2
    assert ": not read: the code around it is nested too deep; it holds" in run.stderr


def test_what_cannot_be_fixed_is_not_promised() -> None:
    write({"a.toml": f"x = {{\n a = '{LONG}',\n}}\n"})
    run = flaglift("check", "--select", "FL402")
    assert run.stderr == "1 error\n"
    assert "(display-only)" in run.stdout
    assert "(not fixed: the code around it does not parse)" in run.stdout


@pytest.mark.parametrize(
    ("source", "bound"),
    [
        ('"' * 60_000, "_BASE"),
        ("'" * 60_000, "_PARSING_BASE"),
        ("- >-\n  ?:::" * 500, "_PARSING_BASE"),
        ("x = '--video'", "_BASE"),
        ("f`a --video`", "_BASE"),
    ],
)
def test_a_file_that_takes_too_long_is_said_and_others_are_checked(
    source: str, bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write({"a.js": f"// --video\n{source}\n", "b.txt": LONG})
    monkeypatch.setattr(f"flaglift.check.hosts.patience.{bound}", -1000.0)
    run = flaglift("check", "--select", "FL402", "--no-cache")
    assert run.returncode == 2
    assert "flaglift: a.js: takes too long to read, so it is not checked\n" in run.stderr
    assert run.stdout.startswith("b.txt:1:")
    for each in ("_BASE", "_PARSING_BASE"):
        monkeypatch.setattr(f"flaglift.check.hosts.patience.{each}", 1000.0)
    assert flaglift("check", "--select", "FL402", "--no-cache", "a.js").returncode == 0


@pytest.mark.parametrize(
    ("name", "unit"), [("a.md", "\n"), ("a.toml", '"'), ("a.py", "["), ("a.sh", "[")]
)
def test_a_file_that_takes_too_much_memory_is_said_and_others_are_checked(
    name: str, unit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write({name: f"{unit * 60_000}\n# --video\n", "b.txt": LONG})
    used = iter(range(0, 1 << 50, 15 << 20))
    monkeypatch.setattr("flaglift.check.hosts.patience._memory", lambda: next(used))
    monkeypatch.setattr("flaglift.check.hosts.patience._MEMORY", 20 << 20)
    run = flaglift("check", "--select", "FL402", "--no-cache")
    assert run.returncode == 2
    assert f"flaglift: {name}: takes too much memory to read, so it is not checked\n" in run.stderr
    assert run.stdout.startswith("b.txt:1:")


@pytest.mark.parametrize("in_use", ["/proc/self/statm", "/missing"])
def test_the_memory_that_a_process_has_used_grows_with_what_it_uses(in_use: str) -> None:
    program = (
        "from flaglift.check.hosts import patience\n"
        f"patience._IN_USE = {in_use!r}\n"
        "before = patience._memory()\n"
        "held = b'a' * (before + 100_000_000)\n"  # it began with what its parent had
        "print(patience._memory() - before)"
    )
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True)
    assert 100_000_000 < int(done.stdout) < 200_000_000


def test_a_file_that_took_much_memory_leaves_it_to_the_next_one() -> None:
    program = """
from flaglift.check.hosts import patience
from flaglift.check.job import FileJob, Task
from flaglift.check.working import work
from flaglift.settings import DEFAULT
def read(source):
    assert not work(FileJob("a.md", "a.md", source, "markdown", DEFAULT), Task()).problem
    return patience._memory()
before = read(b"`--video`")
after = read(b"\\n" * 300_000 + b"`--video`")
patience._IN_USE = "/missing"
print(after - before, patience._memory() - before)
"""
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True)
    left, most = map(int, done.stdout.split())
    assert 4 * left < most


@pytest.mark.parametrize(("name", "source"), [("a.sh", "`" * 400_000), ("a.rb", "[" * 60_000)])
@pytest.mark.no_cover
def test_many_parts_after_an_error_take_time_in_proportion(name: str, source: str) -> None:
    write({name: f"# --video\n{source}", "b.txt": LONG})
    run, effort = with_effort(lambda: flaglift("check", "--select", "FL402", "--no-cache"))
    assert effort < 200
    assert (run.returncode, run.stderr) == (1, "1 error; 1 fixable with --unsafe-fixes\n")


def test_a_file_that_is_nested_too_deep_is_said_and_others_are_checked() -> None:
    write({"a.js": "`" * 140_000 + "\n// --video\n", "b.txt": LONG})
    run = flaglift("check", "--select", "FL402", "--no-cache")
    assert run.returncode == 2
    assert "flaglift: a.js: is nested too deep to read, so it is not checked\n" in run.stderr
    assert run.stdout.startswith("b.txt:1:")


def test_a_tag_of_a_template_is_named_shortly() -> None:
    source = "`a --video`" + "``" * 2000
    literals = host_named("javascript").literals(source.encode())
    tagged = [each.unclear for each in literals[1:]]
    assert all(each.startswith("the function ``a --video`") for each in tagged)
    assert max(map(len, tagged)) < 100


def a_literal(start: int, length: int) -> PlacedLiteral:
    return unread_spot(start, None)._replace(place=Span(start, start + length))


@given(st.lists(st.builds(a_literal, st.integers(0, 20), st.integers(0, 9))), st.integers(0, 30))
def test_the_literal_around_a_byte_is_the_first_that_contains_it(
    literals: list[PlacedLiteral], at: int
) -> None:
    in_order = sorted(literals, key=lambda each: each.place.start)
    around = (each for each in in_order if each.place.start <= at < each.place.end)
    assert Holders(literals).of(at) is next(around, None)


def test_many_unread_places_among_many_literals_take_time_in_proportion() -> None:
    count = 100_000
    holders = Holders(a_literal(2 * number, 1) for number in range(count))
    begin = time.process_time()
    held = [holders.of(at) for at in range(2 * count)]
    assert held.count(None) == count
    assert time.process_time() - begin < 10  # comparing each with each takes an hour
