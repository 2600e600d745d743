"""`flaglift check`: what its options print, write and leave alone."""

import json
import os
import re
import resource
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from flaglift.check import working
from flaglift.check.hosts.registry import host_named
from flaglift.cli.check import FORMATS
from flaglift.errors import InputError
from repositories import CLEAN, LONG, SHORT, TWICE, found, git, write
from running import flaglift, process

LOOKALIKE = 'parser.add_argument("--video_model", help="which")\n'


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return tmp_path


# What is printed.


def test_reports_are_written_as_well_as_what_is_printed(here: Path) -> None:
    write({"a.txt": f"{LONG}\n", "b.py": f"x = {LONG!r}\n"})
    out = here.parent / f"{here.name}-reports"  # not among what is checked
    out.mkdir()
    reports = [arg for form in FORMATS for arg in ("--report", f"{form}={out}/{form}")]
    run = flaglift("check", *reports)
    assert run.returncode == 1
    for form in FORMATS:
        printed = flaglift("check", "--output-format", form)
        assert printed.returncode == 1
        assert Path(out, form).read_text() == printed.stdout
    assert run.stdout == Path(out, "full").read_text()


def test_reports_are_written_even_if_nothing_is_found() -> None:
    write({"a.txt": "plain"})
    assert flaglift("check", "--report", "json=a.json", "--report", "junit=a.xml").returncode == 0
    assert Path("a.json").read_text() == "[]\n"
    assert 'tests="1"' in Path("a.xml").read_text()


@pytest.mark.parametrize("value", ["json", "json=", "xml=a", "=a"])
def test_a_report_needs_a_format_and_a_file(value: str) -> None:
    run = flaglift("check", "--report", value)
    assert run.returncode == 2
    assert "write FORMAT=FILE; formats are full, concise, json" in " ".join(run.stderr.split())


def test_a_report_that_cannot_be_written() -> None:
    write({"a.txt": LONG})
    run = flaglift("check", "--report", "json=no/where.json")
    assert run.returncode == 2
    assert run.stderr == "flaglift: no/where.json: cannot be written: no such file or directory\n"


@pytest.mark.parametrize("name", ["a.txt", "link.txt", "known.json", "flaglift.toml", "o.toml"])
def test_a_report_is_no_file_that_is_read(here: Path, name: str) -> None:
    overlay = '[[models]]\nname = "kling25"\nbase_cost_cents = 35\n'
    write({"a.txt": LONG, "o.toml": overlay, "known.json": '{"version": 1, "findings": []}'})
    write({"flaglift.toml": 'overlay = "o.toml"\nbaseline = "known.json"\n'})
    Path("link.txt").symlink_to("a.txt")
    before = Path(name).read_bytes()
    run = flaglift("check", "--fix", here / "a.txt", "--report", f"json={name}")
    assert run.returncode == 2
    assert f"--report {name} would overwrite a file of this run" in " ".join(run.stderr.split())
    assert Path(name).read_bytes() == before


def test_two_reports_are_two_files() -> None:
    write({"a.txt": LONG})
    run = flaglift("check", "--report", "json=x", "--report", "sarif=./x")
    assert run.returncode == 2
    assert "--report ./x would overwrite a file of this run" in " ".join(run.stderr.split())
    assert not Path("x").exists()


def test_github_is_annotated_without_being_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    write({"a.txt": LONG, "b.txt": b"\xff --video"})
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    run = flaglift("check")
    assert "::error title=flaglift FL402,file=a.txt,line=1," in run.stdout
    assert "::error title=flaglift::b.txt: not UTF-8" in run.stdout
    assert flaglift("check", "--output-format", "concise").stdout.startswith("a.txt:1:")


def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    write({"a.txt": LONG})
    plain = flaglift("check").stdout
    assert "\x1b" not in plain
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = flaglift("check").stdout
    assert "\x1b[1;31m" in coloured
    # A terminal that knows links (OSC 8) leads from the code to the rule's page.
    assert re.search(r"\x1b\]8;id=\d+;[a-z]+://\S+/rules/FL402\.html\x1b\\FL402\x1b", coloured)
    assert "error" in plain


def test_copies_are_one_finding_in_the_full_format() -> None:
    write({f"{name}.txt": LONG for name in "abcdef"})
    run = flaglift("check", "--select", "FL402")
    assert run.stdout.count("error FL402") == 1
    assert "also: the same prompt at b.txt:1:48, c.txt:1:48, d.txt:1:48 and 2 more" in run.stdout
    assert run.stderr == "6 errors; 6 fixable with --unsafe-fixes\n"


