"""The page on columns does what it shows."""

import pytest

from columns.chapter import examples


def test_the_column(capsys: pytest.CaptureFixture[str]) -> None:
    code = examples()[0]
    exec(compile(code, "columns.md", "exec"), {})  # noqa: S102
    said = [line.partition("  # ")[2] for line in code.splitlines() if "  # " in line]
    assert len(said) == 2
    assert capsys.readouterr().out.splitlines() == said
