"""Whatever goes wrong: one clear sentence on standard error, its exit code, never a traceback."""

import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from flaglift.cli import main
from peers import program
from running import flaglift, process

VIDEO = "a cat --video --video_model kling25 --video_prompt yawn"


def is_one_sentence(err: str, *parts: str) -> bool:
    return (
        re.fullmatch(r"flaglift: [^\n]+\n", err) is not None
        and "Traceback" not in err
        and all(part in err for part in parts)
    )


def test_a_missing_file_and_a_directory_in_the_place_of_one(tmp_path: Path) -> None:
    missing = tmp_path / "no.txt"
    cases: list[tuple[list[str | Path], str]] = [
        (["check", missing], f"{missing}: no such file or directory"),
        (["check", "--config", tmp_path, missing], f"{tmp_path}: cannot be read: Is a directory"),
        (["models", "--overlay", tmp_path], f"{tmp_path}: cannot be read: Is a directory"),
    ]
    for args, reason in cases:
        run = flaglift(*args)
        assert run.returncode == 2
        assert is_one_sentence(run.stderr, reason)
        assert run.stdout == ""


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    run = flaglift("check", loop)
    assert run.returncode == 2
    assert is_one_sentence(run.stderr, "too many levels of symbolic links")
    run = flaglift("check", tmp_path / ("x" * 300))
    assert run.returncode == 2
    assert is_one_sentence(run.stderr, "file name too long")
    run = flaglift("check", "x" * 5000)
    assert run.returncode == 2
    assert is_one_sentence(run.stderr, "file name too long")


def test_a_name_cannot_command_the_terminal(tmp_path: Path) -> None:
    run = flaglift("check", tmp_path / "a\n\x1b[31m")
    assert is_one_sentence(run.stderr, r"a\n\x1b[31m: no such file")


def test_a_file_that_is_not_utf8_is_named_with_the_place(tmp_path: Path) -> None:
    path = tmp_path / "prompts.txt"
    path.write_bytes(f"{VIDEO}\nb".encode() + b"\xe9\n")
    run = flaglift("check", path)
    assert run.returncode == 2
    assert is_one_sentence(run.stderr, f"{path}: not UTF-8: byte {len(VIDEO) + 2} (line 2)")


@pytest.mark.parametrize("verb", ["translate", "parse"])
def test_standard_input_that_is_not_utf8(verb: str) -> None:
    run = flaglift(verb, "-", stdin=b"\xff")
    assert run.returncode == 2
    assert is_one_sentence(run.stderr, "standard input: not UTF-8: byte 0 (line 1) is 0xff")


def test_one_bad_file_does_not_keep_the_others_from_being_checked(tmp_path: Path) -> None:
    good, other = tmp_path / "good.txt", tmp_path / "other.txt"
    good.write_text(f"{VIDEO} --duration 7\n")
    other.write_text(f"{VIDEO} --duration 8\n")
    missing = tmp_path / "missing.txt"
    run = flaglift("check", "--output-format", "concise", good, missing, other)
    assert run.returncode == 2
    assert f"{good}:1:" in run.stdout
    assert f"{other}:1:" in run.stdout
    assert f"flaglift: {missing}: no such file" in run.stderr


