"""FL204 html-entity."""

from collections.abc import Sequence
from typing import ClassVar

from flaglift.lossless.spans import apply_edits
from flaglift.rules.base import (
    Diagnostic,
    Edit,
    Feature,
    Fix,
    Invalid,
    Iterator,
    Rule,
    Severity,
    Subject,
    Valid,
    excerpt,
    unsafe,
)
from flaglift.rules.typing.entity_places import EntityPlace, entity_places
from flaglift.syntax import parse
from flaglift.syntax.entities import character


class HtmlEntity(Rule):
    """
    What it does
        Finds HTML entities where they change how a prompt with flags is read: around and inside the
        value of a flag, next to a flag, and for the brackets of a reference.

    Why
        The service does not decode them. `&quot;` opens no quotation, so the value ends at the
        first space; `&lt;lora:1:1&gt;` is not a reference.

    Example
        a cat --video --video_model kling25 --video_prompt &quot;she smiles&quot;

    Use instead
        a cat --video --video_model kling25 --video_prompt "she smiles"

    Fix safety
        Unsafe: it decodes them, all such places of a prompt at once, so other words become values.
        No fix where the result could not be read, or where a value's closing quote is not
        certain.

    Ground
        Dialect section 6.
    """

    code = "FL204"
    name = "html-entity"
    severity = Severity.WARNING
    trigger = Feature.ENTITY

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid("salt & pepper by AT&T; --video --video_model kling25", "not an entity"),
        Valid("salt &amp; pepper --video --video_model kling25", "it changes no reading"),
        Valid("a &quot;cat&quot; --video --video_model kling25", "quotes of the image prompt"),
        Valid(
            'a cat --video --video_model kling25 --video_prompt "tom&jerry; it"', "no such entity"
        ),
        Valid("a cat --video -- --video_prompt &quot;it sits&quot;", "after a bare `--`"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            "a cat --video --video_model kling25 --video_prompt &quot;she smiles&quot;",
            "quotes around a value",
            fixed='a cat --video --video_model kling25 --video_prompt "she smiles"',
        ),
        Invalid(
            "&lt;lora:1:1&gt; a cat --video_prompt=&#34;it&#39;s 6&quot; tall&#34;, now --video",
            "a reference, and quotes inside quotes",
        ),
        Invalid(
            "&lt;lora:1:1&gt; a cat --video_prompt=&#34;it&#39;s &lt;b&gt;&#x22;, now --video",
            "a reference, and several spellings",
            fixed='<lora:1:1> a cat --video_prompt="it\'s <b>", now --video',
        ),
        Invalid(
            "a cat&nbsp;--video&nbsp;--video_model &quot;kling25&quot;",
            "there is another place once the first are decoded",
        ),
        Invalid(
            'a cat --video --video_model kling25&nbsp; --video_prompt "a 6&quot; &amp;amp; b"',
            "at the end of a value, and inside quotes",
            fixed='a cat --video --video_model kling25 --video_prompt "a 6\\" & b"',
        ),
        Invalid(
            "a cat&nbsp;--video&#160;it sits --video_model kling25",
            "spaces that separate nothing",
            fixed="a cat --video it sits --video_model kling25",
        ),
        Invalid(
            "a cat &mdash;video &ndash;&#45;video_model kling25",
            "dashes",
            fixed="a cat --video --video_model kling25",
        ),
        Invalid("a cat --video --video_prompt &quot;she smiles --duration 5", "nothing closes it"),
        Invalid("a cat --video --video_prompt &#39;the cats&#39; tails&#39;", "which one closes"),
        Invalid('a cat --video --video_prompt 6&quot;" x"', "quotes inside the word"),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding for all such places of a segment."""
        places = entity_places(subject.segment, subject.suspects)
        if not places:
            return
        first = places[0]
        others = f" ({len(places)} places in all)" if len(places) > 1 else ""
        yield self.report(
            first.span,
            f"the service does not decode `{excerpt(first.entity)}` to "
            f"`{excerpt(character(first.entity))}`, so {first.effect}{others}",
            fix=_fix(subject, places),
        )


def _fix(subject: Subject, places: Sequence[EntityPlace]) -> Fix | None:
    edits = [place.edit for place in places if place.edit]
    if len(edits) < len(places):
        return None
    start = subject.segment.start
    inside = [Edit(e.start - start, e.end - start, e.content) for e in edits]
    prompt = parse(apply_edits(str(subject.segment), inside))
    if prompt.is_keyframes or prompt.settings or prompt.has(Feature.UNCLOSED):
        return None
    segment = prompt.segments[0]
    if len(segment.flags) < len(subject.segment.flags) or entity_places(segment, prompt.suspects):
        return None
    return unsafe("decode it", *edits)
