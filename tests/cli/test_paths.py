"""Paths on the command line: an empty one, as of an unset variable, names nothing."""

import os
from pathlib import Path

import click
import pytest

from flaglift.cli import cli
from flaglift.cli.paths import NamedPath
from flaglift.errors import FlagliftError


def options() -> list[tuple[tuple[str, ...], click.Parameter]]:
    """Return the options and arguments of all verbs that take a path, with their verbs."""
    found = []
    verbs: list[tuple[tuple[str, ...], click.Command]] = [((), cli)]
    for names, command in verbs:
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                inner = command.get_command(context, name)
                assert inner is not None
                verbs.append(((*names, name), inner))
        found += [(names, each) for each in command.params if isinstance(each.type, click.Path)]
    return found


def test_options_of_paths_are_of_one_kind() -> None:
    assert {type(option.type) for _, option in options()} == {NamedPath}
    names = {option.name for _, option in options()}
    assert {"journal", "to", "refused", "html", "save", "planned", "pause_file"} <= names
    assert {"control_file", "config", "overlay", "baseline", "upstream_ca", "file"} <= names


@pytest.mark.parametrize(
    ("names", "option"),
    [pytest.param(*each, id=" ".join([*each[0], each[1].opts[0]])) for each in options()],
)
def test_an_empty_path(names: tuple[str, ...], option: click.Parameter) -> None:
    given = [option.opts[0], ""] if isinstance(option, click.Option) else [""]
    source = ["x.jsonl"] if names[0] == "migrate" else []
    with pytest.raises(click.BadParameter, match="the path is empty; name a file, or omit it"):
        cli.main([*names, *source, *given], prog_name="flaglift", standalone_mode=False)


@pytest.mark.parametrize("given", ["pipe", "/dev/zero"])
@pytest.mark.parametrize(
    ("names", "option"),
    [
        pytest.param(*each, id=" ".join([*each[0], each[1].opts[0]]))
        for each in options()
        if each[1].name in {"config", "overlay", "planned"}
    ],
)
def test_a_file_that_has_no_end_is_not_read(
    names: tuple[str, ...],
    option: click.Parameter,
    given: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    Path("x.jsonl").write_text('{"text": "a cat"}\n')
    serving = ["--upstream", "https://127.0.0.1:9"]
    rest = {"migrate": ["x.jsonl"], "translate": ["a cat"], "serve": serving}.get(names[0], [])
    with pytest.raises(FlagliftError, match=rf"^{given}: .*[Nn]ot a regular file"):
        cli.main([*names, *rest, option.opts[0], given], standalone_mode=False)
