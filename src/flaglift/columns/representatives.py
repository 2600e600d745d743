"""One prompt of each shape, read by the grammar and linted by all rules."""

from typing import NamedTuple

from flaglift.emit.translation import Translation, TranslationStatus
from flaglift.syntax import FlagName, Quoting, parse
from flaglift.syntax.plain import read_plain


class Plain(NamedTuple):
    """A prompt as Arrow's kernels took it apart."""

    shape: str
    body: str
    value: str | None


def stands_for_its_shape(found: Translation, plain: Plain) -> bool:
    """Tell whether all prompts of a shape are read as this one is, but for their body and value.

    They are where the quotes hold the video prompt that counts, where all flags are lifted so that
    the body is left, and where nothing is in play that the value or the body's end is compared
    with: settings, keyframes, and a `---` in front, which may have a line to itself or not.

    >>> from flaglift import translate
    >>> flags = "video --video_model kling25 --video_prompt "
    >>> text = f'a cat --{flags}"it yawns"'
    >>> stands_for_its_shape(translate(text), Plain(flags + '""', "a cat", "it yawns"))
    True
    """
    known = read_plain(found.text)
    if known is not None:
        return (known.text, known.video_prompt) == (plain.body, plain.value)
    prompt = parse(found.text)
    if prompt.is_keyframes or prompt.settings or plain.shape.startswith("-"):
        return False
    flag = prompt.segments[0].last(FlagName.VIDEO_PROMPT)
    written = flag.value if flag else None
    if '"' in plain.shape and not (
        written
        and written.quoting is Quoting.QUOTED
        and written.start == found.text.find('"', len(plain.body))
    ):
        return False
    if found.status is not TranslationStatus.TRANSLATED:
        return True
    says = found.values["video_prompt"] if plain.value is None else plain.value
    return bool(
        found.values.get("text") == plain.body
        and found.values["video_prompt"] == says
        and (plain.value is None) == (written is not None and '"' not in plain.shape)
    )
