"""The format for people: a prompt once, wrapped, with marks under all that is said of it."""

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flaglift.diagnostics import Applicability, Diagnostic, Fix, Severity
from flaglift.lossless.spans import Edit, Span
from flaglift.report.formats.full import lines
from flaglift.report.places import LineIndex
from flaglift.report.record import FindingsReport, Frame, LocatedFinding, record_at
from flaglift.report.text import text_of, width
from flaglift.report.wrapping import rows
from running import flaglift

PROMPT = (
    "ohwx woman 猫 in a long dress, walking --video --video_model kling27 --duration 7 "
    "--video-prompt she smiles"
)


def found(
    prompt: str, about: tuple[int, int], code: str, severity: Severity, fix: Fix | None = None
) -> LocatedFinding:
    start, end = about
    said = f"what `{prompt[start:end]}` is about, in words that are wrapped"
    finding = Diagnostic(start, end, code, "a-rule", said, severity, fix)
    span = Span(len(prompt[:start].encode()), len(prompt[:end].encode()))
    frame = Frame(prompt, start, end - start)
    return record_at(
        "a.txt", LineIndex(prompt.encode()), span, finding, frame, fingerprint="0" * 16
    )


def shown(*records: LocatedFinding, columns: int | None = None) -> list[str]:
    return [text_of(line) for line in lines(FindingsReport(records, ()), columns)]


def test_the_findings_of_a_prompt_stand_together_the_worst_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text(f"{PROMPT}\na cat --video\n", encoding="utf-8")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "72")
    run = flaglift("check", "--isolated", "--no-cache", "a.txt")
    assert run.returncode == 1
    first, second = re.sub(r"\x1b(\[[\d;]*m|\]8;[^\x1b]*\x1b\\)", "", run.stdout).split("\n\n")
    assert first.splitlines() == [
        "a.txt:1:61",
        "  │ ohwx woman 猫 in a long dress, walking --video --video_model",
        "  │                                        ^^^^^^^ FL001 FL601",
        "  │ kling27 --duration 7 --video-prompt she smiles",
        "  │ ^^^^^^^ FL301        ^^^^^^^^^^^^^^ FL209",
        "  1:61 error FL301 unknown-model: `kling27` is not in the model catalog,",
        "    not in its earlier editions and not in the changelog, so the prompt",
        "    is not translated",
        "  1:82 warning FL209 hyphenated-flag: `--video-prompt` has a hyphen",
        "    instead of an underscore, so the service reads it as text and not as",
        "    `--video_prompt`",
        "    = fix (unsafe): write an underscore",
        "  1:39 info FL001 legacy-syntax: the service still accepts flags in the",
        "    text, and since 2026-04-29 has form fields for them",
        "  1:39 info FL601 missing-video-prompt: no `--video_prompt` is read, so",
        "    the image prompt is used for the video too: `ohwx woman 猫 in a long",
        "    dress, walking -…`",
        "  = text: ohwx woman 猫 in a long dress, walking --video --video_model",
        "    kling27 --duration 7 --video_prompt she smiles",
    ]
    assert second.startswith("a.txt:2:7\n  │ a cat --video\n")
    assert "\x1b[1;31merror" in run.stdout
    assert "\x1b[2minfo" in run.stdout


def test_in_a_pipe_each_message_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text(f"{PROMPT}\n", encoding="utf-8")
    run = flaglift("check", "--isolated", "--no-cache", "a.txt")
    concise = flaglift("check", "--isolated", "--no-cache", "--output-format", "concise", "a.txt")
    messages = [f"  {line.removeprefix('a.txt:')}" for line in concise.stdout.splitlines()]
    listed = run.stdout.splitlines()
    assert {line.replace(": ", " ", 1) for line in messages} < set(listed)


WORDS = st.lists(
    st.one_of(
        st.text(st.sampled_from("ab猫😀e\u0301…"), min_size=1, max_size=70),
        st.text(st.sampled_from(" \n"), min_size=1, max_size=3),
    ),
    max_size=12,
).map("".join)


@example("aaaaaaaaa a", 4, 0)
@given(WORDS, st.integers(4, 60), st.integers(0, 20))
def test_rows_hold_the_text_and_break_at_whole_words(text: str, most: int, less: int) -> None:
    later = max(2, most - less)
    spans = list(rows(text, most, later))
    assert spans[0].start == 0
    assert spans[-1].end == len(text)
    limit = most
    for span, following in zip(spans, [*spans[1:], None], strict=True):
        row = span.of(text)
        assert "\n" not in row
        assert width(row.rstrip(" ")) <= limit
        if following is None:
            continue
        between = text[span.end : following.start]
        assert between in ("", "\n")
        limit = most if between else later
        if not between and row[-1:] != " ":  # a word that is cut does not fit into a row
            begun = re.split("[ \n]", text[: span.end])[-1]
            rest = re.split("[ \n]", text[span.end :])[0]
            assert width(begun + rest) > later or not rest


