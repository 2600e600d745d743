"""Every command and snippet of README and the site is run, and what it prints is what is shown."""

import re
from pathlib import Path
from typing import Any

import pytest

from docs.snippets import (
    PAGES,
    ROOT,
    SHOWN_ONLY,
    commands,
    fits,
    read_data,
    run_python,
    shell,
    snippets,
    with_ellipses,
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_snippets_print_what_they_show(page: Path) -> None:
    names: dict[str, Any] = {}
    differences: list[str] = []
    with shell() as opened:
        for snippet in snippets(page.read_text(encoding="utf-8")):
            if snippet.language == "console":
                for command, shown in commands(snippet.code):
                    printed = opened.run(command)
                    if not fits(shown, printed):
                        differences.append(f"$ {command}\n{printed}")
            elif snippet.language == "python":
                differences.append(run_python(snippet.code, names, page.name, snippet.line))
            elif snippet.language not in SHOWN_ONLY:
                read_data(snippet.language, snippet.code)
    assert "".join(differences) == "", f"run tests/docs/snippets.py {page}"


def test_what_is_not_fenced_is_run_by_tests_of_its_own() -> None:
    elsewhere = {
        "README.md": "how to install",
        "docs/how-to/columns.md": "tests/columns and tests/spark",
        "docs/how-to/requests.md": "tests/shim/test_readme.py",
    }
    indented = {
        str(page.relative_to(ROOT))
        for page in PAGES
        if re.search(r"\n\n    \S", page.read_text(encoding="utf-8"))
    }
    assert indented == elsewhere.keys()


def test_an_ellipsis_stands_for_what_varies() -> None:
    assert fits("run ... is done\n", "run 7-a is done\n")
    assert fits("a\n...\nz\n", "a\nb\nc\nz\n")
    assert not fits("a\n...\nz\n", "a\nb\n")
    assert not fits("a\n", "b\n")
    assert fits("", "")
    assert not fits("", "surprise\n")


def test_a_line_that_varies_is_kept_where_others_are_written_anew() -> None:
    shown = "run ... is finished\n3 changed\n...\n"
    printed = "run 7-a is finished\n4 changed\nrun\n"
    assert with_ellipses(shown, printed) == "run ... is finished\n4 changed\nrun\n"


def test_a_command_sees_the_exit_code_of_the_one_before() -> None:
    with shell() as opened:
        assert opened.run("false") == ""
        assert opened.run("echo $?") == "1\n"
        assert opened.run("echo $?") == "0\n"


def test_a_difference_is_seen() -> None:
    assert "Expected" in run_python(">>> 1 + 1\n3\n", {}, "page", 1)
    with pytest.raises(ZeroDivisionError):
        run_python("1 / 0\n", {}, "page", 1)
    with pytest.raises(AssertionError):
        commands("flaglift check\n")
