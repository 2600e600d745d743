"""`make growth` sees what takes more time than in proportion, and all entry points take input."""

import time

import pytest

import growth

pytestmark = pytest.mark.no_cover  # it doubles the time, which is long


@pytest.mark.parametrize("name", growth.FRAMES)
def test_an_entry_point_takes_all_kinds_of_input(name: str) -> None:
    for unit in growth.units_of(name).values():
        growth.FRAMES[name][0](growth.made(name, unit, 400))


@pytest.mark.parametrize("name", growth.CONTAINERS)
def test_many_prompts_in_one_container_take_time_in_proportion(name: str) -> None:
    assert growth.is_linear(growth.MANY + name, growth.PROMPT, growth.MANY_SIZE)


def test_what_is_slow_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(data: bytes) -> None:
        end = time.process_time() + (len(data) / 20_000) ** 2
        while time.process_time() < end:
            pass

    monkeypatch.setitem(growth.FRAMES, "slow", (slow, b"", b""))
    assert not growth.is_linear("slow", "x", 10_000)
    monkeypatch.setitem(growth.FRAMES, "fast", (lambda data: [*data], b"", b""))
    assert growth.is_linear("fast", "x", 10_000)
    monkeypatch.setattr(growth, "HEAVY", ())
    assert growth.main(10_000, "fast") == 0


def test_memory_is_that_of_the_larger_input() -> None:
    assert growth.memory("parse", '"a" ', 1_000_000) > 1_000_000
