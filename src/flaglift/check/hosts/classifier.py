"""Is it a prompt? Evidence for and against, each with its points; two points make a prompt.

Many programs have flags of the same names, so a flag alone is no evidence. Evidence is
the place of a string (its key, the call that it is passed to, its role) and its words: prose
and models, or a command line and its documentation.
"""

import re
from collections.abc import Iterator

from flaglift.catalog import Status, load_catalog
from flaglift.check.hosts.base import HOLE, Decision, Evidence, Literal
from flaglift.check.hosts.formats.commands import ends_in
from flaglift.check.hosts.formats.siblings import is_request_key
from flaglift.check.hosts.pieces import NOT_READ
from flaglift.context import field_name
from flaglift.syntax import FlagName, Prompt
from flaglift.syntax.lookalikes import near_misses
from flaglift.syntax.nodes import OtherFlag, Text, UnknownFlag

ENOUGH = 2


def classify(literal: Literal) -> Decision:
    """Return whether a literal with something like a flag is a prompt, with the evidence."""
    reasons = (*surroundings(literal), *wording(literal))
    score = sum(reason.points for reason in reasons)
    return Decision(score >= ENOUGH, score, reasons)


_TEXT = re.compile(r"(?:^|\[|_|-)text\]?$|[a-z]Text$", re.IGNORECASE)
_PROMPT = re.compile(r"prompt", re.IGNORECASE)
_TALK = re.compile(
    r"^(?:-m|-{0,2}(?:description|docs?|summary|message|msg|label|title|name|error|"
    r"comment|hint|tooltip|placeholder|notes?|changelog|body|subject|reason|"
    r"readme|question|answer|log))$",
    re.IGNORECASE,
)
_HELP = re.compile(
    r"^(?:help|desc|describe|epilogu?e?|usage|metavar|short_?help|long_?desc|banner)$",
    re.IGNORECASE,
)
COMMAND_KEY = re.compile(
    r"^-*(?:args?|argv|arguments|cmds?|cmdline|commands?|command_line|entrypoint|exec|flags?|"
    r"opts?|options?|run|scripts?|shell|switch(?:es)?)$",
    re.IGNORECASE,
)
_LOOKS = re.compile(
    r"(?:^|[._])(?:add_argument|add_option|add_flag|arg|arguments?|options?|flags?|boolean|"
    r"parse_args|parseArgs|getopt|includes|indexOf|start_?s?[wW]ith|endswith|endsWith|has|get|"
    r"match|test|search|find|on|Option|Argument)\??$"
)
# What follows a name decides, so each start of one would be read to the end: there is a limit.
_RUNS = re.compile(
    r"(?:^|[._])(?:Popen|check_call|check_output|run|call|exec\w{0,30}|spawn\w{0,30}|system|"
    r"popen\w{0,30}|capture2e?|capture3|sh|shell|execa|run_command|subprocess\w{0,30})$"
)
_DESCRIBES = re.compile(
    r"(?:^|[._>])(?:description|summary|usage|epilogu?e|example|addHelpText|describe|separator|"
    r"banner|desc|long_desc|add_parser|ArgumentParser|OptionParser|add_\w{0,20}group)$"
)
_SAYS = re.compile(
    r"(?:^|[._])(?:print\w{0,30}|puts|echo|log|debug|info|warn|warning|error|exception|secho|"
    r"fail|exit|die|abort|raise|skip|describe|it|test)$|(?:Error|Exception)$"
)

_ROLES = {
    "key": Evidence(-4, "it is a key or a target, not a value"),
    "option": Evidence(-4, "it describes an option"),
    "default": Evidence(-1, "it is the default of an option"),
    "operand": Evidence(-3, "it is compared or looked up"),
    "statement": Evidence(-4, "it is a docstring or stands alone"),
    "command": Evidence(-4, "it is a command's name"),
    "inline": Evidence(-1, "it is code in a sentence"),
    "code": Evidence(-4, "it is code in a language that is not read"),
    **{role: Evidence(-99, reason) for role, reason in NOT_READ.items()},
    "text": Evidence(1, "it stands in a block of text"),
}


_BY_TREE = frozenset({"key", "operand", "statement", "command"})
"""Roles by what the parser says is around: not known where it dropped or invented a part of it."""


def surroundings(literal: Literal) -> Iterator[Evidence]:
    """Yield the evidence from the place of a literal."""
    role, _, call = literal.origin[:3]
    if role == "text" and literal.outer is None:
        yield Evidence(2, "the file is text")
    elif role in _ROLES and not (role in _BY_TREE and literal.is_broken):
        yield _ROLES[role]
    yield from _key(literal)
    if role not in ("word", "document"):
        yield from _call(call)
    elif role == "word" and ends_in(_SAYS, call):  # which is a program here
        yield Evidence(-2, f"`{call}` talks to readers")


