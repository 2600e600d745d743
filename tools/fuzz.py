"""Looks for bytes that break what `tests/fuzz_targets.py` says of all bytes.

    python tools/fuzz.py TARGET SECONDS      looks, beginning with the seeds and earlier runs' finds
    python tools/fuzz.py names [NUMBER]      prints all targets, or the pair of a number
    python tools/fuzz.py keep TARGET FILE    adds a file to what the suite tries of a target

What breaks a target is left in `build/fuzz`, and the exit code is not 0.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main(command: str, *arguments: str) -> None:
    """Do what the command line says."""
    sys.path.insert(0, str(ROOT / "tests"))
    if command == "names":
        import fuzz_targets  # noqa: PLC0415 - when looking, after atheris

        names = fuzz_targets.pair(int(arguments[0])) if arguments else fuzz_targets.TARGETS
        print(*names)
    elif command == "keep":
        import fuzz_targets  # noqa: PLC0415

        target, file = arguments
        fuzz_targets.keep(target, Path(file).read_bytes())
    else:
        look(command, *arguments)


def look(target: str, seconds: str) -> None:
    """Look for some time."""
    import atheris  # noqa: PLC0415 - `make fuzz` installs it

    with atheris.instrument_imports(include=["flaglift"]):
        import fuzz_targets  # noqa: PLC0415 - what is imported here is instrumented
    folder = ROOT / "build" / "fuzz" / target
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(fuzz_targets.seeds(target)):
        (folder / f"seed-{number}").write_bytes(seed)
    limits = [f"-max_total_time={seconds}", "-max_len=4096", "-timeout=30", "-rss_limit_mb=4096"]
    broken = f"-artifact_prefix={ROOT}/build/fuzz/{target}-"
    atheris.Setup([sys.argv[0], *limits, broken, str(folder)], fuzz_targets.TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
