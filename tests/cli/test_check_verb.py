"""`flaglift check`: files in every form, what it prints, and what it writes."""

import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from peers import program
from running import flaglift, process

CLEAN = "a cat --video --video_model kling25 --video_prompt yawn"
TWICE = "a cat --video --video --video_model kling25 --video_prompt yawn"
LONG = "a cat --video --video_model kling25 --duration 7 --video_prompt yawn"
SHORT = "a cat --video --video_model kling25 --duration 5 --video_prompt yawn"


@pytest.fixture
def prompts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("prompts.txt")


def check_json(*args: str | Path, stdin: bytes = b"") -> list[dict[str, Any]]:
    run = flaglift("check", "--output-format", "json", *args, stdin=stdin)
    found: list[dict[str, Any]] = json.loads(run.stdout)
    return found


def places(path: Path, code: str, *args: str) -> list[tuple[int, int, int, int]]:
    return [
        (f["line"], f["column"], f["end_line"], f["end_column"])
        for f in check_json(path, *args)
        if f["code"] == code
    ]


# Forms.


def test_lines(prompts: Path) -> None:
    prompts.write_text(f"{CLEAN}\n\n \t\n{LONG}\n{CLEAN}\n{LONG}")
    column = LONG.index("7") + 1
    assert places(prompts, "FL402") == [(4, column, 4, column + 1), (6, column, 6, column + 1)]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends_and_byte_order_marks(prompts: Path, end: str, mark: str, last: bool) -> None:
    def text(*lines: str) -> bytes:
        return (mark + end.join(lines) + (end if last else "")).encode()

    prompts.write_bytes(text(LONG, "", TWICE, "plain"))
    column = LONG.index("7") + 1
    assert places(prompts, "FL402") == [(1, column, 1, column + 1)]
    assert [place[0] for place in places(prompts, "FL104")] == [3]
    assert flaglift("check", "--fix", prompts).returncode == 1
    assert prompts.read_bytes() == text(LONG, "", CLEAN, "plain")
    assert flaglift("check", "--unsafe-fixes", prompts).returncode == 0
    assert prompts.read_bytes() == text(SHORT, "", CLEAN, "plain")


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_a_whole_file_is_one_prompt(prompts: Path, end: str) -> None:
    prompts.write_bytes(f"a cat\nsits --video\n--video --video_model kling25{end}".encode())
    assert [place[:2] for place in places(prompts, "FL104", "--whole")] == [(2, 6)]
    run = flaglift("check", "--whole", "--fix", prompts)
    assert run.returncode == 0
    assert "fixed 1 prompt" in run.stderr
    assert prompts.read_bytes() == f"a cat\nsits\n--video --video_model kling25{end}".encode()


def test_blocks(prompts: Path) -> None:
    block = f"{TWICE}\nar=16:9\nseed=5\n"
    prompts.write_text(f"\n{block}\n \n\n{block}")
    assert [place[0] for place in places(prompts, "FL104", "--blocks")] == [2, 8]
    assert flaglift("check", "--blocks", "--fix", prompts).returncode == 0
    assert prompts.read_text() == f"\n{block}\n \n\n{block}".replace(TWICE, CLEAN)


def test_an_empty_file_and_one_without_flags_are_clean(prompts: Path) -> None:
    for text in ("", "\n\n", "a cat\n\ufeff\n", "\ufeff"):
        prompts.write_text(text)
        for form in ("--whole", "--blocks", "--fix", "--diff"):
            run = flaglift("check", form, prompts)
            assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
            assert prompts.read_text() == text


def test_columns_and_marks_behind_wide_combining_and_invisible_characters(prompts: Path) -> None:
    for before, width in (("\t", 1), ("猫", 2), ("e\u0301", 1), ("\u200b", 1), ("\U0001f600", 2)):
        prompts.write_text(f"{before} {LONG}\n")
        column = len(before) + 2 + LONG.index("7")
        assert [place[1] for place in places(prompts, "FL402")] == [column]
        lines = flaglift("check", "--select", "FL402", prompts).stdout.splitlines()
        assert lines[0] == f"prompts.txt:1:{column}"
        assert lines[2] == "  │ " + " " * (width + 1 + LONG.index("7")) + "^"


# Output.


