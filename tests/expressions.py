"""Prints every regular expression that the package makes, as JSON lines.

Run as a program, because `re` has to be watched before the first module is imported. What modules
make is seen while they are imported; what functions put together, while the corpora are read.
"""

import importlib
import inspect
import json
import pkgutil
import re
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple

FUNCTIONS = ("compile", "search", "match", "fullmatch", "findall", "finditer", "split", "sub")
CORPORA = Path(__file__).parent / "corpora"


class Expression(NamedTuple):
    """An expression, and the call that made it."""

    file: str
    line: int
    text: str
    in_bytes: bool
    flags: int

    def compiled(self) -> Any:
        """Return the pattern, of texts or of bytes."""
        flags = self.flags & ~re.UNICODE
        return re.compile(self.text.encode("latin-1") if self.in_bytes else self.text, flags)


def watch(package: Path) -> set[Expression]:
    """Return a set that fills with what files of the package give to the functions of `re`."""
    seen: set[Expression] = set()
    compiled = re.compile

    def watched(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def call(*arguments: Any, **options: Any) -> Any:
            frame = inspect.currentframe()
            assert frame is not None
            assert frame.f_back is not None
            file, line = Path(frame.f_back.f_code.co_filename), frame.f_back.f_lineno
            if file.is_relative_to(package):
                flags = next((each for each in arguments if isinstance(each, re.RegexFlag)), 0)
                made = compiled(arguments[0], options.get("flags", flags))
                in_bytes = isinstance(made.pattern, bytes)
                text = made.pattern.decode("latin-1") if in_bytes else made.pattern
                place = file.relative_to(package).as_posix()
                seen.add(Expression(place, line, text, in_bytes, made.flags))
            return function(*arguments, **options)

        return call

    for name in FUNCTIONS:
        setattr(re, name, watched(getattr(re, name)))
    return seen


def main() -> None:
    """Import everything, and read what functions have expressions for."""
    folder = Path(sys.argv[1])
    seen = watch(folder)
    import flaglift  # noqa: PLC0415 - after `re` is watched

    for module in pkgutil.walk_packages(flaglift.__path__, "flaglift."):
        if module.name not in ("flaglift.__main__", "flaglift.columns.spark"):
            importlib.import_module(module.name)
    _read_corpora()
    for expression in sorted(seen):
        sys.stdout.write(json.dumps(expression) + "\n")


def _read_corpora() -> None:
    from flaglift import api  # noqa: PLC0415
    from flaglift.check.hosts.base import LiteralChange  # noqa: PLC0415
    from flaglift.check.hosts.finding import candidates  # noqa: PLC0415
    from flaglift.check.hosts.formats.json import JsonHost  # noqa: PLC0415
    from flaglift.check.hosts.formats.tags import is_in_one_token  # noqa: PLC0415
    from flaglift.check.hosts.registry import NAMES, host_named  # noqa: PLC0415
    from flaglift.check.hosts.rewriting import rewrite  # noqa: PLC0415
    from flaglift.check.hosts.several import has_one_a_line  # noqa: PLC0415
    from flaglift.check.patterns import Patterns  # noqa: PLC0415
    from flaglift.lossless.delimited import (  # noqa: PLC0415
        Dialect,
        row_counter,
        row_end_matcher,
        row_matcher,
        written,
    )
    from flaglift.lossless.spans import Span  # noqa: PLC0415
    from flaglift.migrate.decision import Decider  # noqa: PLC0415
    from flaglift.migrate.job import DEFAULT_TARGETS  # noqa: PLC0415
    from flaglift.migrate.json_document import JsonDocuments  # noqa: PLC0415
    from flaglift.migrate.sql.preflight import inserting_into  # noqa: PLC0415
    from flaglift.rules import RULES  # noqa: PLC0415
    from flaglift.rules.pages import sections, summary  # noqa: PLC0415
    from flaglift.settings import Settings  # noqa: PLC0415
    from flaglift.shapes.cut import cut_at_all_flags  # noqa: PLC0415

    texts = [line.split("|")[1] for line in _lines(CORPORA / "readings.txt") if "|" in line]
    for rule in RULES:
        texts += sections(rule).get("Example", "").split("\n")
        summary(rule)
    for text in texts:
        api.fix(text, unsafe=True)
        has_one_a_line(text)
        cut_at_all_flags(text)
    for path in sorted((CORPORA / "hosts").glob("*/*.txt")):
        name = path.stem.partition("-")[0]
        if name in NAMES:
            data, host = path.read_bytes(), host_named(name)
            literals = [literal for literal, _ in candidates(data, host)]
            rewrite(data, host, [LiteralChange(each, each.text + ' "x"') for each in literals])
    JsonHost("json").cuts(b'[\n  "a",\n  "b"\n]')
    is_in_one_token(b"<style>a</style>", Span(0, 1))
    for quoting in (True, False):
        written(b"a", Dialect(quoting=quoting), like=b"")
        for backslash in (True, False):
            dialect = Dialect(backslash=backslash, quoting=quoting)
            row_matcher(dialect, 3)
            row_counter(dialect, 3)
            row_end_matcher(dialect)
    decide, documents = Decider(Settings(), None), JsonDocuments("text", DEFAULT_TARGETS)
    line = b'{"text":  "a cat --video --video_model kling25"}'  # not spelled as Python does
    documents.write(line, [decide(stored) for stored in documents.read(line)])
    inserting_into("main", "prompts")
    Patterns("/here", ("*a*b[c-e]*/?.txt", "*a*a*a*a*a*c")).match("/here/ab/x.txt")


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


if __name__ == "__main__":
    main()
