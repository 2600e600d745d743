"""Settings: where they are found, what they may say, and one sentence for what they may not."""

import datetime
import re
import sys
from pathlib import Path

import pytest

from flaglift import ConfigError, Settings, find_config, read_config
from flaglift.settings import settings_from


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "flaglift.toml"


def read(file: Path, text: str) -> Settings:
    file.write_text(text, encoding="utf-8")
    return read_config(file)


def test_every_key(file: Path) -> None:
    assert read(
        file,
        """
        select = ["FL1", "FL402"]
        ignore = ["unclosed-quote"]
        edition = 2026-04-29
        overlay = "sub/models.toml"
        default-model = "kling25"
        accept-successors = true
        budget = 50
        strict = true
        fail-on = "error"
        """,
    ) == Settings(
        select=("FL1", "FL402"),
        ignore=("unclosed-quote",),
        edition=datetime.date(2026, 4, 29),
        overlay=file.parent / "sub/models.toml",
        default_model="kling25",
        accept_successors=True,
        budget=50.0,
        strict=True,
        fail_on="error",
    )


def test_nothing_said_is_the_default(file: Path) -> None:
    assert read(file, "") == Settings()
    assert read(file, "\ufeff# only this\n") == Settings()


def test_a_date_may_be_quoted_and_a_path_absolute(file: Path) -> None:
    settings = read(file, 'edition = "2026-04-29"\noverlay = "/models.toml"')
    assert settings.edition == datetime.date(2026, 4, 29)
    assert settings.overlay == Path("/models.toml")


