"""Which rules and findings keep prompts from being decided by their shape."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import permutations

import pytest

from flaglift import Context, Settings
from flaglift.diagnostics import Applicability, Fix
from flaglift.linting import engine
from flaglift.lossless.spans import Edit
from flaglift.rules import RULES
from flaglift.rules.base import Diagnostic, Feature, Reads, Rule, Severity, Span, Subject
from flaglift.shapes import ShapedPrompt, Shortcut, examined_translation, learning, shape
from flaglift.syntax import FlagName

PROMPT = 'a {0} <lora:1:1> --video --video_model kling25 --video_prompt "it {0}"'


class Added(Rule):
    """A rule of the test's own."""

    code = "FL999"
    name = "added-rule"
    severity = Severity.INFO
    trigger = Feature.VIDEO
    reads = Reads.FLAGS

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        yield self.report(self.place(subject), "here")

    def place(self, subject: Subject) -> Span:
        return subject.segment.flags[1].span


@contextmanager
def added(monkeypatch: pytest.MonkeyPatch, rule: Rule) -> Iterator[Shortcut]:
    """Yield a shortcut with one more rule."""
    rules = (*RULES, rule)
    monkeypatch.setattr(engine, "RULES", rules)
    monkeypatch.setattr(shape, "RULES", rules)
    monkeypatch.setattr(learning, "_RULES", {each.code: each for each in rules})
    caches = (engine.triggered, engine.selected, shape.watches_references)
    for cache in caches:
        cache.cache_clear()
    try:
        yield Shortcut(Settings(), Context())
    finally:
        monkeypatch.undo()
        for cache in caches:
            cache.cache_clear()


def is_shared(monkeypatch: pytest.MonkeyPatch, rule: Rule) -> bool:
    """Tell whether the second prompt with the same flags is decided without being parsed."""
    with added(monkeypatch, rule) as shortcut:
        shortcut.lint(PROMPT.format("cat"))
        shared = isinstance(shortcut.look(PROMPT.format("dog")), ShapedPrompt)
        alone = Shortcut(Settings(), Context()).lint(PROMPT.format("dog"))
        assert shortcut.lint(PROMPT.format("dog")) == alone
        return shared


def test_a_rule_that_reads_flags_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_shared(monkeypatch, Added())


def test_a_finding_of_all_words_of_a_value_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    class OfValue(Added):
        def place(self, subject: Subject) -> Span:
            flag = subject.segment.last(FlagName.VIDEO_PROMPT)
            assert flag
            assert flag.value
            return Span(flag.value.start + 1, flag.value.end - 1)

    assert is_shared(monkeypatch, OfValue())


def test_a_finding_amid_a_flag_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    class OfName(Added):
        def place(self, subject: Subject) -> Span:
            start, end = subject.segment.flags[1].span
            return Span(start + 2, end - 3)

    assert is_shared(monkeypatch, OfName())


def test_a_rule_that_says_nothing_of_what_it_reads_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(Added):
        reads = Rule.reads

        def place(self, subject: Subject) -> Span:
            return subject.segment.flags[0].span  # elsewhere it would be kept out for that

    assert not is_shared(monkeypatch, Silent())


def test_a_rule_that_reads_the_value_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    class OfValue(Added):
        reads = Reads.VALUE

    assert not is_shared(monkeypatch, OfValue())


def test_a_rule_of_the_first_flag_speaks_of_it_or_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Second(Added):
        reads = Reads.FIRST

    class First(Second):
        def place(self, subject: Subject) -> Span:
            return subject.segment.flags[0].span

    assert not is_shared(monkeypatch, Second())
    assert is_shared(monkeypatch, First())


def test_a_rule_of_the_order_speaks_of_any_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    class Ordered(Added):
        reads = Reads.ORDER

    assert is_shared(monkeypatch, Ordered())


