"""What is decided once for many prompts is what the rules say of each of them.

`examined_translation` and `examined_findings` parse every prompt and run all rules: the judges.
What `translate` and `lint` answer sooner is the same, field by field and finding by finding, with
its words and its fix. CI runs 4,000 prompts of each kind. More, by hand:

    FLAGLIFT_PLAIN_EXAMPLES=300000 pytest tests/test_verdicts.py
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
from flaglift.emit.translation import Translation
from flaglift.syntax import Feature, FlagName, Quoting, parse
from flaglift.syntax.plain import may_concern, read_plain
from flaglift.verdicts import examined_findings, examined_translation, plain_translation
from strategies import nearly_plain, nearly_plain_from, prompts, texts

EXAMPLES = int(os.environ.get("FLAGLIFT_PLAIN_EXAMPLES", "4000"))
EACH = settings(max_examples=EXAMPLES, deadline=None)

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


def everything(finding: Diagnostic) -> tuple[Any, ...]:
    return (finding.span, finding.to_dict(), finding.fix, finding.refuses, str(finding))


def assert_same(quick: Translation, judged: Translation) -> None:
    assert quick == judged
    assert list(quick.values) == list(judged.values)
    assert [*map(everything, quick.diagnostics)] == [*map(everything, judged.diagnostics)]


@EACH
@given(st.one_of(nearly_plain(), nearly_plain(), prompts()), OPTIONS, CONTEXTS)
def test_translations_are_those_of_all_the_rules(
    text: str, options: Settings, context: Context
) -> None:
    assert_same(translate(text, options, context), examined_translation(text, options, context))


@EACH
@given(st.one_of(nearly_plain(), nearly_plain(), prompts()), OPTIONS, CONTEXTS)
def test_findings_are_those_of_all_the_rules(
    text: str, options: Settings, context: Context
) -> None:
    quick, judged = lint(text, options, context), examined_findings(text, options, context)
    assert [*map(everything, quick)] == [*map(everything, judged)]


@EACH
@given(nearly_plain())
def test_a_plain_prompt_says_what_its_ast_says(text: str) -> None:
    plain = read_plain(text)
    if plain is None:
        return
    prompt = parse(text)
    [segment] = prompt.segments
    assert not prompt.settings + prompt.suspects
    # Whether the duration is a number is for the verdict to say.
    assert not prompt.has(Feature.UNREADABLE & ~Feature.MALFORMED_DURATION)
    assert not prompt.has(Feature.OTHER_FLAG | Feature.UNKNOWN_FLAG)
    assert len({flag.name for flag in segment.flags}) == len(segment.flags)
    assert segment.flags[0].span == plain.first_flag
    assert segment.last(FlagName.VIDEO)
    said = {flag.name: flag.value for flag in segment.flags}
    model, written = said[FlagName.VIDEO_MODEL], said[FlagName.VIDEO_PROMPT]
    assert model
    assert written
    assert (model.raw, model.end) == (plain.model, plain.model_end)
    assert (written.text, written.quoting) == (plain.video_prompt, Quoting.QUOTED)
    duration = said.get(FlagName.DURATION)
    found = (duration.raw, duration.end) if duration else (None, -1)
    assert found == (plain.duration, plain.duration_end)


@EACH
@given(st.one_of(texts(), nearly_plain()))
def test_what_concerns_nobody_is_seen_at_once(text: str) -> None:
    assert may_concern(text) or not parse(text).has(Feature.CONCERNED)


def test_the_quick_way_is_the_usual_one() -> None:
    """What is compared here would prove nothing if it were hardly ever taken."""
    choose = random.Random(1)  # noqa: S311
    reached: Counter[str] = Counter()
    for _ in range(2000):
        text = nearly_plain_from(choose.randbytes(choose.randrange(6, 19)))
        quick = plain_translation(text, Settings(), Context())
        reached[quick.status if quick else "parsed"] += 1
        reached.update(finding.rule for finding in (quick.diagnostics if quick else ()))
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
    assert found.fix.title == "use 10 s, the nearest it makes"


def test_a_plain_prompt_raises_what_its_settings_raise() -> None:
    with pytest.raises(ConfigError, match="no rule"):
        translate(PLAIN, Settings(select=("nobodys-rule",)))
    with pytest.raises(CatalogError, match="first edition"):
        lint(PLAIN, Settings(edition=datetime.date(2000, 1, 1)))


def test_a_fix_that_nobody_has_looked_at_is_a_fix() -> None:
    [quick], [judged] = lint(PLAIN), examined_findings(PLAIN, Settings(), Context())
    assert quick.fix is not None
    assert quick.fix == judged.fix
    assert hash(quick.fix) == hash(judged.fix)
    assert quick.fix != "a fix"
    for copied in (pickle.loads(pickle.dumps(quick)), copy.deepcopy(quick)):  # noqa: S301
        assert everything(copied) == everything(judged)