@pytest.mark.parametrize(
    ("args", "code", "parts"),
    [
        (["rule", "FL999"], 2, ["there is no rule `FL999`"]),
        (["rule", "FL10"], 2, ["there is no rule `FL10`"]),
        (["rule", "duration-out-of-rnge"], 2, ["did you mean `duration-out-of-range`?"]),
        (["models", "kling52"], 2, ["there is no model `kling52` in the edition of 2026-08-20"]),
        (["models", "klinng25"], 2, ["did you mean `kling25`?"]),
        (["models", "kling25_5s"], 2, ["retired", "`kling25` with 5 seconds follows it"]),
        (["models", "ovi"], 2, ["`ovi` is retired: listed from"]),
        (["models", "--edition", "2025-03-25", "kling25"], 2, ["after the edition of 2025-03-25"]),
        (["models", "--edition", "2020-01-01"], 2, ["there is no catalog for 2020-01-01"]),
        (["models", "--overlay", "/nowhere.toml"], 2, ["/nowhere.toml: cannot be read"]),
        (["translate", "--select", "FLX", "a"], 2, ["there is no rule `FLX`"]),
        (["translate", "--ignore", "FL402, nothing", "a"], 2, ["there is no rule `nothing`"]),
        (["translate", "--config", "/nowhere.toml", "a"], 2, ["/nowhere.toml: cannot be read"]),
        (["translate", "--overlay", "/nowhere.toml", "a"], 2, ["cannot be read"]),
        (["translate", "--edition", "2020-01-01", "a"], 2, ["there is no catalog for"]),
        (["translate", "--with", "seed", "a"], 2, ["--with seed: write FIELD=VALUE"]),
        (["translate", "--with", "sead=1", "a"], 2, ["no such field; did you mean `seed`?"]),
        (["translate", "--with", "foo=1", "a"], 2, ["foo: no such field; see the service's list"]),
        (["translate", "--with", "text=a", "a"], 2, ["--with text: no such field"]),
        (["translate", "--with", "input_video=@", "a"], 2, ["write FIELD=@PATH for a file"]),
    ],
)
def test_what_cannot_be_used_is_named(args: list[str], code: int, parts: list[str]) -> None:
    run = flaglift(*args)
    assert run.returncode == code
    assert is_one_sentence(run.stderr, *parts)
    assert run.stdout == ""


@pytest.mark.parametrize(
    ("args", "part"),
    [
        ([], "Usage: flaglift VERB"),
        (["chek", "x"], "No such verb 'chek'. Did you mean 'check'?"),
        (["zap"], "No such verb 'zap'. The verbs are: "),
        (["translate"], "Missing argument 'TEXT'"),
        (["translate", "a", "b"], "unexpected extra argument"),
        (["translate", "--formt", "json", "a"], "Did you mean"),
        (["translate", "--video a cat"], "Put `--` before a text that starts with a dash."),
        (["translate", "--format", "xml", "a"], "'xml' is not one of"),
        (["translate", "--edition", "May", "a"], "'May' is not a date such as 2026-04-29"),
        (["translate", "--budget", "nan", "a"], "'nan' is not a number of cents, 0 or more"),
        (["translate", "--budget", "-1", "a"], "'-1' is not a number of cents"),
        (["translate", "--budget", "dear", "a"], "'dear' is not a number of cents"),
        (["check", "--fail-on", "never", "x"], "'never' is not one of"),
        (["models", "a", "b"], "unexpected extra argument"),
    ],
)
def test_a_wrong_command_line_says_how_it_is_used(args: list[str], part: str) -> None:
    run = flaglift(*args)
    assert run.returncode == 2
    assert part in " ".join(run.stderr.split())
    assert run.stderr.startswith("Usage: flaglift")
    assert run.stdout == ""


# Processes: what only a real one has.


def test_an_argument_that_is_not_utf8() -> None:
    run = process("translate", b"a \xff --video")
    assert run.returncode == 2
    assert is_one_sentence(run.stderr.decode(), "the text: not UTF-8: byte 2 (line 1) is 0xff")
    for args, part in (
        (["parse", "a\udcff"], "the text: not UTF-8: byte 1"),
        (["translate", "--default-model", "\udcff", "a"], "--default-model: not UTF-8: byte 0"),
        (["translate", "--with", "style=\udcff", "a"], "--with style: not UTF-8: byte 0"),
        (["rule", "\udcff"], r"there is no rule `\udcff`"),
        (["check", "no\udcff.txt"], r"no\udcff.txt: no such file"),
    ):
        again = flaglift(*args)
        assert again.returncode == 2
        assert is_one_sentence(again.stderr, part)


