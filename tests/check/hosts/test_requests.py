"""Flags move to fields only where these are sent, and only where nothing else uses the place."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from flaglift.check.hosts.base import Literal, LiteralChange
from flaglift.check.hosts.checking import lint_literal
from flaglift.check.hosts.finding import candidates
from flaglift.check.hosts.lifting import NOT_SENT, is_sent, lift_literal
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite
from flaglift.settings import DEFAULT

P = "a cat --video --video_model kling25 --duration 5"


def prompts(name: str, source: str) -> list[Literal]:
    found = candidates(source.encode(), host_named(name))
    return [literal for literal, decision in found if decision.taken]


def moved(name: str, source: str, *sent: str) -> tuple[str, str]:
    """Return the source with the flags of its first prompt moved, and why they are not."""
    change = lift_literal(prompts(name, source)[0], DEFAULT, sent)
    if isinstance(change, str):
        return source, change
    new, refused = rewrite(source.encode(), host_named(name), [change])
    return new.decode(), refused[0].reason if refused else ""


REQUESTS = [
    ("javascript", "fetch(u, {method: 'POST', body: JSON.stringify({prompt: {text: 'P'}})});"),
    ("javascript", "fetch(u, {body: JSON.stringify({prompt: {text: 'P'}}, null, 2)});"),
    ("javascript", "axios.post(u, {tune: {prompts_attributes: [{text: 'P'}]}});"),
    ("javascript", "await got.post(u, {json: {prompt: {text: 'P', n: 1}}});"),
    ("javascript", "form.append('prompt[text]', 'P');"),
    ("javascript", "const form = new FormData(); form.append('prompt[text]', 'P')"),
    ("javascript", "const body = {'prompt[text]': 'P'};"),
    ("typescript", "axios({url: u, data: {prompt: {text: 'P'}}});"),
    ("python", "requests.post(u, json={'prompt': {'text': 'P'}})"),
    ("python", "httpx.post(u, data={'prompt[text]': 'P'})"),
    ("python", "c.post(u, data=json.dumps({'tune': {'prompts_attributes': [{'text': 'P'}]}}))"),
    ("ruby", "Net::HTTP.post(u, {prompt: {text: 'P'}}.to_json)\n"),
    ("ruby", "Net::HTTP.post_form(u, 'prompt[text]' => 'P')\n"),
    ("ruby", "HTTParty.post(u, body: {prompt: {text: 'P'}})\n"),
    ("php", "<?php curl_setopt($c, CURLOPT_POSTFIELDS, f(['prompt[text]' => 'P']));"),
    ("php", "<?php curl_setopt($c, CURLOPT_POSTFIELDS, ['prompt' => ['text' => 'P']]);"),
    ("php", "<?php curl_setopt_array($c, [CURLOPT_POSTFIELDS => ['prompt' => ['text' => 'P']]]);"),
    ("php", "<?php $client->post($u, ['json' => ['prompt' => ['text' => 'P']]]);"),
    ("php", "<?php Http::post($u, ['prompt' => ['text' => 'P']]);"),
    ("go", "package m\nfunc f() { w.WriteField(\"prompt[text]\", \"P\") }\n"),
    ("vue", "<script>\nx = {f() { this.$http.post(u, {prompt: {text: 'P'}}) }}\n</script>"),
    ("javascript", "fetch(`${base}/tunes/7`, {body: JSON.stringify({prompt: {text: 'P'}})});"),
    ("javascript", "api.request({...opts, data: {prompt: {text: 'P'}}});"),
    ("python", "requests.request('POST', u, json={'prompt': {'text': 'P'}})"),
    ("python", "requests.post(json={'prompt': {'text': 'P'}}, url='https://x/tunes/1/prompts')"),
    ("ruby", "HTTParty.post('/tunes/1/prompts', body: {prompt: {text: 'P'}})\n"),
    ("php", "<?php $c->request('POST', $u, ['json' => ['prompt' => ['text' => 'P']]]);"),
    ("bash", "curl -F 'prompt[text]=P' u"),
    ("bash", "curl -d '{\"prompt\": {\"text\": \"P\"}}' u"),
    ("json", '{"tune": {"prompts_attributes": [{"text": "P"}]}}'),
    ("json", '{"prompt": {"text": "P"}}'),
    ("json", '[[[{"prompt": {"text": "P"}}]]]'),
]  # fmt: skip
OTHERS = [
    ("javascript", "const e = {title: 'x', text: 'P'};\nform.append('prompt[text]', e.text);"),
    ("javascript", "form.append('text', 'P');"),
    ("javascript", "save(u, {prompt: {text: 'P'}});"),
    ("javascript", "fetch(u, {text: 'P'});"),
    ("javascript", "fetch(u, () => { f({prompt: {text: 'P'}}) });"),
    ("javascript", "axios.post(u, {body: pick({prompt: {text: 'P'}})});"),
    ("javascript", "nock(h).post(u).reply(200, {prompt: {text: 'P'}});"),
    ("javascript", "axiosMock.post(u, {prompt: {text: 'P'}});"),
    ("javascript", "cache.put('k', {prompt: {text: 'P'}});"),
    ("javascript", "fetch(u, {headers: {prompt: {text: 'P'}}});"),
    ("javascript", "fetch(u, {body: JSON.stringify({prompt: {text: 'P'}}.prompt.text)});"),
    ("javascript", "fetch(u, {body: {prompt: {text: 'P'}}['prompt']});"),
    ("javascript", "fetch(u, {body: JSON.stringify({prompt: {text: 'P'}}, ['prompt', 'text'])});"),
    ("python", "responses.post(u, json={'prompt': {'text': 'P'}})"),
    ("python", "requests_mock.post(u, json={'prompt': {'text': 'P'}})"),
    ("python", "requests.post(u, json={'prompt': {'text': 'P'}}['prompt'])"),
    ("ruby", "post '/p', params: {prompt: {text: 'P'}}\n"),
    ("ruby", "Net::HTTP.post(u, {prompt: {text: 'P'}}[:prompt])\n"),
    ("ruby", "stub_request(:post, u).to_return(body: {prompt: {text: 'P'}}.to_json)\n"),
    ("php", "<?php curl_setopt($c, CURLOPT_HTTPHEADER, ['prompt' => ['text' => 'P']]);"),
    (
        "php",
        "<?php curl_setopt_array($c, [CURLOPT_HTTPHEADER => ['prompt' => ['text' => 'P']],"
        " CURLOPT_POSTFIELDS => $x]);",
    ),
    ("javascript", "fetch('/api/generate', {body: JSON.stringify({prompt: {text: 'P'}})});"),
    ("javascript", "fetch(`${base}/generate`, {body: JSON.stringify({prompt: {text: 'P'}})});"),
    ("javascript", "axios.post('https://other.example/prompts', {prompt: {text: 'P'}});"),
    ("javascript", "axios({url: '/api/x', data: {prompt: {text: 'P'}}});"),
    ("javascript", "app.post('/x', /* u */ {prompt: {text: 'P'}});"),
    ("javascript", "worker.post(/* u */ {prompt: {text: 'P'}});"),
    ("javascript", "worker.post(JSON.stringify({prompt: {text: 'P'}}), u);"),
    ("javascript", "axios.post(u, {expectedResponse: {prompt: {text: 'P'}}});"),
    ("python", "client.post('/x', json={'prompt': {'text': 'P'}})"),
    ("python", "queue.request('POST', {'prompt': {'text': 'P'}})"),
    ("php", "<?php $store->put('k', ['prompt' => ['text' => 'P']]);"),
    ("php", "<?php Http::fake(['*' => Http::response(['prompt' => ['text' => 'P']])]);"),
    ("python", "PROMPTS = [{'text': 'P'}]"),
    ("python", "Prompt(text='P')"),
    ("ruby", "create(text: 'P')\n"),
    ("json", '{"id": 3, "text": "P", "images": []}'),
    ("json", '{"id": 3, "prompt": {"text": "P"}, "created_at": "2025-08-01"}'),
    ("json", '{"created_at": "2025-08-01", "prompts_attributes": [{"text": "P"}]}'),
    ("json", '{"prompt": {"text": "P", "updated_at": null}}'),
    ("json", '{"prompt": {"id": 7, "text": "P"}}'),
    ("json", '{"response": {"body": {"prompt": {"text": "P"}}}}'),
    ("json", '[{"request": {}, "Result": [{"prompt": {"text": "P"}}]}]'),
    ("yaml", "prompt:\n  text: P\n"),
    ("csv", "text,video_model,video_prompt,video_duration\nP,,,\n"),
    ("bash", "curl -F 'text=P' u"),
    ("bash", "curl -d 'text=P&n=4' https://x/tunes/1/prompts"),
    ("bash", "curl --data-urlencode 'text=P' -d video_model=a https://x/tunes/1/prompts"),
    ("bash", "curl -F 'song[text]=P' u"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "source"), REQUESTS)
def test_flags_move_where_a_request_is_seen(name: str, source: str) -> None:
    source = source.replace("'P'", f"'{P}'").replace('"P"', f'"{P}"').replace("=P", f"={P}")
    new, reason = moved(name, source)
    assert reason == ""
    assert "--video" not in new
    assert "kling25" in new


@pytest.mark.parametrize(("name", "source"), OTHERS)
def test_flags_stay_where_none_is_seen(name: str, source: str) -> None:
    source = source.replace("'P'", f"'{P}'").replace('"P"', f'"{P}"').replace("=P", f"={P}")
    source = source.replace(": P", f": {P}").replace("\nP", f"\n{P}")
    for literal in prompts(name, source):
        assert not literal.is_request
        assert lift_literal(literal, DEFAULT) in (
            NOT_SENT,
            "there is no place for fields next to it",
        )


@pytest.mark.parametrize(
    ("name", "source", "place"),
    [
        ("json", '{"prompts": [{"text": "P"}]}', "prompts[].text"),
        ("json", '[{"a": {"text": "P"}}]', "[].a.text"),
        ("jsonl", '{"text": "P"}\n', "text"),
        ("yaml", "prompts:\n- text: P\n", "prompts[].text"),
        ("csv", "text,video_model\nP,\n", "text"),
        ("python", "PROMPTS = [{'text': 'P'}]", ""),
    ],
)
def test_the_configuration_says_what_is_sent(name: str, source: str, place: str) -> None:
    source = source.replace('"P"', f'"{P}"').replace("'P'", f"'{P}'")
    source = source.replace(": P", f": {P}").replace("\nP", f"\n{P}")
    (literal,) = prompts(name, source)
    assert is_sent(literal, [place])
    assert is_sent(literal, ["x", ""])
    assert not is_sent(literal, ["other[].text"])


SHARED = [
    ("yaml", "one:\n  text: &t P\ntwo:\n  text: *t\n", "anchor `&t`"),
    ("yaml", "base: &b {text: P}\nstill: {<<: *b, text: a quiet dog}\n", "anchor `&b`"),
    ("yaml", "base: &b\n  a:\n    text: P\nstill: *b\n", "anchor `&b`"),
    ("yaml", "x: &b {a: 1}\ny: {<<: *b, text: P}\n", "`<<`"),
    ("yaml", "x: {? [a] : b, text: P}\n", "not plain text"),
    ("yaml", "- &x\n  - - text: P\n- *x\n", "anchor `&x`"),
    ("javascript", "send({text: 'P', ...opts})", "`...opts` may hold"),
    ("javascript", "send({...opts, text: 'P'})", "`...opts` may hold"),
    ("javascript", "send({text: 'P', [k]: 1})", "it is not clear which field"),
    ("javascript", "send({text: 'P', 'video_\\u006dodel': 1})", "it is not clear which field"),
    ("javascript", "send(Object.assign({text: 'P'}, opts))", "puts other fields to these"),
    ("javascript", "send({...{text: 'P'}, ...opts})", "puts other fields to these"),
    ("javascript", "send(opts || ({text: 'P'}))", "puts other fields to these"),
    ("javascript", "send({text: 'P', text: 'a dog'})", "there twice"),
    ("python", "send({'text': 'P', f'video_{x}': 1})", "it is not clear which field"),
    ("python", "send({'text': 'P'} | opts)", "puts other fields to these"),
    ("python", "send({**{'text': 'P'}, **opts})", "puts other fields to these"),
    ("python", "send(dict({'text': 'P'}, **opts))", "puts other fields to these"),
    ("ruby", "send(opts.merge({text: 'P'}))\n", "puts other fields to these"),
    ("php", "<?php send(['text' => 'P'] + $opts);", "puts other fields to these"),
    ("php", "<?php send(array_merge(['text' => 'P'], $opts));", "puts other fields to these"),
    ("python", "send({'text': 'P', **opts})", "`**opts` may hold"),
    ("python", "send({'text': 'P', k: 1})", "it is not clear which field"),
    ("python", "send(text='P', **opts)", "`**opts` may hold"),
    ("python", "x = {'text': 'P', 'text': 'a quiet dog'}", "there twice"),
    ("javascript", "f.append('prompt[text]', 'P');f.append('prompt[text]', 'a');", "there twice"),
    ("bash", "curl -F 'prompt[text]=P' -F 'prompt[text]=a quiet dog' u", "there twice"),
    ("bash", "curl -F 'prompt[text]=P' -Fx=y \"${A[@]}\" u", '`"${A[@]}"` may hold'),
    ("bash", "curl -d 'prompt[text]=P&prompt[text]=a' u", "in the same word"),
    ("bash", "curl -d 'prompt[text]=P&w=1' -d 'x&prompt[text]=a' u", "there twice"),
    ("bash", "curl -F 'prompt[text]=P' $@ u", "`$@` may hold"),
    ("bash", "curl -K c -F 'prompt[text]=P' u", "`-K` may hold"),
    ("ruby", "send({text: 'P', **opts})\n", "`**opts` may hold"),
    ("ruby", "send(text: 'P', **opts)\n", "`**opts` may hold"),
]


@pytest.mark.parametrize(("name", "source", "reason"), SHARED)
def test_what_else_uses_the_place_keeps_the_flags(name: str, source: str, reason: str) -> None:
    source = source.replace("'P'", f"'{P}'").replace(": P", f": {P}").replace("&t P", f"&t {P}")
    source = source.replace("=P", f"={P}")
    new, said = moved(name, source, "")
    assert new == source
    assert reason in said


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("javascript", "send({text: 'P', video_model});"),
        ("typescript", "send({text: 'P', video_model() {}});"),
        ("javascript", "send({text: 'P', video_model: m});"),
        ("python", "create(text='P', video_model=m)"),
        ("ruby", "create(text: 'P', video_model: m)\n"),
        ("ruby", "create(text: 'P', video_model:)\n"),
        ("bash", "curl -d 'a=1&prompt[text]=P&prompt[video_model]=x' u"),
        ("bash", "curl -d 'a&prompt%5Bvideo_model%5D=x' -d 'prompt[text]=P' u"),
        ("yaml", "m: &m kling25\nx:\n  text: P\n  video_model: *m\n"),
    ],
)
def test_a_field_that_is_there_and_not_known_is_a_possible_conflict(name: str, source: str) -> None:
    source = source.replace("'P'", f"'{P}'").replace(": P", f": {P}").replace("=P", f"={P}")
    (literal,) = prompts(name, source)
    assert "FL604" in [each.code for each in lint_literal(literal, DEFAULT)]
    new, reason = moved(name, source, "")
    assert new == source
    assert "video_model" in reason


@pytest.mark.parametrize(
    ("name", "source", "reason"),
    [
        ("yaml", "text: P\ntext: a quiet dog\n", "the key `text` is there twice"),
        ("yaml", "text: !include P\n", "the tag `!include` makes something else of it"),
        ("yaml", "text: !!binary P\n", "the tag `tag:yaml.org,2002:binary` makes"),
        ("json", '{"text": "P", "text": "a quiet dog"}', "the key `text` is there twice"),
    ],
)
def test_what_is_no_text_or_no_single_one_is_not_edited(
    name: str, source: str, reason: str
) -> None:
    source = source.replace('"P"', f'"{P}"').replace("P\n", f"{P}\n")
    literal = prompts(name, source)[0]
    assert reason in literal.locked
    new, refused = rewrite(source.encode(), host_named(name), [LiteralChange(literal, f"{P} x")])
    assert new.decode() == source
    assert reason in refused[0].reason


def test_a_text_that_an_alias_shares_is_fixed_for_all_that_see_it() -> None:
    source = f"one: {{text: &t {P}}}\ntwo: {{text: *t}}\n"
    (literal,) = prompts("yaml", source)
    change = LiteralChange(literal, literal.text.replace("--duration 5", "--duration 10"))
    new, refused = rewrite(source.encode(), host_named("yaml"), [change])
    assert not refused
    read = YAML(typ="safe", pure=True).load(new.decode())
    assert read["one"]["text"] == read["two"]["text"] == change.text


NODES = ["text: P", "text: &t P", "text: *t", "n: 1", "<<: *b", "video_model: kling25", "a: &u x"]


@given(st.lists(st.lists(st.sampled_from(NODES), min_size=1, max_size=3, unique=True), max_size=4))
def test_every_reader_finds_the_other_mappings_as_they_were(mappings: list[list[str]]) -> None:
    lines = ["base: &b", "  k: v"]
    for number, pairs in enumerate(mappings):
        lines += [f"m{number}:", *(f"  {pair.replace('P', P)}" for pair in pairs)]
    source = "\n".join(lines) + "\n"
    try:
        before = YAML(typ="safe", pure=True).load(source)
    except Exception:
        return
    for literal in prompts("yaml", source):
        change = lift_literal(literal, DEFAULT, [""])
        if isinstance(change, str):
            continue
        new, refused = rewrite(source.encode(), host_named("yaml"), [change])
        after = YAML(typ="safe", pure=True).load(new.decode())
        own = str(literal.origin.path[0])
        assert {k: v for k, v in after.items() if k != own} == {
            k: v for k, v in before.items() if k != own
        }
        if refused:
            assert after == before
        else:
            assert json.dumps(after[own], sort_keys=True) != json.dumps(before[own], sort_keys=True)
