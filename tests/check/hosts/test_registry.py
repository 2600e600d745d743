"""Which host reads which file, and what is said where one is missing."""

import subprocess
import sys

import pytest

from flaglift.check.hosts import registry
from flaglift.check.hosts.registry import NAMES, SUFFIXES, host_for, host_named, language, name_for
from flaglift.errors import ConfigError, InputError


@pytest.mark.parametrize("name", NAMES)
def test_every_host_has_its_name_and_reads_anything(name: str) -> None:
    host = host_named(name)
    assert host.name == name
    for data in (b"", b"\n", "é\U0001f600 --video\n".encode(), b"{[(<'\"`${#\\\n--video"):
        for literal in host.literals(data):
            assert 0 <= literal.start <= literal.end <= len(data)
        assert isinstance(host.comments(data), list)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_suffix_has_a_host(suffix: str) -> None:
    path = f"a/b{suffix.upper()}"
    assert name_for(path) in NAMES
    found = host_for(path)
    assert found is not None
    assert found.name == name_for(path)


def test_other_files_have_none() -> None:
    assert host_for("a.exe") is None
    assert host_for("Makefile") is None


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("js", "javascript"),
        ("Python", "python"),
        ("sh", "bash"),
        ("text", "text"),
        ("lines", None),
        ("cURL", "bash"),
        ("console", "console"),
    ],
)
def test_languages_of_fences(word: str, name: str | None) -> None:
    assert language(word) == name


def test_an_unknown_host_is_an_error_that_names_the_close_one() -> None:
    with pytest.raises(ConfigError, match="there is no host `pyton`; did you mean `python`"):
        host_named("pyton")
    with pytest.raises(ConfigError, match="hosts: lines, whole"):
        host_named("cobol")


def test_a_missing_parser_is_one_sentence_that_names_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host_named.cache_clear()
    monkeypatch.setitem(sys.modules, "yaml", None)
    for module in ("yaml",):
        monkeypatch.delitem(sys.modules, f"flaglift.check.hosts.formats.{module}", raising=False)
    with pytest.raises(InputError) as caught:
        registry.host_named("yaml")
    assert str(caught.value) == (
        "yaml files need `yaml`, which is not installed; "
        "install flaglift with its extra: pip install 'flaglift[hosts]'"
    )
    host_named.cache_clear()


def test_text_needs_no_parser() -> None:
    code = (
        "import sys; from flaglift.check.hosts.registry import host_named;"
        "import flaglift.check.hosts.finding; [host_named(n) for n in ('lines', 'csv', 'json')];"
        "print([m for m in sys.modules if 'tree_sitter' in m or m == 'yaml'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
