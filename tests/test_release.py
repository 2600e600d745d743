"""The release is complete, the same whenever it is built, and would be caught if it were not."""

import gzip
import io
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import release

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def sdist(*names: str, mtime: int) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name in names:
            member = tarfile.TarInfo(f"flaglift-1/{name}")
            member.size, member.mtime, member.uid, member.uname = 1, mtime, mtime, "somebody"
            archive.addfile(member, io.BytesIO(b"x"))
    return gzip.compress(plain.getvalue(), mtime=mtime)


def test_an_sdist_is_the_same_whenever_and_by_whomever_it_is_built() -> None:
    first = release.repacked(sdist("a", "b", mtime=1_000), 7)
    assert first == release.repacked(sdist("b", "a", mtime=2_000), 7)
    with tarfile.open(fileobj=io.BytesIO(first)) as archive:
        assert [(m.name, m.mtime, m.uname) for m in archive] == [
            ("flaglift-1/a", 7, ""),
            ("flaglift-1/b", 7, ""),
        ]


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    packed = tmp_path / "a.tar.gz"
    packed.write_bytes(sdist("README.md", mtime=0))
    wheel = tmp_path / "a.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("flaglift/__init__.py", "")
    with pytest.raises(
        SystemExit, match=r"CHANGELOG\.md.*flaglift/py\.typed.*flaglift/rules"
    ) as end:
        release.look_inside(wheel, packed)
    assert "README.md" not in str(end.value)


def test_the_license_is_an_spdx_expression_and_addresses_are_given() -> None:
    project = PROJECT["project"]
    assert project["license"] == "MIT"
    assert not any(each.startswith("License ::") for each in project["classifiers"])
    assert {"Documentation", "Repository", "Changelog"} <= set(project["urls"])


def test_a_new_folder_is_shipped_without_being_listed() -> None:
    assert "packages" not in PROJECT["tool"]["setuptools"]
    setup = (ROOT / "setup.py").read_text(encoding="utf-8")
    assert 'find_packages("src")' in setup
