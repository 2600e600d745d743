"""What one prompt costs: starting up, translating, and texts that are made to be slow.

    python benchmarks/one_prompt.py [--rounds 7]

Every result is used: its status, its fields and the codes of its findings are read. The prompts are
all different, with all models of the catalog; nothing is translated twice.
"""

import argparse
import os
import re
import resource
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

import corpus
from table import Row, median_ratio, print_table, processor_seconds

from flaglift import translate
from flaglift.api import UNKNOWN
from flaglift.linting.engine import examine
from flaglift.settings import DEFAULT
from flaglift.shapes import examined_translation

PROMPTS = 500
"""In one timed run; each run has its own."""
RUNS = 10
"""In one round: short runs in turns, so that what else the machine does hits both alike."""

_REFERENCE = argparse.ArgumentParser(add_help=False, exit_on_error=False)
_REFERENCE.add_argument("--video", action="store_true")
_REFERENCE.add_argument("--video_model")
_REFERENCE.add_argument("--video_prompt")
_REFERENCE.add_argument("--duration", type=int)

_CUT = re.compile(
    r'\s*--(?:video(?!\S)|(?:video_model|video_prompt|duration)(?:\s+|=)(?:"(?:[^"\\]|\\.)*"|\S+))'
)

_READ_ON = ' --video --video_model kling25 --duration 5 --video_prompt "a b"'
"""Behind what is hostile, so that all of it has to be read."""

HOSTILE = {
    "quotes": '"',
    "quoted words": '"a b" ',
    "escaped quotes": '\\"',
    "backslashes": "\\",
    "hyphens": "-",
    "dashes": "\u2014 ",
    "invisible dashes": "\u200b-\xa0",
    "near flags": "--videox, a cat sits and looks at nothing in particular ",
    "flags in other scripts": "\u2014video a cat sits and looks at nothing in particular ",
    "abbreviations": "--vide a cat sits and looks at nothing in particular ",
    "flags without values": "--video_prompt ",
    "flags again and again": "--video --duration 5 ",
    "open values": '--video_prompt "a ',
    "open references": "<lora:",
    "separators": "---\na cat sits ",
    "settings": "ar=1:1\n",
}


def reference(prompts: Sequence[str]) -> None:
    for text in prompts:
        _REFERENCE.parse_known_args(shlex.split(text.replace("'", "\\'")))


def bare_regex(prompts: Sequence[str]) -> None:
    for text in prompts:
        _CUT.sub("", text)


def translated(prompts: Sequence[str]) -> None:
    for text in prompts:
        translation = translate(text)
        _ = translation.status, translation.values, [d.code for d in translation.diagnostics]


def examined(prompts: Sequence[str]) -> None:
    """The same without the shortcut for prompts that are like an earlier one."""
    for text in prompts:
        translation = examined_translation(text, examine(text, DEFAULT, UNKNOWN))
        _ = translation.status, translation.values, [d.code for d in translation.diagnostics]


def _ratio(
    work: Callable[[Sequence[str]], None],
    beside: Callable[[Sequence[str]], None],
    prompts: Sequence[str],
) -> float:
    """Return the median ratio over runs of `PROMPTS` prompts, each run with other ones."""
    parts = [prompts[i : i + PROMPTS] for i in range(0, len(prompts), PROMPTS)]
    ours, theirs = iter(parts), iter(parts)
    return median_ratio(
        lambda: work(next(ours)), lambda: beside(next(theirs)), len(parts), processor_seconds
    )


def _programs(ours: str, theirs: str, rounds: int) -> float:
    """Return how long one Python program takes beside another, starting up included.

    From bytecode, as installed packages are: without it, ours alone would be compiled each time.
    """
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}

    def run(program: str) -> Callable[[], object]:
        command = [sys.executable, "-c", program]
        return lambda: subprocess.run(command, check=True, env=environment)

    return median_ratio(run(ours), run(theirs), rounds, _children_seconds)


def _children_seconds(work: Callable[[], object]) -> float:
    """Return the processor time of the programs that a call starts and waits for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def growth(unit: str, rounds: int) -> float:
    """Return how much longer 10 MB of something take than 1 MB."""

    def prompt(megabytes: int) -> list[str]:
        return [unit * (megabytes * 1_000_000 // len(unit)) + _READ_ON]

    def timed(work: Callable[[], object]) -> float:
        start = time.process_time()  # with the garbage collector, which so much work wakes
        work()
        return time.process_time() - start

    small, large = prompt(1), prompt(10)
    translated(small)
    return median_ratio(lambda: translated(large), lambda: translated(small), rounds, timed)


def rows(rounds: int) -> list[Row]:
    count = rounds * RUNS * PROMPTS
    flags, prose = corpus.with_flags(count), corpus.without_flags(count)
    translated([*flags[:200], *prose[:200]])
    reader = "shlex + argparse, reading them only"
    growths = {name: growth(unit, 1) for name, unit in HOSTILE.items()}
    worst = max(growths, key=lambda name: growths[name])
    first = "import flaglift; flaglift.translate({!r}).values"
    libraries = "python -c 'import lark, pydantic'"
    return [
        Row(
            "translate: prompts of 150-350 characters with four flags",
            reader,
            "0.08 of its time or less",
            _ratio(translated, reference, flags),
            0.08,
        ),
        Row(
            "the same",
            "a bare regex that cuts the flags out",
            "within 4 times",
            _ratio(translated, bare_regex, flags),
            4,
        ),
        Row(
            "translate: prompts without flags",
            reader,
            "0.02 of its time or less",
            _ratio(translated, reference, prose),
            0.02,
        ),
        Row(
            "translate: prompts with four flags, each parsed, with all rules run on it",
            reader,
            "1.2 times or less",
            _ratio(examined, reference, flags[: len(flags) // 5]),
            1.2,
        ),
        Row(
            f"translate: hostile prompts of 10 MB, the worst of {len(growths)} kinds ({worst})",
            "1 MB of the same kind",
            "10 to 12 times",
            growth(HOSTILE[worst], min(rounds, 3)),
            12,
        ),
        Row(
            "python -c 'import flaglift'",
            libraries,
            "1.3 times or less",
            _programs("import flaglift", "import lark, pydantic", rounds),
            1.3,
        ),
        Row(
            "python -c: import and translate one prompt with flags",
            libraries,
            "1.3 times or less",
            _programs(first.format(flags[0]), "import lark, pydantic", rounds),
            1.3,
        ),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=7)
    print_table(rows(parser.parse_args().rounds))


if __name__ == "__main__":
    main()
