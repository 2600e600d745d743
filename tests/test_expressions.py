"""Every regular expression of the package takes time in proportion to what it is given.

All of them are found: in the source by their calls, and as they are made by watching `re`. Each is
run in the way that the package runs it, on long runs of what it mentions: one character, two in
turn, or one of its words before a character.
"""

import ast
import json
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import expressions
import flaglift
from expressions import Expression
from flaglift.syntax.grammar import expression

pytestmark = pytest.mark.no_cover  # it doubles the time, which is long

FOLDER = Path(flaglift.__file__).parent
SHORT = 6_000
MOMENT = 0.006  # seconds
# Those that look from one place only. The rest look from every place.
AT_ONE_PLACE = {"match", "fullmatch"}
# `expression("GROUP")` alone is, too; others that the same line makes are not.
ONLY_MATCHED = '(?P<GROUP>"(?:[^"\\\\]++|\\\\[\\s\\S])*+")'
ANYWHERE = {"search", "findall", "finditer", "split", "sub"}


@cache
def _trees() -> dict[str, ast.Module]:
    return {
        path.relative_to(FOLDER).as_posix(): ast.parse(path.read_bytes())
        for path in sorted(FOLDER.rglob("*.py"))
    }


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls of what `re` makes expressions with."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "re"
            and node.func.attr in expressions.FUNCTIONS
        ):
            yield node


def _covers(node: ast.expr | ast.stmt, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or 0)


@cache
def _made() -> list[Expression]:
    """Return all expressions that are made when the package is imported and used."""
    program = [sys.executable, expressions.__file__, str(FOLDER)]
    done = subprocess.run(program, check=True, capture_output=True, text=True, timeout=240)
    return [Expression(*json.loads(line)) for line in done.stdout.splitlines()]


@cache
def _written() -> list[Expression]:
    """Return the expressions that stand in the source as they are."""
    found = []
    for file, tree in _trees().items():
        for call in _calls(tree):
            if isinstance(call.args[0], ast.Constant):
                pattern = re.compile(ast.literal_eval(call.args[0]))
                text = pattern.pattern
                plain = text if isinstance(text, str) else text.decode("latin-1")
                in_bytes = isinstance(text, bytes)
                found.append(Expression(file, call.lineno, plain, in_bytes, pattern.flags))
    return found


@cache
def _uses() -> dict[tuple[str, str], set[str]]:
    """Return the methods that are called on each name, or on what it returns, by file and name.

    Names that modules share are those of all files.
    """
    uses = defaultdict(set)
    for file, tree in _trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in AT_ONE_PLACE | ANYWHERE:
                of = node.value.func if isinstance(node.value, ast.Call) else node.value
                name = of.id if isinstance(of, ast.Name) else getattr(of, "attr", "")
                uses[file if name.startswith("_") else "", name].add(node.attr)
    return uses


def _methods(file: str, line: int) -> set[str]:
    """Return how the expression that is made there is run; by `search` where that is unclear."""
    name = ""
    for node in ast.walk(_trees()[file]):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and _covers(node, line):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            name = target.id if isinstance(target, ast.Name) else ""
        if isinstance(node, ast.keyword) and _covers(node.value, line):
            name = node.arg or ""
        if isinstance(node, ast.FunctionDef) and _covers(node, line):
            name = node.name
    return _uses().get((file if name.startswith("_") else "", name)) or {"search"}


def _how(made: Expression) -> str:
    calls = [call for call in _calls(_trees()[made.file]) if _covers(call, made.line)]
    named = {call.func.attr for call in calls if isinstance(call.func, ast.Attribute)}
    methods = named - {"compile"} or _methods(made.file, made.line)
    return min(methods) if methods <= AT_ONE_PLACE else "search"


def runs(text: str) -> Iterator[str]:
    """Yield what is repeated: what an expression mentions, alone and beside each other."""
    plain = re.sub(r"\(\?P<\w+>", "(", text)
    characters = sorted({*plain, *"a0_ "} | ({"\n"} if "\\n" in text or "\\s" in text else set()))
    yield from characters
    # One letter is like the next; of alphabets of signs, some are enough.
    signs = [each for each in characters if not each.isalnum()][:12]
    yield from map("".join, product([*signs, "a", "0"], repeat=2))
    for word in sorted(set(re.findall(r"[a-zA-Z_&#-]{2,}", plain)))[:30]:
        yield from (word + each for each in ("", " ", "_", '"'))


def seconds(pattern: Any, how: str, unit: str, length: int, *, in_bytes: bool) -> float:
    text: Any = unit * (length // len(unit)) + "\x00"
    if in_bytes:
        text = text.encode("latin-1", "replace")
    run = getattr(pattern, how)
    started = time.process_time()
    run(text)
    return time.process_time() - started


def slow_on(pattern: Any, how: str, text: str, *, in_bytes: bool, length: int = SHORT) -> str:
    """Return a run that takes more than its length's share of time, measured again; "" if none."""

    def took(unit: str, size: int, times: int) -> float:
        return min(seconds(pattern, how, unit, size, in_bytes=in_bytes) for _ in range(times))

    slow = (
        unit
        for unit in runs(text)
        if took(unit, length, 1) > MOMENT  # the square of so many steps takes longer
        and (few := took(unit, length, 3)) > MOMENT
        and took(unit, length * 4, 1) > few * 8
        and took(unit, length * 4, 3) > took(unit, length, 3) * 8
    )
    return next(slow, "")


def test_every_expression_is_known() -> None:
    made = {(each.file, each.line) for each in _made()}
    missing = [
        f"{file}:{call.lineno}"
        for file, tree in _trees().items()
        for call in _calls(tree)
        if not isinstance(call.args[0], ast.Constant)
        and not any(file == other and _covers(call, line) for other, line in made)
    ]
    assert missing == []


@pytest.mark.parametrize(
    "room", sorted({path.relative_to(FOLDER).parts[0] for path in FOLDER.rglob("*.py")})
)
def test_every_expression_takes_linear_time(room: str) -> None:
    made = {
        (each.text, each.in_bytes, each.flags & ~re.UNICODE, _how(each)): each
        for each in (*_written(), *_made())
        if Path(each.file).parts[0] == room and each.text != ONLY_MATCHED
    }
    slow = {
        f"{each.file}:{each.line} {how} {each.text!r}": unit
        for (*_, how), each in made.items()
        if (unit := slow_on(each.compiled(), how, each.text, in_bytes=each.in_bytes))
    }
    assert slow == {}


def test_a_group_is_looked_for_at_one_place_only() -> None:
    assert expression("GROUP").pattern == ONLY_MATCHED
    uses = [
        node.attr
        for tree in _trees().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "expression('GROUP')"
    ]
    assert uses
    assert {*uses} <= AT_ONE_PLACE


@pytest.mark.parametrize(
    ("text", "how", "length"),
    [
        (r"--[a-z_-]+[= ]", "search", SHORT // 2),  # the slower, the shorter: that is enough
        (r"a*a*b", "match", SHORT),
        (r"\s+$", "search", SHORT // 2),
        (r"x.*z", "search", SHORT),
    ],
)
def test_slow_expressions_are_seen(text: str, how: str, length: int) -> None:
    # What is taken for slow was measured as such four times in a row, which other work can prevent.
    tries = (slow_on(re.compile(text), how, text, in_bytes=False, length=length) for _ in range(5))
    assert any(tries)
