"""All that is said of the rules' examples and other prompts, as text that a review can read.

    python tests/rules/listing.py

writes `findings.txt` anew, which `test_listing.py` compares.
"""

from collections.abc import Iterator
from pathlib import Path

from flaglift.api import lint
from flaglift.diagnostics import Diagnostic
from flaglift.lossless.spans import apply_edits
from flaglift.rules import RULES, Rule
from flaglift.rules.base import Invalid, Valid

LISTING = Path(__file__).with_name("findings.txt")

PROMPTS = (
    # Abbreviations: how many names, and how many letters.
    "--video_ a cat",
    "a cat -video --du 5",
    # An empty video prompt, by what else makes it a video.
    "a cat --video --video_prompt=",
    'a cat --video_model kling25 --video_prompt ""\n---\na dog',
    # Addresses are compared and not shown.
    "a cat --video_model kling25\nvideo_last_frame_url=https://a\nvideo_last_frame_url=https://b",
    # Texts in which edits end at a separator.
    'a cat --video_model kling25 --video_prompt "" \n---\n --video --video a cat',
    "a cat --video_model kling25 --duration\n---",
    "a cat --video_model kling25 -- --duration 5 \n---\n -- --video",
    # A bare `--`: what stands before and after it.
    "--video_model -- --video",
    "---\n-- --video a cat",
    "a -- c --video",
    "a cat\n-- a dog --video",
    "a catX\nX -- a dog --video",
    "a cat -- XX\n --video",
    "a cat --\r5 --video",
    "a cat --\r --video_model kling25",
    "a cat --XX\n -- X\n --video",
    # Keyframes: words, their place, and the line ends next to a separator.
    "a cat --video_model kling25\n---\n\u00a0",
    "---\r\n--video_model --video_model kling25",
    "---\n--\u200bvideo",
    "---\r\n--video_moD kling25",
    "---\n--video --video a cat",
    "---\r\n--video --video a cat\r\n---\r\na dog",
    # Several durations, of which one is a number.
    "a cat --video --duration 5 --duration \u00ab",
    "a cat --video=yes --video_model kling25 --video=no --video=on",
    "a cat --video_model=a --video= --video_model=b --video=yes",
    # A flag without a value, and what its removal would leave.
    "a cat --duration\n---\na dog",
    "--- --duration",
    "w=5 --duration",
    "a cat --video\nw=5 \n--duration",
    "a cat --video\nw=5\n\n --duration",
    "a cat\n\nw=5\n x --duration",
    "a cat --video --duration --loras a t",
    "a cat --video --duration -s t u",
    "a cat --video --duration \u00a0 --video_model",
    # Words that another flag would swallow once the flags between are gone.
    "a cat on --video a mat",
    "a cat --loras tiger on a mat --video on a hill",
    "a cat --loras tiger --fill a --video on a mat",
    "a cat --mask_prompt a --video on a mat",
    "a cat --loras tiger --video -- on a mat",
    "a cat --loras tiger --video \u00a0",
    "a cat --loras tiger --video on --mask_prompt cat --video on a mat",
    "a cat --loras tiger --video on\ta\rhigh\nmat",
    "a cat --loras tiger --video -x --loras lion --video on a mat",
    "--- --video_model kling25\n---",
    "---\n--- --video_prompt yawns\na cat",
    "a --video\n--- --video_model kling25\n--- --duration 5\nb",
    "---\n--video_model\n--- --video_prompt",
    "a --video b\n --duration 5 ---\nc --video_prompt x\n---\n d",
    # Names that are spelt otherwise, and what sticks to them.
    *("a cat --videos", "a cat --VIDEOS", "a cat --videoo", "a cat --videooS", "a cat --videoi"),
    *("a cat --video_models kling25", "a cat --video_modell kling25", "a cat --viideoe"),
    *("a cat --durationN 5", "a cat --durationS 5", "a cat --duratonn 5", "a cat --duratioon 5"),
    *("a cat --duration_5", "a cat --duration-5", "a cat --_duration5", "a cat --durationX5"),
    *("a cat --duration 5s --video_promts x", "a cat --video_promptss x", "a cat --vidoes"),
    # A video prompt without quotes beside a flag in doubt.
    "a cat --video --video_prompt she --vide smiles",
    "a cat --video --video_prompt she\u2014duration 5 smiles",
    "a cat --video --video_prompt she smiles\n\u2014duration 5",
    'a cat --video --video_prompt she"--video" smiles',
    # Entities.
    "a cat --video&nbsp;--video_model&#32;kling25",
    "a cat --video&zwnj;&zwj;--video_model kling25",
    "a cat &amp;--video&nbsp;&xyz; --video_model kling25",
    "a cat --video --video_prompt &quot;it sits&quot; down",
    "a cat --video --video_prompt &#39;it sits&#39; down",
    # Quotes that are escaped too often, and those of typography.
    *(
        'a cat --video --video_prompt @"it sits@"'.replace("@", "\\" * count)
        for count in (1, 2, 3, 4, 7, 15)
    ),
    'a cat --video --video_prompt \u201cit sits" down',
    "a cat --video --video_prompt \u201cit sits\u201d \u201cdown\u201d",
    "a cat --video --video_prompt \u00abit sits --video_model kling25",
    # What is not seen, around and inside quotes.
    'a cat --video --video_prompt \u200b"\u200bit sits\u200b"\u200b',
    'a cat --video --video_prompt "\u2060\u200bit sits\ufeff"',
    'a cat --video --video_prompt \ufeff"it sits"',
    "a cat --video --video_model \u200bkling25\u200b --duration \u200b5",
    # An open quote, and a backslash at the end, by what stands before it.
    *(f"a cat --video {sign}" for sign in ('"', "\\", '="', '\t"', '\r"', '\n"', 'X"', '"X')),
    *('" a cat --video', 'X" a cat --video', 'a "cat --video', 'a=" cat --video', "\\"),
)
"""Prompts beside the examples of the rules, in which a detail of a rule shows."""


def listing() -> str:
    """Return the findings of all rules: their places, severities, messages and fixes."""
    lines = [
        line
        for rule in RULES
        for example in _examples(rule)
        for line in ["", f"{rule.code} {example.why}", *_lines(example)]
    ]
    for text in PROMPTS:
        lines += ["", *_lines(Valid(text, ""))]
    return "\n".join(lines[1:]) + "\n"


def _examples(rule: Rule) -> list[Valid | Invalid]:
    return [*rule.INVALID, *rule.VALID]


def _lines(example: Valid | Invalid) -> Iterator[str]:
    yield f"    {example.text!r}"
    for finding in lint(example.text, example.settings, example.context, example.suppressed):
        yield from _finding(example.text, finding)


def _finding(text: str, finding: Diagnostic) -> Iterator[str]:
    refuses = ", refuses" if finding.refuses else ""
    yield (
        f"  {finding.code} {finding.severity}{refuses} {finding.start}-{finding.end}"
        f" {finding.span.of(text)!r}: {finding.message}"
    )
    if finding.fix:
        edits = ", ".join(f"{start}-{end} {new!r}" for start, end, new in finding.fix.edits)
        yield f"    {finding.fix.applicability}, {finding.fix.title}: {edits}"
        yield f"    {apply_edits(text, finding.fix.edits)!r}"


if __name__ == "__main__":
    LISTING.write_text(listing(), encoding="utf-8")
