"""What is kept of a body: in memory, on disk, and what becomes of it where the disk is full."""

import contextlib
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaglift.shim.core.policy import LateText, Policy
from flaglift.shim.core.record import Reason
from flaglift.shim.core.splices import Splice, growth, spliced
from flaglift.shim.core.spool import Spool
from shim.forms import field, file, lifted, multipart_body, rewrite, text_field

VIDEO = file("prompt[input_video]", b"\r\n--x" * 2000)

edits = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.binary(max_size=4)), max_size=5)


def splices_of(drawn: list[tuple[int, int, bytes]]) -> list[Splice]:
    """Ascending changes: each is so far after the last, and so long."""
    at = 0
    made = []
    for gap, length, new in drawn:
        made.append(Splice(at + gap, at + gap + length, new))
        at += gap + length
    return made


@given(st.binary(min_size=100, max_size=150), edits, st.lists(st.integers(0, 100), max_size=6))
def test_changes_are_the_same_however_the_body_is_cut(
    body: bytes, drawn: list[tuple[int, int, bytes]], cuts: list[int]
) -> None:
    splices = splices_of(drawn)
    expected = bytearray(body)
    for start, end, new in reversed(splices):
        expected[start:end] = new
    edges = [0, *sorted(cuts), len(body)]
    chunks = [body[a:b] for a, b in pairwise(edges)]
    assert b"".join(spliced(chunks, splices)) == bytes(expected)
    assert len(expected) == len(body) + growth(splices)
    for limit in (0, 50, 1000):
        spool = Spool(limit)
        assert all(spool.write(chunk) for chunk in chunks)
        assert b"".join(spool.read(splices)) == bytes(expected)
        assert b"".join(spool.read(())) == b""


def test_what_is_on_disk_is_given_back_in_chunks() -> None:
    spool = Spool(10)
    written = os.urandom(300_000)
    spool.write(written[:5])
    spool.write(written[5:])
    read = list(spool.read(()))
    assert b"".join(read) == written
    assert max(map(len, read)) <= 65_536


def test_a_body_of_exactly_the_limit_stays_in_memory() -> None:
    for size, in_memory in ((10, True), (11, False)):
        spool = Spool(10)
        spool.write(b"12345")
        spool.write(b"x" * (size - 5))
        assert (spool._file is None) is in_memory
        assert b"".join(spool.read(())) == b"12345" + b"x" * (size - 5)


def test_a_file_that_lost_its_end_is_an_error() -> None:
    spool = Spool(0)
    spool.write(b"12345")
    assert spool._file is not None
    spool._file._file.truncate(2)
    with pytest.raises(OSError, match="shorter"):
        b"".join(spool.read(()))


@contextlib.contextmanager
def full_after(count: int) -> Iterator[None]:
    """Let the disk take only so many bytes of a file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (count, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


MASK = file("prompt[mask_image]", VIDEO.content)
BODY = multipart_body([VIDEO, text_field(), field("prompt[seed]", "7"), MASK])


@pytest.mark.parametrize("late", list(LateText))
@pytest.mark.parametrize("size", [100, 700, 100_000])
def test_where_the_disk_is_full_the_body_passes_as_it_is(late: LateText, size: int) -> None:
    policy = Policy(hold_limit=1000, late_text=late)
    for limit in range(1000, BODY.index(b"mask_image"), 97):
        with full_after(limit):
            done = rewrite(BODY, policy=policy, cuts=range(0, len(BODY), size))
        assert (done.body, done.delta) == (BODY, 0)
        assert done.inspection.record.reason is Reason.TEXT_AFTER_FILE
    with full_after(len(BODY)):
        done = rewrite(BODY, policy=policy)
    expected = [VIDEO, *lifted(), field("prompt[seed]", "7"), MASK]
    assert done.body == multipart_body(expected)


def test_without_a_folder_for_temporary_files_nothing_is_lost(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    done = rewrite(BODY, policy=Policy(hold_limit=1000), cuts=range(0, len(BODY), 700))
    assert (done.body, done.delta) == (BODY, 0)
    assert caplog.messages == ["a request's body cannot be kept on disk: no such file or directory"]


CRASH = """
import sys, time
from flaglift.shim.core.spool import Spool
spool = Spool(0)
spool.write(b"secret" * 1000)
print("ready", flush=True)
time.sleep(60)
"""


def test_nothing_is_left_on_disk_after_a_crash(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CRASH], env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        held = [os.readlink(link) for link in Path(f"/proc/{process.pid}/fd").iterdir()]
        assert [name for name in held if name.startswith(str(tmp_path))]
        process.kill()
    assert list(tmp_path.iterdir()) == []
