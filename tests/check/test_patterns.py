"""Patterns of paths: as git reads them, and in linear time."""

import subprocess
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from flaglift.check import patterns as patterns_module
from flaglift.check.configuration import read_configuration
from flaglift.check.patterns import MOST_PATTERNS, Patterns, configured
from flaglift.check.walking import Walk
from flaglift.errors import ConfigError
from lossless.timing import with_effort
from repositories import git

NAMES = st.text(st.sampled_from("ab-]!# ."), min_size=1, max_size=4).filter(
    lambda name: name.strip(".") and name == name.strip()
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
LINES = st.text(st.sampled_from("ab*?/[]!-#\\ ."), max_size=8) | st.sampled_from(
    ["a/**", "**/a", "a/**/b", "**", "*", "[[:alpha:]]", "[^a]", "[a-b]*", "a\\ ", "\\!a", "!a/"]
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    return folder


def ignored_by_git(folder: Path, path: str) -> bool:
    """Whether git ignores it; it takes what is not there for a file."""
    run = subprocess.run(
        ["git", "-C", str(folder), "check-ignore", "-q", "--no-index", "--", path], check=False
    )
    assert run.returncode in (0, 1)
    return run.returncode == 0


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINES, min_size=1, max_size=3), PATHS)
def test_a_path_matches_where_git_says_so(repository: Path, lines: list[str], path: str) -> None:
    # git reads an escape before `/` and a class of nothing in ways that its manual does not name.
    assume(not any(odd in line for line in lines for odd in ("\\/", "//", "[]", "[!]", "[^]")))
    (repository / ".gitignore").write_text("\n".join(lines) + "\n")
    patterns = Patterns(str(repository), tuple(lines))
    assert patterns.match(str(repository / path)) == ignored_by_git(repository, path)


@pytest.mark.parametrize(
    ("line", "matching", "others"),
    [
        ("a\\ ", ["a "], ["a"]),
        ("a ", ["a"], ["a "]),
        ("/a", ["a", "a/b"], ["b/a"]),
        ("a/", ["a/b", "c/a/b"], ["a"]),
        ("a/**/b", ["a/b", "a/c/d/b"], ["c/a/b"]),
        ("a/**", ["a/b", "a/b/c"], ["a"]),
        ("[a-c]?[!x]", ["azz", "q/bzz"], ["dzz", "azx"]),
        ("[[:digit:]]*", ["1", "2x"], ["x1"]),
        ("[[:none:]]", [], [":", "n"]),
        ("[b-a]", [], ["a", "b", "-"]),
        ("[!b-a]x", ["ax"], ["x"]),
        ("*.a*.b", ["x.a.b", "x.a1.b"], ["x.b", "x.a.b1"]),
        ("# a", [], ["# a"]),
        ("", [], ["a"]),
        ("a[", [], ["a["]),
        ("a\\", [], ["a\\", "a"]),
        ("x\r", ["x"], []),
    ],
)
def test_what_a_pattern_matches(line: str, matching: list[str], others: list[str]) -> None:
    patterns = Patterns("/here", (line,))
    assert [path for path in matching + others if patterns.match(f"/here/{path}")] == matching
    assert not patterns.match("/elsewhere/a")


@pytest.mark.parametrize(
    ("line", "same"),
    [
        ("./a", "/a"),
        ("././a/", "/a/"),
        ("!./a", "!/a"),
        ("./a/b", "a/b"),
        ("a/./b//c", "a/b/c"),
        ("a/.", "/a/"),
        ("./**/*.txt", "**/*.txt"),
        (".", "**"),
        ("./", "**"),
        ("/", "**"),
        ("a/ ", "a/"),
        ("\\#a[\\*]\\ ", "\\#a[\\*]\\ "),
        ("{{a}}", "{{a}}"),
        ("/here/a", "/here/a"),
        ("tree/a", "tree/a"),
    ],
)
def test_what_a_configured_pattern_reads_as(tmp_path: Path, line: str, same: str) -> None:
    folder = tmp_path / "here"
    (folder / "here").mkdir(parents=True)
    assert configured(str(folder), ("first", line)).lines == ("first", same)


