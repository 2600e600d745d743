"""One prompt stands for many: the only place where a prompt is decided without being parsed.

    ohwx woman on a ridge --video --video_model kling25 --duration 5 --video_prompt "she smiles"
    '------ body -------'   '--------------------- flags ----------------------'    '- value -'

The first prompt of a case (the flags, as written, in whatever order) is parsed and examined; the
others take over its status, its fields but for text and video prompt, and its findings, moved to
their places. Where these are is kept for each tail: what is left of a prompt whose flags come last
less body and value.
That holds as long as the words of body and value change nothing: they are looked at for whatever
could (`cut`), and a rule that reads them keeps the prompts that it runs on out (`Rule.reads`).
Property tests compare with the parser, for every rule.
"""

from flaglift.shapes.shape import Case, Shape, ShapedPrompt, video_prompt_of, watches_references
from flaglift.shapes.shortcut import Shortcut, examined_translation, shortcut_for

__all__ = [
    "Case",
    "Shape",
    "ShapedPrompt",
    "Shortcut",
    "examined_translation",
    "shortcut_for",
    "video_prompt_of",
    "watches_references",
]
