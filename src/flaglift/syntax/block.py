"""The settings block at the end of a prompt, as fields (dialect section 5.2)."""

from flaglift.syntax.nodes import Setting
from flaglift.syntax.prompt import Prompt

FIELD_OF_KEY = {"ar": "aspect_ratio"}
"""The short key names of the settings block."""


def read_block(prompt: Prompt) -> tuple[dict[str, str], tuple[Setting, ...]]:
    """Return the settings block as fields, and the lines with a field's first two values.

    Call it once for all keyframes: there may be as many lines as keyframes.
    """
    values: dict[str, list[str]] = {}
    lines = []
    block = {}
    for setting in prompt.settings:
        if setting.value:
            field = FIELD_OF_KEY.get(setting.key, setting.key)
            block[field] = setting.value
            known = values.setdefault(field, [])
            if len(known) < 2 and setting.value not in known:
                known.append(setting.value)
                lines.append(setting)
    return block, tuple(lines)
