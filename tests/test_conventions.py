"""The habits of the project, held by tests."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from setuptools import find_packages  # type: ignore[import-untyped]

import flaglift
from flaglift.rules import RULES, Rule
from flaglift.rules.pages import HEADINGS, sections
from flaglift.syntax import Feature

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "flaglift"
FILES = sorted(SOURCE.rglob("*.py"))

LAYERS = {
    "lossless": 0, "errors": 0, "files": 0, "processes": 0, "spelling": 0, "documentation": 0,
    "syntax": 1, "catalog": 1, "diagnostics": 1, "settings": 1, "context": 1,
    "rules": 2,
    "emit": 3, "linting": 3,
    "shapes": 4,
    "api": 5, "report": 5,
    "check": 6, "migrate": 6, "shim": 6, "columns": 6, "lsp": 6,
    "cli": 7,
    "__main__": 8,
}  # fmt: skip
"""The rooms and their layers: a room imports lower layers, and of its own those named below."""

WITHIN_A_LAYER = {
    "lsp": {"check"},
    "migrate": {"columns"},
    "linting": {"emit"},
    "diagnostics": set(),
}


def room(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports(path: Path) -> frozenset[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module or "")
    return frozenset(names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_layers(path: Path) -> None:
    here = room(path)
    if here == "__init__":
        return  # the package's front door names every room
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "flaglift" or parts[1:2] in ([], ["grammar"]):
            continue
        there = parts[1]
        allowed = there == here or there in WITHIN_A_LAYER.get(here, set())
        assert allowed or LAYERS[there] < LAYERS[here], f"{here} imports {there}"


def imported_when_run(node: ast.AST) -> Iterator[str]:
    """Yield the names that a module imports, in functions too, but not for type checkers only."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    for child in ast.iter_child_nodes(node):
        yield from imported_when_run(child)


def circle(sources: dict[str, str]) -> list[str]:
    """Return modules, of which each imports the next one, and the last is the first again."""
    imported = {}
    for name, source in sources.items():
        names = set(imported_when_run(RunTimeOnly().visit(ast.parse(source))))
        imported[name] = {
            found
            for each in names
            if (found := each if each in sources else each.rpartition(".")[0]) in sources
        }
    try:
        TopologicalSorter(imported).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


class RunTimeOnly(ast.NodeTransformer):
    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        return (
            node.orelse if ast.unparse(node.test) == "TYPE_CHECKING" else self.generic_visit(node)
        )


def test_no_modules_import_each_other() -> None:
    assert circle({module_name(path): path.read_text(encoding="utf-8") for path in FILES}) == []


@pytest.mark.parametrize(
    ("module", "is_circle"),
    [
        ("import b", True),
        ("from b import name", True),
        ("def f():\n    import b", True),
        ("if TYPE_CHECKING:\n    import b", False),
        ("if TYPE_CHECKING:\n    pass\nelse:\n    import b", True),
    ],
)
def test_a_circle_of_imports_is_found(module: str, is_circle: bool) -> None:
    assert bool(circle({"a": module, "b": "from a import name"})) is is_circle


WAYS_OUT = {
    "click.echo",
    "click.secho",
    "print",
    "sys.stdout.write",
    "sys.stderr.write",
    "json.dumps",
}


def test_everything_is_printed_by_what_makes_it_harmless() -> None:
    """A name in an output may hold anything; see `report/escaping.py`."""
    found = {
        (str(path.relative_to(SOURCE)), ast.unparse(node.func))
        for path in FILES
        if room(path) in ("cli", "report")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in WAYS_OUT
    }
    assert found == {
        ("cli/__init__.py", "click.echo"),
        ("report/escaping.py", "json.dumps"),
        ("report/formats/gitlab.py", "json.dumps"),  # these two make a fingerprint of it
        ("report/formats/sarif.py", "json.dumps"),
        ("report/migration_progress.py", "print"),
    }


PUBLIC_NAMES = {
    "Middleware",  # users import it from the module for their framework
    "HelpFlag",  # this and the next ones are nodes, which `parse` prints and fingerprints hold,
    "QuotedFlag",  # and rules, whose classes are named like the rule
    "UnknownFlag",
}
"""The names that two classes share because somebody outside the package knows both by it."""


def test_class_names_are_unique_in_the_package() -> None:
    modules: dict[str, set[str]] = {}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                modules.setdefault(node.name, set()).add(module_name(path))
    repeated = {name for name, homes in modules.items() if len(homes) > 1}
    assert repeated == PUBLIC_NAMES