def test_the_full_the_concise_and_the_json_format(prompts: Path) -> None:
    prompts.write_text(f"plain\n{LONG}\n")
    run = flaglift("check", "--select", "FL402", prompts)
    lines = run.stdout.splitlines()
    column = LONG.index("7") + 1
    assert lines[0] == f"prompts.txt:2:{column}"
    assert lines[1:3] == [f"  │ {LONG}", "  │ " + " " * (column - 1) + "^"]
    assert lines[3].startswith(f"  2:{column} error FL402 duration-out-of-range: ")
    assert lines[4].startswith("    = fix (unsafe): ")
    assert lines[5:] == [f"  = text: {LONG.replace('7', '5')}"]
    assert run.stderr == "1 error; 1 fixable with --unsafe-fixes\n"
    concise = flaglift("check", "--select", "FL402", "--output-format", "concise", prompts)
    said = lines[3].removeprefix(f"  2:{column} ")
    assert concise.stdout.splitlines() == [f"{lines[0]}: {said}"]
    assert concise.stderr == run.stderr
    (found,) = check_json("--select", "FL402", prompts)
    start = LONG.index("7")
    assert found == {
        "path": "prompts.txt",
        "line": 2,
        "column": column,
        "end_line": 2,
        "end_column": column + 1,
        "offset": len("plain\n"),
        **{key: found[key] for key in ("host", "pointer", "fingerprint")},
        "code": "FL402",
        "rule": "duration-out-of-range",
        "severity": "error",
        "message": found["message"],
        "start": start,
        "end": start + 1,
        "fix": {
            "title": found["fix"]["title"],
            "applicability": "unsafe",
            "edits": [{"start": start, "end": start + 1, "content": "5"}],
        },
    }


def test_the_summary_counts(prompts: Path) -> None:
    prompts.write_text(f"{TWICE}\n{TWICE}\n{LONG}\n")
    run = flaglift("check", "--select", "FL104,FL402", prompts)
    assert (
        run.stderr == "1 error, 2 warnings; 2 fixable with --fix, 1 fixable with --unsafe-fixes\n"
    )
    run = flaglift("check", "--select", "FL001", prompts)
    assert (run.returncode, run.stderr) == (0, "3 info\n")
    run = flaglift("check", "--select", "FL104,FL402", "--fix", prompts)
    assert run.stderr == "fixed 2 prompts; 1 error; 1 fixable with --unsafe-fixes\n"
    run = flaglift("check", "--select", "FL104,FL402", "--unsafe-fixes", prompts)
    assert (run.returncode, run.stderr) == (0, "fixed 1 prompt\n")


def test_findings_are_listed_even_if_there_are_none(prompts: Path) -> None:
    prompts.write_text("plain\n")
    assert check_json(prompts) == []
    assert check_json(prompts, "no.txt") == []


def test_the_exit_code_counts_from_a_severity_on(prompts: Path) -> None:
    prompts.write_text(f"{TWICE}\n")
    for level, code in (("error", 0), ("warning", 1), ("info", 1)):
        assert flaglift("check", "--fail-on", level, prompts).returncode == code
    prompts.write_text(f"{CLEAN}\n")
    assert flaglift("check", prompts).returncode == 0
    assert flaglift("check", "--fail-on", "info", prompts).returncode == 1
    prompts.write_text(f"{LONG}\n")
    assert flaglift("check", "--fail-on", "error", prompts).returncode == 1


# Fixes.


def test_a_diff_changes_nothing_and_patch_makes_the_fixed_file(prompts: Path) -> None:
    for old in (
        f"{TWICE}\nplain\n{LONG}\n",
        f"{TWICE}\r\nplain\r\n{LONG}\r\n",
        f"plain\n{LONG}",
        f"\ufeff{LONG}\x0c x\x1b[31m\n\x85",
    ):
        prompts.write_bytes(old.encode())
        run = flaglift("check", "--diff", "--unsafe-fixes", prompts)
        assert run.returncode == 1
        assert prompts.read_bytes() == old.encode()
        assert run.stderr.startswith("would fix ")
        assert run.stdout.startswith("--- a/prompts.txt\n+++ b/prompts.txt\n@@ ")
        patch = run.stdout.encode()
        subprocess.run(
            [program("patch"), "--binary", "-p1"], input=patch, check=True, capture_output=True
        )
        patched = prompts.read_bytes()
        assert patched != old.encode()
        prompts.write_bytes(old.encode())
        flaglift("check", "--unsafe-fixes", prompts)
        assert prompts.read_bytes() == patched
        assert flaglift("check", "--diff", "--unsafe-fixes", prompts).returncode == 0