def test_a_rule_of_the_order_has_each_order_examined(monkeypatch: pytest.MonkeyPatch) -> None:
    class Ordered(Added):
        reads = Reads.ORDER

    with added(monkeypatch, Ordered()) as shortcut:
        shortcut.lint("a cat --video --video_model kling25")
        assert isinstance(shortcut.look("a dog --video --video_model kling25"), ShapedPrompt)
        assert not isinstance(shortcut.look("a dog --video_model kling25 --video"), ShapedPrompt)


def test_a_fix_that_depends_on_words_names_its_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    class OfCats(Added):
        def check(self, subject: Subject) -> Iterator[Diagnostic]:
            place = self.place(subject)
            fix = Fix("fix it", Applicability.UNSAFE, (Edit(*place, ""),))
            yield self.report(place, "here", fix=fix if "cat" in subject.image_prompt else None)

    with added(monkeypatch, OfCats()) as shortcut:
        shortcut.lint(PROMPT.format("cat"))
        found = next(each for each in shortcut.lint(PROMPT.format("dog")) if each.code == "FL999")
        assert found.fix
        with pytest.raises(AssertionError, match="FL999 depends on words that it does not say it"):
            assert found.fix.edits


def test_a_finding_amid_words_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    class InValue(Added):
        def place(self, subject: Subject) -> Span:
            flag = subject.segment.last(FlagName.VIDEO_PROMPT)
            assert flag
            return Span(flag.end - 3, flag.end)

    class IntoValue(Added):
        def place(self, subject: Subject) -> Span:
            flag = subject.segment.last(FlagName.VIDEO_PROMPT)
            assert flag
            assert flag.value
            return Span(flag.start, flag.value.start + 3)

    class InBody(Added):
        def place(self, subject: Subject) -> Span:
            return Span(subject.span.start, subject.span.start + 1)

    assert not is_shared(monkeypatch, InValue())
    assert not is_shared(monkeypatch, IntoValue())
    assert not is_shared(monkeypatch, InBody())


@pytest.mark.parametrize("is_of_first", [True, False])
def test_a_reason_of_a_refusal_that_is_elsewhere_is_not_shared_either(
    monkeypatch: pytest.MonkeyPatch, is_of_first: bool
) -> None:
    class Elsewhere(Added):
        severity = Severity.ERROR
        reads = Reads.FIRST if is_of_first else Reads.FLAGS

        def check(self, subject: Subject) -> Iterator[Diagnostic]:
            yield self.report(self.place(subject), "here", refuses=True)

        def place(self, subject: Subject) -> Span:
            return super().place(subject) if is_of_first else Span(0, 1)

    with added(monkeypatch, Elsewhere()):
        shortcut = Shortcut(Settings(select=("legacy-syntax",)), Context())
        for text in map(PROMPT.format, ("cat", "sleepy dog")):
            examined = engine.examine(text, Settings(select=("legacy-syntax",)), Context())
            alone = examined_translation(text, examined)
            assert "FL999" in [each.code for each in alone.diagnostics]
            assert shortcut.translate(text).diagnostics == alone.diagnostics


def test_a_rule_of_references_keeps_out_the_prompts_that_hold_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class OfReferences(Added):
        trigger = Feature.REFERENCE

    assert not is_shared(monkeypatch, OfReferences())


def test_a_prompt_of_which_nothing_is_learnt_keeps_no_other_from_being_learnt_of() -> None:
    shortcut = Shortcut(Settings(), Context())
    flags = ' --video --video_model kling25 --video_prompt "it naps"'
    shortcut.lint(f"a cat <lora:x>{flags}\nseed=1")
    for _ in range(2):
        found = shortcut.look(f"a cat{flags}")
    assert isinstance(found, ShapedPrompt)


