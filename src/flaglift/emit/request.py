"""Fields as a request: form pairs, a curl command, a Python snippet."""

import re
import shlex
from collections.abc import Mapping
from typing import Any

from flaglift.emit.form import form_value
from flaglift.errors import InputError

_URL = "https://api.astria.ai/tunes/{tune}/prompts"
_PLAIN_PATH = re.compile("[A-Za-z0-9_./+-]+")


def form_pairs(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return fields as form pairs.

    >>> form_pairs({"text": "a cat", "video_duration": 5})
    [('prompt[text]', 'a cat'), ('prompt[video_duration]', '5')]
    """
    return [(f"prompt[{name}]", form_value(value)) for name, value in values.items()]


def curl_command(values: Mapping[str, Any], files: Mapping[str, str]) -> str:
    r"""Return a shell command that posts the fields and files (field name to path).

    A POSIX shell reproduces every value exactly. `$API_KEY`, and `$TUNE_ID` unless the fields have
    `tune_id`, are expanded by the shell. Raises `InputError` for a NUL, which cannot be in an
    argument.

    >>> print(curl_command({"tune_id": 7, "text": "it's a cat"}, {}))
    curl -X POST -H "Authorization: Bearer $API_KEY" \
      https://api.astria.ai/tunes/7/prompts \
      --form-string 'prompt[text]=it'"'"'s a cat'
    """
    pairs, tune = _without_tune(values, "$TUNE_ID")
    # With -F, a value that begins with @ or < would be a file, and ; would begin its content type.
    options = [f"--form-string {_quoted(f'{name}={value}')}" for name, value in form_pairs(pairs)]
    options += [
        f"-F {_quoted(f'prompt[{name}]=@{_curl_path(path)}')}" for name, path in files.items()
    ]
    url = _URL.format(tune=tune)
    # Only `$TUNE_ID` needs expansion by the shell; it is in double quotes like the key.
    address = f'"{url}"' if tune == "$TUNE_ID" else _quoted(url)
    return " \\\n  ".join(['curl -X POST -H "Authorization: Bearer $API_KEY"', address, *options])


def python_snippet(values: Mapping[str, Any], files: Mapping[str, str]) -> str:
    """Return a Python program that posts the fields and files with `requests`.

    It reads `API_KEY` from the environment, and `TUNE_ID` unless the fields have `tune_id`.
    """
    pairs, tune = _without_tune(values, "{os.environ['TUNE_ID']}")
    lines = ["import os", "", "import requests", "", "response = requests.post("]
    prefix = "f" if tune.startswith("{") else ""
    lines.append(f'    {prefix}"{_URL.format(tune=tune)}",')
    lines.append('    headers={"Authorization": f"Bearer {os.environ[\'API_KEY\']}"},')
    lines.append("    data={")
    lines += [f"        {name!a}: {value!a}," for name, value in form_pairs(pairs)]
    lines.append("    },")
    if files:
        lines.append("    files={")
        lines += [
            f'        "prompt[{name}]": open({path!a}, "rb"),' for name, path in files.items()
        ]
        lines.append("    },")
    lines += ["    timeout=60,", ")", "response.raise_for_status()", "print(response.text)"]
    return "\n".join(lines)


def _without_tune(values: Mapping[str, Any], unknown: str) -> tuple[dict[str, Any], str]:
    pairs = dict(values)
    tune = str(pairs.get("tune_id"))
    if not (tune.isascii() and tune.isdigit()):
        return pairs, unknown
    del pairs["tune_id"]
    return pairs, tune


def _quoted(argument: str) -> str:
    if "\0" in argument:
        raise InputError("a NUL character cannot stand in a command; use another format")
    return shlex.quote(argument)


def _curl_path(path: str) -> str:
    if path == "-":
        return "./-"  # a bare `-` is standard input
    if _PLAIN_PATH.fullmatch(path):
        return path
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
