"""Moving flags to fields beside the text: in each file's own style, and read back by its reader."""

import ast
import csv
import io
import json
import re
import subprocess
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given
from ruamel.yaml import YAML

import flaglift
from check.hosts import judges
from flaglift.check.hosts.base import LiteralChange
from flaglift.check.hosts.finding import candidates, leaves
from flaglift.check.hosts.lifting import lift_literal
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite
from flaglift.settings import DEFAULT, Settings
from peers import program
from strategies import readable

CASES = Path(__file__).parents[2] / "corpora" / "hosts" / "lifting"


def lifted(data: bytes, name: str, settings: Settings = DEFAULT) -> tuple[bytes, list[str]]:
    """Return a document with all its flags moved, and why some are not."""
    host = host_named(name)
    changes, reasons = [], []
    for literal, decision in candidates(data, host):
        if decision.taken:
            made = lift_literal(literal, settings, [""])
            if isinstance(made, LiteralChange):
                changes.append(made)
            else:
                reasons.append(made)
    new, refused = rewrite(data, host, changes)
    return new, [*reasons, *(each.reason for each in refused)]


@pytest.mark.parametrize("path", sorted(CASES.iterdir()), ids=lambda path: path.stem)
def test_fields_are_added_in_the_style_of_the_file(path: Path) -> None:
    before, _, after = path.read_bytes().partition(b"=>\n")
    new, reasons = lifted(before, path.stem.partition("-")[0])
    assert new.decode() == after.decode()
    assert reasons == []


@pytest.mark.parametrize(
    ("name", "source", "place", "moved"),
    [
        ("yaml", "prompt:\n  text: T\n---\nprompt:\n  text: T\n", "prompt.text", [True, True]),
        ("yaml", "- text: T\n---\ntext: T\n---\n- text: T\n", "[].text", [True, False, True]),
        ("yaml", "- text: T\n---\ntext: T\n", "text", [False, True]),
        ("json", '{"a": {"text": "T"}}\n{"a": {"text": "T"}}\n', "a.text", [True, True]),
        ("json", '[{"text": "T"}] {"text": "T"}', "[].text", [True, False]),
        ("jsonl", '{"a": {"text": "T"}}\n{"text": "T"}\n', "a.text", [True, False]),
        ("csv", "id,text,video_model,video_prompt,video_duration\n1,T,,,\n", "text", [True]),
    ],
)
def test_a_place_is_one_in_each_document_of_a_file(
    name: str, source: str, place: str, moved: list[bool]
) -> None:
    data = source.replace("T", "a cat --video --video_model kling25 --duration 5").encode()
    made = [
        lift_literal(literal, DEFAULT, [place]) for literal, _ in candidates(data, host_named(name))
    ]
    assert [isinstance(each, LiteralChange) for each in made] == moved


@pytest.mark.parametrize("name", ["json", "yaml", "toml", "csv", "javascript"])
def test_lines_of_windows_stay_so(name: str) -> None:
    path = next(path for path in sorted(CASES.iterdir()) if path.stem.startswith(name))
    before, _, after = path.read_bytes().replace(b"\n", b"\r\n").partition(b"=>\r\n")
    assert lifted(before, name)[0] == after
    assert before != after


@dataclass(frozen=True)
class Container:
    """A document that holds a text beside another field, how it is written, and its reader."""

    host: str
    write: Callable[[str], str]
    read: Callable[[str], dict[str, Any]]