def _key(literal: Literal) -> Iterator[Evidence]:
    _, key, _, path = literal.origin[:4]
    if field_name(key) == FlagName.VIDEO_PROMPT.field and (
        "text" in literal.beside or literal.is_request or is_request_key(key)
    ):
        yield Evidence(-99, f"`{key}` is a field of its own, in which flags are words")
    elif _TEXT.search(key):
        yield Evidence(2, f"it is the value of `{key}`")
    elif _PROMPT.search(key):
        yield Evidence(2, f"`{key}` names a prompt")
    elif _HELP.match(key):
        yield Evidence(-5, f"`{key}` describes a command or an option")
    elif _TALK.match(key):
        yield Evidence(-3, f"`{key}` holds words for readers")
    elif COMMAND_KEY.match(key) or any(COMMAND_KEY.match(str(part)) for part in path):
        yield Evidence(-3, f"`{key}` holds parts of a command")


def _call(call: str) -> Iterator[Evidence]:
    if ends_in(_LOOKS, call):
        yield Evidence(-4, f"`{call}` defines or looks up an option")
    elif ends_in(_DESCRIBES, call):
        yield Evidence(-4, f"`{call[-40:]}` describes a command")
    elif ends_in(_RUNS, call):
        yield Evidence(-3, f"`{call}` runs a command")
    elif ends_in(_SAYS, call):
        yield Evidence(-2, f"`{call}` talks to readers")
    elif _PROMPT.search(call):
        yield Evidence(1, f"`{call}` takes a prompt")


_PROGRAM = re.compile(
    r"\A\s*+(?:[$%>] +)?(?:[A-Z_][A-Z0-9_]*=\S* +)*(?:(?:sudo|env|time|exec|nohup|xvfb-run) +)*"
    r"(?:(?:python[0-9.]*|node|npx|npm|yarn|pnpm|bunx?|deno|uvx?|pip[0-9.]*|pipx|poetry|pdm|hatch|"
    r"conda|docker(?:-compose)?|podman|kubectl|helm|ffmpeg|ffprobe|ffplay|yt-dlp|youtube-dl|curl|"
    r"wget|git|gh|make|cmake|bash|sh|zsh|cd|ls|export|source|cargo|java|bundle|rails|rake|php|perl|"
    r"torchrun|accelerate|deepspeed|srun|sbatch|astria|flaglift|mpv|vlc|ssh|scp|rsync|aws|gcloud|"
    r"streamlit|gradio|jupyter|pytest|tox|nox|playwright|cypress|xcrun|adb|magick)(?=\s|$)"
    r"|(?:\.{0,2}/|~/|[A-Za-z]:\\)\S|/imagine\b"
    r"|\S+\.(?:py|sh|js|mjs|ts|rb|exe|pl|bat|cmd|jar)(?=\s|$))"
)


_COMMAND = re.compile(
    rf"{_PROGRAM.pattern}"
    r"|\b(?:npx|uvx|pipx|npm run|python[0-9.]{0,4} -m|docker run|kubectl)\s"
    r"|[\w-]\.(?:py|sh|mjs|rb|exe|bat|jar)(?=\s)"
)


def begins_like_a_command(text: str) -> bool:
    """Return whether a text begins like a command, whose flags are those of a program.

    >>> begins_like_a_command("$ ffmpeg -i a --video"), begins_like_a_command("a cat --video")
    (True, False)
    """
    return _PROGRAM.search(text) is not None


_USAGE = re.compile(
    r"^\s*usage\b|\[-{1,2}[a-z][^\[\]]{0,300}\]|\[(?:options|flags|args)\]"
    r"|(?<![a-z_-])--[a-z_-]++[= ](?:<[a-z_ -]++>|\{[^{}]*+,)",
    re.IGNORECASE,
)
_METAVAR = re.compile(rf"--(?:{'|'.join(FlagName)})[ =][A-Z][A-Z_]+(?=\s|$|\])")
_FILE = re.compile(
    r"--video(?:_model|_prompt)?[ =]['\"]?(?:https?://|\.{0,2}/|\S{1,300}?\.(?:mp4|mov|webm|avi|mkv|gif|m4v|"
    r"jpe?g|png|txt|json|ya?ml|pth?|ckpt|bin|onnx|safetensors)(?:['\"\s]|$)|[\w.-]{1,300}/[\w.-])",
    re.IGNORECASE,
)
_FLAG = r"[`'\"]?--(?:video(?:[_-]\w+)?|duration)\b[`'\"]?"
_ABOUT_FLAGS = re.compile(
    r"\b(?:us(?:e|es|ed|ing)|pass(?:ed|ing)?|add(?:s|ed|ing)?|the|with|via|set|without|"
    r"requires?|specify|enables?|missing|invalid|unknown|unsupported|support|both|either|see|"
    r"and|or|if|when|for|to|than|called|named|flags?|options?|switch(?:es)?|arguments?|parameters?|"
    r"choos(?:e|es|ing)|pick|select|prefer|combine|append|omit|drop|remove|replace|avoid|provide|"
    rf"supply|include):{{0,2}}\s+(?:the\s+|an?\s+)?{_FLAG}(?=[\s.,;:)]|$)|"
    r"--(?:video(?=\s)|(?:video_model|duration)[= ][^\s-]\S{0,40})\s+(?:is|are|or|must|can|cannot|"
    r"will|has|was|should|does|only|means|(?:requir|enabl|mak|tak|giv)es?|"
    r"(?:need|expect|support|set|select|allow|default)s?)\b|"
    rf"{_FLAG}\s*(?:[,:;.]\s|(?:flags?|options?|arguments?|parameters?|switch|is|are|to|and|or|must|"
    r"requires?|can|cannot|will|enables?|needs?|takes?|expects?|not|has|was|should|does)\b)",
    re.IGNORECASE,
)
_ENTRY = re.compile(r"\W*?--\w")
_LISTING = re.compile(
    r"^[ \t]*+(?:-[^\s-],?[ \t]++)?--\w[\w-]*+(?:[ =]\S++)?"
    r"(?:(?:\t|  )[ \t]*+[A-Za-z]|[ \t]*+\r?\n[ \t]++[A-Za-z])",
    re.MULTILINE,
)
_SHORT = re.compile(r"(?:^|\s)-[a-zA-Z](?=\s|$)")
_CHAINED = re.compile(r"\s(?:&&|\|\||\||>|>>|2>&1|<)\s")
_WORD = re.compile(rf"[^\W\d_]+|{HOLE}")
_TRIGGER = re.compile(r"\b(?:ohwx|sks)\b")

