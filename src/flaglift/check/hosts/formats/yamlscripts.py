"""The language of a script in YAML, where the document states one: a workflow's step, a task."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import PurePosixPath

from flaglift.check.hosts.base import HOLE, Around, Origin, Siblings
from flaglift.check.hosts.formats.argv import as_word
from flaglift.check.hosts.formats.siblings import FIELD_KEY, TEXT_KEY
from flaglift.check.hosts.formats.yamlblocks import Level
from flaglift.check.hosts.registry import INTERPRETED, interpreted, language
from flaglift.context import field_name

_SCRIPTS = frozenset({"run", "script", "command", "cmd", "source"})
"""Keys of scripts; those of Argo Workflows stand under `source`."""
_INPUTS = frozenset({"with", "inputs"})
"""Keys under which a step of GitHub Actions, or of Azure Pipelines, has what it passes on."""
_WORD = re.compile(r"[A-Za-z]+")
_MATRIX = re.compile(r"\$\{\{\s*matrix\.([\w-]+)\s*\}\}")
_SHEBANG = re.compile(r"#![ \t]*+([^\n]+)")
_NO_SHELL = frozenset({"", "true", "false", "yes", "no", "on", "off"})
"""Values of `shell` that say whether there is one, not which."""
_REMOTE = frozenset({"ssh", "retry", "emulator"})
"""Words in the names of actions whose scripts are those of a shell."""
_UNREAD = frozenset({"powershell", "pwsh", "perl", "lua", "julia", "rscript", "groovy"})
"""Languages in the names of actions that no host reads."""


def look(
    origin: Origin,
    text: str,
    level: Level | None,
    siblings: Siblings | None,
    begins: tuple[int, ...],
) -> Around:
    """Return the context of a scalar, once the mapping around it has been read to its end."""
    if level is None:
        return Around(origin, begins=begins)
    if not level.mapping:
        items, at = level.items, int(origin.path[-1])
        word = as_word(origin, lambda: items[: at + 1], partial(_words, level.above or level))
        return Around(word, begins=begins)
    locked = f"the key `{origin.key}` is there twice" if level.keys[origin.key] > 1 else ""
    said = _language(level, origin.key, text)
    origin = origin._replace(role="code", key=said) if said else origin
    beside = level.fields if siblings else _text_beside(origin.key, level)
    return Around(origin, locked, beside, siblings, begins=begins)


def _text_beside(key: str, level: Level) -> Mapping[str, str]:
    """Return the text next to the field that its video prompt has become."""
    texts = level.keys if FIELD_KEY.search(key) else ()
    return {field_name(text): HOLE for text in texts if TEXT_KEY.search(text)}


def _words(level: Level, key: str) -> Sequence[str]:
    """Return the words of a command that a mapping holds, as a list or in one text."""
    return level.inner[key].items if key in level.inner else (level.fields.get(key) or "").split()


def _language(level: Level, key: str, text: str) -> str:
    """Return the language that a document states for a script; empty if it states none.

    It is a host's name, or a name that no host has if the language is not read.
    """
    if key not in _SCRIPTS or (key == "source" and level.name != "script"):
        return ""
    shebang = _SHEBANG.match(text)
    said = next(_stated(level, key), shebang[1] if shebang else "")
    return interpreted(said) if said else ""


def _stated(level: Level, key: str) -> Iterator[str]:
    """Yield what says how a script is run, the nearest first."""
    yield from _shell(level)
    if level.name in _INPUTS and level.above is not None:
        yield from _task(level.above)
    elif key == "source" and "command" in level.inner:
        yield " ".join(level.inner["command"].items)
    elif key == "run":
        yield from _defaults(level)


def _shell(level: Level) -> Iterator[str]:
    """Yield the shell that a mapping states."""
    shell = level.fields.get("shell")
    if shell is not None and shell.lower() not in _NO_SHELL:
        yield shell


def _task(step: Level) -> Iterator[str]:
    """Yield the language of an action's or a task's script, or its name, which no language has."""
    name = PurePosixPath(step.fields.get("uses") or step.fields.get("task") or "").name
    name = name.partition("@")[0].lower()
    if name == "github-script":
        yield "javascript"
    for word in _WORD.findall(name):
        names = (word, word.removesuffix("script"))  # as in `PythonScript`
        yield from (each for each in names if each in _UNREAD or language(each) in INTERPRETED)
        if word in _REMOTE:
            yield "bash"
    if name:
        yield name


def _defaults(step: Level) -> Iterator[str]:
    """Yield the shell of the steps of a job, then of a workflow, then of the job's system."""
    around = [level for level in _outward(step) if level.mapping]
    for level in around:
        defaults = level.inner.get("defaults")
        if defaults is not None and "run" in defaults.inner:
            yield from _shell(defaults.inner["run"])
    for level in around:
        if any(map(_may_be_windows, _systems(level))):
            yield "powershell"


def _systems(job: Level) -> Iterator[str]:
    """Yield the labels of the systems that a job runs on."""
    runner = job.inner.get("runs-on")
    labels = runner.inner.get("labels") if runner else None
    given = (job, "runs-on") if runner is None else (runner, "labels")
    several = labels or runner
    own = [given[0].fields.get(given[1]) or "", *(several.items if several else ())]
    for label in own:
        used = _MATRIX.fullmatch(label)
        yield from _of_matrix(job, used[1]) if used else (label,)


def _of_matrix(job: Level, name: str) -> Iterator[str]:
    """Yield the values of a variable of a job's matrix; `$` if there are others."""
    strategy = job.inner.get("strategy")
    matrix = strategy.inner.get("matrix") if strategy else None
    if matrix is None:
        yield "$"
        return
    listed, included = matrix.inner.get(name), matrix.inner.get("include")
    yield from listed.items if listed else ()
    if name in matrix.fields:
        yield "$"
    for each in included.inner.values() if included else ():
        yield each.fields.get(name) or ""
    if included is None and "include" in matrix.fields:
        yield "$"


def _may_be_windows(label: str) -> bool:
    """Return whether a label may be that of a system on which the shell is not bash.

    Of an expression, the texts in it say it.
    """
    if "windows" in label.lower():
        return True
    return "$" in label and not re.search(r"'(?:ubuntu|macos)[^']*'", label)


def _outward(level: Level | None) -> Iterator[Level]:
    """Yield a collection and those around it."""
    while level is not None:
        yield level
        level = level.above
