"""Which of several changes are made does not depend on the others, nor on their order."""

from dataclasses import dataclass, replace
from itertools import permutations

import pytest

from flaglift.check.hosts.base import Literal, LiteralChange
from flaglift.check.hosts.finding import candidates
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import CROWDED, edits_of_each, rewrite

P = "a cat --video --video_model kling25 --duration 7"
SOURCES = [
    ("python", 'x = ["P"]\ny = ["P"]\nz = ["P"]\n'),
    ("javascript", 'const x = "P", y = "P";\nconst z = "P";\n'),
    ("json", '[{"text": "P"}, {"text": "P"}, {"text": "P"}]\n'),
    ("yaml", '- "P"\n- text: "P"\n- "P"\n'),
    ("toml", 'x = "P"\ny = "P"\nz = "P"\n'),
    ("ruby", 'x = "P"\ny = "P"\nz = "P"\n'),
    ("php", '<?php $x = ["P", "P"];\n$y = "P";\n'),
    ("csv", '"P",1\n"P",1\n"P",1\n'),
]


@dataclass
class Wrong:
    """A form that writes what another one does not, as if its rules were not all known."""

    inner: object
    written: bytes
    name: str = "wrong form"

    def encode(self, text: str, literal: Literal, at: int) -> bytes:  # noqa: ARG002
        """Return the same for any text."""
        return self.written

    def place_between(self, low: int, high: int) -> int:  # noqa: ARG002
        """Return the first place."""
        return low


@pytest.mark.parametrize("written", [b'"', b'"""', b"\\", b"]}'", b"\n", b'5", "', b"9"])
@pytest.mark.parametrize("bad", range(3))
@pytest.mark.parametrize(("name", "source"), SOURCES)
@pytest.mark.no_cover
def test_a_change_that_cannot_be_made_keeps_no_other_from_being_made(
    name: str, source: str, bad: int, written: bytes
) -> None:
    data, host = source.replace("P", P).encode(), host_named(name)
    literals = [each for each, said in candidates(data, host) if said.taken]
    wrong = replace(literals[bad], form=Wrong(literals[bad].form, written))
    literals[bad] = wrong
    changes = [LiteralChange(each, P.replace("7", "5")) for each in literals]
    parts = data.decode().split("--duration 7")
    expected = "".join(
        part + ("" if at == 3 else f"--duration {7 if at == bad else 5}")
        for at, part in enumerate(parts)
    )
    for order in permutations(changes):
        done = rewrite(data, host, order)
        assert done.data.decode() == expected
        assert [each.change.literal for each in done.refused] == [wrong]
        edits = edits_of_each(data, host, order)
        assert [not each for each in edits] == [each.literal is wrong for each in order]


def test_changes_that_cannot_be_made_are_not_tried_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    count = 400
    data, host = "".join(f'a{n} = "{P}"\n' for n in range(count)).encode(), host_named("toml")
    literals = [each for each, said in candidates(data, host) if said.taken]
    made, *wrong = literals
    wrong = [replace(each, form=Wrong(each.form, b'5" = "')) for each in wrong]
    changes = [LiteralChange(each, P.replace("7", "5")) for each in (made, *wrong)]
    calls: list[bytes] = []
    read = type(host).literals

    def counted(self: object, data: bytes) -> list[Literal]:
        calls.append(data)
        return read(host, data)

    monkeypatch.setattr(type(host), "literals", counted)
    done = rewrite(data, host, changes)
    assert len(calls) <= 201
    assert done.data.decode() == data.decode().replace("--duration 7", "--duration 5", 1)
    assert {id(each.change) for each in done.refused} == {id(each) for each in changes[1:]}
    assert {each.reason for each in done.refused} > {CROWDED}
