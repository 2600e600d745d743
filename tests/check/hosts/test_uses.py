"""Flags stay in a text that other code of the file uses: a script, a template, a cell."""

import json

import pytest

from flaglift.check.hosts.base import LiteralChange
from flaglift.check.hosts.finding import candidates
from flaglift.check.hosts.lifting import lift_literal
from flaglift.check.hosts.registry import host_named
from flaglift.settings import DEFAULT

SETS = "form = {'prompt[text]': 'a cat --video --video_model kling25 --duration 5'}"
KEY = "form['prompt[text]']"
USES = f"if ({KEY}.includes('--video')) x()"
DATA = f"export default {{ data() {{ {SETS}; return {{form}} }} }}"


def notebook(*cells: str) -> str:
    made = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": 1, "source": [each]}
        for each in cells
    ]
    kernel = {"language_info": {"name": "python"}}
    return json.dumps({"cells": made, "metadata": kernel, "nbformat": 4, "nbformat_minor": 4})


FILES = [
    ("vue", f'<script>\n{DATA}\n</script>\n<template><p v-if="{KEY}">x</p></template>'),
    ("vue", f"<template><p>{{{{ {KEY} }}}}</p></template>\n<script>\n{DATA}\n</script>"),
    ("svelte", f"<script>\nlet {SETS};\n</script>\n{{#if {KEY}}}x{{/if}}"),
    ("html", f"<script>\n{SETS}\n</script><script>\n{USES}\n</script>"),
    ("html", f'<script>\n{SETS}\n</script><p onclick="{USES}">x</p>'),
    ("mdx", f"export const {SETS};\n\n# A {{{KEY}}}\n"),
    ("php", f"<?php ${SETS.replace(':', ' =>').replace('{', '[').replace('}', ']')}; ?>"
            f"<script>{USES}</script>"),
    ("notebook", notebook(SETS, f"'--video' in {KEY}")),
    ("markdown", f"```js\n{SETS}\n```\n\n```js\n{USES}\n```\n"),
]  # fmt: skip


def lifted(name: str, source: str) -> LiteralChange | str:
    found = candidates(source.encode(), host_named(name))
    (literal,) = [literal for literal, said in found if said.taken]
    return lift_literal(literal, DEFAULT)


@pytest.mark.parametrize(("name", "source"), FILES)
def test_that_a_text_which_other_code_of_the_file_uses_keeps_its_flags(
    name: str, source: str
) -> None:
    assert lifted(name, source) == (
        "another part of the file uses `prompt[text]` too, and may expect flags in it"
    )
    other = source.replace(KEY, KEY.replace("text", "w"))
    assert other != source
    assert isinstance(lifted(name, other), LiteralChange)


def test_that_other_code_may_set_the_same_text() -> None:
    source = f"<script>{SETS}</script><script>f.append('prompt[text]', x)</script>"
    assert isinstance(lifted("html", source), LiteralChange)