def test_statistics() -> None:
    priced = "a cat --video --video_model kling25 --duration 10 --video_prompt yawn"
    write({"a.txt": f"{LONG}\n{priced}\n{priced}\n", "b.py": LOOKALIKE})
    run = flaglift("check", "--statistics")
    assert run.returncode == 1
    lines = run.stdout.splitlines()
    assert lines[:2] == [
        "rule        3  FL001 legacy-syntax",
        "            1  FL402 duration-out-of-range",
    ]
    assert "model       3  kling25" in lines
    assert "flag        3  --duration" in lines
    assert "prompts     3  (1 look-alike skipped)" in lines
    assert lines[-1].endswith(" ¢ for the 2 whose price is known")
    counted = json.loads(flaglift("check", "--statistics", "--output-format", "json").stdout)
    assert counted["rules"][0] == {"code": "FL001", "rule": "legacy-syntax", "count": 3}
    assert counted["models"] == [{"model": "kling25", "count": 3}]
    assert {each["flag"]: each["count"] for each in counted["flags"]}["--video"] == 3
    assert (counted["prompts"], counted["skipped"], counted["price"]["prompts"]) == (3, 1, 2)
    assert counted["price"]["cents"] > 0
    assert f"{counted['price']['cents']:g} ¢" in lines[-1]


def test_statistics_show_nothing_that_a_terminal_would_obey() -> None:
    write({"a.txt": 'a cat --video --video_model "b\x1b[2J\x85\u2028\u202e"\n'})
    run = flaglift("check", "--statistics")
    assert "model       1  b·[2J·" in run.stdout
    assert not set("\x1b\x85\u2028\u202e") & set(run.stdout)


def test_what_may_be_a_prompt_is_shown_with_the_reasons() -> None:
    write({"a.json": json.dumps({"text": LONG}), "b.py": LOOKALIKE})
    run = flaglift("check", "--show-prompts")
    assert "a.json:1:10: prompt (+" in run.stdout
    assert "  = json  /text  " in run.stdout
    assert "b.py:1:21: not a prompt (-" in run.stdout
    listed = json.loads(flaglift("check", "--show-prompts", "--output-format", "json").stdout)
    assert [each["taken"] for each in listed] == [True, False]
    assert listed[0]["fingerprint"] == found("a.json")[0]["fingerprint"]
    assert listed[1]["fingerprint"] == ""
    assert all(reason["text"] and reason["points"] for each in listed for reason in each["reasons"])


def test_what_a_hole_stands_for_is_not_counted() -> None:
    write({"a.py": 'f(text=f"a {cat} --video --video_model {model} --video_prompt yawn")\n'})
    (seen,) = json.loads(flaglift("check", "--show-prompts", "--output-format", "json").stdout)
    assert seen["excerpt"] == "a {…} --video --video_model {…} --video_prompt yawn"
    assert (seen["models"], seen["cents"]) == ([], None)
    assert seen["flags"] == ["--video", "--video_model", "--video_prompt"]


def test_files_are_shown() -> None:
    write({"a.txt": "x", "b.exe": "x", "c.py": "x"})
    run = flaglift("check", "--show-files")
    assert (run.returncode, run.stdout, run.stderr) == (0, "a.txt\nc.py\n", "")


def test_exit_codes() -> None:
    write({"a.txt": LONG})
    assert flaglift("check").returncode == 1
    assert flaglift("check", "--exit-zero").returncode == 0
    assert flaglift("check", "--exit-zero", "gone.txt").returncode == 2
    assert flaglift("check", "--exit-zero", "--diff", "--unsafe-fixes").returncode == 0
    assert flaglift("check", "--fail-on", "error", "--select", "FL001").returncode == 0
    write({"a.txt": CLEAN})
    assert flaglift("check").returncode == 0


# Standard input.


