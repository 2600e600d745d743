"""Findings to live with, known by the prompt and not by its place."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaglift import parse
from flaglift.check.document import fingerprint
from flaglift.syntax.words import quote
from repositories import LONG, SHORT, codes, commit, found, git, write
from running import flaglift

KNOWN = ("--baseline", "known.json")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def known() -> list[tuple[str, str]]:
    return [(e["path"], e["rule"]) for e in json.loads(Path("known.json").read_text())["findings"]]


def test_what_is_in_it_is_not_reported() -> None:
    idle = "# flaglift: ignore[FL101]\n"
    write({"a.py": f'{idle}x = "{LONG}"\n', "b.txt": f"{LONG} --video\n"})
    run = flaglift("baseline", "write", *KNOWN)
    assert (run.returncode, run.stdout) == (0, "")
    assert run.stderr == "known.json: 5 entries for 6 findings; use it with --baseline known.json\n"
    assert codes(*KNOWN) == [("a.py", 1, "FL901")]
    write({"a.py": f'x = "{LONG}"\n'})
    run = flaglift("check", *KNOWN)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "5 in the baseline\n")
    assert found(*KNOWN) == []
    write({"c.txt": f"a dog {LONG}"})
    assert codes(*KNOWN) == [("c.txt", 1, "FL402")]


def test_a_prompt_keeps_its_entry_where_it_goes_and_however_it_is_written() -> None:
    write({"a.py": f'x = "{LONG}"\n'})
    flaglift("baseline", "write", *KNOWN)
    Path("a.py").unlink()
    spaced = (
        LONG.replace(" ", "   ").replace("yawn", '"yawn"').replace("--duration   7", "--duration=7")
    )
    write(
        {
            "b.js": f"const x = {{ text: '{spaced}' }};\n",
            "c.json": json.dumps({"text": LONG}),
            "d.md": f"```text\n\n\n{LONG}\n```\n",
            "e.sh": f"curl -F 'prompt[text]={LONG}' https://example.org\n",
        }
    )
    assert len(codes("--isolated")) == 4
    assert codes(*KNOWN) == []


def test_a_fix_and_a_regression_do_not_cancel_out() -> None:
    write({"a.txt": f"{LONG}\na dog {LONG}\n"})
    flaglift("baseline", "write", *KNOWN)
    assert codes(*KNOWN) == []
    write({"a.txt": f"{SHORT}\na dog {LONG}\na hen {LONG}\n"})
    left = codes(*KNOWN)
    assert ("a.txt", 3, "FL402") in left
    assert [code for path, _, code in left if path == "known.json"] == ["FL901", "FL901"]


def test_entries_that_nothing_reports_are_said_and_pruned() -> None:
    git("init", "-q")
    write({"a.txt": LONG, "sub/b.txt": f"a dog {LONG}"})
    flaglift("baseline", "write", *KNOWN)
    write({"a.txt": SHORT})
    place = [(path, code) for path, _, code in codes(*KNOWN)]
    assert place == [("known.json", "FL901")] * 2
    run = flaglift("check", *KNOWN, "--select", "FL402,FL901")
    assert run.returncode == 1
    assert "FL402 is in the baseline for a prompt where nothing reports it any more" in run.stdout
    assert "`flaglift baseline prune` removes it" in run.stdout
    assert codes(*KNOWN, "--ignore", "FL901") == codes(*KNOWN, "--select", "FL1") == []
    # Only a run over all files tells.
    assert codes(*KNOWN, "sub") == codes(*KNOWN, "a.txt") == codes(*KNOWN, "--staged") == []
    run = flaglift("baseline", "prune", *KNOWN)
    assert (run.returncode, run.stderr) == (0, "known.json: 2 removed, 2 left\n")
    assert known() == [("sub/b.txt", "FL001"), ("sub/b.txt", "FL402")]
    assert codes(*KNOWN) == []
    before = Path("known.json").stat().st_mtime_ns
    assert flaglift("baseline", "prune", *KNOWN).stderr == "known.json: 0 removed, 2 left\n"
    assert Path("known.json").stat().st_mtime_ns == before


def test_entries_of_rules_that_do_not_run_are_not_pruned() -> None:
    write({"a.txt": LONG})
    flaglift("baseline", "write", *KNOWN)
    write({"a.txt": "a cat"})
    for args in (["--select", "FL1"], ["--ignore", "FL402,FL001"]):
        run = flaglift("baseline", "prune", *KNOWN, *args)
        assert (run.returncode, run.stderr) == (0, "known.json: 0 removed, 2 left\n")
    run = flaglift("baseline", "prune", *KNOWN, "--ignore", "FL001")
    assert run.stderr == "known.json: 1 removed, 1 left\n"
    assert known() == [("a.txt", "FL001")]
    # Of a rule that is no more, nothing will ever be reported.
    text = Path("known.json").read_text()
    write({"known.json": text.replace('"FL001"', '"FL000"')})
    assert flaglift("baseline", "prune", *KNOWN, "--select", "FL1").stderr.endswith("0 left\n")


@pytest.mark.parametrize("option", ["--staged", "--since=HEAD"])
def test_a_part_of_the_files_prunes_nothing(option: str) -> None:
    git("init", "-q")
    commit({"a.txt": LONG})
    flaglift("baseline", "write", *KNOWN)
    run = flaglift("baseline", "prune", *KNOWN, option)
    assert run.returncode == 2
    assert "--staged and --since leave out files" in run.stderr
    assert known() == [("a.txt", "FL001"), ("a.txt", "FL402")]


def test_a_prompt_in_many_places_is_one_entry() -> None:
    write({f"{name}.txt": LONG for name in "abcdefgh"})
    flaglift("baseline", "write", *KNOWN, "--select", "FL402")
    assert known() == [("a.txt", "FL402")]


def test_fixes_leave_it_alone() -> None:
    write({"a.txt": LONG, "b.json": json.dumps({"text": LONG})})
    flaglift("baseline", "write", *KNOWN)
    write({"c.txt": f"a dog {LONG}"})
    run = flaglift("check", "--unsafe-fixes", *KNOWN)
    assert run.returncode == 0
    assert Path("a.txt").read_text() == LONG
    assert json.loads(Path("b.json").read_text()) == {"text": LONG}
    assert Path("c.txt").read_text() == f"a dog {SHORT}"


def test_the_configuration_may_name_it() -> None:
    write({"flaglift.toml": 'baseline = "known.json"', "a.txt": LONG, "sub/b.txt": LONG})
    run = flaglift("check")
    assert run.returncode == 2
    assert (
        "known.json: no such file or directory; `flaglift baseline write` makes one" in run.stderr
    )
    assert flaglift("baseline", "write").stderr == "known.json: 2 entries for 4 findings\n"
    assert codes() == []


def test_without_a_name_it_has_a_usual_one() -> None:
    write({"a.txt": SHORT})
    run = flaglift("baseline", "write")
    assert run.stderr.startswith("flaglift-baseline.json: 1 entry for 1 finding; use it with")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "known.json: not valid JSON: "),
        ("[]", "known.json: is not a baseline of version 1"),
        ('{"version": 2, "findings": []}', "known.json: is not a baseline of version 1"),
        ('{"version": 1}', "is not a baseline of version 1"),
        ('{"version": 1, "findings": [5]}', "is not a baseline of version 1"),
        ('{"version": 1, "findings": [{"prompt": "a"}]}', "is not a baseline of version 1"),
        (b"\xff", "known.json: not valid JSON: "),
    ],
)
def test_what_is_no_baseline_is_said(text: str | bytes, sentence: str) -> None:
    write({"known.json": text, "a.txt": LONG})
    for args in (["check", "a.txt"], ["baseline", "prune"]):
        run = flaglift(*args, *KNOWN)
        assert run.returncode == 2
        assert sentence in run.stderr


@pytest.mark.parametrize(
    "text", [LONG, "[]", '{"prompt": {"text": "a"}}', b"\xff", '{"versions": 1}']
)
def test_a_file_that_is_no_baseline_is_not_replaced(text: str | bytes) -> None:
    write({"known.json": text, "a.txt": LONG})
    before = Path("known.json").read_bytes()
    run = flaglift("baseline", "write", *KNOWN)
    assert run.returncode == 2
    assert run.stderr.startswith("flaglift: known.json: is not a baseline, so it is not replaced")
    assert Path("known.json").read_bytes() == before


@pytest.mark.parametrize("text", ["", "\n", '{\n  "version": 1,\n<<<<<<< a\n=======\n>>>>>>> b\n'])
def test_an_empty_file_and_a_baseline_with_conflicts_are_replaced(text: str) -> None:
    write({"known.json": text, "a.txt": SHORT})
    assert flaglift("baseline", "write", "a.txt", *KNOWN).returncode == 0
    assert len(known()) == 1


def test_what_cannot_be_read_keeps_its_entries() -> None:
    write({"a.txt": LONG})
    flaglift("baseline", "write", *KNOWN)
    Path("a.txt").unlink()
    run = flaglift("baseline", "prune", "a.txt", *KNOWN)
    assert run.returncode == 2
    assert known()
    assert flaglift("baseline", "write", "a.txt", *KNOWN).returncode == 2
    Path("dir").mkdir()
    run = flaglift("baseline", "write", "--baseline", "no/where.json")
    assert run.returncode == 2
    assert "no/where.json: cannot be written: no such file or directory" in run.stderr
    write({"b.txt": f"{LONG} \xe9".encode("latin-1")})
    run = flaglift("baseline", "write", "b.txt", *KNOWN)
    assert run.returncode == 2
    assert "b.txt: not UTF-8" in run.stderr


# The fingerprint.

WORDS = st.text(st.sampled_from("ab-é"), min_size=1, max_size=4).filter(
    lambda word: not word.startswith("-")
)
BLANKS = st.text(st.sampled_from(" \t\r\n"), min_size=1, max_size=3)


@given(st.lists(WORDS, min_size=1, max_size=4), WORDS, st.data())
def test_spacing_and_quoting_do_not_count(
    words: list[str], value: str, data: st.DataObject
) -> None:
    def written() -> str:
        blanks = data.draw(st.lists(BLANKS, min_size=9, max_size=9))
        shown = data.draw(st.sampled_from([value, f'"{value}"', quote(value), f"\\{value}"]))
        joint = data.draw(st.sampled_from([" ", "=", "  "]))
        parts = [*words, "--video", f"--video_prompt{joint}{shown}", "last"]
        return "".join(part + blank for part, blank in zip(parts, blanks, strict=False))

    assert fingerprint(parse(written())) == fingerprint(parse(written()))


@given(st.lists(WORDS, max_size=3), st.lists(WORDS, max_size=3), WORDS, WORDS)
def test_words_and_values_count(one: list[str], two: list[str], a: str, b: str) -> None:
    first = fingerprint(parse(" ".join([*one, "--video_prompt", a])))
    second = fingerprint(parse(" ".join([*two, "--video_prompt", b])))
    assert (first == second) == ((one, a) == (two, b))
    assert len(first) == 16
