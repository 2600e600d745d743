"""What the stores decide by columns, and what they decide one by one, is the same verdict."""

import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from columns.shaped import shaped
from columns.test_same_as_translate import SETTINGS
from flaglift import Settings, translate
from flaglift.columns import alike
from flaglift.columns.alike import Likeness
from flaglift.migrate import decision
from flaglift.migrate.decision import Decider
from flaglift.migrate.job import DEFAULT_TARGETS
from flaglift.migrate.records import Stored
from strategies import texts

ALL = None
FIELDS = (ALL, ("video_model", "video_prompt", "video_duration"), ("video_model",))
PAIRS = [
    (Decider(settings, fields), Decider(settings, fields, Likeness(settings, DEFAULT_TARGETS)))
    for settings in SETTINGS
    for fields in FIELDS
]
HELD: list[dict[str, Any]] = [
    *([dict.fromkeys(DEFAULT_TARGETS)] * 6),
    {**dict.fromkeys(DEFAULT_TARGETS), "video_model": "kling25"},
    {**dict.fromkeys(DEFAULT_TARGETS), "video_duration": 5},
]


def stored() -> st.SearchStrategy[Stored]:
    prompts = st.one_of(st.binary(max_size=30).map(shaped), texts())
    return st.builds(Stored, st.just(""), prompts, st.sampled_from(HELD))


@pytest.fixture(autouse=True)
def few_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "_FEWEST", 0)


@pytest.mark.parametrize("number", range(len(PAIRS)))
@given(st.lists(stored(), max_size=20))
def test_every_verdict_is_that_on_the_prompt_alone(number: int, prompts: list[Stored]) -> None:
    one_by_one, by_columns = PAIRS[number]
    found = by_columns.all(prompts)
    assert [plain(verdict) for verdict in found] == [plain(one_by_one(one)) for one in prompts]


def plain(verdict: Any) -> Any:
    """Return a verdict so that kinds of sequences do not matter, and the order of fields does."""
    edits = [tuple(edit) for edit in verdict.edits]
    rest = (verdict.codes, verdict.refusals, verdict.model, verdict.seconds, verdict.cents)
    return verdict.stored, verdict.status, list(verdict.writes.items()), edits, rest


def test_most_prompts_are_decided_without_being_read(monkeypatch: pytest.MonkeyPatch) -> None:
    flags = "--video --video_model kling25 --duration 5"
    prompts = [f'cat {n} {flags} --video_prompt "{n}"' for n in range(50)]
    prompts += [f"plain {n}" for n in range(50)]
    decide = Decider(Settings(), None, Likeness(Settings(), DEFAULT_TARGETS))
    read: list[str] = []
    real = translate

    def reading(text: str, *rest: Any) -> Any:
        read.append(text)
        return real(text, *rest)

    monkeypatch.setattr(decision, "translate", reading)
    found = decide.all([Stored("", text, HELD[0]) for text in prompts])
    assert [verdict.status for verdict in found] == ["translated"] * 50 + ["unchanged"] * 50
    assert read == prompts[:1]


def test_what_is_known_of_shapes_does_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "_MOST_SHAPES", 3)
    monkeypatch.setattr(decision, "_MOST_SHAPES", 3)
    decide = Decider(Settings(), None, Likeness(Settings(), DEFAULT_TARGETS))
    for first in range(0, 20, 5):
        prompts = [
            f"a cat --video --video_model kling25 --duration {n}" for n in range(first, first + 5)
        ]
        found = decide.all([Stored("", text, HELD[0]) for text in prompts])
        assert [verdict.seconds for verdict in found] == list(range(first, first + 5))
    assert len(decide._models) <= 8


def test_a_few_texts_are_not_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "_FEWEST", 3)
    known = Likeness(Settings(), ())
    assert known(["a", "b"]) == [None, None]
    assert known(["a", "b", "c"])[0] == alike.Alike(None, "a", None)


WITHOUT = """
import sys
sys.modules["pyarrow"] = None
from flaglift.cli import main
sys.argv = ["flaglift", "migrate", "apply", sys.argv[1], "-q"]
main()
"""


def test_without_arrow_files_are_migrated_one_by_one(tmp_path: Any) -> None:
    results: list[bytes] = []
    for program in (WITHOUT, WITHOUT.replace('sys.modules["pyarrow"] = None', "")):
        path = tmp_path / f"{len(results)}.jsonl"
        path.write_text(
            "".join(
                f'{{"text": "cat {n} --video --video_model kling25 --duration 5"}}\n'
                for n in range(300)
            )
        )
        subprocess.run([sys.executable, "-c", program, str(path)], check=True, capture_output=True)
        results.append((tmp_path / f"{path.stem}.migrated.jsonl").read_bytes())
    assert results[0] == results[1]
    assert b'"cat 299"' in results[0]


def test_without_arrow_columns_say_what_they_need() -> None:
    program = "import sys; sys.modules['pyarrow'] = None; import flaglift.columns"
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)
    assert b"columns need the extra `arrow`: pip install 'flaglift[arrow]'" in done.stderr


def test_prompts_of_one_shape() -> None:
    flags = (
        "--video_prompt smile",
        "",
        "--duration 7",
        "--video_model nobodys",
        '--video_prompt ""',
    )
    decide = Decider(Settings(), None, Likeness(Settings(), DEFAULT_TARGETS))
    prompts = [
        Stored("", f"cat {n} --video --video_model kling25 {flag}", HELD[0])
        for flag in flags
        for n in range(3)
    ]
    for _ in range(2):
        found = decide.all(prompts)
        assert [plain(verdict) for verdict in found] == [plain(decide(one)) for one in prompts]


def test_a_likeness_that_is_wrong_of_the_first_prompt_is_not_believed_of_others() -> None:
    def likeness(texts: Sequence[str]) -> list[alike.Alike | None]:
        return [alike.Alike("shape", "a dog", None) for _ in texts]

    decide = Decider(Settings(), None, likeness)
    prompts = [Stored("", f"cat {n} --video --video_model kling25", HELD[0]) for n in range(3)]
    assert [verdict.writes["text"] for verdict in decide.all(prompts)] == [
        "cat 0",
        "cat 1",
        "cat 2",
    ]


def test_half_a_surrogate_pair_is_read_by_itself() -> None:
    texts = ["a cat --video --video_model kling25", "a \ud800 --video --video_model kling25"] * 60
    found = Likeness(Settings(), ())(texts)
    assert [each and each.text for each in found] == ["a cat", None] * 60
    decide = Decider(Settings(), None, Likeness(Settings(), DEFAULT_TARGETS))
    prompts = [Stored("", text, HELD[0]) for text in texts]
    assert [plain(each) for each in decide.all(prompts)] == [plain(decide(one)) for one in prompts]
