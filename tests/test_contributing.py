"""What a contributor edits is all there is to edit: shown in copies of the package.

A rule is a file and its line in `RULES`. A flag is a row of the table of flags, its terminal in the
grammar and its name in the rule `flag` there.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import lark
import pytest

ROOT = Path(__file__).parents[1]
GRAMMAR = ROOT / "grammar" / "legacy_video.lark"


class Copy:
    """A copy of the package, with the grammar inside, in front of the installed one."""

    def __init__(self, folder: Path) -> None:
        self.package = folder / "copy" / "flaglift"
        shutil.copytree(ROOT / "src" / "flaglift", self.package)
        shutil.copytree(ROOT / "grammar", self.package / "grammar")
        self.folder = folder
        self._environment = {**os.environ, "PYTHONPATH": str(self.package.parent)}

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.package / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{file}: {old!r}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def run(self, program: str) -> Any:
        """Run a program; return what it prints last, as JSON."""
        done = self._python("-c", program)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def flaglift(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._python("-m", "flaglift", *arguments)

    def _python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


# ---- A rule -------------------------------------------------------------------------------------

RULE = '''"""FL699 echoed-body."""

from flaglift.rules.base import Diagnostic, Feature, Invalid, Iterator, Rule, Severity, Subject
from flaglift.rules.base import Valid


class EchoedBody(Rule):
    """
    What it does
        Finds a video prompt that says what the text says.

    Why
        A test adds this rule.

    Example
        a cat --video --video_model kling25 --video_prompt "a cat"

    Use instead
        a cat --video --video_model kling25 --video_prompt "it yawns"

    Fix safety
        No fix.

    Ground
        A test.
    """

    code = "FL699"
    name = "echoed-body"
    severity = Severity.WARNING
    trigger = Feature.VIDEO
    refuses = True

    VALID = (Valid('a cat --video --video_model kling25 --video_prompt "it yawns"', "another"),)
    INVALID = (Invalid('a cat --video --video_model kling25 --video_prompt "a cat"', "the same"),)

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding where both say the same."""
        if subject.written_prompt == subject.image_prompt:
            yield self.report(subject.segment.flags[0].span, "the video prompt is the text")
