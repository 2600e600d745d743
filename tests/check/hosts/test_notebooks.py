"""Notebooks, with JSON as the judge of their cells; and corners of PHP."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaglift.check.hosts.base import Literal, LiteralChange
from flaglift.check.hosts.checking import fix_literal, lint_literal
from flaglift.check.hosts.finding import candidates, comments, leaves
from flaglift.check.hosts.formats.php import INDENTED
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite
from flaglift.check.hosts.unread import unread
from flaglift.settings import DEFAULT
from lossless.timing import with_effort

BAD = "ohwx cat --video --video_model kling25 --duration 7"
NOTEBOOK = host_named("notebook")


def notebook(*cells: dict[str, Any], metadata: object = None, indent: int | None = 1) -> str:
    return json.dumps({"cells": cells, "metadata": metadata or {}, "nbformat": 4}, indent=indent)


def code(*lines: str) -> dict[str, Any]:
    return {"cell_type": "code", "outputs": [], "source": list(lines)}


def prompts(name: str, source: str) -> list[Literal]:
    return [literal for literal, _ in candidates(source.encode(), host_named(name))]


@pytest.mark.parametrize("indent", [None, 1, 4])
def test_a_fix_changes_one_line_and_keeps_the_rest_of_the_file(indent: int | None) -> None:
    source = notebook(code("# a\n", f"p = '{BAD}'\n", "q = 'é'"), indent=indent)
    (literal,) = prompts("notebook", source)
    assert literal.hosts == ("notebook", "python")
    change = LiteralChange(literal, fix_literal(literal, DEFAULT, unsafe=True).text)
    new, refused = rewrite(source.encode(), NOTEBOOK, [change])
    assert not refused
    assert new.decode() == source.replace("duration 7", "duration 5")


@pytest.mark.parametrize(
    ("cell", "metadata", "hosts"),
    [
        (code(f"p = '{BAD}'"), None, "notebook python"),
        (code("%%time\n", f"p = '{BAD}'"), None, "notebook python"),
        (code("%%bash\n", f"curl -F 'prompt[text]={BAD}' u"), None, "notebook bash form"),
        (code(f"p = `{BAD}`"), {"kernelspec": {"language": "javascript"}}, "notebook javascript"),
        (code(f"p = '{BAD}'"), {"language_info": {"name": "ruby"}}, "notebook ruby"),
        (code(f"p = '{BAD}'"), {"language_info": 3, "kernelspec": {}}, "notebook python"),
        (
            code(f"p = `{BAD}`") | {"metadata": {"vscode": {"languageId": "javascript"}}},
            {"language_info": {"name": "python"}},
            "notebook javascript",
        ),
        (code(f"p = '{BAD}'") | {"metadata": {"vscode": 3}}, None, "notebook python"),
        ({"cell_type": "code", "source": f"p = '{BAD}'"}, None, "notebook python"),
        (
            code("%matplotlib inline\n", "!ls \\\n", " a\n", "p?\n", f"p = '{BAD}'"),
            None,
            "notebook python",
        ),
        (code("if x:\n", " y = %who\n", f" p = '{BAD}'\n", "??f"), None, "notebook python"),
        (code("x = 1\n", f"!curl -F 'prompt[text]={BAD}' u"), None, "notebook bash form"),
        (code(f"x = !curl -F 'prompt[text]={BAD}' \\\n", " u"), None, "notebook bash form"),
        (code(f"%sql CALL f('{BAD}')\n"), None, "notebook sql"),
        (code("%%javascript\n", f"p = '{BAD}'"), None, "notebook javascript"),
        (code("\n", "%%script --bg bash\n", f"P='{BAD}'"), None, "notebook bash"),
        (code("%%capture x\n", "!ls\n", f"p = '{BAD}'"), None, "notebook python"),
        (code("%%writefile -a a.yaml\n", f"text: {BAD}"), None, "notebook yaml"),
        (code("%%svg\n", f"<text>{BAD}</text>"), None, "notebook html"),
        (code("'''\n", "% !a\n", "!b\n", f"''', '{BAD}'"), None, "notebook python"),
        (code("%%capture out\n", "%%bash\n", f"P='{BAD}'"), None, "notebook bash"),
        (code("%%time\n", "\n", "%%capture\n", f"p = '{BAD}'"), None, "notebook python"),
        (code(f"%%time p = '{BAD}'\n", "1"), None, "notebook python"),
        (code(f"%time p = '{BAD}'"), None, "notebook python"),
        (code("%%sx\n", f"P='{BAD}'"), None, "notebook bash"),
        (code(f"!gen '{BAD}'\n", "%%time\n"), None, "notebook bash"),
        (code("x = 1\n", "%%time\n", f"p = {BAD!r}"), None, "notebook python"),
        (code(f"%%!P='{BAD}'"), None, "notebook bash"),
        (code("%%script env A=1 bash -e\n", f"P='{BAD}'"), None, "notebook bash"),
        (code("%%bigquery --project a b\n", f"CALL f('{BAD}')"), None, "notebook sql"),
        (code("%sql\n", f"CALL f('{BAD}')"), None, "notebook sql"),
        (
            code(f"p = '{BAD}'"),
            {"kernelspec": {"name": "torch", "display_name": "Python (torch)"}},
            "notebook python",
        ),
        (
            code(f"p = `{BAD}`")
            | {"metadata": {"polyglot_notebook": {"kernelName": "javascript"}}},
            {"kernelspec": {"language": "C#"}},
            "notebook javascript",
        ),
        ({"cell_type": "markdown", "source": ["```\n", BAD, "\n```"]}, None, None),
        ({"cell_type": "raw", "source": [BAD]}, None, "notebook blocks"),
    ],
)
def test_a_cell_is_read_in_its_language(
    cell: dict[str, Any], metadata: object, hosts: str | None
) -> None:
    (literal,) = prompts("notebook", notebook(cell, metadata=metadata))
    assert literal.text == BAD
    assert literal.hosts == tuple((hosts or "notebook markdown blocks").split())


@pytest.mark.parametrize(
    ("cell", "language"),
    [
        (code("(\n", "!ls\n", f"p = '{BAD}'"), "python"),
        (code("%%writefile\n", f"p = '{BAD}'"), "writefile"),
        (code("%%script\n", f"p = '{BAD}'"), "script"),
        (code(f"p <- '{BAD}'") | {"metadata": {"vscode": {"languageId": "r"}}}, "r"),
    ],
)
def test_a_cell_that_cannot_be_read_is_reported_and_stays(
    cell: dict[str, Any], language: str
) -> None:
    (literal,) = prompts("notebook", notebook(cell))
    assert literal.locked
    assert language in (literal.host, literal.origin.key)
    assert "FL402" in [each.code for each in lint_literal(literal, DEFAULT)]


def test_a_prompt_of_a_line_of_a_shell_is_fixed_between_others() -> None:
    source = notebook(code(f"p = '{BAD}'\n", f"!curl -F 'prompt[text]={BAD}' u\n", f"q = '{BAD}'"))
    changes = [
        LiteralChange(each, fix_literal(each, DEFAULT, unsafe=True).text)
        for each in prompts("notebook", source)
    ]
    new, refused = rewrite(source.encode(), NOTEBOOK, changes)
    assert not refused
    assert new.decode() == source.replace("duration 7", "duration 5")


@pytest.mark.parametrize(
    ("cell", "metadata"),
    [
        (code("é <- 1\n", f"p <- '{BAD}'"), {"language_info": {"name": "R"}}),
        (code(f"p <- '{BAD}'"), {"kernelspec": {"name": "ir", "display_name": "R"}}),
        (code(f'p = """{BAD}"""'), {"kernelspec": {"name": "julia-1.9"}}),
        (code(f'p = "{BAD}"'), {"kernelspec": {"name": "torch"}}),
        (code("%%R -i x\n", f'p <- "{BAD}"'), None),
        (code("%r\n", f"p <- '{BAD}'"), None),
        (code("%%capture\n", "%%julia\n", f'p = "{BAD}"'), None),
        (code("%%script perl -w\n", f"say '{BAD}';"), None),
        (code(f"%R p <- '{BAD}'"), None),
    ],
)
def test_a_cell_in_another_language_is_said_to_be_unread(
    cell: dict[str, Any], metadata: object
) -> None:
    data = notebook(cell, metadata=metadata).encode()
    starts = [data.index(flag) for flag in (b"--video ", b"--video_model", b"--duration")]
    assert [place.start for place in unread(data, NOTEBOOK)] == starts
    assert all(literal.locked for literal in prompts("notebook", data.decode()))


def test_flags_of_other_programs_in_another_language_are_none() -> None:
    cells = [
        code("%%R\n", "system2('render', c('--video', '--duration', '5'))"),
        code("%%julia\n", "run(`ffmpeg -i a.mp4 --video --duration 5`)"),
    ]
    data = notebook(*cells).encode()
    assert unread(data, NOTEBOOK) == []


@pytest.mark.no_cover
def test_a_cell_of_many_magics_is_read_in_bounded_time() -> None:
    data = notebook(code(*["%%time\n"] * 5000, f"p = '{BAD}'")).encode()
    (literal,), effort = with_effort(lambda: prompts("notebook", data.decode()))
    assert not literal.locked  # those after the first are magics of their lines
    assert effort < 200


def test_what_cells_put_out_is_not_read() -> None:
    cell = code("x = 1") | {"outputs": [{"text": f"seen: {BAD}"}]}
    assert prompts("notebook", notebook(cell)) == []
    assert comments(notebook(code("# a\n", "x = 1")).encode(), NOTEBOOK)[0].text == "a"


def test_a_notebook_of_version_3_is_read_and_fixed() -> None:
    sheets = [
        {"cells": [{"cell_type": "heading", "level": 1, "source": [BAD], "metadata": {}}]},
        {
            "cells": [
                {
                    "cell_type": "code",
                    "input": f"p = '{BAD}'",
                    "outputs": [{"text": f"seen: {BAD}"}],
                },
                {"cell_type": "code", "language": "ruby", "input": ["x = 1\n", f"p = '{BAD}'"]},
                {"cell_type": "markdown", "source": [f"```\n{BAD}\n```"]},
            ]
        },
    ]
    source = json.dumps({"metadata": {"name": ""}, "nbformat": 3, "worksheets": sheets}, indent=1)
    found = prompts("notebook", source)
    hosts = [" ".join(each.hosts) for each in found]
    assert hosts == [f"notebook {name}" for name in LANGUAGES]
    changes = [LiteralChange(e, fix_literal(e, DEFAULT, unsafe=True).text) for e in found]
    new, refused = rewrite(source.encode(), NOTEBOOK, changes)
    assert not refused
    good = BAD.replace("7", "5")
    assert new.decode() == source.replace(BAD, good).replace(f"seen: {good}", f"seen: {BAD}")


LANGUAGES = ("blocks", "python", "ruby", "markdown blocks")


@pytest.mark.parametrize(
    "source",
    [
        *(
            "{ BAD",
            "[" * 100_000 + " BAD",
            '{"cells": [{"source": "BAD"}], "cells": []}',
            '["BAD"]',
        ),
        *('{"a": "BAD", "cells": 3}', '{"a": "BAD", "cells": [3]}', '{"a": "BAD"}'),
        *('{"worksheets": ["BAD"]}', '{"worksheets": [{"cells": ["BAD"]}]}'),
        '{"worksheets": {"cells": [{"source": "BAD"}]}}',
    ],
)
def test_what_is_no_notebook_is_said(source: str) -> None:
    data = source.replace("BAD", BAD).encode()
    assert NOTEBOOK.literals(data) == []
    assert unread(data, NOTEBOOK)


LINES = st.lists(st.sampled_from(["a", "--video", '"', "\\", "é", "\n", "\t", "{x}", "'"])).map(
    "".join
)


@given(st.lists(st.lists(LINES, min_size=1, max_size=3), min_size=1, max_size=3), LINES)
def test_cells_read_as_json_reads_them(cells: list[list[str]], new: str) -> None:
    source = notebook(*(code(*lines) for lines in cells))
    found = NOTEBOOK.literals(source.encode())
    assert [each.text for each in found] == ["".join(lines) for lines in cells]
    changed, refused = rewrite(source.encode(), NOTEBOOK, [LiteralChange(found[0], new)])
    if refused:
        assert changed.decode() == source
        return
    expected = json.loads(source)
    read = json.loads(changed)
    assert "".join(read["cells"][0]["source"]) == new
    read["cells"][0] = expected["cells"][0] = None
    assert read == expected


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("<?php $a = 'a' . \" b\" . $c . ' --video';", ["a b\ufffc --video"]),
        ("<?php $a = implode(' ', ['a', '--video']);", ["a --video"]),
        ("<?php $a = implode($b, ['a', '--video']);", ["--video"]),
        ("<?php $a = implode(' ', ['x' => 'a', 'y' => '--video']);", ["--video"]),
        ("<?php $a = implode('--video');", ["--video"]),
        ("<?php $a = b'a --video';", []),
        ("<?php $a = \"\\x2d-video \\u{2d}a \\55\";", ["--video -a -"]),
        ("<p>a --video</p>", []),
    ],
)  # fmt: skip
def test_corners_of_php(source: str, texts: list[str]) -> None:
    found = leaves(host_named("php").literals(source.encode()))
    assert [each.text for each in found if "--video" in each.text] == texts


def test_corners_of_php_that_are_locked() -> None:
    for uneven in ("  a --video\n b\n", "\ta --video\n", "  a --video\r  b\n"):
        (literal,) = prompts("php", f"<?php $a = <<<E\n{uneven}  E;")
        assert literal.unclear == INDENTED
    (literal,) = prompts("php", '<?php $a = "a\\xff --video";')
    assert literal.locked
    assert host_named("php").literals(b"<?php $a = <<<E") == []
