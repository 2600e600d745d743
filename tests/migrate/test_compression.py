"""Compressed files: written as they came, and told apart from damaged ones."""

import json
import os
import pickle
from pathlib import Path

import pytest
import zstandard

from flaglift.errors import InputError
from flaglift.migrate.files.compression import ByteSource, compressed, compression_of
from migrate.sources import applied, planned, undone, verified

PROMPTS = [f"cat {number} --video --video_model kling25" for number in range(500)]
LINES = "".join(json.dumps({"text": text}) + "\n" for text in PROMPTS).encode()


def packed(path: Path, *, checksum: bool = False, parts: int = 1) -> Path:
    compressor = zstandard.ZstdCompressor(write_checksum=checksum)
    size = len(LINES) // parts + 1
    path.write_bytes(
        b"".join(compressor.compress(LINES[i : i + size]) for i in range(0, len(LINES), size))
    )
    return path


@pytest.mark.parametrize("checksum", [True, False])
@pytest.mark.parametrize("parts", [1, 3])
def test_a_result_is_one_frame_that_simple_readers_read_whole(
    tmp_path: Path, checksum: bool, parts: int
) -> None:
    path = packed(tmp_path / "p.jsonl.zst", checksum=checksum, parts=parts)
    asked = iter([False, False, True])
    applied(path, rows=50, stopped=lambda: next(asked))
    assert applied(path, rows=50).changed == len(PROMPTS)
    data = (tmp_path / "p.migrated.jsonl.zst").read_bytes()
    whole = zstandard.ZstdDecompressor().decompress(data)
    assert len(whole.splitlines()) == len(PROMPTS)
    assert b"--video" not in whole
    frame = zstandard.get_frame_parameters(data)
    assert frame.content_size == len(whole)
    assert frame.has_checksum is checksum
    assert verified(path)[1] == []
    assert sorted(p.name for p in tmp_path.iterdir() if "partial" in p.name) == []
    applied(path, replace=True)
    edited = zstandard.compress(whole + b"{}\n")
    path.write_bytes(edited)
    (tmp_path / "p.original.jsonl.zst").unlink()
    undone(path, rows=50)
    assert zstandard.ZstdDecompressor().decompress(path.read_bytes()) == LINES + b"{}\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "p.jsonl.zst", "p.jsonl.zst.flaglift", "p.jsonl.zst.flaglift-lock"
    ]  # fmt: skip


def test_a_run_that_is_dropped_leaves_no_frames(tmp_path: Path) -> None:
    path = packed(tmp_path / "p.jsonl.zst")
    asked = iter([False, False, True])
    applied(path, rows=50, stopped=lambda: next(asked))
    assert len([p for p in tmp_path.iterdir() if "partial" in p.name]) == 2
    undone(path)
    assert [p for p in tmp_path.iterdir() if "partial" in p.name] == []


def test_a_window_that_is_too_long_is_named(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl.zst"
    settings = zstandard.ZstdCompressionParameters(window_log=28, enable_ldm=True)
    compressor = zstandard.ZstdCompressor(compression_params=settings).compressobj()
    path.write_bytes(compressor.compress(LINES) + compressor.flush())
    with pytest.raises(InputError, match="a window of more than 128 MiB; `zstd -d --long=31") as e:
        planned(path)
    assert "damaged" not in str(e.value)


def test_a_dictionary_is_named(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl.zst"
    samples: list[bytes | bytearray | memoryview[int]] = [
        f"{line}{os.urandom(20).hex()}".encode() for line in LINES.decode().splitlines()
    ]
    dictionary = zstandard.train_dictionary(4096, samples)
    path.write_bytes(zstandard.ZstdCompressor(dict_data=dictionary).compress(LINES))
    with pytest.raises(InputError, match="was compressed with a dictionary") as e:
        planned(path)
    assert "damaged" not in str(e.value)


def test_frames_that_are_skipped_hold_no_lines(tmp_path: Path) -> None:
    path = packed(tmp_path / "p.jsonl.zst", parts=2)
    seek_table = b"\x5e\x2a\x4d\x18" + (9).to_bytes(4, "little") + bytes(9)
    path.write_bytes(path.read_bytes() + seek_table)
    assert applied(path).changed == len(PROMPTS)


@pytest.mark.parametrize("name", ["p.jsonl.zst", "p.jsonl.gz", "p.jsonl", "p.json"])
def test_a_file_without_a_byte(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.touch()
    assert applied(path).records == 0
    assert verified(path)[1] == []
    assert next(tmp_path.glob("p.migrated*")).read_bytes() == b""


@pytest.mark.parametrize("name", ["p.jsonl", "p.jsonl.gz", "p.jsonl.zst"])
def test_an_open_file_is_read_on_by_another_process(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(compressed(LINES, compression_of(path)))
    source = ByteSource(path)
    assert source.read(9) == LINES[:9]
    other: ByteSource = pickle.loads(pickle.dumps(source))  # noqa: S301
    for offset in (20, 5, 40):
        other.seek(offset)
        assert other.read(7) == LINES[offset : offset + 7]
    assert source.read(9) == LINES[9:18]
    source.close()
    other.close()