def test_standard_input_is_read_as_the_file_it_would_be() -> None:
    write({"sub/flaglift.toml": 'ignore = ["FL104"]'})
    source = f'x = "{TWICE}"\n'.encode()
    assert {each["host"] for each in found("-", stdin=source)} == {"lines"}
    (only,) = found("--stdin-filename", "sub/a.py", "-", stdin=source)
    assert (only["path"], only["code"], only["host"]) == ("sub/a.py", "FL001", "python")
    run = flaglift("check", "--stdin-filename", "a.py", "--fix", "-", stdin=source)
    assert run.stdout == f'x = "{CLEAN}"\n'
    assert "a.py:1:" in run.stderr
    run = flaglift("check", "--stdin-filename", "a.py", "--diff", "-", stdin=source)
    assert run.stdout.startswith("--- a/a.py\n+++ b/a.py\n")


@pytest.mark.parametrize("given", [b"", b"plain\r\n", b"\xff\xfe", b"# flaglift is a tool\n"])
def test_what_holds_no_flag_comes_back_as_it_was(given: bytes) -> None:
    for name in ("a.py", "a.exe"):
        run = process("check", "--fix", "--stdin-filename", name, "-", stdin=given)
        assert (run.returncode, run.stdout, run.stderr) == (0, given, b"")
    run = process("check", "--fix", "--report", "json=out.json", "-", stdin=given)
    assert (run.returncode, run.stdout) == (0, given)


# Fixes.

MOVES = {"flaglift.toml": 'move-to-fields = ["*.json", "*.csv: text", "a.py"]'}
SERVED = {
    "a.json": '{\n  "text": "a cat --video --video_model kling25 --video_prompt yawn"\n}\n',
    "b.txt": TWICE,
}


def test_a_diff_shows_the_move_to_fields_unless_safe_fixes_are_asked_for() -> None:
    write({**SERVED, **MOVES})
    run = flaglift("check", "--diff")
    assert run.returncode == 1
    assert '+  "text": "a cat",\n' in run.stdout
    assert '+  "video_model": "kling25",\n' in run.stdout
    assert f"+{CLEAN}\n" in run.stdout
    assert run.stderr == "would fix 1 prompt, would move 1 prompt to fields\n"
    run = flaglift("check", "--diff", "--fix")
    assert "a.json" not in run.stdout
    assert run.stderr == "would fix 1 prompt\n"
    assert flaglift("check", "--diff", "--ignore", "legacy-syntax", "a.json").stdout == ""
    doubtful = {"text": LONG.replace("--video ", "\N{EM DASH}video ", 1)}
    write({"d.json": json.dumps(doubtful)})
    assert flaglift("check", "--diff", "d.json").stdout == ""
    assert "video_duration" in flaglift("check", "--diff", "--unsafe-fixes", "d.json").stdout
    Path("d.json").unlink()
    assert {name: Path(name).read_text() for name in SERVED} == SERVED


def test_flags_are_moved_to_fields_when_unsafe_fixes_are_asked_for() -> None:
    write(dict(SERVED))
    (said,) = found("a.json")
    assert said["fix"]["applicability"] == "display-only"
    assert "(not moved: nothing shows that the fields next to it are sent" in said["fix"]["title"]
    assert flaglift("check", "--unsafe-fixes", "a.json").returncode == 0
    assert Path("a.json").read_text() == SERVED["a.json"]
    write(dict(MOVES))
    (said,) = found("a.json")
    assert said["fix"]["applicability"] == "unsafe"
    assert said["fix"]["title"].startswith("move them to fields next to the prompt: video_model=")
    assert flaglift("check", "--fix", "a.json").returncode == 0
    assert Path("a.json").read_text() == SERVED["a.json"]
    run = flaglift("check", "--unsafe-fixes", "a.json")
    assert (run.returncode, run.stdout) == (0, "")
    assert run.stderr == "moved 1 prompt to fields\n"
    fields = {"text": "a cat", "video_model": "kling25", "video_prompt": "yawn"}
    assert json.loads(Path("a.json").read_text()) == fields


def test_flags_that_no_field_can_take_in_are_said_to_stay() -> None:
    quoted = CLEAN.replace("yawn", '""it, yawns""')
    write({**MOVES, "rows.csv": f'id,text\n1,"{quoted}"\n'})
    (said,) = found("rows.csv")
    assert said["fix"]["applicability"] == "display-only"
    run = flaglift("check", "--unsafe-fixes")
    assert run.stderr.startswith(
        "flaglift: rows.csv:2: not fixed: there is no column `video_model`\n"
    )
    write({"rows.csv": f'id,text,video_model,video_prompt\n1,"{quoted}",,\n'})
    (said,) = found("rows.csv")
    assert said["fix"]["applicability"] == "unsafe"
    assert flaglift("check", "--unsafe-fixes").stderr == "moved 1 prompt to fields\n"


