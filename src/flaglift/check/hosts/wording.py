"""Evidence from what a string says: prose and models, or a command line and its documentation."""

import re
from collections.abc import Iterator

from flaglift.catalog import Status, load_catalog
from flaglift.check.hosts.base import HOLE, Literal, Reason
from flaglift.syntax import FlagName, Prompt
from flaglift.syntax.lookalikes import near_misses
from flaglift.syntax.nodes import OtherFlag, Text, UnknownFlag

_PROGRAM = re.compile(
    r"\s*(?:[$%>] +)?(?:[A-Z_][A-Z0-9_]*=\S* +)*(?:(?:sudo|env|time|exec|nohup|xvfb-run) +)*"
    r"(?:(?:python[0-9.]*|node|npx|npm|yarn|pnpm|bunx?|deno|uvx?|pip[0-9.]*|pipx|poetry|pdm|hatch|"
    r"conda|docker(?:-compose)?|podman|kubectl|helm|ffmpeg|ffprobe|ffplay|yt-dlp|youtube-dl|curl|"
    r"wget|git|gh|make|cmake|bash|sh|zsh|cd|ls|export|source|cargo|java|bundle|rails|rake|php|perl|"
    r"torchrun|accelerate|deepspeed|srun|sbatch|astria|flaglift|mpv|vlc|ssh|scp|rsync|aws|gcloud|"
    r"streamlit|gradio|jupyter|pytest|tox|nox|playwright|cypress|xcrun|adb|magick)(?=\s|$)"
    r"|(?:\.{0,2}/|~/|[A-Za-z]:\\)\S|/imagine\b"
    r"|\S+\.(?:py|sh|js|mjs|ts|rb|exe|pl|bat|cmd|jar)(?=\s|$))"
)
_USAGE = re.compile(
    r"^\s*usage\b|\[-{1,2}[a-z]|\[(?:options|flags|args)\]|--[a-z_-]+[= ](?:<[a-z_ -]+>|\{)",
    re.IGNORECASE,
)
_METAVAR = re.compile(r"--(?:video|video_model|video_prompt|duration)[ =][A-Z][A-Z_]+(?=\s|$|\])")
_FILE = re.compile(
    r"--video(?:_model|_prompt)?[ =]['\"]?(?:https?://|\.{0,2}/|\S+\.(?:mp4|mov|webm|avi|mkv|gif|m4v|"
    r"jpe?g|png|txt|json|ya?ml|pth?|ckpt|bin|onnx|safetensors)(?:['\"\s]|$)|[\w.-]+/[\w.-]+)",
    re.IGNORECASE,
)
_FLAG = r"[`'\"]?--(?:video(?:[_-]\w+)?|duration)\b[`'\"]?"
_TALK = re.compile(
    r"\b(?:us(?:e|es|ed|ing)|pass(?:ed|ing)?|add(?:s|ed|ing)?|the|with|via|set|without|"
    r"requires?|specify|enables?|missing|invalid|unknown|unsupported|support|both|either|see|"
    rf"and|or|if|when|for|to)\s+(?:the\s+|an?\s+)?{_FLAG}(?=[\s.,;:)]|$)|"
    rf"{_FLAG}\s*(?:[,:;.]\s|(?:flags?|options?|arguments?|parameters?|switch|is|are|to|and|or|must|"
    r"requires?|can|cannot|will|enables?|needs?|takes?|expects?|not|has|was|should|does)\b)",
    re.IGNORECASE,
)
_LISTING = re.compile(
    r"^[ \t]*(?:-\w,?[ \t]+)?--\w[\w-]*(?:[ =]\S+)?(?:\t| {2,})[ \t]*[A-Za-z]", re.MULTILINE
)
_SHORT = re.compile(r"(?:^|\s)-[a-zA-Z](?=\s|$)")
_CHAINED = re.compile(r"\s(?:&&|\|\||\||>|>>|2>&1|<)\s")
_WORD = re.compile(rf"[^\W\d_]+|{HOLE}")
_TRIGGER = re.compile(r"\b(?:ohwx|sks)\b")

_AGAINST = (
    (_PROGRAM, -5, "it begins like a command"),
    (_USAGE, -4, "it describes how a command is used"),
    (_METAVAR, -4, "a flag has a placeholder for a value"),
    (_FILE, -4, "a flag has a file or an address for a value"),
    (_TALK, -3, "it talks about flags"),
    (_LISTING, -4, "it lists options and what they do"),
    (_SHORT, -2, "there are short options"),
    (_CHAINED, -2, "there are operators of a shell"),
)
_DATA = frozenset(
    {"lines", "whole", "blocks", "csv", "tsv", "json", "jsonl", "yaml", "toml", "form"}
)
"""Hosts that hold whole prompts; strings in code may be parts of one."""


def wording(literal: Literal) -> Iterator[Reason]:
    """Yield what the words of a literal say."""
    text = literal.text
    if len(text.split()) == 1:
        yield Reason(-4, "it is a single word")
    for pattern, points, said in _AGAINST:
        if (pattern.match if pattern is _PROGRAM else pattern.search)(text):
            yield Reason(points, said)
    yield from _flags(literal.prompt)
    yield from _prose(literal, literal.prompt)


def _prose(literal: Literal, prompt: Prompt) -> Iterator[Reason]:
    prose = " ".join(
        node.raw for segment in prompt.segments for node in segment.nodes if isinstance(node, Text)
    )
    words = _WORD.findall(prose)
    if len(words) >= 2 or HOLE in words:
        yield Reason(1, "there are words beside the flags")
    elif not words and literal.host not in _DATA:
        yield Reason(-3, "there are flags and no words: it is a part of something")
    if prompt.references or _TRIGGER.search(prose):
        yield Reason(2, "it refers to a subject")
    if prompt.settings:
        yield Reason(1, "there is a settings block")


def _flags(prompt: Prompt) -> Iterator[Reason]:
    nodes = [node for segment in prompt.segments for node in segment.nodes]
    near = {miss.start for miss in near_misses(nodes, prompt.suspects)}
    unknown = [n.raw for n in nodes if isinstance(n, UnknownFlag) and n.start not in near]
    if unknown:
        yield Reason(-3, f"`{unknown[0]}` is a flag of another program")
    if any(isinstance(node, OtherFlag) for node in nodes):
        yield Reason(1, "there are other flags of the service")
    names = {flag.name for flag in prompt.flags} | {each.name for each in prompt.suspects}
    if len(names) > 1:
        yield Reason(1, "there are several of the flags")
    for flag in prompt.flags:
        if flag.name is FlagName.VIDEO_MODEL and flag.value:
            yield from _model(flag.value.text)
        if flag.name is FlagName.VIDEO_PROMPT and flag.value and len(flag.value.text.split()) > 1:
            yield Reason(1, "the video prompt is a sentence")


def _model(name: str) -> Iterator[Reason]:
    if name == HOLE:
        yield Reason(1, "the model is a variable")
        return
    standing = load_catalog().find(name)
    if standing.status is not Status.UNKNOWN:
        yield Reason(3, f"`{name}` is a model")
    elif standing.suggestion:
        yield Reason(2, f"`{name}` is nearly a model's name")
