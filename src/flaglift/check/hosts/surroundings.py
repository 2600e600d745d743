"""Evidence from where a string stands: its key, the call that it is given to, its role."""

import re
from collections.abc import Iterator

from flaglift.check.hosts.base import Literal, Reason

_TEXT = re.compile(r"(?:^|\[|_|-)text\]?$|[a-z]Text$", re.IGNORECASE)
_PROMPT = re.compile(r"prompt", re.IGNORECASE)
_TALK = re.compile(
    r"^(?:help|desc|description|docs?|epilog|usage|summary|message|msg|label|title|name|error|"
    r"comment|hint|tooltip|placeholder|notes?|changelog|body|subject|metavar|short_help|reason|"
    r"readme|question|answer|log)$",
    re.IGNORECASE,
)
_COMMAND = re.compile(
    r"^-*(?:args?|argv|arguments|cmds?|cmdline|commands?|command_line|entrypoint|exec|flags?|"
    r"opts?|options?|run|scripts?|shell|switch(?:es)?)$",
    re.IGNORECASE,
)
_LOOKS = re.compile(
    r"(?:^|[._])(?:add_argument|add_option|add_flag|arg|arguments?|options?|flags?|boolean|"
    r"parse_args|parseArgs|getopt|includes|indexOf|start_?s?[wW]ith|endswith|endsWith|has|get|"
    r"match|test|search|find|on|Option|Argument)\??$"
)
_RUNS = re.compile(
    r"(?:^|[._])(?:Popen|check_call|check_output|run|call|exec\w*|spawn\w*|system|popen\w*|"
    r"capture2e?|capture3|sh|shell|execa|run_command|subprocess\w*)$"
)
_SAYS = re.compile(
    r"(?:^|[._])(?:print\w*|puts|echo|log|debug|info|warn|warning|error|exception|secho|fail|"
    r"\w*(?:Error|Exception)|exit|die|abort|raise|skip|describe|it|test)$"
)

_ROLES = {
    "key": Reason(-4, "it is a key or a target, not a value"),
    "operand": Reason(-3, "it is compared or looked up"),
    "statement": Reason(-4, "it is a docstring or stands alone"),
    "command": Reason(-4, "it is a command's name"),
    "inline": Reason(-1, "it is code in a sentence"),
    "code": Reason(-4, "it is code in a language that is not read"),
    "text": Reason(1, "it stands in a block of text"),
}


def surroundings(literal: Literal) -> Iterator[Reason]:
    """Yield what the place of a literal says."""
    role, key, call, path = literal.origin
    if role == "text" and literal.outer is None:
        yield Reason(2, "the file is text")
    elif role in _ROLES:
        yield _ROLES[role]
    if _TEXT.search(key):
        yield Reason(2, f"it is the value of `{key}`")
    elif _PROMPT.search(key):
        yield Reason(2, f"`{key}` names a prompt")
    elif _TALK.match(key):
        yield Reason(-3, f"`{key}` holds words for readers")
    elif _COMMAND.match(key) or any(_COMMAND.match(str(part)) for part in path):
        yield Reason(-3, f"`{key}` holds parts of a command")
    if role not in ("word", "document"):  # there it is a program
        yield from _call(call)


def _call(call: str) -> Iterator[Reason]:
    if _LOOKS.search(call):
        yield Reason(-4, f"`{call}` defines or looks up an option")
    elif _RUNS.search(call):
        yield Reason(-3, f"`{call}` runs a command")
    elif _SAYS.search(call):
        yield Reason(-2, f"`{call}` talks to readers")
    elif _PROMPT.search(call):
        yield Reason(1, f"`{call}` takes a prompt")
