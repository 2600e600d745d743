"""What a configuration says about files, wherever it stands."""

import json
import os
import re
from pathlib import Path

import pytest

from flaglift.check.configuration import read_configuration
from flaglift.check.file_settings import READERS
from flaglift.cli.init import template
from flaglift.settings import DEFAULT, FILE_KEYS, read_config
from repositories import CLEAN, LONG, TWICE, codes, found, shown_files, write
from running import flaglift


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_keys_about_files_are_known_to_both_readers() -> None:
    assert READERS.keys() == FILE_KEYS


def test_the_options_of_a_server_do_not_disturb_a_check() -> None:
    write({"flaglift.toml": "require-reason = true\n[serve]\nupstream = 'http://a.example'\n"})
    configuration = read_configuration(Path("flaglift.toml"))
    assert configuration.settings == DEFAULT
    assert configuration.files.require_reason


def test_excluded_files_are_left_out_unless_named() -> None:
    write(
        {
            "flaglift.toml": 'exclude = ["vendor/", "*.min.txt", "!keep.min.txt", "/top.txt"]',
            "vendor/a.txt": LONG,
            "b.min.txt": LONG,
            "keep.min.txt": LONG,
            "top.txt": LONG,
            "sub/top.txt": LONG,
            "bad.min.txt": b"\xff --video",
        }
    )
    assert [path for path, _, _ in codes()] == ["keep.min.txt", "sub/top.txt"]
    assert flaglift("check").stderr.startswith("2 errors")
    assert [path for path, _, _ in codes("vendor/a.txt")] == ["vendor/a.txt"]
    assert codes("--force-exclude", "vendor/a.txt", "keep.min.txt")[0][0] == "keep.min.txt"
    assert codes("vendor") == []
    with Path("flaglift.toml").open("a") as file:
        file.write("\nforce-exclude = true")
    assert codes("vendor/a.txt") == []
    assert shown_files("vendor/a.txt", "sub/top.txt") == ["sub/top.txt"]


def test_the_nearest_configuration_counts_and_may_extend_another() -> None:
    write(
        {
            "flaglift.toml": 'ignore = ["FL402"]\nexclude = ["a/x.txt"]\nbaseline = "known.json"',
            "a/flaglift.toml": "",
            "a/x.txt": LONG,
            "b/pyproject.toml": '[tool.flaglift]\nextend = "../flaglift.toml"\nselect = ["FL4"]',
            "b/x.txt": LONG,
            "b/deep/flaglift.toml": 'extend = "../pyproject.toml"\nignore = []',
            "b/deep/y.txt": LONG,
            "c.txt": LONG,
            "known.json": '{"version": 1, "findings": []}',
        }
    )
    assert codes() == [("a/x.txt", 1, "FL402"), ("b/deep/y.txt", 1, "FL402")]
    deep = read_configuration(Path("b/deep/flaglift.toml"))
    assert deep.settings.select == ("FL4",)
    assert deep.files.baseline == Path.cwd() / "known.json"
    assert deep.files.exclude is not None
    assert deep.files.exclude.match(str(Path.cwd() / "a" / "x.txt"))
    assert read_config(Path("b/deep/flaglift.toml")) == deep.settings
    alone = codes("--isolated")
    assert [path for path, _, _ in alone] == ["a/x.txt", "b/deep/y.txt", "b/x.txt", "c.txt"]
    assert codes("--config", "flaglift.toml") == []


def test_configurations_that_extend_in_a_circle_or_nothing() -> None:
    write({"flaglift.toml": 'extend = "b.toml"', "b.toml": 'extend = "./c.toml"'})
    write({"c.toml": 'extend = "flaglift.toml"', "a.txt": LONG})
    run = flaglift("check")
    assert run.returncode == 2
    assert "c.toml: `extend` leads back to " in run.stderr
    write({"c.toml": 'extend = "gone.toml"'})
    run = flaglift("check")
    assert run.returncode == 2
    assert "gone.toml: cannot be read: No such file or directory" in run.stderr
    write({"c.toml": "extend = 5"})
    assert "c.toml: `extend` must be a path" in flaglift("check").stderr


def test_rules_can_be_ignored_in_some_files() -> None:
    write(
        {
            "flaglift.toml": '[per-file-ignores]\n"tests/" = ["FL402"]\n"*.md" = ["FL4", "FL104"]',
            "tests/a.txt": f"{LONG} --video",
            "b.md": f"```text\n{LONG} --video\n```\n",
            "c.txt": LONG,
        }
    )
    assert codes() == [("c.txt", 1, "FL402"), ("tests/a.txt", 1, "FL104")]
    assert flaglift("check", "--fix").returncode == 1
    assert Path("tests/a.txt").read_text() == LONG.replace(" --video ", " ", 1) + " --video"
    assert " --video\n```" in Path("b.md").read_text()


