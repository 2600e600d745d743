"""The work on one file: read, fix, inspect. Runs in this process or in a worker."""

import os

from flaglift.check.document import PromptFile
from flaglift.check.fixing import fix_file
from flaglift.check.hosts.documents import forget
from flaglift.check.hosts.encoding import Decoded, decode
from flaglift.check.hosts.patience import TooLongError, patience
from flaglift.check.hosts.registry import host_named, missing
from flaglift.check.inspecting import inspect
from flaglift.check.job import FileJob, FileOutcome, Task
from flaglift.check.reading import read_named
from flaglift.check.selecting import failed
from flaglift.check.walking import STDIN
from flaglift.check.writing import check_unchanged, write_file
from flaglift.errors import FlagliftError, InputError
from flaglift.report.diff import unified_diff


def work(job: FileJob, task: Task) -> FileOutcome:
    """Run a task on a file.

    Raises `ConfigError` or `CatalogError` for unusable settings, but never for a file's content.
    """
    outcome = FileOutcome(job)
    try:
        decoded = decode(job.raw, os.path.splitext(job.shown)[1].lower())
    except InputError as error:
        outcome.problem = f"{job.shown}: {error}"
        return outcome
    try:
        with patience(len(decoded.data)):
            _check(outcome, decoded, task)
    except TooLongError as error:
        outcome.problem = f"{job.shown}: {error}"
    except ModuleNotFoundError as error:  # one message for all such files, to print it once
        outcome.problem = missing(job.host, error)
    except InputError as error:
        outcome.problem = str(error)
    except FlagliftError:
        raise
    except Exception as error:  # whatever it is, the other files are still checked
        outcome.problem = failed(job.shown, error)
    finally:
        forget()  # so that the next file may take as much memory
    return outcome


def _check(outcome: FileOutcome, decoded: Decoded, task: Task) -> None:
    job = outcome.job
    document = original = PromptFile(decoded.data, host_named(job.host), job)
    if task.changes:
        document, outcome.fixed = fix_file(original, task.wanted)
        try:
            _write(outcome, decoded, task)
        except InputError as error:
            outcome.problem = str(error)
            outcome.fixed = None
            document = original
    outcome.inspection = inspect(document, replacements=task.replacements)
    if outcome.inspection.unread and not outcome.problem:
        outcome.problem = f"{job.shown}:{outcome.inspection.unread}"


def _write(outcome: FileOutcome, decoded: Decoded, task: Task) -> None:
    """Write a fixed file, or record the would-be output. Raises `InputError` if that fails."""
    job = outcome.job
    data = outcome.fixed.data if outcome.fixed else decoded.data
    new = _restored(decoded, data, job)
    if task.diff:
        if new != job.raw and job.path != "-" and not job.staged:
            check_unchanged(job.path, job.raw, "there is no diff of it")
        outcome.diff = unified_diff(job.raw, new, "-" if job.shown == STDIN else job.shown)
    elif job.path == "-":
        outcome.output = new
    elif new != job.raw:
        if job.staged and not _holds_what_is_staged(job):
            raise InputError(f"{job.shown}: is not what is staged of it, so it is not fixed")
        write_file(job.path, new, instead_of=job.raw)
        outcome.is_unstaged = job.staged


def _holds_what_is_staged(job: FileJob) -> bool:
    """Return whether a file itself does, and not one that a link leads to, as out of the tree."""
    path = os.path.join(os.path.realpath(os.curdir), job.path)
    return os.path.realpath(path) == os.path.normpath(path) and read_named(job.path) == job.raw


def _restored(decoded: Decoded, data: bytes, job: FileJob) -> bytes:
    try:
        return decoded.restore(data)
    except UnicodeEncodeError as error:
        sign = error.object[error.start]
        raise InputError(
            f"{job.shown}: {decoded.encoding} has no {sign!a}, so it is not fixed"
        ) from None
