"""The field `video_prompt` next to a text is no prompt: the service reads no flags in it."""

import re

import pytest

from flaglift.check.hosts.finding import candidates
from flaglift.check.hosts.registry import host_named

P = "a cat walks --video --video_model kling25 --duration 5"

FIELDS = [
    ("json", '{"text": "a cat", "video_prompt": "P"}'),
    ("json", '{"video_prompt": "P", "text": null}'),
    ("json", '{"prompt": {"video_prompt": "P"}}'),
    ("jsonl", '{"video_prompt": "P", "text": "a cat"}\n'),
    ("yaml", "a:\n  video_prompt: P\n  text: a cat\n"),
    ("yaml", "- {text: a cat, video_prompt: 'P'}\n"),
    ("toml", 'text = "a cat"\nvideo_prompt = "P"\n'),
    ("toml", 'a = {video_prompt = "P", text = "a cat"}\n'),
    ("csv", "text,video_prompt\na cat,P\n"),
    ("sql", "INSERT INTO p (text, video_prompt) VALUES ('a cat', 'P');"),
    ("sql", "UPDATE p SET video_prompt = 'P', text = 'a cat';"),
    ("python", "a = {'text': t, 'video_prompt': 'P'}"),
    ("python", "create(text=t, video_prompt='P')"),
    ("javascript", "const a = {text, video_prompt: 'P'}"),
    ("javascript", "f.append('text', t);\nf.append('video_prompt', 'P');"),
    ("javascript", "f.append('prompt[video_prompt]', 'P');"),
    ("ruby", "a = {text: t, video_prompt: 'P'}"),
    ("php", "<?php $a = ['text' => $t, 'video_prompt' => 'P'];"),
    ("go", 'package m\nvar a = map[string]string{"text": t, "video_prompt": "P"}\n'),
    ("bash", "curl -F 'prompt[text]=a cat' -F 'prompt[video_prompt]=P' http://x\n"),
    ("bash", "curl -d 'text=a cat&video_prompt=P' http://x\n"),
    ("bash", "curl -d 'video_prompt=P&text=a cat' http://x\n"),
    ("bash", "curl -d text=a -d 'video_prompt=P' http://x\n"),
    ("bash", "curl --data-urlencode 'video_prompt=P' --data-urlencode 'text=a cat' http://x\n"),
    ("bash", 'curl -F "text=$T" -F "video_prompt=P" http://x\n'),
    ("bash", "wget --post-data 'text=a&video_prompt=P' http://x\n"),
    ("python", "os.system('curl -F \"video_prompt=P\" -F text=a http://x')"),
    (
        "http",
        "POST http://x\nContent-Type: application/x-www-form-urlencoded\n\ntext=a&video_prompt=P\n",
    ),
    ("html", '<input name="prompt[video_prompt]" value="P">'),
    ("html", '<textarea name="prompt[video_prompt]">P</textarea>'),
    ("markdown", '```json\n{"text": "a cat", "video_prompt": "P"}\n```\n'),
]
"""Documents with a video prompt in a field of its own."""
PROMPTS = [
    ("python", "video_prompt = 'P'"),
    ("python", "create(video_prompt='P')"),
    ("javascript", "const videoPrompt = 'P'"),
    ("json", '{"video_prompt": "P"}'),
    ("csv", "id,video_prompt\n1,P\n"),
    ("bash", "curl -d 'video_prompt=P' http://x\n"),
    ("bash", "curl --data-urlencode 'n=4' --data-urlencode 'video_prompt=P' http://x\n"),
    ("bash", "curl -d 'n=4&video_prompt=P' http://x\n"),
    ("html", '<input name="prompt[text]" value="P">'),
    ("html", '<textarea name="prompt[text]">P</textarea>'),
]
"""Documents in which it may be the whole prompt of a video."""


def taken(name: str, source: str) -> list[bool]:
    found = candidates(re.sub(r"\bP\b", P, source).encode(), host_named(name))
    return [decision.taken for _, decision in found]


@pytest.mark.parametrize(("name", "source"), FIELDS)
def test_that_a_video_prompt_in_its_own_field_is_no_prompt(name: str, source: str) -> None:
    assert taken(name, source) == [False]


@pytest.mark.parametrize(("name", "source"), PROMPTS)
def test_that_a_prompt_of_a_video_is_one_without_a_text_next_to_it(name: str, source: str) -> None:
    assert taken(name, source) == [True]
