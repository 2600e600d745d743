"""Many prompts in one container: each has what the others are next to it, and all are read once."""

import re
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tree_sitter import Node

from flaglift.check.hosts.finding import candidates
from flaglift.check.hosts.formats import containers, shellfields, toml
from flaglift.check.hosts.formats.commands import ends_in
from flaglift.check.hosts.formats.heredocs import _MOST_IN_LINE
from flaglift.check.hosts.formats.others import OtherFields
from flaglift.check.hosts.formats.parents import ancestors, nearest
from flaglift.check.hosts.formats.trees import nodes
from flaglift.check.hosts.patience import TooLongError
from flaglift.check.hosts.registry import host_named
from flaglift.check.job import FileJob, Task
from flaglift.check.working import work
from flaglift.settings import DEFAULT

TEXT = "a cat --video --video_model kling25"
COUNT = 20


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from("abc"), st.integers())))
def test_the_fields_of_the_other_members(fields: Sequence[tuple[Hashable, str, Any]]) -> None:
    others = OtherFields(fields)
    for own in range(6):
        expected = {name: value for member, name, value in fields if member != own}
        assert others.than(own) == expected


GO = "package a\nvar d = map[string]any{...}"


@pytest.mark.parametrize(
    ("host", "frame", "unit", "reader"),
    [
        ("python", "d = {...}", f"'prompt[text]': '{TEXT}', ", (containers, "_key")),
        ("javascript", "d = {...};", f"text: '{TEXT}', ", (containers, "_key")),
        ("go", GO, f'"text": "{TEXT}", ', (containers, "_key")),
        ("javascript", "...", f"form.append('prompt[text]', '{TEXT}');\n", (containers, "added")),
        ("toml", "[a]\n...", f"text = '{TEXT}'\n", (toml, "_value")),
        ("bash", "curl a ...", f"-F 'prompt[text]={TEXT}' ", (shellfields, "_fields")),
    ],
)
def test_a_container_is_read_once(
    host: str,
    frame: str,
    unit: str,
    reader: tuple[object, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: Callable[..., Any] = getattr(*reader)
    calls: list[object] = []

    def counted(*given: Any) -> Any:
        calls.append(given)
        return read(*given)

    monkeypatch.setattr(*reader, counted)
    source = frame.replace("...", unit * COUNT).encode()
    found = [each.literal for each in candidates(source, host_named(host))]
    assert len(found) == COUNT
    for literal in found:
        assert literal.siblings is not None
        assert host == "toml" or "twice" in str(literal.siblings.insert({}))
    assert len(calls) <= 4 * COUNT


def test_each_pair_has_the_others_next_to_it() -> None:
    source = f"d = {{'a[text]': '{TEXT}', 'b[text]': '{TEXT} --mute', 'a[seed]': 4, **c, d: 1}}"
    first, second = (each.literal for each in candidates(source.encode(), host_named("python")))
    assert first.beside == {"text": f"{TEXT} --mute", "seed": 4}
    assert second.beside == {"text": TEXT, "seed": 4}
    assert first.siblings is not None
    assert first.siblings.insert({}) == "`**c` may hold these fields"


def test_each_statement_has_those_with_the_same_function_next_to_it() -> None:
    source = (
        f"f(1).append('prompt[text]', '{TEXT}');\nf(2).append('prompt[seed]', 4);\n"
        "f(1).append('prompt[w]', 3);\nf(1).other(5, 6);\n"
    )
    (found,) = candidates(source.encode(), host_named("javascript"))
    assert found.literal.beside == {"w": 3}


def test_each_word_of_a_command_has_the_others_next_to_it() -> None:
    source = f"curl a -F 'text={TEXT}' -F 'prompt[text]=b {TEXT}' -F 'a[seed]=4' \"$@\""
    first, second = (each.literal for each in candidates(source.encode(), host_named("bash")))
    assert first.beside == {"text": f"b {TEXT}", "seed": "4"}
    assert second.beside == {"text": TEXT, "seed": "4"}
    assert first.siblings is not None
    assert first.siblings.insert({}) == '`"$@"` may hold these fields'


@pytest.mark.parametrize("kinds", [("call",), ("list", "dictionary"), ("module",), ("lambda",)])
def test_the_nearest_ancestor(kinds: tuple[str, ...]) -> None:
    data = b"f([g('a', {'b': h('c', ['d'])}), 'e'])\nx = 'f'\n"

    def first(node: Node) -> Node | None:
        return next((above for above in ancestors(node) if above.type in kinds), None)

    for _ in range(2):  # the second time, all is known
        for node in nodes(data, ("string",), "tree_sitter_python"):
            assert nearest(node, kinds, data) == first(node)


@pytest.mark.parametrize(
    ("called", "expected"),
    [("run", True), ("a.run", True), (f"x{'.f(1)' * 99}.run", True), ("rerun", False)],
)
def test_names_that_calls_end_in(called: str, expected: bool) -> None:
    names = re.compile(r"^run$|(?:^|\.)run$")
    assert ends_in(names, called) is expected
    assert (names.search(called) is not None) is expected


def test_the_start_of_what_is_called_is_only_there() -> None:
    assert not ends_in(re.compile(r"^run$"), f"{'a' * 500}run")
    assert not ends_in(re.compile(r"^a+run$"), f"{'a' * 500}run")


def test_a_line_may_not_begin_any_number_of_here_documents() -> None:
    def script(count: int) -> bytes:
        line = "cat " + " ".join(f"<<A{n}" for n in range(count))
        return (line + "\n" + "".join(f"{TEXT}\nA{n}\n" for n in range(count))).encode()

    host = host_named("bash")
    assert len(candidates(script(_MOST_IN_LINE), host)) == _MOST_IN_LINE
    crowded = script(_MOST_IN_LINE + 1)
    outcome = work(FileJob("a.sh", "a.sh", crowded, "bash", DEFAULT), Task())
    assert outcome.problem == (
        "a.sh: begins more than 50 here-documents on one line, so it is not checked"
    )
    with pytest.raises(TooLongError):
        host.follow(script(2), crowded)  # type: ignore[attr-defined]
    assert candidates(script(2) * _MOST_IN_LINE, host)


@pytest.mark.parametrize(
    ("call", "is_line"),
    [
        ("run('gen é {}', shell=True)", True),
        ("run('gen é {}', shell=False)", False),
        ("é = 'shell=True'\nrun('gen {}')", False),
        ("run('gen {}')\nrun('é', shell=True)", False),
    ],
)
def test_a_call_has_the_option_to_run_a_shell(call: str, is_line: bool) -> None:
    source = f"é = 1\n{call}\n".replace("{}", f'\\"{TEXT}\\"').encode()
    hosts = [each.literal.hosts for each in candidates(source, host_named("python"))]
    assert (("python", "bash") in hosts) is is_line
