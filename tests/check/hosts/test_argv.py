"""Commands as lists of words, and as one text: the options and scripts in them."""

import pytest

from flaglift.check.hosts.base import HOLE, Candidate, DivisibleHost, Literal, LiteralChange
from flaglift.check.hosts.finding import candidates
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite
from lossless.timing import growth

BAD = "ohwx cat --video --video_model kling25 --duration 7"


def prompts(name: str, source: str) -> list[Literal]:
    return [each for each, said in candidates(source.encode(), host_named(name)) if said.taken]


@pytest.mark.parametrize(
    ("source", "hosts"),
    [
        ("yaml: command: [gen, --prompt, BAD]", "yaml"),
        ("yaml: args: [--out, a, --prompt, BAD]\ncommand: [gen]", "yaml"),
        ("yaml: command: [gen, BAD]", "yaml"),
        ("yaml: args: [BAD]", "yaml"),
        ("yaml: entrypoint: [gen, --prompt=BAD]", "yaml form"),
        ("yaml: cmd: [curl, -F, 'prompt[text]=BAD', u]", "yaml form"),
        ("yaml: command: [curl, -d, 'prompt[text]=BAD&x=1', u]", "yaml form"),
        ("yaml: command: [sh, -c, 'P=\"BAD\"']", "yaml bash"),
        ("yaml: command: [tini, --, /bin/bash, -lc, 'P=\"BAD\"']", "yaml bash"),
        ("yaml: command: [bash, -euo, pipefail, -c, 'P=\"BAD\"']", "yaml bash"),
        ("yaml: a:\n- command: [sh, -c]\n  args: ['P=\"BAD\"']", "yaml bash"),
        ("yaml: a: {args: ['P=\"BAD\"'], command: [sh, -c]}", "yaml bash"),
        ("yaml: a: {entrypoint: sh -c, command: ['P=\"BAD\"']}", "yaml bash"),
        ("yaml: a:\n  entrypoint: sh -c 'P=\"BAD\"'", "yaml bash bash"),
        ("yaml: command: ['P=\"BAD\" gen']", "yaml bash"),
        ("yaml: healthcheck: {test: [CMD-SHELL, 'P=\"BAD\"']}", "yaml bash"),
        ("yaml: healthcheck: {test: [CMD, gen, --prompt, BAD]}", "yaml"),
        ("yaml: healthcheck:\n  test: gen --prompt 'BAD'", "yaml bash"),
        ("yaml: test: [CMD-SHELL, BAD]", "yaml"),
        ("yaml: args: --prompt 'BAD'", "yaml bash"),
        ('yaml: args: gen -p "BAD"', "yaml bash"),
        ("yaml: options: >-\n  --out=a\n  --prompt='BAD'", "yaml bash"),
        ("yaml: args: BAD --video_prompt 'a --video'", "yaml"),
        ("bash: sudo bash -lc 'P=\"BAD\"'", "bash bash"),
        ('json: {"command": ["gen", "--seed", 1, "--prompt", "BAD"]}', "json"),
        ('json: {"a": {"command": ["sh", "-c"], "args": ["P=\'BAD\'"]}}', "json bash"),
        ('json: {"a": {"command": "npx gen", "args": ["--prompt", "BAD"]}}', "json"),
        ('json: {"a": {"command": {}, "args": ["--prompt", "BAD"]}}', "json"),
        ('json: {"entryPoint": ["sh", "-c"], "command": ["P=\'BAD\'"]}', "json bash"),
        ('json: {"healthCheck": {"command": ["CMD-SHELL", "P=\'BAD\'"]}}', "json bash"),
        ('json: {"args": "--prompt \'BAD\'"}', "json bash"),
        ('json: {"args": [\'--prompt\', "BAD"]}', "json"),
        ('json: {"prompts": ["--prompt", "BAD"]}', "json"),
        ('json: ["--prompt", "BAD"]', "json"),
        ("toml: command = ['gen', 5, '--prompt', # a\n'BAD']", "toml"),
        ("toml: [a.b]\ncommand = ['sh', '-c']\nargs = ['P=\"BAD\"']", "toml bash"),
        ("toml: a = {entrypoint = 'sh -c', command = ['P=\"BAD\"']}", "toml bash"),
        ("toml: args = [['--prompt', 'BAD']]", "toml"),
        ("toml: prompts = ['--prompt', 'BAD']", "toml"),
        ("bash: gen -c 'BAD'", "bash"),
        ("python: p.parse_args(['--prompt', 'BAD'])", "python"),
        ("python: main(['BAD'])", "python"),
        ("python: runner.invoke(cli, ['--text=BAD'])", "python form"),
        ("python: subprocess.run(['curl', '-F', 'prompt[text]=BAD'], check=True)", "python form"),
        ("python: check_output([sys.executable, '-m', 'gen', f'BAD'])", "python"),
        ("python: os.execvp('gen', ['gen', '--prompt', 'BAD'])", "python"),
        ("python: asyncio.create_subprocess_exec('gen', '--prompt=BAD')", "python form"),
        ("python: sys.argv = ['gen', '--prompt=BAD']", "python form"),
        ("python: cmd = ['sh', '-c', 'P=\"BAD\"']", "python bash"),
        ("javascript: spawn('curl', ['-F', 'prompt[text]=BAD'])", "javascript form"),
        ("javascript: execa('gen', [...a, '--prompt=BAD'])", "javascript form"),
        ("javascript: program.parse(['node', 'gen', '--prompt', 'BAD'])", "javascript"),
        ("javascript: parseArgs({args: ['--prompt', 'BAD']})", "javascript"),
        ("javascript: new Deno.Command('gen', {args: ['--prompt=BAD']})", "javascript form"),
        ('go: var x = exec.Command("curl", "-F", "prompt[text]=BAD")', "go form"),
        ('go: var args = []string{"gen", "--prompt=BAD"}', "go form"),
        ('go: var x = c.SetArgs([]string{"--prompt", "BAD"})', "go"),
        ("ruby: system('curl', '-F', 'prompt[text]=BAD')", "ruby form"),
        ("ruby: Gen.start(['--prompt', 'BAD'])", "ruby"),
        ("ruby: x = `gen --prompt 'BAD'`", "ruby bash"),
        ("ruby: x = %x(curl -F 'prompt[text]=BAD' u) + 'a'", "ruby bash form"),
        ("ruby: x = <<`E` + 'a'\ngen --prompt 'BAD'\nE\n", "ruby bash"),
        ("php: <?php $p = new Process(['gen', '--prompt', 'BAD']);", "php"),
        ("php: <?php proc_open(['curl', '-F', 'prompt[text]=BAD'], $d, $p);", "php form"),
        ('php: <?php $x = `curl -F "prompt[text]=BAD" {$u}`;', "php bash form"),
        ("bash: docker exec a /bin/sh -ec 'P=\"BAD\"'", "bash bash"),
    ],
)
def test_a_prompt_in_a_command_is_found_and_fixed(source: str, hosts: str) -> None:
    name, _, source = source.replace("BAD", BAD).partition(": ")
    (literal,) = prompts(name, source)
    assert literal.hosts == tuple(hosts.split())
    change = LiteralChange(literal, literal.text.replace("--duration 7", "--duration 5"))
    new, refused = rewrite(source.encode(), host_named(name), [change])
    assert not refused
    assert new.decode() == source.replace("--duration 7", "--duration 5")


