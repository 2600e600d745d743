"""Proves that a result differs from its source by nothing but the journaled changes."""

from pathlib import Path

from flaglift.migrate.files.format import OpenChanged
from flaglift.migrate.files.ledger import Ledger
from flaglift.migrate.files.output import sha256
from flaglift.migrate.files.runs import STALE, UNFINISHED, is_stale
from flaglift.migrate.files.writer import original_of
from flaglift.migrate.store import MigrationRun

_UNDONE = {
    "undoing": "an undo is unfinished; the same `flaglift migrate undo` resumes it",
    "partly undone": (
        "the run was undone, apart from records that were edited since; `flaglift migrate undo`"
        " lists them"
    ),
}
"""What is said of a run by state: its result was the file itself, and is no longer."""


def verify_file(
    ledger: Ledger, run: MigrationRun, path: Path, changed_at: OpenChanged
) -> tuple[list[str], list[str]]:
    """Return which checks of a finished run hold and which fail, one sentence each.

    The changes are undone in memory; the result must have the hash of the original.
    """
    held: list[str] = []
    broken: list[str] = []
    in_place = run.state == "replaced"
    result = path if in_place else Path(run.info["result"])
    original = original_of(run, path) if in_place else path
    if run.state in UNFINISHED:
        how = "; the same `flaglift migrate apply` resumes it"
        if is_stale(run, path):
            how = f", {STALE}"
        return [], [f"{path}: the run is unfinished{how}"]
    if run.state in _UNDONE:
        return [], [f"{path}: {_UNDONE[run.state]}"]
    if not result.exists():
        return [], [f"{result}: is gone"]
    intact = sha256(result) == run.info["result_sha"]
    (held if intact else broken).append(
        f"{result}: {'is' if intact else 'is no longer'} as the run wrote it"
    )
    if original.exists():
        same = sha256(original) == run.info["source_sha"]
        (held if same else broken).append(
            f"{original}: {'is' if same else 'is no longer'} as the run read it"
        )
    changed = changed_at(result, run)
    try:
        proof = changed.proof(lambda keys: ledger.of_keys(run, keys), original, run.info)
    finally:
        changed.close()
    if proof is None:
        broken.append(f"{result}: cannot be compared without the original, {original}")
    elif proof:
        held.append(
            f"{result}: apart from the {run.tally.changed:,} journaled changes, it matches the"
            " original"
        )
    else:
        broken.append(f"{result}: differs from the original by more than the journaled changes")
    return held, broken
