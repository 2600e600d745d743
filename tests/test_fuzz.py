"""The fuzzing targets hold for their own seeds, and for each seed that is cut off or doubled."""

import pytest

import fuzz_targets


@pytest.mark.parametrize("target", fuzz_targets.TARGETS)
def test_a_target_holds_for_its_seeds(target: str) -> None:
    seeds = list(fuzz_targets.seeds(target))
    assert seeds
    for seed in seeds:
        for data in (seed, seed[: len(seed) // 2], seed + seed[1:], b""):
            fuzz_targets.TARGETS[target](data)