@pytest.mark.parametrize(
    "source",
    [
        "python: subprocess.run(['git', 'commit', '-m', 'Add --video_model kling25 to --video'])",
        "python: x = ['gen', '--video', '--video_model', 'kling25', '--duration', '7']",
        "python: p.parse_args(['--video', '--video_model', 'kling25', '--duration=7'])",
        "bash: git commit -m 'Add --video_model kling25 to --video'",
        "bash: echo 'Choose --video_model kling25 or --duration 7'",
        "bash: gh pr create --title 'Add --video_model kling25 to --video'",
        "bash: die 'With --video_model kling25 only --duration 5 is allowed'",
        "ruby: x = `gen --video --video_model kling25`",
        "php: <?php $x = `gen --video --video_model kling25`;",
    ],
)
def test_the_words_of_a_command_that_are_no_prompts(source: str) -> None:
    name, _, source = source.partition(": ")
    assert candidates(source.encode(), host_named(name))
    assert prompts(name, source) == []


def test_what_a_command_prints_is_a_hole_in_a_prompt() -> None:
    for name, source in (
        ("ruby", "x = 'a ' + `b` + ' --video --video_model kling25'"),
        ("php", "<?php f('a ' . `b` . ' --video --video_model kling25');"),
    ):
        assert [each.text for each in prompts(name, source)] == [
            f"a {HOLE} --video --video_model kling25"
        ]


def test_a_check_that_runs_nothing_is_none() -> None:
    (literal,) = host_named("yaml").literals(b"healthcheck: {test: [CMD]}")
    assert literal.origin.role == "value"


@pytest.mark.parametrize(
    "source",
    [
        '{\n  "args": [\n    "--prompt",\n    "a --video"\n  ]\n}\n',
        '{\n  "command": ["sh", "-c"],\n  "args": ["a --video"]\n}\n',
    ],
)
def test_words_of_a_command_are_not_read_apart(source: str) -> None:
    host = host_named("json")
    assert isinstance(host, DivisibleHost)
    assert host.cuts(source.encode()) == {}
    assert host.cuts(source.replace("args", "a").replace("command", "c").encode())


@pytest.mark.parametrize(
    "source",
    [
        "command: [npx, remotion, render, --video, clip.mp4, --duration, '5']",
        "entrypoint: ./render --video 'a.mp4' --duration 5",
        "args: --video 'my clip.mp4' --duration 5",
        "args: [--title, 'use --video for a video', --duration, '5']",
        "healthcheck: {test: [CMD, render, --video, --duration, '5']}",
    ],
)
def test_a_command_with_flags_of_its_own_has_no_prompt(source: str) -> None:
    assert prompts("yaml", source) == []


def test_a_list_of_data_is_not_taken_for_a_command() -> None:
    def source(count: int) -> bytes:
        items = "".join(f"- 'a --video {number}'\n" for number in range(count))
        return f"args:\n- --prompt\n{items}".encode()

    def found(data: bytes) -> list[Candidate]:
        return candidates(data, host_named("yaml"))

    large = found(source(2_000))
    assert len(large) == 2_000
    assert {literal.origin.role for literal, _ in large[200:]} == {"value"}
    assert growth(found, source(500), source(2_000)) < 8
