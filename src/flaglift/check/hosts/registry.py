"""Which host reads which file. A host's module, and its parser, load when it is first asked for."""

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
"""Names of hosts, and the module of `formats` that makes each: `make(name)`."""

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
"""The endings of the files that are read."""

NAMES = tuple(_MODULES)
"""The hosts, as options and the configuration name them."""

_ALIASES: Mapping[str, str] = {
    "python": "py python3 py3",
    "javascript": "js jsx mjs cjs node nodejs ecmascript javascriptreact",
    "typescript": "ts mts cts",
    "tsx": "typescriptreact",
    "bash": "sh shell shellscript zsh ksh dash curl",
    "ruby": "rb irb rake jruby",
    "yaml": "yml",
    "json": "json5 jsonc",
    "jsonl": "ndjson",
    "markdown": "md gfm",
    "sql": "postgresql postgres psql plpgsql mysql sqlite sqlite3",
    "html": "xhtml svg",
    "env": "dotenv",
    "go": "golang",
    "php": "php5 php7 php8 laravel",
    "console": "shell-session shellsession sh-session terminal bash-session",
    "text": "txt plain plaintext prompt prompts none raw",
}
_LANGUAGES = {word: name for name, words in _ALIASES.items() for word in words.split()}
"""Words by which fences, interpreters, notebooks and editors name a language."""


def name_for(path: str) -> str | None:
    """Return the name of the host that reads a file by its name; None if none does.

    >>> name_for("src/a.PY"), name_for("a.exe"), name_for(".env.local")
    ('python', None, 'env')
    """
    name = PurePath(path).name.lower()
    suffixes = [PurePath(name).suffix, name, ".env" if name.startswith(".env.") else ""]
    return next((_SUFFIXES[each] for each in suffixes if each in _SUFFIXES), None)


def host_for(path: str) -> "Host | None":
    """Return the host of a file by its name; None if none reads it.

    Raises `InputError` if the parser that it needs is not installed.
    """
    name = name_for(path)
    return host_named(name) if name else None


def language(word: str) -> str | None:
    """Return the host that reads a language, by a word for it; `text` stands for all text hosts.

    >>> language("js"), language("cURL"), language("txt"), language("cobol")
    ('javascript', 'bash', 'text', None)
    """
    name = _LANGUAGES.get(word.lower(), word.lower())
    return name if name in _LANGUAGES.values() or _MODULES.get(name, "text") != "text" else None


@cache
def host_named(name: str) -> "Host":
    """Return a host by its name.

    Raises `ConfigError` for a name that is no host's, and `InputError` where the parser that it
    needs is not installed.
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
    """Return what is said where the parser of a host is not installed."""
    return (
        f"{name} files need `{error.name}`, which is not installed; "
        "install flaglift with its extra: pip install 'flaglift[hosts]'"
    )
