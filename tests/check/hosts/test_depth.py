"""No recursion on input, and nothing that takes the square of its depth."""

import pytest

from flaglift.check.hosts.finding import candidates, comments
from flaglift.check.hosts.formats.shellwords import EXPANDED
from flaglift.check.hosts.registry import host_named
from lossless.timing import with_effort

pytestmark = pytest.mark.no_cover  # it doubles the time, which is long

FLAGS = "a cat --video --video_model kling25 --duration 7"
DEPTH = 5_000


def added(quote: str, end: str = "") -> str:
    return "x = " + (f"{quote}x{quote} + " * DEPTH) + f"{quote}{FLAGS}{quote}{end}\n"


CASES = {
    "javascript": added("'", ";"),
    "typescript": added('"', ";"),
    "python": "x = (" + "'x' + " * DEPTH + f"'{FLAGS}')\n",
    "ruby": added("'"),
    "toml": "text = " + "[" * DEPTH + f"'{FLAGS}'" + "]" * DEPTH + "\n",
    "json": "[" * DEPTH + f'"{FLAGS}"' + "]" * DEPTH,
    "yaml": "body: '" + "[" * DEPTH + f'"{FLAGS}"' + "]" * DEPTH + "'\n",
    "svelte": "{#if a}" * DEPTH + FLAGS,
    "bash": "f " + '"$(f ' * 40 + f"'{FLAGS}'" + ')"' * 40 + "\n",
}
MORE = [
    ("bash", "f " + '"$(f ' * DEPTH + f"'{FLAGS}'" + ')"' * DEPTH + "\n"),
    ("bash", "f " + '"${a:-' * DEPTH + FLAGS + '}"' * DEPTH + "\n"),
    ("bash", "f " + "$((" * DEPTH + f"\nf '{FLAGS}'\n"),
    ("javascript", "x = " + "[" * DEPTH + f"'{FLAGS}'" + "]" * DEPTH),
    ("javascript", "x = " + "(" * DEPTH + f"'{FLAGS}'" + ")" * DEPTH),
    ("python", "x = " + "f(" * DEPTH + f"'{FLAGS}'" + ")" * DEPTH),
    ("python", "x = (" + "'x' " * DEPTH + f"'{FLAGS}')\n"),
    ("javascript", "x = " + "`${" * 1000 + f"'{FLAGS}'" + "}`" * 1000),
    ("markdown", "> " * 500 + "```\n" + "> " * 500 + FLAGS + "\n"),
    ("yaml", "[" * 900 + f"'{FLAGS}'" + "]" * 900),
]


@pytest.mark.parametrize(("name", "source"), [*CASES.items(), *MORE])
def test_deep_documents_are_read(name: str, source: str) -> None:
    host = host_named(name)
    found, effort = with_effort(lambda: candidates(source.encode(), host))
    assert effort < 200
    _, effort = with_effort(lambda: comments(source.encode(), host))
    assert effort < 200
    if name in CASES and source == CASES[name]:
        (only,) = (each.literal for each in found if FLAGS in each.literal.text)
        assert only.text.endswith(FLAGS)


@pytest.mark.parametrize(
    ("word", "expands"),
    [("{a,b}", True), ("{a..c}", True), ("x{{a},b}", True), ("{a}", False), (r"\{a,b}", False)],
)
def test_words_of_which_the_shell_makes_others(word: str, expands: bool) -> None:
    literals = host_named("bash").literals(f"f --video {word} --x\n".encode())
    assert any(each.unclear == EXPANDED for each in literals) is expands


@pytest.mark.parametrize("blank", ["", "\n", "\r\n", "  \n\n", "\n  "])
def test_a_block_of_yaml_ends_before_blank_lines(blank: str) -> None:
    source = f"- |\n  {FLAGS}\n{blank}"
    (literal,) = host_named("yaml").literals(source.encode())
    assert literal.end == len(source) - len(blank)
