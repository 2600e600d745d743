"""Reading files: only regular ones, and never more than was asked for."""

import errno
import os
from pathlib import Path

import pytest

from flaglift.files import read_all, read_regular


def test_what_is_no_regular_file_is_not_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="Not a regular file"):
        read_regular(pipe)
    with pytest.raises(IsADirectoryError):
        read_regular(tmp_path)


@pytest.mark.parametrize("size", [0, 9, 10, 11])
def test_a_file_is_read_up_to_the_limit(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"x" * size)
    handle = os.open(path, os.O_RDONLY)
    try:
        if size > 10:
            with pytest.raises(OSError, match="More than 10 bytes") as caught:
                read_all(handle, 10)
            assert caught.value.errno == errno.EFBIG
        else:
            assert read_all(handle, 10) == b"x" * size
    finally:
        os.close(handle)
