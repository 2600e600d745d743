"""What `import flaglift` gives, and what it costs."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import flaglift

HEAVY = {
    "click",
    "rich",
    "http",
    "httpx",
    "requests",
    "urllib3",
    "httptools",
    "pyarrow",
    "pandas",
    "polars",
    "sqlite3",
    "sqlalchemy",
    "psycopg",
}
"""Command lines, HTTP, Arrow and databases: nobody who imports the library pays for them."""


def loaded_by(program: str) -> set[str]:
    """Return the top-level modules that a program loads, by `-X importtime`."""
    run = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", program],
        capture_output=True,
        check=True,
        text=True,
    )
    lines = [line for line in run.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


def test_the_import_loads_nothing_that_most_do_not_need() -> None:
    bare = loaded_by("import importlib, typing")
    assert loaded_by("import flaglift") - bare == {"flaglift"}


def test_using_the_library_loads_no_command_line_and_no_network() -> None:
    program = f"""
import flaglift
for name in flaglift.__all__: getattr(flaglift, name)
translation = flaglift.translate({"a cat --video --video_model kling25"!r})
flaglift.lower(translation.fields)
flaglift.fix("a --video --video")
"""
    loaded = loaded_by(program) - loaded_by("import importlib")  # the measuring of coverage
    assert "flaglift" in loaded
    assert not loaded & HEAVY


def test_reading_a_prompt_loads_the_parser_and_not_the_validation() -> None:
    program = f"""
import flaglift
text = {"a cat --video --video_model kling25 --duration 5s --fill"!r}
flaglift.lint(text), flaglift.translate(text), flaglift.fix(text, unsafe=True)
"""
    assert loaded_by(program) & {"lark", "pydantic"} == {"lark"}


def test_a_word_is_read_before_any_prompt_is() -> None:
    program = "from flaglift.syntax.words import unquote; print(unquote('a\"b c\"d'))"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    assert run.stdout == "ab cd\n"


def test_a_text_without_a_dash_spelling_loads_neither() -> None:
    program = f"""
import flaglift
text = {'a well-lit cat - "asleep"'!r}
flaglift.lint(text), flaglift.translate(text)
"""
    assert not loaded_by(program) & {"lark", "pydantic"}


def test_checking_a_file_without_one_loads_neither(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text('x = {"text": "a well-lit cat"}\n')
    arguments = ["flaglift", "check", "--isolated", "--no-cache", "--exit-zero", str(path)]
    loaded = loaded_by(
        f"import sys; sys.argv = {arguments!r}\nfrom flaglift.cli import main; main()"
    )
    assert "flaglift" in loaded
    assert not loaded & {"lark", "pydantic", "rich"}


def test_every_public_name_is_there() -> None:
    assert flaglift.__all__ == sorted(flaglift.__all__, key=lambda name: (name.islower(), name))
    for name in flaglift.__all__:
        value = getattr(flaglift, name)
        assert value.__name__ == name
        assert value.__module__.startswith("flaglift.")
        assert value.__doc__


def test_nothing_else_is_public() -> None:
    assert sorted(dir(flaglift)) == sorted(flaglift.__all__)
    program = "from flaglift import *\nprint(*sorted(n for n in dir() if n[0] != '_'))"
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        check=True,
        text=True,
    )
    assert run.stdout.split() == sorted(flaglift.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = flaglift.nothing


def test_type_checkers_see_the_same_names() -> None:
    module = ast.parse(Path(flaglift.__file__).read_text(encoding="utf-8"))
    block = next(node for node in module.body if isinstance(node, ast.If))
    seen = {
        alias.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert sorted(seen) == sorted(flaglift.__all__)
    for name, home in seen.items():
        assert getattr(importlib.import_module(str(home)), name) is getattr(flaglift, name)


@pytest.mark.parametrize("version", ["(3, 11, 4, 'final', 0)", "(3, 11, 0, 'final', 0)"])
def test_a_python_whose_expressions_read_no_flags_is_refused(version: str) -> None:
    program = f"import sys; sys.version_info = {version}; import flaglift"
    run = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert run.returncode == 1
    assert "ImportError: flaglift needs Python 3.11.5 or newer, and this is 3." in run.stderr


def test_the_oldest_python_is_the_same_wherever_it_is_named() -> None:
    oldest = ".".join(map(str, flaglift.OLDEST_PYTHON))
    root = Path(__file__).parent.parent
    assert f'requires-python = ">={oldest}"' in (root / "pyproject.toml").read_text()
    for page in ("README.md", "CONTRIBUTING.md", "docs/tutorials/index.md"):
        assert f"Python {oldest} or newer" in (root / page).read_text(encoding="utf-8")


def test_possessive_quantifiers_in_others_match_no_more_than_they_should() -> None:
    found = re.match(r"(?:[^-]++|(?:(?<=[^ ])|(?!-))(?:[^ ]++|y)++)++", "a --v")
    assert found is not None
    assert found[0] == "a "  # in Python 3.11.2 it is `a -`
