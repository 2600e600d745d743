"""What holds for every prompt: of the rules, of their fixes, and of translation."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from flaglift import Applicability, Context, Diagnostic, Settings, TranslationStatus
from flaglift.api import fix, lint, translate, translate_keyframes
from flaglift.lossless.spans import apply_edits
from strategies import prompts

OPTIONS = st.builds(
    Settings,
    default_model=st.sampled_from([None, "kling25", "no_such_model"]),
    accept_successors=st.booleans(),
    budget=st.sampled_from([None, 0.0, 50.0]),
    strict=st.booleans(),
)
CONTEXTS = st.builds(
    Context,
    st.dictionaries(
        st.sampled_from(
            ["video_model", "video_prompt", "video_duration", "input_video", "num_images",
             "video_last_frame", "video_first_frame", "aspect_ratio", "image_references"]
        ),
        st.sampled_from(["", "1", "4", "5", "kling25", "16:9", "x"]),
        max_size=3,
    ),
    st.booleans(),
)  # fmt: skip


@given(prompts(), OPTIONS, CONTEXTS)
def test_findings_are_ordered_and_inside_the_text(
    text: str, options: Settings, context: Context
) -> None:
    found = lint(text, options, context)
    assert found == sorted(found)
    for finding in found:
        assert 0 <= finding.start <= finding.end <= len(text)
        for edit in finding.fix.edits if finding.fix else ():
            assert 0 <= edit.start <= edit.end <= len(text)


@given(prompts(), OPTIONS)
def test_every_fix_removes_its_finding_and_safe_ones_keep_the_fields(
    text: str, options: Settings
) -> None:
    found = lint(text, options)
    counts = Counter(finding.code for finding in found)
    before = translate(text, options)
    for finding in found:
        if finding.fix is None:
            continue
        fixed = apply_edits(text, finding.fix.edits)
        left = Counter(f.code for f in lint(fixed, options))
        assert left[finding.code] < counts[finding.code], (finding, fixed)
        translated = before.status is TranslationStatus.TRANSLATED
        if finding.fix.applicability is Applicability.SAFE and translated:
            after = translate(fixed, options)
            assert (after.status, after.values) == (before.status, before.values), (finding, fixed)


@given(prompts(), OPTIONS)
def test_a_fix_that_is_called_unsafe_changes_something(text: str, options: Settings) -> None:
    for finding in lint(text, options):
        if finding.fix and finding.fix.applicability is Applicability.UNSAFE:
            assert apply_edits(text, finding.fix.edits) != text


@given(prompts(), OPTIONS)
def test_safe_fixing_keeps_the_fields_and_ends(text: str, options: Settings) -> None:
    result = fix(text, options)
    before, after = translate(text, options), translate(result.text, options)
    assert after.status is before.status
    if before.status is TranslationStatus.TRANSLATED:
        assert after.values == before.values
    assert fix(result.text, options).text == result.text
    assert list(result.remaining) == lint(result.text, options)


@given(prompts(), OPTIONS)
def test_unsafe_fixing_ends_and_loses_no_translation(text: str, options: Settings) -> None:
    result = fix(text, options, unsafe=True)
    assert fix(result.text, options, unsafe=True).text == result.text
    if translate(text, options).status is TranslationStatus.TRANSLATED:
        assert translate(result.text, options).status is not TranslationStatus.REFUSED


@given(prompts(), OPTIONS, CONTEXTS)
def test_a_refused_or_unchanged_prompt_stays_as_it_is_and_says_why(
    text: str, options: Settings, context: Context
) -> None:
    translation = translate(text, options, context)
    if translation.status is not TranslationStatus.TRANSLATED:
        assert translation.values == {"text": text}
    if translation.status is TranslationStatus.REFUSED:
        assert any(is_reason(finding, options) for finding in translation.diagnostics)


def is_reason(finding: Diagnostic, options: Settings) -> bool:
    return finding.refuses or (options.strict and finding.severity == "error")


@given(prompts(), OPTIONS)
def test_translating_again_changes_nothing(text: str, options: Settings) -> None:
    first = translate(text, options)
    if first.status is TranslationStatus.TRANSLATED and "text" in first.values:
        second = translate(first.values["text"], options)
        assert second.status is TranslationStatus.UNCHANGED
        assert second.values == {"text": first.values["text"]}


@given(prompts(), OPTIONS)
def test_lifting_keeps_all_other_words_in_order(text: str, options: Settings) -> None:
    translation = translate(text, options)
    if translation.status is TranslationStatus.TRANSLATED:
        rest = translation.values.get("text", "")
        characters = iter(text)
        assert all(character in characters for character in rest)  # a subsequence of the original


@given(prompts(), OPTIONS)
def test_selecting_rules_changes_reports_and_not_translations(text: str, options: Settings) -> None:
    one = Settings(
        select=("FL901",),
        default_model=options.default_model,
        accept_successors=options.accept_successors,
        budget=options.budget,
        strict=options.strict,
    )
    assert lint(text, one) == []
    assert translate(text, one).values == translate(text, options).values


@given(prompts(), OPTIONS)
def test_keyframes_translate_to_themselves(text: str, options: Settings) -> None:
    frames = translate_keyframes(text, options)
    whole = translate(text, options)
    if len(frames) == 1 and whole.status is TranslationStatus.TRANSLATED:
        assert frames[0].values == whole.values
    if len(frames) > 1:
        assert whole.status is not TranslationStatus.TRANSLATED
        assert fix(text, options, unsafe=True).text == text