'''

FLAGS = "--video --video_model kling25 --duration 5"
WORDS = (("cat", "dog"), ("dog", "cat"), ("cat", "cat"), ("cow", "dog"), ("cow", "cow"))
PROMPTS = [f'a {who} {FLAGS} --video_prompt "a {what}"' for who, what in WORDS]
ECHOES = [2, 4]

SAID = f"""
import json, sqlite3
from pathlib import Path
import pyarrow as pa
import flaglift
from flaglift.columns import translate_column
prompts = {PROMPTS!r}
codes = lambda found: "FL699" in found
said = {{
    "lint": [codes([d.code for d in flaglift.lint(p)]) for p in prompts],
    "translate": [flaglift.translate(p).status.value == "refused" for p in prompts],
    "column": [codes(row["codes"]) for row in translate_column(pa.array(prompts)).to_pylist()],
}}
lines = [json.dumps({{"text": p}}) for p in prompts]
Path("p.jsonl").write_text("\\n".join(lines) + "\\n")
Path("p.txt").write_text("\\n".join(prompts) + "\\n")
db = sqlite3.connect("p.db")
columns = "video_model TEXT, video_prompt TEXT, video_duration INTEGER"
db.execute(f"CREATE TABLE prompts (id INTEGER PRIMARY KEY, text TEXT, {{columns}})")
db.executemany("INSERT INTO prompts (text) VALUES (?)", [(p,) for p in prompts])
db.commit()
print(json.dumps(said))
"""


def _add_rule(copy: Copy, rule: str) -> None:
    (copy.package / "rules" / "echoed_body.py").write_text(rule, encoding="utf-8")
    copy.edit(
        "rules/__init__.py",
        "    UNUSED_SUPPRESSION,\n)",
        "    EchoedBody(),\n    UNUSED_SUPPRESSION,\n)\n",
    )
    copy.edit(
        "rules/__init__.py",
        "from flaglift.rules.empty_video_prompt",
        "from flaglift.rules.echoed_body import EchoedBody\nfrom flaglift.rules.empty_video_prompt",
    )


def test_a_rule_is_a_file_and_a_line(copy: Copy) -> None:
    _add_rule(copy, RULE)
    expected = [number in ECHOES for number in range(len(PROMPTS))]
    assert copy.run(SAID) == dict.fromkeys(("lint", "translate", "column"), expected)
    checked = copy.flaglift("check", "p.txt", "--output-format", "jsonl", "--no-cache")
    found = [json.loads(line) for line in checked.stdout.splitlines()]
    assert [f["line"] - 1 for f in found if f["code"] == "FL699"] == ECHOES
    for source in ("p.jsonl", "sqlite:///p.db#prompts"):
        done = copy.flaglift("migrate", "apply", source, "--quiet")
        assert done.returncode == 1, done.stderr  # two are refused
    kept = [
        "--video" in json.loads(line)["text"]
        for line in (copy.folder / "p.migrated.jsonl").read_text().splitlines()
    ]
    assert kept == expected
    rows = copy.run(
        "import json, sqlite3; rows = sqlite3.connect('p.db').execute('SELECT text FROM prompts')\n"
        "print(json.dumps(['--video' in row[0] for row in rows]))"
    )
    assert rows == expected
    assert (
        "Finds a video prompt that says what the text says."
        in copy.flaglift("rule", "FL699").stdout
    )


ORDERED = """
import itertools, json
import flaglift
from flaglift.linting.engine import examine
flags = ["--video", "--video_model kling25", '--video_prompt "it naps"']
prompts = [f"a cat {' '.join(each)}" for each in itertools.permutations(flags)]
lint = [[d.to_dict() for d in flaglift.lint(p)] for p in prompts]
alone = [examine(p, flaglift.Settings(), flaglift.Context()).diagnostics for p in prompts]
print(json.dumps([
    [any(d["code"] == "FL699" for d in each) for each in lint],
    lint == [[d.to_dict() for d in each] for each in alone],
]))
"""


@pytest.mark.parametrize("place", [0, -1])
def test_a_rule_may_read_the_order_of_the_flags(copy: Copy, place: int) -> None:
    rule = RULE.replace("import Diagnostic,", "import Diagnostic, Edit, Reads, safe,")
    rule = rule.replace("    refuses = True\n", "    reads = Reads.ORDER\n")
    written = (
        rule[: rule.index("        if subject.written_prompt")]
        + f"""\
        first = subject.segment.flags[0]
        if first.name != "video":
            start = first.start
            fix = safe("begin with the switch", Edit(start, start, "--video "))
            yield self.report(subject.segment.flags[{place}].span, "too late", fix=fix)
"""
    )
    _add_rule(copy, written)
    late = [False, False, True, True, True, True]
    assert copy.run(ORDERED) == [late, True]


# ---- A flag -------------------------------------------------------------------------------------

ADDED = {
    "SOUND": '"sound", "video_sound", ValueKind.WORD, False',
    "FPS": '"fps", "video_fps", ValueKind.WHOLE_NUMBER, False',
    "LOOP": '"loop", "video_loop", ValueKind.SWITCH, False',
}
"""Flags of several kinds, and their rows."""
FIELDS = {"video_sound": "loud", "video_fps": 24, "video_loop": True}
FLAGGED = (
    'a cat --video --video_model kling25 --sound loud --fps 24 --loop --video_prompt "it yawns"'
)

OUTPUTS = f"""
import csv, json, sqlite3
from pathlib import Path
import pyarrow as pa
import pyarrow.parquet as pq
import flaglift
from flaglift.columns import RESULT, translate_column
from flaglift.lsp.wording import of_flag
from flaglift.syntax.flags import FlagName
from flaglift.shim.httpx import Transport
import httpx

prompt = {FLAGGED!r}
translation = flaglift.translate(prompt)
lowered = flaglift.lower(translation.fields)
sent = []
def upstream(request):
    sent.append(request.content.decode())
    return httpx.Response(200)
client = httpx.Client(transport=Transport(httpx.MockTransport(upstream)))
client.post("https://api.astria.ai/tunes/7/prompts", data={{"prompt[text]": prompt}})
Path("p.jsonl").write_text(json.dumps({{"text": prompt}}) + "\\n")
with open("p.csv", "w", newline="") as file:
    csv.writer(file).writerows([["id", "text"], [1, prompt]])
pq.write_table(pa.table({{"text": [prompt]}}), "p.parquet")
db = sqlite3.connect("p.db")
db.execute("CREATE TABLE prompts (id INTEGER PRIMARY KEY, text TEXT)")
db.execute("INSERT INTO prompts (text) VALUES (?)", (prompt,))
db.commit()
print(json.dumps({{
    "translate": translation.values,
    "column": translate_column(pa.array([prompt])).to_pylist()[0],
    "proposal": next(d.fix.title for d in flaglift.lint(prompt) if d.code == "FL001"),
    "unreadable": [
        [d.rule for d in flaglift.translate(f"{{prompt}} {{wrong}}").diagnostics if d.refuses]
        for wrong in ("--fps 24.5", "--loop=yes", "--sound")
    ],
    "conflict": [
        d.rule
        for d in flaglift.lint(prompt, context=flaglift.Context({{"video_loop": "false"}}))
        if d.refuses
    ],
    "lowered": flaglift.translate(lowered).values == translation.values,
    "sent": sorted(httpx.QueryParams(sent[0]).items()),
    "shown in editors": [of_flag(flag) for flag in FlagName],
}}))
"""

MIGRATED = """
import csv, json, sqlite3
from pathlib import Path
import pyarrow.parquet as pq
fields = ("video_sound", "video_fps", "video_loop")
migrated = {
    "jsonl": json.loads(Path("p.migrated.jsonl").read_text()),
    "csv": next(csv.DictReader(open("p.migrated.csv", newline=""))),
    "parquet": pq.read_table("p.migrated.parquet").to_pylist()[0],
}
db = sqlite3.connect("p.db")
db.row_factory = sqlite3.Row
migrated["sqlite"] = db.execute("SELECT * FROM prompts").fetchone()
print(json.dumps({store: [row[field] for field in fields] for store, row in migrated.items()}))
"""


def test_a_flag_is_a_row_and_its_word_in_the_grammar(copy: Copy) -> None:
    grammar = "grammar/legacy_video.lark"
    rows = "".join(f"    {name} = {row}\n" for name, row in ADDED.items())
    copy.edit("syntax/flags.py", '    DURATION = "duration"', f'{rows}    DURATION = "duration"')
    words = "".join(f'{name}.5: "--{name.lower()}" _NAME_END\n' for name in ADDED)
    copy.edit(grammar, "VIDEO.5:", f"{words}VIDEO.5:")
    copy.edit(grammar, "(VIDEO_MODEL | VIDEO_PROMPT", "(SOUND | FPS | VIDEO_MODEL | VIDEO_PROMPT")
    copy.edit(grammar, "flag: VIDEO (", "flag: (VIDEO | LOOP) (")
    said = copy.run(OUTPUTS)
    values = {"text": "a cat", "video_model": "kling25", "video_prompt": "it yawns", **FIELDS}
    assert said["translate"] == values
    assert said["column"] == said["column"] | values
    assert said["lowered"]
    assert dict(said["sent"]) == {
        f"prompt[{field}]": "true" if value is True else str(value)
        for field, value in values.items()
    }
    for field, value in FIELDS.items():
        assert f"{field}={value}" in said["proposal"]
    assert said["unreadable"] == [["malformed-duration"], ["value-on-switch"], ["missing-value"]]
    assert said["conflict"] == ["field-conflict"]
    for field in FIELDS:
        assert any(f"Form field: `{field}`" in shown for shown in said["shown in editors"])
    for source in ("p.jsonl", "p.csv", "p.parquet", "sqlite:///p.db#prompts"):
        done = copy.flaglift("migrate", "apply", source, "--quiet", "--create-columns")
        assert done.returncode == 0, (source, done.stderr)
    assert copy.run(MIGRATED) == {
        "jsonl": ["loud", 24, True],
        "csv": ["loud", "24", "true"],
        "parquet": ["loud", 24, "true"],
        "sqlite": ["loud", 24, "true"],
    }


def test_a_flag_is_renamed_in_the_grammar_and_the_table_alone(copy: Copy) -> None:
    copy.edit("grammar/legacy_video.lark", '"--video_model"', '"--clip_model"')
    copy.edit("syntax/flags.py", 'VIDEO_MODEL = "video_model",', 'VIDEO_MODEL = "clip_model",')
    prompt = "a cat --video --clip_model kling25 --duration 7"
    (copy.folder / "a.txt").write_text(f"{prompt}\n")
    said = copy.run(
        "import json, flaglift\n"
        f"prompt = {prompt!r}\n"
        "print(json.dumps([[f.name for f in flaglift.parse(prompt).flags],"
        " flaglift.translate(prompt).values['video_model'],"
        " len(flaglift.parse('a --video_model b').flags)]))"
    )
    assert said == [["video", "clip_model", "duration"], "kling25", 0]
    assert "FL402" in copy.flaglift("check", "--no-cache", "a.txt").stdout


# ---- The grammar --------------------------------------------------------------------------------


def test_plain_lark_finds_the_flags() -> None:
    parser = lark.Lark(GRAMMAR.read_text(encoding="utf-8"), parser="lalr")
    tree = parser.parse('a cat --video --video_model=kling25 --video_prompt "it yawns"')
    flags = [list(map(str, flag.children)) for flag in tree.find_data("flag")]
    assert flags == [
        ["--video"],
        ["--video_model", "=", "kling25"],
        ["--video_prompt", " ", '"it yawns"'],
    ]


def test_a_switch_without_a_field_would_say_nothing(copy: Copy) -> None:
    row = '    LOOP = "loop", "", ValueKind.SWITCH, False\n    DURATION = "duration"'
    copy.edit("syntax/flags.py", '    DURATION = "duration"', row)
    done = copy.flaglift("translate", "a cat --video")
    assert "without a field nothing would be left of --loop" in done.stderr


def test_a_name_that_is_changed_in_one_place_only_is_noticed(copy: Copy) -> None:
    copy.edit("grammar/legacy_video.lark", '"--video_model"', '"--clip_model"')
    done = copy.flaglift("translate", "a cat --video --clip_model kling25")
    assert done.returncode != 0
    assert "the table of flags has --video_model" in done.stderr