def test_standard_input_is_fixed_to_standard_output(prompts: Path) -> None:
    given = f"\ufeff{TWICE}\r\n\x1b[1mplain\r\n{LONG}".encode()
    run = flaglift("check", "--fix", "-", stdin=given)
    assert run.returncode == 1
    assert run.stdout.encode() == f"\ufeff{CLEAN}\r\n\x1b[1mplain\r\n{LONG}".encode()
    assert "<stdin>:3:" in run.stderr
    run = flaglift("check", "--fix", "--output-format", "json", "-", stdin=given)
    assert run.stdout.encode() == f"\ufeff{CLEAN}\r\n\x1b[1mplain\r\n{LONG}".encode()
    assert json.loads(run.stderr)[0]["path"] == "<stdin>"
    run = flaglift("check", "--diff", "-", stdin=given)
    assert run.stdout.startswith("--- ")
    run = flaglift("check", "-", stdin=given)
    assert run.stdout.startswith("<stdin>:1:")


def test_a_process_reads_and_writes_bytes(tmp_path: Path) -> None:
    run = process("check", "--fix", "-", stdin=f"{TWICE}\r\n".encode(), cwd=tmp_path)
    assert (run.returncode, run.stdout) == (0, f"{CLEAN}\r\n".encode())
    name = b"pr\xffmpts.txt"
    path = os.fsencode(tmp_path) + b"/" + name
    with open(path, "wb") as file:
        file.write(f"{LONG}\n".encode())
    run = process("check", "--output-format", "concise", name, cwd=tmp_path)
    assert run.returncode == 1
    assert b"pr\xc2\xb7mpts.txt:1:" in run.stdout


def test_what_no_fix_changes_is_not_written(prompts: Path) -> None:
    prompts.write_text(f"{CLEAN}\nplain\n")
    os.utime(prompts, (1, 1))
    before = prompts.stat()
    assert flaglift("check", "--unsafe-fixes", prompts).returncode == 0
    after = prompts.stat()
    assert (after.st_mtime, after.st_ino) == (before.st_mtime, before.st_ino)


def test_a_link_stays_a_link_and_permissions_stay(prompts: Path) -> None:
    prompts.write_text(f"{TWICE}\n")
    os.chown(prompts, 12345 if os.getuid() == 0 else -1, -1)  # only root can give files away
    prompts.chmod(0o4640)
    before = prompts.stat()
    Path("folder").mkdir()
    link = Path("folder/link.txt")
    link.symlink_to("../prompts.txt")
    Path("chain.txt").symlink_to(link)
    assert flaglift("check", "--fix", "chain.txt").returncode == 0
    assert link.is_symlink()
    assert Path("chain.txt").is_symlink()
    assert not prompts.is_symlink()
    assert prompts.read_text() == f"{CLEAN}\n"
    after = prompts.stat()
    assert (after.st_mode, after.st_uid) == (before.st_mode, before.st_uid)
    assert os.listdir("folder") == ["link.txt"]
    assert sorted(os.listdir()) == ["chain.txt", "folder", "prompts.txt"]


def test_what_is_no_regular_file_is_not_rewritten(prompts: Path) -> None:
    os.mkfifo("pipe")
    with subprocess.Popen([program("bash"), "-c", f"echo '{TWICE}' >pipe"]) as writer:
        try:
            run = flaglift("check", "--lines", "--fix", "pipe")
        finally:
            writer.kill()  # who opens a pipe for writing waits for a reader
    assert run.returncode == 2
    assert run.stderr.startswith("flaglift: pipe: ")
    assert stat.S_ISFIFO(Path("pipe").stat().st_mode)


def test_a_place_that_cannot_be_written(prompts: Path) -> None:
    # The kernel takes no new file there, not even from root.
    with open(os.memfd_create("prompts"), "wb") as memory:
        memory.write(f"{TWICE}\n".encode())
        memory.flush()
        path = f"/proc/self/fd/{memory.fileno()}"
        run = flaglift("check", "--lines", "--fix", path)
        assert os.pread(memory.fileno(), 1000, 0) == f"{TWICE}\n".encode()
    assert run.returncode == 2
    assert run.stderr.startswith(f"flaglift: {path}: cannot be written: ")


def test_a_long_name_can_be_written(prompts: Path) -> None:
    path = Path("x" * 255)
    path.write_text(f"{TWICE}\n")
    assert flaglift("check", "--lines", "--fix", path).returncode == 0
    assert path.read_text() == f"{CLEAN}\n"


