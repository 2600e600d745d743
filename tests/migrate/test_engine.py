"""Throttle, interruption, drift, decisions: what does not need a source."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaglift import Settings
from flaglift.errors import InputError
from flaglift.migrate.decision import Decider
from flaglift.migrate.drift import DriftError, SavedPlan
from flaglift.migrate.files.patches import patch_of, unpatched
from flaglift.migrate.interruption import interruption
from flaglift.migrate.records import Stored
from flaglift.migrate.tally import Tally
from flaglift.migrate.throttle import Throttle

RETIRED = "a cat --video --video_model kling25_5s"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def never() -> bool:
    return False


def test_chunks_grow_and_shrink_to_their_time() -> None:
    throttle = Throttle(chunk_seconds=1.0)
    throttle.learn(200, 200, 0.1)
    assert throttle.rows == 400  # at most doubled
    throttle.learn(400, 400, 4.0)
    assert throttle.rows == 100
    throttle.learn(100, 100, 1000.0)
    assert throttle.rows == 50  # never too small to get on
    throttle.learn(50, 50 * 10**6, 0.001)
    assert throttle.rows == 50  # nor too many bytes
    throttle.learn(0, 0, 1.0)
    assert throttle.rows == 50


def test_chunks_keep_to_bytes_to_a_rate_and_to_a_most() -> None:
    throttle = Throttle(rows=1000)
    throttle.learn(1000, 1000 * 2**17, 1e-9)
    assert throttle.rows == 128  # of 128 kB each, that is 16 MB
    throttle = Throttle(rows=15_000)
    throttle.learn(15_000, 15_000, 1e-9)
    assert throttle.rows == 20_000
    throttle = Throttle(rows=1)
    for expected in (2, 4, 8, 16, 32, 50, 50):
        throttle.learn(throttle.rows, 1, 1000.0)
        assert throttle.rows == expected
    throttle = Throttle(rows_per_second=10.9)
    assert throttle.rows == 10
    throttle.learn(10, 10, 1e-9)
    assert throttle.rows == 10
    throttle.learn(10, 10, 1000.0)
    assert throttle.rows == 10  # so few that a second's records are one chunk
    throttle.learn(10, 0, 0.0)
    assert throttle.rows == 10
    assert Throttle(rows_per_second=10**6).rows == 200


def test_a_chunk_that_failed_is_halved() -> None:
    throttle = Throttle(rows=100)
    for taken, expected in [(0, 50), (60, 25), (9, 4), (4, 2), (0, 1), (0, 1)]:
        throttle.shrink(taken)
        assert throttle.rows == expected


def test_waiting_naps_no_longer_than_is_due() -> None:
    clock, naps = Clock(), []

    def sleep(seconds: float) -> None:
        naps.append(round(seconds, 6))
        clock.sleep(seconds)

    throttle = Throttle(rows_per_second=10, clock=clock, sleep=sleep)
    throttle.wait(10, 0.5, never)
    assert naps == [0.2, 0.2, 0.1]
    throttle.wait(10, 1.5, never)  # it took longer than the rate allows for
    assert len(naps) == 3


def test_a_reason_to_wait_is_said_again_after_work() -> None:
    reasons = iter(["a", "a", None, "a", None])
    said: list[str] = []
    throttle = Throttle(held_up=lambda: next(reasons), say=said.append, sleep=lambda _: None)
    throttle.wait(1, 0.0, never)
    throttle.wait(1, 0.0, never)
    assert said == ["waiting: a", "waiting: a"]


def test_a_limit_of_rows_a_second_is_kept() -> None:
    clock = Clock()
    throttle = Throttle(rows_per_second=100, clock=clock, sleep=clock.sleep)
    for _ in range(10):
        rows = throttle.rows
        assert rows <= 100
        clock.now += 0.1
        throttle.learn(rows, rows, 0.1)
        throttle.wait(rows, 0.1, never)
    assert clock.now == pytest.approx(10.0)


def test_a_stop_ends_the_waiting() -> None:
    clock = Clock()
    throttle = Throttle(rows_per_second=0.001, clock=clock, sleep=clock.sleep)
    assert throttle.rows == 1
    throttle.wait(1, 0.0, lambda: clock.now > 3)
    assert clock.now < 4


def test_a_pause_file(tmp_path: Path) -> None:
    file = tmp_path / "pause"
    file.touch()
    naps: list[float] = []

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            file.unlink()

    Throttle(pause_file=file, sleep=sleep).wait(1, 0.0, never)
    assert len(naps) == 3
    file.touch()
    Throttle(pause_file=file, sleep=sleep).wait(1, 0.0, lambda: True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_asks_and_a_second_one_ends(number: int) -> None:
    before = signal.getsignal(number)
    with interruption() as asked:
        assert not asked()
        os.kill(os.getpid(), number)
        assert asked()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


def test_a_run_departs_from_its_plan() -> None:
    planned = Tally(records=100, translated=60, refused=10)
    planned.refusals["FL101"] = 10
    plan = SavedPlan({"counts": planned.to_dict(), "fingerprint": "x"}, "x", 0.05)
    found = Tally(records=100, translated=60, refused=15)
    found.refusals["FL303"] = 5
    plan.check(found)
    assert plan.differences(found, whole=True) == [
        "refused: 15, planned 10",
        "refused by FL101: 0, planned 10",
        "refused by FL303: 5, planned 0",
    ]
    assert plan.differences(found, whole=False) == [
        "refused: 15, planned 10",
        "refused by FL303: 5, planned 0",
    ]
    assert plan.differences(Tally(records=50, translated=60, refused=10), whole=True) == [
        "records: 50, planned 100",
        "refused by FL101: 0, planned 10",
    ]
    found.refused += 1
    with pytest.raises(DriftError, match=r"16 prompts are refused, and the plan has 10"):
        plan.check(found)
    with pytest.raises(InputError, match="make it again"):
        SavedPlan({"counts": planned.to_dict(), "fingerprint": "x"}, "y", 0.05)
    with pytest.raises(InputError, match="is not a plan"):
        SavedPlan({"counts": {}}, "y", 0.05)


def test_prices_before_and_after() -> None:
    def cents(text: str, settings: Settings) -> tuple[float | None, float | None]:
        return Decider(settings, None)(Stored("", text, {})).cents

    named = "a cat --video --video_model kling25 --duration 5"
    assert cents(named, Settings())[0] == cents(named, Settings())[1]
    accepting = Settings(accept_successors=True, default_model="kling25")
    # The edition that last listed the old name has no price for it: unknown, and not guessed.
    assert cents(RETIRED, accepting) == (None, cents(named, Settings())[1])
    assert cents("a cat --video", accepting)[0] is None
    assert cents(named, accepting) == cents(named, Settings())
    assert cents("a --video --video_model klingon_9", accepting) == (None, None)


def test_strict_settings_give_their_reasons() -> None:
    stored = Stored("", "a cat --video --video_model kling25 --duration 7", {})
    verdict = Decider(Settings(strict=True), None)(stored)
    assert verdict.status == "refused"
    assert "FL402" in [code for code, _ in verdict.refusals]


@given(st.binary(), st.binary())
def test_a_patch_restores_exactly_what_was_patched(old: bytes, new: bytes) -> None:
    patch = patch_of(old, new)
    assert unpatched(new, patch) == old
    assert unpatched(new + b"x", patch) is None


def test_edits_of_an_ignored_rule_are_found_all_the_same() -> None:
    stored = Stored("", "a --video cat --video_model kling25", {})
    verdict = Decider(Settings(ignore=("FL0",)), None)(stored)
    assert verdict.writes["text"] == "a cat"
    start, end, content = verdict.edit
    assert stored.text[:start] + content + stored.text[end:] == "a cat"
