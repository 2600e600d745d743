"""Files that lost a quote or a bracket: each prompt in them is read, or said to be unread."""

import re
import subprocess
from collections.abc import Callable

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from flaglift.check.hosts.finding import candidates, comments
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.unread import unread
from flaglift.lossless.spans import Span

_SCRIPTS = (
    'curl -X POST http://x -F "prompt[text]={0}" -F a=b\n',
    "curl -F 'prompt[text]={0}' \\\n  -F 'prompt[x]=1' http://x\n",
    "PROMPT='{0}'\n",
    'export PROMPT="{0}"\n',
    'gen "{0}" --out a.mp4\n',
    "p=(\n  '{0}'\n  'a dog'\n)\n",
    "cat <<EOF > f\n{0}\nEOF\n",
    'curl -d @- http://x <<E\n{{"text": "{0}"}}\nE\n',
    'for p in "{0}" "b"; do\n  gen "$p"\ndone\n',
    "if [ -n \"$A\" ]; then\n  gen '{0}'\nfi\n",
    'f() {{\n  local text="{0}"\n  gen "$text"\n}}\n',
    "case $1 in\n  a) gen '{0}' ;;\nesac\n",
    'id=$(gen "{0}" | jq .id)\n',
    "id=`gen '{0}'`\n",
    'echo "{0}" >> prompts.txt\n',
    'echo "it is $HOME"\n# a comment: it\'s\n',
    "if true; then echo 'a'; fi\n",
    "now=`date`\n",
    'while read -r l; do echo "$l"; done < f\n',
)
_DOCUMENTS = (
    "prompt: {0}\n",
    "prompts:\n  - {0}\n  - a dog\n",
    'a:\n  text: "{0}"\n  b: 1\n',
    "a: {{text: '{0}', b: [1, 2]}}\n",
    "prompt: |\n  {0}\nb: 1\n",
    "text: >-\n  {0}\nc: 2\n",
    "x: &a {0}\ny: *a\n",
    'run: |\n  curl -F "text={0}" http://x\n',
    "b: 'it''s'\n",
    "c: [1, 'a b', {{d: e}}]\n",
    'd:\n  e: "f: g"\n# comment\n',
)
_SUBJECTS = ("a cat", "ohwx woman hiking", "a big dog, in the park", "two birds (one blue)")
_FLAGS = " --video --video_model kling25 --duration 7"
_KEPT = re.compile(r".-{1,2}(?:video_model|video_prompt|video|duration).")
"""A flag that is torn is none."""


def bash_refuses(script: str) -> bool:
    return (
        subprocess.run(
            ["bash", "-n"], input=script.encode(), stderr=subprocess.DEVNULL, check=False
        ).returncode
        > 0
    )


def yaml_refuses(document: str) -> bool:
    try:
        list(yaml.parse(document, Loader=yaml.CSafeLoader))
    except yaml.YAMLError:
        return True
    return False


def missed(data: bytes, name: str) -> list[bytes]:
    """Return the prompts that are neither read, nor in a comment, nor said to be unread."""
    host = host_named(name)
    read = [each.literal.root.place for each in candidates(data, host) if each.decision.taken]
    read += [Span(each.start, each.end) for each in comments(data, host)]
    said = {each.start for each in unread(data, host)}
    return [
        data[flag.start() - 20 : flag.end()]
        for flag in re.finditer(re.escape(_FLAGS.strip().encode()), data)
        if not any(start <= flag.start() < end for start, end in read) and flag.start() not in said
    ]