def test_hosts_can_be_chosen_by_pattern() -> None:
    write(
        {
            "flaglift.toml": '[hosts]\n"*.prompts" = "blocks"\n"gallery.txt" = "whole"\n'
            '"last.prompts" = "lines"',
            "a.prompts": f"{TWICE}\nseed=1\n\n{TWICE}\n",
            "gallery.txt": f"a cat\n{TWICE}\n",
            "last.prompts": TWICE,
        }
    )
    hosts = {each["path"]: each["host"] for each in found()}
    assert hosts == {"a.prompts": "blocks", "gallery.txt": "whole", "last.prompts": "lines"}


@pytest.mark.parametrize("name", ["./sub/a.json", "/sub/a.json", "./sub", "sub/", "./sub/./", "."])
def test_patterns_as_people_write_them(name: str) -> None:
    record = json.dumps([{"text": LONG.replace("7", "5")}])
    write({"sub/a.json": record, "flaglift.toml": f'exclude = ["{name}"]'})
    assert found() == []
    write({"flaglift.toml": f'per-file-ignores = {{ "{name}" = ["FL001"] }}'})
    assert found() == []
    write({"flaglift.toml": f'hosts = {{ "{name}" = "lines" }}'})
    assert found("sub")[0]["host"].startswith("lines")
    write({"flaglift.toml": f'move-to-fields = ["{name}: [].text"]'})
    assert flaglift("check", "--unsafe-fixes").stderr == "moved 1 prompt to fields\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("exclude = 5", 'flaglift.toml: `exclude` must be a list of patterns, such as ["vendor/"]'),
        ("exclude = [5]", "`exclude` must be a list of patterns"),
        ('exclude = ["a["]', "flaglift.toml: `exclude`: 'a[': it cannot be read"),
        (
            'per-file-ignores = { "!a" = ["FL402"] }',
            "`per-file-ignores`: '!a': `!` makes exceptions",
        ),
        ("hosts = { 'a\\b' = 'lines' }", "`hosts`: 'a\\\\b': `\\` separates no folders"),
        ("move-to-fields = ['../a: text']", "`move-to-fields`: '../a': it is to be relative to"),
        ("move-to-fields = ['a:text']", "`move-to-fields`: 'a:text': write `: ` and the place"),
        ("move-to-fields = ['a: $.b[*].text']", "'a: $.b[*].text': write `: ` and the place after"),
        ("move-to-fields = ['a: /0/text']", "'a: /0/text': write `: ` and the place after the pat"),
        ("move-to-fields = ['a: b[0].text']", "'a: b[0].text': write `: ` and the place after the"),
        ("force-exclude = 1", "`force-exclude` must be true or false"),
        ("per-file-ignores = []", "`per-file-ignores` must be a table of patterns and rules"),
        ('per-file-ignores = { "a" = "FL402" }', "`per-file-ignores` must be a table"),
        ('per-file-ignores = { "a" = ["FLX"] }', "flaglift.toml: there is no rule `FLX`"),
        ("hosts = []", "`hosts` must be a table of patterns and hosts"),
        ('hosts = { "a" = "cobol" }', "`hosts` must be a table of patterns and hosts, such as"),
        ("max-file-size = 0", "`max-file-size` must be a number of bytes, 1 or more"),
        ("max-file-size = true", "`max-file-size` must be a number of bytes"),
        ("baseline = 5", "`baseline` must be a path"),
        ('baseline = ""', "`baseline` must be a path"),
        ("require-reason = 0", "`require-reason` must be true or false"),
        ("suppressions = 5", "`suppressions` must be tables: [[tool.flaglift.suppressions]]"),
        ("suppressions = [5]", "suppression 1: its keys are `path`, `at`, `prompt`, `rules`, `rea"),
        ("[[suppressions]]\nfile = 'a'", "suppression 1: its keys are `path`"),
        ("[[suppressions]]\npath = 5", "suppression 1: `path` is not a string"),
        ("[[suppressions]]\nat = true", "suppression 1: `at` is not a string"),
        ("[[suppressions]]\nrules = 'FL402'", "suppression 1: `rules` is not a list"),
        ("[[suppressions]]\npath = 'a'", "suppression 1: it needs `path`, a file, and `rules`"),
        ("[[suppressions]]\npath = 'a'\nrules = [5]", "suppression 1: it needs `path`, a file"),
        ("[[suppressions]]\npath = 'a'\nrules = ['FL402']", "suppression 1: it needs `at`, a JSON"),
        ("[[suppressions]]\npath = 'a'\nat = 1\nrules = ['FLX']", "there is no rule `FLX`"),
        ("exclud = []", "unknown key `exclud`; did you mean `exclude`?"),
    ],
)
def test_what_is_wrong_is_said_before_any_file_is_touched(text: str, sentence: str) -> None:
    write({"flaglift.toml": text, "a.txt": TWICE})
    run = flaglift("check", "--fix")
    assert run.returncode == 2
    assert run.stderr.startswith("flaglift: ")
    assert sentence in run.stderr
    assert run.stderr.count("\n") == 1
    assert Path("a.txt").read_text() == TWICE


