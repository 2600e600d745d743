"""One prompt stands for many: the only place where a prompt is decided without being parsed.

    ohwx woman on a ridge --video --video_model kling25 --duration 5 --video_prompt "she smiles"
    '------ body -------' '---------------------- skeleton ----------------------'  '- value -'

The first prompt of a shape (its text less body and value) is parsed and examined; the others take
over its status, its fields but for text and video prompt, and its findings, moved to their places.
That holds as long as the words of body and value change nothing: they are looked at for whatever
could (`cut`), and a rule that reads them keeps the prompts that it runs on out (`Rule.reads`).
Property tests compare with the parser, for every rule.
"""

from flaglift.shapes.shape import Shape, ShapedPrompt, video_prompt_of, watched_features
from flaglift.shapes.shortcut import Shortcut, examined_translation, shortcut_for

__all__ = [
    "Shape",
    "ShapedPrompt",
    "Shortcut",
    "examined_translation",
    "shortcut_for",
    "video_prompt_of",
    "watched_features",
]