def test_the_path_of_a_folder_with_one_of_its_name() -> None:
    """`/src/a` in a configuration of `/src` is `/src/src/a`, if there is such a folder."""
    top = Path("/").resolve()
    name = next(path.name for path in top.iterdir() if path.is_dir())
    assert configured("/", (f"/{name}/a",)).lines == (f"/{name}/a",)


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("!a", "`!` makes exceptions from the patterns before it"),
        ("a !", "it is empty"),
        ("a[", "it cannot be read"),
        ("b/c\\", "it cannot be read"),
        ("[[:none:]]", "it cannot be read"),
        ("../a", "it is to be relative to {here}, and inside of it"),
        ("a/../b", "it is to be relative to {here}, and inside of it"),
        ("{here}/a", "it is to be relative to {here}, and inside of it"),
        ("{here}", "it is to be relative to {here}, and inside of it"),
        ("C:/a", "it is to be relative to {here}, and inside of it"),
        ("a\\b", "`\\` separates no folders: write `/`, and `[*]` or `[?]` for "),
        (".\\a", "`\\` separates no folders: write `/`"),
        ("a\\*.txt", "`\\` separates no folders: write `/`"),
        ("*.{{js,ts}}", "braces are no alternatives: write a pattern for each"),
        ("#a", "`#` at its start is written `\\#`"),
        ("there.txt/", "{here}/there.txt is a file: write it without the `/` at its end"),
    ],
)
def test_a_pattern_that_can_match_nothing_is_an_error_where_somebody_configured_it(
    tmp_path: Path, lines: str, why: str
) -> None:
    (tmp_path / "there.txt").touch()
    given = tuple(lines.format(here=tmp_path).split(" "))
    with pytest.raises(ConfigError) as caught:
        configured(str(tmp_path), given)
    assert f"{given[-1]!r}: {why.format(here=tmp_path)}" in str(caught.value)
    with pytest.raises(ConfigError, match="it is empty"):
        configured(str(tmp_path), ("",))
    with pytest.raises(ConfigError, match=r"at its start is written"):
        configured(str(tmp_path), (" a",))


@pytest.mark.parametrize(
    "line", ["*a" * 30 + "c", "**a" * 30 + "c", "?*" * 30 + "c", "**/a/" * 30 + "c", "[a]*" * 50]
)
def test_no_pattern_takes_long(line: str) -> None:
    patterns = Patterns("/here", (line,))
    for path in ("a" * 250, "/".join("a" * 2000)):
        _, effort = with_effort(partial(patterns.match, f"/here/{path}b"))
        assert effort < 100


def test_each_pattern_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    expression = patterns_module._expression

    def counting(segment: str) -> str:
        compiled.append(segment)
        return expression(segment)

    monkeypatch.setattr(patterns_module, "_expression", counting)
    patterns = Patterns("/here", tuple(f"x{i}*y" for i in range(3000)))
    for name in ("a", "b", "x2999-y"):
        patterns.match(f"/here/{name}")
    assert len(compiled) == 3000


def test_too_many_patterns_are_refused(tmp_path: Path) -> None:
    lines = [f"a{i}" for i in range(MOST_PATTERNS + 1)]
    assert len(configured(str(tmp_path), lines[1:]).lines) == MOST_PATTERNS
    with pytest.raises(ConfigError, match="has more than 4,000 patterns"):
        configured(str(tmp_path), lines)
    place = tmp_path / "flaglift.toml"
    place.write_text("[per-file-ignores]\n" + "".join(f'{line} = ["FL402"]\n' for line in lines))
    with pytest.raises(ConfigError, match="`per-file-ignores`: has more than 4,000 patterns"):
        read_configuration(place)


def test_the_walk_ignores_what_git_ignores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("b/x.txt", "b/y.txt", "sub/b/x.txt", "sub/a ", "top.txt", "sub/top.txt"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("")
    Path(".gitignore").write_text("\ufeffx.txt\na\\ \n/top.txt\n")
    Path("sub/.gitignore").write_text("!b/\n!x.txt\n")
    expected = [each.path for each in Walk().targets(["."])]
    git("init", "-q")
    assert [each.path for each in Walk().targets(["."])] == expected
    assert expected == [
        ".gitignore", "b/y.txt", "sub/.gitignore", "sub/b/x.txt", "sub/top.txt"
    ]  # fmt: skip
