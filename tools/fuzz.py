"""Looks for bytes that break what `tests/fuzz_targets.py` says of all bytes.

    python tools/fuzz.py TARGET SECONDS

What breaks it is left in `build/fuzz`, and the exit code is not 0.
"""

import sys
from pathlib import Path

import atheris

ROOT = Path(__file__).parents[1]


def main(target: str, seconds: str) -> None:
    """Look for some time, beginning with the target's seeds and what earlier runs have found."""
    sys.path.insert(0, str(ROOT / "tests"))
    with atheris.instrument_imports(include=["flaglift"]):
        import fuzz_targets  # noqa: PLC0415 - what is imported here is instrumented
    folder = ROOT / "build" / "fuzz" / target
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(fuzz_targets.seeds(target)):
        (folder / f"seed-{number}").write_bytes(seed)
    limits = [f"-max_total_time={seconds}", "-max_len=4096", "-timeout=10", "-rss_limit_mb=4096"]
    broken = f"-artifact_prefix={ROOT}/build/fuzz/{target}-"
    atheris.Setup([sys.argv[0], *limits, broken, str(folder)], fuzz_targets.TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
