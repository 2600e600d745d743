"""A checkpoint tells nothing that a loss of power could take back: the bytes are on the disk."""

import os
from pathlib import Path

import pytest

from flaglift.migrate.files.compression import compressed, compression_of
from flaglift.migrate.files.ledger import Ledger
from flaglift.migrate.store import MigrationRun
from migrate.sources import applied

LINE = '{"text": "a cat --video --video_model kling25"}\n'


@pytest.mark.parametrize("name", ["p.jsonl", "p.jsonl.gz", "p.jsonl.zst"])
def test_bytes_are_on_the_disk_before_the_checkpoint_that_counts_them(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    path.write_bytes(compressed((LINE * 50).encode(), compression_of(path)))
    on_disk: dict[int, int] = {}
    """Bytes of each file, by its inode, when it was last synced."""
    counted: list[int] = []
    sync, save = os.fsync, Ledger.save

    def synced(file: int) -> None:
        sync(file)
        on_disk[os.fstat(file).st_ino] = os.fstat(file).st_size

    def saved(self: Ledger, run: MigrationRun) -> None:
        written = run.info["written"]
        if written and run.state == "running":
            counted.append(written)
            assert written in on_disk.values()
        save(self, run)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Ledger, "save", saved)
    applied(path, rows=2)
    assert len(counted) > 1
    assert counted == sorted(counted)
    # And the whole result is, before it takes its name.
    result = tmp_path / name.replace("p.", "p.migrated.")
    assert on_disk[result.stat().st_ino] == result.stat().st_size
