"""Maps files to hosts. A host's module, and its parser, are loaded on first use."""

import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING

from flaglift.errors import ConfigError, InputError
from flaglift.spelling import nearest

if TYPE_CHECKING:
    from flaglift.check.hosts.base import Host

_MODULES = {
    "lines": "text",
    "whole": "text",
    "blocks": "text",
    "console": "text",
    "csv": "csv",
    "tsv": "csv",
    "json": "json",
    "jsonl": "json",
    "yaml": "yaml",
    "toml": "toml",
    "python": "python",
    "javascript": "javascript",
    "typescript": "javascript",
    "tsx": "javascript",
    "bash": "bash",
    "ruby": "ruby",
    "markdown": "markdown",
    "sql": "sql",
    "html": "html",
    "vue": "html",
    "svelte": "html",
    "php": "php",
    "notebook": "notebook",
    "http": "http",
    "go": "go",
    "env": "env",
    "mdx": "mdx",
}
"""The names of hosts, and the module of `formats` that creates each with `make(name)`."""

_SUFFIXES = {
    ".txt": "lines",
    ".prompt": "whole",
    ".csv": "csv",
    ".tsv": "tsv",
    ".json": "json",
    ".jsonc": "json",
    ".json5": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".toml": "toml",
    ".py": "python",
    ".pyi": "python",
    ".js": "javascript",
    ".jsx": "javascript",
    ".mjs": "javascript",
    ".cjs": "javascript",
    ".ts": "typescript",
    ".mts": "typescript",
    ".cts": "typescript",
    ".tsx": "tsx",
    ".sh": "bash",
    ".bash": "bash",
    ".rb": "ruby",
    ".rake": "ruby",
    ".md": "markdown",
    ".markdown": "markdown",
    ".mdx": "mdx",
    ".sql": "sql",
    ".html": "html",
    ".htm": "html",
    ".vue": "vue",
    ".svelte": "svelte",
    ".php": "php",
    ".ipynb": "notebook",
    ".env": "env",
    ".go": "go",
    ".http": "http",
    ".rest": "http",
}

SUFFIXES = tuple(_SUFFIXES)
"""The suffixes of the files that are read."""

NAMES = tuple(_MODULES)
"""The hosts' names in options and the configuration."""

_ALIASES: Mapping[str, str] = {
    "python": "py python3 py3 python2 py2 pypy pypy3 ipython ipython3",
    "javascript": "js jsx mjs cjs node nodejs ecmascript javascriptreact",
    "typescript": "ts mts cts",
    "tsx": "typescriptreact",
    "bash": "sh shell shellscript zsh ksh dash curl",
    "ruby": "rb irb rake jruby",
    "yaml": "yml",
    "json": "json5 jsonc",
    "jsonl": "ndjson",
    "markdown": "md gfm",
    "sql": "postgresql postgres psql plpgsql mysql sqlite sqlite3 bigquery sparksql",
    "html": "xhtml svg",
    "env": "dotenv",
    "go": "golang",
    "php": "php5 php7 php8 laravel",
    "console": "shell-session shellsession sh-session terminal bash-session",
    "text": "txt plain plaintext prompt prompts none raw",
}
_LANGUAGES = {word: name for name, words in _ALIASES.items() for word in words.split()}
"""The names of languages in code fences, interpreters, notebooks and editors."""

INTERPRETED = frozenset({"bash", "python", "javascript", "typescript", "ruby", "php", "sql"})
"""The hosts of languages in which a file is a script."""
_WORD = re.compile(r"[A-Za-z]+")


def name_for(path: str) -> str | None:
    """Return the name of the host for a file name; None if there is none.

    >>> name_for("src/a.PY"), name_for("a.exe"), name_for(".env.local")
    ('python', None, 'env')
    """
    name = PurePath(path).name.lower()
    suffixes = [PurePath(name).suffix, name, ".env" if name.startswith(".env.") else ""]
    return next((_SUFFIXES[each] for each in suffixes if each in _SUFFIXES), None)


def host_for(path: str) -> "Host | None":
    """Return the host for a file name; None if there is none.

    Raises `InputError` if the required parser is not installed.
    """
    name = name_for(path)
    return host_named(name) if name else None


def language(word: str) -> str | None:
    """Return the host for the name of a language; `text` covers all text hosts.

    >>> language("js"), language("cURL"), language("txt"), language("cobol")
    ('javascript', 'bash', 'text', None)
    """
    name = _LANGUAGES.get(word.lower(), word.lower())
    return name if name in _LANGUAGES.values() or _MODULES.get(name, "text") != "text" else None


def interpreted(command: str) -> str:
    """Return the host of the scripts that a command runs, or a name that no host has.

    A command that is put in later may be any.

    >>> interpreted("/usr/bin/env python3.11 -u {0}"), interpreted("perl {0}")
    ('python', 'script of perl {0}')
    >>> interpreted("${{ matrix.shell }}")
    'script of ${{ matrix.shell }}'
    """
    for word in command.split() if "$" not in command else ():
        for part in _WORD.findall(PurePath(word).name):
            name = language(part)
            if name in INTERPRETED:
                return name
    return f"script of {command}"


@cache
def host_named(name: str) -> "Host":
    """Return the host with a name.

    Raises `ConfigError` if there is no such host, and `InputError` if the required parser is not
    installed.
    """
    if name not in _MODULES:
        close = nearest(name, NAMES)
        hint = f"did you mean `{close}`?" if close else f"hosts: {', '.join(NAMES)}"
        raise ConfigError(f"there is no host `{name}`; {hint}")
    try:
        host: Host = import_module(f"flaglift.check.hosts.formats.{_MODULES[name]}").make(name)
    except ModuleNotFoundError as error:
        raise InputError(missing(name, error)) from None
    return host


def missing(name: str, error: ModuleNotFoundError) -> str:
    """Return the message for a host whose parser is not installed."""
    return (
        f"{name} files need `{error.name}`, which is not installed; "
        "install flaglift with its extra: pip install 'flaglift[hosts]'"
    )
