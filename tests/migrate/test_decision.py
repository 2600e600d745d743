"""What becomes of a stored prompt is what `translate` says, whatever was learnt of its shape."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from columns.shaped import shaped
from columns.test_same_as_translate import SETTINGS
from flaglift import Context, Settings, translate
from flaglift.context import UNSTATED
from flaglift.emit.translation import TranslationStatus
from flaglift.linting.engine import Examination, examine
from flaglift.lossless.spans import apply_edits
from flaglift.migrate.decision import Decider, refused_by
from flaglift.migrate.job import DEFAULT_TARGETS, EXPAND
from flaglift.migrate.mending import Mending
from flaglift.migrate.records import Stored, Verdict
from flaglift.migrate.store import ChangeRefusal
from flaglift.shapes import shortcut
from strategies import texts

FIELDS = (None, ("video_model", "video_prompt", "video_duration"), ("video_model",))
DECIDERS = [Decider(settings, fields) for settings in SETTINGS for fields in FIELDS]
HELD: list[dict[str, Any]] = [
    *([dict.fromkeys(DEFAULT_TARGETS)] * 6),
    {**dict.fromkeys(DEFAULT_TARGETS), "video_model": "kling25"},
    {**dict.fromkeys(DEFAULT_TARGETS), "video_duration": 5},
]


CONTEXTS: list[dict[str, Any]] = [
    *([{}] * 3),
    {"seed": 7, "num_images": None},
    {"num_images": 4, "aspect_ratio": "16/9"},
    {"image_references": UNSTATED, "video_first_frame": None},
]


def stored() -> st.SearchStrategy[Stored]:
    prompts = st.one_of(st.binary(max_size=30).map(shaped), texts())
    context = st.sampled_from(CONTEXTS)
    return st.builds(Stored, st.just(""), prompts, st.sampled_from(HELD), context, st.just({}))


@pytest.mark.parametrize("number", range(len(DECIDERS)))
@given(st.lists(stored(), max_size=20))
def test_every_verdict_is_what_translate_says(number: int, prompts: list[Stored]) -> None:
    decide = DECIDERS[number]
    for one, verdict in zip(prompts, decide.all(prompts), strict=True):
        alone = translate(one.text, decide.settings, Context({**one.context, **one.held}))
        assert verdict.stored is one
        assert verdict.codes == tuple(dict.fromkeys(d.code for d in alone.diagnostics))
        if alone.status is not TranslationStatus.TRANSLATED:
            assert verdict.status == alone.status.value
            assert not verdict.writes
        elif verdict.status == "refused":
            assert verdict.refusals[0][0] == "no-target"
        else:
            wanted = {**alone.values, "text": alone.values.get("text", "")}
            kept = {name: value for name, value in one.held.items() if value is not None}
            assert {**wanted, **kept} == {**verdict.writes, **kept}
            assert apply_edits(one.text, [verdict.edit]) == wanted["text"]
            assert (verdict.model, verdict.seconds) == (
                wanted["video_model"],
                wanted.get("video_duration"),
            )


def test_every_verdict_is_that_on_the_prompt_alone() -> None:
    prompts = [
        Stored("", f"cat {n} --video --video_model kling25 {flag}", HELD[0])
        for flag in ("--video_prompt smile", "", "--duration 7", '--video_prompt ""')
        for n in range(3)
    ]
    decide = Decider(Settings(), None)
    # Each with settings of its own, for which nothing was learnt from the prompts before.
    alone = [Decider(Settings(budget=10_000 + n), None)(one) for n, one in enumerate(prompts)]
    for _ in range(2):
        assert decide.all(prompts) == alone


def test_what_one_migration_has_learnt_of_a_shape_the_next_one_knows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    flags = '--video --video_model kling25 --video_prompt "it naps"'
    settings, examined = Settings(budget=9_999), []

    def count(text: str, *rest: Any) -> Examination:
        examined.append(text)
        return examine(text, *rest)

    monkeypatch.setattr(shortcut, "examine", count)
    for word in ("cat", "dog", "cow"):
        Decider(settings, None)(Stored("", f"a {word} {flags}", HELD[0]))
    assert examined == [f"a cat {flags}"]


def test_half_a_surrogate_pair_is_decided_like_any_other() -> None:
    prompts = [Stored("", f"a {c} --video --video_model kling25", HELD[0]) for c in ("b", "\ud800")]
    verdicts = Decider(Settings(), None).all(prompts)
    assert [verdict.writes["text"] for verdict in verdicts] == ["a b", "a \ud800"]


def decided(text: str, settings: Settings = Settings(), **options: Any) -> Verdict:  # noqa: B008
    return Decider(settings, None, **options)(Stored("", text, HELD[0]))


def test_a_prompt_that_cannot_be_translated_after_its_fixes_is_refused_as_it_stands() -> None:
    text = "a cat --video=true --video_model nobody_knows"
    verdict = decided(text, mending=Mending(unsafe=()))
    assert verdict == decided(text)
    assert "FL103" in dict(verdict.refusals)
    renamed = decided(text, mending=Mending({"nobody_knows": "kling25"}, unsafe=()))
    assert (renamed.status, renamed.mended) == ("translated", True)


@pytest.mark.parametrize(
    ("text", "settings", "cents"),
    [
        ("a --video --video_model kling25 --duration 10", Settings(), (78.0, 78.0)),
        (
            "a --video --video_model kling25 --duration 10",
            Settings(default_model="ovi"),
            (78.0, 78.0),
        ),
        ("a --video --video_model kling25", Settings(default_model="ovi"), (39.0, 39.0)),
        ("a --video", Settings(default_model="kling25"), (None, 39.0)),
        ("a --video --video_model seedance25_720p", Settings(), (None, None)),
    ],
)
def test_the_price_is_that_of_the_model_and_the_length(
    text: str, settings: Settings, cents: tuple[float | None, float | None]
) -> None:
    assert decided(text, settings).cents == cents


def test_what_is_shared_is_the_verdict_without_a_prompts_own() -> None:
    values = {"video_model": "kling25", "video_prompt": "", "video_duration": 10}
    expected = Verdict(
        Stored("", "", {}), "translated", values, ("FL001",), (), "kling25", 10, (78.0, 78.0)
    )
    assert Decider(Settings(), None).shared(values, ("FL001",)) == expected
    assert Decider(Settings(), [*values]).shared(values, ("FL001",)) == expected
    assert Decider(Settings(), ["video_model"]).shared(values, ("FL001",)) is None
    for alone in (
        Decider(Settings(default_model="ovi"), None),
        Decider(Settings(accept_successors=True), None),
        Decider(Settings(), None, Mending(safe=True)),
        Decider(Settings(), None, step=EXPAND),
    ):
        assert alone.shared(values, ("FL001",)) is None


@pytest.mark.parametrize(
    ("held", "beside", "status"),
    [
        ("kling25", "kling25", "translated"),
        ("kling25", None, "translated"),
        (None, "kling25", "translated"),
        ("kling25", "ovi", "refused"),
        ("ovi", "kling25", "refused"),
        ("kling25", UNSTATED, "refused"),
        (None, UNSTATED, "refused"),
    ],
)
def test_a_field_that_is_stored_in_two_places_has_both_values(
    held: Any, beside: Any, status: str
) -> None:
    stored = Stored(
        "", "a cat --video --video_model kling25", {"video_model": held}, {"video_model": beside}
    )
    verdict = Decider(Settings(), None)(stored)
    assert verdict.status == status
    assert [code for code, _ in verdict.refusals] == (["FL604"] if status == "refused" else [])


def test_a_change_that_the_store_refuses_is_refused_with_its_reason() -> None:
    changed, plain = decided("a cat --video --video_model kling25"), decided("a cat")
    by_store = refused_by(ChangeRefusal("does-not-fit", "too long"), [changed, plain])
    assert by_store[0] == Verdict(
        changed.stored, "refused", codes=changed.codes, refusals=(("does-not-fit", "too long"),)
    )
    assert by_store[1] is plain