@pytest.mark.parametrize(
    ("text", "cents"),
    [("0", 0.0), ("0.5", 0.5), ("inf", sys.float_info.max), ("1" + "0" * 400, sys.float_info.max)],
)
def test_a_budget(file: Path, text: str, cents: float) -> None:
    assert read(file, f"budget = {text}").budget == cents


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('select = "FL402"', "`select` must be a list of codes or names, such as"),
        ("select = [1]", "`select` must be a list of codes or names"),
        ("ignore = {}", "`ignore` must be a list of codes or names"),
        ('edition = "May"', "`edition` must be a date, such as 2026-04-29"),
        ("edition = 2026", "`edition` must be a date"),
        ("edition = 2026-04-29T00:00:00", "`edition` must be a date"),
        ("overlay = 5", "`overlay` must be a path"),
        ('overlay = ""', "`overlay` must be a path"),
        ('overlay = "a\\u0000"', "`overlay` must be a path"),
        ("default-model = true", "`default-model` must be a name"),
        ('default-model = ""', "`default-model` must be a name"),
        ('accept-successors = "yes"', "`accept-successors` must be true or false"),
        ("strict = 1", "`strict` must be true or false"),
        ("budget = true", "`budget` must be a number of cents, 0 or more"),
        ("budget = -1", "`budget` must be a number of cents"),
        ("budget = nan", "`budget` must be a number of cents"),
        ('budget = "5"', "`budget` must be a number of cents"),
        ('fail-on = "never"', '`fail-on` must be "error", "warning" or "info"'),
        ("fail-on = []", "`fail-on` must be"),
        ("selct = []", "unknown key `selct`; did you mean `select`?"),
        ("default_model = 'a'", "unknown key `default_model`; did you mean `default-model`?"),
        ("colour = 1", "unknown key `colour`; known keys: accept-successors, "),
        ('"a\\nb" = 1', r"unknown key `a\nb`; known keys: "),
        ("select = [", "not valid TOML: "),
        ("budget = " + "9" * 5000, "not valid TOML: "),
        ("select = " + "[" * 20_000, "not valid TOML: "),
    ],
)
def test_what_is_wrong_is_one_sentence(file: Path, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(file, text)
    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    assert sentence in message
    assert "\n" not in message


def test_a_file_that_cannot_be_read(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read: No such file or directory$"):
        read_config(file)
    file.mkdir()
    with pytest.raises(ConfigError, match=r"cannot be read: Is a directory$"):
        read_config(file)
    other = file.with_name("other.toml")
    other.write_bytes(b"select = ['\xff']")
    with pytest.raises(ConfigError, match=r"not UTF-8 at byte 11$"):
        read_config(other)


def test_a_project_file_has_a_table(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    assert read(file, "[tool.flaglift]\nstrict = true") == Settings(strict=True)
    with pytest.raises(ConfigError, match=re.escape("there is no table [tool.flaglift] in it")):
        read(file, "[tool.ruff]")
    with pytest.raises(ConfigError, match=re.escape("there is no table [tool.flaglift] in it")):
        read(file, "tool = 5")
    with pytest.raises(ConfigError, match=r"tool\.flaglift must be a table"):
        read(file, "[tool]\nflaglift = 5")


def test_settings_from_a_table() -> None:
    settings = settings_from({"overlay": "m.toml"}, Path("/a/b.toml"))
    assert settings == Settings(overlay=Path("/a/m.toml"))


# Where it is found.


def test_the_nearest_file_counts(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    text = deep / "prompts.txt"
    text.touch()
    outer = tmp_path / "flaglift.toml"
    outer.touch()
    assert find_config(text) == find_config(deep) == outer
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.other]")
    assert find_config(text) == outer
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.flaglift]")
    assert find_config(text) == tmp_path / "a" / "pyproject.toml"
    assert find_config(tmp_path / "prompts.txt") == outer
    near = deep / "pyproject.toml"
    near.write_text("[tool.flaglift]")
    assert find_config(text) == near
    (deep / "flaglift.toml").touch()
    assert find_config(text) == deep / "flaglift.toml"


def test_a_folder_of_that_name_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "a" / "flaglift.toml").mkdir(parents=True)
    (tmp_path / "flaglift.toml").touch()
    assert find_config(tmp_path / "a") == tmp_path / "flaglift.toml"


def test_what_is_beside_the_way_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    (tmp_path / "here" / "flaglift.toml").touch()
    (tmp_path / "flaglift.toml").touch()
    monkeypatch.chdir(tmp_path / "here")
    assert find_config(Path("../there/prompts.txt")) == tmp_path / "flaglift.toml"
    assert find_config(Path("prompts.txt")) == tmp_path / "here" / "flaglift.toml"


def test_a_path_that_cannot_be_has_the_configuration_above_it(tmp_path: Path) -> None:
    (tmp_path / "flaglift.toml").touch()
    assert find_config(tmp_path / ("x" * 300) / "p.txt") == tmp_path / "flaglift.toml"
    assert find_config(tmp_path / "no" / "such" / "file") == tmp_path / "flaglift.toml"


def test_there_may_be_none() -> None:
    assert find_config(Path("/prompts.txt")) is None


def test_a_folder_that_is_gone_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert find_config(Path()) is None


def test_a_broken_file_on_the_way_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[")
    with pytest.raises(ConfigError, match=r"pyproject\.toml: not valid TOML: "):
        find_config(tmp_path)


# What a file extends.


def test_a_file_extends_another(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    base = tmp_path / "base.toml"
    base.write_text('strict = true\nbudget = 5\noverlay = "models.toml"\nextend = "pyproject.toml"')
    (tmp_path / "pyproject.toml").write_text('[tool.flaglift]\nselect = ["FL1"]\nbudget = 7')
    near = tmp_path / "deep" / "flaglift.toml"
    near.write_text('extend = "../base.toml"\nstrict = false')
    settings = read_config(near)
    assert (settings.strict, settings.budget, settings.select) == (False, 5.0, ("FL1",))
    assert settings.overlay is not None
    assert settings.overlay.resolve() == tmp_path / "models.toml"


def test_a_file_cannot_extend_itself_or_what_is_not_there(file: Path) -> None:
    with pytest.raises(ConfigError, match="`extend` leads back to"):
        read(file, 'extend = "flaglift.toml"')
    with pytest.raises(ConfigError, match=r"none\.toml: cannot be read"):
        read(file, 'extend = "none.toml"')
    with pytest.raises(ConfigError, match="`extend` must be a path"):
        read(file, "extend = 5")
    file.with_name("pyproject.toml").write_text("[tool.other]")
    with pytest.raises(ConfigError, match=re.escape("there is no table [tool.flaglift] in it")):
        read(file, 'extend = "pyproject.toml"')