@pytest.mark.parametrize(
    "text",
    [
        "a cat\n--video\r\non a mat\n--video_model kling25",
        "a cat --video on a mat\n--video_model kling25\nin the sun",
        "a cat --video --video_model kling25\nseed=1",
        'a cat -- --video --video_model kling25 "--video"',
        "a cat --video--video_model kling25",
    ],
)
def test_flags_amid_lines_are_as_the_parser_reads_them(text: str) -> None:
    shortcut = Shortcut(Settings(), Context())
    for words in (text, text.replace("cat", "dog"), text.replace("cat", "sleepy cat")):
        alone = examined_translation(words, engine.examine(words, Settings(), Context()))
        assert shortcut.translate(words) == alone
        assert shortcut.lint(words) == Shortcut(Settings(), Context()).lint(words)


@pytest.mark.parametrize("space", [" ", "\n", "\t ", "\r\n"])
@pytest.mark.parametrize("end", ["", " ", "\n"])
def test_the_same_flags_in_another_order_are_not_parsed_again(
    monkeypatch: pytest.MonkeyPatch, space: str, end: str
) -> None:
    flags = ["--video", "--video_model kling25", "--duration 7", '--video_prompt "it naps"']
    texts = [f"a cat{space}{space.join(order)}{end}" for order in permutations(flags)]
    texts += [f"{space.join(order)} a cat{end}" for order in permutations(flags)]
    shortcut = Shortcut(Settings(), Context())
    shortcut.translate(f"a dog {' '.join(flags)}")
    alone = [examined_translation(t, engine.examine(t, Settings(), Context())) for t in texts]
    monkeypatch.setattr(Shortcut, "_examine", None)
    translations = [shortcut.translate(text) for text in texts]
    assert translations == alone
    assert [each.codes for each in translations] == [each.codes for each in alone]


@pytest.mark.parametrize(
    "text",
    [
        "a dog --video --video_model kling25 --video",  # a flag twice
        "a dog --video--video_model kling25",
        "a dog--video --video_model kling25",
        "a dog --video\u00a0 --video_model kling25",
        'a dog --video_model kling25 --video --video_prompt ""',
        'a dog --video_model kling25 --video"',
        "a dog --video_model kling25 --video \\",
        "a \\dog --video_model kling25 --video",
        "<lora:1:1> --video --video_model kling25",  # no words of which to make a video
        "--video_model kling25 --video <lora:1:1>",
    ],
)
def test_what_is_like_known_flags_is_as_the_parser_reads_it(text: str) -> None:
    shortcut = Shortcut(Settings(), Context())
    shortcut.translate("a cat --video --video_model kling25")
    alone = examined_translation(text, engine.examine(text, Settings(), Context()))
    for _ in range(2):
        assert shortcut.translate(text) == alone


@pytest.mark.parametrize("model", ["kling25", "nobodys"])
def test_nothing_is_learnt_of_a_prompt_of_which_its_shape_says_anything_else(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shape, "_text_of", lambda *_: "anything else")
    shortcut = Shortcut(Settings(), Context())
    for words in ("a cat", "a dog"):
        text = f"{words} --video --video_model {model}"
        alone = examined_translation(text, engine.examine(text, Settings(), Context()))
        assert shortcut.translate(text) == alone
    assert not isinstance(shortcut.look(text), ShapedPrompt)


@pytest.mark.parametrize(
    "order", ["{0} --video --video_model kling25", "--video {0} --video_model kling25"]
)
def test_a_shape_tells_whether_words_come_behind_its_flags(order: str) -> None:
    shortcut = Shortcut(Settings(), Context())
    for words in ("a cat", "a dog"):
        found = shortcut.first_of_its_shape(order.format(words))
        assert found
        assert found.shape.is_body_first is order.startswith("{0}")


def test_the_reason_of_a_refusal_is_told_where_lint_does_not_report_it() -> None:
    shortcut = Shortcut(Settings(select=("legacy-syntax",)), Context())
    for words in ("cat", "dog"):
        text = PROMPT.format(words).replace("kling25", "nobodys")
        assert [each.rule for each in shortcut.lint(text)] == ["legacy-syntax"]
        rules = [each.rule for each in shortcut.translate(text).diagnostics]
        assert rules == ["legacy-syntax", "unknown-model"]
    assert isinstance(shortcut.look(text), ShapedPrompt)