def _json_in(document: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(document)["a"][0]
    return values


def _yaml_in(document: str) -> dict[str, Any]:
    return dict(YAML(typ="safe", pure=True).load(document)["a"][0])


def _python_in(document: str) -> dict[str, Any]:
    values: dict[str, Any] = ast.literal_eval(document.partition("=")[2].strip())
    return values


def _node_in(document: str) -> dict[str, Any]:
    (found,) = judges.node(document) or []
    values: dict[str, Any] = json.loads(found)
    return values


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _csv_out(text: str) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(
        [["text", "video_model", "video_prompt", "video_duration", "n"], [text, "", "", "", "1"]]
    )
    return out.getvalue()


def _csv_in(document: str) -> dict[str, Any]:
    row = next(csv.DictReader(io.StringIO(document, newline="")))
    return {name: value for name, value in row.items() if value}


CONTAINERS = [
    Container("json", lambda t: json.dumps({"a": [{"text": t, "n": 1}]}), _json_in),
    Container("json", lambda t: json.dumps({"a": [{"n": 1, "text": t}]}, indent=2), _json_in),
    Container("yaml", lambda t: f"a:\n  - text: {_quoted(t)}  # c\n    n: 1\n", _yaml_in),
    Container("yaml", lambda t: f"a: [{{text: {_quoted(t)}, n: 1}}]\n", _yaml_in),
    Container(
        "toml",
        lambda t: f"[[a]]\ntext = {_quoted(t)}\nn = 1\n",
        lambda d: tomllib.loads(d)["a"][0],
    ),
    Container("csv", _csv_out, _csv_in),
    Container("python", lambda t: f"x = {{'text': {t!r}, 'n': 1}}\n", _python_in),
    Container(
        "javascript",
        lambda t: f"x = {{\n  text: {json.dumps(t)},\n  n: 1,\n}};\n[JSON.stringify(x)]",
        _node_in,
    ),
]


@pytest.mark.no_cover  # as of other properties
@pytest.mark.parametrize("container", CONTAINERS, ids=lambda container: container.host)
def test_the_reader_finds_the_fields_that_the_flags_say(container: Container) -> None:
    @given(readable())
    def holds(text: str) -> None:
        if "\x00" in text or "\x0b" in text:
            return
        data = container.write(text).encode()
        host = host_named(container.host)
        found = [lit for lit in leaves(host.literals(data), every=True) if lit.siblings]
        assert len(found) == 1, found
        literal = found[0]
        assert literal.text == text
        made = lift_literal(literal, DEFAULT, [""])
        translation = flaglift.translate(text.rstrip("\r\n"))
        assert isinstance(made, LiteralChange) == (translation.status == "translated")
        if not isinstance(made, LiteralChange):
            return
        new, refused = rewrite(data, host, [made])
        event("refused" if refused else "made")
        if refused:
            assert new == data
            return
        end = text[len(text.rstrip("\r\n")) :]
        expected = {"text": "", **translation.values, "n": 1}
        expected["text"] += end
        read = container.read(new.decode())
        assert {k: str(v) for k, v in read.items() if v != ""} == {
            k: str(v) for k, v in expected.items() if v != ""
        }

    holds()


def test_curl_sends_the_fields() -> None:
    text = 'a cat --video --video_model kling25 --video_prompt "it\'"\'"\'s"'
    script = f"curl -s -F 'prompt[text]={text}' x"
    new, reasons = lifted(script.encode(), "bash")
    assert reasons == []
    shown = new.decode().replace("curl -s", "printf '%s\\n'", 1)
    done = subprocess.run(
        [program("bash"), "-c", shown], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[1::2][:3] == [
        "prompt[text]=a cat",
        "prompt[video_model]=kling25",
        "prompt[video_prompt]=it's",
    ]


@pytest.mark.parametrize(
    ("name", "document", "reason"),
    [
        (
            "json",
            '{"text": "a cat --video --video_model kling25", "video_model": null}',
            "`video_model` is there already",
        ),
        (
            "json",
            '{"text": "a cat --video --video_model kling25", "video_prompt": {"a": 1}}',
            "`video_prompt` is there already",
        ),
        (
            "json",
            '{"prompt": "a cat --video --video_model kling25"}',
            "there is no place for fields next to it",
        ),
        ("json", '{"text": "a cat --video"}', "no model is named"),
        ("json", '{"text": "ohwx woman --vidoe"}', "there are no flags to move"),
        (
            "csv",
            "text,video_model\na cat --video --video_model kling25,\n",
            "there is no column `video_prompt`",
        ),
        (
            "javascript",
            "x = {text: `a cat --video --video_model ${m}`}",
            "its fields depend on the value of ${m}",
        ),
        (
            "javascript",
            "x = {text: `${a} --video --video_model kling25`}",
            "its fields depend on the value of ${a}",
        ),
        (
            "javascript",
            "x = {text: 'a cat --video --video_model kling25', video_model: m}",
            "with a value that is not known here",
        ),
        (
            "javascript",
            "f.append('text', 'a b --video --video_model kling25');\nf.append('video_model', m);",
            "with a value that is not known here",
        ),
        (
            "ruby",
            "d = {'prompt[text]' => 'a cat --video --video_model kling25', \"prompt[#{n}]\" => 1}",
            'it is not clear which field `"prompt[#{n}]" => 1` is',
        ),
        (
            "yaml",
            "text: a cat --video --video_model kling25\nvideo_prompt: [a]\n",
            "`video_prompt` is there already",
        ),
        (
            "yaml",
            "{text: 'a cat --video --video_model kling25', video_model: }",
            "`video_model` is there already",
        ),
        (
            "bash",
            "curl -F 'text=a b --video --video_model kling25' -F \"video_model=\" x",
            "`video_model` is there already",
        ),
        (
            "bash",
            "http POST x 'prompt[text]=a b --video --video_model kling25'",
            "there is no place for fields next to it",
        ),
        (
            "toml",
            'text = "a b --video --video_model kling25"\nvideo_model = ""\n',
            "`video_model` is there already",
        ),
        (
            "javascript",
            "x = {text: `${a} ${b} --video --video_model kling25_5s --video_prompt 'x'`}",
            "kling25_5s",
        ),
    ],
)
def test_what_cannot_be_moved_stays(name: str, document: str, reason: str) -> None:
    new, reasons = lifted(document.encode(), name)
    assert new.decode() == document
    (said,) = reasons
    assert reason in said


FLAT = "prompt[text]"
PROMPT = "a cat --video --video_model kling25"
USED = {
    "python": ("d = {{'{k}': '{p}'}}", 'if "--video" in d["{k}"]: log()'),
    "python:get": ("d = {{'{k}': '{p}'}}", "d.get('{k}', '').split('--')"),
    "python:twice": ("d = {{'{k}': '{p}'}}", "d['{k}'] += ' --duration 5'"),
    "ruby": ("d = {{ '{k}' => '{p}' }}", "puts d['{k}']"),
    "ruby:symbol": ("d = {{ :'{k}' => '{p}' }}", "d.fetch(:'{k}')"),
    "php": ("$d = ['{k}' => '{p}'];", "log($d['{k}']);"),
    "php:names": ("$d = ['{k}' => '{p}'];", "$e = array_map($f, ['{k}']);"),
    "javascript": ("const d = {{'{k}': '{p}'}}", "log(d['{k}'])"),
    "javascript:pattern": ("const d = {{'{k}': '{p}'}}", "const {{'{k}': text}} = d"),
    "javascript:form": ("f.append('{k}', '{p}')", "log(f.get('{k}'))"),
    "go": ('func f() {{\n\tv.Set("{k}", "{p}")\n}}', 'var x = v.Get("{k}")'),
    "go:list": ('var v = map[string]string{{"{k}": "{p}"}}', 'var x = []string{{"{k}"}}'),
}


@pytest.mark.parametrize("name", USED)
def test_a_text_that_other_code_uses_stays(name: str) -> None:
    texts = "\n".join(USED[name]).format(k=FLAT, p=PROMPT)
    new, reasons = lifted(texts.encode(), name.partition(":")[0])
    assert new.decode() == texts
    line = texts.count("\n") + 1
    assert reasons == [
        f"line {line} of the code uses `{FLAT}` too, and may expect flags in it",
    ]


@pytest.mark.parametrize("name", USED)
def test_other_fields_and_texts_of_other_requests_are_no_use(name: str) -> None:
    setting, use = (line.format(k=FLAT, p=PROMPT) for line in USED[name])
    others = use.replace(FLAT, "prompt[w]"), f"// see {FLAT} and '{FLAT} '", setting
    if name.startswith(("python", "ruby")):
        others = others[0], others[1].replace("//", "#"), setting
    if name == "javascript:form":
        others = *others[:2], "function g() {\n" + setting + "\n}"
    new, reasons = lifted("\n".join((setting, *others)).encode(), name.partition(":")[0])
    assert reasons == []
    assert PROMPT.encode() not in new


@pytest.mark.parametrize(
    "option",
    ["-d @more.txt", "--data-urlencode @more", "--data-urlencode 'prompt[video_model]@more'",
     '-F "$MORE"', '-F "prompt[$NAME]=$VALUE"', '--data "w=1&$MORE"', "-d `more`"],
)  # fmt: skip
def test_a_command_with_fields_that_it_does_not_name_keeps_flags(option: str) -> None:
    document = f"curl -F '{FLAT}={PROMPT}' {option} https://example.org/p"
    new, (reason,) = lifted(document.encode(), "bash")
    assert new.decode() == document
    assert reason == f"`{option.partition(' ')[2]}` may hold these fields"


@pytest.mark.parametrize(
    "option",
    ["-d ''", "-F image=@x.png", "-F 'a=b@c'", "--data-raw '@x'", "--form-string '@x'", '-F "a=$B"',
     "-H 'a@b: c'", '-u "$USER"', "'https://example.org/q?a=$B&prompt[w]=1'"],
)  # fmt: skip
def test_a_command_whose_other_fields_are_named_is_moved(option: str) -> None:
    document = f"curl -F '{FLAT}={PROMPT}' {option} https://example.org/p"
    new, reasons = lifted(document.encode(), "bash")
    assert reasons == []
    assert PROMPT.encode() not in new


@pytest.mark.parametrize("query", ["prompt[video_model]=veo3", "a=1&prompt%5Bvideo_model%5D=v%20o"])
def test_a_field_in_the_address_of_a_command_is_one_of_the_request(query: str) -> None:
    document = f"curl 'https://example.org/p?{query}#x' -F '{FLAT}={PROMPT}'"
    new, (reason,) = lifted(document.encode(), "bash")
    assert new.decode() == document
    value = "veo3" if "veo3" in query else "v o"
    assert reason.startswith(f"`video_model` is `kling25` in `--video_model` and `{value}` in")


FIELD = "prompt[video_model]"
SETS = {
    "python": ("d = {{'{k}': '{p}'}}", "d['{f}'] = 'veo3'"),
    "python:call": ("d = {{'{k}': '{p}'}}", "post(u, data=d, params={{'{f}': 'veo3'}})"),
    "ruby": ("d = {{ '{k}' => '{p}' }}", "d['{f}'] = m"),
    "php": ("$d = ['{k}' => '{p}'];", "unset($d['{f}']);"),
    "javascript": ("const d = {{'{k}': '{p}'}}", "send({{...d, '{f}': m}})"),
    "javascript:condition": ("f.append('{k}', '{p}')", "if (m) f.append('{f}', m)"),
    "javascript:outside": ("if (x) {{\nf.append('{k}', '{p}')\n}}", "f.append('{f}', m)"),
    "javascript:delete": ("f.append('{k}', '{p}')", "f.delete('{f}')"),
    "go": ('func f() {{\n\tv.Set("{k}", "{p}")\n}}', 'func g() {{\n\tv.Set("{f}", m)\n}}'),
    "go:map": ('var v = map[string]string{{"{k}": "{p}"}}', 'func g() {{\n\tv["{f}"] = m\n}}'),
}


@pytest.mark.parametrize("name", SETS)
def test_a_text_with_a_field_that_other_code_sets_stays(name: str) -> None:
    setting, other = (line.format(k=FLAT, p=PROMPT, f=FIELD) for line in SETS[name])
    document = f"{setting}\n{other}"
    new, (reason,) = lifted(document.encode(), name.partition(":")[0])
    assert new.decode() == document
    assert reason.endswith(f" of the code uses `{FIELD}` too, and may give it another value")
    new, reasons = lifted(document.replace(FIELD, "prompt[w]").encode(), name.partition(":")[0])
    assert reasons == []
    assert PROMPT.encode() not in new


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("python", "for k, v in more.items(): d[f'prompt[{k}]'] = v"),
        ("python", "d['prompt[' + k + ']'] = v"),
        ("javascript", "for (const k in o) d[`prompt[${k}]`] = o[k]"),
    ],
)
def test_a_text_with_a_field_of_a_name_that_is_put_together_stays(name: str, line: str) -> None:
    document = f"d = {{'{FLAT}': '{PROMPT}'}}\n{line}"
    new, reasons = lifted(document.encode(), name)
    assert new.decode() == document
    assert reasons == ["line 2 of the code uses `prompt[...]` too, and may give it another value"]


