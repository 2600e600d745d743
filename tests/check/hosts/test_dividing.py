"""Documents that are read in parts: together, the parts hold what the document holds."""

from itertools import pairwise

import pytest

from flaglift.check.hosts.base import DivisibleHost, Literal
from flaglift.check.hosts.prefilter import may_hold_flags
from flaglift.check.hosts.registry import host_named
from flaglift.lossless.spans import Span

DIVIDED = {
    "csv": 'id,text,video_model\r\n1,"a ""cat""\n--video",\r\n2,b --video,x\n',
    "csv:sep": "sep=;\ntext;x\na --video;\nb --video;1\n",
    "csv:backslash": 'a --video,"b \\"c\\"\n --video",1\nd --video,e,2\n',
    "csv:open": 'a,b\n"c --video\nd,e',
    "csv:quote": 'a,b\nc "d --video,e\nf "g,h\n',
    "bash:open": "a 'b --video'\nc <<A\n--video\n",
    "tsv": 'text\tx\na "b --video\t1\nc --video\t2\n',
    "toml": "a = 'x --video' # c\nb = [ 'y --video', { c = 'z --video' } ]\n"
    "[t]\nq.text = 'u --video'\nmodel = 1\n[[a.b]]\n"
    "k = '''\nv --video'''\nl = \"\"\"w \\\\\\  \n --video\"\"\"\n",
    "html": "<p title='a --video'>b &lt; --video</p>\n<textarea>c\n<p>--video</p></textarea>\n"
    "<script>x = 'd --video'</script><p>e --video</p>\n",
    "svelte": "<p>{a ? 'b --video' : ''} --video</p>\n<p>{'c --video'} d</p>\n",
    "markdown": "---\na: x --video\n---\n# A `b --video`\n\n- c\n\n      d --video\n\n"
    "> ```sh\n> e --video\n> ```\n\n| a |\n|---|\n| `f --video` |\n\n    g --video\n",
    "bash": "a 'b --video'\ncat <<A >x; c <<B\nd --video\nA\ne --video\nB\n# f --video\n"
    "g `h --video` $(i --video)\n",
    "yaml": "# c\n---\n- text: a --video\n  x: 1\n- &b\n"
    '  text: "c\n\n    --video"\n- |+\n  d --video\n\n- *b\n'
    "- {text: e --video, y: 2}\n",
    "yaml:keys": "a: [x --video,\n  y]\n'b':\n- text: z --video\n  x: ~\n"
    '"c": >\n  w\n  --video\n',
    "json": '[\n  {"text": "a --video", "x": 1},\n  ["b --video"],\n  // c\n  "d --video"\n]\n',
    "json:inside": '{\n  "x": "a --video",\n  "prompt": [\n    {\n'
    '      "text": "b --video"\n    },\n'
    '    {\n      "text": "c --video", "video_model": 1\n'
    '    },\n    3\n  ],\n  "y": "d --video"\n}',
    "json:members": '{\n  "a": "x --video",\n  "b": {"text": "y --video"},\n  "c": 1\n}',
    "jsonl": '{"text": "a --video"}\n{"text": "b --video", "x": 2}\n',
    "python": "a = 'b --video'\nf(c, text='d --video')\n",
}


def described(each: Literal) -> tuple[object, ...]:
    """Return all that is known of a literal but for the numbers in its path."""
    origin, siblings = each.origin, each.siblings
    return (
        *(each.text, each.place, each.extent, each.pieces, each.inside, each.locked),
        each.openings,
        *(origin.role, origin.key, origin.call),
        *(dict(each.beside), each.is_request),
        siblings and [siblings.levels, siblings.insert({"video": True})],
        siblings and siblings.insert({"x": "1"}),
    )


def parts(host: DivisibleHost, data: bytes) -> list[list[Literal] | None]:
    edges = sorted({0, *host.cuts(data), len(data)})
    return [host.literals_in(data, Span(*each)) for each in pairwise(edges)]


@pytest.mark.parametrize("kind", DIVIDED)
def test_the_parts_hold_what_the_document_holds(kind: str) -> None:
    host, data = host_named(kind.partition(":")[0]), DIVIDED[kind].encode()
    assert isinstance(host, DivisibleHost)
    read = parts(host, data)
    assert len(read) > 1
    literals = [literal for part in read if part is not None for literal in part]
    assert None not in read
    assert all(each.source == data for each in literals)
    flagged = [
        [described(each) for each in some if may_hold_flags(each.text.encode())]
        for some in (literals, host.literals(data))
    ]
    assert flagged[0] == flagged[1] != []


def test_a_part_depends_on_what_uses_its_text_elsewhere() -> None:
    host, setting = host_named("python"), b"d = {'prompt[text]': 'a cat --video'}\n"
    assert isinstance(host, DivisibleHost)
    assert host.cuts(setting + b"a['prompt[w]']\n")[0] == host.cuts(setting + b"b()\n")[0]
    assert host.cuts(setting + b"a['prompt[text]']\n")[0] != host.cuts(setting + b"b()\n")[0]


UNDIVIDED = {
    "jsonl": '{"text": "a --video"}\n{"text": "b\n',
    "lines": "a --video",
    "toml": "a = 'x --video'\n[b\n",
    "toml:text": "text = 'x --video'\nmodel = 1\n",
    "html": "<p>a --video</p></p><p>b</p>",
    "mdx": "<A b={\n\n`c --video`\n\n} />\n\nd `e --video`\n",
    "bash:word": "a=(b)\nc >&--video\n",
    "yaml": "- 'a --video\n- b'\n- c\n",
    "yaml:two": "- a --video\n---\n- b\n",
    "yaml:end": "- a --video\n...\n",
    "yaml:anchor": "&a\n- a --video\n- b\n",
    "yaml:tag": "!!seq\n- a --video\n- b\n",
    "yaml:line end": "- a --video\u2028\n- b\n",
    "yaml:text": "text: a --video\nmodel: b\n",
    "yaml:twice": "a: a --video\nb: b\n'a': c\n",
    "yaml:other key": "a: a --video\n? b\n: c\nd: e\n",
    "yaml:none": "a --video\n",
    "json": '["a --video"]',
    "json:text": '{\n  "text": "a --video",\n  "x": 1\n}',
    "json:twice": '{\n  "a": "a --video",\n  "a": 1\n}',
    "json:open": '[\n  "a --video",\n  "b"\n',
    "json:comma": '[\n  "a --video",\n  "b",\n]',
    "json:two": '[\n  "a --video",\n  "b"\n] 1',
    "json:comment": '/* [\n  1,\n  2\n] */ "a --video"',
}


@pytest.mark.parametrize("kind", UNDIVIDED)
def test_documents_that_can_only_be_read_whole(kind: str) -> None:
    host, data = host_named(kind.partition(":")[0]), UNDIVIDED[kind].encode()
    assert isinstance(host, DivisibleHost)
    read = parts(host, data)
    assert len(read) == 1 or None in read