def test_a_name_taken_by_a_folder_in_the_meantime(
    prompts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts.write_text(f"{TWICE}\n")

    def late(source: str, target: Path) -> None:
        target.unlink()
        target.mkdir()
        os.rename(source, target)

    monkeypatch.setattr(os, "replace", late)
    run = flaglift("check", "--fix", prompts)
    assert run.returncode == 2
    assert run.stderr.startswith("flaglift: prompts.txt: cannot be written: is a directory\n")
    assert os.listdir() == ["prompts.txt"]


WRITER = """
import itertools, sys
from flaglift.check.writing import write_file
for letter in itertools.cycle("ab"):
    write_file(sys.argv[1], letter.encode() * 2_000_000)
    print(letter, flush=True)
"""


def test_a_kill_leaves_the_old_file_or_the_new_one(prompts: Path) -> None:
    for moment in range(6):
        prompts.write_text("a" * 2_000_000)
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, prompts], stdout=subprocess.PIPE
        ) as running:
            assert running.stdout is not None
            assert running.stdout.readline() == b"a\n"
            time.sleep(moment * 0.007)
            running.kill()
        text = prompts.read_text()
        assert len(text) == 2_000_000
        assert len(set(text)) == 1


# Configuration.


def test_each_file_has_the_configuration_above_it(prompts: Path) -> None:
    for folder, configuration in (
        ("one", 'select = ["FL402"]'),
        ("two", 'ignore = ["FL402", "FL0", "FL6"]'),
        ("three", ""),
    ):
        Path(folder, "deep").mkdir(parents=True)
        Path(folder, "flaglift.toml").write_text(configuration)
        Path(folder, "deep", "p.txt").write_text(f"{LONG} --video\n")
    files = [f"{folder}/deep/p.txt" for folder in ("one", "two", "three")]
    found: dict[str, set[str]] = {file: set() for file in files}
    for finding in check_json(*files):
        found[finding["path"]].add(finding["code"])
    assert found[files[0]] == {"FL402"}
    assert "FL104" in found[files[1]]
    assert "FL402" not in found[files[1]]
    assert {"FL402", "FL104"} <= found[files[2]]
    assert {f["code"] for f in check_json("--select", "FL104", *files[::2])} == {"FL104"}
    assert {f["code"] for f in check_json("--isolated", *files[:1])} >= {"FL402", "FL104"}
    shared = {f["code"] for f in check_json("--config", "one/flaglift.toml", *files)}
    assert shared == {"FL402"}


def test_a_broken_configuration_is_said_before_any_file_is_touched(prompts: Path) -> None:
    prompts.write_text(f"{TWICE}\n")
    Path("d").mkdir()
    Path("d/p.txt").write_text(f"{TWICE}\n")
    for configuration, sentence in (
        ("select = [", "not valid TOML: "),
        ("selct = []", "unknown key `selct`; did you mean `select`?"),
        ('select = ["FL9999"]', "there is no rule `FL9999`"),
        ('overlay = "no.toml"', "no.toml: cannot be read"),
        ("edition = 2020-01-01", "there is no catalog for 2020-01-01"),
    ):
        Path("d/flaglift.toml").write_text(configuration)
        # Another name for the same file, because what is in a file is read once.
        config = Path(f"d/{abs(hash(configuration))}.toml")
        config.write_text(configuration)
        run = flaglift("check", "--fix", prompts, "--config", config)
        assert run.returncode == 2
        assert sentence in run.stderr
        assert run.stderr.startswith("flaglift: ")
        assert run.stderr.count("\n") == 1
        assert prompts.read_text() == f"{TWICE}\n"


def test_options_win_over_the_configuration(prompts: Path) -> None:
    prompts.write_text(f"{LONG}\n{TWICE}\n")
    Path("flaglift.toml").write_text(
        'select = ["FL402"]\nfail-on = "error"\nedition = 2025-10-27\nstrict = true\n'
        'accept-successors = true\ndefault-model = "kling25"\n'
    )
    assert flaglift("check", "--select", "FL104", prompts).returncode == 0
    run = flaglift("check", "--select", "FL104", "--fail-on", "warning", prompts)
    assert run.returncode == 1
    text = "a cat --video --duration 7 --video_prompt yawn"
    args = ("--edition", "2026-04-29", text)
    assert flaglift("translate", *args).returncode == 1
    assert flaglift("translate", "--no-strict", *args).returncode == 0
    old = ("--edition", "2026-04-29", "a --video --video_model kling25_5s --video_prompt b")
    assert flaglift("translate", *old).returncode == 0
    assert flaglift("translate", "--no-accept-successors", *old).returncode == 1
    assert flaglift("translate", "--isolated", *args).returncode == 1