MORE = [
    ("python", "d = {M}", "d.update(more)"),
    ("python", "d = {M}", "d.update(**more)"),
    ("python", "d = {M}", "for k in more: d[k] = more[k]"),
    ("python", "d = {M}", "d |= more"),
    ("python", "d = {M}", "post(u, data={**d, **more})"),
    ("python", "d = {M}", "post(u, data={**more, **d})"),
    ("javascript", "const d = {M}", "Object.assign(d, more)"),
    ("javascript", "const d = {M}", "Object.assign({}, d, more)".replace("{}, ", "")),
    ("javascript", "let d; d = ({M})", "send({...d, ...more})"),
    ("javascript", "const d = {M}", "d[name] = value"),
    ("ruby", "d = {M}", "send(d.merge(more))"),
    ("ruby", "@d = {M}", "@d.merge! more"),
    ("php", "$d = {M};", "$e = array_merge($d, $more);"),
    ("php", "$d = {M};", "$d[$name] = $value;"),
    ("go", "func f() {\n\td := map[string]string{M}", "\td[name] = value\n}"),
]


@pytest.mark.parametrize(("name", "setting", "change"), MORE)
def test_a_mapping_in_a_variable_that_gets_unknown_fields_keeps_flags(
    name: str, setting: str, change: str
) -> None:
    mapping = {
        "ruby": f"{{'{FLAT}' => '{PROMPT}'}}", "php": f"['{FLAT}' => '{PROMPT}']",
        "go": f'{{"{FLAT}": "{PROMPT}"}}',
    }.get(name, f"{{'{FLAT}': '{PROMPT}'}}")  # fmt: skip
    document = setting.replace("{M}", mapping) + "\n" + change
    new, (reason,) = lifted(document.encode(), name)
    assert new.decode() == document
    assert " of the code puts other fields into `" in reason
    other = re.sub(r"\bd\b", "e", change)
    new, reasons = lifted(document.replace(change, other).encode(), name)
    assert reasons == []
    assert PROMPT.encode() not in new


