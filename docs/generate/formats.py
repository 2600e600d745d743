"""What programs read: exit codes, output formats, the journal, metrics."""

import re
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Column, Table

from flaglift.cli import cli
from flaglift.migrate.files.ledger import Ledger
from flaglift.migrate.sql.ledger import SqlLedger
from flaglift.shim.proxy.metrics import Metrics
from generate.commands import find, walk
from generate.markdown import document, prose, table

FINDING_KEYS = {
    "path": ("string", "the file, as it was named"),
    "line": ("integer", "the first line of what is reported, from 1"),
    "column": ("integer", "its first column in code points, from 1"),
    "end_line": ("integer", "the line of its end"),
    "end_column": ("integer", "the column after its last code point"),
    "offset": ("integer", "where the prompt starts in the file, in bytes"),
    "host": ("string", "how the file was read, such as `python` or `jsonl`"),
    "pointer": ("string or null", "the JSON pointer of the prompt, in JSON and the like"),
    "fingerprint": ("string", "what stays the same when the prompt moves or is quoted differently"),
    "code": ("string", "the rule's code"),
    "rule": ("string", "the rule's name"),
    "severity": ("string", "`error`, `warning` or `info`"),
    "message": ("string", "the message, without a full stop"),
    "start": ("integer", "where it starts in the prompt, in code points from 0"),
    "end": ("integer", "where it ends in the prompt"),
    "fix": ("object or null", "`title`, `applicability` and `edits`; each edit has `start`, `end` "
            "and `text`"),
}  # fmt: skip
"""The keys of a finding as JSON, with their types and meanings."""

FORMATS = {
    "full": "for people: each finding with its line and its fix; copies of a prompt count once",
    "concise": "for people and editors: one line for each finding",
    "json": "a list of findings; the keys are below",
    "jsonl": "the same, one finding on each line",
    "sarif": "SARIF 2.1.0, for code scanning; columns count UTF-16 units",
    "github": "workflow commands that annotate a pull request on GitHub",
    "gitlab": "a Code Quality report for GitLab",
    "junit": "JUnit XML, for CI servers",
    "rdjson": "the diagnostic format of reviewdog; columns count bytes",
}
"""The formats of `flaglift check`, and what each is for."""

JOURNAL_COLUMNS = {
    "id": "the run's identifier",
    "source": "the file, or the table's address without credentials",
    "fingerprint": "a hash of the source's identity and of the settings",
    "state": "where the run stands, such as `running` or `complete`",
    "cursor": "where the next chunk starts, as JSON",
    "tally": "the counts so far, as JSON",
    "started": "when the run started, in UTC",
    "updated": "when the last chunk was written, in UTC",
    "info": "options of the run and what it found out about the source, as JSON",
    "run": "the run that the entry belongs to",
    "block": "the block's number in the file",
    "hash": "the first six bytes of the BLAKE2b hash of a record's key, as a number",
    "pending": "the numbers of entries that an unfinished undo restored, as a JSON list",
    "undone": "the numbers of the restored entries, a JSON list; in a table also `all`",
    "first": "the number of the block's first entry",
    "entries": "the entries of a chunk, a JSON list of [number, key, before, after, codes, patch] "
    "compressed with zlib; `patch` has a character for each byte",
    "digest": "the SHA-256 of the entries before compression, in hexadecimal",
    "owner": "the run that holds the lease",
    "holder": "who holds it, as people read it",
    "machine": "the machine it runs on",
    "pid": "its process there",
    "taken": "when it was taken, in UTC",
    "expires": "when it expires, in seconds since 1970",
}  # fmt: skip
"""The columns of the journal, in files and in tables, and what they hold."""


def pages() -> dict[str, str]:
    """Return the pages on exit codes, output formats, the journal and metrics."""
    return {
        "exit-codes.md": _exit_codes(),
        "output-formats.md": _output_formats(),
        "journal.md": _journal(),
        "metrics.md": _metrics(),
    }


def _exit_codes() -> str:
    rows = [
        (f"`{words}`", prose((command.epilog or "").removeprefix("Exit codes: ")))
        for words, command in walk(cli, "flaglift")
        if command.epilog
    ]
    return document(
        "# Exit codes",
        "Exit code 0 means that everything was read and nothing is left to do. Files that could "
        "not be read, refused prompts and findings never end with 0.",
        table(("command", "exit codes"), rows),
        "All commands also exit with 130 after Ctrl-C, and with 141 when the program that reads "
        "their output closes the pipe.",
    )


def _output_formats() -> str:
    check = find("flaglift check")
    option = next(each for each in check.params if "--output-format" in each.opts)
    assert isinstance(option.type, click.Choice)
    rows = [(f"`{name}`", FORMATS[name]) for name in option.type.choices]
    keys = [(f"`{name}`", *what) for name, what in FINDING_KEYS.items()]
    return document(
        "# Output formats",
        "`flaglift check --output-format FORMAT` prints findings; `--report FORMAT=FILE` writes "
        "them to a file as well, and may be given several times.",
        table(("format", "what it is"), rows),
        "## The keys of a finding",
        "In `json` and `jsonl`, each finding is an object with these keys:",
        table(("key", "type", "meaning"), keys),
        "`flaglift.lint` in Python and `flaglift translate --format json` know no file: their "
        "findings have the keys from `code` on.",
    )


def _journal() -> str:
    ledger = SqlLedger(None)
    tables = (ledger.runs_table, ledger.journal_table, ledger.leases_table)
    return document(
        "# Journal format",
        "`flaglift migrate` writes the old values of every record it changes to a journal, in the "
        "same transaction as the change. The journal is as private as the prompts themselves.",
        "## Files",
        "The journal of `NAME` is a SQLite database, `NAME.flaglift`, in the same directory unless "
        "`--journal` names another place.",
        *_sqlite_tables(),
        "## Tables",
        "The journal of a table is three tables in the same schema. Nothing in them needs to be "
        "changed by hand; drop them once you no longer want to be able to undo.",
        *(_sql_table(each) for each in tables),
    )


def _sqlite_tables() -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal"
        Ledger(path, "", write=True).close()
        with sqlite3.connect(path) as db:
            names = [
                row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type='table'")
            ]
            found = {name: [*db.execute(f"PRAGMA table_info({name})")] for name in names}
        db.close()
    return [
        f"### `{name}`\n\n"
        + table(
            ("column", "type", "what it holds"),
            ((f"`{row[1]}`", row[2], prose(JOURNAL_COLUMNS[row[1]])) for row in columns),
        )
        for name, columns in found.items()
    ]


def _sql_table(sql_table: Table) -> str:
    def row(column: Column[Any]) -> tuple[str, str, str]:
        return f"`{column.name}`", str(column.type), prose(JOURNAL_COLUMNS[column.name])

    head = ("column", "type", "what it holds")
    return f"### `{sql_table.name}`\n\n" + table(head, map(row, sql_table.columns))


def _metrics() -> str:
    helps = re.findall(r"^# HELP (flaglift_\w+) (.*)$", Metrics().page().decode(), re.MULTILINE)
    rows = [(f"`{name}`", prose(text)) for name, text in helps if not name.endswith("_created")]
    return document(
        "# Metrics",
        "`flaglift serve` publishes counters for Prometheus at `/metrics`.",
        table(("metric", "what it counts"), rows),
    )
