"""Commands as lists of words, and as one text: the options and scripts in them."""

import time

import pytest

from flaglift.check.hosts.base import Literal, LiteralChange
from flaglift.check.hosts.finding import candidates
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite

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
    source = "".join(f"- 'a --video {number}'\n" for number in range(20_000))
    started = time.process_time()
    found = candidates(f"args:\n- --prompt\n{source}".encode(), host_named("yaml"))
    assert len(found) == 20_000
    assert {literal.origin.role for literal, _ in found[1000:]} == {"value"}
    assert time.process_time() - started < 30