def test_what_sarif_says_of_a_fix_is_what_the_fix_does() -> None:
    write({**SERVED, "c.py": f"é = '''😀\n{LONG}'''\r\n"})
    run = json.loads(flaglift("check", "--output-format", "sarif").stdout)["runs"][0]
    for path in ("a.json", "c.py"):
        text = Path(path).read_bytes().decode()
        for result in run["results"]:
            place = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            if place != path or "fixes" not in result:
                continue
            (change,) = result["fixes"][0]["artifactChanges"]
            (each,) = change["replacements"]
            region = each["deletedRegion"]
            starts = [0, *(i + 1 for i, sign in enumerate(text) if sign == "\n")]
            start = at(text, starts, region["startLine"], region["startColumn"])
            end = at(text, starts, region["endLine"], region["endColumn"])
            new = text[:start] + each["insertedContent"]["text"] + text[end:]
            Path(path).write_bytes(new.encode())
            left = [f for f in found("--isolated", path) if f["code"] == result["ruleId"]]
            assert left == []
            Path(path).write_bytes(text.encode())


def at(text: str, starts: list[int], line: int, column: int) -> int:
    """The code point of a line and a column in UTF-16."""
    offset, units = starts[line - 1], 1
    while units < column:
        units += 2 if text[offset] > "\uffff" else 1
        offset += 1
    return offset


def test_a_fix_that_depends_on_a_hole_is_left_out_and_said() -> None:
    text = 'x = f"a cat --duration 7 --duration 77 x \N{EM DASH}video {more}"\n'
    write({"a.py": text})
    run = flaglift("check", "--unsafe-fixes")
    assert Path("a.py").read_text() == text
    assert "flaglift: a.py:1: not fixed: the fix depends on the value of {more}\n" in run.stderr


def test_no_fix_is_made_amid_broken_code() -> None:
    text = f'f(x = "{TWICE}"\n'
    write({"a.py": text})
    run = flaglift("check", "--fix", "--output-format", "sarif")
    assert Path("a.py").read_text() == text
    assert run.returncode == 1
    assert "flaglift: a.py:1: not fixed: " in run.stderr
    results = json.loads(run.stdout)["runs"][0]["results"]
    assert "FL104" in {each["ruleId"] for each in results}
    assert not any("fixes" in each for each in results)


def test_what_the_encoding_of_a_file_cannot_hold_is_not_written() -> None:
    old = (
        '# coding: latin-1\nf({"text": "é --video --video_model kling25 --video_prompt \\u732b"})\n'
    ).encode("latin-1")
    write({**MOVES, "a.py": old})
    run = flaglift("check", "--unsafe-fixes")
    assert run.returncode == 2
    assert run.stderr.startswith("flaglift: a.py: ")
    assert " has no '\\u732b', so it is not fixed\n" in run.stderr
    assert "a.py:2:" in run.stdout
    assert Path("a.py").read_bytes() == old


def test_a_file_that_changes_meanwhile_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    write({"a.txt": TWICE})
    real = os.fsync

    def late(handle: int) -> None:
        real(handle)
        Path("a.txt").write_text("somebody else's")

    monkeypatch.setattr(os, "fsync", late)
    run = flaglift("check", "--fix")
    assert run.returncode == 2
    assert "flaglift: a.txt: was changed meanwhile, so it is not rewritten\n" in run.stderr
    assert Path("a.txt").read_text() == "somebody else's"
    assert os.listdir() == ["a.txt"]


def test_other_encodings_are_written_as_they_were() -> None:
    old = f"# coding: latin-1\nx = 'é {LONG}'\n"
    write({"a.py": old.encode("latin-1")})
    assert flaglift("check", "--unsafe-fixes").returncode == 0
    assert Path("a.py").read_bytes() == old.replace("7", "5").encode("latin-1")


def test_a_full_disk_leaves_the_file_and_nothing_beside_it() -> None:
    old = f"{TWICE}\n" * 200
    write({"a.txt": old})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
    try:
        run = flaglift("check", "--fix", "--select", "FL104")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert run.returncode == 2
    assert run.stderr.startswith("flaglift: a.txt: cannot be written: file too large\n")
    assert Path("a.txt").read_text() == old
    assert os.listdir() == ["a.txt"]


