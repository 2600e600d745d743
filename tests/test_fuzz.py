"""The fuzzing targets hold for their seeds, cut off and doubled, and for all that broke them."""

from pathlib import Path

import pytest

import fuzz_targets


@pytest.mark.parametrize("target", fuzz_targets.TARGETS)
@pytest.mark.no_cover
def test_a_target_holds_for_its_seeds(target: str) -> None:
    seeds = list(fuzz_targets.seeds(target))
    assert seeds
    for seed in seeds:
        for data in (seed, seed[: len(seed) // 2], seed + seed[1:], b""):
            fuzz_targets.TARGETS[target](data)


def test_what_broke_a_target_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {path.stem for path in fuzz_targets.FOUND.glob("*.txt")} <= fuzz_targets.TARGETS.keys()
    monkeypatch.setattr(fuzz_targets, "FOUND", tmp_path / "fuzz")
    for data in (b"a\n'\"\xff", b"", b"#"):
        fuzz_targets.keep("body-json", data)
    assert [*fuzz_targets.found("body-json")] == [b"a\n'\"\xff", b"", b"#"]
    assert [*fuzz_targets.seeds("body-json")][:2] == [b"a\n'\"\xff", b""]


def test_every_target_has_its_turn() -> None:
    pairs = [fuzz_targets.pair(number) for number in range(len(fuzz_targets.TARGETS))]
    assert all(first != second for first, second in pairs)
    assert {name for each in pairs for name in each} == set(fuzz_targets.TARGETS)
