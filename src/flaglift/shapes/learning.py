"""What the first prompt with some flags says of all others with the same flags."""

from bisect import bisect_right
from collections.abc import Sequence

from flaglift.context import Context
from flaglift.diagnostics import Diagnostic
from flaglift.emit.translation import Translation, TranslationStatus, translation_of
from flaglift.linting.engine import Examination, holds_anything, reported, triggered
from flaglift.lossless.spans import Span
from flaglift.rules import RULES
from flaglift.rules.base import Reads
from flaglift.shapes.cut import HOLE, Cut, Flags
from flaglift.shapes.shape import Case, Finding, Position, Shape, ShapedPrompt, read, values_of
from flaglift.syntax import Feature, FlagName, Prompt, Quoting
from flaglift.syntax.nodes import Flag, Text

_RULES = {rule.code: rule for rule in RULES}


def shape_of(case: Case, flags: Flags) -> Shape:
    """Return the shape of a prompt with the flags of a case."""
    order = _by_name(flags)
    cut, spans = flags.cut, [flags.spans[number] for number in order]
    first = order.index(0)
    # The order of findings is the same in all prompts of a shape.
    ordered = sorted(
        (*_span_of(finding, spans, first), finding.diagnostic.code) for finding in case.shown
    )
    return Shape(
        case,
        tuple(_places(span, cut) for span in spans),
        first,
        all(number in (0, cut.value) for number in range(len(cut.holes))),
        tuple(dict.fromkeys(code for _, _, code in ordered)),
    )


def case_key(flags: Flags) -> tuple[str, ...]:
    """Return what all prompts of a case have in common."""
    cut = flags.cut
    texts = cut.skeleton.count(HOLE) - (cut.value >= 0)
    return (*sorted(flags.written), HOLE if texts else "")


def learn(text: str, flags: Flags, examined: Examination) -> Case | None:
    """Return what the first prompt of a case says of all others; None where that is nothing."""
    prompt, [subject, *more] = examined.prompt, examined.subjects
    cut = flags.cut
    if (
        more
        or prompt.settings
        or _reads_words(prompt.features, subject.request, has_value=cut.value >= 0)
        or not _is_cut_alike(prompt, flags)
    ):
        return None
    shown = reported(examined.diagnostics, subject.settings)
    translation = translation_of(text, subject, examined.diagnostics, shown)
    linted = [_finding(each, flags) for each in shown]
    told = [_finding(each, flags) for each in translation.diagnostics]
    if None in linted or None in told:
        return None
    case = Case(
        translation.status,
        translation.values,
        tuple(finding for finding in linted if finding),
        tuple(finding for finding in told if finding),
        prompt.has(Feature.NO_VIDEO_PROMPT) and subject.uses_image_prompt,
    )
    reading = read(shape_of(case, flags), cut, text)
    return case if reading and _bears_out(reading, translation) else None


def _reads_words(features: int, request: Context, *, has_value: bool) -> bool:
    """Tell whether any rule that runs on a prompt reads its words."""
    words = Reads.BODY | (Reads.VALUE if has_value else Reads(0))
    each, once = triggered(features, holds_anything(request))
    return any(rule.reads_with(request) & words for rule in (*each, *once))


def _is_cut_alike(prompt: Prompt, flags: Flags) -> bool:
    """Tell whether the grammar cuts a prompt where it was cut."""
    segment, cut = prompt.segments[0], flags.cut
    if any(type(node) not in (Flag, Text) for node in segment.nodes):
        return False
    if tuple(flag.span for flag in segment.flags) != flags.spans:
        return False
    if cut.value < 0:
        return True
    flag = segment.last(FlagName.VIDEO_PROMPT)
    start, end = cut.holes[cut.value]
    return bool(
        flag
        and flag.value
        and flag.value.quoting is Quoting.QUOTED
        and flag.value.span == (start - 1, end + 1)
    )


def _finding(diagnostic: Diagnostic, flags: Flags) -> Finding | None:
    """Return a finding by the flag where it is; None if it is anywhere else."""
    rule = _RULES[diagnostic.code]
    quotes = bool(rule.quotes)
    if Reads.ORDER in rule.reads and diagnostic.span in flags.spans:
        is_first = diagnostic.span == flags.spans[0]
        return Finding(-1, 0, 0, diagnostic, quotes) if is_first else None
    words = flags.cut.holes[flags.cut.value] if flags.cut.value >= 0 else None
    for number, original in enumerate(_by_name(flags)):
        flag = flags.spans[original]
        if flag.start <= diagnostic.start and diagnostic.end <= flag.end:
            holds_words = words and flag.start <= words[0] <= flag.end
            if (
                words
                and holds_words
                and not (diagnostic.start <= words[0] and words[1] <= diagnostic.end)
            ):
                return None
            start, end = diagnostic.start - flag.start, flag.end - diagnostic.end
            return Finding(number, start, end, diagnostic, quotes)
    return None


def _by_name(flags: Flags) -> list[int]:
    return sorted(range(len(flags.written)), key=flags.written.__getitem__)


def _places(span: Span, cut: Cut) -> tuple[Position, Position]:
    ends = [end for _, end in cut.holes]
    lengths = cut.lengths
    before = [bisect_right(ends, position) for position in span]
    start, end = (
        Position(position - lengths[count], count)
        for position, count in zip(span, before, strict=True)
    )
    return start, end


def _bears_out(reading: ShapedPrompt, translation: Translation) -> bool:
    if translation.status is not TranslationStatus.TRANSLATED:
        return True
    return values_of(reading) == translation.values


def _span_of(finding: Finding, flags: Sequence[tuple[int, int]], first: int) -> tuple[int, int]:
    start, end = flags[first if finding.flag < 0 else finding.flag]
    return start + finding.start, end - finding.end