@pytest.mark.parametrize(
    "line",
    ["d.update({'prompt[w]': 1})", "d['prompt[w]'] = 1", "d[k] == 1", "# d.update(more)",
     "x = 'd.update(more)'", "e.d.update(more)", "d = {**d, 'prompt[w]': 1}", "f(d, more)"],
)  # fmt: skip
def test_a_mapping_in_a_variable_may_get_known_fields(line: str) -> None:
    new, reasons = lifted(f"d = {{'{FLAT}': '{PROMPT}'}}\n{line}\n".encode(), "python")
    assert reasons == []
    assert PROMPT.encode() not in new


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("python", f"e = {{'{FLAT}': t, '{FIELD}': m}}"),
        ("python", "e = {f'prompt[{k}]': v for k, v in fields.items()}"),
        ("javascript", f"function g() {{\ne.append('{FLAT}', t)\ne.append('{FIELD}', m)\n}}"),
    ],
)
def test_the_fields_next_to_another_text_are_no_use(name: str, other: str) -> None:
    new, reasons = lifted(f"d = {{'{FLAT}': '{PROMPT}'}}\n{other}".encode(), name)
    assert reasons == []
    assert PROMPT.encode() not in new


@pytest.mark.parametrize(
    "around",
    ["if (v)\n  {};", "if (v) a(); else {};", "for (const p of all)\n  {}", "while (a()) {}"],
)
def test_a_statement_that_stands_alone_after_a_condition_gets_no_others(around: str) -> None:
    document = around.format(f"f.append('{FLAT}', '{PROMPT}')")
    new, reasons = lifted(document.encode(), "javascript")
    assert new.decode() == document
    assert reasons == ["there is no place for fields next to it"]


def test_a_field_that_says_the_same_is_not_added_again() -> None:
    document = '{"text": "a cat --video --video_model kling25", "video_model": "kling25"}'
    new, _ = lifted(document.encode(), "json")
    expected = {"text": "a cat", "video_prompt": "a cat", "video_model": "kling25"}
    assert json.loads(new) == expected