RULE_FILES = {
    type(rule).__module__: SOURCE.parent
    / Path(*type(rule).__module__.split(".")).with_suffix(".py")
    for rule in RULES
}


def test_no_rule_imports_another() -> None:
    for path in RULE_FILES.values():
        assert not RULE_FILES.keys() & imports(path), path.stem


def test_lark_is_imported_in_one_module() -> None:
    assert [path.name for path in FILES if "lark" in imports(path)] == ["lalr.py"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_modules_and_functions_stay_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.end_lineno:
            first = node.body[1] if len(node.body) > 1 and ast.get_docstring(node) else node.body[0]
            assert node.end_lineno - first.lineno < 40, f"{path.name}: {node.name}"


def test_no_module_is_called_for_nothing_in_particular() -> None:
    names = {part for path in FILES for part in path.relative_to(SOURCE).with_suffix("").parts}
    assert not names & {"utils", "util", "helpers", "helper", "manager", "common", "misc"}


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.code) for rule in RULES])
def test_a_rule_is_one_file_named_like_it(rule: Rule) -> None:
    cls = type(rule)
    stem = rule.name.replace("-", "_")
    room = "flaglift.rules.typing" if rule.code.startswith("FL2") else "flaglift.rules"
    assert cls.__module__ == f"{room}.{stem}"
    assert cls.__name__ == "".join(word.capitalize() for word in rule.name.split("-"))
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.name)
    module = ast.parse(RULE_FILES[cls.__module__].read_text(encoding="utf-8"))
    assert ast.get_docstring(module) == f"{rule.code} {rule.name}."


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.code) for rule in RULES])
def test_a_rule_has_its_page(rule: Rule) -> None:
    page = sections(rule)
    assert tuple(page) == HEADINGS
    assert all(page.values())
    fixable = any(example.fixed is not None for example in rule.INVALID)
    assert page["Fix safety"].startswith("No fix") != fixable


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.code) for rule in RULES])
def test_the_page_shows_what_the_rule_does(rule: Rule) -> None:
    page = sections(rule)
    if not re.search(r"\(with [^)]*\)$", page["Example"]):
        assert rule.code in codes_of(page["Example"])
    if not re.search(r"\(with [^)]*\)$", page["Use instead"]):
        assert rule.code not in codes_of(page["Use instead"])


def codes_of(text: str) -> set[str]:
    return {finding.code for finding in flaglift.lint(text)}


def test_rules_are_registered_in_order_of_their_codes() -> None:
    codes = [rule.code for rule in RULES]
    assert codes == sorted(set(codes))
    assert len({rule.name for rule in RULES}) == len(codes)
    assert all(re.fullmatch(r"FL\d\d\d", code) for code in codes)
    shared = {"__init__", "base", "subject", "pages"}
    files = {path.stem for path in (SOURCE / "rules").glob("*.py")} - shared
    files |= {path.stem for path in (SOURCE / "rules" / "typing").glob("*_*.py")}
    named = {rule.name.replace("-", "_") for rule in RULES}
    assert files - {"__init__", "attached_punctuation", "entity_places"} == named


def test_every_rule_but_the_engines_own_has_a_trigger() -> None:
    without = [rule.name for rule in RULES if not rule.trigger]
    assert without == ["unused-suppression"]
    assert all(isinstance(rule.trigger, Feature) for rule in RULES)


def test_no_message_says_that_the_flags_will_break() -> None:
    for rule in RULES:
        for example in rule.INVALID:
            found = flaglift.lint(
                example.text, example.settings, example.context, example.suppressed
            )
            for finding in found:
                assert not re.search(r"\bwill (break|stop|fail)\b", finding.message)
                assert not finding.message.endswith(".")


def test_public_names() -> None:
    assert sorted(flaglift.__all__) == flaglift.__all__ == dir(flaglift)
    for name in flaglift.__all__:
        assert getattr(flaglift, name).__name__ == name


def test_every_package_is_in_the_distribution() -> None:
    packages = {
        ".".join(("flaglift", *path.parent.relative_to(SOURCE).parts))
        for path in SOURCE.rglob("__init__.py")
    }
    assert set(find_packages(str(ROOT / "src"))) == packages
    setup = (ROOT / "setup.py").read_text(encoding="utf-8")
    assert '[*find_packages("src"), "flaglift.grammar"]' in setup
