"""Texts that people read have no phrase that a technical writer would not use."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from generate import pages
from generate.python import MODULES, public

from docs.snippets import PAGES, ROOT, STORY

PHRASES = re.compile(
    r"\b(?:behind|beside|lifted|anew|left out|goes on|go on from|pass(?:es|ed)? by|nobody sees"
    r"|besides that|name a file in it|as is said|what/that|so many \w+ are kept|for good"
    r"|names do not tell|all the same"
    r"|(?<!there )is no (?:flag|model|video|value|number|text|list|plain|replica)"
    r"|(?<!there )is no \w+ (?:such as|of|that)|tak(?:e|es|en|ing) (?:it |them |that )?(?:out|away)"
    r"|sticks to|stuck to|in front of it|nobody (?:can tell|knows|writes|documented)"
    r"|(?:written|spelt|reads?) otherwise|further on)\b"
    r"|, (?:only you know|nobody knows)\b",
    re.IGNORECASE,
)
"""Odd in English: `behind` for after, `beside` for with, and the like."""

ALSO = ("CONTRIBUTING", "SECURITY", "CHANGELOG", "grammar/DIALECT", "benchmarks/scale")

_CODE = re.compile(r"`[^`]*`")

SOURCES = sorted((ROOT / "src" / "flaglift").rglob("*.py"))


def messages(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the texts in a module that are not docstrings or names, with their lines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prose = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.lineno, node.value


def test_help_rules_and_messages_are_plain() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text.strip()}"
        for path in SOURCES
        for line, text in messages(path)
        if " " in text and PHRASES.search(text)
    ]
    assert found == []


def test_the_reference_is_plain() -> None:
    found = [
        f"{name}: {line}"
        for name, text in pages().items()
        if not name.startswith("python/")
        for line in text.splitlines()
        if PHRASES.search(_CODE.sub("", line))
    ]
    assert found == []


def test_the_reference_of_python_is_plain() -> None:
    found = [
        f"{module}.{name}: {line.strip()}"
        for module in MODULES
        if module != "flaglift.columns.spark"  # which needs Spark
        for name in public(module)
        if callable(value := getattr(import_module(module), name))
        for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(value))))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for line in str(node.value.value).splitlines()
        if PHRASES.search(_CODE.sub("", line))
    ]
    assert found == []


@pytest.mark.parametrize(
    "page",
    [*PAGES, STORY, *(ROOT / f"{name}.md" for name in ALSO)],
    ids=lambda page: page.name,
)
def test_the_pages_are_plain(page: Path) -> None:
    lines = page.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if PHRASES.search(_CODE.sub("", line))] == []


def test_the_list_finds_what_it_is_for() -> None:
    for text in (
        "the words behind it",
        "it is passed by",
        "the same command goes on",
        "begun anew",
        "what it means, only you know",
        "take it out",
        "this is no flag of the service",
        "read as a flag all the same",
    ):
        assert PHRASES.search(text)
    assert not PHRASES.search("there is no model `x`")
    assert not PHRASES.search("the words after it are skipped; run the command again to resume")
