"""The log: lines of text, or of JSON."""

import json
import logging
import time
from enum import StrEnum
from functools import lru_cache
from typing import Any

_QUIET_SECONDS = 60.0
"""How long a log message is not repeated."""


class LogFormat(StrEnum):
    """How lines of the log are written."""

    TEXT = "text"
    JSON = "json"


class LogFields(dict[str, Any]):
    """The fields of a log line, by name; in text, each as `name=value`.

    >>> str(LogFields(status=201, ms=1.25, reason=None, codes=["FL001", "FL601"]))
    'status=201 ms=1.2 reason=- codes=FL001,FL601'
    """

    def __str__(self) -> str:
        return " ".join([f"{name}={_word(value)}" for name, value in self.items()])


class Seldom:
    """Limits a log message to once a minute."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self) -> bool:
        """Return whether to log now, counting it as logged."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + _QUIET_SECONDS
        return True


def write_line(logger: logging.Logger, fields: LogFields) -> None:
    """Write a line of level `info` without determining the line of code it comes from."""
    if logger.isEnabledFor(logging.INFO):
        logger.handle(logging.LogRecord(logger.name, logging.INFO, "", 0, fields, None, None))


def _word(value: Any) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, list):
        return ",".join(value) or "-"
    return str(value)


@lru_cache(maxsize=1)  # there are many lines per second
def _local(seconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


@lru_cache(maxsize=1)
def _utc(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


class TextFormatter(logging.Formatter):
    """Writes each line as its time, its logger, and the message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record, as `logging` writes it, in half the time."""
        moment = f"{_local(int(record.created))},{int(record.msecs):03}"
        line = f"{moment} {record.name} {record.getMessage()}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonFormatter(logging.Formatter):
    """Writes each line as an object with `time`, `level`, `logger`, and the fields or `message`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        moment = _utc(int(record.created))
        fields = (
            record.msg if isinstance(record.msg, LogFields) else {"message": record.getMessage()}
        )
        failure = {"exception": self.formatException(record.exc_info)} if record.exc_info else {}
        return json.dumps(
            {
                "time": f"{moment}.{int(record.msecs):03}Z",
                "level": record.levelname.lower(),
                "logger": record.name,
                **fields,
                **failure,
            }
        )


def log_to_stderr(form: LogFormat) -> None:
    """Write everything from level `info` up to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if form is LogFormat.JSON else TextFormatter())
    # Nothing of these is written.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