# Every run in these is bounded, possessive, or cannot begin inside another: a string may be long.
_AGAINST = (
    (_COMMAND, -5, "it holds a command"),
    (_USAGE, -4, "it describes how a command is used"),
    (_METAVAR, -4, "a flag has a placeholder for a value"),
    (_FILE, -4, "a flag has a file or an address for a value"),
    (_ABOUT_FLAGS, -3, "it talks about flags"),
    (_LISTING, -4, "it lists options and what they do"),
    (_SHORT, -2, "there are short options"),
    (_CHAINED, -2, "there are operators of a shell"),
)
_OF_PLACEHOLDERS = (_USAGE, _METAVAR)
DATA = frozenset(
    {"lines", "whole", "blocks", "csv", "tsv", "json", "jsonl", "yaml", "toml", "form", "sql"}
)
"""Hosts whose texts are whole prompts; strings in code may be parts of one."""


def wording(literal: Literal) -> Iterator[Evidence]:
    """Yield the evidence from the words of a literal."""
    text = literal.text
    if len(text.split()) == 1:
        yield Evidence(-4, "it is a single word")
    for pattern, points, said in _AGAINST:
        if pattern.search(literal.spelt(text) if pattern in _OF_PLACEHOLDERS else text):
            yield Evidence(points, said)
    if literal.origin.role == "prose":
        yield from _sentence(text)
    yield from _flags(literal.prompt)
    yield from _prose(literal, literal.prompt)


def _sentence(text: str) -> Iterator[Evidence]:
    """Yield the evidence of a text that is shown to readers, among others with and about flags."""
    if _ABOUT_FLAGS.search(text):
        yield Evidence(-3, "it is a sentence for readers")
    if _ENTRY.match(text):
        yield Evidence(-4, "it begins with a flag, as where one is explained")
    if any(map(begins_like_a_command, text.split("\n")[1:])):
        yield Evidence(-5, "one of its lines is a command")


def _prose(literal: Literal, prompt: Prompt) -> Iterator[Evidence]:
    prose = " ".join(
        node.raw for segment in prompt.segments for node in segment.nodes if isinstance(node, Text)
    )
    words = _WORD.findall(prose)
    if len(words) >= 2 or HOLE in words:
        yield Evidence(1, "there are words next to the flags")
    elif not words and literal.host not in DATA:
        yield Evidence(-3, "there are flags and no words: it is a part of something")
    if prompt.references or _TRIGGER.search(prose):
        yield Evidence(2, "it refers to a subject")
    if prompt.settings:
        yield Evidence(1, "there is a settings block")


def _flags(prompt: Prompt) -> Iterator[Evidence]:
    nodes = [node for segment in prompt.segments for node in segment.nodes]
    near = {miss.start for miss in near_misses(nodes, prompt.suspects)}
    unknown = [n.raw for n in nodes if isinstance(n, UnknownFlag) and n.start not in near]
    if unknown:
        yield Evidence(-3, f"`{unknown[0]}` is a flag of another program")
    if any(isinstance(node, OtherFlag) for node in nodes):
        yield Evidence(1, "there are other flags of the service")
    names = {flag.name for flag in prompt.flags} | {each.name for each in prompt.suspects}
    if len(names) > 1:
        yield Evidence(1, "there are several of the flags")
    for flag in prompt.flags:
        if flag.name is FlagName.VIDEO_MODEL and flag.value:
            yield from _model(flag.value.text)
        if flag.name is FlagName.VIDEO_PROMPT and flag.value and len(flag.value.text.split()) > 1:
            yield Evidence(1, "the video prompt is a sentence")


def _model(name: str) -> Iterator[Evidence]:
    if name == HOLE:
        yield Evidence(1, "the model is a variable")
        return
    lookup = load_catalog().find(name)
    if lookup.status is not Status.UNKNOWN:
        yield Evidence(3, f"`{name}` is a model")
    elif lookup.suggestion:
        yield Evidence(2, f"`{name}` is nearly a model's name")