@given(st.data(), st.sampled_from([30, 60, 80, 120, None]))
def test_each_mark_is_under_what_it_is_about(data: st.DataObject, columns: int | None) -> None:
    words = data.draw(
        st.lists(
            st.text(st.sampled_from("xy猫😀"), min_size=1, max_size=9), min_size=1, max_size=25
        )
    )
    prompt = " ".join(words)
    starts = [len(" ".join(words[:number])) + bool(number) for number in range(len(words))]
    chosen = data.draw(st.sets(st.integers(0, len(words) - 1), min_size=1))
    records = [
        found(prompt, (starts[at], starts[at] + len(words[at])), f"FL{at + 100}", Severity.WARNING)
        for at in sorted(chosen)
    ]
    printed = shown(*records, columns=columns)
    assert all(width(line) <= (columns or 100) for line in printed if line.startswith("  │"))
    marks: dict[str, str] = {}
    row = ""
    for line in printed:
        if not line.startswith("  │ "):
            continue
        if "^" not in line:
            row = line
            continue
        for match in re.finditer(r"(\^+)(?: (FL\d+))?", line):
            code = match[2] or records[0].finding.code
            under = at_columns(row, *match.span(1))
            marks[code] = marks.get(code, "") + under
    for at in chosen:
        assert marks[f"FL{at + 100}"] == words[at]


def at_columns(text: str, begin: int, end: int) -> str:
    """Return the characters that a terminal shows in these columns."""
    column = 0
    characters = ""
    for character in text:
        if begin <= column < end:
            characters += character
        column += width(character)
    return characters


def test_marks_that_overlap_come_below_each_other_and_of_one_place_are_one() -> None:
    prompt = "one two three"
    printed = shown(
        found(prompt, (0, 13), "FL101", Severity.INFO),
        found(prompt, (4, 7), "FL102", Severity.ERROR),
        found(prompt, (4, 7), "FL103", Severity.WARNING),
        found(prompt, (8, 13), "FL104", Severity.WARNING),
    )
    assert printed[:5] == [
        "a.txt:1:5",
        "  │ one two three",
        "  │ ^^^^^^^^^^^^^ FL101",
        "  │     ^^^ FL102 FL103",
        "  │         ^^^^^ FL104",
    ]


def test_what_is_found_at_the_end_has_a_mark_behind_it() -> None:
    for prompt in ("a cat", "a cat\n", "a cat\r\nb"):
        printed = shown(found(prompt, (5, 5), "FL101", Severity.INFO))
        assert printed[1:3] == ["  │ a cat", "  │      ^"]


def test_the_text_is_what_all_fixes_make_that_do_not_overlap() -> None:
    prompt = "a cat\r\nb"
    fixes = [Edit(0, 1, "the"), Edit(0, 2, "no"), Edit(7, 8, "猫\x1b")]
    records = [
        found(prompt, (0, 1), "FL101", Severity.INFO, Fix("t", Applicability.SAFE, (edit,)))
        for edit in fixes
    ]
    assert shown(*records)[-2:] == ["  = text: the cat", "    猫·"]
    proposal = Fix("say more", Applicability.DISPLAY_ONLY, (fixes[0],))
    printed = shown(found(prompt, (0, 1), "FL101", Severity.INFO, proposal))
    assert printed[-1] == "    = fix (display-only): say more"


def test_a_text_of_many_rows_is_shown_around_its_marks() -> None:
    prompt = "\n".join(f"row {number} " for number in range(40))
    at = prompt.index("20")
    fix = Fix("t", Applicability.SAFE, (Edit(at, at + 2, "21"),))
    printed = shown(found(prompt, (at, at + 2), "FL101", Severity.ERROR, fix))
    assert printed[1:7] == [
        "  ⋮",
        "  │ row 19",
        "  │ row 20",
        "  │     ^^",
        "  │ row 21",
        "  ⋮",
    ]
    assert "text" not in printed[-1]


def test_holes_are_shown_as_the_file_spells_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.js").write_text(
        "const t = `${who.name} 猫 --video --video_model ${model} --duration 77`;\n",
        encoding="utf-8",
    )
    run = flaglift("check", "--isolated", "--no-cache", "--select", "FL402", "a.js")
    _, row, mark, *_ = run.stdout.splitlines()
    assert row == "  │ ${who.name} 猫 --video --video_model ${model} --duration 77"
    assert mark == "  │" + " " * 58 + "^^"


def test_many_quiet_findings_say_how_to_hide_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    prompt = 'a cat {} --video --video_model kling25 --duration 5 --video_prompt "x"\n'
    Path("a.txt").write_text("".join(map(prompt.format, range(10))))
    run = flaglift("check", "--isolated", "--no-cache", "a.txt")
    assert run.stderr == "10 info\nflaglift: `--ignore FL001` hides 10 info findings\n"
    hidden = flaglift("check", "--isolated", "--no-cache", "--ignore", "FL001", "a.txt")
    assert (hidden.stdout, hidden.stderr) == ("", "")
    for more in (["--diff"], ["--output-format", "concise"], ["--select", "FL402"]):
        run = flaglift("check", "--isolated", "--no-cache", *more, "a.txt")
        assert "hides" not in run.stderr
    Path("a.txt").write_text("".join(map(prompt.format, range(9))))
    assert "hides" not in flaglift("check", "--isolated", "--no-cache", "a.txt").stderr