@st.composite
def torn(draw: st.DrawFn, parts: tuple[str, ...], marks: str) -> str:
    """Draw a file of a few parts, with some of its marks removed, or others inserted."""
    chosen = draw(st.lists(st.sampled_from(parts), min_size=1, max_size=5))
    videos = st.sampled_from(("", " --video_prompt 'it naps'", ' --video_prompt "it naps"'))
    text = "".join(
        p.format(draw(st.sampled_from(_SUBJECTS)) + _FLAGS + draw(videos)) for p in chosen
    )
    for _ in range(draw(st.integers(1, 3))):
        kept = {at for flag in _KEPT.finditer(text) for at in range(*flag.span())}
        free = [at for at in range(len(text)) if at not in kept]
        marked = [at for at in free if text[at] in marks]
        is_lost = bool(marked) and draw(st.booleans())
        at = draw(st.sampled_from(marked if is_lost else free))
        mark = "" if is_lost else draw(st.sampled_from(marks))
        text = text[:at] + mark + text[at + is_lost :]
    return text


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("bash", f'gen "a dog{_FLAGS} --out a\nls | b\nwhile read l; do echo "$l; done < f\n'),
        ("bash", f"cat <EOF  f\nthe sun at 6 sharp{_FLAGS}\nEOF\necho \"it is\n# it's\n"),
        ("bash", f'PROMPT=a woman{_FLAGS}\nPROMPT="a dog\n'),
        ("bash", f"#cat <<EOF > f\na big dog{_FLAGS}\nEOF\nit's\n"),
        ("bash", f'for p in a woman{_FLAGS} "b"; do]\n  gen "$p"\ndone\n'),
        ("bash", f'fo\\r p in a cat{_FLAGS} "b"; do\n  gen "$p"\ndone\n'),
        ("bash", f'x=`date`\necho a; }}\ngen a cat{_FLAGS}\n'),
        ("yaml", f"b: 'it''s\nrun: |\n  curl -F \"text=a cat{_FLAGS} 'it naps'\" http://x\nb: 1\n"),
        ("yaml", f"a: {{text:'a woman{_FLAGS}', b: [1, 2]}}\na: 1\nb: 'it''s'\nprompt:|\n  b\n"),
        ("yaml", f"a: {{text 'two birds{_FLAGS}', b: 1}}\ng >\n  h\n"),
        ("yaml", f"c: [1, 'a b, {{d: e}}]\nrun: |\n  curl -F \"text=a cat{_FLAGS} 'a'\" http://x\n"),
        ("yaml", f'c: [1, \t\'a\']\nd:\n  e: "f: g\nprompt: the sun{_FLAGS}\nrun: |\n  curl "a"\n'),
    ],
)  # fmt: skip
def test_prompts_before_an_error_are_read_or_said(name: str, script: str) -> None:
    assert {"bash": bash_refuses, "yaml": yaml_refuses}[name](script)
    assert missed(script.encode(), name) == []
    assert unread(script.encode(), host_named(name))
    assert missed(f"# It is\n\n```{name}\n{script}\n```\n".encode(), "markdown") == []


@pytest.mark.parametrize(
    ("name", "parts", "marks", "refuses"),
    [
        ("bash", _SCRIPTS, "\"'`()<>|;&{}$#[]\\", bash_refuses),
        ("yaml", _DOCUMENTS, "\"':[]{}|>&*#-, \t", yaml_refuses),
    ],
)
@given(data=st.data())
def test_each_prompt_of_a_torn_file_is_read_or_said(
    name: str,
    parts: tuple[str, ...],
    marks: str,
    refuses: Callable[[str], bool],
    data: st.DataObject,
) -> None:
    text = data.draw(torn(parts, marks))
    assume(_FLAGS in text and refuses(text))
    assert missed(text.encode(), name) == []
    assert missed(f"# It is\n\n```{name}\n{text}\n```\n".encode(), "markdown") == []


@pytest.mark.parametrize(
    "code", [f"``bash\ncurl -F text=a cat{_FLAGS} http://x\n``", f"`a cat{_FLAGS}\nb`"]
)
def test_a_fence_that_lost_a_backtick_is_said(code: str) -> None:
    assert missed(f"# Use\n\n{code}\n".encode(), "markdown") == []