def test_a_parser_that_is_not_installed_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    write({"a.rb": f'x = "{LONG}"\n', "b.rb": f'x = "{LONG}"\n', "c.txt": LONG})
    script = (
        "import sys; sys.modules['tree_sitter_ruby'] = None\n"
        "from flaglift.cli import main; sys.argv[1:] = ['check', '--select', 'FL402']; main()"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=False, text=True
    )
    assert run.returncode == 2
    assert run.stderr.count("ruby files need `tree_sitter_ruby`, which is not installed") == 1
    assert "pip install 'flaglift[hosts]'" in run.stderr
    assert run.stdout.startswith("c.txt:1:")


def test_a_run_without_flags_loads_no_parser(here: Path) -> None:
    git("init", "-q")
    write({"a.py": "x = 'plain'\n", "b.md": "# plain\n", "c.json": "{}"})
    script = (
        "import sys\n"
        "from flaglift.cli import cli\n"
        "code = cli.main(['check'], prog_name='flaglift', standalone_mode=False)\n"
        "heavy = {'lark', 'pydantic', 'rich', 'tree_sitter', 'yaml'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "sys.exit(code)"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=False, text=True
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_what_is_remembered_loads_no_parser(here: Path) -> None:
    write({"a.txt": LONG})
    first = process("check", "--output-format", "concise")
    script = (
        "import sys\n"
        "from flaglift.cli import cli\n"
        "arguments = ['check', '--output-format', 'concise']\n"
        "code = cli.main(arguments, prog_name='flaglift', standalone_mode=False)\n"
        "assert not {'lark', 'pydantic', 'rich'} & set(sys.modules)\n"
        "sys.exit(code)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (1, first.stdout, first.stderr)


# Watching.


def test_a_change_is_checked_again() -> None:
    write({"a.txt": SHORT})
    with subprocess.Popen(
        [sys.executable, "-m", "flaglift", "check", "--watch", "--output-format", "concise"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stderr is not None
        assert running.stdout is not None
        assert running.stderr.readline().startswith("flaglift: checking at ")
        assert running.stdout.readline().startswith("a.txt:1:")
        assert running.stderr.readline() == "1 info\n"
        line = ""
        for number in range(600):  # until the watcher has begun to look
            Path("a.txt").write_text(f"{number} {LONG}")
            time.sleep(0.1)
            if Path(f"/proc/{running.pid}/syscall").exists():
                line = running.stderr.readline() if ready(running.stderr.fileno()) else ""
            if line:
                break
        assert line.startswith("flaglift: checking at ")
        assert "FL001" in running.stdout.readline()
        assert "FL402" in running.stdout.readline()
        Path("flaglift.toml").write_text("selct = []")
        text = ""
        while "unknown key" not in text:
            text = running.stderr.readline()
            assert text
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert err.strip().splitlines()[-1] == "flaglift: interrupted"


def ready(handle: int) -> bool:
    return bool(select.select([handle], [], [], 0)[0])


def test_watching_in_this_process() -> None:
    write({"a.txt": SHORT})
    stop = threading.Event()

    def change() -> None:
        for number in count():
            if stop.wait(0.2):
                return
            Path("a.txt").write_text(f"{number} {LONG}")
            if number == 10:
                write({"flaglift.toml": "selct = []"})
            if number > 10 and number % 10 == 0:
                os.kill(os.getpid(), signal.SIGINT)

    changing = threading.Thread(target=change)
    changing.start()
    try:
        run = flaglift("check", "--watch")
    finally:
        stop.set()
        changing.join()
    assert run.returncode == 130
    assert run.stderr.count("flaglift: checking at ") > 1
    assert "unknown key `selct`" in run.stderr
    assert run.stderr.endswith("flaglift: interrupted\n")


@contextmanager
def watching(*args: str, output: str = "run.log") -> Iterator[Callable[[], int]]:
    """Run `check --watch` meanwhile; yield what counts its checks so far, once one is over."""
    with open("../err", "wb") as err, open(output, "wb") as out:
        running = subprocess.Popen(
            [sys.executable, "-m", "flaglift", "check", "--watch", *args],
            stdout=out,
            stderr=err,
            # Whoever runs the tests may ignore it, and children inherit that.
            preexec_fn=lambda: signal.signal(  # noqa: PLW1509 (it starts no thread)
                signal.SIGINT, signal.default_int_handler
            ),
        )

    def checks() -> int:
        return Path("../err").read_text().count("flaglift: checking at ")

    try:
        eventually(lambda: "error" in Path("../err").read_text())
        yield checks
    finally:
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == 130


def eventually(true: Callable[[], bool]) -> None:
    for _ in range(600):
        if true():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come about in a minute")


@pytest.mark.parametrize("output", ["run.log", "run.txt", "run"])
def test_what_a_run_writes_itself_is_no_change(output: str) -> None:
    write({"a.txt": LONG})
    reports = ["--report", "sarif=r.sarif", "--report", "json=r.json"]
    with watching(*reports, output=output) as checks:
        time.sleep(1)
        assert checks() == 1
        write({"a.txt": f"{LONG} dog"})
        eventually(lambda: checks() == 2)
        write({"b.log": "x", "a.txt~": "y"})
        time.sleep(1)
        assert checks() == 2


def test_what_a_run_is_redirected_to_is_not_checked() -> None:
    write({"a.txt": LONG, "loop.txt/x": ""})
    Path("gone.txt").symlink_to("nowhere")
    for _ in range(2):
        with open("out.txt", "ab") as out, open("err.txt", "ab") as err:
            command = [sys.executable, "-m", "flaglift", "check"]
            run = subprocess.run(command, stdout=out, stderr=err, check=False)
        assert run.returncode == 1
    assert "out.txt" not in Path("out.txt").read_text()
    assert "out.txt:" in flaglift("check").stdout


def test_a_file_that_is_replaced_is_watched_still() -> None:
    write({"a.txt": LONG, "b.txt": LONG})
    with watching("a.txt") as checks:
        for number in range(2, 5):
            write({"new": f"{number} {LONG}", "b.txt": f"{number} {LONG}"})
            os.replace("new", "a.txt")
            eventually(lambda wanted=number: checks() == wanted)  # type: ignore[misc]
        Path("a.txt").unlink()
        eventually(lambda: checks() == 5)
        assert "a.txt: no such file" in Path("../err").read_text()


def test_a_file_that_a_link_leads_to_is_watched_too() -> None:
    write({"sub/a.txt": LONG})
    Path("link.txt").symlink_to("sub/a.txt")
    with watching("link.txt") as checks:
        write({"new": f"2 {LONG}"})
        os.replace("new", "sub/a.txt")
        eventually(lambda: checks() == 2)


def test_a_sentence_for_many_files_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    write({"a.rb": LONG, "b.rb": LONG, "c.txt": LONG})

    def missing(name: str) -> object:
        if name == "ruby":
            raise InputError("ruby files need a parser")
        return host_named(name)

    monkeypatch.setattr(working, "host_named", missing)
    run = flaglift("check", "--select", "FL402")
    assert run.returncode == 2
    assert run.stderr.startswith("flaglift: ruby files need a parser\n1 error")
    assert run.stdout.startswith("c.txt:1:")

    def halted(name: str) -> object:
        raise ModuleNotFoundError(name="tree_sitter_ruby")

    monkeypatch.setattr(working, "host_named", halted)
    assert "lines files need `tree_sitter_ruby`" in flaglift("check", "c.txt").stderr


def test_what_cannot_be_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    run = flaglift("check", "--watch", "-")
    assert (run.returncode, run.stderr) == (2, "flaglift: --watch cannot watch standard input\n")
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    run = flaglift("check", "--watch")
    assert run.returncode == 2
    assert "pip install 'flaglift[watch]'" in run.stderr


def test_a_name_for_standard_input_needs_standard_input() -> None:
    write({"a.txt": LONG})
    done = flaglift("check", "--stdin-filename", "b.txt", "a.txt")
    assert done.returncode == 2
    assert "give `-` as a path too" in done.stderr


def test_kinds_of_files_that_are_not_read_are_counted_up_to_a_few() -> None:
    for kind in "abcdefghijklmnop":
        write({f"x.{kind}zz": LONG})
    done = flaglift("check", ".")
    assert "more kinds" in done.stdout + done.stderr


def test_a_named_file_of_an_unknown_kind_is_an_error() -> None:
    write({"a.zzz": LONG, "b": LONG})
    assert ".zzz files are not read; --lines" in flaglift("check", "a.zzz").stderr
    done = flaglift("check", "b")
    assert done.returncode == 2
    assert "its name tells no kind of file" in done.stderr