@pytest.mark.parametrize(
    "text",
    [
        "selct = []",
        'select = ["FL9999"]',
        'ignore = ["unclosed-qoute"]',
        'per-file-ignores = { "b/" = ["FLX"] }',
        "[[suppressions]]\npath = 'a'\nat = 1\nrules = ['FLX']",
        "edition = 2020-01-01",
        'default-model = "kling"',
    ],
)
def test_a_broken_configuration_is_said_even_if_no_file_holds_a_flag(text: str) -> None:
    write({"flaglift.toml": text, "a.txt": "plain"})
    for paths in ([], ["a.txt"], ["--show-files"], ["--statistics"]):
        run = flaglift("check", *paths)
        assert run.returncode == 2
        assert re.fullmatch(r"flaglift: .*flaglift\.toml: .+\n", run.stderr)


def test_broken_options_are_said_even_if_no_file_holds_a_flag() -> None:
    write({"flaglift.toml": "", "a.txt": "plain"})
    assert flaglift("check", "--select", "FL9999").returncode == 2
    assert flaglift("check", "--edition", "2020-01-01").returncode == 2
    assert flaglift("check", "--overlay", "gone.toml").returncode == 2
    assert flaglift("check").returncode == 0


def test_settings_are_shown() -> None:
    write(
        {
            "pyproject.toml": '[tool.flaglift]\nselect = ["FL4"]\nexclude = ["v/", "w/"]\n'
            'budget = 5\nper-file-ignores = { "a" = ["FL1"] }',
            "sub/flaglift.toml": "strict = true",
        }
    )
    run = flaglift("check", "--show-settings", "--ignore", "FL402")
    assert run.returncode == 0
    lines = run.stdout.splitlines()
    assert lines[0] == f"# .: {Path.cwd()}/pyproject.toml"
    for line in (
        "select = [FL4]",
        "ignore = [FL402]",
        "exclude = v/, w/",
        "budget = 5.0",
        "strict = false",
        "per-file-ignores = [[a, [FL1]]]",
        "baseline = none",
    ):
        assert line in lines
    both = flaglift("check", "--show-settings", "sub", "a.txt").stdout
    assert f"# sub: {Path.cwd()}/sub/flaglift.toml\n" in both
    assert f"# a.txt: {Path.cwd()}/pyproject.toml\n" in both
    assert (
        "# .: no configuration file\n" in flaglift("check", "--show-settings", "--isolated").stdout
    )


# flaglift init


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_init_adds_every_key_to_the_project_file(end: str) -> None:
    old = f"[project]{end}name = 'x'".encode()
    for given, gap in ((old, end * 2), (old + end.encode(), end), (b"", "")):
        Path("pyproject.toml").write_bytes(given)
        run = flaglift("init")
        assert (run.returncode, run.stdout) == (0, "")
        assert run.stderr == "added [tool.flaglift] to pyproject.toml\n"
        added = template("tool.flaglift")
        line_end = end if given else "\n"
        assert Path("pyproject.toml").read_bytes() == (
            given + gap.encode() + added.replace("\n", line_end).encode()
        )
        assert read_config(Path("pyproject.toml")).select == ()
    again = flaglift("init")
    assert again.returncode == 2
    assert "pyproject.toml: there is a configuration already" in again.stderr


def test_init_writes_a_file_of_its_own_without_a_project_file() -> None:
    run = flaglift("init")
    assert (run.returncode, run.stderr) == (0, "wrote flaglift.toml\n")
    assert Path("flaglift.toml").read_text() == template("")
    assert oct(Path("flaglift.toml").stat().st_mode & 0o777) == oct(0o666 & ~umask())


def test_init_waits_for_no_pipe() -> None:
    os.mkfifo("pyproject.toml")
    run = flaglift("init")
    assert run.returncode == 2
    assert run.stderr == "flaglift: pyproject.toml: cannot be read: not a regular file\n"
    assert os.listdir() == ["pyproject.toml"]


def umask() -> int:
    Path("probe").touch()
    return 0o666 & ~(Path("probe").stat().st_mode & 0o777)


def test_the_template_has_every_key_and_its_examples_are_read() -> None:
    for name, table in (("flaglift.toml", ""), ("pyproject.toml", "tool.flaglift")):
        lines = template(table).splitlines()
        # What is commented out has no blank behind the sign.
        active = [line[1:] if line[:1] == "#" and line[1:2] != " " else line for line in lines]
        write({name: "\n".join(active), "models.toml": "", "../flaglift.toml": ""})
        read = read_configuration(Path(name))
        keys = {line[1:].split(" = ")[0] for line in lines if " = " in line and line[1:2] != " "}
        settings = read.values()
        assert {*settings, "extend"} - keys == {"suppressions"}
        assert settings["exclude"].lines == ("vendor/", "*.min.js")
        (suppression,) = settings["suppressions"]
        assert (suppression.at, suppression.rules) == ("/3/text", ("FL402",))
        Path(name).unlink()


def test_a_clean_project_needs_no_configuration() -> None:
    write({"a.txt": CLEAN})
    assert flaglift("check").returncode == 0
