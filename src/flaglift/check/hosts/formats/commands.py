"""Code in the words of a command: `sh -c '...'`, `node -e '...'`, `psql -c '...'`."""

import re
from collections.abc import Sequence
from typing import NamedTuple


class _Interpreter(NamedTuple):
    language: str
    programs: re.Pattern[str]
    options: re.Pattern[str]
    """After which the next word is code."""
    takes_operands: bool = False
    """Whether other words may stand before these options; else they are those of a script."""


_INTERPRETERS = (
    _Interpreter("bash", re.compile(r"(?:ba|da|k|z|a)?sh"), re.compile(r"-[A-Za-z]{0,9}c")),
    _Interpreter(
        "bash", re.compile(r"su|runuser"), re.compile(r"-c|--command"), takes_operands=True
    ),
    _Interpreter(
        "javascript",
        re.compile(r"node(?:js)?|bun|deno|tsx|ts-node|qjs"),
        re.compile(r"-[a-z]{0,9}[ep]|--eval|--print|eval"),
    ),
    _Interpreter("ruby", re.compile(r"j?ruby[\d.]*"), re.compile(r"-[A-Za-z]{0,9}e")),
    _Interpreter("ruby", re.compile(r"rails"), re.compile(r"runner|r")),
    _Interpreter("php", re.compile(r"php[\d.]*"), re.compile(r"-[a-z]{0,9}[rBRE]|--run")),
    _Interpreter("php", re.compile(r"artisan"), re.compile(r"--execute"), True),
    _Interpreter("python", re.compile(r"i?py(?:thon|py)?[\d.]*"), re.compile(r"-[A-Za-z]{0,9}c")),
    _Interpreter("perl", re.compile(r"perl[\d.]*"), re.compile(r"-[\w.]{0,9}[eE]")),
    _Interpreter(
        "sql",
        re.compile(r"psql|mysql|mariadb|sqlcmd|clickhouse-client|duckdb|sqlite3|cockroach"),
        re.compile(r"-[A-Za-z]{0,9}[ceqQ]|--(?:command|execute|query|cmd)"),
        True,
    ),
    _Interpreter(
        "other",
        re.compile(r"Rscript|lua|julia|osascript|groovy|elixir|scala|clojure|pwsh|powershell|raku"),
        re.compile(r"-[a-zA-Z]{0,9}[ec]|-Command|--eval"),
    ),
)
_SETS = re.compile(r"[-+][a-z]{0,9}o")
"""The option of a shell that takes the name of another: `-euo pipefail`."""
MOST_WORDS = 8
"""The number of words between an interpreter and its code."""
_TAKES_LINE = frozenset({"ssh", "watch", "trap"})
"""Commands whose words with blanks are lines of a shell."""
_ATTACHED = re.compile(
    r"(?P<long>--(?:post-data|body-data|data(?:-raw|-ascii|-binary|-urlencode)?|form(?:-string)?"
    r"|json|eval|execute|command|query|run))="
    r"|(?P<short>-[A-Za-z]{0,4}[dFecr])(?=\Z|prompt\[|text=)"
)


def language_of(words: Sequence[str], text: str) -> str:
    """Return the language of a word that is code, by the words before it; empty if it is none.

    >>> language_of(["sudo", "psql", "-tAc"], "SELECT 1"), language_of(["node", "a.js"], "x")
    ('sql', '')
    """
    *before, last = words or ("",)
    if before == [] and last == "eval":
        return "bash"
    is_operand = False
    for word in reversed(before):
        if _SETS.fullmatch(word):
            is_operand = False  # what follows belongs to it
        name = word.rpartition("/")[2]
        for each in _INTERPRETERS:
            if each.programs.fullmatch(name):
                is_own = each.takes_operands or not is_operand
                return each.language if is_own and each.options.fullmatch(last) else ""
        is_operand = is_operand or not word.startswith("-") or word == "-m"
    names = [word.rpartition("/")[2] for word in words]
    takes_line = not _TAKES_LINE.isdisjoint(names) and not last.startswith("-")
    return "bash" if takes_line and " " in text.strip() else ""


class Attached(NamedTuple):
    """An option that has its value in the same word."""

    option: str
    length: int
    """Of the option, and of the equals sign after it."""


def attached(text: str) -> Attached | None:
    """Return the option that the first part of a word begins with, if it takes data or code.

    >>> attached("--post-data=text=a"), attached("-d"), attached("--video=a")
    (Attached(option='--post-data', length=12), Attached(option='-d', length=2), None)
    """
    match = _ATTACHED.match(text)
    return Attached(match["long"] or match["short"], match.end()) if match else None


_LONGEST = 200
"""In characters: more than the end of any name that calls are told apart by."""


def ends_in(names: re.Pattern[str], called: str) -> bool:
    """Return whether what is called ends in one of some names, of which all patterns end so.

    In a chain of calls, what is called is all of the chain before.
    """
    return names.search(called, max(0, len(called) - _LONGEST)) is not None
