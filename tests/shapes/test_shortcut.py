"""What is said of a prompt by its shape is what the rules say of it.

`judged_translation` and `judged_findings` parse every prompt and run all rules. What `translate`
and `lint` answer sooner is the same, field by field and finding by finding, with its words and its
fix. CI runs 4,000 prompts of each kind. More, by hand:

    FLAGLIFT_SHAPES_EXAMPLES=300000 pytest tests/shapes
"""

import copy
import datetime
import os
import pickle
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaglift import CatalogError, ConfigError, Context, Diagnostic, Settings, lint, translate
from flaglift.catalog import load_catalog
from flaglift.emit.translation import Translation
from flaglift.linting.engine import Examination, examine
from flaglift.linting.fixing import fix_prompt
from flaglift.shapes import ShapedPrompt, Shortcut, examined_translation
from flaglift.shapes.cut import cut_at_all_flags, cut_at_first_flag, flags_of_tail
from flaglift.shapes.shortcut import examined_findings, shortcut_for
from flaglift.syntax import Feature, Prompt, parse
from flaglift.syntax.concern import may_concern
from flaglift.syntax.words import WHITESPACE
from strategies import nearly_plain, nearly_plain_from, prompts, texts

EXAMPLES = int(os.environ.get("FLAGLIFT_SHAPES_EXAMPLES", "4000"))
EACH = settings(max_examples=EXAMPLES, deadline=None)
JUDGED = settings(max_examples=EXAMPLES // 2, deadline=None)

OPTIONS = st.builds(
    Settings,
    select=st.sampled_from([(), (), ("FL4", "legacy-syntax")]),
    ignore=st.sampled_from([(), (), ("FL3",)]),
    default_model=st.sampled_from([None, "kling25"]),
    accept_successors=st.booleans(),
    budget=st.sampled_from([None, 50.0]),
    strict=st.booleans(),
)
CONTEXTS = st.sampled_from(
    [Context(), Context(), Context(complete=True), Context({"num_images": 4, "video_prompt": "x"})]
)


def judged_translation(text: str, options: Settings, context: Context) -> Translation:
    return examined_translation(text, examine(text, options, context))


def judged_findings(text: str, options: Settings, context: Context) -> list[Diagnostic]:
    return examined_findings(examine(text, options, context))


def everything(finding: Diagnostic) -> tuple[Any, ...]:
    return (finding.span, finding.to_dict(), finding.fix, finding.refuses, str(finding))


def assert_same(quick: Translation, judged: Translation) -> None:
    assert quick == judged
    assert list(quick.values) == list(judged.values)
    assert [*map(everything, quick.diagnostics)] == [*map(everything, judged.diagnostics)]


@JUDGED
@given(st.one_of(nearly_plain(), nearly_plain(), prompts()), OPTIONS, CONTEXTS)
def test_translations_are_those_of_all_the_rules(
    text: str, options: Settings, context: Context
) -> None:
    assert_same(translate(text, options, context), judged_translation(text, options, context))


@JUDGED
@given(st.one_of(nearly_plain(), nearly_plain(), prompts()), OPTIONS, CONTEXTS)
def test_findings_are_those_of_all_the_rules(
    text: str, options: Settings, context: Context
) -> None:
    quick, judged = lint(text, options, context), judged_findings(text, options, context)
    assert [*map(everything, quick)] == [*map(everything, judged)]


@JUDGED
@given(st.one_of(nearly_plain(), nearly_plain(), prompts()), OPTIONS, CONTEXTS, st.booleans())
def test_fixes_are_those_of_all_the_rules(
    text: str, options: Settings, context: Context, unsafe: bool
) -> None:
    quick = shortcut_for(options, context).fix(text, parse(text), unsafe=unsafe)
    judged = fix_prompt(text, options, context, unsafe=unsafe)
    assert quick == judged
    for name in ("fixed", "remaining", "unfixed"):
        ours, theirs = getattr(quick, name), getattr(judged, name)
        assert [*map(everything, ours)] == [*map(everything, theirs)]


def test_the_second_prompt_of_a_shape_is_fixed_without_being_parsed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = 'a {0} --video --video_model kling25 --duration 7 --video_prompt "it {0}"'
    shortcut = Shortcut(Settings(), Context())
    shortcut.fix(text.format("naps"), unsafe=True)
    monkeypatch.setattr(Shortcut, "_learn", None)
    parsed = parse(text.format("yawns"))
    monkeypatch.setattr("flaglift.linting.engine.parse", None)
    fixed = shortcut.fix(str(parsed), parsed, unsafe=True)
    assert fixed.text == text.format("yawns").replace("7", "5")


@EACH
@given(nearly_plain())
def test_both_ways_of_cutting_agree(text: str) -> None:
    first, flags = cut_at_first_flag(text), cut_at_all_flags(text)
    if first and flags and len(flags.words) == 1:
        tail, body, value, at = first
        places = flags_of_tail(tail)
        assert places
        assert [*places] == [*flags.written.values()]
        assert body == text[: flags.words[0][1]].rstrip(WHITESPACE)
        start, end = flags.value or (0, 0)
        assert value == text[start:end]
        origins = at, at + len(value)
        moved = [[origins[n] + place for n, place in ends] for ends in places.values()]
        assert moved == [[*span] for span in flags.spans.values()]


@EACH
@given(st.one_of(texts(), nearly_plain()))
def test_what_concerns_nobody_is_seen_at_once(text: str) -> None:
    assert may_concern(text) or not parse(text).has(Feature.CONCERNED)


def test_the_quick_way_is_the_usual_one() -> None:
    """What is compared here would prove nothing if it were hardly ever taken."""
    choose = random.Random(1)  # noqa: S311
    reached: Counter[str] = Counter()
    shortcut = Shortcut(Settings(), Context())
    for _ in range(2000):
        text = nearly_plain_from(choose.randbytes(choose.randrange(6, 19)))
        read = isinstance(shortcut.look(text), ShapedPrompt)
        reached[shortcut.translate(text).status if read else "parsed"] += 1
        reached.update(finding.rule for finding in shortcut.lint(text) if read)
    assert min(reached[key] for key in ("parsed", "translated", "refused")) > 100, reached
    expected = {"legacy-syntax", "unknown-model", "retired-model", "duration-out-of-range",
                "missing-input-video", "missing-text", "model-newer-than-catalog"}  # fmt: skip
    assert set(reached) >= expected


PLAIN = 'a cat --video --video_model kling25 --duration 5 --video_prompt "it yawns"'


def test_a_changed_overlay_counts_at_once(tmp_path: Path) -> None:
    overlay = tmp_path / "models.toml"
    settings = Settings(overlay=overlay)
    for cost, written in ((35, "35 ¢"), (20, "20 ¢")):
        overlay.write_text(f'[[models]]\nname = "kling25"\nbase_cost_cents = {cost}\n')
        assert lint(PLAIN, settings)[0].message.endswith(f"costs {written}")


def test_a_fix_is_that_of_the_catalog_in_which_it_was_found(tmp_path: Path) -> None:
    overlay = tmp_path / "models.toml"
    overlay.write_text('[[models]]\nname = "ours"\ndurations = [5, 10]\n')
    text = PLAIN.replace("kling25 --duration 5", "ours --duration 9")
    found = next(f for f in lint(text, Settings(overlay=overlay)) if f.code == "FL402")
    overlay.unlink()
    assert found.fix
    assert found.fix.title == "use 10 s, the nearest supported"


def test_a_plain_prompt_raises_what_its_settings_raise() -> None:
    with pytest.raises(ConfigError, match="no rule"):
        translate(PLAIN, Settings(select=("nobodys-rule",)))
    with pytest.raises(CatalogError, match="first edition"):
        lint(PLAIN, Settings(edition=datetime.date(2000, 1, 1)))


def test_a_fix_that_nobody_has_looked_at_is_a_fix() -> None:
    [quick], [judged] = lint(PLAIN), judged_findings(PLAIN, Settings(), Context())
    assert quick.fix is not None
    assert quick.fix == judged.fix
    assert hash(quick.fix) == hash(judged.fix)
    assert quick.fix != "a fix"
    for copied in (pickle.loads(pickle.dumps(quick)), copy.deepcopy(quick)):  # noqa: S301
        assert everything(copied) == everything(judged)


def test_requests_that_differ_in_a_type_only_are_told_apart() -> None:
    text = f"{PLAIN}\nvideo_audio=true"
    codes = [
        [finding.code for finding in lint(text, context=Context({"video_audio": value}))]
        for value in (1, 1.0, True, "1", "true")
    ]
    assert ["FL604" in each for each in codes] == [False, True, False, True, False]


def test_a_request_that_cannot_be_hashed_is_examined() -> None:
    context = Context({"files": ["a.png"]})
    assert translate(PLAIN, context=context).values == translate(PLAIN).values


OTHER = Settings(edition=datetime.date(2026, 4, 1))


def test_a_catalog_is_the_given_one_or_that_of_the_settings(tmp_path: Path) -> None:
    overlay = tmp_path / "models.toml"
    overlay.write_text('[[models]]\nname = "ours"\ndurations = [5]\n')
    given = load_catalog(None, overlay)
    assert Shortcut(Settings(), Context(), given).catalog is given
    assert Shortcut(Settings(), Context()).catalog == load_catalog() != given
    assert Shortcut(Settings(overlay=overlay), Context()).catalog == given
    assert Shortcut(OTHER, Context()).catalog == load_catalog(OTHER.edition) != load_catalog()


@pytest.mark.parametrize("more", ["", " <"])  # of the second kind, nothing is learnt
def test_what_the_caller_has_parsed_is_not_parsed_again(
    monkeypatch: pytest.MonkeyPatch, more: str
) -> None:
    texts = [PLAIN.replace("yawns", f"{words}{more}") for words in ("naps", "eats", "jumps")]
    prompts = [parse(text) for text in texts]
    expected = [judged_translation(text, Settings(), Context()) for text in texts]
    monkeypatch.setattr("flaglift.linting.engine.parse", None)
    shortcut = Shortcut(Settings(), Context())
    for text, prompt, judged in zip(texts, prompts, expected, strict=True):
        assert_same(shortcut.translate(text, prompt), judged)
        found = [*map(everything, shortcut.lint(text, prompt))]
        assert found == [*map(everything, judged.diagnostics)]
        assert shortcut.fix(text, prompt).text == text


def test_fixes_are_unsafe_only_where_that_is_asked_for() -> None:
    shortcut = Shortcut(Settings(), Context())
    text = PLAIN.replace("--duration 5", "--duration 7")
    for _ in range(2):
        assert shortcut.fix(text).text == text
        assert shortcut.fix(text, unsafe=True).text == PLAIN
    assert shortcut.fix(PLAIN.replace("5", "5 --duration 5")).text == PLAIN


def test_a_prompt_is_examined_once_for_all_its_fixes(monkeypatch: pytest.MonkeyPatch) -> None:
    shortcut = Shortcut(Settings(), Context())
    text = PLAIN.replace("--duration 5", "--duration 7")
    shortcut.lint(text)
    examined: list[str] = []
    examine_it = shortcut._examine

    def recorded(text: str, prompt: Prompt | None) -> Examination:
        examined.append(text)
        return examine_it(text, prompt)

    monkeypatch.setattr(shortcut, "_examine", recorded)
    dog, cow = text.replace("cat", "dog"), text.replace("cat", "cow")
    for found in [*shortcut.lint(dog), *shortcut.lint(dog), *shortcut.lint(cow)]:
        assert not found.fix or found.fix.edits
    assert examined == [dog, cow]


def test_one_shortcut_serves_all_equal_settings_and_requests(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings, request = Settings(), Context({"num_images": 4})
    first = shortcut_for(settings, request)
    assert first is shortcut_for(Settings(), Context({"num_images": 4}))
    assert first is not shortcut_for(Settings(), Context({"num_images": 5}))
    assert first is not shortcut_for(Settings(), Context({"num_images": 4}, complete=True))
    assert first is not shortcut_for(Settings(strict=True), Context({"num_images": 4}))
    assert first.catalog is load_catalog()
    assert first is shortcut_for(settings, request)
    monkeypatch.setattr("flaglift.shapes.shortcut.load_catalog", None)
    assert first is shortcut_for(settings, request)


@pytest.mark.parametrize(
    "form",
    [
        "a cat --video --video_model kling25 --duration {0}",  # of tails, and their cases
        "--video a cat --video_model kling25 --duration {0}",  # of orders
        "a cat --duration {0} --video --video_model kling25\t",
    ],
)
def test_what_is_learnt_is_bounded(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flaglift.shapes.shortcut._MOST_SHAPES", 9)
    shortcut = Shortcut(Settings(), Context())
    most = 0
    for seconds in range(40):
        for _ in range(2):
            text = form.format(seconds)
            assert shortcut.translate(text) == judged_translation(text, Settings(), Context())
            kept = len(shortcut._tails) + len(shortcut._orders) + len(shortcut._cases)
            most = max(most, kept)
    assert most == 10