def test_a_locale_without_utf8_changes_nothing() -> None:
    text = "a ünique 猫 --video --video_model kling25 --video_prompt ü"
    run = process("translate", text, LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")
    assert run.returncode == 0
    assert "a ünique 猫" in run.stdout.decode()
    assert "Traceback" not in run.stderr.decode()
    run = process("translate", "-", stdin=text.encode(), PYTHONIOENCODING="ascii")
    assert "a ünique 猫" in run.stdout.decode()


def through_a_shell(line: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    script = f'flaglift() {{ "{sys.executable}" -m flaglift "$@"; }}; {line}'
    return subprocess.run(
        [program("bash"), "-c", script],
        capture_output=True,
        check=False,
        cwd=cwd,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    "line",
    [
        "flaglift models",
        "flaglift models --format json",
        "flaglift rule",
        "flaglift --help",
        f"flaglift translate --format curl '{VIDEO}'",
        f"flaglift parse '{VIDEO}'",
    ],
)
def test_a_closed_pipe_and_a_full_device(line: str, tmp_path: Path) -> None:
    # `true` reads nothing; waiting for its end makes sure that the pipe is closed.
    run = through_a_shell(
        f"mkfifo pipe; ({line} >pipe; echo $? >code) & exec 3<pipe; exec 3<&-; wait", tmp_path
    )
    assert run.stderr == ""
    assert (tmp_path / "code").read_text() == "141\n"
    run = through_a_shell(f"{line} >/dev/full", tmp_path)
    assert is_one_sentence(run.stderr, "the output cannot be written: no space left on device")
    assert run.returncode == 2


@pytest.mark.parametrize("colours", ["", "FORCE_COLOR=1 "])
@pytest.mark.parametrize("form", ["concise", "full"])
def test_a_head_that_has_enough(form: str, colours: str, tmp_path: Path) -> None:
    # Their findings are more than twice what a pipe holds.
    prompts = (f"{number} {VIDEO} --duration 7\n" for number in range(500))
    (tmp_path / "many.txt").write_text("".join(prompts))
    line = f"flaglift check --output-format {form} many.txt | head -1; exit ${{PIPESTATUS[0]}}"
    run = through_a_shell(colours + line, tmp_path)
    assert run.stderr == ""
    assert run.stdout.removeprefix("\x1b[1m").startswith("many.txt:1:")
    assert run.returncode == 141


@pytest.mark.parametrize(
    ("line", "code", "err"),
    [
        ("flaglift translate hello >&-", 2, "flaglift: the standard output is closed\n"),
        ("flaglift models >&- 2>&-", 2, ""),
        (f"flaglift translate '{VIDEO}' 2>&- >out", 0, ""),
        ("flaglift rule FL999 2>&-", 2, ""),
        ("flaglift rule FL999 2>/dev/full", 2, ""),
        ("flaglift translate 'a 6\" heel --video' 2>/dev/full", 2, ""),
        ("flaglift zap 2>/dev/full", 2, ""),
        ("flaglift translate - <&-", 2, "flaglift: standard input is closed\n"),
        ("flaglift check - <&-", 2, "flaglift: standard input is closed\n"),
    ],
)
def test_closed_and_full_streams(line: str, code: int, err: str, tmp_path: Path) -> None:
    run = through_a_shell(line, tmp_path)
    assert (run.returncode, run.stderr) == (code, err)


def test_standard_input_that_cannot_be_read(tmp_path: Path) -> None:
    # Writing only.
    run = through_a_shell("flaglift translate - 0>x", tmp_path)
    assert run.returncode == 2
    assert is_one_sentence(run.stderr, "standard input: ")


def test_a_current_folder_that_is_gone(tmp_path: Path) -> None:
    run = through_a_shell(f"mkdir d; cd d; rmdir ../d; flaglift translate '{VIDEO}'", tmp_path)
    assert run.returncode == 0
    assert "kling25" in run.stdout
    for verb in ("check", "check --report json=x", "check --show-files", "baseline write"):
        run = through_a_shell(f"mkdir d; cd d; rmdir ../d; flaglift {verb}", tmp_path)
        assert run.returncode == 2
        assert is_one_sentence(run.stderr, "the current directory cannot be used: no such file")


@pytest.mark.parametrize("args", [["translate", "-"], ["check", "-"], ["parse", "-"]])
def test_an_interrupt_ends_in_a_sentence(args: Sequence[str]) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "flaglift", *args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        wait_until_it_reads(running.pid)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert is_one_sentence(err.decode().lstrip("\n"), "interrupted")
    assert out == b""


def wait_until_it_reads(pid: int) -> None:
    """Wait until a process is blocked in reading a pipe, by what the kernel says of it."""
    for _ in range(600):
        if "pipe" in Path(f"/proc/{pid}/wchan").read_text():
            return
        if Path(f"/proc/{pid}/syscall").read_text().startswith("0 0x0 "):
            return
        time.sleep(0.05)
    raise AssertionError("the process does not read")


# The same in this process, where branches can be counted.


def pipe_without_reader() -> io.TextIOWrapper:
    reading, writing = os.pipe()
    os.close(reading)
    return open(writing, "w", encoding="utf-8", closefd=True)


@pytest.mark.parametrize("args", [["models"], ["--help"], ["rule", "--format", "json"]])
def test_a_pipe_without_a_reader(
    args: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch, pipe_without_reader() as out:
        patch.setattr(sys, "argv", ["flaglift", *args])
        patch.setattr(sys, "stdout", out)
        with pytest.raises(SystemExit) as leaving:
            main()
    assert leaving.value.code == 141
    assert capfd.readouterr().err == ""


def test_a_full_device(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    with monkeypatch.context() as patch, open("/dev/full", "w", encoding="utf-8") as out:
        patch.setattr(sys, "argv", ["flaglift", "models"])
        patch.setattr(sys, "stdout", out)
        with pytest.raises(SystemExit) as leaving:
            main()
    assert leaving.value.code == 2
    assert is_one_sentence(capfd.readouterr().err, "no space left on device")


def test_an_unbuffered_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["flaglift", "--version"])
    reading, writing = os.pipe()
    with (
        open(reading, encoding="utf-8") as reader,
        io.TextIOWrapper(open(writing, "wb", buffering=0), write_through=True) as out,
        monkeypatch.context() as patch,
    ):
        patch.setattr(sys, "stdout", out)
        with pytest.raises(SystemExit) as leaving:
            main()
        assert not leaving.value.code
        out.close()
        assert reader.read() == flaglift("--version").stdout


def test_streams_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["flaglift", "rule", "FL999"])
    monkeypatch.setattr(sys, "stderr", None)
    with pytest.raises(SystemExit) as leaving:
        main()
    assert leaving.value.code == 2
    sys.stderr.close()
    with open("/dev/full", "w", encoding="utf-8") as err:
        monkeypatch.setattr(sys, "stderr", err)
        monkeypatch.setattr(sys, "stdout", None)
        with pytest.raises(SystemExit) as leaving:
            main()
    assert leaving.value.code == 2


def test_standard_input_in_this_process(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "argv", ["flaglift", "translate", "-"])
    with open(tmp_path / "x", "w", encoding="utf-8") as writable:
        for stdin, sentence in ((None, "standard input is closed"), (writable, "standard input:")):
            monkeypatch.setattr(sys, "stdin", stdin)
            with pytest.raises(SystemExit) as leaving:
                main()
            assert leaving.value.code == 2
            assert is_one_sentence(capfd.readouterr().err, sentence)


def test_an_interrupt_in_this_process(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    class Interrupting(io.RawIOBase):
        def readinto(self, _: object) -> int:
            os.kill(os.getpid(), signal.SIGINT)
            return 0

        def readable(self) -> bool:
            return True

    monkeypatch.setattr(sys, "argv", ["flaglift", "translate", "-"])
    stdin = io.TextIOWrapper(io.BufferedReader(Interrupting()), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", stdin)
    with pytest.raises(SystemExit) as leaving:
        main()
    assert leaving.value.code == 130
    assert is_one_sentence(capfd.readouterr().err.lstrip("\n"), "interrupted")
